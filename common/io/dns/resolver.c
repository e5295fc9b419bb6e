/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/dns/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct resolver {
	struct dns_asker *asker;
	unsigned families; /* INET_IPV4, INET_IPV6 */
};

struct resolver *resolver_new(const struct settings *settings, char error[RESOLVER_ERROR_SIZE])
{
	struct dns_asker *asker = dns_asker_new(settings, error);
	struct resolver *resolver;

	if (asker == NULL)
		return NULL;
	resolver = mem_zero(1, sizeof(*resolver));
	resolver->asker = asker;
	resolver->families = settings->inet_protocols;
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	dns_asker_free(resolver->asker);
	free(resolver);
}

const char *resolver_trouble(const struct resolver *resolver)
{
	return dns_asker_trouble(resolver->asker);
}

/* One question. Its answer has to be proven, or proven to be unsigned. */
static struct dns_question ask(struct resolver *resolver, const char *name, enum dns_type type)
{
	struct dns_question question = { .name = name, .type = type, .proof = true };

	dns_ask(resolver->asker, &question, 1);
	return question;
}

static int compare_refs(const void *left, const void *right)
{
	const struct mx_ref *a = left, *b = right;

	if (a->preference != b->preference)
		return a->preference < b->preference ? -1 : 1;
	return strcmp(a->host, b->host);
}

static bool has_ref(const struct mx_facts *mx, const char *host)
{
	for (size_t i = 0; i < mx->count; i++)
		if (strcmp(mx->refs[i].host, host) == 0)
			return true;
	return false;
}

/* The most preferred ones, no host twice. */
static void keep_refs(struct mx_facts *mx, struct mx_ref *refs, size_t count)
{
	qsort(refs, count, sizeof(*refs), compare_refs);
	for (size_t i = 0; i < count; i++) {
		if (has_ref(mx, refs[i].host))
			continue;
		if (mx->count == MX_MAX) {
			mx->truncated = true;
			return;
		}
		mx->refs[mx->count++] = refs[i];
	}
}

/*
 * An entry that cannot be used counts as a host of which nothing is known: Postfix may still find
 * a way to it.
 */
static void read_targets(struct mx_facts *mx, const struct dns_answer *answer, uint16_t *port)
{
	struct mx_ref *refs = mem_zero(answer->count, sizeof(*refs));
	size_t count = 0, nones = 0;

	for (size_t i = 0; i < answer->count; i++) {
		struct dns_target target;

		if (!dns_answer_target(answer, i, &target)) {
			mx->truncated = true;
			continue;
		}
		if (target.none) {
			nones++;
			continue;
		}
		if (target.port != *port)
			*port = 0;
		refs[count].preference = target.preference;
		memcpy(refs[count++].host, target.host, sizeof(target.host));
	}
	mx->state = nones == answer->count ? MX_NULL : MX_FOUND;
	keep_refs(mx, refs, count);
	free(refs);
}

bool resolver_mx(struct resolver *resolver, const char *domain, struct mx_answer *result)
{
	struct dns_question question = ask(resolver, domain, DNS_MX);
	const struct dns_answer *answer = &question.answer;
	struct mx_facts *mx = &result->facts;
	uint16_t port = 0;

	*result = (struct mx_answer){ 0 };
	if (answer->status == LOOKUP_FOUND) {
		read_targets(mx, answer, &port);
	} else if (answer->status == LOOKUP_ABSENT && answer->exists) {
		mx->state = MX_IMPLICIT;
		mx->count = 1;
		str_copy(mx->refs[0].host, sizeof(mx->refs[0].host), domain);
	} else if (answer->status == LOOKUP_ABSENT) {
		mx->state = MX_NXDOMAIN;
	}
	mx->secure = answer->authentic;
	result->ttl = answer->ttl;
	dns_answer_free(&question.answer);
	return mx->state != MX_UNKNOWN;
}

enum lookup resolver_srv(struct resolver *resolver, const char *domain, const char *service,
			 uint16_t port, struct mx_answer *result)
{
	struct dns_question question;
	char name[DOMAIN_SIZE];
	enum lookup status;
	uint16_t same = port;
	int len = snprintf(name, sizeof(name), "_%s._tcp.%s", service, domain);

	*result = (struct mx_answer){ .facts.secure = true, .ttl = INT64_MAX };
	/* Where the name cannot be, there are no records. */
	if (len < 0 || (size_t)len >= sizeof(name))
		return LOOKUP_ABSENT;
	question = ask(resolver, name, DNS_SRV);
	status = question.answer.status;
	if (status == LOOKUP_FOUND)
		read_targets(&result->facts, &question.answer, &same);
	if (status == LOOKUP_FOUND && same != port) {
		dns_asker_note(resolver->asker, &question, "another port than the next hop's");
		status = LOOKUP_ERROR;
	}
	result->facts.secure = question.answer.authentic;
	result->ttl = question.answer.ttl;
	dns_answer_free(&question.answer);
	return status;
}

enum lookup resolver_check(struct resolver *resolver)
{
	struct dns_question question = { .name = DNS_CANARY, .type = DNS_MX };
	enum lookup status;

	dns_ask(resolver->asker, &question, 1);
	status = question.answer.status == LOOKUP_ERROR ? LOOKUP_ERROR
		 : question.answer.authentic            ? LOOKUP_FOUND
							: LOOKUP_ABSENT;
	dns_answer_free(&question.answer);
	return status;
}

/* IPv6 first, then by turns, so that each family has its share. */
static void merge_addresses(struct address_answer *result, const struct dns_question *families,
			    size_t count)
{
	bool more = true;

	for (size_t i = 0; more; i++) {
		more = false;
		for (size_t f = 0; f < count; f++) {
			const struct dns_answer *answer = &families[f].answer;

			if (answer->status != LOOKUP_FOUND || i >= answer->count)
				continue;
			more = true;
			if (result->count < ADDRESS_MAX &&
			    dns_answer_address(answer, i, &result->address[result->count]))
				result->count++;
		}
	}
}

/*
 * The host counts as secure if the answer of one family is, though no sound zone does that. An
 * answer that demands too much makes mail wait; one that demands too little gives it away.
 */
static void describe(struct address_answer *result, const struct dns_question *families,
		     size_t count)
{
	const struct dns_answer *from = NULL;

	for (size_t f = 0; f < count; f++) {
		const struct dns_answer *answer = &families[f].answer;

		if (answer->status == LOOKUP_FOUND &&
		    (from == NULL || (answer->authentic && !from->authentic)))
			from = answer;
	}
	if (from == NULL)
		return;
	result->secure = from->authentic;
	result->alias = from->alias;
	result->redirected = from->redirected;
	str_copy(result->expanded, sizeof(result->expanded), from->owner);
}

enum lookup resolver_addresses(struct resolver *resolver, const char *host,
			       struct address_answer *result)
{
	struct dns_question families[2];
	enum lookup status = LOOKUP_ABSENT;
	size_t count = 0;

	*result = (struct address_answer){ .ttl = INT64_MAX };
	if ((resolver->families & INET_IPV6) != 0)
		families[count++] = (struct dns_question){ host, DNS_AAAA, .proof = true };
	if ((resolver->families & INET_IPV4) != 0)
		families[count++] = (struct dns_question){ host, DNS_A, .proof = true };
	dns_ask(resolver->asker, families, count);
	merge_addresses(result, families, count);
	describe(result, families, count);
	for (size_t f = 0; f < count; f++) {
		if (families[f].answer.status == LOOKUP_ERROR)
			status = LOOKUP_ERROR;
		/* A family that failed has no TTL: ask again for it soon. */
		if (families[f].answer.ttl < result->ttl)
			result->ttl = families[f].answer.ttl;
		dns_answer_free(&families[f].answer);
	}
	return result->count > 0 ? LOOKUP_FOUND : status;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void read_tlsa(struct tlsa_set *set, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		struct tlsa record;

		dns_answer_tlsa(answer, i, &record);
		tlsa_set_add(set, &record, tlsa_usable(&record));
	}
}

/* The TLSA records for one base domain; insecure ones count as none. */
static enum lookup tlsa_at(struct resolver *resolver, const char *base, uint16_t port,
			   struct tlsa_answer *result)
{
	struct dns_question question;
	char name[DOMAIN_SIZE];
	enum lookup status;
	int len = snprintf(name, sizeof(name), "_%u._tcp.%s", (unsigned)port, base);

	/* Where the name cannot be, there are no records. */
	if (len < 0 || (size_t)len >= sizeof(name))
		return LOOKUP_ABSENT;
	question = ask(resolver, name, DNS_TLSA);
	status = question.answer.status;
	if (status == LOOKUP_FOUND && !question.answer.authentic)
		status = LOOKUP_ABSENT;
	if (status == LOOKUP_FOUND) {
		read_tlsa(&result->set, &question.answer);
		str_copy(result->base, sizeof(result->base), base);
	}
	result->ttl = least(result->ttl, question.answer.ttl);
	dns_answer_free(&question.answer);
	return status;
}

/* Is the alias itself in a secure zone? Where it leads to does not matter. */
static enum lookup alias_secure(struct resolver *resolver, const char *host,
				struct tlsa_answer *result)
{
	struct dns_question question = ask(resolver, host, DNS_CNAME);
	/* It was an alias a moment ago, and is none now: it cannot be told what it is. */
	enum lookup status = question.answer.status == LOOKUP_FOUND ? LOOKUP_FOUND : LOOKUP_ERROR;

	if (status == LOOKUP_FOUND && !question.answer.authentic)
		status = LOOKUP_ABSENT;
	result->ttl = least(result->ttl, question.answer.ttl);
	dns_answer_free(&question.answer);
	return status;
}

enum lookup resolver_tlsa(struct resolver *resolver, const char *host, uint16_t port,
			  const struct address_answer *addresses, struct tlsa_answer *result)
{
	enum lookup status = LOOKUP_ABSENT;

	*result = (struct tlsa_answer){ .ttl = addresses->ttl };
	if (addresses->secure) {
		status = tlsa_at(resolver, addresses->expanded, port, result);
		if (status != LOOKUP_ABSENT || !addresses->alias)
			return status;
	} else if (!addresses->alias) {
		return LOOKUP_ABSENT;
	} else if (!addresses->redirected) {
		status = alias_secure(resolver, host, result);
		if (status != LOOKUP_FOUND)
			return status;
	}
	return tlsa_at(resolver, host, port, result);
}

enum lookup resolver_txt(struct resolver *resolver, const char *name, struct txt_answer *result)
{
	/* MTA-STS does without DNSSEC (RFC 8461 10.2). */
	struct dns_question question = { .name = name, .type = DNS_TXT };
	const struct dns_answer *answer = &question.answer;
	enum lookup status;

	*result = (struct txt_answer){ 0 };
	dns_ask(resolver->asker, &question, 1);
	if (answer->count > 0)
		result->text = mem_zero(answer->count, sizeof(*result->text));
	for (size_t i = 0; i < answer->count; i++) {
		struct buf *text = &result->text[result->count];

		dns_answer_txt(answer, i, text);
		if (text->len <= TXT_LEN_MAX)
			result->count++;
		else
			buf_free(text);
	}
	status = answer->status;
	result->ttl = answer->ttl;
	dns_answer_free(&question.answer);
	return status;
}

void txt_answer_free(struct txt_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		buf_free(&answer->text[i]);
	free(answer->text);
	*answer = (struct txt_answer){ 0 };
}
