/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/probing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/link/link.h"

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
