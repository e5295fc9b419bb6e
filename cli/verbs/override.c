/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal override - an admin decides in place of the facts, with a reason and for a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "cli/act.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"

static bool parse_kind_name(enum override_kind *kind, const char *name)
{
	for (*kind = OVERRIDE_EXACT; *kind <= OVERRIDE_HANDS_OFF; (*kind)++)
		if (strcmp(override_kind_name(*kind), name) == 0)
			return true;
	return false;
}

/* Reads KIND [LEVEL]; false, and says why. */
static bool parse_kind(struct override *override, const struct cli *cli)
{
	bool has_level;

	if (cli->count < 3 || !parse_kind_name(&override->kind, cli->words[2])) {
		cli_error(cli, "write which override: exact LEVEL, minimum LEVEL, or hands-off");
		return false;
	}
	has_level = override->kind != OVERRIDE_HANDS_OFF;
	if (cli->count != (has_level ? 4 : 3)) {
		cli_error(cli, has_level ? "a level is missing" : "hands-off takes no level");
		return false;
	}
	if (has_level && !level_parse(&override->level, cli->words[3])) {
		cli_error(cli,
			  "\"%s\" is not a level; levels are none, encrypt, dane, secure, "
			  "fingerprint, dane-only",
			  cli->words[3]);
		return false;
	}
	return true;
}

static bool parse_terms(struct override *override, const struct cli *cli)
{
	if (cli->reason == NULL || cli->reason[0] == '\0') {
		cli_error(
			cli,
			"--reason is missing: whoever reads this in a year will want to know why");
		return false;
	}
	str_printable(override->reason, sizeof(override->reason), cli->reason, strlen(cli->reason));
	if (cli->expires != NULL && !act_expiry(&override->expires, cli))
		return false;
	return true;
}

/* Reads the next hop, or ".example.com" for all names below it. */
static bool parse_subject(struct nexthop *nexthop, const struct cli *cli)
{
	if (cli->count > 1 &&
	    nexthop_parse(nexthop, cli->words[1], strlen(cli->words[1])) == NEXTHOP_OK)
		return true;
	cli_error(cli, "write for which next hop: example.com, [mx.example.com]:587, or "
		       ".example.com for all names below it");
	return false;
}

static void describe(char *dst, size_t size, const struct override *override)
{
	char until[UTC_SIZE];

	snprintf(dst, size, "%s%s%s%s%s", override_kind_name(override->kind),
		 override->kind == OVERRIDE_HANDS_OFF ? "" : " ",
		 override->kind == OVERRIDE_HANDS_OFF ? "" : level_name(override->level),
		 override->expires != 0 ? " until " : "",
		 override->expires != 0 ? utc_format(until, override->expires) : "");
}

static enum cli_status set(const struct cli *cli)
{
	struct entry entry = { .kind = ENTRY_OVERRIDE };
	struct override *override = &entry.of.override;
	struct nexthop nexthop;
	char what[DETAIL_SIZE];
	struct act act;
	bool done;

	if (!parse_subject(&nexthop, cli) || !parse_kind(override, cli) ||
	    !parse_terms(override, cli))
		return CLI_USAGE;
	act_author(override->author);
	describe(what, sizeof(what), override);
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	done = act_do(&act, &entry, nexthop.key) &&
	       act_note(&act, nexthop.key, "override", "%.48s: %.96s", what, override->reason);
	if (act_end(&act, done) != CLI_YES)
		return CLI_UNSURE;
	if (cli->json)
		json_print_override(nexthop.key, override);
	else
		printf("%s: override set: %s (%s)\n"
		       "A process of Postfix that has asked before remembers what it was told: "
		       "postfix reload\n",
		       nexthop.key, what, override->reason);
	return CLI_YES;
}

static enum cli_status clear(const struct cli *cli)
{
	struct entry cleared = { .kind = ENTRY_OVERRIDE };
	struct override override;
	struct nexthop nexthop;
	enum lookup found;
	struct act act;
	bool done;

	if (!parse_subject(&nexthop, cli) || !act_takes(cli, 2))
		return CLI_USAGE;
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	/* An override that cannot be read is removed all the same. */
	found = ledger_get_override(act.txn, nexthop.key, &override);
	act_author(cleared.of.override.author);
	done = found == LOOKUP_ABSENT ||
	       (act_do(&act, &cleared, nexthop.key) &&
		act_note(&act, nexthop.key, "override-cleared", "the facts decide again"));
	if (act_end(&act, done) != CLI_YES)
		return CLI_UNSURE;
	if (found == LOOKUP_ABSENT) {
		cli_error(cli, "there is no override for %s", nexthop.key);
		return CLI_NO;
	}
	if (cli->json)
		json_print_override(nexthop.key, NULL);
	else
		printf("%s: override cleared; the facts decide again.\n", nexthop.key);
	return CLI_YES;
}

static bool show(void *context, const char *key, const struct override *override)
{
	struct act_listing *listing = context;
	bool expired = override->expires != 0 && listing->cli->now >= override->expires;
	char what[DETAIL_SIZE], date[UTC_SIZE];

	listing->shown++;
	if (listing->cli->json) {
		json_print_override(key, override);
		return true;
	}
	describe(what, sizeof(what), override);
	terminal_heading("%s", key);
	terminal_field("answer", "%s%s", what, expired ? " (expired)" : "");
	terminal_field("set", "%s by %s", utc_format(date, override->set), override->author);
	terminal_field("reason", "%s", override->reason);
	return true;
}

static bool walk(struct ledger_txn *txn, struct act_listing *listing)
{
	return ledger_each_override(txn, show, listing);
}

static enum cli_status list(const struct cli *cli)
{
	return act_takes(cli, 1) ? act_list(cli, NULL, walk) : CLI_USAGE;
}

static enum cli_status run(struct cli *cli)
{
	static const struct act_word acts[] = { { "set", set },
						{ "clear", clear },
						{ "list", list } };

	return act_dispatch(cli, acts, ARRAY_LEN(acts));
}

const struct verb verb_override = {
	.name = "override",
	.arguments = "ACT ...",
	.summary = "Lets an admin decide, whatever the facts say",
	.options = "er",
	.help = "ACT is one of\n"
		"  set NEXTHOP exact LEVEL     answer LEVEL (none: leave it to main.cf)\n"
		"  set NEXTHOP minimum LEVEL   answer LEVEL where the facts give less\n"
		"  set NEXTHOP hands-off       never answer: main.cf decides\n"
		"  clear NEXTHOP               let the facts decide again\n"
		"  list                        all overrides, with those that have expired\n"
		"\n"
		"  -r, --reason TEXT   why; required with set\n"
		"  -e, --expires TIME  when it ends: 90d, 12h, 30min, or a date\n"
		"\n"
		"NEXTHOP is a domain, [host]:port, or .example.com for all names below it. LEVEL\n"
		"is none, encrypt, dane, secure, fingerprint or dane-only. Secure aliases always\n"
		"keep their own level.\n"
		"\n"
		"Exit status: 1 if there was none to clear or to list.\n",
	.least = 1,
	.most = 4,
	.run = run,
};
