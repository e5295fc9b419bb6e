/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alert - what an admin is to be told of, whether now, and in which words.
 *
 * Events come from the journal, each with its number there, and from the count of senders
 * that postseal-mailbox has locked out. An event is told once: the state says up to where
 * the journal was told. Telling is rate-limited: what comes within ALERT_GAP of the last
 * time waits, and then is told all at once. A trouble that was told of is not told
 * again before it has ended.
 *
 * What strangers called themselves stands in the text as it is in the journal: printable
 * ASCII, cut. Pure: told the time.
 */
#ifndef POSTSEAL_CORE_ALERT_H
#define POSTSEAL_CORE_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/utc.h"
#include "core/record/acts.h"

#define ALERT_GAP INT64_C(900)    /* seconds between two tellings, at least */
#define ALERT_WEEK (7 * UTC_DAY)  /* between two summaries, and what one is about */
#define ALERT_STALE (7 * UTC_DAY) /* older events were imported, and are no news */
#define ALERT_MAX 20              /* told one by one; of more, how many */

enum alert_kind {
	ALERT_DOWNGRADE, /* a domain or MX host no longer offers TLS */
	ALERT_STRIPPING, /* our own network takes STARTTLS away */
	ALERT_RESOLVER,  /* the resolver does not validate, or does not answer */
	ALERT_LOCKED     /* somebody tried too many PINs of sealed mail */
};

/* What is remembered from one time to the next. */
struct alert_state {
	uint64_t seen;  /* number of the last entry of the journal that was told or passed over */
	int64_t told;   /* when something was told last; 0: never */
	int64_t summed; /* the same of a summary */
	bool resolver, stripped; /* it is told of, and not over */
	/* So many were locked by the postseal-mailbox that was started then. */
	int64_t mailbox_started;
	uint64_t locked;
};

/* One value has one encoding; decoding is strict, as in core/record/record.h. */
void alert_state_put(struct buf *out, const struct alert_state *state);
bool alert_state_get(struct alert_state *state, const void *bytes, size_t len);

struct alert {
	enum alert_kind kind;
	int64_t time;
	struct journal_entry entry; /* of the journal's: which it was */
	uint64_t count;             /* LOCKED: how many */
};

/* What is in a summary: names of events of the journal, how often, and which downgrades. */
#define ALERT_SUMMED 16
#define ALERT_SUMMED_NAMES 20
struct alert_week {
	uint64_t count[ALERT_SUMMED];
	size_t names;
	char name[ALERT_SUMMED_NAMES][NEXTHOP_SIZE];
};

struct alerts {
	int64_t now;
	struct alert_state before, after; /* `after` is to be kept once all is told */
	size_t count;                     /* beyond ALERT_MAX they are only counted */
	struct alert list[ALERT_MAX];
	struct alert_week week;
};

/*
 * state NULL: nothing was ever told. Then what the journal holds so far is no news.
 * Afterwards show it entries of the journal, oldest first, and last the count of locked senders.
 */
void alerts_begin(struct alerts *all, const struct alert_state *state, int64_t now);
/* Its number in the journal; the first is 1. */
void alerts_note(struct alerts *all, uint64_t number, const struct journal_entry *entry);
void alerts_note_locked(struct alerts *all, int64_t started, uint64_t locked);

/* Is `after` another than `before`? */
bool alerts_changed(const struct alerts *all);
/* Is there something, and may it be told already? */
bool alerts_due(const struct alerts *all);
/* Is a summary due? It wants entries since `now - ALERT_WEEK`. Never true the first time. */
bool alerts_summary_due(const struct alerts *all);

/* One line for a subject, and the text: both are 7-bit; lines are as
 * short as the names in them allow. */
void alerts_title(struct buf *out, const struct alerts *all, const char *host);
void alerts_text(struct buf *out, const struct alerts *all, const char *host);
void alerts_summary_title(struct buf *out, const char *host);
void alerts_summary_text(struct buf *out, const struct alerts *all, const char *host);

/* The text as a mail to `to`, from postmaster there. `to` is an address as headers have it. */
void alert_mail(struct buf *out, const char *to, const char *title, const char *text, int64_t now);

#endif
