/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/record/record.h"
#include "core/policy/reply.h"
#include "io/ledger/ledger_facts.h"
#include "io/link/link.h"

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
	known->found = found == LOOKUP_FOUND;
	decide_answer(&known->decision, &cli->settings, &known->facts, MAP_STATUS, false, cli->now);
	status_of(&known->status, &known->facts, &known->decision);
	return found;
}

bool known_waits_for_prober(const struct known *known, const struct cli *cli)
{
	const struct decision *d = &known->decision;

	return d->verdict != VERDICT_TEMP &&
	       decide_contact(d, &cli->settings, true) == CONTACT_DEFER;
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

/* An SMTP session has this many steps, each with its time-out, and DNS needs some. */
#define SMTP_STEPS 6
#define EXTRA_SECONDS 60
#define TICK_MS 500
#define BUSY_PAUSE_MS 1000

struct probing {
	const struct cli *cli;
	const char *note; /* the beginning of each message; "" if the status is shown next */
	const struct subject *subjects;
	int count;
	struct prober_client *client;
	bool *done;
	int left;
	int64_t started, deadline; /* clock_mono_ms */
	bool busy;                 /* the prober said so last */
	bool lost;     /* the prober could not write down what it found of one of them */
	bool progress; /* a person sees it */
};

static void complain(const struct probing *p, const char *error)
{
	cli_error(p->cli, "%s%s", p->note, error);
}

static bool ask(struct probing *p, const char *key)
{
	char error[PROBER_CLIENT_ERROR_SIZE];

	if (prober_client_ask(p->client, PROBER_PROBE, key, p->deadline, error))
		return true;
	complain(p, error);
	return false;
}

static void end_progress(const struct probing *p)
{
	if (p->progress)
		fprintf(stderr, "\r%40s\r", "");
}

/* It is not asked again: it would look again, and fail to write again. */
static void note_lost(struct probing *p, const char *key)
{
	char error[PROBER_CLIENT_ERROR_SIZE];

	p->lost = true;
	end_progress(p);
	snprintf(error, sizeof(error),
		 "the prober could not write down what it found of %s; what is shown is older (see "
		 "journalctl -u postseal-prober)",
		 key);
	complain(p, error);
}

/* False to stop waiting. */
static bool take(struct probing *p, const struct prober_message *message)
{
	bool done = message->word == PROBER_DONE || message->word == PROBER_LOST;

	for (int i = 0; done && i < p->count; i++) {
		if (!p->done[i] && strcmp(p->subjects[i].nexthop.key, message->nexthop.key) == 0) {
			p->done[i] = true;
			p->left--;
		}
	}
	if (message->word == PROBER_LOST)
		note_lost(p, message->nexthop.key);
	p->busy = message->word == PROBER_BUSY;
	if (!p->busy)
		return true;
	usleep(BUSY_PAUSE_MS * 1000);
	return ask(p, message->nexthop.key);
}

static void tell_time_is_up(const struct probing *p)
{
	char error[PROBER_CLIENT_ERROR_SIZE];

	snprintf(error, sizeof(error), "the prober has not finished after %lld s%s%s",
		 (long long)((p->deadline - p->started) / 1000),
		 p->busy ? " because it is busy" : "",
		 p->note[0] == '\0' ? "; this is what is known so far" : "");
	complain(p, error);
}

static bool wait_all(struct probing *p)
{
	char error[PROBER_CLIENT_ERROR_SIZE];
	struct prober_message message;

	while (p->left > 0 && clock_mono_ms() < p->deadline) {
		int64_t tick = clock_mono_ms() + TICK_MS;

		if (p->progress)
			fprintf(stderr, "\rlooking at %d of %d ... %lld s ", p->left, p->count,
				(long long)((clock_mono_ms() - p->started) / 1000));
		switch (prober_client_hear(p->client, tick < p->deadline ? tick : p->deadline,
					   &message, error)) {
		case LOOKUP_FOUND:
			if (!take(p, &message))
				return false;
			break;
		case LOOKUP_ABSENT:
			break;
		case LOOKUP_ERROR:
			end_progress(p);
			complain(p, error);
			return false;
		}
	}
	end_progress(p);
	if (p->left > 0)
		tell_time_is_up(p);
	return p->left == 0 && !p->lost;
}

static bool probe_all(struct probing *p)
{
	char error[PROBER_CLIENT_ERROR_SIZE];
	bool whole = true;

	p->client = prober_client_open(p->cli->settings.runtime, p->deadline, error);
	if (p->client == NULL) {
		complain(p, error);
		return false;
	}
	p->left = p->count;
	p->done = mem_zero((size_t)p->count, sizeof(*p->done));
	for (int i = 0; whole && i < p->count; i++)
		whole = ask(p, p->subjects[i].nexthop.key);
	whole = whole && wait_all(p);
	prober_client_close(p->client);
	free(p->done);
	return whole;
}

static bool run(struct probing *p)
{
	int64_t bound = SMTP_STEPS * p->cli->settings.smtp_timeout + EXTRA_SECONDS;

	p->started = clock_mono_ms();
	p->deadline = p->started + bound * 1000;
	p->progress = isatty(STDERR_FILENO) == 1;
	return probe_all(p);
}

void probing_follow_up(const struct cli *cli, const struct nexthop *nexthop, const char *note)
{
	struct subject subject = { .nexthop = *nexthop };
	struct probing p = { .cli = cli, .note = note, .subjects = &subject, .count = 1 };

	run(&p);
}

enum cli_status probing_run(const struct cli *cli, const struct subject *subjects, int count,
			    bool *heard)
{
	struct probing p = { .cli = cli, .note = "", .subjects = subjects, .count = count };
	bool whole = run(&p);

	*heard = whole || p.lost || p.left > 0;
	return whole ? CLI_YES : CLI_UNSURE;
}
