/* SPDX-License-Identifier: BSD-2-Clause */
/* The records about secure aliases (record.h). */
#include "core/record/record.h"

#include <string.h>

#include "core/record/record_kind.h"
#include "core/record/wire.h"

/* The first byte has a bit each: it is on; otherwise its mail is sealed; it was removed. */
void record_put_alias(struct buf *out, const struct alias *alias)
{
	record_put_header(out, RECORD_ALIAS);
	wire_put_u8(out, (uint8_t)(alias->enabled | alias->otherwise << 1 | alias->removed << 2));
	wire_put_u8(out, (uint8_t)alias->level);
	wire_put_text(out, alias->mailbox);
	wire_put_time(out, alias->changed);
	wire_put_text(out, alias->author);
}

bool record_get_alias_at(struct alias *out, const void *bytes, size_t len, uint8_t version)
{
	struct wire r = wire_open(bytes, len, RECORD_ALIAS, version);
	unsigned switches = wire_get_small(&r, version == RECORD_VERSION ? 7 : 3);

	out->enabled = (switches & 1) != 0;
	out->removed = (switches & 4) != 0;
	if (out->enabled && out->removed)
		r.ok = false;
	out->otherwise = (switches & 2) != 0 ? ALIAS_MAILBOX : ALIAS_REFUSE;
	out->level = (enum alias_level)wire_get_small(&r, ALIAS_DANE_ONLY);
	if (out->level < ALIAS_ENCRYPT)
		r.ok = false;
	wire_get_text(&r, out->mailbox, sizeof(out->mailbox));
	if (strchr(out->mailbox, '@') == NULL)
		r.ok = false;
	out->changed = wire_get_time(&r);
	wire_get_text(&r, out->author, sizeof(out->author));
	return wire_close(&r);
}

bool record_get_alias(struct alias *out, const void *bytes, size_t len)
{
	return record_get_alias_at(out, bytes, len, RECORD_VERSION);
}

void record_put_exception(struct buf *out, const struct exception_act *act)
{
	const struct exception *exception = &act->exception;

	record_put_header(out, RECORD_EXCEPTION);
	wire_put_name(out, exception->sender);
	wire_put_u8(out, act->removed);
	wire_put_time(out, exception->set);
	wire_put_time(out, exception->expires);
	wire_put_text(out, exception->author);
	wire_put_text(out, exception->reason);
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
	struct wire r = wire_open(bytes, len, RECORD_EXCEPTION, RECORD_VERSION);
	struct exception *exception = &out->exception;

	wire_get_text(&r, exception->sender, sizeof(exception->sender));
	out->removed = wire_get_bool(&r);
	exception->set = wire_get_time(&r);
	exception->expires = wire_get_time(&r);
	wire_get_text(&r, exception->author, sizeof(exception->author));
	wire_get_text(&r, exception->reason, sizeof(exception->reason));
	if (!exception_names_sender(exception->sender) || !ends_in_time(exception, out->removed))
		r.ok = false;
	return wire_close(&r);
}

void record_put_refusals(struct buf *out, const struct refusals *refusals)
{
	record_put_header(out, RECORD_REFUSALS);
	wire_put_time(out, refusals->told);
	wire_put_time(out, refusals->others);
	wire_put_u8(out, (uint8_t)refusals->count);
	for (size_t i = 0; i < refusals->count; i++) {
		const struct refused_sender *refused = &refusals->list[i];

		wire_put_text(out, refused->sender);
		wire_put_name(out, refused->client);
		wire_put_u8(out, (uint8_t)refused->cause);
		wire_put_time(out, refused->last);
		wire_put_time(out, refused->count);
	}
}

static void get_refused(struct wire *r, struct refused_sender *refused)
{
	wire_get_text(r, refused->sender, sizeof(refused->sender));
	wire_get_text(r, refused->client, sizeof(refused->client));
	refused->cause = (enum refusal_cause)wire_get_small(r, REFUSAL_HIDDEN_TLS);
	refused->last = wire_get_time(r);
	refused->count = wire_get_time(r);
	if (!refusal_is_client(refused->client) || refused->cause < REFUSAL_NO_TLS ||
	    refused->count < 1 || refused->count > REFUSALS_COUNT_MAX)
		r->ok = false;
}

bool record_get_refusals_at(struct refusals *out, const void *bytes, size_t len, uint8_t version)
{
	struct wire r = wire_open(bytes, len, RECORD_REFUSALS, version);

	out->told = wire_get_time(&r);
	out->others = wire_get_time(&r);
	if (out->others > REFUSALS_COUNT_MAX)
		r.ok = false;
	out->count = wire_get_small(&r, REFUSALS_MAX);
	for (size_t i = 0; i < out->count && r.ok; i++) {
		get_refused(&r, &out->list[i]);
		if (i > 0 && strcmp(out->list[i - 1].sender, out->list[i].sender) >= 0)
			r.ok = false;
	}
	return wire_close(&r);
}

bool record_get_refusals(struct refusals *out, const void *bytes, size_t len)
{
	return record_get_refusals_at(out, bytes, len, RECORD_VERSION);
}
