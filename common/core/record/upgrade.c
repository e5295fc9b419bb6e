/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of an older postseal (record.h). */
#include "core/record/record.h"

#include <string.h>

#include "core/record/record_kind.h"
#include "core/record/wire.h"

bool record_get_old_pins(struct pins *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, RECORD_PIN, RECORD_VERSION_OLD);

	out->count = wire_get_small(&r, PINS_MAX);
	for (size_t i = 0; i < out->count; i++) {
		const unsigned char *spki = wire_take(&r, SPKI_SIZE);

		if (spki == NULL)
			return false;
		memcpy(out->spki[i], spki, SPKI_SIZE);
	}
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

#define UPGRADE(name, type)                                                           \
	static bool upgrade_##name(struct buf *out, const void *bytes, size_t len)    \
	{                                                                             \
		type record;                                                          \
		if (!record_get_##name##_at(&record, bytes, len, RECORD_VERSION_OLD)) \
			return false;                                                 \
		record_put_##name(out, &record);                                      \
		return true;                                                          \
	}

UPGRADE(domain, struct domain_facts)
UPGRADE(host, struct host_facts)
UPGRADE(override, struct override)
UPGRADE(alias, struct alias)
UPGRADE(refusals, struct refusals)
UPGRADE(journal, struct journal_entry)

bool record_upgrade(struct buf *out, const void *bytes, size_t len)
{
	const unsigned char *kind = bytes;

	switch (len > 0 ? *kind : 0) {
	case RECORD_DOMAIN:
		return upgrade_domain(out, bytes, len);
	case RECORD_HOST:
		return upgrade_host(out, bytes, len);
	case RECORD_OVERRIDE:
		return upgrade_override(out, bytes, len);
	case RECORD_ALIAS:
		return upgrade_alias(out, bytes, len);
	case RECORD_REFUSALS:
		return upgrade_refusals(out, bytes, len);
	case RECORD_JOURNAL:
		return upgrade_journal(out, bytes, len);
	default:
		return false;
	}
}
