/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts - all that is known about a next hop, as plain data. The ledger stores
 * it, the prober and `learn` fold into it, `decide` reads it.
 *
 * Refresh is not expiry: each DNS or MTA-STS fact keeps its last good value
 * with `checked` and `expires`; when a later look-up fails, `failed` says
 * since when (0: the latest look-up succeeded) and the value stays. So
 *   state UNKNOWN, failed 0    never asked
 *   state UNKNOWN, failed T    asked, never with success
 *   state X, failed T          X when last known, cannot be confirmed since T
 *
 * All times are seconds since 1970, 0 for never. All names are folded
 * (domain.h). A zeroed struct is "nothing known".
 */
#ifndef POSTSEAL_CORE_FACTS_H
#define POSTSEAL_CORE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/names/nexthop.h"
#include "core/facts/observation.h"
#include "core/facts/timeset.h"

/*
 * More MX hosts than this are not kept; Postfix itself tries five addresses. What is not
 * kept is not known: see `truncated`, and fold_delivery.
 */
#define MX_MAX 32

/* When a fact was last good, until when it may be used without asking again. */
struct freshness {
	int64_t checked;
	int64_t expires;
	int64_t failed; /* first failed look-up since `checked`; 0: none */
};

enum mx_state {
	MX_UNKNOWN = 0,
	MX_FOUND = 1,
	MX_IMPLICIT = 2, /* NODATA: the domain is its own MX (RFC 5321 5.1) */
	MX_LITERAL = 3,  /* [host]: no MX look-up is made */
	MX_NULL = 4,     /* "0 .": takes no mail (RFC 7505) */
	MX_NXDOMAIN = 5  /* no such domain */
};

struct mx_ref {
	uint16_t preference;
	char host[DOMAIN_SIZE]; /* or the text of an address, as for [address] */
};

struct mx_facts {
	enum mx_state state;
	bool secure; /* the answer, or the denial, was validated by DNSSEC */
	/*
	 * Postfix sees hosts that are not in `refs`: there were more than MX_MAX, or a record
	 * names what cannot be folded to a name. Of those nothing is known.
	 */
	bool truncated;
	struct freshness fresh;
	size_t count;
	struct mx_ref refs[MX_MAX]; /* by preference, then name; no host twice */
};

enum sts_mode { STS_UNKNOWN = 0, STS_NONE = 1, STS_TESTING = 2, STS_ENFORCE = 3 };

#define STS_ID_SIZE 33     /* RFC 8461: 1 to 32 letters and digits */
#define STS_PATTERN_MAX 32 /* mx patterns kept of one policy */

struct sts_facts {
	enum sts_mode mode;     /* of the policy in force; NONE also for "no policy" */
	char id[STS_ID_SIZE];   /* of the TXT record under which it was fetched; "" if none */
	int64_t fetched;        /* when the policy was last fetched whole */
	int64_t until;          /* fetched + max_age; the policy holds until then */
	int64_t max_age;        /* seconds, as published */
	struct freshness fresh; /* of the TXT look-up and, where due, the fetch */
	size_t patterns;
	char pattern[STS_PATTERN_MAX][DOMAIN_SIZE]; /* "mx.example.com" or "*.example.com" */
	char detail[DETAIL_SIZE]; /* why the latest attempt failed; "" if it did not */
};

/*
 * History: what the law of DESIGN.md section 4 is made of. A function of the
 * set of observations folded in, whatever their order and however often.
 */
struct history {
	int64_t first_tls;
	int64_t last_tls;
	int64_t last_plain;
	uint16_t best_version;
	uint16_t last_version;         /* at last_tls */
	char last_cipher[CIPHER_SIZE]; /* at last_tls */
	struct timeset successes;      /* completed handshakes, one a second */
	struct timeset tls_days;       /* days with TLS */
	struct timeset plain_days;     /* days on which plain was seen */
};

enum addr_state {
	ADDR_UNKNOWN = 0,
	ADDR_FOUND = 1,
	ADDR_NONE = 2 /* no such host, or no address */
};

enum tlsa_state {
	TLSA_UNKNOWN = 0,
	TLSA_ABSENT = 1,  /* denied, or the host's address is not secure */
	TLSA_USABLE = 2,  /* at least one DANE-TA(2) or DANE-EE(3) record to go by */
	TLSA_UNUSABLE = 3 /* there are records, and none is usable */
};

struct host_facts {
	enum addr_state addr;
	bool addr_secure; /* the whole chain to the address is validated */
	struct freshness addr_fresh;
	enum tlsa_state tlsa; /* trusted: only ever set from validated answers */
	uint16_t tlsa_usable; /* records of each kind, for people */
	uint16_t tlsa_unusable;
	char tlsa_base[DOMAIN_SIZE]; /* RFC 7672 2.2.2: where the TLSA records were */
	struct freshness tlsa_fresh;
	struct observation last; /* latest probe, whatever came of it */
	int64_t last_expires;    /* when to probe again */
	struct history history;
};

/*
 * What is kept of a next hop; its MX hosts have records of their own.
 *
 * `history` is what counts: what was seen after `forgotten`. `evidence` is all that
 * was ever seen, and what ledgers exchange. Fold into `history`: the record takes
 * that into `evidence` and cuts `history` anew whenever it is written (record.h).
 */
struct domain_facts {
	struct mx_facts mx;
	struct sts_facts sts;
	struct history history;
	struct history evidence;
	int64_t forgotten; /* an admin made us forget: nothing up to here counts */
	/* Some of it was shown by one MX host alone (`mixed_mx = strict`): no evidence where
	 * each of them has to show it. */
	bool any_host;
};

enum override_kind {
	OVERRIDE_NONE = 0,     /* in a record: it was cleared, at `set` */
	OVERRIDE_EXACT = 1,    /* answer this level, whatever the facts say */
	OVERRIDE_MINIMUM = 2,  /* at least this level */
	OVERRIDE_HANDS_OFF = 3 /* NOTFOUND: main.cf decides */
};

/* Strength of an answer, weakest first (DESIGN.md section 4). */
enum level {
	LEVEL_NONE = 0,
	LEVEL_ENCRYPT = 1,
	LEVEL_DANE = 2,
	LEVEL_SECURE = 3,
	LEVEL_FINGERPRINT = 4,
	LEVEL_DANE_ONLY = 5
};

struct override {
	enum override_kind kind;
	enum level level;
	int64_t set;     /* when */
	int64_t expires; /* 0: never */
	char author[64];
	char reason[DETAIL_SIZE];
};

#define PINS_MAX 8

struct pins {
	size_t count;
	uint8_t spki[PINS_MAX][SPKI_SIZE]; /* ascending, none twice */
};

struct facts {
	struct nexthop nexthop;
	struct domain_facts domain;
	struct host_facts host[MX_MAX]; /* host[i] belongs to domain.mx.refs[i] */
	struct override override;
	struct pins pins;
};

const char *level_name(enum level level); /* "none", "encrypt", "dane", ... */
/* The reverse; false, and *level untouched, for a name that is none. */
bool level_parse(enum level *level, const char *name);
const char *override_kind_name(enum override_kind kind); /* "none", "exact", ... */
const char *mx_state_name(enum mx_state state);
const char *tlsa_state_name(enum tlsa_state state);
const char *addr_state_name(enum addr_state state);
const char *sts_mode_name(enum sts_mode mode);

/*
 * Pins are an ordered set, so that the same set has the same bytes. pins_place: where a key is, or
 * belongs; *there says which.
 */
size_t pins_place(const struct pins *pins, const uint8_t spki[SPKI_SIZE], bool *there);
bool pins_has(const struct pins *pins, const uint8_t spki[SPKI_SIZE]);
/*
 * Keys are on file, and the latest probe of some MX host saw another one: a
 * provider that has changed its key, or somebody who poses as it.
 */
bool pins_broken(const struct facts *facts);
/* False, and nothing changed, when there are PINS_MAX already. One that is there stays. */
bool pins_add(struct pins *pins, const uint8_t spki[SPKI_SIZE]);
void pins_remove(struct pins *pins, const uint8_t spki[SPKI_SIZE]);

#endif
