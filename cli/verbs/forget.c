/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal forget - an admin gives up a guarantee. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/act.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "core/policy/fold.h"
#include "io/ledger/ledger_facts.h"

/* What is given up: a sentence without a full stop. */
static void describe(char *dst, size_t size, const struct history *history)
{
	char first[UTC_SIZE], last[UTC_SIZE];

	if (history->last_tls == 0)
		snprintf(dst, size, "it was never reached over TLS");
	else
		snprintf(dst, size, "TLS from %s to %s, on %u%s days",
			 utc_format(first, history->first_tls), utc_format(last, history->last_tls),
			 (unsigned)history->tls_days.count,
			 history->tls_days.count == TIMESET_MAX ? " or more" : "");
}

static bool confirmed(const struct cli *cli, const char *domain, const struct history *history)
{
	char what[DETAIL_SIZE];

	if (cli->yes || !terminal_has_person())
		return true;
	describe(what, sizeof(what), history);
	return terminal_confirms("%s: %s.\nMail to it may be sent in the clear once this is "
				 "forgotten. Forget it?",
				 domain, what);
}

/* Of its hosts; *seen becomes the latest time at which one of them was seen. */
static bool forget_hosts(struct ledger_txn *txn, const struct cli *cli, const char *domain,
			 const struct mx_facts *mx, int64_t *seen)
{
	struct nexthop nexthop;
	struct host_facts host;
	uint16_t port;

	if (nexthop_parse(&nexthop, domain, strlen(domain)) != NEXTHOP_OK)
		return true;
	port = nexthop_port(&nexthop, cli->settings.smtp_port);
	for (size_t i = 0; i < mx->count; i++) {
		if (ledger_get_host(txn, mx->refs[i].host, port, &host) != LOOKUP_FOUND)
			continue;
		acts_forget_host(&host, cli->now, seen);
		host.last_expires = 0; /* to be probed again */
		if (!ledger_put_host(txn, mx->refs[i].host, port, &host))
			return false;
	}
	return true;
}

/* Adds what its hosts have shown: `learn` writes down hosts alone. */
static void add_hosts(struct history *history, struct ledger_txn *txn, const struct cli *cli,
		      const char *domain)
{
	struct facts *all = mem_zero(1, sizeof(*all));
	struct nexthop nexthop;

	if (nexthop_parse(&nexthop, domain, strlen(domain)) == NEXTHOP_OK &&
	    ledger_get_facts(txn, &nexthop, cli->settings.smtp_port, cli->now, all) ==
		    LOOKUP_FOUND) {
		fold_domain(all, &cli->settings);
		*history = all->domain.history;
	}
	free(all);
}

/*
 * The look-ups stay, since they are not evidence. A record that cannot be read is made anew, so
 * what it held is forgotten as well.
 */
static bool forget_in(struct act *act, const char *domain, struct domain_facts *facts,
		      struct history *was)
{
	const struct cli *cli = act->cli;
	struct ledger_txn *txn = act->txn;
	char what[DETAIL_SIZE];
	int64_t seen = 0;

	if (ledger_get_domain(txn, domain, facts) == LOOKUP_ERROR)
		memset(facts, 0, sizeof(*facts));
	*was = facts->history;
	add_hosts(was, txn, cli, domain);
	if (!forget_hosts(txn, cli, domain, &facts->mx, &seen))
		return false;
	acts_forget_domain(facts, cli->now, seen);
	describe(what, sizeof(what), was);
	return ledger_put_domain(txn, domain, facts) &&
	       act_note(act, domain, "forgotten", "%s", what);
}

/* What would be given up. */
static enum lookup look(struct ledger *ledger, const struct cli *cli, const char *domain,
			struct domain_facts *facts)
{
	struct ledger_txn *txn = ledger_begin_read(ledger);
	enum lookup found = txn != NULL ? ledger_get_domain(txn, domain, facts) : LOOKUP_ERROR;

	if (found == LOOKUP_ERROR)
		memset(facts, 0, sizeof(*facts));
	else if (found == LOOKUP_FOUND)
		add_hosts(&facts->history, txn, cli, domain);
	ledger_abort(txn);
	return found;
}

static enum cli_status forget(const struct cli *cli, const char *domain, struct domain_facts *facts)
{
	struct ledger *ledger = known_ledger(cli, LEDGER_READ);
	struct history was;
	struct act act;
	char what[DETAIL_SIZE];
	enum lookup found;

	if (ledger == NULL)
		return CLI_UNSURE;
	found = look(ledger, cli, domain, facts);
	ledger_close(ledger);
	if (found == LOOKUP_ABSENT) {
		cli_error(cli, "nothing is known about %s", domain);
		return CLI_NO;
	}
	if (!confirmed(cli, domain, &facts->history)) {
		cli_error(cli, "%s was not forgotten", domain);
		return CLI_NO;
	}
	if (!act_begin(&act, cli) || act_end(&act, forget_in(&act, domain, facts, &was)) != CLI_YES)
		return CLI_UNSURE;
	if (cli->json) {
		json_print_forgotten(domain, facts->forgotten, &was);
	} else {
		describe(what, sizeof(what), &was);
		printf("%s: forgotten", domain);
		terminal_beside((int)strlen(domain) + 11, (int)strlen(domain) + 12, 2, "(%s).",
				what);
		puts("Only what is seen from now on counts.");
	}
	return CLI_YES;
}

static enum cli_status run(struct cli *cli)
{
	struct subject *subject = cli_subjects(cli);
	struct domain_facts *facts;
	enum cli_status status;

	if (subject == NULL)
		return CLI_USAGE;
	facts = mem_alloc(sizeof(*facts));
	status = forget(cli, subject->nexthop.key, facts);
	free(facts);
	free(subject);
	return status;
}

const struct verb verb_forget = {
	.name = "forget",
	.arguments = "DOMAIN",
	.summary = "Gives up what was learned about a domain",
	.options = "y",
	.help = "  -y, --yes  do not ask (it asks only on a terminal)\n"
		"\n"
		"For a provider that has given up TLS for good. What its servers showed until\n"
		"now no longer counts, and they are probed again before the next mail. DNS facts\n"
		"stay, and so does the history of its servers, which other domains may share.\n"
		"The journal records it (`postseal history`).\n"
		"\n"
		"Exit status: 1 if there was nothing to forget, or you said no.\n",
	.least = 1,
	.most = 1,
	.run = run,
};
