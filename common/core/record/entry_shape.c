/* SPDX-License-Identifier: BSD-2-Clause */
/* The members of each kind of entry (entry.h). */
#include "core/record/entry.h"

#include "base/utc.h"

/*
 * Words: the names of enumerations, under one type.
 */
#define WORD(name, type)                          \
	static const char *word_##name(int value) \
	{                                         \
		return name##_name((type)value);  \
	}                                         \
	_Static_assert(sizeof(type) == sizeof(int), #name)

WORD(mx_state, enum mx_state);
WORD(sts_mode, enum sts_mode);
WORD(addr_state, enum addr_state);
WORD(tlsa_state, enum tlsa_state);
WORD(observed, enum observed);
WORD(verified, enum verified);
WORD(override_kind, enum override_kind);
WORD(level, enum level);
WORD(alias_level, enum alias_level);
WORD(alias_otherwise, enum alias_otherwise);

static const char *word_source(int value)
{
	return value != 0 ? source_name((enum source)value) : "";
}

/*
 * Kinds of members, as they are written below.
 */
#define FIELD(s, field) .offset = offsetof(s, field), .size = sizeof(((s *)NULL)->field)
#define BOOL_SINCE(name, s, field, schema, before)                                     \
	{                                                                              \
		name, MEMBER_BOOL, FIELD(s, field), .since = (schema), .min = (before) \
	}
#define BOOL(name, s, field)                       \
	{                                          \
		name, MEMBER_BOOL, FIELD(s, field) \
	}
#define NUMBER(name, s, field, least)                                \
	{                                                            \
		name, MEMBER_NUMBER, FIELD(s, field), .min = (least) \
	}
#define COUNT(name, s, field)                       \
	{                                           \
		name, MEMBER_COUNT, FIELD(s, field) \
	}
#define DATE(name, s, field)                       \
	{                                          \
		name, MEMBER_DATE, FIELD(s, field) \
	}
#define DATES(name, s, field, seconds)                                   \
	{                                                                \
		name, MEMBER_DATES, FIELD(s, field), .bucket = (seconds) \
	}
#define VERSION(name, s, field)                       \
	{                                             \
		name, MEMBER_VERSION, FIELD(s, field) \
	}
#define WORDS(name, s, field, words, first, last)                                  \
	{                                                                          \
		name, MEMBER_WORD, FIELD(s, field), .min = (first), .max = (last), \
						    .word = word_##words           \
	}
#define TEXT(name, s, field)                       \
	{                                          \
		name, MEMBER_TEXT, FIELD(s, field) \
	}
#define KEY(name, kind)                                       \
	{                                                     \
		name, MEMBER_##kind, FIELD(struct entry, key) \
	}
#define GROUP(name, s, field, members)                                  \
	{                                                               \
		name, MEMBER_GROUP, FIELD(s, field), .inner = (members) \
	}
#define LIST(name, s, field, used, element)                                                  \
	{                                                                                    \
		name, MEMBER_LIST, FIELD(s, field), .count = offsetof(s, used),              \
						    .stride = sizeof(((s *)NULL)->field[0]), \
						    .inner = (element)                       \
	}
#define LOOK_UP(name, s, field, which)                                                    \
	{                                                                                 \
		name, MEMBER_DATE,                                                        \
			.offset = offsetof(s, field) + offsetof(struct freshness, which), \
			.size = sizeof(int64_t)                                           \
	}
#define FRESHNESS(s, field)                                                           \
	LOOK_UP("checked", s, field, checked), LOOK_UP("expires", s, field, expires), \
		LOOK_UP("failing_since", s, field, failed)
#define LAST                 \
	{                    \
		.name = NULL \
	}

/*
 * Domains and hosts.
 */

static const struct member mx_ref_members[] = {
	{ "host", MEMBER_HOST, FIELD(struct mx_ref, host) },
	NUMBER("preference", struct mx_ref, preference, 0),
	LAST,
};

static const struct member mx_ref_element = {
	"host",
	MEMBER_GROUP,
	.size = sizeof(struct mx_ref),
	.inner = mx_ref_members,
};

static const struct member mx_members[] = {
	FRESHNESS(struct mx_facts, fresh),
	WORDS("state", struct mx_facts, state, mx_state, 0, MX_NXDOMAIN),
	BOOL("dnssec", struct mx_facts, secure),
	BOOL("truncated", struct mx_facts, truncated),
	LIST("hosts", struct mx_facts, refs, count, &mx_ref_element),
	LAST,
};

static const struct member pattern_element = { "mx", MEMBER_PATTERN, .size = DOMAIN_SIZE };

static const struct member sts_members[] = {
	FRESHNESS(struct sts_facts, fresh),
	WORDS("mode", struct sts_facts, mode, sts_mode, 0, STS_ENFORCE),
	TEXT("id", struct sts_facts, id),
	DATE("fetched", struct sts_facts, fetched),
	DATE("until", struct sts_facts, until),
	COUNT("max_age", struct sts_facts, max_age),
	LIST("mx", struct sts_facts, pattern, patterns, &pattern_element),
	TEXT("detail", struct sts_facts, detail),
	LAST,
};

static const struct member history_members[] = {
	DATE("first_tls", struct history, first_tls),
	DATE("last_tls", struct history, last_tls),
	DATE("last_plain", struct history, last_plain),
	VERSION("best_version", struct history, best_version),
	VERSION("last_version", struct history, last_version),
	TEXT("last_cipher", struct history, last_cipher),
	DATES("handshakes", struct history, successes, 1),
	DATES("tls_days", struct history, tls_days, UTC_DAY),
	DATES("plain_days", struct history, plain_days, UTC_DAY),
	LAST,
};

static const struct member domain_members[] = {
	KEY("nexthop", NEXTHOP),
	GROUP("mx_lookup", struct entry, of.domain.mx, mx_members),
	GROUP("mta_sts", struct entry, of.domain.sts, sts_members),
	GROUP("history", struct entry, of.domain.evidence, history_members),
	DATE("forgotten", struct entry, of.domain.forgotten),
	/* `mixed_mx` was strict, if nobody said otherwise. */
	BOOL_SINCE("any_host", struct entry, of.domain.any_host, 2, true),
	LAST,
};

static const struct member address_members[] = {
	FRESHNESS(struct host_facts, addr_fresh),
	WORDS("state", struct host_facts, addr, addr_state, 0, ADDR_NONE),
	BOOL("dnssec", struct host_facts, addr_secure),
	LAST,
};

static const struct member tlsa_members[] = {
	FRESHNESS(struct host_facts, tlsa_fresh),
	WORDS("state", struct host_facts, tlsa, tlsa_state, 0, TLSA_UNUSABLE),
	NUMBER("usable", struct host_facts, tlsa_usable, 0),
	NUMBER("unusable", struct host_facts, tlsa_unusable, 0),
	{ "base", MEMBER_NAME, FIELD(struct host_facts, tlsa_base) },
	LAST,
};

static const struct member probe_members[] = {
	DATE("time", struct host_facts, last.time),
	WORDS("source", struct host_facts, last.source, source, 0, SOURCE_ADMIN),
	WORDS("observed", struct host_facts, last.observed, observed, 0, OBSERVED_UNREACHABLE),
	VERSION("tls_version", struct host_facts, last.version),
	TEXT("cipher", struct host_facts, last.cipher),
	{ "spki_sha256", MEMBER_DIGEST, FIELD(struct host_facts, last.spki),
	  .count = offsetof(struct host_facts, last.has_spki) },
	WORDS("verified", struct host_facts, last.verified, verified, 0, VERIFIED_NEXTHOP),
	TEXT("detail", struct host_facts, last.detail),
	DATE("next", struct host_facts, last_expires),
	LAST,
};

static const struct member host_members[] = {
	KEY("host", HOST),
	NUMBER("port", struct entry, port, 1),
	GROUP("address", struct entry, of.host, address_members),
	GROUP("tlsa", struct entry, of.host, tlsa_members),
	GROUP("probe", struct entry, of.host, probe_members),
	GROUP("history", struct entry, of.host.history, history_members),
	LAST,
};

/*
 * What admins did.
 */

static const struct member override_members[] = {
	KEY("nexthop", NEXTHOP),
	WORDS("kind", struct entry, of.override.kind, override_kind, 0, OVERRIDE_HANDS_OFF),
	WORDS("level", struct entry, of.override.level, level, 0, LEVEL_DANE_ONLY),
	DATE("set", struct entry, of.override.set),
	DATE("expires", struct entry, of.override.expires),
	TEXT("author", struct entry, of.override.author),
	TEXT("reason", struct entry, of.override.reason),
	LAST,
};

static const struct member pin_element = {
	"pin",
	MEMBER_DIGEST,
	.size = SPKI_SIZE,
	.count = MEMBER_ALWAYS,
};

static const struct member pin_members[] = {
	KEY("nexthop", NEXTHOP),
	{ "spki_sha256", MEMBER_DIGEST, FIELD(struct entry, of.pin.spki), .count = MEMBER_ALWAYS },
	BOOL("removed", struct entry, of.pin.removed),
	DATE("set", struct entry, of.pin.set),
	TEXT("author", struct entry, of.pin.author),
	LAST,
};

static const struct member old_pins_members[] = {
	KEY("nexthop", NEXTHOP),
	LIST("pins", struct entry, of.old_pins.spki, of.old_pins.count, &pin_element),
	LAST,
};

static const struct member alias_members[] = {
	KEY("alias", ADDRESS),
	BOOL("enabled", struct entry, of.alias.enabled),
	BOOL_SINCE("removed", struct entry, of.alias.removed, 2, false),
	WORDS("level", struct entry, of.alias.level, alias_level, ALIAS_ENCRYPT, ALIAS_DANE_ONLY),
	{ "mailbox", MEMBER_ADDRESS, FIELD(struct entry, of.alias.mailbox) },
	DATE("changed", struct entry, of.alias.changed),
	TEXT("author", struct entry, of.alias.author),
	{ "otherwise", MEMBER_WORD, FIELD(struct entry, of.alias.otherwise), .min = ALIAS_REFUSE,
	  .max = ALIAS_MAILBOX, .word = word_alias_otherwise, .since = 2 },
	LAST,
};

static const struct member exception_members[] = {
	{ "sender", MEMBER_SENDER, FIELD(struct exception, sender) },
	DATE("set", struct exception, set),
	DATE("expires", struct exception, expires),
	TEXT("author", struct exception, author),
	TEXT("reason", struct exception, reason),
	LAST,
};

static const struct member exception_element = {
	"sender",
	MEMBER_GROUP,
	.size = sizeof(struct exception),
	.inner = exception_members,
};

static const struct member old_exceptions_members[] = {
	KEY("alias", ADDRESS),
	LIST("senders", struct entry, of.old_exceptions.list, of.old_exceptions.count,
	     &exception_element),
	LAST,
};

static const struct member one_exception_members[] = {
	KEY("alias", ADDRESS),
	{ "sender", MEMBER_SENDER, FIELD(struct entry, of.exception.exception.sender) },
	BOOL("removed", struct entry, of.exception.removed),
	DATE("set", struct entry, of.exception.exception.set),
	DATE("expires", struct entry, of.exception.exception.expires),
	TEXT("author", struct entry, of.exception.exception.author),
	TEXT("reason", struct entry, of.exception.exception.reason),
	LAST,
};

static const struct member journal_members[] = {
	DATE("time", struct entry, of.journal.time),
	TEXT("subject", struct entry, of.journal.subject),
	TEXT("event", struct entry, of.journal.event),
	TEXT("author", struct entry, of.journal.author),
	TEXT("detail", struct entry, of.journal.detail),
	LAST,
};

static const struct member header_members[] = {
	COUNT("schema", struct entry, of.schema),
	LAST,
};

static const struct member end_members[] = {
	COUNT("records", struct entry, of.records),
	LAST,
};

const struct member *entry_members(enum entry_kind kind)
{
	static const struct member *const members[ENTRY_ALL_KINDS] = {
		[ENTRY_HEADER] = header_members,
		[ENTRY_DOMAIN] = domain_members,
		[ENTRY_HOST] = host_members,
		[ENTRY_OVERRIDE] = override_members,
		[ENTRY_PIN] = pin_members,
		[ENTRY_ALIAS] = alias_members,
		[ENTRY_EXCEPTION] = one_exception_members,
		[ENTRY_JOURNAL] = journal_members,
		[ENTRY_END] = end_members,
		[ENTRY_OLD_PINS] = old_pins_members,
		[ENTRY_OLD_EXCEPTIONS] = old_exceptions_members,
	};

	return members[kind];
}

const struct member *entry_part_members(enum entry_part part)
{
	static const struct member *const members[PART_COUNT] = {
		[PART_MX] = mx_members,           [PART_STS] = sts_members,
		[PART_HISTORY] = history_members, [PART_ADDRESS] = address_members,
		[PART_TLSA] = tlsa_members,       [PART_PROBE] = probe_members,
	};

	return members[part];
}
