/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/parking.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/policy/reply.h"
#include "io/json/status_json.h"
#include "io/link/link.h"
#include "io/local/metrics_file.h"

/* A webmail or a script waits for it, with a user before it. */
#define PATIENCE_MS 2000

struct sealing {
	const struct settings *settings;
	struct mailbox_link *link;
	struct log_throttle unanswered; /* log lines */
};

struct sealing_wait {
	struct sealing *sealing;
	sealing_fn *answered; /* NULL: the asker has gone */
	void *context;
};

struct sealing *sealing_new(struct loop *loop, const struct settings *settings)
{
	struct sealing *sealing = mem_zero(1, sizeof(*sealing));

	sealing->settings = settings;
	sealing->link = mailbox_link_new(loop);
	return sealing;
}

void sealing_reload(struct sealing *sealing, const struct settings *settings)
{
	sealing->settings = settings;
}

void sealing_free(struct sealing *sealing)
{
	if (sealing == NULL)
		return;
	mailbox_link_free(sealing->link);
	free(sealing);
}

static void log_unanswered(struct sealing *sealing, const char *why)
{
	char note[LOG_THROTTLE_NOTE_SIZE];

	if (log_throttle_pass(&sealing->unanswered, clock_mono_ms(), note))
		log_warning("map=%s answer=TEMP: %s%s", map_name(MAP_MAILBOX), why, note);
}

static void on_heard(void *context, const char *answer, const char *error)
{
	struct sealing_wait *wait = context;
	const char *way = answer != NULL ? status_json_seal(answer) : NULL;
	struct buf reply = { 0 };

	if (wait->answered != NULL) {
		if (way != NULL) {
			reply_ok(&reply, way);
		} else {
			reply_temporary(&reply, "how sealed mail goes cannot be told now");
			log_unanswered(wait->sealing, answer == NULL ? error
								     : "postseal-mailbox cannot "
								       "tell; its log says why");
		}
		metrics_count(METRIC2(ANSWERS, MAP_MAILBOX,
				      way != NULL ? METRIC_ANSWER_OK : METRIC_ANSWER_TEMP));
		wait->answered(wait->context, &reply);
		buf_free(&reply);
	}
	free(wait);
}

struct sealing_wait *sealing_ask(struct sealing *sealing, const char *address, sealing_fn *answered,
				 void *context)
{
	const struct mailbox_question question = { .act = "seal", .mailbox = address };
	struct sealing_wait *wait = mem_zero(1, sizeof(*wait));

	wait->sealing = sealing;
	wait->answered = answered;
	wait->context = context;
	mailbox_link_ask(sealing->link, sealing->settings, &question, clock_mono_ms() + PATIENCE_MS,
			 on_heard, wait);
	return wait;
}

void sealing_leave(struct sealing_wait *wait)
{
	wait->answered = NULL;
}
