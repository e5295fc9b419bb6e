/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_rows - what is in each record: a row a member, in the order of the bytes. Writing,
 * reading and copying a record all expand the same rows, so none of them can forget a
 * member. For core/record, and for ledger_facts.c, which keeps gists in memory.
 *
 *	ROW(how, member, bound)
 *
 *	how     what is written                                 bound
 *	small   an enumeration, bool or count, as one byte      the greatest value
 *	time    by how much it is later than another time       the other time, or 0
 *	u16     a number                                        0
 *	text    free text; unprintable bytes are replaced       0
 *	plain   text as it stands; unprintable is an error      0
 *	name    a folded name, or ""                            0
 *	cipher  a cipher's name                                 0
 *	key     SHA-256                                         0
 *	spki    the same, if there is one                       the bool that says so
 *
 * Arrays, and what depends on other members, are left to record.c and record_acts.c.
 */
#ifndef POSTSEAL_CORE_RECORD_ROWS_H
#define POSTSEAL_CORE_RECORD_ROWS_H

#include <stdint.h>

#include "core/record/record.h"
#include "core/record/wire.h"

/* The first byte of a record. */
enum record_kind {
	RECORD_DOMAIN = 'D',
	RECORD_HOST = 'H',
	RECORD_OVERRIDE = 'O',
	RECORD_PIN = 'P',
	RECORD_ALIAS = 'A',
	RECORD_EXCEPTION = 'X',
	RECORD_REFUSALS = 'R',
	RECORD_JOURNAL = 'J'
};

/* The second byte: of what is written, and of what an older postseal wrote. */
#define RECORD_VERSION 4
#define RECORD_VERSION_OLD 3

/*
 * Facts. A gist comes before the rest (record.h).
 */

#define FRESHNESS_ROWS(ROW, fresh)                  \
	ROW(time, (fresh).checked, 0)               \
	ROW(time, (fresh).expires, (fresh).checked) \
	ROW(time, (fresh).failed, 0)

/* After these come `count` hosts, each with its preference before it. */
#define MX_ROWS(ROW, mx)                    \
	ROW(small, (mx).state, MX_NXDOMAIN) \
	ROW(small, (mx).secure, true)       \
	ROW(small, (mx).truncated, true)    \
	FRESHNESS_ROWS(ROW, (mx).fresh)     \
	ROW(small, (mx).count, MX_MAX)

/* After these come the patterns. */
#define STS_GIST(ROW, sts)                  \
	ROW(small, (sts).mode, STS_ENFORCE) \
	ROW(time, (sts).until, 0)           \
	ROW(time, (sts).max_age, 0)         \
	FRESHNESS_ROWS(ROW, (sts).fresh)    \
	ROW(small, (sts).patterns, STS_PATTERN_MAX)

#define STS_REST(ROW, sts)          \
	ROW(plain, (sts).id, 0)     \
	ROW(time, (sts).fetched, 0) \
	ROW(text, (sts).detail, 0)

#define HISTORY_GIST(ROW, history)                         \
	ROW(time, (history).first_tls, 0)                  \
	ROW(time, (history).last_tls, (history).first_tls) \
	ROW(time, (history).last_plain, 0)                 \
	ROW(small, (history).successes.count, TIMESET_MAX) \
	ROW(small, (history).tls_days.count, TIMESET_MAX)  \
	ROW(small, (history).plain_days.count, TIMESET_MAX)

/* After these come the moments. */
#define HISTORY_REST(ROW, history)          \
	ROW(u16, (history).best_version, 0) \
	ROW(u16, (history).last_version, 0) \
	ROW(cipher, (history).last_cipher, 0)

#define HOST_GIST(ROW, host)                                   \
	ROW(small, (host).addr, ADDR_NONE)                     \
	ROW(small, (host).addr_secure, true)                   \
	FRESHNESS_ROWS(ROW, (host).addr_fresh)                 \
	ROW(small, (host).tlsa, TLSA_UNUSABLE)                 \
	FRESHNESS_ROWS(ROW, (host).tlsa_fresh)                 \
	ROW(small, (host).last.observed, OBSERVED_UNREACHABLE) \
	ROW(time, (host).last.time, 0)                         \
	ROW(time, (host).last_expires, (host).last.time)       \
	HISTORY_GIST(ROW, (host).history)

/* After these comes the rest of the history. */
#define HOST_REST(ROW, host)                               \
	ROW(u16, (host).tlsa_usable, 0)                    \
	ROW(u16, (host).tlsa_unusable, 0)                  \
	ROW(name, (host).tlsa_base, 0)                     \
	ROW(small, (host).last.source, SOURCE_ADMIN)       \
	ROW(u16, (host).last.version, 0)                   \
	ROW(cipher, (host).last.cipher, 0)                 \
	ROW(spki, (host).last.spki, (host).last.has_spki)  \
	ROW(small, (host).last.verified, VERIFIED_NEXTHOP) \
	ROW(text, (host).last.detail, 0)

/*
 * Acts of an admin, refusals, the journal.
 */

#define OVERRIDE_ROWS(ROW, act)                    \
	ROW(small, (act).kind, OVERRIDE_HANDS_OFF) \
	ROW(small, (act).level, LEVEL_DANE_ONLY)   \
	ROW(time, (act).set, 0)                    \
	ROW(time, (act).expires, 0)                \
	ROW(text, (act).author, 0)                 \
	ROW(text, (act).reason, 0)

#define PIN_ROWS(ROW, pin)              \
	ROW(key, (pin).spki, 0)         \
	ROW(small, (pin).removed, true) \
	ROW(time, (pin).set, 0)         \
	ROW(text, (pin).author, 0)

/* Before these comes a byte of switches. */
#define ALIAS_ROWS(ROW, alias)                     \
	ROW(small, (alias).level, ALIAS_DANE_ONLY) \
	ROW(text, (alias).mailbox, 0)              \
	ROW(time, (alias).changed, 0)              \
	ROW(text, (alias).author, 0)

#define EXCEPTION_ROWS(ROW, act)              \
	ROW(plain, (act).exception.sender, 0) \
	ROW(small, (act).removed, true)       \
	ROW(time, (act).exception.set, 0)     \
	ROW(time, (act).exception.expires, 0) \
	ROW(text, (act).exception.author, 0)  \
	ROW(text, (act).exception.reason, 0)

/* After these come the senders. */
#define REFUSALS_ROWS(ROW, refusals)    \
	ROW(time, (refusals).told, 0)   \
	ROW(time, (refusals).others, 0) \
	ROW(small, (refusals).count, REFUSALS_MAX)

#define REFUSED_ROWS(ROW, refused)                      \
	ROW(text, (refused).sender, 0)                  \
	ROW(plain, (refused).client, 0)                 \
	ROW(small, (refused).cause, REFUSAL_HIDDEN_TLS) \
	ROW(time, (refused).last, 0)                    \
	ROW(time, (refused).count, 0)

#define JOURNAL_ROWS(ROW, entry)      \
	ROW(time, (entry).time, 0)    \
	ROW(text, (entry).subject, 0) \
	ROW(text, (entry).event, 0)   \
	ROW(text, (entry).author, 0)  \
	ROW(text, (entry).detail, 0)

/*
 * Writing to `struct buf *out`.
 */
#define PUT(how, member, bound) PUT_##how(member, bound);
#define PUT_small(member, most) wire_put_u8(out, (uint8_t)(member))
#define PUT_time(member, before) wire_put_time_after(out, member, before)
#define PUT_u16(member, none) wire_put_u16(out, member)
#define PUT_text(member, none) wire_put_text(out, member)
#define PUT_plain(member, none) wire_put_name(out, member)
#define PUT_cipher(member, none) record_put_cipher(out, member)
#define PUT_key(member, none) buf_append(out, member, SPKI_SIZE)

/*
 * Reading from `struct wire *r`.
 */
#define GET(how, member, bound) GET_##how(member, bound);
#define GET_small(member, most) (member) = wire_get_small(r, most)
#define GET_time(member, before) (member) = wire_get_time_after(r, before)
#define GET_u16(member, none) (member) = wire_get_u16(r)
#define GET_text(member, none) wire_get_text(r, member, sizeof(member))
#define GET_plain(member, none) wire_get_text(r, member, sizeof(member))
#define GET_cipher(member, none) record_get_cipher(r, member)
#define GET_key(member, none) wire_get_bytes(r, member, SPKI_SIZE)

/* What it starts with. */
void record_put_header(struct buf *out, enum record_kind kind);

void record_put_cipher(struct buf *out, const char *cipher);
void record_get_cipher(struct wire *r, char dst[CIPHER_SIZE]);

/* A history: what `decide` goes by is in the gist, its moments are in the rest. */
void record_put_history_gist(struct buf *out, const struct history *history);
void record_get_history_gist(struct wire *r, struct history *history);
void record_put_history_rest(struct buf *out, const struct history *history);
void record_get_history_rest(struct wire *r, struct history *history); /* after the gist */

/* A domain's record of RECORD_VERSION_OLD. All other kinds but lists are of the same bytes. */
bool record_get_old_domain(struct domain_facts *out, const void *bytes, size_t len);

#endif
