/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/dns/resolver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/dns/dns_answer.h"
#include "io/dns/dns_exchange.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define QUERY_MAX 512
#define TROUBLE_SIZE 400

/* All servers are asked once, patiently; then once more, more so. */
static const int64_t waits_ms[] = { 2000, 4000 };

struct resolver {
	size_t count;
	struct dns_server servers[DNS_SERVERS_MAX];
	bool from_file;   /* the servers are those of resolv.conf */
	struct stat file; /* as it was when they were read */
	bool trust_ad;
	char trouble[TROUBLE_SIZE];
	uint8_t reply[DNS_MESSAGE_MAX];
};

static bool take_servers(struct resolver *resolver, const struct string_list *list,
			 char error[RESOLVER_ERROR_SIZE])
{
	if (list->count > DNS_SERVERS_MAX) {
		snprintf(error, RESOLVER_ERROR_SIZE, "resolver: %zu servers, at most %d are asked",
			 list->count, DNS_SERVERS_MAX);
		return false;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (!dns_server_parse(&resolver->servers[i], list->items[i])) {
			snprintf(error, RESOLVER_ERROR_SIZE,
				 "resolver: \"%s\" is no address such as 127.0.0.1 or [::1]:53",
				 list->items[i]);
			return false;
		}
	}
	resolver->count = list->count;
	return true;
}

/*
 * When the network came up, or changed, after we started, it says something
 * else now; glibc looks at every question, too.
 */
static void follow_file(struct resolver *resolver)
{
	struct stat now = { 0 };
	const struct stat *before = &resolver->file;

	if (!resolver->from_file || (stat(RESOLV_CONF, &now) < 0 && resolver->count > 0))
		return;
	if (resolver->count > 0 && now.st_ino == before->st_ino && now.st_size == before->st_size &&
	    now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
		return;
	resolver->file = now;
	resolver->count = dns_servers_read(resolver->servers, RESOLV_CONF);
}

struct resolver *resolver_new(const struct settings *settings, char error[RESOLVER_ERROR_SIZE])
{
	struct resolver *resolver = mem_zero(1, sizeof(*resolver));

	resolver->trust_ad = settings->resolver_trust_ad;
	if (!take_servers(resolver, &settings->resolver, error)) {
		free(resolver);
		return NULL;
	}
	resolver->from_file = resolver->count == 0;
	follow_file(resolver);
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	free(resolver);
}

const char *resolver_trouble(const struct resolver *resolver)
{
	return resolver->trouble;
}

static bool believes(const struct resolver *resolver, const struct dns_server *server)
{
	return server->loopback || resolver->trust_ad;
}

/* Where there is a server that is believed, no other one has a say. */
static bool has_say(const struct resolver *resolver, const struct dns_server *server)
{
	for (size_t i = 0; i < resolver->count; i++)
		if (believes(resolver, &resolver->servers[i]))
			return believes(resolver, server);
	return true;
}

static void note_trouble(struct resolver *resolver, const struct dns_server *server,
			 const char *name, enum dns_type type, const char *what)
{
	snprintf(resolver->trouble, sizeof(resolver->trouble), "%s for %s %s from %s", what,
		 dns_type_name(type), name, server->text);
}

/* One server, one try. */
static void try_server(struct resolver *resolver, const struct dns_server *server,
		       struct dns_answer *answer, const char *name, enum dns_type type,
		       int64_t timeout_ms)
{
	uint8_t query[QUERY_MAX];
	size_t len = dns_question(query, sizeof(query), name, type);
	ssize_t n;

	*answer = (struct dns_answer){ .status = LOOKUP_ERROR, .trouble = "no question" };
	if (len == 0) {
		note_trouble(resolver, server, name, type, answer->trouble);
		return;
	}
	n = dns_exchange(server, query, len, timeout_ms, resolver->reply);
	if (n < 0) {
		answer->trouble = errno == ETIMEDOUT ? "no answer" : "no connection";
		note_trouble(resolver, server, name, type, answer->trouble);
		return;
	}
	dns_answer_read(answer, resolver->reply, (size_t)n, name, type);
	answer->authentic = answer->authentic && believes(resolver, server);
	if (answer->status == LOOKUP_ERROR)
		note_trouble(resolver, server, name, type, answer->trouble);
}

/* Ends with dns_answer_free, whatever came of it. */
static void ask(struct resolver *resolver, struct dns_answer *answer, const char *name,
		enum dns_type type)
{
	follow_file(resolver);
	*answer = (struct dns_answer){ .status = LOOKUP_ERROR };
	for (size_t i = 0; i < ARRAY_LEN(waits_ms) * resolver->count; i++) {
		const struct dns_server *server = &resolver->servers[i % resolver->count];

		if (!has_say(resolver, server))
			continue;
		dns_answer_free(answer);
		try_server(resolver, server, answer, name, type, waits_ms[i / resolver->count]);
		if (answer->status != LOOKUP_ERROR ||
		    (answer->servfail && believes(resolver, server)))
			return;
	}
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

static void read_mx(struct mx_facts *mx, const struct dns_answer *answer)
{
	struct mx_ref *refs = mem_zero(answer->count, sizeof(*refs));
	size_t count = 0, nones = 0;

	for (size_t i = 0; i < answer->count; i++) {
		struct dns_mx record;

		if (!dns_answer_mx(answer, i, &record))
			continue;
		if (record.none) {
			nones++;
			continue;
		}
		refs[count].preference = record.preference;
		memcpy(refs[count++].host, record.host, sizeof(record.host));
	}
	mx->state = nones == answer->count ? MX_NULL : MX_FOUND;
	keep_refs(mx, refs, count);
	free(refs);
}

bool resolver_mx(struct resolver *resolver, const char *domain, struct mx_answer *result)
{
	struct mx_facts *mx = &result->facts;
	struct dns_answer answer;

	*result = (struct mx_answer){ 0 };
	ask(resolver, &answer, domain, DNS_MX);
	if (answer.status == LOOKUP_FOUND) {
		read_mx(mx, &answer);
	} else if (answer.status == LOOKUP_ABSENT && answer.exists) {
		mx->state = MX_IMPLICIT;
		mx->count = 1;
		str_copy(mx->refs[0].host, sizeof(mx->refs[0].host), domain);
	} else if (answer.status == LOOKUP_ABSENT) {
		mx->state = MX_NXDOMAIN;
	}
	mx->secure = answer.authentic;
	result->ttl = answer.ttl;
	dns_answer_free(&answer);
	return mx->state != MX_UNKNOWN;
}

/* IPv6 first and then by turns, so that neither family keeps the other out. */
static void merge_addresses(struct address_answer *result, const struct dns_answer *six,
			    const struct dns_answer *four)
{
	const struct dns_answer *families[] = { six, four };

	for (size_t i = 0; i < six->count || i < four->count; i++) {
		for (size_t f = 0; f < ARRAY_LEN(families); f++) {
			if (families[f]->status == LOOKUP_FOUND && i < families[f]->count &&
			    result->count < ADDRESS_MAX &&
			    dns_answer_address(families[f], i, &result->address[result->count]))
				result->count++;
		}
	}
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * Each address stands with the answer it came in. Where only one family's is
 * secure (no sound zone does that), the host counts as secure: an answer that
 * demands too much makes mail wait, one that demands too little gives it away.
 */
static void describe(struct address_answer *result, const struct dns_answer *six,
		     const struct dns_answer *four)
{
	const struct dns_answer *from = six->status == LOOKUP_FOUND ? six : four;

	if (four->status == LOOKUP_FOUND && four->authentic && !from->authentic)
		from = four;
	result->secure = from->authentic;
	result->alias = from->alias;
	str_copy(result->expanded, sizeof(result->expanded), from->owner);
}

enum lookup resolver_addresses(struct resolver *resolver, const char *host,
			       struct address_answer *result)
{
	struct dns_answer four, six;
	enum lookup status;

	*result = (struct address_answer){ 0 };
	ask(resolver, &four, host, DNS_A);
	ask(resolver, &six, host, DNS_AAAA);
	merge_addresses(result, &six, &four);
	if (result->count > 0) {
		status = LOOKUP_FOUND;
		describe(result, &six, &four);
	} else if (four.status == LOOKUP_ERROR || six.status == LOOKUP_ERROR) {
		status = LOOKUP_ERROR;
	} else {
		status = LOOKUP_ABSENT;
	}
	/* A family that failed has no TTL: ask again for it soon. */
	result->ttl = least(four.ttl, six.ttl);
	dns_answer_free(&four);
	dns_answer_free(&six);
	return status;
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
	struct dns_answer answer;
	char name[DOMAIN_SIZE];
	enum lookup status;
	int len = snprintf(name, sizeof(name), "_%u._tcp.%s", (unsigned)port, base);

	/* Where the name cannot be, there are no records. */
	if (len < 0 || (size_t)len >= sizeof(name))
		return LOOKUP_ABSENT;
	ask(resolver, &answer, name, DNS_TLSA);
	status = answer.status;
	if (status == LOOKUP_FOUND && !answer.authentic)
		status = LOOKUP_ABSENT;
	if (status == LOOKUP_FOUND) {
		read_tlsa(&result->set, &answer);
		str_copy(result->base, sizeof(result->base), base);
	}
	result->ttl = least(result->ttl, answer.ttl);
	dns_answer_free(&answer);
	return status;
}

/* Is the alias itself, whatever it leads to, in a secure zone? */
static enum lookup alias_secure(struct resolver *resolver, const char *host,
				struct tlsa_answer *result)
{
	struct dns_answer answer;
	enum lookup status;

	ask(resolver, &answer, host, DNS_CNAME);
	/* An alias a moment ago, and none now: nobody knows what it is. */
	status = answer.status == LOOKUP_FOUND ? LOOKUP_FOUND : LOOKUP_ERROR;
	if (status == LOOKUP_FOUND && !answer.authentic)
		status = LOOKUP_ABSENT;
	result->ttl = least(result->ttl, answer.ttl);
	dns_answer_free(&answer);
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
	} else if (addresses->alias) {
		status = alias_secure(resolver, host, result);
		if (status != LOOKUP_FOUND)
			return status;
	} else {
		return LOOKUP_ABSENT;
	}
	return tlsa_at(resolver, host, port, result);
}

enum lookup resolver_txt(struct resolver *resolver, const char *name, struct txt_answer *result)
{
	struct dns_answer answer;
	enum lookup status;

	*result = (struct txt_answer){ 0 };
	ask(resolver, &answer, name, DNS_TXT);
	for (size_t i = 0; i < answer.count && result->count < TXT_MAX; i++) {
		struct buf *text = &result->text[result->count];

		dns_answer_txt(&answer, i, text);
		if (text->len <= TXT_LEN_MAX)
			result->count++;
		else
			buf_free(text);
	}
	status = answer.status;
	result->ttl = answer.ttl;
	dns_answer_free(&answer);
	return status;
}

void txt_answer_free(struct txt_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		buf_free(&answer->text[i]);
	*answer = (struct txt_answer){ 0 };
}
