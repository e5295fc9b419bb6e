/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver - the DNS look-ups that postseal makes, and how far each is to be
 * trusted.
 *
 * It asks the servers of the setting `resolver`, or those of resolv.conf(5)
 * (which is read again when it changes), in their order, by UDP and where needed
 * TCP, with EDNS0, DO and AD. DNSSEC is the server's work: an answer is `secure`
 * when its AD bit is set and the server is on loopback, or `resolver_trust_ad`
 * says so. Where there is a server whose AD is believed, those whose is not are
 * never asked, and a SERVFAIL from it ends a look-up: to ask one that does not
 * validate next would turn "cannot tell" or "bogus" into "insecure".
 *
 * Look-ups end in three ways (base/lookup.h). ERROR is time-out, SERVFAIL and
 * whatever is malformed; resolver_trouble() then says what it was.
 *
 * A resolver belongs to one thread. Calls block, at most RESOLVER_TIMEOUT_MS
 * for each question and server (an address look-up asks two questions, TLSA up
 * to three).
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

#define RESOLVER_TIMEOUT_MS 6000
#define RESOLVER_ERROR_SIZE 256

struct resolver;

/* NULL, and what is wrong with the setting in `error`. */
struct resolver *resolver_new(const struct settings *settings, char error[RESOLVER_ERROR_SIZE]);
void resolver_free(struct resolver *resolver); /* NULL is allowed */

/* What became of the latest question that was not answered; printable. */
const char *resolver_trouble(const struct resolver *resolver);

struct mx_answer {
	struct mx_facts facts; /* all but `fresh` */
	int64_t ttl;           /* seconds, not clamped */
};

/*
 * The mail exchangers of `domain`. False when it could not be told. Then facts:
 *   FOUND     refs in order; those that are no usable host name are left out,
 *             so there may be none
 *   IMPLICIT  the domain exists and has no MX records: refs is itself (RFC 5321 5.1)
 *   NULL      nothing but "." (RFC 7505)
 *   NXDOMAIN  no such domain
 */
bool resolver_mx(struct resolver *resolver, const char *domain, struct mx_answer *answer);

#define ADDRESS_MAX 16

struct address_answer {
	size_t count; /* IPv6 and IPv4 by turns, at most ADDRESS_MAX */
	struct ipaddr address[ADDRESS_MAX];
	bool secure;                /* whole chain to the addresses validated */
	bool alias;                 /* host is a CNAME */
	char expanded[DOMAIN_SIZE]; /* where its chain ends */
	int64_t ttl;
};

/*
 * ABSENT when the host does not exist or has no address. One family that fails
 * does not spoil the other; ERROR when one failed and the other found nothing.
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
 * As RFC 7672 2.2.2 and Postfix have it: for the expanded name when the
 * addresses are secure; where there is none, or where they are not secure but
 * the host is an alias in a secure zone, for the host itself. What is not
 * secure, records or denial, is ABSENT. End with tlsa_set_free.
 */
enum lookup resolver_tlsa(struct resolver *resolver, const char *host, uint16_t port,
			  const struct address_answer *addresses, struct tlsa_answer *result);

#define TXT_MAX 16       /* records of a name; of more, the first ones */
#define TXT_LEN_MAX 4096 /* bytes of one record; a longer one is left out */

struct txt_answer {
	size_t count;
	struct buf text[TXT_MAX]; /* a record's strings put together; any bytes */
	int64_t ttl;
};

/* End with txt_answer_free. */
enum lookup resolver_txt(struct resolver *resolver, const char *name, struct txt_answer *result);
void txt_answer_free(struct txt_answer *answer);

#endif
