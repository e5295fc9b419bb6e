/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/metrics/metrics.h"

#include "base/str.h"
#include "core/policy/decide.h"
#include "core/facts/facts.h"
#include "core/policy/status.h"

/* An enumeration that grew must grow here, too, or its last values would be miscounted. */
_Static_assert(METRIC_VALUES_RULE == RULE_NOTHING, "rules are numbered from 1");
_Static_assert(METRIC_VALUES_OBSERVED == OBSERVED_UNREACHABLE + 1, "all that can be observed");
_Static_assert(METRIC_VALUES_STATE == STATUS_DANE + 1, "all states");
_Static_assert(METRIC_ANSWER_OK == LEVEL_DANE_ONLY + 1, "levels stand before other answers");
_Static_assert(METRIC_VALUES_PROSPECT == PROSPECT_NONE + 1, "all prospects");

/*
 * Names of labels' values.
 */
#define VALUES(label, ...)                                                                    \
	static const char *value_##label(size_t i)                                            \
	{                                                                                     \
		static const char *const names[] = { __VA_ARGS__ };                           \
		_Static_assert(ARRAY_LEN(names) == METRIC_VALUES_##label, "a name for each"); \
		return names[i];                                                              \
	}

VALUES(NONE, "")
VALUES(DAEMON, "socketmap", "prober", "milter", "learn", "webmail", "mailbox", "share")
VALUES(SERVED, "ledger", "refresh", "parked", "unparked", "mailbox")
VALUES(UNPARKED, "settled", "timeout", "prober-lost", "client-gone")
VALUES(REFUSED, "netstring", "malformed", "unknown-map", "bad-key")
VALUES(LOOKUP, "mx", "address", "tlsa", "sts-txt", "check")
VALUES(FOUND, "secure", "insecure", "found", "absent", "failed")
VALUES(FETCH, "good", "failed")
VALUES(EVENT, "floor-raised", "floor-expired", "override-expired", "domain-downgrade",
       "domain-downgrade-ended", "host-downgrade", "host-downgrade-ended", "dane-lost", "sts-lost",
       "stripping", "stripping-ended")
VALUES(ASK, "want", "probe")
VALUES(TOLD, "news", "done", "busy", "lost")
VALUES(TASK, "domain", "host")
VALUES(LANE, "quick", "slow", "background")
VALUES(JOB, "mx", "host", "smtp", "sts-txt", "sts-fetch", "scan", "check")
VALUES(MESSAGE, "begun", "passed", "refused")
VALUES(DIRECTION, "in", "out")
VALUES(CAUSE, "tls-in", "tls-out", "not-owner", "destination", "tls-required-header", "header-from",
       "forgery", "mark", "other")
VALUES(OUTBOX, "now", "later")
VALUES(PROSPECT, "unknown", "good", "none")
VALUES(TAKEN, "taken", "later", "mark", "address", "size", "other")
VALUES(WAY, "mailbox", "openpgp")
VALUES(WKD, "found", "none", "unsure")
VALUES(BOX, "closed", "open", "retired")
VALUES(LETTER, "unread", "read", "sent")
VALUES(PIN, "right", "wrong", "locked")
VALUES(LOGIN, "right", "wrong")
VALUES(HTTP, "connections", "bytes", "time")

static const char *value_STATE(size_t i)
{
	return status_state_name((enum status_state)i);
}

static const char *value_OBSERVED(size_t i)
{
	return observed_name((enum observed)i);
}

/* The same without "nothing", which no probe ever ends with. */
static const char *value_PROBED(size_t i)
{
	return observed_name((enum observed)(i + 1));
}

static const char *value_MAP(size_t i)
{
	return map_name((enum map)i);
}

static const char *value_CALL(size_t i)
{
	return webmail_call_name((enum webmail_call)i);
}

static const char *value_RULE(size_t i)
{
	return rule_name((enum rule)(i + 1));
}

static const char *value_ANSWER(size_t i)
{
	if (i == LEVEL_NONE)
		return "notfound";
	if (i <= LEVEL_DANE_ONLY)
		return level_name((enum level)i);
	return i == METRIC_ANSWER_OK ? "ok" : "temp";
}

#define NAME_NONE NULL
#define NAME_DAEMON "daemon"
#define NAME_STATE "state"
#define NAME_OBSERVED "state"
#define NAME_MAP "map"
#define NAME_ANSWER "answer"
#define NAME_RULE "rule"
#define NAME_SERVED "served"
#define NAME_UNPARKED "end"
#define NAME_REFUSED "reason"
#define NAME_LOOKUP "kind"
#define NAME_FOUND "outcome"
#define NAME_FETCH "outcome"
#define NAME_PROBED "result"
#define NAME_EVENT "event"
#define NAME_ASK "word"
#define NAME_TOLD "word"
#define NAME_TASK "of"
#define NAME_LANE "lane"
#define NAME_JOB "job"
#define NAME_MESSAGE "state"
#define NAME_DIRECTION "direction"
#define NAME_CAUSE "cause"
#define NAME_PROSPECT "prospect"
#define NAME_OUTBOX "when"
#define NAME_CALL "call"
#define NAME_TAKEN "outcome"
#define NAME_WAY "way"
#define NAME_WKD "outcome"
#define NAME_BOX "state"
#define NAME_LETTER "state"
#define NAME_PIN "outcome"
#define NAME_LOGIN "outcome"
#define NAME_HTTP "reason"

#define LABEL(name)                                             \
	{                                                       \
		NAME_##name, METRIC_VALUES_##name, value_##name \
	}
#define ROW(id, of, as, a, b, text, heading, sentence) \
	{ .source = METRICS_##of,                      \
	  .kind = METRIC_##as,                         \
	  .name = (text),                              \
	  .title = (heading),                          \
	  .help = (sentence),                          \
	  .label = { LABEL(a), LABEL(b) },             \
	  .first = M_##id,                             \
	  .width = METRIC_WIDTH_##as },

const struct metric metrics_table[] = { METRICS_TABLE(ROW) };
const size_t metrics_table_count = ARRAY_LEN(metrics_table);

const char *metrics_source_name(enum metrics_source source)
{
	if (source < METRICS_DAEMON_COUNT)
		return value_DAEMON(source);
	return source == METRICS_DAEMONS ? "daemons" : "ledger";
}

/*
 * Histograms.
 */

static const uint32_t fast[METRIC_FAST_BUCKETS] = {
	10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 500000, 1000000,
};
static const uint32_t slow[METRIC_SLOW_BUCKETS] = {
	5000,    10000,   25000,   50000,    100000,   250000,    500000,
	1000000, 2500000, 5000000, 10000000, 30000000, 120000000,
};

const uint32_t *metric_bounds(enum metric_kind kind, size_t *count)
{
	*count = kind == METRIC_FAST ? METRIC_FAST_BUCKETS : METRIC_SLOW_BUCKETS;
	return kind == METRIC_FAST ? fast : slow;
}

size_t metric_bucket(enum metric_kind kind, uint64_t microseconds)
{
	size_t count, i = 0;
	const uint32_t *bounds = metric_bounds(kind, &count);

	while (i < count && microseconds > bounds[i])
		i++;
	return i;
}
