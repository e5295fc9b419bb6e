/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal alias - the secure aliases that are on file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "cli/act.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "core/alias.h"

/* An address as a key; false, and said why. */
static bool parse_address(char key[ALIAS_ADDRESS_SIZE], const struct cli *cli, const char *text)
{
	struct mailaddr addr;

	if (mailaddr_parse(&addr, text, strlen(text), cli->settings.recipient_delimiter) ==
		    MAILADDR_OK &&
	    addr.extension[0] == '\0' && alias_key(key, &addr))
		return true;
	cli_error(cli, "\"%s\" is no address that mail can be kept under; write me@example.com", text);
	return false;
}

static bool at_secure_domain(const struct cli *cli, const char *key)
{
	const struct string_list *domains = &cli->settings.secure_domains;
	const char *domain = strchr(key, '@') + 1;

	for (size_t i = 0; i < domains->count; i++)
		if (strcmp(domains->items[i], domain) == 0)
			return true;
	return false;
}

/* The alias that is the second word. */
static bool parse_alias(char key[ALIAS_ADDRESS_SIZE], const struct cli *cli)
{
	if (cli->count < 2) {
		cli_error(cli, "say which alias: me@secure.example.com");
		return false;
	}
	if (!parse_address(key, cli, cli->words[1]))
		return false;
	if (at_secure_domain(cli, key))
		return true;
	cli_error(cli, "%s is not at one of `secure_domains`; add its domain to the settings first", key);
	return false;
}

/* What is asked for, over what is on file; false, and said why. */
static bool apply_options(struct alias *alias, const struct cli *cli)
{
	if (cli->level != NULL && !alias_level_parse(&alias->level, cli->level)) {
		cli_error(cli, "\"%s\" is no level; levels are encrypt, authenticated, verify, "
			  "dane-only", cli->level);
		return false;
	}
	if (cli->mailbox != NULL)
		return parse_address(alias->mailbox, cli, cli->mailbox);
	if (alias->mailbox[0] != '\0')
		return true;
	cli_error(cli, "say whose it is: --for me@example.com");
	return false;
}

static void print_alias(const struct cli *cli, const char *key, const struct alias *alias)
{
	if (cli->json)
		json_print_alias(key, alias);
	else
		printf("%-36s %-4s %-14s %s\n", key, alias->enabled ? "on" : "off",
		       alias_level_name(alias->level), alias->mailbox);
}

static enum cli_status enable(const struct cli *cli)
{
	struct alias alias;
	char key[ALIAS_ADDRESS_SIZE];
	enum lookup found;
	struct act act;

	if (!parse_alias(key, cli))
		return CLI_USAGE;
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	found = ledger_get_alias(act.txn, key, &alias);
	/* One that cannot be read is made anew. */
	if (found != LOOKUP_FOUND)
		alias = (struct alias){.level = ALIAS_ENCRYPT};
	if (!apply_options(&alias, cli)) {
		ledger_abort(act.txn);
		ledger_close(act.ledger);
		return CLI_USAGE;
	}
	alias.enabled = true;
	alias.changed = cli->now;
	act_author(alias.author);
	if (act_end(&act, ledger_put_alias(act.txn, key, &alias) &&
				  act_note(&act, key, "alias-enabled", "level %s, for %.100s",
					   alias_level_name(alias.level), alias.mailbox)) != CLI_YES)
		return CLI_UNSURE;
	print_alias(cli, key, &alias);
	return CLI_YES;
}

static enum cli_status disable(const struct cli *cli)
{
	struct alias alias;
	char key[ALIAS_ADDRESS_SIZE];
	enum lookup found;
	struct act act;
	bool done = true;

	if (!parse_alias(key, cli))
		return CLI_USAGE;
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	found = ledger_get_alias(act.txn, key, &alias);
	if (found == LOOKUP_FOUND) {
		alias.enabled = false;
		alias.changed = cli->now;
		act_author(alias.author);
		done = ledger_put_alias(act.txn, key, &alias) &&
		       act_note(&act, key, "alias-disabled", "switched off");
	}
	if (act_end(&act, done && found != LOOKUP_ERROR) != CLI_YES)
		return CLI_UNSURE;
	if (found == LOOKUP_ABSENT) {
		cli_error(cli, "%s is not on file", key);
		return CLI_NO;
	}
	if (cli->settings.secure_aliases == SECURE_ALIASES_ANY)
		cli_error(cli, "note: with `secure_aliases = any` every address of its domain stays "
			  "sealed, this one too");
	print_alias(cli, key, &alias);
	return CLI_YES;
}

static bool list_alias(void *context, const char *key, const struct alias *alias)
{
	struct act_listing *listing = context;

	if (listing->shown++ == 0 && !listing->cli->json)
		printf("%-36s %-4s %-14s %s\n", "ALIAS", "IS", "LEVEL", "FOR");
	print_alias(listing->cli, key, alias);
	return true;
}

static enum cli_status show(const struct cli *cli)
{
	struct ledger *ledger;
	struct ledger_txn *txn;
	struct alias alias;
	char key[ALIAS_ADDRESS_SIZE];
	enum lookup found = LOOKUP_ERROR;

	if (!parse_alias(key, cli))
		return CLI_USAGE;
	ledger = known_ledger(cli, LEDGER_READ);
	txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	if (txn != NULL)
		found = ledger_get_alias(txn, key, &alias);
	ledger_abort(txn);
	ledger_close(ledger);
	if (found == LOOKUP_FOUND) {
		print_alias(cli, key, &alias);
		return alias.enabled ? CLI_YES : CLI_NO;
	}
	if (found == LOOKUP_ABSENT)
		cli_error(cli, "%s is not on file%s", key,
			  cli->settings.secure_aliases == SECURE_ALIASES_ANY
				  ? "; it is sealed all the same (`secure_aliases = any`), at level "
				    "encrypt"
				  : "");
	return found == LOOKUP_ABSENT ? CLI_NO : CLI_UNSURE;
}

static bool walk(struct ledger_txn *txn, struct act_listing *listing)
{
	return ledger_each_alias(txn, list_alias, listing);
}

static enum cli_status list(const struct cli *cli)
{
	return act_list(cli, NULL, walk);
}

static enum cli_status run(struct cli *cli)
{
	static const struct act_word acts[] = {
		{"enable", enable}, {"disable", disable}, {"show", show}, {"list", list}};

	return act_dispatch(cli, acts, ARRAY_LEN(acts));
}

const struct verb verb_alias = {
	.name = "alias",
	.arguments = "ACT [ALIAS]",
	.summary = "Switches secure aliases on and off",
	.options = "Fl",
	.help = "ACT is one of\n"
		"  enable ALIAS   switch it on, and put it on file\n"
		"  disable ALIAS  switch it off; it stays on file\n"
		"  show ALIAS     what is on file\n"
		"  list           all that are on file\n"
		"\n"
		"  -F, --for MAILBOX  whose it is: where its mail goes, and who may send as it\n"
		"  -l, --level LEVEL  how its mail leaves: encrypt (any TLS; the default),\n"
		"                     authenticated (proven by DANE or MTA-STS), dane-only,\n"
		"                     verify (certificates on file: `postseal pin`)\n"
		"\n"
		"Exit status: 1 if it is not on file, or is switched off (show).\n",
	.least = 1,
	.most = 2,
	.run = run,
};
