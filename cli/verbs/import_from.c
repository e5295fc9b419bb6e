/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verbs/import_from.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/act.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "core/protocol/policy_table.h"
#include "io/json/sts_cache_json.h"
#include "io/local/command.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)
#define READ_SIZE 65536
#define SQLITE_MAGIC "SQLite format 3"
#define SQLITE_MS 60000
#define SQLITE_QUERY "select domain, ts, pol_id, pol_body from sts_policy_cache order by domain"
/* A person waits for the prober to have looked at all of them. */
#define LOOKED_AT_MAX 5000

enum outcome { TAKEN, KEPT, LEFT };

struct was {
	size_t line;
	enum level level;
};

struct moving {
	const struct cli *cli;
	const char *name; /* of the file, for people */
	struct buf text;
	struct act act;
	bool broken; /* the ledger cannot be read or written */
	size_t count[LEFT + 1];
	struct subject *subjects; /* those that the prober is to look at */
	struct was *was;          /* and what was found out of them before */
	size_t wanted;
	struct entry *entry; /* room for one */
};

/*
 * The report.
 */

static void tell(struct moving *moving, enum outcome outcome, size_t line, const char *subject,
		 const char *what)
{
	static const char *const words[] = { "taken", "kept", "left" };
	static const enum paint paints[] = { PAINT_GREEN, PAINT_GREY, PAINT_YELLOW };

	moving->count[outcome]++;
	if (moving->cli->json) {
		json_print_moved(line, subject, words[outcome], what);
		return;
	}
	printf("%s%-5s%s %6zu  %s: %s\n", terminal_paint(paints[outcome]), words[outcome],
	       terminal_plain(), line, subject[0] != '\0' ? subject : "-", what);
}

static enum cli_status sum_up(const struct moving *moving)
{
	if (!moving->cli->json)
		printf("%s%zu taken, %zu kept, %zu left\n",
		       moving->cli->dry_run ? "Nothing was changed; it would be: " : "",
		       moving->count[TAKEN], moving->count[KEPT], moving->count[LEFT]);
	return moving->count[LEFT] > 0 ? CLI_NO : CLI_YES;
}

/*
 * The file.
 */

static bool read_file(struct moving *moving)
{
	const char *word = moving->cli->words[0];
	int fd = strcmp(word, "-") == 0 ? dup(STDIN_FILENO) : open(word, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;
	int why;

	while (fd >= 0 && moving->text.len <= FILE_MAX_BYTES &&
	       (got = read(fd, buf_reserve(&moving->text, READ_SIZE), READ_SIZE)) > 0)
		moving->text.len += (size_t)got;
	why = got > 0 ? EFBIG : errno;
	if (fd >= 0)
		close(fd);
	if (got != 0)
		cli_error(moving->cli, "cannot read %s: %s", moving->name, strerror(why));
	return got == 0;
}

/* A database is asked by sqlite3(1), which also knows what another process is writing. */
static bool read_database(struct moving *moving)
{
	char *argv[] = { (char[]){ "sqlite3" },    (char[]){ "-readonly" },
			 (char[]){ "-json" },      NULL,
			 (char[]){ SQLITE_QUERY }, NULL };
	char error[COMMAND_ERROR_SIZE];
	enum lookup found;

	if (moving->text.len < sizeof(SQLITE_MAGIC) ||
	    memcmp(moving->text.data, SQLITE_MAGIC, sizeof(SQLITE_MAGIC)) != 0)
		return true;
	if (strcmp(moving->cli->words[0], "-") == 0) {
		cli_error(moving->cli, "name the database: it cannot be read from standard input");
		return false;
	}
	argv[3] = moving->cli->words[0];
	moving->text.len = 0;
	found = command_run(argv, FILE_MAX_BYTES, clock_mono_ms() + SQLITE_MS, &moving->text,
			    error);
	if (found != LOOKUP_FOUND)
		cli_error(moving->cli, "cannot ask %s: %s%s", moving->name, error,
			  found == LOOKUP_ABSENT ? " (apt install sqlite3)" : "");
	return found == LOOKUP_FOUND;
}

/*
 * A table: overrides.
 */

static bool set_minimum(struct moving *moving, const struct policy_entry *entry)
{
	const struct cli *cli = moving->cli;
	struct override *override = &moving->entry->of.override;

	memset(moving->entry, 0, sizeof(*moving->entry));
	moving->entry->kind = ENTRY_OVERRIDE;
	override->kind = OVERRIDE_MINIMUM;
	override->level = entry->level;
	act_author(override->author);
	if (cli->reason != NULL)
		str_printable(override->reason, sizeof(override->reason), cli->reason,
			      strlen(cli->reason));
	else
		snprintf(override->reason, sizeof(override->reason),
			 "moved in from %.80s, line %zu", moving->name, entry->line);
	if (cli->expires != NULL && !act_expiry(&override->expires, cli))
		return false; /* it was checked before */
	return act_do(&moving->act, moving->entry, entry->nexthop.key) &&
	       act_note(&moving->act, entry->nexthop.key, "override", "minimum %s: %.96s",
			level_name(entry->level), override->reason);
}

static void take_minimum(struct moving *moving, const struct policy_entry *entry)
{
	struct override there;
	char what[DETAIL_SIZE];

	switch (ledger_get_override(moving->act.txn, entry->nexthop.key, &there)) {
	case LOOKUP_FOUND:
		snprintf(what, sizeof(what), "there is an override already: %s %s",
			 override_kind_name(there.kind), level_name(there.level));
		tell(moving, KEPT, entry->line, entry->nexthop.key, what);
		return;
	case LOOKUP_ERROR:
		moving->broken = true;
		return;
	case LOOKUP_ABSENT:
		break;
	}
	moving->broken = !set_minimum(moving, entry);
	snprintf(what, sizeof(what), "minimum %s", level_name(entry->level));
	tell(moving, TAKEN, entry->line, entry->nexthop.key, what);
}

static void move_table(struct moving *moving)
{
	struct policy_table table = { .rest = { moving->text.data, moving->text.len } };
	struct policy_entry entry;

	while (!moving->broken && policy_table_next(&table, &entry)) {
		if (entry.taken)
			take_minimum(moving, &entry);
		else
			tell(moving, LEFT, entry.line, entry.shown, entry.why);
	}
}

/*
 * What postfix-tlspol found out: the prober looks for itself, before mail asks for it.
 */

static void want(struct moving *moving, const struct policy_entry *entry)
{
	struct subject *subject;

	moving->subjects = mem_resize(moving->subjects, moving->wanted + 1, sizeof(*subject));
	moving->was = mem_resize(moving->was, moving->wanted + 1, sizeof(*moving->was));
	subject = &moving->subjects[moving->wanted];
	*subject = (struct subject){ .nexthop = entry->nexthop };
	moving->was[moving->wanted++] = (struct was){ entry->line, entry->level };
}

static void collect(struct moving *moving)
{
	struct policy_table table = { .rest = { moving->text.data, moving->text.len } };
	struct policy_entry entry;

	while (policy_table_next(&table, &entry)) {
		if (!entry.found_out)
			tell(moving, LEFT, entry.line, entry.shown,
			     entry.taken ? "postfix-tlspol prints no such entry" : entry.why);
		else if (moving->wanted == LOOKED_AT_MAX)
			tell(moving, LEFT, entry.line, entry.shown,
			     "one too many: the prober looks at it with its first mail");
		else if (moving->cli->dry_run)
			tell(moving, TAKEN, entry.line, entry.nexthop.key,
			     "the prober would look at it now");
		else
			want(moving, &entry);
	}
}

/* What is known of it now, compared with what was. */
static void compare(struct moving *moving, struct ledger_txn *txn, size_t i)
{
	const struct nexthop *nexthop = &moving->subjects[i].nexthop;
	const struct was *was = &moving->was[i];
	struct known *known = mem_zero(1, sizeof(*known));
	char what[2 * DETAIL_SIZE];
	bool as_strict;

	if (known_get(known, moving->cli, txn, nexthop) == LOOKUP_ERROR) {
		moving->broken = true;
	} else {
		as_strict = known->decision.verdict == VERDICT_POLICY &&
			    (known->decision.level >= was->level || was->level == LEVEL_DANE);
		snprintf(what, sizeof(what), "was %s, is %s: %s", level_name(was->level),
			 known->decision.verdict == VERDICT_POLICY
				 ? level_name(known->decision.level)
				 : "none",
			 known->decision.reason);
		tell(moving, as_strict ? TAKEN : LEFT, was->line, nexthop->key, what);
	}
	free(known);
}

static void look_at_all(struct moving *moving)
{
	struct ledger *ledger;
	struct ledger_txn *txn;
	bool heard = false;

	if (moving->wanted == 0)
		return;
	if (probing_run(moving->cli, moving->subjects, (int)moving->wanted, &heard) != CLI_YES &&
	    !heard) {
		moving->broken = true;
		return;
	}
	ledger = known_ledger(moving->cli, LEDGER_READ);
	txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	moving->broken = txn == NULL;
	for (size_t i = 0; i < moving->wanted && !moving->broken; i++)
		compare(moving, txn, i);
	ledger_abort(txn);
	ledger_close(ledger);
}

/*
 * Policies of MTA-STS.
 */

static void take_policy(void *context, const struct sts_cache_row *row)
{
	struct moving *moving = context;
	struct ledger_take take = { .txn = moving->act.txn,
				    .default_port = moving->cli->settings.smtp_port,
				    .now = moving->cli->now,
				    .author = "",
				    .by = "by moving in" };
	char what[DETAIL_SIZE], until[UTC_SIZE];

	if (moving->broken)
		return;
	if (!row->taken) {
		tell(moving, LEFT, row->number, row->shown, row->why);
		return;
	}
	memset(moving->entry, 0, sizeof(*moving->entry));
	moving->entry->kind = ENTRY_DOMAIN;
	str_copy(moving->entry->key, sizeof(moving->entry->key), row->domain);
	moving->entry->of.domain.sts = row->facts;
	if (!ledger_take(&take, moving->entry)) {
		tell(moving, KEPT, row->number, row->domain,
		     "postseal has looked at its MTA-STS already");
		return;
	}
	moving->broken = !ledger_take_write(&take);
	snprintf(what, sizeof(what), "MTA-STS, enforce, until %s",
		 utc_format(until, row->facts.until));
	tell(moving, TAKEN, row->number, row->domain, what);
}

/* False, and said why. */
static bool move_policies(struct moving *moving)
{
	char error[DETAIL_SIZE];

	if (sts_cache_json_read(buf_cstr(&moving->text), moving->text.len, moving->cli->now,
				take_policy, moving, error))
		return true;
	cli_error(moving->cli, "%s: %s; nothing was changed", moving->name, error);
	return false;
}

/*
 * The whole.
 */

/* All of it in one transaction, or nothing. */
static enum cli_status move_into_ledger(struct moving *moving, bool policies)
{
	const size_t *count = moving->count;
	bool good = true;

	if (!act_begin(&moving->act, moving->cli))
		return CLI_UNSURE;
	if (policies)
		good = move_policies(moving);
	else
		move_table(moving);
	if (good && !moving->broken && count[TAKEN] > 0)
		moving->broken =
			!act_note(&moving->act, "*", "moved-in", "%.64s: %zu of %zu", moving->name,
				  count[TAKEN], count[TAKEN] + count[KEPT] + count[LEFT]);
	if (!good || (moving->cli->dry_run && !moving->broken)) {
		act_drop(&moving->act);
	} else if (act_end(&moving->act, !moving->broken) != CLI_YES) {
		return CLI_UNSURE;
	}
	return good ? sum_up(moving) : CLI_USAGE;
}

static enum cli_status look_now(struct moving *moving)
{
	collect(moving);
	look_at_all(moving);
	return moving->broken ? CLI_UNSURE : sum_up(moving);
}

static enum cli_status move_postfix(struct moving *moving)
{
	return move_into_ledger(moving, false);
}

static enum cli_status move_resolver(struct moving *moving)
{
	return read_database(moving) ? move_into_ledger(moving, true) : CLI_UNSURE;
}

static const struct {
	const char *name;
	enum cli_status (*move)(struct moving *moving);
} sources[] = {
	{ "postfix", move_postfix },
	{ "postfix-tlspol", look_now },
	{ "mta-sts-resolver", move_resolver },
};

enum cli_status import_from(const struct cli *cli)
{
	struct moving moving = { .cli = cli,
				 .name = strcmp(cli->words[0], "-") == 0 ? "standard input"
									 : cli->words[0] };
	enum cli_status status = CLI_UNSURE;
	size_t i = 0;
	int64_t when;

	while (i < ARRAY_LEN(sources) && strcmp(sources[i].name, cli->from) != 0)
		i++;
	if (i == ARRAY_LEN(sources)) {
		cli_error(cli, "--from takes postfix, postfix-tlspol or mta-sts-resolver");
		return CLI_USAGE;
	}
	if (cli->expires != NULL && !act_expiry(&when, cli))
		return CLI_USAGE;
	moving.entry = mem_zero(1, sizeof(*moving.entry));
	if (read_file(&moving))
		status = sources[i].move(&moving);
	free(moving.entry);
	free(moving.subjects);
	free(moving.was);
	buf_free(&moving.text);
	return status;
}
