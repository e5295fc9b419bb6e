/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_answer - DNS questions, and what a message says in reply (ldns inside, hidden).
 *
 * The message is hostile until proven otherwise: it must parse as a whole, come from a server
 * that recurses, and answer the question. A chain of CNAME records is followed through the answer
 * section, for at most DNS_CHAIN_MAX steps; other records are passed over. A name in the chain
 * that no mail system could use (domain.h) makes the answer an error.
 */
#ifndef POSTSEAL_IO_DNS_ANSWER_H
#define POSTSEAL_IO_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "core/names/domain.h"
#include "core/names/ipaddr.h"
#include "core/protocol/tlsa.h"

#define DNS_CHAIN_MAX 16

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_TLSA = 52
};

const char *dns_type_name(enum dns_type type);

struct dns_answer {
	enum lookup status;          /* FOUND: there are records; ERROR: see trouble */
	bool exists;                 /* ABSENT: the name exists, but has no such records */
	bool authentic;              /* the AD bit, believed or not */
	bool servfail;               /* ERROR: the server could not tell, or DNSSEC says bogus */
	bool alias;                  /* there was a CNAME, */
	bool redirected;             /* whose first step a DNAME above the name made */
	char owner[DOMAIN_SIZE];     /* where the chain ends; the name itself without one */
	int64_t ttl;                 /* least of the chain and the records, or of the denial */
	const char *trouble;         /* ERROR: why, a constant */
	size_t count;                /* records of the asked type at owner */
	struct dns_records *records; /* opaque */
};

/*
 * A query for `name` (folded), with RD, AD, DO and EDNS0; its id is 0. Returns
 * its length; 0 when there can be no such question.
 */
size_t dns_question(uint8_t *query, size_t size, const char *name, enum dns_type type);

/* Always leaves an answer to be ended with dns_answer_free. */
void dns_answer_read(struct dns_answer *answer, const uint8_t *reply, size_t len, const char *name,
		     enum dns_type type);
void dns_answer_free(struct dns_answer *answer);

/*
 * The i-th record of an answer of that type, i < answer->count. False where it
 * makes no sense for mail.
 *
 * Of MX (RFC 1035 3.3.9) and SRV (RFC 2782): where mail goes. Postfix takes an address
 * in the place of a name for that address.
 */
struct dns_target {
	uint16_t preference;    /* or priority */
	uint16_t port;          /* SRV; 0 of MX */
	bool none;              /* "." (RFC 7505, RFC 2782); host is "" */
	char host[DOMAIN_SIZE]; /* folded, or the text of an address */
};
bool dns_answer_target(const struct dns_answer *answer, size_t i, struct dns_target *target);
bool dns_answer_address(const struct dns_answer *answer, size_t i, struct ipaddr *address);
/* Its data belongs to the answer; all zero when it is too short to be one. */
void dns_answer_tlsa(const struct dns_answer *answer, size_t i, struct tlsa *tlsa);
/* Appends its character-strings, put together. */
void dns_answer_txt(const struct dns_answer *answer, size_t i, struct buf *text);

#endif
