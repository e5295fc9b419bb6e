/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/record/record.h"
#include "core/policy/reply.h"
#include "io/ledger/ledger_facts.h"

struct ledger *known_ledger(const struct cli *cli, enum ledger_mode mode)
{
	char error[LEDGER_ERROR_SIZE];
	struct ledger *ledger = ledger_open(cli->settings.ledger, mode, error);

	if (ledger == NULL)
		cli_error(cli, "%s", error);
	return ledger;
}

enum lookup known_get(struct known *known, const struct cli *cli, struct ledger_txn *txn,
		      const struct nexthop *nexthop)
{
	enum lookup found =
		ledger_get_facts(txn, nexthop, cli->settings.smtp_port, cli->now, &known->facts);

	if (found == LOOKUP_ERROR)
		return found;
	decide_answer(&known->decision, &cli->settings, &known->facts, MAP_STATUS, false, cli->now);
	status_of(&known->status, &known->facts, &known->decision);
	return found;
}

typedef void show_fn(const struct known *known, const struct cli *cli, struct ledger_txn *txn);

static enum cli_status show_in(struct ledger *ledger, const struct cli *cli,
			       const struct nexthop *nexthop, show_fn *show)
{
	struct known *known = mem_alloc(sizeof(*known));
	struct ledger_txn *txn = ledger_begin_read(ledger);
	enum lookup found = txn != NULL ? known_get(known, cli, txn, nexthop) : LOOKUP_ERROR;

	if (found == LOOKUP_ERROR)
		cli_error(cli, "%s: its records in the ledger cannot be read", nexthop->key);
	else
		show(known, cli, txn);
	ledger_abort(txn);
	free(known);
	return found == LOOKUP_FOUND ? CLI_YES : found == LOOKUP_ABSENT ? CLI_NO : CLI_UNSURE;
}

enum cli_status known_show(const struct cli *cli, show_fn *show)
{
	struct subject *subject = cli_subjects(cli);
	struct ledger *ledger;
	enum cli_status status = CLI_UNSURE;

	if (subject == NULL)
		return CLI_USAGE;
	ledger = known_ledger(cli, LEDGER_READ);
	if (ledger != NULL)
		status = show_in(ledger, cli, &subject->nexthop, show);
	ledger_close(ledger);
	free(subject);
	return status;
}

static void reply_of(struct buf *reply, const struct known *known, const struct cli *cli,
		     enum map map, bool tlsrpt)
{
	struct decision decision;

	decide_answer(&decision, &cli->settings, &known->facts, map, true, cli->now);
	reply_policy(reply, &decision, &known->facts, tlsrpt);
}

void known_each_reply(const struct known *known, const struct cli *cli,
		      void (*show)(void *context, const char *name, struct buf *reply),
		      void *context)
{
	for (int i = 0; i < 2 * MAP_COUNT; i++) {
		enum map map = (enum map)(i / 2);
		bool tlsrpt = i % 2 == 1;
		struct buf reply = { 0 };
		char name[64];

		if (!map_is_policy(map))
			continue;
		snprintf(name, sizeof(name), "%s%s", map_name(map), tlsrpt ? "+tlsrpt" : "");
		reply_of(&reply, known, cli, map, tlsrpt);
		show(context, name, &reply);
		buf_free(&reply);
	}
}

bool known_concerns(const struct known *known, const struct cli *cli,
		    const struct journal_entry *entry)
{
	const struct mx_facts *mx = &known->facts.domain.mx;
	uint16_t port = nexthop_port(&known->facts.nexthop, cli->settings.smtp_port);
	char key[HOST_KEY_SIZE];

	if (strcmp(entry->subject, known->facts.nexthop.key) == 0)
		return true;
	for (size_t i = 0; i < mx->count; i++) {
		if (record_host_key(key, mx->refs[i].host, port) &&
		    strcmp(entry->subject, key) == 0)
			return true;
	}
	return false;
}
