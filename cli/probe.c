/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal probe - has the prober look at domains now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/standing.h"
#include "io/prober_client.h"

/* An SMTP session has this many steps, each with its time-out, and DNS needs some. */
#define SMTP_STEPS 6
#define EXTRA_SECONDS 60
#define TICK_MS 500
#define BUSY_PAUSE_MS 1000

struct probing {
	const struct cli *cli;
	struct subject *subjects;
	struct prober_client *client;
	bool *done;
	int left;
	int64_t started, deadline; /* clock_mono_ms */
	bool progress;             /* someone sees it */
};

static bool ask(struct probing *p, const char *key)
{
	char error[PROBER_CLIENT_ERROR_SIZE];

	if (prober_client_ask(p->client, PROBER_PROBE, key, p->deadline, error))
		return true;
	cli_error(p->cli, "%s", error);
	return false;
}

static bool ask_all(struct probing *p)
{
	for (int i = 0; i < p->cli->count; i++) {
		if (!ask(p, p->subjects[i].nexthop.key))
			return false;
	}
	return true;
}

static void show_progress(const struct probing *p)
{
	if (p->progress)
		fprintf(stderr, "\rlooking at %d of %d ... %lld s ", p->left, p->cli->count,
			(long long)((clock_mono_ms() - p->started) / 1000));
}

static void end_progress(const struct probing *p)
{
	if (p->progress)
		fprintf(stderr, "\r%40s\r", "");
}

static void note_done(struct probing *p, const char *key)
{
	for (int i = 0; i < p->cli->count; i++) {
		if (!p->done[i] && strcmp(p->subjects[i].nexthop.key, key) == 0) {
			p->done[i] = true;
			p->left--;
		}
	}
}

/* False when there is no more to wait for. */
static bool take(struct probing *p, const struct prober_message *message)
{
	if (message->word == PROBER_DONE)
		note_done(p, message->nexthop.key);
	if (message->word != PROBER_BUSY)
		return true;
	usleep(BUSY_PAUSE_MS * 1000);
	return ask(p, message->nexthop.key);
}

static bool wait_all(struct probing *p)
{
	char error[PROBER_CLIENT_ERROR_SIZE];
	struct prober_message message;

	while (p->left > 0 && clock_mono_ms() < p->deadline) {
		int64_t tick = clock_mono_ms() + TICK_MS;

		show_progress(p);
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
			cli_error(p->cli, "%s", error);
			return false;
		}
	}
	end_progress(p);
	if (p->left > 0)
		cli_error(p->cli, "the prober was not done after %lld s; what follows is what is "
			  "known so far", (long long)((p->deadline - p->started) / 1000));
	return p->left == 0;
}

static bool probe_all(struct probing *p)
{
	char error[PROBER_CLIENT_ERROR_SIZE];
	bool whole;

	p->client = prober_client_open(p->cli->settings.runtime, p->deadline, error);
	if (p->client == NULL) {
		cli_error(p->cli, "%s", error);
		return false;
	}
	p->left = p->cli->count;
	p->done = mem_zero((size_t)p->cli->count, sizeof(*p->done));
	whole = ask_all(p) && wait_all(p);
	prober_client_close(p->client);
	free(p->done);
	return whole;
}

static enum cli_status run(struct cli *cli)
{
	int64_t now = clock_mono_ms();
	int64_t bound = SMTP_STEPS * cli->settings.smtp_timeout + EXTRA_SECONDS;
	struct probing probing = {
		.cli = cli,
		.subjects = cli_subjects(cli),
		.started = now,
		.deadline = now + bound * 1000,
		.progress = isatty(STDERR_FILENO) == 1,
	};
	enum cli_status status = CLI_USAGE;

	if (probing.subjects == NULL)
		return status;
	status = probe_all(&probing) ? CLI_YES : CLI_UNSURE;
	if (status == CLI_YES || probing.left > 0)
		status = cli_worse(status, standing_print_all(cli, probing.subjects));
	free(probing.subjects);
	return status;
}

const struct verb verb_probe = {
	.name = "probe",
	.arguments = "DOMAIN...",
	.summary = "Has the prober look again, waits, and shows the outcome",
	.options = "",
	.help = "All look-ups and the SMTP probe of each MX host are made anew, whatever is\n"
		"known. The outcome is shown as by `postseal status`; `postseal explain` has\n"
		"the details.\n"
		"\n"
		"Exit status: as `postseal status`; 3 also if the prober could not be asked.\n",
	.least = 1,
	.most = -1,
	.run = run,
};
