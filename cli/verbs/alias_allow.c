/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may write to a secure alias without TLS, for a time: an admin's exceptions. */
#include "cli/verbs/alias.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "cli/act.h"
#include "cli/json.h"
#include "core/secure/exceptions.h"

/* Reads the sender that is the third word; false, and says why. */
static bool parse_sender(char sender[ALIAS_ADDRESS_SIZE], const struct cli *cli)
{
	if (cli->count != 3 || !exception_take_sender(sender, cli->words[2]) ||
	    !exception_names_sender(sender)) {
		cli_error(
			cli,
			"name the sender: you@example.net, or @example.net for all senders there%s",
			cli->count == 3 && strcmp(cli->words[2], "<>") == 0
				? "; the null sender cannot have an exception"
				: "");
		return false;
	}
	if (!alias_at_secure_domain(&cli->settings, sender))
		return true;
	cli_error(cli, "%s is at a secure domain itself: mail from there is accepted over TLS only",
		  sender);
	return false;
}

static bool parse_terms(struct exception *exception, const struct cli *cli)
{
	exception->expires = cli->now + EXCEPTION_SPAN_DEFAULT;
	if (cli->reason != NULL)
		str_printable(exception->reason, sizeof(exception->reason), cli->reason,
			      strlen(cli->reason));
	if (cli->expires != NULL && !act_expiry(&exception->expires, cli))
		return false;
	if (exception->expires - cli->now <= EXCEPTION_SPAN_MAX)
		return true;
	cli_error(cli, "an exception lasts for %d days at most",
		  (int)(EXCEPTION_SPAN_MAX / UTC_DAY));
	return false;
}

/* What is on file of the alias itself; NULL if nothing is, or it cannot be read (logged). */
static const struct alias *filed(const struct act *act, const char *key, struct alias *alias)
{
	return ledger_get_alias(act->txn, key, alias) == LOOKUP_FOUND ? alias : NULL;
}

static void tell_allowed(const struct cli *cli, const char *key, const struct exception *exception)
{
	bool all = exception->sender[0] == '@';
	char until[UTC_SIZE];

	if (!cli->json)
		printf("%s: %s%s may write to it without TLS until %s\n", key,
		       all ? "all senders " : "", exception->sender,
		       utc_format(until, exception->expires));
	cli_error(cli, "note: everybody who claims to be %s%s may do so: senders are easily forged",
		  all ? "one of " : "", exception->sender);
}

/* Is the sender among them already, or is there room for one more in force? */
static bool has_room(const struct exceptions *exceptions, const char *sender, int64_t now)
{
	size_t in_force = 0;

	for (size_t i = 0; i < exceptions->count; i++) {
		if (strcmp(exceptions->list[i].sender, sender) == 0)
			return true;
		in_force += now < exceptions->list[i].expires;
	}
	return in_force < EXCEPTION_MAX;
}

enum cli_status alias_allow(const struct cli *cli)
{
	struct entry entry = { .kind = ENTRY_EXCEPTION };
	struct exception *exception = &entry.of.exception.exception;
	struct exceptions exceptions;
	struct alias on_file;
	const struct alias *alias;
	char key[ALIAS_ADDRESS_SIZE], until[UTC_SIZE];
	struct act act;
	bool done;

	if (!alias_word(key, cli) || !parse_sender(exception->sender, cli) ||
	    !parse_terms(exception, cli))
		return CLI_USAGE;
	act_author(exception->author);
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	/* A record that cannot be read is made anew. */
	if (ledger_get_exceptions(act.txn, key, &exceptions) != LOOKUP_FOUND)
		exceptions.count = 0;
	if (!has_room(&exceptions, exception->sender, cli->now)) {
		act_drop(&act);
		cli_error(cli,
			  "%s already has %d exceptions; remove some first (`postseal alias "
			  "disallow`)",
			  key, EXCEPTION_MAX);
		return CLI_NO;
	}
	alias = filed(&act, key, &on_file);
	done = act_do(&act, &entry, key) &&
	       act_note(&act, key, "allowed", "%.70s without TLS until %s: %.60s",
			exception->sender, utc_format(until, exception->expires),
			exception->reason) &&
	       ledger_get_exceptions(act.txn, key, &exceptions) != LOOKUP_ERROR;
	if (act_end(&act, done) != CLI_YES)
		return CLI_UNSURE;
	tell_allowed(cli, key, exception);
	if (cli->json)
		json_print_alias(key, alias, &exceptions, cli->now);
	return CLI_YES;
}

enum cli_status alias_disallow(const struct cli *cli)
{
	struct entry entry = { .kind = ENTRY_EXCEPTION, .of.exception.removed = true };
	struct exception *exception = &entry.of.exception.exception;
	char key[ALIAS_ADDRESS_SIZE];
	struct alias on_file;
	const struct alias *alias;
	struct exceptions exceptions;
	enum lookup found;
	struct act act;
	bool there = false, done = true;

	if (!alias_word(key, cli) || !parse_sender(exception->sender, cli))
		return CLI_USAGE;
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	act_author(exception->author);
	found = ledger_get_exceptions(act.txn, key, &exceptions);
	if (found == LOOKUP_FOUND)
		there = exceptions_remove(&exceptions, exception->sender);
	if (there)
		done = act_do(&act, &entry, key) &&
		       act_note(&act, key, "disallowed", "%.100s needs TLS again",
				exception->sender);
	alias = filed(&act, key, &on_file);
	if (act_end(&act, done && found != LOOKUP_ERROR) != CLI_YES)
		return CLI_UNSURE;
	if (!there) {
		cli_error(cli, "there is no exception for %s at %s", exception->sender, key);
		return CLI_NO;
	}
	if (cli->json)
		json_print_alias(key, alias, &exceptions, cli->now);
	else
		printf("%s: %s needs TLS again\n", key, exception->sender);
	return CLI_YES;
}
