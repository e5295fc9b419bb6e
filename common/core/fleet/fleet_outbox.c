/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/fleet/fleet_outbox.h"

#include <string.h>

#include "base/str.h"
#include "core/policy/fold.h"
#include "core/record/merge.h"
#include "core/record/wire.h"

#define OUTBOX_RECORD 'o'
#define OUTBOX_VERSION 1

bool fleet_shares(enum entry_kind kind)
{
	return kind == ENTRY_DOMAIN || kind == ENTRY_HOST || entry_is_act(kind);
}

static bool history_is_empty(const struct history *history)
{
	static const struct history none;

	return fold_equal(history, &none);
}

bool fleet_says_something(const struct entry *entry)
{
	const struct domain_facts *domain = &entry->of.domain;

	if (entry->kind == ENTRY_HOST)
		return !history_is_empty(&entry->of.host.history);
	if (entry->kind != ENTRY_DOMAIN)
		return entry_is_act(entry->kind);
	return domain->forgotten != 0 || domain->sts.fetched != 0 ||
	       !history_is_empty(&domain->evidence);
}

/* The first handshake after so long spares the others a look of their own (fleet_rank.h). */
#define NEWS_AFTER (INT64_C(20) * 3600)

/*
 * A floor rises with the first handshakes, however many of them an admin wants to see; and
 * the bad news is news each day, as is the first of the good.
 */
static enum fleet_change compare_history(const struct history *before, const struct history *after)
{
	if (fold_equal(before, after))
		return FLEET_SAME;
	if (before->first_tls != after->first_tls ||
	    after->last_tls - before->last_tls >= NEWS_AFTER ||
	    before->successes.count != after->successes.count ||
	    before->tls_days.count != after->tls_days.count ||
	    !timeset_equal(&before->plain_days, &after->plain_days) ||
	    fold_now_tls(before) != fold_now_tls(after))
		return FLEET_NOW;
	return FLEET_LATER;
}

static enum fleet_change compare_domains(const struct domain_facts *before,
					 const struct domain_facts *after, bool same)
{
	enum fleet_change change = compare_history(&before->evidence, &after->evidence);

	if (before->forgotten != after->forgotten || before->any_host != after->any_host)
		return FLEET_NOW;
	return change == FLEET_SAME && !same ? FLEET_LATER : change;
}

enum fleet_change fleet_compare(const struct entry *before, const struct entry *after)
{
	bool same = entry_is_same(before, after);

	if (!fleet_says_something(after) || (same && fleet_says_something(before)))
		return FLEET_SAME;
	if (after->kind == ENTRY_DOMAIN)
		return compare_domains(&before->of.domain, &after->of.domain, same);
	if (after->kind == ENTRY_HOST)
		return compare_history(&before->of.host.history, &after->of.host.history);
	return FLEET_NOW;
}

static void read_reduced(struct entry *entry, enum entry_kind kind, const void *bytes, size_t len)
{
	entry->kind = kind;
	if (len > 0 && entry_get_record(entry, bytes, len)) {
		merge_reduce(entry);
		return;
	}
	memset(&entry->of, 0, sizeof(entry->of));
}

enum fleet_change fleet_compare_bytes(enum entry_kind kind, const void *before, size_t before_len,
				      const void *after, size_t after_len)
{
	struct entry was, is;

	if (!fleet_shares(kind))
		return FLEET_SAME;
	/* Of an act any change counts, and that there was none before is one. */
	if (entry_is_act(kind))
		return before_len == after_len && memcmp(before, after, after_len) == 0 ? FLEET_SAME
											: FLEET_NOW;
	read_reduced(&was, kind, before, before_len);
	read_reduced(&is, kind, after, after_len);
	return fleet_compare(&was, &is);
}

/*
 * Keys.
 */

_Static_assert(ENTRY_ALL_KINDS < ' ', "no kind is a printable character");

size_t fleet_outbox_key(char dst[FLEET_OUTBOX_KEY_SIZE], enum entry_kind kind, const char *key,
			size_t len)
{
	size_t skip = kind == ENTRY_EXCEPTION ? 0 : 1;

	if (!fleet_shares(kind) || len == 0 || len + skip >= FLEET_OUTBOX_KEY_SIZE)
		return 0;
	dst[0] = (char)kind;
	memcpy(dst + skip, key, len);
	return len + skip;
}

bool fleet_outbox_take_key(enum entry_kind *kind, char key[ENTRY_KEY_SIZE], const void *bytes,
			   size_t len)
{
	const unsigned char *first = bytes;
	bool exception = len > 0 && str_is_print((char)*first);
	size_t skip = exception ? 0 : 1;

	if (len <= skip ||
	    !str_copy_n(key, ENTRY_KEY_SIZE, (const char *)first + skip, len - skip) ||
	    strlen(key) != len - skip)
		return false;
	*kind = exception ? ENTRY_EXCEPTION : (enum entry_kind) * first;
	return fleet_shares(*kind) && (*kind == ENTRY_EXCEPTION) == exception;
}

void fleet_outbox_put(struct buf *out, uint64_t generation)
{
	wire_put_u8(out, OUTBOX_RECORD);
	wire_put_u8(out, OUTBOX_VERSION);
	wire_put_number(out, generation);
}

bool fleet_outbox_get(uint64_t *generation, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, OUTBOX_RECORD, OUTBOX_VERSION);

	*generation = wire_get_number(&r);
	return wire_close(&r);
}
