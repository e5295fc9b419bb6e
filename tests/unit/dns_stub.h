/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_stub - a name server that answers from a table, one thread, UDP and TCP
 * on one loopback address. What is not in the table is NXDOMAIN, not validated. It
 * validates: about DNS_CANARY it says so, which is not counted as a question, unless the
 * table has it.
 */
#ifndef POSTSEAL_TESTS_DNS_STUB_H
#define POSTSEAL_TESTS_DNS_STUB_H

#include <arpa/inet.h>
#include <check.h>
#include <ldns/ldns.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define STUB_AD 1u           /* validated */
#define STUB_SILENT 2u       /* never answers */
#define STUB_LATE 4u         /* passes over the first question */
#define STUB_TRUNCATED 8u    /* by UDP: TC, and nothing in it */
#define STUB_NO_RA 16u       /* does not recurse */
#define STUB_OTHER_ID 32u    /* answers first under another id, with other data */
#define STUB_OTHER_NAME 64u  /* answers another question only */
#define STUB_FAILS_ONCE 256u /* SERVFAIL to the first question */
#define STUB_GARBAGE 128u    /* the right header and question, then noise */
#define STUB_SLOW 512u       /* has nothing to say until STUB_SLOW_MS after the first question */
#define STUB_SLOW_MS 7000

struct stub_answer {
	const char *name; /* with its dot */
	ldns_rr_type type;
	ldns_pkt_rcode rcode;
	unsigned flags;
	const char *answer; /* records, one a line */
	const char *authority;
};

struct stub {
	const struct stub_answer *table;
	size_t count;
	int udp, tcp, stop[2];
	char address[INET_ADDRSTRLEN + 8]; /* "127.0.0.1:5353" */
	in_port_t port;
	pthread_t thread;
	atomic_size_t questions; /* that came */
	atomic_size_t by_tcp;
	atomic_bool bad_question; /* one came without RD, AD, DO or EDNS0 */
	int64_t known;            /* when the answer to a slow question is, clock_mono_ms */
};

static inline void stub_push(ldns_pkt *pkt, ldns_pkt_section section, const char *records)
{
	char copy[16384];
	char *rest = NULL;

	ck_assert_uint_lt(strlen(records), sizeof(copy));
	strcpy(copy, records);
	for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		ldns_rr *rr = NULL;
		ldns_status status = ldns_rr_new_frm_str(&rr, line, 60, NULL, NULL);

		ck_assert_msg(status == LDNS_STATUS_OK, "%s: %s", line,
			      ldns_get_errorstr_by_id(status));
		ldns_pkt_push_rr(pkt, section, rr);
	}
}

static const struct stub_answer stub_canary = {
	"org.", LDNS_RR_TYPE_MX, LDNS_RCODE_NOERROR, STUB_AD, NULL, NULL
};

static inline const struct stub_answer *stub_find(const struct stub *stub, const ldns_rr *question)
{
	char *name = ldns_rdf2str(ldns_rr_owner(question));
	const struct stub_answer *found = NULL;

	for (size_t i = 0; i < stub->count && found == NULL; i++)
		if (strcasecmp(stub->table[i].name, name) == 0 &&
		    stub->table[i].type == ldns_rr_get_type(question))
			found = &stub->table[i];
	if (found == NULL && strcasecmp(name, "org.") == 0)
		found = &stub_canary;
	free(name);
	return found;
}

static inline ldns_pkt *stub_reply(const ldns_pkt *query, const struct stub_answer *answer)
{
	ldns_pkt *pkt = ldns_pkt_new();
	ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(query), 0);

	ldns_pkt_set_id(pkt, ldns_pkt_id(query));
	ldns_pkt_set_qr(pkt, true);
	ldns_pkt_set_rd(pkt, true);
	ldns_pkt_set_ra(pkt, answer == NULL || (answer->flags & STUB_NO_RA) == 0);
	ldns_pkt_set_ad(pkt, answer != NULL && (answer->flags & STUB_AD) != 0);
	ldns_pkt_set_rcode(pkt, answer == NULL ? LDNS_RCODE_NXDOMAIN : answer->rcode);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, ldns_rr_clone(question));
	if (answer != NULL && answer->answer != NULL)
		stub_push(pkt, LDNS_SECTION_ANSWER, answer->answer);
	if (answer != NULL && answer->authority != NULL)
		stub_push(pkt, LDNS_SECTION_AUTHORITY, answer->authority);
	return pkt;
}

static inline size_t stub_wire(uint8_t *out, size_t size, const ldns_pkt *pkt)
{
	uint8_t *wire = NULL;
	size_t len = 0;

	ck_assert_int_eq(ldns_pkt2wire(&wire, pkt, &len), LDNS_STATUS_OK);
	ck_assert_uint_le(len, size);
	memcpy(out, wire, len);
	free(wire);
	return len;
}

/* Those who have asked meanwhile are in the socket's queue, and are answered then. */
static inline void stub_find_out(struct stub *stub)
{
	int64_t now = clock_mono_ms();

	if (stub->known == 0)
		stub->known = now + STUB_SLOW_MS;
	if (now < stub->known)
		poll(NULL, 0, (int)(stub->known - now));
}

/* The reply's bytes; 0: none. */
static inline size_t stub_answer_to(struct stub *stub, const uint8_t *query, size_t len,
				    uint8_t *out, size_t size, bool tcp)
{
	ldns_pkt *question = NULL, *reply;
	const struct stub_answer *answer;
	size_t count;

	ck_assert_int_eq(ldns_wire2pkt(&question, query, len), LDNS_STATUS_OK);
	if (!ldns_pkt_rd(question) || !ldns_pkt_ad(question) || !ldns_pkt_edns_do(question) ||
	    ldns_pkt_edns_udp_size(question) != 1232 || ldns_pkt_cd(question))
		atomic_store(&stub->bad_question, true);
	answer = stub_find(stub, ldns_rr_list_rr(ldns_pkt_question(question), 0));
	count = answer == &stub_canary ? SIZE_MAX : atomic_fetch_add(&stub->questions, 1);
	if (answer != NULL && (answer->flags & STUB_SLOW) != 0)
		stub_find_out(stub);
	reply = stub_reply(question, answer);
	if (answer != NULL && (answer->flags & STUB_FAILS_ONCE) != 0 && count == 0) {
		ldns_pkt_free(reply);
		reply = stub_reply(question, NULL);
		ldns_pkt_set_rcode(reply, LDNS_RCODE_SERVFAIL);
	}
	if (answer != NULL && (answer->flags & STUB_TRUNCATED) != 0 && !tcp) {
		ldns_pkt_free(reply);
		reply = stub_reply(question, NULL);
		ldns_pkt_set_rcode(reply, LDNS_RCODE_NOERROR);
		ldns_pkt_set_tc(reply, true);
	}
	len = stub_wire(out, size, reply);
	if (answer != NULL && (answer->flags & STUB_GARBAGE) != 0)
		memset(out + len - 9, 0xc7, 9);
	if (answer != NULL && (answer->flags & STUB_OTHER_NAME) != 0)
		out[13] ^= 1; /* first letter of the question's name */
	if (answer != NULL && ((answer->flags & STUB_SILENT) != 0 ||
			       ((answer->flags & STUB_LATE) != 0 && count == 0)))
		len = 0;
	ldns_pkt_free(question);
	ldns_pkt_free(reply);
	return len;
}

static inline void stub_forge(struct stub *stub, const uint8_t *query, size_t len,
			      const struct sockaddr_in *to)
{
	static const struct stub_answer lie = { .flags = STUB_AD,
						.answer = "forged.test. 60 IN MX 1 evil.test." };
	ldns_pkt *question = NULL, *reply;
	uint8_t out[4096];

	ck_assert_int_eq(ldns_wire2pkt(&question, query, len), LDNS_STATUS_OK);
	reply = stub_reply(question, &lie);
	ldns_pkt_set_id(reply, (uint16_t)(ldns_pkt_id(question) + 1));
	len = stub_wire(out, sizeof(out), reply);
	sendto(stub->udp, out, len, 0, (const struct sockaddr *)to, sizeof(*to));
	ldns_pkt_free(question);
	ldns_pkt_free(reply);
}

static inline void stub_udp(struct stub *stub)
{
	uint8_t query[4096], reply[65536];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n =
		recvfrom(stub->udp, query, sizeof(query), 0, (struct sockaddr *)&from, &from_len);
	size_t len;

	if (n <= 0)
		return;
	if (strstr((const char *)query + 12, "forged") != NULL)
		stub_forge(stub, query, (size_t)n, &from);
	len = stub_answer_to(stub, query, (size_t)n, reply, sizeof(reply), false);
	if (len > 0)
		sendto(stub->udp, reply, len, 0, (struct sockaddr *)&from, from_len);
}

static inline void stub_tcp(struct stub *stub)
{
	uint8_t query[4096], reply[65538];
	int fd = accept(stub->tcp, NULL, NULL);
	size_t len;

	if (fd < 0)
		return;
	atomic_fetch_add(&stub->by_tcp, 1);
	if (recv(fd, query, 2, MSG_WAITALL) == 2) {
		size_t want = (size_t)query[0] << 8 | query[1];

		if (want <= sizeof(query) && recv(fd, query, want, MSG_WAITALL) == (ssize_t)want) {
			len = stub_answer_to(stub, query, want, reply + 2, sizeof(reply) - 2, true);
			reply[0] = (uint8_t)(len >> 8);
			reply[1] = (uint8_t)len;
			if (len > 0)
				send(fd, reply, len + 2, MSG_NOSIGNAL);
		}
	}
	close(fd);
}

static inline void *stub_serve(void *argument)
{
	struct stub *stub = argument;
	struct pollfd fds[] = { { stub->udp, POLLIN, 0 },
				{ stub->tcp, POLLIN, 0 },
				{ stub->stop[0], POLLIN, 0 } };

	for (;;) {
		ck_assert_int_gt(poll(fds, 3, -1), 0);
		if (fds[2].revents != 0)
			return NULL;
		if (fds[0].revents != 0)
			stub_udp(stub);
		if (fds[1].revents != 0)
			stub_tcp(stub);
	}
}

/* Both sockets at one port. False: somebody has it for UDP, though it was free for TCP. */
static inline bool stub_bind(struct stub *stub, struct sockaddr_in addr)
{
	socklen_t len = sizeof(addr);
	int one = 1;

	stub->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	stub->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(stub->tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ck_assert_int_eq(bind(stub->tcp, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(getsockname(stub->tcp, (struct sockaddr *)&addr, &len), 0);
	stub->port = ntohs(addr.sin_port);
	return bind(stub->udp, (struct sockaddr *)&addr, sizeof(addr)) == 0;
}

/* On `ip`, at `port` or, with 0, any port that is free. */
static inline void stub_start(struct stub *stub, const struct stub_answer *table, size_t count,
			      const char *ip, in_port_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	memset(stub, 0, sizeof(*stub));
	stub->table = table;
	stub->count = count;
	ck_assert_int_eq(inet_pton(AF_INET, ip, &addr.sin_addr), 1);
	while (!stub_bind(stub, addr)) {
		ck_assert_uint_eq(port, 0);
		close(stub->tcp);
		close(stub->udp);
	}
	ck_assert_int_eq(listen(stub->tcp, 8), 0);
	snprintf(stub->address, sizeof(stub->address), "%s:%u", ip, (unsigned)stub->port);
	ck_assert_int_eq(pipe(stub->stop), 0);
	ck_assert_int_eq(pthread_create(&stub->thread, NULL, stub_serve, stub), 0);
}

static inline void stub_stop(struct stub *stub)
{
	ck_assert_int_eq(write(stub->stop[1], "", 1), 1);
	pthread_join(stub->thread, NULL);
	close(stub->stop[0]);
	close(stub->stop[1]);
	close(stub->udp);
	close(stub->tcp);
}

#endif
