/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of all kinds under one type, and those of an older postseal (record.h). */
#include "core/record/record.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/record/record_rows.h"

#define CODEC(name, type)                                                \
	static void put_##name(struct buf *out, const void *record)      \
	{                                                                \
		record_put_##name(out, record);                          \
	}                                                                \
	static bool get_##name(void *out, const void *bytes, size_t len) \
	{                                                                \
		return record_get_##name(out, bytes, len);               \
	}                                                                \
	const struct record_codec record_codec_##name = { sizeof(type), put_##name, get_##name };

CODEC(domain, struct domain_facts)
CODEC(host, struct host_facts)
CODEC(override, struct override)
CODEC(pin, struct pin_act)
CODEC(alias, struct alias)
CODEC(exception, struct exception_act)
CODEC(refusals, struct refusals)
CODEC(journal, struct journal_entry)

/* A gist is read, and never written. */
#define GIST_CODEC(name, type)                                                       \
	static bool get_##name##_gist(void *out, const void *bytes, size_t len)      \
	{                                                                            \
		return record_get_##name##_gist(out, bytes, len);                    \
	}                                                                            \
	const struct record_codec record_codec_##name##_gist = { sizeof(type), NULL, \
								 get_##name##_gist };

GIST_CODEC(domain, struct domain_facts)
GIST_CODEC(host, struct host_facts)

bool record_can_be_read(const struct record_codec *codec, const void *bytes, size_t len)
{
	void *scratch = mem_alloc(codec->size);
	bool good = codec->get(scratch, bytes, len);

	free(scratch);
	return good;
}

/*
 * Records of an older postseal.
 */

bool record_get_old_pins(struct pins *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_PIN, RECORD_VERSION_OLD);

	out->count = wire_get_small(&r, PINS_MAX);
	for (size_t i = 0; i < out->count; i++)
		wire_get_bytes(&r, out->spki[i], SPKI_SIZE);
	return wire_close(&r);
}

bool record_get_old_exceptions(struct exceptions *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_EXCEPTION, RECORD_VERSION_OLD);

	out->count = wire_get_small(&r, EXCEPTION_MAX);
	for (size_t i = 0; i < out->count && r.ok; i++) {
		struct exception *exception = &out->list[i];

		wire_get_text(&r, exception->sender, sizeof(exception->sender));
		exception->set = wire_get_time(&r);
		exception->expires = wire_get_time(&r);
		wire_get_text(&r, exception->author, sizeof(exception->author));
		wire_get_text(&r, exception->reason, sizeof(exception->reason));
	}
	return wire_close(&r);
}

static bool put_old_domain(struct buf *out, const void *bytes, size_t len)
{
	struct domain_facts domain;

	if (!record_get_old_domain(&domain, bytes, len))
		return false;
	record_put_domain(out, &domain);
	return true;
}

/* An alias had two switches then, in its first byte. */
#define OLD_ALIAS_SWITCHES 3

/* Those whose bytes are the same but for the version. */
static const struct record_codec *unchanged_kind(unsigned char kind)
{
	switch (kind) {
	case RECORD_HOST:
		return &record_codec_host;
	case RECORD_OVERRIDE:
		return &record_codec_override;
	case RECORD_ALIAS:
		return &record_codec_alias;
	case RECORD_REFUSALS:
		return &record_codec_refusals;
	case RECORD_JOURNAL:
		return &record_codec_journal;
	default:
		return NULL;
	}
}

bool record_upgrade(struct buf *out, const void *bytes, size_t len)
{
	const unsigned char *old = bytes;
	const struct record_codec *codec;
	size_t before = out->len;

	if (len < 2 || old[1] != RECORD_VERSION_OLD)
		return false;
	codec = old[0] == RECORD_DOMAIN ? &record_codec_domain : unchanged_kind(old[0]);
	if (codec == NULL || (old[0] == RECORD_ALIAS && len > 2 && old[2] > OLD_ALIAS_SWITCHES))
		return false;
	if (codec != &record_codec_domain) {
		buf_append(out, bytes, len);
		out->data[before + 1] = RECORD_VERSION;
	} else if (!put_old_domain(out, bytes, len)) {
		return false;
	}
	if (record_can_be_read(codec, out->data + before, out->len - before))
		return true;
	out->len = before;
	return false;
}
