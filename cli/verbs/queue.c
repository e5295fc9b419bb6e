/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verbs/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/postconf.h"
#include "io/json/queue_json.h"

#define PATIENCE_MS 30000
#define QUEUE_MAX (256u << 20)
#define POSTCONF_MAX 65536

struct reading {
	const struct cli *cli;
	struct waiting *waiting;
};

static bool at_secure_domain(const struct settings *settings, const char *sender)
{
	const char *at = strrchr(sender, '@');
	char folded[DOMAIN_SIZE];

	if (at == NULL || !domain_fold(folded, at + 1, strlen(at + 1)))
		return false;
	for (size_t i = 0; i < settings->secure_domains.count; i++)
		if (strcmp(settings->secure_domains.items[i], folded) == 0)
			return true;
	return false;
}

static void take(void *context, const struct waiting_recipient *recipient)
{
	struct reading *reading = context;

	waiting_add(reading->waiting, recipient,
		    at_secure_domain(&reading->cli->settings, recipient->sender));
}

static enum lookup read_lifetimes(struct waiting *waiting, char error[COMMAND_ERROR_SIZE])
{
	char name[] = "postconf", longest[] = "maximal_queue_lifetime",
	     bounces[] = "bounce_queue_lifetime";
	char *argv[] = { name, longest, bounces, NULL };
	struct postconf postconf = { 0 };
	struct buf output = { 0 };
	const char *most, *bounce;
	enum lookup found =
		command_run(argv, POSTCONF_MAX, clock_mono_ms() + PATIENCE_MS, &output, error);

	if (found == LOOKUP_FOUND) {
		bool good = postconf_read(&postconf, buf_cstr(&output), output.len);
		most = good ? postconf_get(&postconf, longest) : NULL;
		bounce = good ? postconf_get(&postconf, bounces) : NULL;
		good = most != NULL && bounce != NULL &&
		       waiting_lifetime(&waiting->lifetime, most) &&
		       waiting_lifetime(&waiting->bounce_lifetime, bounce);
		if (!good) {
			snprintf(error, COMMAND_ERROR_SIZE,
				 "postconf does not say how long mail stays in the queue");
			found = LOOKUP_ERROR;
		}
	}
	postconf_free(&postconf);
	buf_free(&output);
	return found;
}

static enum lookup read_queue(struct reading *reading, char error[COMMAND_ERROR_SIZE])
{
	char name[] = "postqueue", json[] = "-j";
	char *argv[] = { name, json, NULL };
	struct buf output = { 0 };
	enum lookup found =
		command_run(argv, QUEUE_MAX, clock_mono_ms() + PATIENCE_MS, &output, error);
	const char *at = output.data;
	size_t left = output.len;
	uint64_t number = 0;

	while (found == LOOKUP_FOUND && left > 0) {
		const char *end = memchr(at, '\n', left);
		size_t len = end != NULL ? (size_t)(end - at) : left;

		if (!queue_json_read(at, len, ++number, take, reading)) {
			snprintf(error, COMMAND_ERROR_SIZE,
				 "line %llu of what postqueue prints is not understood",
				 (unsigned long long)number);
			found = LOOKUP_ERROR;
		}
		len += end != NULL;
		at += len;
		left -= len;
	}
	buf_free(&output);
	return found;
}

/* Does postseal hold it up? What cannot be told counts, so that nothing is hidden. */
static bool is_held(const struct cli *cli, struct ledger_txn *txn, struct known *known,
		    const struct waiting_domain *domain)
{
	struct nexthop nexthop;

	if (domain->policy || domain->sealed)
		return true;
	if (nexthop_parse(&nexthop, domain->domain, strlen(domain->domain)) != NEXTHOP_OK ||
	    known_get(known, cli, txn, &nexthop) == LOOKUP_ERROR)
		return true;
	return known->decision.verdict != VERDICT_NOTFOUND;
}

static bool keep_held(struct waiting *waiting, const struct cli *cli, struct ledger *ledger)
{
	struct ledger_txn *txn = ledger_begin_read(ledger);
	struct known *known;
	size_t kept = 0;

	if (txn == NULL)
		return false;
	known = mem_alloc(sizeof(*known));
	for (size_t i = 0; i < waiting->count; i++)
		if (is_held(cli, txn, known, &waiting->domains[i]))
			waiting->domains[kept++] = waiting->domains[i];
	waiting->count = kept;
	free(known);
	ledger_abort(txn);
	return true;
}

enum lookup queue_find(struct waiting *waiting, const struct cli *cli, struct ledger *ledger,
		       char error[COMMAND_ERROR_SIZE])
{
	struct reading reading = { cli, waiting };
	enum lookup found;

	*waiting = (struct waiting){ 0 };
	found = read_lifetimes(waiting, error);
	if (found == LOOKUP_FOUND)
		found = read_queue(&reading, error);
	if (found == LOOKUP_FOUND && !keep_held(waiting, cli, ledger)) {
		snprintf(error, COMMAND_ERROR_SIZE, "the ledger cannot be read");
		found = LOOKUP_ERROR;
	}
	if (found != LOOKUP_FOUND)
		waiting_free(waiting);
	return found;
}
