/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/dns/dns_ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/dns/dns_exchange.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define QUERY_MAX 512
#define TROUBLE_SIZE 400
/* A resolver's second answer may differ from its first. */
#define SERVFAILS_MAX 2

static const int64_t waits_ms[] = { 2000, 4000, 9000 };

struct dns_asker {
	size_t count;
	struct dns_server servers[DNS_SERVERS_MAX];
	bool from_file;   /* the servers are those of resolv.conf */
	struct stat file; /* as it was when they were read */
	bool trust_ad;
	char trouble[TROUBLE_SIZE];
	uint8_t reply[DNS_MESSAGE_MAX];
};

/* A question that was sent to one server. */
struct flight {
	int fd; /* -1: there is none */
	int error;
	size_t len;
	uint8_t query[QUERY_MAX];
};

/* All that was sent to one server. */
struct round {
	const struct dns_server *server;
	int64_t wait_ms, deadline;
	struct flight flights[DNS_ASK_MAX], canary;
	enum { CANARY_AWAITED, CANARY_SECURE, CANARY_NOT } state;
};

static bool take_servers(struct dns_asker *asker, const struct string_list *list,
			 char error[DNS_ASK_ERROR_SIZE])
{
	if (list->count > DNS_SERVERS_MAX) {
		snprintf(error, DNS_ASK_ERROR_SIZE, "resolver: %zu servers, at most %d are asked",
			 list->count, DNS_SERVERS_MAX);
		return false;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (!dns_server_parse(&asker->servers[i], list->items[i])) {
			snprintf(error, DNS_ASK_ERROR_SIZE,
				 "resolver: \"%s\" is not an address such as 127.0.0.1 or [::1]:53",
				 list->items[i]);
			return false;
		}
	}
	asker->count = list->count;
	return true;
}

/*
 * The network may have come up, or changed, after we started; then the file says something else
 * now. glibc looks at every question, too.
 */
static void follow_file(struct dns_asker *asker)
{
	struct stat now = { 0 };
	const struct stat *before = &asker->file;

	if (!asker->from_file || (stat(RESOLV_CONF, &now) < 0 && asker->count > 0))
		return;
	if (asker->count > 0 && now.st_ino == before->st_ino && now.st_size == before->st_size &&
	    now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
		return;
	asker->file = now;
	asker->count = dns_servers_read(asker->servers, RESOLV_CONF);
}

struct dns_asker *dns_asker_new(const struct settings *settings, char error[DNS_ASK_ERROR_SIZE])
{
	struct dns_asker *asker = mem_zero(1, sizeof(*asker));

	asker->trust_ad = settings->resolver_trust_ad;
	if (!take_servers(asker, &settings->resolver, error)) {
		free(asker);
		return NULL;
	}
	asker->from_file = asker->count == 0;
	follow_file(asker);
	return asker;
}

void dns_asker_free(struct dns_asker *asker)
{
	free(asker);
}

const char *dns_asker_trouble(const struct dns_asker *asker)
{
	return asker->trouble;
}

static bool believes(const struct dns_asker *asker, const struct dns_server *server)
{
	return server->loopback || asker->trust_ad;
}

/* If one server is believed, the others are not asked. */
static bool has_say(const struct dns_asker *asker, const struct dns_server *server)
{
	for (size_t i = 0; i < asker->count; i++)
		if (believes(asker, &asker->servers[i]))
			return believes(asker, server);
	return true;
}

void dns_asker_note(struct dns_asker *asker, const struct dns_question *question, const char *what)
{
	snprintf(asker->trouble, sizeof(asker->trouble), "%s for %s %s", what,
		 dns_type_name(question->type), question->name);
}

static void fail(struct dns_asker *asker, const struct round *round, struct dns_question *question,
		 const char *what)
{
	size_t len;

	question->answer.status = LOOKUP_ERROR;
	question->answer.trouble = what;
	dns_asker_note(asker, question, what);
	len = strlen(asker->trouble);
	snprintf(asker->trouble + len, sizeof(asker->trouble) - len, " from %s",
		 round->server->text);
}

static bool settled(const struct dns_question *question)
{
	return question->answer.status != LOOKUP_ERROR || question->servfails >= SERVFAILS_MAX;
}

/* Has it an answer, or may this server not be asked? */
static bool done_with(const struct dns_question *question, const struct dns_server *server)
{
	return settled(question) || (question->failed_at != NULL && question->failed_at != server);
}

static void take_off(struct flight *flight, const struct dns_server *server, const char *name,
		     enum dns_type type)
{
	flight->fd = -1;
	flight->error = EINVAL; /* there is no such question */
	flight->len = dns_question(flight->query, sizeof(flight->query), name, type);
	if (flight->len == 0)
		return;
	flight->fd = dns_send(server, flight->query, flight->len);
	flight->error = errno;
}

/* The reply's length; -1 and errno. */
static ssize_t land(struct dns_asker *asker, const struct round *round, struct flight *flight)
{
	int fd = flight->fd;

	flight->fd = -1;
	errno = flight->error;
	return dns_receive(round->server, fd, flight->query, flight->len, round->deadline,
			   round->wait_ms, asker->reply);
}

/* Does the server validate? This is asked together with the rest; the answer is used where it
 * matters. */
static bool validates(struct dns_asker *asker, struct round *round)
{
	struct dns_answer answer;
	ssize_t n;

	if (round->state != CANARY_AWAITED)
		return round->state == CANARY_SECURE;
	round->state = CANARY_NOT;
	n = land(asker, round, &round->canary);
	if (n < 0)
		return false;
	dns_answer_read(&answer, asker->reply, (size_t)n, DNS_CANARY, DNS_MX);
	if (answer.status != LOOKUP_ERROR && answer.authentic)
		round->state = CANARY_SECURE;
	dns_answer_free(&answer);
	return round->state == CANARY_SECURE;
}

static const char *why_not(const struct flight *flight)
{
	return flight->len == 0     ? "no question"
	       : errno == ETIMEDOUT ? "no answer"
				    : "no connection";
}

static void take_answer(struct dns_asker *asker, struct round *round, struct flight *flight,
			struct dns_question *question)
{
	struct dns_answer *answer = &question->answer;
	bool believed = believes(asker, round->server);
	ssize_t n = land(asker, round, flight);

	dns_answer_free(answer);
	if (n < 0) {
		fail(asker, round, question, why_not(flight));
		return;
	}
	dns_answer_read(answer, asker->reply, (size_t)n, question->name, question->type);
	answer->authentic = answer->authentic && believed;
	if (answer->status == LOOKUP_ERROR) {
		fail(asker, round, question, answer->trouble);
		if (answer->servfail && believed) {
			question->servfails++;
			question->failed_at = round->server;
		}
		return;
	}
	if (!question->proof || answer->authentic || (believed && validates(asker, round)))
		return;
	dns_answer_free(answer);
	fail(asker, round, question,
	     believed ? "an unproven answer (the resolver does not validate DNSSEC)"
		      : "an answer that proves nothing (resolver_trust_ad)");
}

/* One server, one try for each question that has no answer yet. */
static void try_server(struct dns_asker *asker, const struct dns_server *server,
		       struct dns_question *questions, size_t count, int64_t wait_ms)
{
	struct round round = { .server = server,
			       .wait_ms = wait_ms,
			       .deadline = clock_mono_ms() + wait_ms,
			       .canary = { .fd = -1 } };
	bool proof = false;

	for (size_t i = 0; i < count; i++) {
		if (done_with(&questions[i], server))
			continue;
		take_off(&round.flights[i], server, questions[i].name, questions[i].type);
		proof |= questions[i].proof;
	}
	if (proof && believes(asker, server))
		take_off(&round.canary, server, DNS_CANARY, DNS_MX);
	for (size_t i = 0; i < count; i++)
		if (!done_with(&questions[i], server))
			take_answer(asker, &round, &round.flights[i], &questions[i]);
	if (round.canary.fd >= 0)
		close(round.canary.fd);
}

void dns_ask(struct dns_asker *asker, struct dns_question *questions, size_t count)
{
	follow_file(asker);
	for (size_t i = 0; i < count; i++) {
		questions[i].answer = (struct dns_answer){ .status = LOOKUP_ERROR };
		questions[i].servfails = 0;
		questions[i].failed_at = NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(waits_ms) * asker->count; i++) {
		const struct dns_server *server = &asker->servers[i % asker->count];
		bool all = true;

		if (!has_say(asker, server))
			continue;
		try_server(asker, server, questions, count, waits_ms[i / asker->count]);
		for (size_t q = 0; q < count; q++)
			all &= settled(&questions[q]);
		if (all)
			return;
	}
}
