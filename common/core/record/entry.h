/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry - a record of the ledger with its kind and key: what a line of an export
 * holds (postseal-ledger(5)).
 *
 * And the shape of each kind: which members it has, what they are called, and
 * what may stand in them. Exports are written and read by this one description,
 * so what is written can be read, and nothing that a record holds is left out
 * (a test compares it with core/record/record.h).
 */
#ifndef POSTSEAL_CORE_ENTRY_H
#define POSTSEAL_CORE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/secure/alias.h"
#include "core/facts/facts.h"
#include "core/record/record.h"

/* The version of the format; raised when a reader of this one would be misled. */
#define ENTRY_SCHEMA 2
/* What an older postseal wrote can be read, too. */
#define ENTRY_SCHEMA_OLD 1

/* In the order of an export. */
enum entry_kind {
	ENTRY_HEADER,
	ENTRY_DOMAIN,
	ENTRY_HOST,
	ENTRY_OVERRIDE,
	ENTRY_PIN,
	ENTRY_ALIAS,
	ENTRY_EXCEPTION,
	ENTRY_JOURNAL,
	ENTRY_END,
	ENTRY_KINDS,
	/* Of ENTRY_SCHEMA_OLD: lists, which export_reader takes apart. */
	ENTRY_OLD_PINS = ENTRY_KINDS,
	ENTRY_OLD_EXCEPTIONS,
	ENTRY_ALL_KINDS
};

/* Of a record's key, which holds this one. */
#define ENTRY_KEY_SIZE RECORD_KEY_SIZE
/* The longest name: that of an alias. */
#define ENTRY_NAME_SIZE ALIAS_ADDRESS_SIZE

struct entry {
	enum entry_kind kind;
	/* Next hop, address of an alias, or a host's name or address, which `port` goes
	 * with; "" where the kind has no keys (header, journal, end). A pin and an exception
	 * hold the rest of their keys themselves. */
	char key[ENTRY_NAME_SIZE];
	uint16_t port;
	union {
		int64_t schema; /* HEADER */
		struct domain_facts domain;
		struct host_facts host;
		struct override override;
		struct pin_act pin;
		struct alias alias;
		struct exception_act exception;
		struct journal_entry journal;
		int64_t records; /* END: how many lines there are between header and end */
		struct pins old_pins;
		struct exceptions old_exceptions;
	} of;
};

const char *entry_kind_name(enum entry_kind kind); /* "header", "domain", "host", ... */
/* True for the seven kinds that are records of the ledger. */
bool entry_is_record(enum entry_kind kind);

/*
 * The key as the ledger has it ("mx.example.com:25" of a host), and the way
 * back. Taking fails, and the entry's key is undefined, when the kind has no
 * such key, or spells it otherwise.
 */
void entry_key(char dst[ENTRY_KEY_SIZE], const struct entry *entry);
bool entry_take_key(struct entry *entry, const char *key);

/* Appends the bytes of the record, without its key. For records only. */
void entry_put_record(struct buf *out, const struct entry *entry);
/* The way back, by its kind; false when these are none. */
bool entry_get_record(struct entry *entry, const void *bytes, size_t len);
/* Would the ledger take the record? For records only. */
bool entry_is_sound(const struct entry *entry);
/* Both are records of one kind: which has the greater bytes, as memcmp(3); are they the same? */
int entry_compare(const struct entry *a, const struct entry *b);
bool entry_is_same(const struct entry *a, const struct entry *b);

/*
 * Of an admin's acts alone (override, pin, alias, exception): when it was done; and whether
 * it took something away, or has ended, so long ago that it need not be remembered.
 */
bool entry_is_act(enum entry_kind kind);
int64_t entry_stamp(const struct entry *entry);
void entry_set_stamp(struct entry *entry, int64_t stamp);
bool entry_is_spent(const struct entry *entry, int64_t now);

/*
 * The latest moment in what can be shared of a record (merge.h): what was seen, forgotten
 * or done. 0: none, as in what says nothing.
 */
int64_t entry_latest(const struct entry *entry);
/* What it must be besides what its members must be, in words; "" if nothing. */
const char *entry_rule(enum entry_kind kind);

/*
 * Shapes.
 */

enum member_type {
	MEMBER_BOOL,
	MEMBER_NUMBER,  /* uint16_t, of at least `min` */
	MEMBER_COUNT,   /* int64_t, not negative */
	MEMBER_DATE,    /* int64_t, seconds since 1970; none: 0 */
	MEMBER_DATES,   /* struct timeset, one date in `bucket` seconds */
	MEMBER_VERSION, /* uint16_t, a version of TLS; none: 0 */
	MEMBER_WORD,    /* an enumeration of 0 .. `max`, by `word`; none: where that is "" */
	MEMBER_TEXT,    /* char[size], printable ASCII; none: "" */
	MEMBER_NAME,    /* the same, a folded domain name; none: "" */
	MEMBER_HOST,    /* the same, a folded name, or an address's text */
	MEMBER_PATTERN, /* the same, a folded name, or "*." and a folded name */
	MEMBER_NEXTHOP, /* the same, a next hop's key */
	MEMBER_ADDRESS, /* the same, a mail address as alias_key spells it */
	MEMBER_SENDER,  /* the same, a sender as exceptions name it (exceptions.h) */
	MEMBER_DIGEST,  /* uint8_t[SPKI_SIZE]; none: where the bool at `count` is false */
	MEMBER_GROUP,   /* a struct of the members `inner` */
	MEMBER_LIST /* size / stride elements like `inner`, of which the size_t at `count` are used */
};

#define MEMBER_ALWAYS SIZE_MAX /* as `count` of a digest that is never missing */

struct member {
	const char *name; /* NULL after the last one of a struct */
	enum member_type type;
	size_t offset, size; /* in the struct that the members are of */
	int64_t min, max, bucket;
	size_t count; /* offset */
	size_t stride;
	int64_t since; /* schema; 0: always. In one before it a bool was, or a word is, `min` */
	const char *(*word)(int value);
	const struct member *inner;
};

/* The members of struct entry that a kind has, also an old one. */
const struct member *entry_members(enum entry_kind kind);

/* The members of the structs that make up a record. */
enum entry_part {
	PART_MX,      /* struct mx_facts */
	PART_STS,     /* struct sts_facts */
	PART_HISTORY, /* struct history */
	PART_ADDRESS, /* of struct host_facts, as the next two */
	PART_TLSA,
	PART_PROBE,
	PART_COUNT
};
const struct member *entry_part_members(enum entry_part part);

/* May this text stand in a member that is some kind of text? "" is none. */
bool member_takes(const struct member *member, const char *text);

/* What may stand there, in words, for a message: "true or false". */
#define MEMBER_EXPECTED_SIZE 160
char *member_expected(char dst[MEMBER_EXPECTED_SIZE], const struct member *member);

#endif
