/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/act.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/known.h"
#include "io/ledger/ledger_fleet.h"

void act_author(char dst[ACT_AUTHOR_SIZE])
{
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *entry = getpwuid(getuid());

	if (sudo != NULL && sudo[0] != '\0')
		str_printable(dst, ACT_AUTHOR_SIZE, sudo, strlen(sudo));
	else if (entry != NULL)
		str_printable(dst, ACT_AUTHOR_SIZE, entry->pw_name, strlen(entry->pw_name));
	else
		snprintf(dst, ACT_AUTHOR_SIZE, "uid %ld", (long)getuid());
}

enum cli_status act_dispatch(const struct cli *cli, const struct act_word *words, size_t count)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (strcmp(cli->words[0], words[i].name) == 0) {
			buf_free(&names);
			return words[i].run(cli);
		}
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", words[i].name);
	}
	cli_error(cli, "there is no \"%s\" here; write one of %s", cli->words[0], buf_cstr(&names));
	buf_free(&names);
	return CLI_USAGE;
}

bool act_takes(const struct cli *cli, int most)
{
	if (cli->count <= most)
		return true;
	cli_error(cli, "there are too many arguments");
	return false;
}

enum cli_status act_list(const struct cli *cli, const char *only,
			 bool (*walk)(struct ledger_txn *txn, struct act_listing *listing))
{
	struct act_listing listing = { .cli = cli, .only = only };
	struct ledger *ledger = known_ledger(cli, LEDGER_READ);
	struct ledger_txn *txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	bool whole = txn != NULL && walk(txn, &listing);

	ledger_abort(txn);
	ledger_close(ledger);
	if (!whole)
		return CLI_UNSURE;
	if (listing.shown == 0 && !cli->json)
		cli_error(cli, only == NULL ? "there are none" : "%s: there are none", only);
	return listing.shown > 0 ? CLI_YES : CLI_NO;
}

bool act_begin_here(struct act *act, const struct cli *cli)
{
	*act = (struct act){ .cli = cli, .ledger = known_ledger(cli, LEDGER_WRITE) };
	if (act->ledger == NULL)
		return false;
	act->txn = ledger_begin_write(act->ledger);
	if (act->txn != NULL)
		return true;
	act_end(act, false);
	return false;
}

/* The first of those who may. */
static bool find_host(void *context, const char *name, const void *record)
{
	const struct fleet_member *member = record;

	(void)name;
	if (member->acts)
		memcpy(context, member->name, sizeof(member->name));
	return !member->acts;
}

/*
 * What is done on one host of a fleet holds on all; a host without that right must not do
 * what would hold here alone.
 */
static bool may_act(const struct act *act)
{
	char host[FLEET_NAME_SIZE] = "";
	struct fleet_state state;

	if (ledger_get_fleet(act->txn, &state) != LOOKUP_FOUND || state.acts ||
	    state.exchanged == 0)
		return true;
	ledger_each_member(act->txn, find_host, host);
	cli_error(act->cli,
		  "this host shares what it knows, and its login at the engine may not act for all "
		  "of them (role postseal_admin); do it %s%s",
		  host[0] != '\0' ? "on " : "on a host that may, or give it that role", host);
	return false;
}

bool act_begin(struct act *act, const struct cli *cli)
{
	if (!act_begin_here(act, cli))
		return false;
	if (may_act(act))
		return true;
	act_drop(act);
	return false;
}

bool act_note(struct act *act, const char *subject, const char *event, const char *format, ...)
{
	char author[ACT_AUTHOR_SIZE];
	const struct ledger_note note = { act->cli->now, author, subject, event };
	va_list args;
	bool added;

	act_author(author);
	va_start(args, format);
	added = ledger_vnote(act->txn, &note, format, args);
	va_end(args);
	return added;
}

bool act_do(struct act *act, struct entry *entry, const char *key)
{
	return str_copy(entry->key, sizeof(entry->key), key) &&
	       ledger_act(act->txn, entry, act->cli->now);
}

void act_drop(struct act *act)
{
	ledger_abort(act->txn);
	ledger_close(act->ledger);
}

enum cli_status act_end(struct act *act, bool done)
{
	if (done)
		done = ledger_commit(act->txn);
	else
		ledger_abort(act->txn);
	ledger_close(act->ledger);
	if (!done)
		cli_error(act->cli, "nothing was changed: cannot write to the ledger");
	return done ? CLI_YES : CLI_UNSURE;
}

/* "2026-12-31" is the first moment of that day, in UTC. */
static bool parse_date(const char *text, int64_t *when)
{
	char moment[UTC_SIZE];

	if (utc_parse(text, when))
		return true;
	snprintf(moment, sizeof(moment), "%.10sT00:00:00Z", text);
	return strlen(text) == strlen("2026-12-31") && utc_parse(moment, when);
}

static bool parse_expiry(int64_t *when, const char *text, int64_t now)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "min", 60 },
		      { "h", 3600 },
		      { "d", UTC_DAY },
		      { "w", 7 * UTC_DAY },
		      { "y", 365 * UTC_DAY } };
	size_t digits = strspn(text, "0123456789");
	uint64_t number;

	if (parse_date(text, when))
		return *when > now;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		if (!str_number(text, digits, 100000, &number) || number == 0)
			return false;
		*when = now + (int64_t)number * units[i].seconds;
		/* A later moment cannot be written as a date. */
		return utc_year(*when) <= 9999;
	}
	return false;
}

bool act_expiry(int64_t *when, const struct cli *cli)
{
	if (parse_expiry(when, cli->expires, cli->now))
		return true;
	cli_error(cli,
		  "\"%s\" is not a time in the future, up to the year 9999; write 30min, 12h, 90d, "
		  "8w, 2y, or a date in UTC, as YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ",
		  cli->expires);
	return false;
}
