/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal fleet - the hosts that this one shares its memory with. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "cli/act.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "io/ledger/ledger_fleet.h"

struct fleet {
	const struct cli *cli;
	struct fleet_state state;
	size_t now, later; /* in the outbox */
};

static const char *rights(bool acts)
{
	return acts ? "facts and acts" : "facts";
}

static bool print_member(void *context, const char *name, const void *record)
{
	const struct fleet *fleet = context;
	const struct fleet_member *member = record;
	char date[UTC_SIZE];

	terminal_field(name, "%s; heard of %s%s; has read to batch %" PRIu64 "; postseal %s",
		       rights(member->acts), utc_format(date, member->seen),
		       fleet_member_is_live(member, &fleet->state) ? "" : " (not lately)",
		       member->n, member->version);
	return true;
}

static bool print_page(struct fleet *fleet, struct ledger_txn *txn)
{
	const struct fleet_state *state = &fleet->state;
	char date[UTC_SIZE];

	terminal_heading("%s", state->name);
	terminal_field("shares", "%s", rights(state->acts));
	terminal_field("read", "%s%s, to batch %" PRIu64,
		       state->exchanged != 0 ? "all that others told, at " : "nothing yet",
		       state->exchanged != 0 ? utc_format(date, state->exchanged) : "", state->n);
	terminal_field("to be told", "%zu records at once, %zu with the next daily round",
		       fleet->now, fleet->later);
	if (state->trouble[0] != '\0')
		terminal_field("trouble", "%s", state->trouble);
	terminal_heading("hosts");
	return ledger_each_member(txn, print_member, fleet);
}

static enum cli_status show(const struct cli *cli)
{
	struct ledger *ledger = known_ledger(cli, LEDGER_READ);
	struct ledger_txn *txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	struct fleet fleet = { .cli = cli };
	enum lookup found = txn != NULL ? ledger_get_fleet(txn, &fleet.state) : LOOKUP_ERROR;
	bool whole = found != LOOKUP_ERROR;

	if (found == LOOKUP_FOUND) {
		fleet.now = ledger_outbox_count(txn, LEDGER_BOX_NOW);
		fleet.later = ledger_outbox_count(txn, LEDGER_BOX_LATER);
		whole = cli->json ? json_print_fleet(&fleet.state, fleet.now, fleet.later, txn)
				  : print_page(&fleet, txn);
	} else if (found == LOOKUP_ABSENT) {
		cli_error(cli, "this host shares with nobody (postseal-share(8))");
	}
	ledger_abort(txn);
	ledger_close(ledger);
	if (!whole)
		return CLI_UNSURE;
	return found == LOOKUP_FOUND && fleet.state.trouble[0] == '\0' ? CLI_YES : CLI_NO;
}

static enum cli_status run_status(const struct cli *cli)
{
	return act_takes(cli, 1) ? show(cli) : CLI_USAGE;
}

static enum cli_status leave(const struct cli *cli)
{
	struct fleet_state state;
	struct act act;
	enum lookup found;
	bool done;

	if (!act_takes(cli, 1))
		return CLI_USAGE;
	if (!act_begin_here(&act, cli))
		return CLI_UNSURE;
	found = ledger_get_fleet(act.txn, &state);
	if (found == LOOKUP_ABSENT) {
		act_drop(&act);
		cli_error(cli, "this host shares with nobody");
		return CLI_NO;
	}
	done = ledger_leave_fleet(act.txn) &&
	       act_note(&act, "*", "left-fleet",
			"all that was learned stays; nothing is noted for "
			"others any more");
	return act_end(&act, done);
}

static enum cli_status run(struct cli *cli)
{
	static const struct act_word words[] = { { "status", run_status }, { "leave", leave } };

	return cli->count == 0 ? show(cli) : act_dispatch(cli, words, 2);
}

const struct verb verb_fleet = {
	.name = "fleet",
	.arguments = "[ACT]",
	.summary = "Shows the hosts that share what they know",
	.options = "",
	.help = "  status  this host, what waits to be told, and the others (as without a word)\n"
		"  leave   share no more: after postseal-share was stopped. All that was learned,\n"
		"          here and by others, stays\n"
		"\n"
		"Exit status: 1 if this host shares with nobody, or cannot just now.\n",
	.least = 0,
	.most = 2,
	.run = run,
};
