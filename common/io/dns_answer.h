/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_answer - what a DNS message says in reply to one question (ldns inside).
 *
 * The message is hostile until proven otherwise: it must parse as a whole, come
 * from a server that recurses, and answer the question; a CNAME chain is
 * followed through the answer section, at most DNS_CHAIN_MAX steps, and what
 * does not belong to it is passed over. Names that no mail system could use
 * (domain.h) make the answer an error where they stand in the chain.
 *
 * For io/resolver.c; it is the only one to see ldns's types besides dns_answer.c.
 */
#ifndef POSTSEAL_IO_DNS_ANSWER_H
#define POSTSEAL_IO_DNS_ANSWER_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lookup.h"
#include "core/domain.h"

#define DNS_CHAIN_MAX 16

struct dns_answer {
	enum lookup status;  /* FOUND: records is not empty; ERROR: see trouble */
	bool exists;         /* ABSENT: the name exists, it only has no such records */
	bool authentic;      /* the AD bit, believed or not */
	bool servfail;       /* ERROR: the server could not tell, or DNSSEC says bogus */
	bool alias;          /* there was a CNAME */
	char owner[DOMAIN_SIZE]; /* where the chain ends; the name itself without one */
	int64_t ttl;         /* least of the chain and the records, or of the denial */
	const char *trouble; /* ERROR: why, a constant */
	ldns_rr_list *records; /* of the asked type, at owner; point into pkt */
	ldns_pkt *pkt;
};

/*
 * A query for `name` (folded), with RD, AD, DO and EDNS0; its id is 0. Returns
 * its length; 0 when there can be no such question.
 */
size_t dns_question(uint8_t *query, size_t size, const char *name, ldns_rr_type type);

/* Always leaves an answer to be ended with dns_answer_free. */
void dns_answer_read(struct dns_answer *answer, const uint8_t *reply, size_t len, const char *name,
		     ldns_rr_type type);
void dns_answer_free(struct dns_answer *answer);

/* A domain name in a record, folded; false when it cannot be. */
bool dns_name(char dst[DOMAIN_SIZE], const ldns_rdf *rdf);

#endif
