/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver - the DNS look-ups of postseal, and what their answers mean.
 *
 * dns_ask.h tells which servers are asked, and how far an answer is trusted.
 *
 * Look-ups end in three ways (base/lookup.h). ERROR is a time-out, SERVFAIL, a malformed answer,
 * or "unsigned" from a resolver that does not validate; resolver_trouble() says which.
 *
 * A resolver belongs to one thread. Calls block: each waits at most
 * DNS_ASK_TIMEOUT_MS for each server, a TLSA look-up up to three times that.
 */
#ifndef POSTSEAL_IO_RESOLVER_H
#define POSTSEAL_IO_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "core/facts/facts.h"
#include "core/names/ipaddr.h"
#include "core/settings/settings.h"
#include "core/protocol/tlsa.h"
#include "io/dns/dns_ask.h"

#define RESOLVER_ERROR_SIZE DNS_ASK_ERROR_SIZE

struct resolver;

/* NULL, and what is wrong with the setting in `error`. */
struct resolver *resolver_new(const struct settings *settings, char error[RESOLVER_ERROR_SIZE]);
void resolver_free(struct resolver *resolver); /* NULL is allowed */

/* Why the latest question without an answer has none; printable. */
const char *resolver_trouble(const struct resolver *resolver);

struct mx_answer {
	struct mx_facts facts; /* all but `fresh` */
	int64_t ttl;           /* seconds, not clamped */
};

/*
 * The mail exchangers of `domain`. False when it could not be told. Then facts:
 *   FOUND     refs in order, by name or (as Postfix takes it) by address; where a name
 *             is of no use to us, there is a host of which nothing is known: `truncated`
 *   IMPLICIT  the domain exists and has no MX records: refs is itself (RFC 5321 5.1)
 *   NULL      nothing but "." (RFC 7505)
 *   NXDOMAIN  no such domain
 */
bool resolver_mx(struct resolver *resolver, const char *domain, struct mx_answer *answer);

/*
 * The same by SRV records (RFC 2782), as Postfix 3.8 looks for them for the services in
 * use_srv_lookup. ABSENT where there are none: Postfix then looks for MX records, if it
 * is told to. ERROR also where a record names another port than `port`.
 */
enum lookup resolver_srv(struct resolver *resolver, const char *domain, const char *service,
			 uint16_t port, struct mx_answer *result);

/*
 * Does the resolver validate? FOUND: DNS_CANARY is proven. ABSENT: it is answered, and
 * not proven. ERROR: there is no answer.
 */
enum lookup resolver_check(struct resolver *resolver);

#define ADDRESS_MAX 16

struct address_answer {
	size_t count; /* IPv6 and IPv4 by turns, at most ADDRESS_MAX */
	struct ipaddr address[ADDRESS_MAX];
	bool secure;                /* whole chain to the addresses validated */
	bool alias;                 /* host is a CNAME, */
	bool redirected;            /* by a DNAME above it */
	char expanded[DOMAIN_SIZE]; /* where its chain ends */
	int64_t ttl;
};

/*
 * Its addresses in the families of `inet_protocols`. ABSENT when the host does not exist
 * or has no address. One family that fails does not spoil the other; ERROR when one
 * failed and the other found nothing.
 */
enum lookup resolver_addresses(struct resolver *resolver, const char *host,
			       struct address_answer *result);

struct tlsa_answer {
	struct tlsa_set set;    /* FOUND: at least one record, usable or not */
	char base[DOMAIN_SIZE]; /* RFC 7672 2.2.2: for which host they were found */
	int64_t ttl;
};

/*
 * The TLSA records for `port` of `host`, whose addresses were just looked up.
 * As RFC 7672 2.2.2 and Postfix have it, they are looked up for the expanded name if the
 * addresses are secure. They are looked up for the host itself if there are none for that name,
 * or if the addresses are not secure but the host is an alias in a secure zone. Records or a
 * denial that are not secure are ABSENT. An alias made by a DNAME takes the names below the host
 * with it, so its look-up tells by itself whether it is secure. End with
 * tlsa_set_free.
 */
enum lookup resolver_tlsa(struct resolver *resolver, const char *host, uint16_t port,
			  const struct address_answer *addresses, struct tlsa_answer *result);

#define TXT_LEN_MAX 4096 /* bytes of one record; a longer one is left out */

struct txt_answer {
	size_t count;     /* all there are: a DNS message bounds them */
	struct buf *text; /* a record's strings put together; any bytes */
	int64_t ttl;
};

/* End with txt_answer_free. */
enum lookup resolver_txt(struct resolver *resolver, const char *name, struct txt_answer *result);
void txt_answer_free(struct txt_answer *answer);

#endif
