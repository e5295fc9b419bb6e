/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faraway - a name server and a mail server that are far away: each packet of
 * theirs comes so many milliseconds after what it answers.
 *
 *   faraway [-a] [-d DNS_MS] [-s SMTP_MS] DNS_PORT SMTP_PORT        until it is killed
 *
 * On 127.0.0.1. Every domain has one MX host of its own, "mx." and the domain,
 * whose address is 127.0.0.1; nothing is signed, there are no other records. With -a all
 * is signed, and each host has a TLSA record.
 * The mail server offers STARTTLS and does it (TLS 1.3, ECDSA), and no more. In
 * one thread: whatever waits has a place in one of two queues, since all that is
 * in one of them waits equally long.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define EVENTS 512
#define BACKLOG 4096
#define RECEIVE_BUFFER (4 * 1024 * 1024)
#define MESSAGE_MAX 512
#define HEADER_LEN 12
#define TYPE_A 1
#define TYPE_SOA 6
#define TYPE_MX 15
#define TYPE_TLSA 52
#define FLAG_RA 0x80 /* fourth byte of a header */
#define FLAG_AD 0x20
#define TTL 3600

enum step { STEP_GREET, STEP_COMMAND, STEP_SHAKE, STEP_SECURE };

/* Something that happened, and is acted upon at `due`. */
struct wait {
	STAILQ_ENTRY(wait) next;
	int64_t due; /* clock_mono_us */
	/* A question: */
	struct sockaddr_in from;
	size_t len;
	uint8_t message[MESSAGE_MAX];
	/* or a client that wrote: */
	struct client *client;
};

STAILQ_HEAD(wait_list, wait);

struct client {
	int fd;
	enum step step;
	SSL *ssl;
};

struct faraway {
	int epoll, dns, smtp;
	int64_t dns_us, smtp_us;
	bool all_signed;
	struct wait_list questions, clients;
	SSL_CTX *ctx;
};

/*
 * Names.
 */

static void put16(uint8_t **at, unsigned value)
{
	*(*at)++ = (uint8_t)(value >> 8);
	*(*at)++ = (uint8_t)value;
}

/* Owner (the name in the question), type, class, time to live, length. */
static void put_record(uint8_t **at, unsigned type, unsigned len)
{
	put16(at, 0xc000 | HEADER_LEN);
	put16(at, type);
	put16(at, 1);
	put16(at, 0);
	put16(at, TTL);
	put16(at, len);
}

static void put_mx(uint8_t **at)
{
	put_record(at, TYPE_MX, 7);
	put16(at, 10);
	memcpy(*at, "\002mx", 3);
	*at += 3;
	put16(at, 0xc000 | HEADER_LEN);
}

/* "3 1 1" and the digest of no key: nobody gets as far as to compare it. */
static void put_tlsa(uint8_t **at)
{
	put_record(at, TYPE_TLSA, 35);
	memset(*at, 0, 35);
	memcpy(*at, "\3\1\1", 3);
	*at += 35;
}

static void put_soa(uint8_t **at)
{
	put_record(at, TYPE_SOA, 22);
	memset(*at, 0, 22);
	(*at)[20] = TTL >> 8; /* of what is not there */
	*at += 22;
}

/* Where the question ends; 0: it is none. */
static size_t question_end(const uint8_t *message, size_t len)
{
	size_t at = HEADER_LEN;

	while (at < len && message[at] != 0)
		at += 1 + (size_t)message[at];
	return at + 5 <= len ? at + 5 : 0;
}

/* The reply in place of the question; its length. */
static size_t answer(uint8_t message[MESSAGE_MAX], size_t len, bool all_signed)
{
	size_t end = question_end(message, len);
	bool is_host = memcmp(message + HEADER_LEN, "\002mx", 3) == 0;
	/* The prober's canary (dns_ask.h): the resolver validates. */
	bool is_canary = memcmp(message + HEADER_LEN, "\003org", 5) == 0;
	uint8_t *at = message + end;
	unsigned type;

	if (end == 0 || end + 64 > MESSAGE_MAX)
		return 0;
	type = (unsigned)message[end - 4] << 8 | message[end - 3];
	message[2] = 0x81; /* reply, recursion desired */
	message[3] = FLAG_RA | (is_canary || all_signed ? FLAG_AD : 0);
	memset(message + 6, 0, 6);
	message[7] = 1; /* one answer, unless there is none */
	if (is_host && type == TYPE_A) {
		put_record(&at, TYPE_A, 4);
		memcpy(at, "\177\0\0\1", 4);
		at += 4;
	} else if (type == TYPE_TLSA && all_signed) {
		put_tlsa(&at);
	} else if (!is_host && !is_canary && type == TYPE_MX) {
		put_mx(&at);
	} else {
		message[7] = 0;
		message[9] = 1;
		put_soa(&at);
	}
	return (size_t)(at - message);
}

static void take_questions(struct faraway *f)
{
	for (;;) {
		struct wait *wait = mem_zero(1, sizeof(*wait));
		socklen_t size = sizeof(wait->from);
		ssize_t n = recvfrom(f->dns, wait->message, sizeof(wait->message), 0,
				     (struct sockaddr *)&wait->from, &size);

		if (n < HEADER_LEN) {
			free(wait);
			return;
		}
		wait->len = (size_t)n;
		wait->due = clock_mono_us() + f->dns_us;
		STAILQ_INSERT_TAIL(&f->questions, wait, next);
	}
}

static void reply(struct faraway *f, struct wait *wait)
{
	size_t len = answer(wait->message, wait->len, f->all_signed);

	if (len > 0)
		sendto(f->dns, wait->message, len, 0, (struct sockaddr *)&wait->from,
		       sizeof(wait->from));
}

/*
 * Mail.
 */

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		log_debug("client=%d is gone", fd);
}

/* Tell me once when it has written. */
static void listen_to(struct faraway *f, struct client *client, int how)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = client };

	if (epoll_ctl(f->epoll, how, client->fd, &event) != 0)
		log_fatal("epoll: %s", strerror(errno));
}

static void wait_for(struct faraway *f, struct client *client)
{
	struct wait *wait = mem_zero(1, sizeof(*wait));

	wait->client = client;
	wait->due = clock_mono_us() + f->smtp_us;
	STAILQ_INSERT_TAIL(&f->clients, wait, next);
}

static void welcome(struct faraway *f)
{
	const int on = 1;
	int fd;

	while ((fd = accept4(f->smtp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct client *client = mem_zero(1, sizeof(*client));

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		client->fd = fd;
		wait_for(f, client);
	}
}

/* False: it is over. */
static bool obey(struct faraway *f, struct client *client)
{
	char line[256] = "";
	ssize_t n = recv(client->fd, line, sizeof(line) - 1, 0);

	if (n <= 0)
		return false;
	if (strncmp(line, "EHLO ", 5) == 0) {
		say(client->fd, "250-mx\r\n250 STARTTLS\r\n");
		return true;
	}
	if (strncmp(line, "STARTTLS", 8) != 0)
		return false;
	say(client->fd, "220 go ahead\r\n");
	client->ssl = SSL_new(f->ctx);
	SSL_set_fd(client->ssl, client->fd);
	SSL_set0_rbio(client->ssl, BIO_new(BIO_s_mem()));
	client->step = STEP_SHAKE;
	return true;
}

/*
 * Gives TLS what has come, and no more: what comes while it answers would be answered
 * in the same turn, a hundred milliseconds early.
 */
static bool take_bytes(struct client *client)
{
	char bytes[16384];
	ssize_t n = recv(client->fd, bytes, sizeof(bytes), 0);

	return n > 0 && BIO_write(SSL_get_rbio(client->ssl), bytes, (int)n) == (int)n;
}

static bool serve_secure(struct client *client)
{
	static const char hello[] = "250 mx\r\n", bye[] = "221 bye\r\n";
	char line[256];
	int n = SSL_read(client->ssl, line, sizeof(line));

	if (n <= 0)
		return SSL_get_error(client->ssl, n) == SSL_ERROR_WANT_READ;
	if (line[0] == 'E') {
		SSL_write(client->ssl, hello, sizeof(hello) - 1);
		return true;
	}
	SSL_write(client->ssl, bye, sizeof(bye) - 1);
	return false;
}

static bool shake(struct client *client)
{
	int done = SSL_accept(client->ssl);

	if (done != 1)
		return SSL_get_error(client->ssl, done) == SSL_ERROR_WANT_READ;
	client->step = STEP_SECURE;
	return serve_secure(client);
}

static bool go_on(struct faraway *f, struct client *client)
{
	switch (client->step) {
	case STEP_GREET:
		say(client->fd, "220 mx ESMTP\r\n");
		client->step = STEP_COMMAND;
		return true;
	case STEP_COMMAND:
		return obey(f, client);
	case STEP_SHAKE:
		return take_bytes(client) && shake(client);
	case STEP_SECURE:
		return take_bytes(client) && serve_secure(client);
	}
	return false;
}

static void act(struct faraway *f, struct client *client)
{
	bool first = client->step == STEP_GREET;

	ERR_clear_error();
	if (go_on(f, client)) {
		listen_to(f, client, first ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
		return;
	}
	SSL_free(client->ssl);
	close(client->fd);
	free(client);
}

/*
 * Time.
 */

static void act_on_due(struct faraway *f)
{
	int64_t now = clock_mono_us();
	struct wait *wait;

	while ((wait = STAILQ_FIRST(&f->questions)) != NULL && wait->due <= now) {
		STAILQ_REMOVE_HEAD(&f->questions, next);
		reply(f, wait);
		free(wait);
	}
	while ((wait = STAILQ_FIRST(&f->clients)) != NULL && wait->due <= now) {
		STAILQ_REMOVE_HEAD(&f->clients, next);
		act(f, wait->client);
		free(wait);
	}
}

static int64_t sooner(int64_t left, const struct wait *first)
{
	int64_t its;

	if (first == NULL)
		return left;
	its = first->due - clock_mono_us();
	if (its < 0)
		its = 0;
	return left < 0 || its < left ? its : left;
}

/* To the microsecond: a whole millisecond late at each step would be counted as the prober's. */
static int wait_for_events(struct faraway *f, struct epoll_event events[EVENTS])
{
	int64_t left = sooner(sooner(-1, STAILQ_FIRST(&f->questions)), STAILQ_FIRST(&f->clients));
	struct timespec timeout = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };

	return epoll_pwait2(f->epoll, events, EVENTS, left < 0 ? NULL : &timeout, NULL);
}

static _Noreturn void serve(struct faraway *f)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = wait_for_events(f, events);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &f->dns)
				take_questions(f);
			else if (events[i].data.ptr == &f->smtp)
				welcome(f);
			else
				wait_for(f, events[i].data.ptr);
		}
		act_on_due(f);
	}
}

/*
 * Beginning.
 */

static SSL_CTX *make_tls(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"mx.example",
				   -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	if (X509_sign(cert, key, EVP_sha256()) == 0 || SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		log_fatal("cannot make a certificate");
	SSL_CTX_set_num_tickets(ctx, 0);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

static int bind_to(struct faraway *f, int type, const char *port, int *place)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	};
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = place };
	const int on = 1, size = RECEIVE_BUFFER;
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    (type == SOCK_STREAM && listen(fd, BACKLOG) != 0) ||
	    epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		log_fatal("port=%s %s", port, strerror(errno));
	return fd;
}

static _Noreturn void usage(void)
{
	log_fatal("usage: faraway [-a] [-d DNS_MS] [-s SMTP_MS] DNS_PORT SMTP_PORT");
}

int main(int argc, char **argv)
{
	static struct faraway f;
	struct rlimit limit;
	int option;

	log_open("faraway", LOG_LEVEL_INFO, LOG_SINK_STDERR);
	f.dns_us = 50000;
	f.smtp_us = 200000;
	while ((option = getopt(argc, argv, "ad:s:")) != -1) {
		if (option == 'a') {
			f.all_signed = true;
			continue;
		}
		if (option != 'd' && option != 's')
			usage();
		*(option == 'd' ? &f.dns_us : &f.smtp_us) = strtol(optarg, NULL, 10) * 1000;
	}
	if (optind + 2 != argc)
		usage();
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	STAILQ_INIT(&f.questions);
	STAILQ_INIT(&f.clients);
	f.ctx = make_tls();
	f.epoll = epoll_create1(EPOLL_CLOEXEC);
	f.dns = bind_to(&f, SOCK_DGRAM, argv[optind], &f.dns);
	f.smtp = bind_to(&f, SOCK_STREAM, argv[optind + 1], &f.smtp);
	log_info("ready");
	serve(&f);
}
