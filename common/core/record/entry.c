/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/entry.h"

#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "core/policy/fold.h"

const char *entry_kind_name(enum entry_kind kind)
{
	static const char *const names[ENTRY_ALL_KINDS] = {
		[ENTRY_HEADER] = "header",
		[ENTRY_DOMAIN] = "domain",
		[ENTRY_HOST] = "host",
		[ENTRY_OVERRIDE] = "override",
		[ENTRY_PIN] = "pin",
		[ENTRY_ALIAS] = "alias",
		[ENTRY_EXCEPTION] = "exception",
		[ENTRY_JOURNAL] = "journal",
		[ENTRY_END] = "end",
		[ENTRY_OLD_PINS] = "pins",
		[ENTRY_OLD_EXCEPTIONS] = "exceptions",
	};

	return names[kind];
}

bool entry_is_record(enum entry_kind kind)
{
	return kind > ENTRY_HEADER && kind < ENTRY_END;
}

/*
 * Keys.
 */

/* The member that is the key; NULL if the kind has none. */
static const struct member *key_member(enum entry_kind kind)
{
	const struct member *first = entry_members(kind);

	return first->offset == offsetof(struct entry, key) ? first : NULL;
}

void entry_key(char dst[ENTRY_KEY_SIZE], const struct entry *entry)
{
	_Static_assert(HOST_KEY_SIZE <= ENTRY_KEY_SIZE, "hosts' keys must fit");
	if (entry->kind == ENTRY_HOST)
		record_host_key(dst, entry->key, entry->port);
	else if (entry->kind == ENTRY_PIN)
		record_pin_key(dst, entry->key, entry->of.pin.spki);
	else if (entry->kind == ENTRY_EXCEPTION)
		exception_key(dst, RECORD_KEY_SIZE, entry->key,
			      entry->of.exception.exception.sender);
	else
		str_copy(dst, ENTRY_KEY_SIZE, entry->key);
}

/* "mx.example.com:25", "[2001:db8::1]:25": what is not spelled so is found out later. */
static bool take_host_key(struct entry *entry, const char *key)
{
	const char *colon = strrchr(key, ':');
	bool brackets = key[0] == '[' && colon != NULL && colon > key + 1 && colon[-1] == ']';
	size_t skip = brackets ? 1 : 0;
	uint64_t port;

	if (colon == NULL || !str_number(colon + 1, strlen(colon + 1), UINT16_MAX, &port) ||
	    port == 0)
		return false;
	entry->port = (uint16_t)port;
	return str_copy_n(entry->key, DOMAIN_SIZE, key + skip, (size_t)(colon - key) - 2 * skip);
}

/* The name alone: of a pin and an exception the record holds the rest. */
static bool take_name(struct entry *entry, const char *key)
{
	size_t len = strlen(key);

	if (entry->kind == ENTRY_PIN || entry->kind == ENTRY_EXCEPTION)
		len = strcspn(key, " ");
	return str_copy_n(entry->key, ENTRY_NAME_SIZE, key, len);
}

bool entry_take_key(struct entry *entry, const char *key)
{
	const struct member *member = key_member(entry->kind);
	char again[ENTRY_KEY_SIZE];

	if (member == NULL)
		return false;
	if (entry->kind == ENTRY_HOST ? !take_host_key(entry, key) : !take_name(entry, key))
		return false;
	entry_key(again, entry);
	return member_takes(member, entry->key) && strcmp(again, key) == 0;
}

/*
 * Records.
 */

static const struct record_codec *codec_of(enum entry_kind kind)
{
	static const struct record_codec *const codecs[ENTRY_ALL_KINDS] = {
		[ENTRY_DOMAIN] = &record_codec_domain,
		[ENTRY_HOST] = &record_codec_host,
		[ENTRY_OVERRIDE] = &record_codec_override,
		[ENTRY_PIN] = &record_codec_pin,
		[ENTRY_ALIAS] = &record_codec_alias,
		[ENTRY_EXCEPTION] = &record_codec_exception,
		[ENTRY_JOURNAL] = &record_codec_journal,
	};

	return codecs[kind];
}

void entry_put_record(struct buf *out, const struct entry *entry)
{
	const struct record_codec *codec = codec_of(entry->kind);

	if (codec != NULL)
		codec->put(out, &entry->of);
}

bool entry_get_record(struct entry *entry, const void *bytes, size_t len)
{
	const struct record_codec *codec = codec_of(entry->kind);

	return codec != NULL && codec->get(&entry->of, bytes, len);
}

/* Its key, too, must be one that the ledger can have. */
bool entry_is_sound(const struct entry *entry)
{
	struct entry again = { .kind = entry->kind };
	struct buf bytes = { 0 };
	char key[ENTRY_KEY_SIZE];
	bool sound;

	entry_put_record(&bytes, entry);
	entry_key(key, entry);
	sound = entry_get_record(&again, bytes.data, bytes.len) &&
		(entry->kind == ENTRY_JOURNAL || key[0] != '\0' || entry->key[0] == '\0');
	buf_free(&bytes);
	return sound;
}

int entry_compare(const struct entry *a, const struct entry *b)
{
	struct buf left = { 0 }, right = { 0 };
	size_t shorter;
	int order;

	entry_put_record(&left, a);
	entry_put_record(&right, b);
	shorter = left.len < right.len ? left.len : right.len;
	order = shorter > 0 ? memcmp(left.data, right.data, shorter) : 0;
	if (order == 0 && left.len != right.len)
		order = left.len < right.len ? -1 : 1;
	buf_free(&left);
	buf_free(&right);
	return order;
}

bool entry_is_same(const struct entry *a, const struct entry *b)
{
	return entry_compare(a, b) == 0;
}

/*
 * Acts.
 */

/* Where the stamp of an act is; 0: the kind is not an act, or, as what was read, none at all. */
static size_t stamp_at(enum entry_kind kind)
{
	static const size_t at[ENTRY_ALL_KINDS] = {
		[ENTRY_OVERRIDE] = offsetof(struct entry, of.override.set),
		[ENTRY_PIN] = offsetof(struct entry, of.pin.set),
		[ENTRY_ALIAS] = offsetof(struct entry, of.alias.changed),
		[ENTRY_EXCEPTION] = offsetof(struct entry, of.exception.exception.set),
	};

	return (size_t)kind < ENTRY_ALL_KINDS ? at[kind] : 0;
}

bool entry_is_act(enum entry_kind kind)
{
	return stamp_at(kind) != 0;
}

int64_t entry_stamp(const struct entry *entry)
{
	int64_t stamp = 0;

	if (entry_is_act(entry->kind))
		memcpy(&stamp, (const char *)entry + stamp_at(entry->kind), sizeof(stamp));
	return stamp;
}

void entry_set_stamp(struct entry *entry, int64_t stamp)
{
	if (entry_is_act(entry->kind))
		memcpy((char *)entry + stamp_at(entry->kind), &stamp, sizeof(stamp));
}

/* Since when it says nothing any more; 0: it does. */
static int64_t over_since(const struct entry *entry)
{
	const struct exception *exception = &entry->of.exception.exception;

	switch (entry->kind) {
	case ENTRY_OVERRIDE:
		return entry->of.override.kind == OVERRIDE_NONE ? entry->of.override.set : 0;
	case ENTRY_PIN:
		return entry->of.pin.removed ? entry->of.pin.set : 0;
	case ENTRY_ALIAS:
		return entry->of.alias.removed ? entry->of.alias.changed : 0;
	case ENTRY_EXCEPTION:
		return entry->of.exception.removed ? exception->set : exception->expires;
	default:
		return 0;
	}
}

bool entry_is_spent(const struct entry *entry, int64_t now)
{
	int64_t over = over_since(entry);

	return over > 0 && now - over > ACTS_KEPT;
}

int64_t entry_latest(const struct entry *entry)
{
	const struct domain_facts *domain = &entry->of.domain;

	switch (entry->kind) {
	case ENTRY_DOMAIN:
		return num_max(domain->forgotten,
			       num_max(fold_latest(&domain->evidence), domain->sts.fetched));
	case ENTRY_HOST:
		return fold_latest(&entry->of.host.history);
	default:
		return entry_stamp(entry);
	}
}

const char *entry_rule(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_DOMAIN:
		return "MX hosts by preference, then name, none twice; addresses among them only "
		       "in state found or literal; an id of letters and digits";
	case ENTRY_HOST:
		return "a source wherever something was observed";
	case ENTRY_ALIAS:
		return "an alias that is enabled, or removed, or neither";
	case ENTRY_EXCEPTION:
		return "an exception that expires after it was set, at most 366 days; one that was "
		       "removed does not expire; alias and sender have 510 characters at most";
	default:
		return "";
	}
}
