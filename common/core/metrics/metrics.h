/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics - what is counted, and how counts are shown and kept.
 *
 * All counts lie in one array of cells, whose places the table
 * (metrics_table.h) gives out at compile time: M_NAME is the first cell of a
 * metric, METRIC1 and METRIC2 find that of a label's value. A daemon counts in
 * its own metrics' cells only, and keeps all of them in a file
 * (io/local/metrics_file.h) as a snapshot:
 *
 *   magic, fingerprint of the table, source, pid, started, ended, settings, cells
 *
 * of 64 bits each, in the byte order of this machine, which alone reads it.
 * A histogram has a cell a bucket, one for what is beyond the last, and the sum
 * in microseconds. Pure.
 */
#ifndef POSTSEAL_CORE_METRICS_H
#define POSTSEAL_CORE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/metrics/metrics_table.h"
#include "core/policy/request.h"
#include "core/webmail/webmail_request.h"

enum metrics_source {
	/* Daemons, which have files. */
	METRICS_SOCKETMAP,
	METRICS_PROBER,
	METRICS_MILTER,
	METRICS_LEARN,
	METRICS_WEBMAIL,
	METRICS_MAILBOX,
	METRICS_SHARE,
	/* What is found out by who shows it. */
	METRICS_DAEMONS,
	METRICS_READING, /* of the ledger: */
	METRICS_LEDGER,
	METRICS_QUEUE, /* of Postfix */
	METRICS_SOURCES
};
#define METRICS_DAEMON_COUNT METRICS_DAEMONS

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_FAST, METRIC_SLOW };

/*
 * Values of labels, where the core has no enumeration of its own. Answers are
 * levels (facts.h), from "none" for NOTFOUND, and these two.
 */
enum { METRIC_ANSWER_OK = 6, METRIC_ANSWER_TEMP };
enum {
	METRIC_SERVED_LEDGER,
	METRIC_SERVED_REFRESH,
	METRIC_SERVED_PARKED,
	METRIC_SERVED_ALONE,
	METRIC_SERVED_MAILBOX
};
enum {
	METRIC_UNPARKED_SETTLED,
	METRIC_UNPARKED_TIMEOUT,
	METRIC_UNPARKED_LOST,
	METRIC_UNPARKED_LEFT
};
enum { METRIC_REFUSED_NETSTRING, METRIC_REFUSED_MALFORMED, METRIC_REFUSED_MAP, METRIC_REFUSED_KEY };
enum {
	METRIC_LOOKUP_MX,
	METRIC_LOOKUP_ADDRESS,
	METRIC_LOOKUP_TLSA,
	METRIC_LOOKUP_TXT,
	METRIC_LOOKUP_CHECK
};
enum {
	METRIC_FOUND_SECURE,
	METRIC_FOUND_INSECURE,
	METRIC_FOUND_SOME,
	METRIC_FOUND_ABSENT,
	METRIC_FOUND_FAILED
};
enum { METRIC_FETCH_GOOD, METRIC_FETCH_FAILED };
enum {
	METRIC_EVENT_RAISED,
	METRIC_EVENT_EXPIRED,
	METRIC_EVENT_OVERRIDE_EXPIRED,
	METRIC_EVENT_DOMAIN_DOWNGRADE,
	METRIC_EVENT_DOMAIN_DOWNGRADE_ENDED,
	METRIC_EVENT_HOST_DOWNGRADE,
	METRIC_EVENT_HOST_DOWNGRADE_ENDED,
	METRIC_EVENT_DANE_LOST,
	METRIC_EVENT_STS_LOST,
	METRIC_EVENT_STRIPPING,
	METRIC_EVENT_STRIPPING_ENDED
};
enum { METRIC_ASK_WANT, METRIC_ASK_PROBE };
enum { METRIC_TOLD_NEWS, METRIC_TOLD_DONE, METRIC_TOLD_BUSY, METRIC_TOLD_LOST };
enum { METRIC_TASK_DOMAIN, METRIC_TASK_HOST };
enum { METRIC_MESSAGE_BEGUN, METRIC_MESSAGE_PASSED, METRIC_MESSAGE_REFUSED };
enum { METRIC_IN, METRIC_OUT };
enum {
	METRIC_CAUSE_TLS_IN,
	METRIC_CAUSE_TLS_OUT,
	METRIC_CAUSE_OWNER,
	METRIC_CAUSE_DESTINATION,
	METRIC_CAUSE_WAIVER,
	METRIC_CAUSE_AUTHOR,
	METRIC_CAUSE_FORGERY,
	METRIC_CAUSE_MARK,
	METRIC_CAUSE_OTHER
};
enum {
	METRIC_TAKEN_TAKEN,
	METRIC_TAKEN_LATER,
	METRIC_TAKEN_MARK,
	METRIC_TAKEN_ADDRESS,
	METRIC_TAKEN_SIZE,
	METRIC_TAKEN_OTHER
};
enum { METRIC_WKD_FOUND, METRIC_WKD_NONE, METRIC_WKD_UNSURE };
enum { METRIC_WAY_MAILBOX, METRIC_WAY_OPENPGP };
enum { METRIC_BOX_CLOSED, METRIC_BOX_OPEN, METRIC_BOX_RETIRED };
enum { METRIC_LETTER_UNREAD, METRIC_LETTER_READ, METRIC_LETTER_SENT };
enum { METRIC_PIN_RIGHT, METRIC_PIN_WRONG, METRIC_PIN_LOCKED };
enum { METRIC_LOGIN_RIGHT, METRIC_LOGIN_WRONG };

/* How many values each list of labels has; metrics.c has their names. */
#define METRIC_VALUES_NONE 1
#define METRIC_VALUES_DAEMON METRICS_DAEMON_COUNT
#define METRIC_VALUES_STATE 4
#define METRIC_VALUES_OBSERVED 5
#define METRIC_VALUES_MAP MAP_COUNT
#define METRIC_VALUES_ANSWER 8
#define METRIC_VALUES_RULE 13
#define METRIC_VALUES_SERVED 5
#define METRIC_VALUES_UNPARKED 4
#define METRIC_VALUES_REFUSED 4
#define METRIC_VALUES_LOOKUP 5
#define METRIC_VALUES_FOUND 5
#define METRIC_VALUES_FETCH 2
#define METRIC_VALUES_PROBED 4
#define METRIC_VALUES_EVENT 11
#define METRIC_VALUES_ASK 2
#define METRIC_VALUES_TOLD 4
#define METRIC_VALUES_TASK 2
#define METRIC_VALUES_LANE 3
#define METRIC_VALUES_JOB 7
#define METRIC_VALUES_MESSAGE 3
#define METRIC_VALUES_DIRECTION 2
#define METRIC_VALUES_CAUSE 9
#define METRIC_VALUES_PROSPECT 3
#define METRIC_VALUES_OUTBOX 2
#define METRIC_VALUES_CALL WEBMAIL_CALLS
#define METRIC_VALUES_TAKEN 6
#define METRIC_VALUES_WAY 2
#define METRIC_VALUES_WKD 3
#define METRIC_VALUES_BOX 3
#define METRIC_VALUES_LETTER 3
#define METRIC_VALUES_PIN 3
#define METRIC_VALUES_LOGIN 2
#define METRIC_VALUES_HTTP 3

#define METRIC_FAST_BUCKETS 15
#define METRIC_SLOW_BUCKETS 13
#define METRIC_WIDTH_COUNTER 1
#define METRIC_WIDTH_GAUGE 1
#define METRIC_WIDTH_FAST (METRIC_FAST_BUCKETS + 2)
#define METRIC_WIDTH_SLOW (METRIC_SLOW_BUCKETS + 2)

#define METRIC_PLACE(id, source, kind, a, b, ...) \
	M_##id,                                   \
		M_##id##_END =                    \
			M_##id + METRIC_VALUES_##a * METRIC_VALUES_##b * METRIC_WIDTH_##kind - 1,
#define METRIC_CONSTANTS(id, source, kind, a, b, ...) \
	M_##id##_STRIDE = METRIC_VALUES_##b * METRIC_WIDTH_##kind, M_##id##_KIND = METRIC_##kind,

enum metric_cell { METRICS_TABLE(METRIC_PLACE) METRICS_CELLS };
enum metric_constant { METRICS_TABLE(METRIC_CONSTANTS) METRIC_CONSTANTS_END };

/* The cell of a label's value, and of two labels'. */
#define METRIC1(id, value) ((enum metric_cell)(M_##id + (unsigned)(value)*M_##id##_STRIDE))
#define METRIC2(id, first, second) \
	((enum metric_cell)(M_##id + (unsigned)(first)*M_##id##_STRIDE + (unsigned)(second)))

struct metric_label {
	const char *name; /* NULL: none */
	size_t count;     /* 1 for none */
	const char *(*value)(size_t index);
};

#define METRIC_TITLE_MAX 20

struct metric {
	enum metrics_source source;
	enum metric_kind kind;
	const char *name, *title, *help;
	struct metric_label label[2];
	size_t first; /* cell */
	size_t width; /* cells for each combination of values */
};

extern const struct metric metrics_table[];
extern const size_t metrics_table_count;

const char *metrics_source_name(enum metrics_source source); /* "socketmap", "prober", ... */

/* Upper bounds, in microseconds, ascending; how many there are in *count. */
const uint32_t *metric_bounds(enum metric_kind kind, size_t *count);
/* In which bucket, from 0, a time falls; the count of bounds: beyond them. */
size_t metric_bucket(enum metric_kind kind, uint64_t microseconds);

/*
 * A snapshot.
 */
struct metrics_snapshot {
	enum metrics_source source; /* a daemon */
	int64_t pid;
	int64_t started;   /* seconds since 1970 */
	int64_t ended;     /* 0: not in good order so far */
	uint64_t settings; /* settings_digest of those in force; 0: not known */
	uint64_t cell[METRICS_CELLS];
};

#define METRICS_WORDS_BEFORE 7 /* what precedes the cells, in words of 8 bytes */
#define METRICS_ENDED_WORD 5
#define METRICS_SETTINGS_WORD 6
#define METRICS_FILE_SIZE ((size_t)8 * (METRICS_WORDS_BEFORE + METRICS_CELLS))

void metrics_encode(unsigned char out[METRICS_FILE_SIZE], const struct metrics_snapshot *snapshot);

enum metrics_verdict {
	METRICS_GOOD,
	METRICS_OTHER_TABLE, /* a snapshot, but of a postseal that counts other things */
	METRICS_DAMAGED
};

/*
 * Strict: the length, every word, nothing in cells of another source. *snapshot
 * is undefined unless GOOD.
 */
enum metrics_verdict metrics_decode(struct metrics_snapshot *snapshot, const void *bytes,
				    size_t len);

/*
 * Showing. `known` says of each source whether its cells are filled in; metrics of
 * others are left out, and with `gone` the gauges, too: of a daemon that is not
 * there nothing is true "now". Of a daemon that is `unused` not even that is said.
 */
struct metrics_view {
	bool known[METRICS_SOURCES];
	bool gone[METRICS_SOURCES];
	bool unused[METRICS_DAEMON_COUNT];
	uint64_t cell[METRICS_CELLS];
};

/* A daemon's snapshot into its place in the view. */
void metrics_view_add(struct metrics_view *view, const struct metrics_snapshot *snapshot,
		      bool gone);
bool metric_shown(const struct metrics_view *view, const struct metric *metric);

/* One number, as Prometheus would have it: of a histogram there are many. */
struct metric_sample {
	const struct metric *metric;
	const char *suffix;   /* "", or "_bucket", "_sum", "_count" */
	const char *value[2]; /* of metric->label, where it has names */
	const char *le;       /* upper bound of a bucket, in seconds, or "+Inf"; else NULL */
	bool first;           /* of its metric */
	const char *number;   /* decimal */
};

/* All that is shown, metric by metric. */
void metrics_each_sample(const struct metrics_view *view,
			 void (*visit)(void *context, const struct metric_sample *sample),
			 void *context);

/* Prometheus's text format, version 0.0.4. */
void metrics_write_prometheus(struct buf *out, const struct metrics_view *view);

/*
 * For people: what stands beside a metric's title. Counters and gauges: the sum,
 * and how it is made up; histograms: how many, and within what time half and 99
 * in 100 of them were. False where there is nothing to say, which is 0.
 */
bool metric_write_row(struct buf *out, const struct metrics_view *view,
		      const struct metric *metric);

/* Sum over all values of the labels; of a histogram, how many there were. */
#endif
