/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/dns/dns_answer.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* RFC 6891 and the DNS flag day of 2020: fits in one packet nearly everywhere. */
#define UDP_PAYLOAD 1232
#define SOA_MINIMUM 6 /* RDATA field */
#define TTL_NONE INT64_MAX

struct dns_records {
	ldns_pkt *pkt;      /* the whole message; NULL if it is none */
	ldns_rr_list *list; /* those of the asked type; they are the packet's own */
};

static ldns_rr_type rr_type(enum dns_type type)
{
	return (ldns_rr_type)type;
}

const char *dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_CNAME:
		return "CNAME";
	case DNS_MX:
		return "MX";
	case DNS_TXT:
		return "TXT";
	case DNS_AAAA:
		return "AAAA";
	case DNS_SRV:
		return "SRV";
	case DNS_TLSA:
		return "TLSA";
	}
	return "?";
}

size_t dns_question(uint8_t *query, size_t size, const char *name, enum dns_type type)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	ldns_pkt *pkt;
	uint8_t *wire = NULL;
	size_t len = 0;

	if (owner == NULL)
		return 0;
	pkt = ldns_pkt_query_new(owner, rr_type(type), LDNS_RR_CLASS_IN, LDNS_RD | LDNS_AD);
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

/* A name in a record, folded; false when it cannot be. */
static bool fold_name(char dst[DOMAIN_SIZE], const ldns_rdf *rdf)
{
	char *text = rdf != NULL ? ldns_rdf2str(rdf) : NULL;
	bool folded = text != NULL && domain_fold(dst, text, strlen(text));

	free(text);
	return folded;
}

static void fail(struct dns_answer *answer, const char *trouble)
{
	answer->status = LOOKUP_ERROR;
	answer->count = 0;
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

/* Is there a DNAME above that name (RFC 6672)? Then it made the CNAME. */
static bool has_dname(const ldns_rr_list *section, const ldns_rdf *name)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNAME &&
		    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
		    ldns_dname_is_subdomain(name, ldns_rr_owner(rr)))
			return true;
	}
	return false;
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
		if (!answer->alias)
			answer->redirected = has_dname(section, owner);
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
		ldns_rr_list_push_rr(answer->records->list, rr);
	}
}

/* A denial holds for the SOA's TTL or its last field, whichever is less (RFC 2308 5). */
static void note_denial_ttl(struct dns_answer *answer)
{
	const ldns_rr_list *section = ldns_pkt_authority(answer->records->pkt);

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
	const ldns_rr_list *section = ldns_pkt_answer(answer->records->pkt);
	const ldns_rdf *owner = name;

	if (type != LDNS_RR_TYPE_CNAME)
		owner = follow(answer, section, name);
	if (owner == NULL)
		return;
	if (!fold_name(answer->owner, owner)) {
		fail(answer, "alias of something that is not a host name");
		return;
	}
	collect(answer, section, owner, type);
	answer->exists = ldns_pkt_get_rcode(answer->records->pkt) == LDNS_RCODE_NOERROR;
	answer->count = ldns_rr_list_rr_count(answer->records->list);
	if (answer->count == 0) {
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
	if (ldns_pkt_edns_extended_rcode(answer->records->pkt) != 0)
		return "an error of the server";
	switch (ldns_pkt_get_rcode(answer->records->pkt)) {
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
	if (ldns_pkt_tc(answer->records->pkt))
		return "a truncated answer";
	/* A referral would look like a denial. */
	if (!ldns_pkt_ra(answer->records->pkt))
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

static void read_message(struct dns_answer *answer, const uint8_t *reply, size_t len,
			 const ldns_rdf *name, ldns_rr_type type)
{
	struct dns_records *records = answer->records;
	const char *trouble;

	if (name == NULL || records->list == NULL ||
	    ldns_wire2pkt(&records->pkt, reply, len) != LDNS_STATUS_OK) {
		fail(answer, "a malformed answer");
		return;
	}
	if (!is_question(records->pkt, name, type)) {
		fail(answer, "an answer to another question");
		return;
	}
	answer->authentic = ldns_pkt_ad(records->pkt);
	trouble = unfit(answer);
	if (trouble != NULL)
		fail(answer, trouble);
	else
		read_answer(answer, name, type);
}

void dns_answer_read(struct dns_answer *answer, const uint8_t *reply, size_t len, const char *name,
		     enum dns_type type)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);

	*answer = (struct dns_answer){ .status = LOOKUP_ERROR, .ttl = TTL_NONE };
	answer->records = mem_zero(1, sizeof(*answer->records));
	answer->records->list = ldns_rr_list_new();
	read_message(answer, reply, len, owner, rr_type(type));
	if (answer->ttl == TTL_NONE)
		answer->ttl = 0;
	ldns_rdf_deep_free(owner);
}

void dns_answer_free(struct dns_answer *answer)
{
	if (answer->records != NULL) {
		ldns_rr_list_free(answer->records->list);
		ldns_pkt_free(answer->records->pkt);
	}
	free(answer->records);
	*answer = (struct dns_answer){ 0 };
}

static const ldns_rr *record(const struct dns_answer *answer, size_t i)
{
	return ldns_rr_list_rr(answer->records->list, i);
}

/* The name of a host, or an address in its place. */
static bool fold_host(char dst[DOMAIN_SIZE], const ldns_rdf *rdf)
{
	char *text = ldns_rdf2str(rdf);
	size_t len = text != NULL ? strlen(text) : 0;
	struct ipaddr address;
	bool folded = false;

	if (len > 1 && text[len - 1] == '.' && ipaddr_parse_numeric(&address, text, len - 1)) {
		ipaddr_format(dst, &address);
		folded = true;
	} else if (len > 0) {
		folded = domain_fold(dst, text, len);
	}
	free(text);
	return folded;
}

bool dns_answer_target(const struct dns_answer *answer, size_t i, struct dns_target *target)
{
	const ldns_rr *rr = record(answer, i);
	bool srv = ldns_rr_get_type(rr) == LDNS_RR_TYPE_SRV;
	size_t fields = srv ? 4 : 2; /* SRV: priority, weight, port, target */
	const ldns_rdf *host;

	*target = (struct dns_target){ 0 };
	if (ldns_rr_rd_count(rr) != fields)
		return false;
	target->preference = ldns_rdf2native_int16(ldns_rr_rdf(rr, 0));
	if (srv)
		target->port = ldns_rdf2native_int16(ldns_rr_rdf(rr, 2));
	host = ldns_rr_rdf(rr, fields - 1);
	target->none = ldns_rdf_size(host) == 1;
	return target->none || fold_host(target->host, host);
}

bool dns_answer_address(const struct dns_answer *answer, size_t i, struct ipaddr *address)
{
	const ldns_rdf *rdf = ldns_rr_rdf(record(answer, i), 0);

	return rdf != NULL && ipaddr_from_bytes(address, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
}

void dns_answer_tlsa(const struct dns_answer *answer, size_t i, struct tlsa *tlsa)
{
	const ldns_rr *rr = record(answer, i);

	*tlsa = (struct tlsa){ 0 };
	/* Certificate usage, selector, matching type, data (RFC 6698 2.1). */
	if (ldns_rr_rd_count(rr) != 4)
		return;
	tlsa->usage = ldns_rdf2native_int8(ldns_rr_rdf(rr, 0));
	tlsa->selector = ldns_rdf2native_int8(ldns_rr_rdf(rr, 1));
	tlsa->matching = ldns_rdf2native_int8(ldns_rr_rdf(rr, 2));
	tlsa->data = ldns_rdf_data(ldns_rr_rdf(rr, 3));
	tlsa->len = ldns_rdf_size(ldns_rr_rdf(rr, 3));
}

void dns_answer_txt(const struct dns_answer *answer, size_t i, struct buf *text)
{
	const ldns_rr *rr = record(answer, i);

	for (size_t part = 0; part < ldns_rr_rd_count(rr); part++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, part);
		size_t size = ldns_rdf_size(rdf);

		/* A character-string: its length, then its bytes (RFC 1035 3.3). */
		if (size > 1)
			buf_append(text, ldns_rdf_data(rdf) + 1, size - 1);
	}
}
