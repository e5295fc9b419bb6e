/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/dns_answer.h"

#include <stdlib.h>
#include <string.h>

/* RFC 6891 and the DNS flag day of 2020: fits in one packet nearly everywhere. */
#define UDP_PAYLOAD 1232
#define SOA_MINIMUM 6 /* RDATA field */
#define TTL_NONE INT64_MAX

size_t dns_question(uint8_t *query, size_t size, const char *name, ldns_rr_type type)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	ldns_pkt *pkt;
	uint8_t *wire = NULL;
	size_t len = 0;

	if (owner == NULL)
		return 0;
	pkt = ldns_pkt_query_new(owner, type, LDNS_RR_CLASS_IN, LDNS_RD | LDNS_AD);
	if (pkt == NULL) {
		ldns_rdf_deep_free(owner);
		return 0;
	}
	ldns_pkt_set_edns_udp_size(pkt, UDP_PAYLOAD);
	ldns_pkt_set_edns_do(pkt, true);
	if (ldns_pkt2wire(&wire, pkt, &len) != LDNS_STATUS_OK || len > size)
		len = 0;
	if (len > 0)
		memcpy(query, wire, len);
	free(wire);
	ldns_pkt_free(pkt);
	return len;
}

bool dns_name(char dst[DOMAIN_SIZE], const ldns_rdf *rdf)
{
	char *text = rdf != NULL ? ldns_rdf2str(rdf) : NULL;
	bool folded = text != NULL && domain_fold(dst, text, strlen(text));

	free(text);
	return folded;
}

static void fail(struct dns_answer *answer, const char *trouble)
{
	answer->status = LOOKUP_ERROR;
	answer->trouble = trouble;
}

static void note_ttl(struct dns_answer *answer, const ldns_rr *rr)
{
	if (ldns_rr_ttl(rr) < answer->ttl)
		answer->ttl = ldns_rr_ttl(rr);
}

static const ldns_rr *find_cname(const ldns_rr_list *section, const ldns_rdf *owner)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
		    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN && ldns_rr_rd_count(rr) == 1 &&
		    ldns_dname_compare(ldns_rr_owner(rr), owner) == 0)
			return rr;
	}
	return NULL;
}

/* Where the chain that starts at `owner` ends; NULL, and an error, when it does not. */
static const ldns_rdf *follow(struct dns_answer *answer, const ldns_rr_list *section,
			      const ldns_rdf *owner)
{
	for (int step = 0; step < DNS_CHAIN_MAX; step++) {
		const ldns_rr *cname = find_cname(section, owner);

		if (cname == NULL)
			return owner;
		note_ttl(answer, cname);
		answer->alias = true;
		owner = ldns_rr_rdf(cname, 0);
	}
	fail(answer, "endless chain of CNAME records");
	return NULL;
}

static void collect(struct dns_answer *answer, const ldns_rr_list *section, const ldns_rdf *owner,
		    ldns_rr_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) != type || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
		    ldns_dname_compare(ldns_rr_owner(rr), owner) != 0)
			continue;
		note_ttl(answer, rr);
		ldns_rr_list_push_rr(answer->records, rr);
	}
}

/* How long a denial holds: the SOA's TTL or its last field, whichever is less (RFC 2308 5). */
static void note_denial_ttl(struct dns_answer *answer)
{
	const ldns_rr_list *section = ldns_pkt_authority(answer->pkt);

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);
		int64_t minimum;

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) <= SOA_MINIMUM)
			continue;
		minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, SOA_MINIMUM));
		note_ttl(answer, rr);
		if (minimum < answer->ttl)
			answer->ttl = minimum;
	}
}

static void read_answer(struct dns_answer *answer, const ldns_rdf *name, ldns_rr_type type)
{
	const ldns_rr_list *section = ldns_pkt_answer(answer->pkt);
	const ldns_rdf *owner = name;

	if (type != LDNS_RR_TYPE_CNAME)
		owner = follow(answer, section, name);
	if (owner == NULL)
		return;
	if (!dns_name(answer->owner, owner)) {
		fail(answer, "alias of something that is no host name");
		return;
	}
	collect(answer, section, owner, type);
	answer->exists = ldns_pkt_get_rcode(answer->pkt) == LDNS_RCODE_NOERROR;
	if (ldns_rr_list_rr_count(answer->records) == 0) {
		answer->status = LOOKUP_ABSENT;
		note_denial_ttl(answer);
	} else if (answer->exists) {
		answer->status = LOOKUP_FOUND;
	} else {
		fail(answer, "a denial with records in it");
	}
}

/* NULL when the message is fit to be read as a reply to the question. */
static const char *unfit(struct dns_answer *answer)
{
	if (ldns_pkt_edns_extended_rcode(answer->pkt) != 0)
		return "an error of the server";
	switch (ldns_pkt_get_rcode(answer->pkt)) {
	case LDNS_RCODE_NOERROR:
	case LDNS_RCODE_NXDOMAIN:
		break;
	case LDNS_RCODE_SERVFAIL:
		answer->servfail = true;
		return "SERVFAIL";
	case LDNS_RCODE_REFUSED:
		return "REFUSED";
	default:
		return "an error of the server";
	}
	if (ldns_pkt_tc(answer->pkt))
		return "a truncated answer";
	/* A referral would look like a denial. */
	if (!ldns_pkt_ra(answer->pkt))
		return "a server that does not recurse";
	return NULL;
}

static bool is_question(const ldns_pkt *pkt, const ldns_rdf *name, ldns_rr_type type)
{
	const ldns_rr_list *section = ldns_pkt_question(pkt);
	const ldns_rr *question;

	if (!ldns_pkt_qr(pkt) || ldns_rr_list_rr_count(section) != 1)
		return false;
	question = ldns_rr_list_rr(section, 0);
	return ldns_rr_get_type(question) == type &&
	       ldns_rr_get_class(question) == LDNS_RR_CLASS_IN &&
	       ldns_dname_compare(ldns_rr_owner(question), name) == 0;
}

void dns_answer_read(struct dns_answer *answer, const uint8_t *reply, size_t len, const char *name,
		     ldns_rr_type type)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	const char *trouble;

	*answer = (struct dns_answer){.status = LOOKUP_ERROR, .ttl = TTL_NONE};
	answer->records = ldns_rr_list_new();
	if (owner == NULL || answer->records == NULL ||
	    ldns_wire2pkt(&answer->pkt, reply, len) != LDNS_STATUS_OK) {
		fail(answer, "a malformed answer");
	} else if (!is_question(answer->pkt, owner, type)) {
		fail(answer, "an answer to another question");
	} else {
		answer->authentic = ldns_pkt_ad(answer->pkt);
		trouble = unfit(answer);
		if (trouble != NULL)
			fail(answer, trouble);
		else
			read_answer(answer, owner, type);
	}
	if (answer->ttl == TTL_NONE)
		answer->ttl = 0;
	ldns_rdf_deep_free(owner);
}

void dns_answer_free(struct dns_answer *answer)
{
	/* The records are the packet's own. */
	ldns_rr_list_free(answer->records);
	ldns_pkt_free(answer->pkt);
	*answer = (struct dns_answer){0};
}
