/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record - the bytes of the ledger's records.
 *
 * Numbers and times are as in wire.h, a bool is one byte, 0 or 1; a string is
 * its length, as a number, and its bytes, all printable ASCII. Each record starts
 * with its kind and version, a byte each. One value has one encoding.
 *
 * The records of domains and hosts begin with their gist: what an answer of a
 * policy map can depend on. The rest comes after it. Only those who learn, show or export
 * read the rest. It is most of the record, and no look-up pays for it.
 *
 * Decoding is strict: known kind and version, every length inside the record,
 * every enumeration in range, names folded, sets ordered, nothing left over.
 * A record that is not exactly right is refused whole, and *out is then undefined.
 * Decoding allocates nothing and writes only what has a meaning: what comes after
 * `count` elements of an array, or after the NUL of a string, is undefined even in a
 * good record. A history is always defined whole.
 *
 * Encoding replaces unprintable bytes of free text (details, ciphers, reasons)
 * by '?', so that no text can make a record that is then refused. All else is
 * written as it stands: a value outside its type's contract makes such a record.
 */
#ifndef POSTSEAL_CORE_RECORD_H
#define POSTSEAL_CORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "core/facts/facts.h"
#include "core/record/acts.h"
#include "core/secure/alias.h"
#include "core/secure/refusals.h"

/* Appends to *out. */
void record_put_domain(struct buf *out, const struct domain_facts *domain);
void record_put_host(struct buf *out, const struct host_facts *host);
void record_put_override(struct buf *out, const struct override *record);
void record_put_pin(struct buf *out, const struct pin_act *record);
void record_put_alias(struct buf *out, const struct alias *alias);
void record_put_exception(struct buf *out, const struct exception_act *act);
void record_put_refusals(struct buf *out, const struct refusals *refusals);
void record_put_journal(struct buf *out, const struct journal_entry *record);

bool record_get_domain(struct domain_facts *out, const void *bytes, size_t len);
bool record_get_host(struct host_facts *out, const void *bytes, size_t len);
bool record_get_override(struct override *out, const void *bytes, size_t len);
bool record_get_pin(struct pin_act *out, const void *bytes, size_t len);
bool record_get_alias(struct alias *out, const void *bytes, size_t len);
bool record_get_exception(struct exception_act *out, const void *bytes, size_t len);
bool record_get_refusals(struct refusals *out, const void *bytes, size_t len);
bool record_get_journal(struct journal_entry *out, const void *bytes, size_t len);

/*
 * The gist alone: what comes after it is neither read nor told. Undefined are then, of a
 * domain, the policy's `id`, `fetched` and `detail`; of a host,
 * what TLSA records there were and where, and all of `last` but `observed` and
 * `time`; and of a history the versions, the cipher and the moments, while how
 * many there are is told.
 */
bool record_get_domain_gist(struct domain_facts *out, const void *bytes, size_t len);
bool record_get_host_gist(struct host_facts *out, const void *bytes, size_t len);

/*
 * What of a domain is written and read as its history: `evidence` takes what was folded
 * into `history`, which then is what of it counts (facts.h). Encoding does so by itself.
 */
void record_settle_history(struct domain_facts *domain);

/* One kind of record under a type that is the same for all. */
struct record_codec {
	size_t size; /* of the record's struct */
	void (*put)(struct buf *out, const void *record);
	bool (*get)(void *out, const void *bytes, size_t len);
};
extern const struct record_codec record_codec_domain, record_codec_host, record_codec_override,
	record_codec_pin, record_codec_alias, record_codec_exception, record_codec_refusals,
	record_codec_journal;
/* To read the gist alone; they cannot put. */
extern const struct record_codec record_codec_domain_gist, record_codec_host_gist;
/* Would `get` take these bytes? */
bool record_can_be_read(const struct record_codec *codec, const void *bytes, size_t len);

/*
 * A record of the version before this one, made into one of this. False when it is
 * none. Pins and exceptions were lists then, all of a next hop or alias in one.
 */
bool record_upgrade(struct buf *out, const void *bytes, size_t len);
bool record_get_old_pins(struct pins *out, const void *bytes, size_t len);
bool record_get_old_exceptions(struct exceptions *out, const void *bytes, size_t len);

/*
 * Keys of a pin and of an exception: of "example.com" and "me@secure.example.com" with a
 * blank and, after it, the pin in hexadecimal digits, or the sender. False, and dst empty,
 * when it does not fit.
 */
#define RECORD_KEY_SIZE 512
#define RECORD_SPKI_HEX_SIZE (2 * SPKI_SIZE + 1)
void record_spki_hex(char dst[RECORD_SPKI_HEX_SIZE], const uint8_t spki[SPKI_SIZE]);
bool record_pin_key(char dst[RECORD_KEY_SIZE], const char *nexthop, const uint8_t spki[SPKI_SIZE]);

/*
 * Key of a host's record: "mx.example.com:25", "[2001:db8::1]:25" for an
 * address. `host` is folded, or an address's text. False, and dst empty, when
 * it does not fit.
 */
#define HOST_KEY_SIZE (DOMAIN_SIZE + 8)
bool record_host_key(char dst[HOST_KEY_SIZE], const char *host, uint16_t port);

#endif
