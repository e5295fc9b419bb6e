/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/alert/alert.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "core/record/wire.h"

#define KIND 'T' /* of the record, and its version */
#define VERSION 1
#define WIDTH 76

void alert_state_put(struct buf *out, const struct alert_state *state)
{
	wire_put_u8(out, KIND);
	wire_put_u8(out, VERSION);
	wire_put_number(out, state->seen);
	wire_put_time(out, state->told);
	wire_put_time(out, state->summed);
	wire_put_u8(out, state->resolver);
	wire_put_u8(out, state->stripped);
	wire_put_time(out, state->mailbox_started);
	wire_put_number(out, state->locked);
}

bool alert_state_get(struct alert_state *state, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, KIND, VERSION);

	state->seen = wire_get_number(&r);
	state->told = wire_get_time(&r);
	state->summed = wire_get_time(&r);
	state->resolver = wire_get_bool(&r);
	state->stripped = wire_get_bool(&r);
	state->mailbox_started = wire_get_time(&r);
	state->locked = wire_get_number(&r);
	return wire_close(&r);
}

/*
 * What the journal calls it. The first of a trouble is told; what ends it is not, but
 * lets the next one be told.
 */
enum part { PART_TELLS, PART_ENDS, PART_IS_COUNTED };

static const struct {
	const char *event;
	enum part part;
	enum alert_kind kind;
	const char *summary; /* "N " and this, in a summary; NULL: nothing */
} known[ALERT_SUMMED] = {
	{ "downgrade", PART_TELLS, ALERT_DOWNGRADE, "no longer offered TLS" },
	{ "downgrade-ended", PART_ENDS, ALERT_DOWNGRADE, "offered TLS again" },
	{ "stripping", PART_TELLS, ALERT_STRIPPING, "times our own network took STARTTLS away" },
	{ "stripping-ended", PART_ENDS, ALERT_STRIPPING, NULL },
	{ "resolver-insecure", PART_TELLS, ALERT_RESOLVER, "times the resolver did not validate" },
	{ "resolver-silent", PART_TELLS, ALERT_RESOLVER, "times the resolver did not answer" },
	{ "resolver-good", PART_ENDS, ALERT_RESOLVER, NULL },
	{ "raised", PART_IS_COUNTED, 0, "reached over TLS for the first time; it is required now" },
	{ "expired", PART_IS_COUNTED, 0, "no longer require TLS, by history_max_age" },
	{ "dane-lost", PART_IS_COUNTED, 0, "lost DANE" },
	{ "sts-lost", PART_IS_COUNTED, 0, "no longer enforce MTA-STS" },
	{ "forgotten", PART_IS_COUNTED, 0, "forgotten by an admin" },
	{ "override", PART_IS_COUNTED, 0, "overrides set" },
	{ "override-expired", PART_IS_COUNTED, 0, "overrides ended by their date" },
	{ "allowed", PART_IS_COUNTED, 0, "exceptions made for secure aliases" },
	{ "imported", PART_IS_COUNTED, 0, "imports" },
};

static size_t find_known(const char *event)
{
	size_t i = 0;

	while (i < ARRAY_LEN(known) && strcmp(known[i].event, event) != 0)
		i++;
	return i;
}

void alerts_begin(struct alerts *all, const struct alert_state *state, int64_t now)
{
	memset(all, 0, sizeof(*all));
	all->now = now;
	if (state != NULL)
		all->before = *state;
	all->after = all->before;
	if (all->after.summed == 0 || all->after.summed > now)
		all->after.summed = now;
}

static bool is_first(const struct alerts *all)
{
	return all->before.summed == 0;
}

static void add(struct alerts *all, const struct alert *alert)
{
	if (all->count < ALERT_MAX)
		all->list[all->count] = *alert;
	all->count++;
}

/* A trouble of this machine lasts until it ends; NULL: those of others, which are told each. */
static bool *lasts(struct alert_state *state, enum alert_kind kind)
{
	return kind == ALERT_RESOLVER    ? &state->resolver
	       : kind == ALERT_STRIPPING ? &state->stripped
					 : NULL;
}

static void sum_up(struct alerts *all, size_t which, const struct journal_entry *entry)
{
	struct alert_week *week = &all->week;

	if (entry->time <= all->now - ALERT_WEEK)
		return;
	week->count[which]++;
	if (which == 0 && week->names < ALERT_SUMMED_NAMES)
		memcpy(week->name[week->names++], entry->subject, sizeof(entry->subject));
}

void alerts_note(struct alerts *all, uint64_t number, const struct journal_entry *entry)
{
	struct alert alert = { .time = entry->time, .entry = *entry };
	size_t which = find_known(entry->event);
	bool *lasting;

	if (which < ARRAY_LEN(known))
		sum_up(all, which, entry);
	if (number <= all->before.seen)
		return;
	all->after.seen = number;
	if (which == ARRAY_LEN(known) || known[which].part == PART_IS_COUNTED || is_first(all) ||
	    entry->time < all->now - ALERT_STALE)
		return;
	alert.kind = known[which].kind;
	lasting = lasts(&all->after, alert.kind);
	if (known[which].part == PART_TELLS && (lasting == NULL || !*lasting))
		add(all, &alert);
	if (lasting != NULL)
		*lasting = known[which].part == PART_TELLS;
}

void alerts_note_locked(struct alerts *all, int64_t started, uint64_t locked)
{
	struct alert alert = { .kind = ALERT_LOCKED, .time = all->now };
	bool same = all->before.mailbox_started == started && all->before.locked <= locked;

	alert.count = same ? locked - all->before.locked : locked;
	all->after.mailbox_started = started;
	all->after.locked = locked;
	if (alert.count > 0 && !is_first(all))
		add(all, &alert);
}

bool alerts_changed(const struct alerts *all)
{
	const struct alert_state *a = &all->before, *b = &all->after;

	return a->seen != b->seen || a->summed != b->summed || a->resolver != b->resolver ||
	       a->stripped != b->stripped || a->mailbox_started != b->mailbox_started ||
	       a->locked != b->locked;
}

bool alerts_due(const struct alerts *all)
{
	return all->count > 0 &&
	       (all->now >= all->before.told + ALERT_GAP || all->before.told > all->now);
}

bool alerts_summary_due(const struct alerts *all)
{
	return !is_first(all) && all->now >= all->after.summed + ALERT_WEEK;
}

/*
 * Words.
 */

/* Lines that begin with `margin`, broken between words; a longer word has a line of its own. */
static void put_wrapped(struct buf *out, const char *margin, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > WIDTH) {
			buf_append_str(out, "\n");
			column = 0;
		}
		if (column == 0) {
			buf_append_str(out, margin);
			column = strlen(margin);
		} else {
			buf_append_str(out, " ");
			column++;
		}
		buf_append(out, text, len);
		column += len;
		text += len + strspn(text + len, " ");
	}
	if (column > 0)
		buf_append_str(out, "\n");
}

/* What happened, without a full stop, and what follows from it and can be done. */
static void put_headline(struct buf *out, const struct alert *alert)
{
	switch (alert->kind) {
	case ALERT_DOWNGRADE:
		buf_printf(out, "%s no longer offers TLS", alert->entry.subject);
		return;
	case ALERT_STRIPPING:
		buf_append_str(out, "something in our own network takes TLS away");
		return;
	case ALERT_RESOLVER:
		buf_append_str(out, strcmp(alert->entry.event, "resolver-silent") == 0
					    ? "the DNS resolver does not answer"
					    : "the DNS resolver does not validate DNSSEC");
		return;
	case ALERT_LOCKED:
		buf_printf(out, "too many wrong PINs of sealed mail, %" PRIu64 " time%s",
			   alert->count, alert->count == 1 ? "" : "s");
		return;
	}
}

static const char *advice(enum alert_kind kind)
{
	switch (kind) {
	case ALERT_DOWNGRADE:
		return "Mail that needs its TLS waits in Postfix's queue; nothing is sent in the "
		       "clear. See what was seen with `postseal list --state downgrade` and "
		       "`postseal explain DOMAIN`. Ask its postmaster by another way. If it has "
		       "given up TLS for good: `postseal forget DOMAIN`. Mail to it then leaves "
		       "in the clear.";
	case ALERT_STRIPPING:
		return "Many mail servers lost STARTTLS at once, so the cause is not theirs. Look "
		       "for a "
		       "firewall with \"SMTP inspection\" or a transparent proxy between this "
		       "machine and the Internet. Every requirement of TLS stays; mail waits.";
	case ALERT_RESOLVER:
		return "DANE cannot be told without it. What is known stays; mail to providers who "
		       "are new waits. `postseal doctor` says what to mend.";
	case ALERT_LOCKED:
		return "Nobody who tries can read that mail any more, and its sender was told. "
		       "`journalctl -u postseal-mailbox` names the sender; if it was the "
		       "recipient, `postseal mailbox unlock MAILBOX SENDER` gives them as many "
		       "tries again.";
	}
	return "";
}

static void put_alert(struct buf *out, const struct alert *alert)
{
	char date[UTC_SIZE];

	buf_append_str(out, "* ");
	put_headline(out, alert);
	buf_printf(out, "\n  %s", utc_format(date, alert->time));
	buf_append_str(out, "\n");
	put_wrapped(out, "  ", alert->entry.detail);
}

/* All of a kind, and after them what is to be done. */
static void put_kind(struct buf *out, const struct alerts *all, enum alert_kind kind)
{
	size_t told = 0;

	for (size_t i = 0; i < all->count && i < ALERT_MAX; i++) {
		if (all->list[i].kind != kind)
			continue;
		put_alert(out, &all->list[i]);
		told++;
	}
	if (told == 0)
		return;
	buf_append_str(out, "\n");
	put_wrapped(out, "  ", advice(kind));
	buf_append_str(out, "\n");
}

void alerts_title(struct buf *out, const struct alerts *all, const char *host)
{
	buf_printf(out, "postseal on %s: ", host);
	if (all->count == 1)
		put_headline(out, &all->list[0]);
	else
		buf_printf(out, "%zu events", all->count);
}

void alerts_text(struct buf *out, const struct alerts *all, const char *host)
{
	buf_printf(out, "postseal on %s has seen:\n\n", host);
	for (enum alert_kind kind = ALERT_DOWNGRADE; kind <= ALERT_LOCKED; kind++)
		put_kind(out, all, kind);
	if (all->count > ALERT_MAX)
		buf_printf(out, "And %zu more; `postseal list --state downgrade` shows who.\n\n",
			   all->count - ALERT_MAX);
	buf_printf(out,
		   "Each event is told once. What happens within %d minutes is told at once.\n",
		   (int)(ALERT_GAP / 60));
}

void alerts_summary_title(struct buf *out, const char *host)
{
	buf_printf(out, "postseal on %s: the last seven days", host);
}

void alerts_summary_text(struct buf *out, const struct alerts *all, const char *host)
{
	const struct alert_week *week = &all->week;
	bool any = false;

	buf_printf(out, "What postseal on %s has written into its journal in seven days:\n\n",
		   host);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (week->count[i] == 0 || known[i].summary == NULL)
			continue;
		buf_printf(out, "%8" PRIu64 "  %s\n", week->count[i], known[i].summary);
		any = true;
	}
	if (!any)
		buf_append_str(out, "  Nothing that would need to be told.\n");
	if (week->names > 0)
		buf_append_str(out, "\nThese no longer offered TLS at some time:\n");
	for (size_t i = 0; i < week->names; i++)
		buf_printf(out, "  %s\n", week->name[i]);
	buf_append_str(out, "\n`postseal list --state downgrade` shows who has none now, `postseal "
			    "stats`\nwhat was answered, `postseal doctor` how this machine is.\n");
}

void alert_mail(struct buf *out, const char *to, const char *title, const char *text, int64_t now)
{
	const char *at = strrchr(to, '@');
	char date[UTC_MAIL_SIZE];

	buf_printf(out, "From: postseal <postmaster%s>\nTo: <%s>\nSubject: ", at, to);
	/* One line is what all MTAs take; the name of a host alone may have 253 characters. */
	buf_printf(out, "%.200s\nDate: %s\n", title, utc_format_mail(date, now));
	buf_printf(out, "Message-ID: <postseal-alert.%" PRId64 ".%016" PRIx64 "%s>\n", now,
		   num_fnv(NUM_FNV, text, strlen(text)), at);
	buf_append_str(out, "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
			    "Content-Type: text/plain; charset=us-ascii\n"
			    "Content-Transfer-Encoding: 7bit\n\n");
	buf_append_str(out, text);
}
