/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal alias - the secure aliases that are on file. */
#include "cli/verbs/alias.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "cli/act.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"

#define STILL_SEALED                                                                    \
	"note: with `secure_aliases = any` every address of its domain stays a secure " \
	"alias, also this one"

/* Reads an address as a key; false, and says why. */
static bool parse_address(char key[ALIAS_ADDRESS_SIZE], const struct cli *cli, const char *text)
{
	struct mailaddr addr;

	if (mailaddr_parse(&addr, text, strlen(text), cli->settings.recipient_delimiter) ==
		    MAILADDR_OK &&
	    addr.extension[0] == '\0' && alias_key(key, &addr))
		return true;
	cli_error(cli, "\"%s\" cannot be an alias or a mailbox; write me@example.com", text);
	return false;
}

/* The second word, at whichever domain. */
static bool word(char key[ALIAS_ADDRESS_SIZE], const struct cli *cli)
{
	if (cli->count >= 2)
		return parse_address(key, cli, cli->words[1]);
	cli_error(cli, "write which alias: me@secure.example.com");
	return false;
}

bool alias_word(char key[ALIAS_ADDRESS_SIZE], const struct cli *cli)
{
	if (!word(key, cli))
		return false;
	if (alias_at_secure_domain(&cli->settings, key))
		return true;
	cli_error(cli,
		  "%s is not at a domain in `secure_domains`; first: postseal setup aliases %s",
		  key, strrchr(key, '@') + 1);
	return false;
}

/* Applies the options to what is on file; false, and says why. */
static bool apply_options(struct alias *alias, const struct cli *cli)
{
	if (cli->level != NULL && !alias_level_parse(&alias->level, cli->level)) {
		cli_error(cli,
			  "\"%s\" is not a level; levels are encrypt, authenticated, verify, "
			  "dane-only",
			  cli->level);
		return false;
	}
	if (cli->otherwise != NULL && !alias_otherwise_parse(&alias->otherwise, cli->otherwise)) {
		cli_error(cli, "\"%s\" is not possible here; write mailbox or refuse",
			  cli->otherwise);
		return false;
	}
	if (alias->otherwise == ALIAS_MAILBOX && cli->settings.mailbox_domain[0] == '\0') {
		cli_error(cli, "sealed mail is not set up here; set `mailbox_domain` first");
		return false;
	}
	if (cli->mailbox != NULL)
		return parse_address(alias->mailbox, cli, cli->mailbox);
	if (alias->mailbox[0] != '\0')
		return true;
	cli_error(cli, "write whose alias it is: --for me@example.com");
	return false;
}

static void print_exception(const struct cli *cli, const struct exception *exception)
{
	static const char label[] = "  without TLS: ";
	char until[UTC_SIZE], text[2 * ALIAS_ADDRESS_SIZE];

	snprintf(text, sizeof(text), "%s until %s%s, by %s%s%s", exception->sender,
		 utc_format(until, exception->expires),
		 exception_in_force(exception, cli->now) ? "" : " (not in force)",
		 exception->author, exception->reason[0] != '\0' ? ": " : "", exception->reason);
	fputs(label, stdout);
	terminal_rest(sizeof(label) - 1, text);
}

/* A line of the table, or more lines if the names are too long. */
static void print_row(const char *key, const char *is, const char *level, const char *mailbox)
{
	if (strlen(key) <= 36 && strlen(mailbox) <= PAGE_WIDTH - 57) {
		printf("%-36s %-4s %-14s %s\n", key, is, level, mailbox);
		return;
	}
	terminal_rest(0, key);
	terminal_text(2, "%s, %s, for %s", is, level, mailbox);
}

/* `alias` NULL: it is not on file. */
static void print_alias(const struct cli *cli, const char *key, const struct alias *alias,
			const struct exceptions *exceptions)
{
	if (cli->json) {
		json_print_alias(key, alias, exceptions, cli->now);
		return;
	}
	if (alias != NULL)
		print_row(key, alias->enabled ? "on" : "off", alias_level_name(alias->level),
			  alias->mailbox);
	else
		print_row(key, "-", "-", "-");
	if (alias != NULL && alias->otherwise == ALIAS_MAILBOX)
		puts("  otherwise: sealed for a temporary mailbox");
	for (size_t i = 0; i < exceptions->count; i++)
		print_exception(cli, &exceptions->list[i]);
}

/* For an act: exceptions that cannot be read were logged, and are not shown. */
static void get_exceptions(struct ledger_txn *txn, const char *key, struct exceptions *exceptions)
{
	if (ledger_get_exceptions(txn, key, exceptions) != LOOKUP_FOUND)
		exceptions->count = 0;
}

/* Postfix may read it as a route to another address, so map `alias` never answers for it. */
bool alias_looks_like_route(const struct cli *cli, const char *key)
{
	if (strpbrk(key, "%!") == NULL)
		return false;
	cli_error(cli,
		  "%s could be a route to another address, so its mail would not reach the "
		  "mailbox; choose an alias without \"%%\" and \"!\"",
		  key);
	return true;
}

enum cli_status alias_enable_in(struct act *act, const struct cli *cli, struct entry *entry,
				const char *key)
{
	struct alias *alias = &entry->of.alias;

	/* One that cannot be read is made anew. */
	if (ledger_get_alias(act->txn, key, alias) != LOOKUP_FOUND)
		*alias = (struct alias){ .level = ALIAS_ENCRYPT };
	if (!apply_options(alias, cli))
		return CLI_USAGE;
	alias->enabled = true;
	act_author(alias->author);
	return act_do(act, entry, key) &&
			       act_note(act, key, "alias-enabled", "level %s%s, for %.100s",
					alias_level_name(alias->level),
					alias->otherwise == ALIAS_MAILBOX ? ", otherwise sealed"
									  : "",
					alias->mailbox)
		       ? CLI_YES
		       : CLI_UNSURE;
}

static enum cli_status enable(const struct cli *cli)
{
	struct entry entry = { .kind = ENTRY_ALIAS };
	struct exceptions exceptions;
	char key[ALIAS_ADDRESS_SIZE];
	enum cli_status status;
	struct act act;

	if (!act_takes(cli, 2) || !alias_word(key, cli) || alias_looks_like_route(cli, key))
		return CLI_USAGE;
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	get_exceptions(act.txn, key, &exceptions);
	status = alias_enable_in(&act, cli, &entry, key);
	if (status == CLI_USAGE) {
		act_drop(&act);
		return CLI_USAGE;
	}
	status = act_end(&act, status == CLI_YES);
	if (status == CLI_YES)
		print_alias(cli, key, &entry.of.alias, &exceptions);
	return status;
}

static enum cli_status disable(const struct cli *cli)
{
	struct entry entry = { .kind = ENTRY_ALIAS };
	struct alias *alias = &entry.of.alias;
	struct exceptions exceptions;
	char key[ALIAS_ADDRESS_SIZE];
	enum lookup found;
	struct act act;
	bool done = true;

	if (!act_takes(cli, 2) || !alias_word(key, cli))
		return CLI_USAGE;
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	found = ledger_get_alias(act.txn, key, alias);
	get_exceptions(act.txn, key, &exceptions);
	if (found == LOOKUP_FOUND) {
		alias->enabled = false;
		act_author(alias->author);
		done = act_do(&act, &entry, key) &&
		       act_note(&act, key, "alias-disabled", "switched off");
	}
	if (act_end(&act, done && found != LOOKUP_ERROR) != CLI_YES)
		return CLI_UNSURE;
	if (found == LOOKUP_ABSENT) {
		cli_error(cli, "%s is not on file", key);
		return CLI_NO;
	}
	if (cli->settings.secure_aliases == SECURE_ALIASES_ANY)
		cli_error(cli, STILL_SEALED);
	print_alias(cli, key, alias, &exceptions);
	return CLI_YES;
}

/* Each of its exceptions is taken away for itself, so that none comes back by an import. */
static bool disallow_all(struct act *act, const char *key, const struct exceptions *exceptions)
{
	for (size_t i = 0; i < exceptions->count; i++) {
		struct entry entry = { .kind = ENTRY_EXCEPTION, .of.exception.removed = true };
		struct exception *exception = &entry.of.exception.exception;

		memcpy(exception->sender, exceptions->list[i].sender, sizeof(exception->sender));
		act_author(exception->author);
		if (!act_do(act, &entry, key))
			return false;
	}
	return true;
}

/* Level and mailbox stay in the record: who asks later what it was can be told. */
static bool take_off_file(struct act *act, struct entry *entry, const char *key)
{
	struct alias *alias = &entry->of.alias;

	alias->enabled = false;
	alias->removed = true;
	act_author(alias->author);
	return act_do(act, entry, key) && ledger_remove_refusals(act->txn, key);
}

/* Its domain need not be secure any more. */
static enum cli_status take_away(const struct cli *cli)
{
	struct entry entry = { .kind = ENTRY_ALIAS };
	struct exceptions exceptions;
	char key[ALIAS_ADDRESS_SIZE];
	enum lookup found, excepted;
	struct act act;
	bool done = true;

	if (!act_takes(cli, 2) || !word(key, cli))
		return CLI_USAGE;
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	found = ledger_get_alias(act.txn, key, &entry.of.alias);
	excepted = ledger_get_exceptions(act.txn, key, &exceptions);
	if (found == LOOKUP_FOUND)
		done = take_off_file(&act, &entry, key);
	if (done && excepted == LOOKUP_FOUND)
		done = disallow_all(&act, key, &exceptions);
	if (done && (found == LOOKUP_FOUND || excepted == LOOKUP_FOUND))
		done = act_note(&act, key, "alias-removed", "exceptions removed with it: %zu",
				exceptions.count);
	if (act_end(&act, done && found != LOOKUP_ERROR && excepted != LOOKUP_ERROR) != CLI_YES)
		return CLI_UNSURE;
	if (found == LOOKUP_ABSENT && excepted == LOOKUP_ABSENT) {
		cli_error(cli, "%s is not on file", key);
		return CLI_NO;
	}
	exceptions.count = 0;
	if (cli->json)
		json_print_alias(key, NULL, &exceptions, cli->now);
	else
		printf("%s: is no longer on file\n", key);
	if (cli->settings.secure_aliases == SECURE_ALIASES_ANY &&
	    alias_at_secure_domain(&cli->settings, key))
		cli_error(cli, STILL_SEALED);
	return CLI_YES;
}

/* `list` shows the aliases on file first, then those that have only exceptions. */
struct alias_listing {
	struct act_listing *all;
	struct ledger_txn *txn;
	bool whole;
};

static void list_one(struct alias_listing *listing, const char *key, const struct alias *alias,
		     const struct exceptions *exceptions)
{
	if (listing->all->shown++ == 0 && !listing->all->cli->json)
		printf("%-36s %-4s %-14s %s\n", "ALIAS", "IS", "LEVEL", "FOR");
	print_alias(listing->all->cli, key, alias, exceptions);
}

static bool list_alias(void *context, const char *key, const struct alias *alias)
{
	struct alias_listing *listing = context;
	struct exceptions exceptions;

	if (ledger_get_exceptions(listing->txn, key, &exceptions) == LOOKUP_ERROR) {
		exceptions.count = 0;
		listing->whole = false;
	}
	list_one(listing, key, alias, &exceptions);
	return true;
}

static bool list_unfiled(void *context, const char *key, const struct exceptions *exceptions)
{
	struct alias_listing *listing = context;
	struct alias alias;

	if (ledger_get_alias(listing->txn, key, &alias) == LOOKUP_ABSENT)
		list_one(listing, key, NULL, exceptions);
	return true;
}

static enum cli_status show(const struct cli *cli)
{
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct alias alias;
	struct exceptions exceptions;
	char key[ALIAS_ADDRESS_SIZE];
	enum lookup found = LOOKUP_ERROR, excepted = LOOKUP_ERROR;

	if (!act_takes(cli, 2) || !alias_word(key, cli))
		return CLI_USAGE;
	ledger = known_ledger(cli, LEDGER_READ);
	txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	if (txn != NULL) {
		found = ledger_get_alias(txn, key, &alias);
		excepted = ledger_get_exceptions(txn, key, &exceptions);
	}
	ledger_abort(txn);
	ledger_close(ledger);
	if (excepted == LOOKUP_ERROR)
		return CLI_UNSURE;
	if (found == LOOKUP_FOUND || (found == LOOKUP_ABSENT && excepted == LOOKUP_FOUND))
		print_alias(cli, key, found == LOOKUP_FOUND ? &alias : NULL, &exceptions);
	if (found == LOOKUP_FOUND)
		return alias.enabled ? CLI_YES : CLI_NO;
	if (found == LOOKUP_ABSENT)
		cli_error(cli, "%s is not on file%s", key,
			  cli->settings.secure_aliases == SECURE_ALIASES_ANY
				  ? "; it is a secure alias all the same (`secure_aliases = any`), "
				    "at level encrypt"
				  : "");
	return found == LOOKUP_ABSENT ? CLI_NO : CLI_UNSURE;
}

static bool walk(struct ledger_txn *txn, struct act_listing *listing)
{
	struct alias_listing walking = { listing, txn, true };

	return ledger_each_alias(txn, list_alias, &walking) &&
	       ledger_each_exceptions(txn, list_unfiled, &walking) && walking.whole;
}

static enum cli_status list(const struct cli *cli)
{
	return act_takes(cli, 1) ? act_list(cli, NULL, walk) : CLI_USAGE;
}

static enum cli_status run(struct cli *cli)
{
	static const struct act_word acts[] = {
		{ "enable", enable },     { "disable", disable },
		{ "allow", alias_allow }, { "disallow", alias_disallow },
		{ "remove", take_away },  { "load", alias_load },
		{ "show", show },         { "list", list }
	};

	return act_dispatch(cli, acts, ARRAY_LEN(acts));
}

const struct verb verb_alias = {
	.name = "alias",
	.arguments = "ACT ...",
	.summary = "Switches secure aliases on and off; makes exceptions",
	.options = "eFlor",
	.help = "ACT is one of\n"
		"  enable ALIAS           switch it on; one that is not on file needs --for\n"
		"  load FILE              enable each that stands in FILE; - is standard input\n"
		"  disable ALIAS          switch it off; it stays on file\n"
		"  allow ALIAS SENDER     let SENDER write to it without TLS, for a time\n"
		"  disallow ALIAS SENDER  end that now\n"
		"  remove ALIAS           remove it from file, with its exceptions\n"
		"  show ALIAS             what is on file\n"
		"  list                   all that are on file, or have exceptions\n"
		"\n"
		"  -F, --for MAILBOX  whose it is: where its mail goes, and who may send as it\n"
		"  -l, --level LEVEL  how its mail leaves: encrypt (any TLS; the default),\n"
		"                     authenticated (proven by DANE or MTA-STS), dane-only,\n"
		"                     verify (certificates on file: `postseal pin`)\n"
		"  -o, --otherwise WHAT  what happens to mail that cannot be sent at that level:\n"
		"                     refuse (the default), or mailbox: seal it for a temporary\n"
		"                     mailbox\n"
		"\n"
		"  -e, --expires TIME  when an exception ends: 30d (the default), 12h, 30min,\n"
		"                      or a date; at most 366 days from now\n"
		"  -r, --reason TEXT   why there is one\n"
		"\n"
		"A line of FILE is ALIAS MAILBOX [LEVEL], or empty, or begins with #. If one is\n"
		"wrong, nothing is done.\n"
		"\n"
		"SENDER is you@example.net, or @example.net for all at that domain. Senders are\n"
		"easily forged: an exception opens ALIAS to everybody who claims to be SENDER.\n"
		"\n"
		"Exit status: 1 if it is not on file (disable, remove, show), or is switched off\n"
		"(show); if there is no such exception (disallow), or no room for more (allow).\n",
	.least = 1,
	.most = 3,
	.run = run,
};
