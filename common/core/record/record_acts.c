/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of what admins did, of what was refused, and of the journal (record.h). */
#include "core/record/record.h"

#include <string.h>

#include "core/record/record_rows.h"

/* Records that are their rows and nothing else. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot have them */
#define PLAIN_RECORD(name, KIND, type)                                                   \
	void record_put_##name(struct buf *out, const type *record)                      \
	{                                                                                \
		record_put_header(out, RECORD_##KIND);                                   \
		KIND##_ROWS(PUT, *record)                                                \
	}                                                                                \
	bool record_get_##name(type *out, const void *bytes, size_t len)                 \
	{                                                                                \
		struct wire wire = wire_open(bytes, len, RECORD_##KIND, RECORD_VERSION); \
		struct wire *r = &wire;                                                  \
		KIND##_ROWS(GET, *out) return wire_close(r);                             \
	}

PLAIN_RECORD(override, OVERRIDE, struct override)
PLAIN_RECORD(pin, PIN, struct pin_act)
PLAIN_RECORD(journal, JOURNAL, struct journal_entry)
/* NOLINTEND(bugprone-macro-parentheses) */

/* The first byte has a bit each: it is on; otherwise its mail is sealed; it was removed. */
void record_put_alias(struct buf *out, const struct alias *alias)
{
	record_put_header(out, RECORD_ALIAS);
	wire_put_u8(out, (uint8_t)(alias->enabled | alias->otherwise << 1 | alias->removed << 2));
	ALIAS_ROWS(PUT, *alias)
}

bool record_get_alias(struct alias *out, const void *bytes, size_t len)
{
	struct wire wire = wire_open(bytes, len, RECORD_ALIAS, RECORD_VERSION), *r = &wire;
	unsigned switches = wire_get_small(r, 7);

	out->enabled = (switches & 1) != 0;
	out->removed = (switches & 4) != 0;
	out->otherwise = (switches & 2) != 0 ? ALIAS_MAILBOX : ALIAS_REFUSE;
	ALIAS_ROWS(GET, *out)
	if (out->level < ALIAS_ENCRYPT || strchr(out->mailbox, '@') == NULL ||
	    (out->enabled && out->removed))
		r->ok = false;
	return wire_close(r);
}

void record_put_exception(struct buf *out, const struct exception_act *act)
{
	record_put_header(out, RECORD_EXCEPTION);
	EXCEPTION_ROWS(PUT, *act)
}

/* One without an end would never be closed again; one that was taken away has none. */
static bool ends_in_time(const struct exception *exception, bool removed)
{
	if (removed)
		return exception->expires == 0;
	return exception->expires > exception->set &&
	       exception->expires - exception->set <= EXCEPTION_SPAN_MAX;
}

bool record_get_exception(struct exception_act *out, const void *bytes, size_t len)
{
	struct wire wire = wire_open(bytes, len, RECORD_EXCEPTION, RECORD_VERSION), *r = &wire;

	EXCEPTION_ROWS(GET, *out)
	if (!exception_names_sender(out->exception.sender) ||
	    !ends_in_time(&out->exception, out->removed))
		r->ok = false;
	return wire_close(r);
}

static void put_refused(struct buf *out, const struct refused_sender *refused)
{
	REFUSED_ROWS(PUT, *refused)
}

void record_put_refusals(struct buf *out, const struct refusals *refusals)
{
	record_put_header(out, RECORD_REFUSALS);
	REFUSALS_ROWS(PUT, *refusals)
	for (size_t i = 0; i < refusals->count; i++)
		put_refused(out, &refusals->list[i]);
}

static void get_refused(struct wire *r, struct refused_sender *refused)
{
	REFUSED_ROWS(GET, *refused)
	if (!refusal_is_client(refused->client) || refused->cause < REFUSAL_NO_TLS ||
	    refused->count < 1 || refused->count > REFUSALS_COUNT_MAX)
		r->ok = false;
}

bool record_get_refusals(struct refusals *out, const void *bytes, size_t len)
{
	struct wire wire = wire_open(bytes, len, RECORD_REFUSALS, RECORD_VERSION), *r = &wire;

	REFUSALS_ROWS(GET, *out)
	if (out->others > REFUSALS_COUNT_MAX)
		r->ok = false;
	for (size_t i = 0; i < out->count && r->ok; i++) {
		get_refused(r, &out->list[i]);
		if (i > 0 && strcmp(out->list[i - 1].sender, out->list[i].sender) >= 0)
			r->ok = false;
	}
	return wire_close(r);
}
