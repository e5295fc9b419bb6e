/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/entry.h"

#include <string.h>

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
		record_exception_key(dst, entry->key, entry->of.exception.exception.sender);
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

void entry_put_record(struct buf *out, const struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_DOMAIN:
		record_put_domain(out, &entry->of.domain);
		break;
	case ENTRY_HOST:
		record_put_host(out, &entry->of.host);
		break;
	case ENTRY_OVERRIDE:
		record_put_override(out, &entry->of.override);
		break;
	case ENTRY_PIN:
		record_put_pin(out, &entry->of.pin);
		break;
	case ENTRY_ALIAS:
		record_put_alias(out, &entry->of.alias);
		break;
	case ENTRY_EXCEPTION:
		record_put_exception(out, &entry->of.exception);
		break;
	case ENTRY_JOURNAL:
		record_put_journal(out, &entry->of.journal);
		break;
	default:
		break;
	}
}

bool entry_get_record(struct entry *entry, const void *bytes, size_t len)
{
	switch (entry->kind) {
	case ENTRY_DOMAIN:
		return record_get_domain(&entry->of.domain, bytes, len);
	case ENTRY_HOST:
		return record_get_host(&entry->of.host, bytes, len);
	case ENTRY_OVERRIDE:
		return record_get_override(&entry->of.override, bytes, len);
	case ENTRY_PIN:
		return record_get_pin(&entry->of.pin, bytes, len);
	case ENTRY_ALIAS:
		return record_get_alias(&entry->of.alias, bytes, len);
	case ENTRY_EXCEPTION:
		return record_get_exception(&entry->of.exception, bytes, len);
	case ENTRY_JOURNAL:
		return record_get_journal(&entry->of.journal, bytes, len);
	default:
		return false;
	}
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

bool entry_is_same(const struct entry *a, const struct entry *b)
{
	struct buf left = { 0 }, right = { 0 };
	bool same;

	entry_put_record(&left, a);
	entry_put_record(&right, b);
	same = left.len == right.len &&
	       (left.len == 0 || memcmp(left.data, right.data, left.len) == 0);
	buf_free(&left);
	buf_free(&right);
	return same;
}

/*
 * Acts.
 */

bool entry_is_act(enum entry_kind kind)
{
	return kind == ENTRY_OVERRIDE || kind == ENTRY_PIN || kind == ENTRY_ALIAS ||
	       kind == ENTRY_EXCEPTION;
}

static int64_t *stamp_of(struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_OVERRIDE:
		return &entry->of.override.set;
	case ENTRY_PIN:
		return &entry->of.pin.set;
	case ENTRY_ALIAS:
		return &entry->of.alias.changed;
	case ENTRY_EXCEPTION:
		return &entry->of.exception.exception.set;
	default:
		return NULL;
	}
}

int64_t entry_stamp(const struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_OVERRIDE:
		return entry->of.override.set;
	case ENTRY_PIN:
		return entry->of.pin.set;
	case ENTRY_ALIAS:
		return entry->of.alias.changed;
	case ENTRY_EXCEPTION:
		return entry->of.exception.exception.set;
	default:
		return 0;
	}
}

void entry_set_stamp(struct entry *entry, int64_t stamp)
{
	int64_t *at = stamp_of(entry);

	if (at != NULL)
		*at = stamp;
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

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t entry_latest(const struct entry *entry)
{
	const struct domain_facts *domain = &entry->of.domain;

	switch (entry->kind) {
	case ENTRY_DOMAIN:
		return later(domain->forgotten,
			     later(fold_latest(&domain->evidence), domain->sts.fetched));
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
