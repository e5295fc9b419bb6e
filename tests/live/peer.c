/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer: an SMTP server that misbehaves in one chosen way.
 *
 *      peer [-t SECONDS] MODE ADDRESS PORT [UPSTREAM]
 *      peer kinds
 *
 * MODE is one of those here, or one of the kinds of SMTP servers in peer_smtp.c, whose
 * names are printed by `peer kinds`.
 *
 * Whoever talks to mail servers will meet every one of these. The live tests use
 * peers to show that such a host costs its own time-out and nothing else. Two
 * modes are not broken servers but an attacker between two sound ones: they pass
 * everything on to UPSTREAM (an address; same port) and change what suits them.
 *
 * "READY" is printed once connections are accepted, "connect N" for each of them.
 * One child a connection, so that a stuck one is nobody else's business. Nothing
 * outlives SECONDS (default 600) or the process that started it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/live/peer.h"

static void die(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void nap_ms(long ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&ts, NULL);
}

/* Sends all of it; when the client has gone there is nothing left to do. */
void peer_put(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		p += n;
		len -= (size_t)n;
	}
}

static void say(int fd, const char *text)
{
	peer_put(fd, text, strlen(text));
}

/* One line without its end. False at end of file or when it does not fit. */
static bool hear(int fd, char *line, size_t room)
{
	size_t len = 0;
	char c;

	while (len + 1 < room && recv(fd, &c, 1, 0) == 1) {
		if (c == '\n') {
			while (len > 0 && line[len - 1] == '\r')
				len--;
			line[len] = '\0';
			return true;
		}
		line[len++] = c;
	}
	return false;
}

/* Reads and ignores until the client gives up. */
void peer_outwait(int fd)
{
	char sink[PEER_CHUNK];

	while (recv(fd, sink, sizeof(sink), 0) > 0)
		continue;
}

/* Bytes that are neither text nor TLS, the same ones at every run. */
void peer_babble(int fd, size_t len)
{
	unsigned char noise[PEER_CHUNK];
	unsigned int x = 2463534242U;

	for (size_t i = 0; i < sizeof(noise); i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		noise[i] = (unsigned char)x;
	}
	while (len > 0) {
		size_t n = len < sizeof(noise) ? len : sizeof(noise);

		peer_put(fd, noise, n);
		len -= n;
	}
}

/*
 * A sound SMTP dialogue up to the client's STARTTLS, left unanswered. Whoever
 * never asks for it is refused: these peers exist to spoil TLS, not to take mail.
 */
static bool dialogue_to_starttls(int fd)
{
	char line[PEER_LINE];

	say(fd, "220 peer.test ESMTP\r\n");
	while (hear(fd, line, sizeof(line))) {
		if (strcasecmp(line, "STARTTLS") == 0)
			return true;
		if (strncasecmp(line, "EHLO", 4) == 0)
			say(fd, "250-peer.test\r\n250-PIPELINING\r\n"
				"250-STARTTLS\r\n250 8BITMIME\r\n");
		else if (strncasecmp(line, "QUIT", 4) == 0)
			break;
		else
			say(fd, "451 4.7.0 not here, not now\r\n");
	}
	return false;
}

/* --- the modes ----------------------------------------------------------- */

/* Accepts, and never says a word. */
static void mode_silent(const struct session *s)
{
	peer_outwait(s->client);
}

/* Accepts, and resets the connection. */
static void mode_reset(const struct session *s)
{
	struct linger rst = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(s->client, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
}

/* Greets with noise. */
static void mode_garbage(const struct session *s)
{
	peer_babble(s->client, 64 * 1024);
}

/* Greets with a line that has no end. */
static void mode_endless(const struct session *s)
{
	char run[PEER_CHUNK];

	memset(run, 'e', sizeof(run));
	say(s->client, "220 ");
	for (;;) {
		peer_put(s->client, run, sizeof(run));
		nap_ms(1); /* endless, but not at the cost of all others */
	}
}

/* Every line is sound, and says that another one follows. */
static void mode_manylines(const struct session *s)
{
	for (;;) {
		say(s->client, "220-peer.test and there is more to come\r\n");
		nap_ms(1);
	}
}

/* Always just about to finish: each byte beats a time-out that is per read. */
static void mode_drip(const struct session *s)
{
	say(s->client, "220 ");
	for (;;) {
		say(s->client, ".");
		nap_ms(250);
	}
}

/* Too busy to talk: a sound refusal at the greeting. */
static void mode_busy(const struct session *s)
{
	say(s->client, "421 4.3.2 peer.test is busy, come back later\r\n");
}

/* Offers STARTTLS and then declines, which is "failed", not "has none". */
static void mode_refuse(const struct session *s)
{
	if (!dialogue_to_starttls(s->client))
		return;
	say(s->client, "454 4.7.0 TLS not available due to a local problem\r\n");
	peer_outwait(s->client);
}

/* Says yes to STARTTLS, then sends noise instead of a handshake. */
static void mode_badhandshake(const struct session *s)
{
	if (!dialogue_to_starttls(s->client))
		return;
	say(s->client, "220 2.0.0 ready\r\n");
	peer_babble(s->client, PEER_CHUNK);
	peer_outwait(s->client);
}

/* Says yes to STARTTLS and hangs up. */
static void mode_close(const struct session *s)
{
	if (dialogue_to_starttls(s->client))
		say(s->client, "220 2.0.0 ready\r\n");
}

/* Says yes to STARTTLS and falls asleep. */
static void mode_hang(const struct session *s)
{
	if (!dialogue_to_starttls(s->client))
		return;
	say(s->client, "220 2.0.0 ready\r\n");
	peer_outwait(s->client);
}

/* --- the attacker between ------------------------------------------------ */

/*
 * One direction at a time is watched: the server's lines, until TLS begins.
 * From then on the attacker can only carry bytes.
 */
struct relay {
	int client, server;
	bool asked;           /* the client has said STARTTLS */
	bool tls;             /* and the server agreed */
	char line[PEER_LINE]; /* the server's line so far */
	size_t len;
	void (*edit)(struct relay *);
};

/*
 * Overwrites the word in the EHLO reply, as an old firewall did to what it did
 * not understand: the client then sees a server without STARTTLS.
 */
static void edit_strip(struct relay *r)
{
	if (r->len >= 12 && strncasecmp(r->line + 4, "STARTTLS", 8) == 0)
		memcpy(r->line + 4, "XXXXXXXA", 8);
	peer_put(r->client, r->line, r->len);
}

/*
 * Adds a reply in the clear right behind the server's "go ahead". A client that
 * keeps its read buffer across the handshake takes it for the first reply
 * received under TLS (CVE-2011-0411 and its kin).
 */
static void edit_inject(struct relay *r)
{
	peer_put(r->client, r->line, r->len);
	if (r->asked && strncmp(r->line, "220", 3) == 0)
		say(r->client, "250-injected.test\r\n250 STARTTLS\r\n");
}

static void relay_server_line(struct relay *r)
{
	r->edit(r);
	if (r->asked && strncmp(r->line, "220", 3) == 0)
		r->tls = true;
	r->len = 0;
}

/* Takes what the server sent: raw bytes under TLS, else line by line. */
static void relay_from_server(struct relay *r, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (r->tls) {
			peer_put(r->client, data + i, len - i);
			return;
		}
		r->line[r->len++] = data[i];
		if (data[i] == '\n' || r->len == sizeof(r->line))
			relay_server_line(r);
	}
}

static void relay_from_client(struct relay *r, const char *data, size_t len)
{
	if (!r->tls && len >= 8 && strncasecmp(data, "STARTTLS", 8) == 0)
		r->asked = true;
	peer_put(r->server, data, len);
}

/* Moves one chunk from a readable side; false when that side has ended. */
static bool relay_step(struct relay *r, bool from_server)
{
	char chunk[PEER_CHUNK];
	ssize_t n = recv(from_server ? r->server : r->client, chunk, sizeof(chunk), 0);

	if (n <= 0)
		return false;
	if (from_server)
		relay_from_server(r, chunk, (size_t)n);
	else
		relay_from_client(r, chunk, (size_t)n);
	return true;
}

static void relay_to(struct relay *r, const struct sockaddr_in *server)
{
	struct pollfd fds[2];

	r->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->server < 0 ||
	    connect(r->server, (const struct sockaddr *)server, sizeof(*server)) < 0)
		return;
	fds[0] = (struct pollfd){ .fd = r->client, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = r->server, .events = POLLIN };
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents != 0 && !relay_step(r, false))
			return;
		if (fds[1].revents != 0 && !relay_step(r, true))
			return;
	}
}

static void relay_run(const struct session *s, void (*edit)(struct relay *))
{
	struct relay r = { .client = s->client, .edit = edit };

	relay_to(&r, s->upstream);
}

/* Says yes to STARTTLS; the handshake is that of a server at port 4433 of UPSTREAM. */
static void mode_legacy(const struct session *s)
{
	struct sockaddr_in at = *s->upstream;
	struct relay r = { .client = s->client, .tls = true };

	at.sin_port = htons(4433);
	if (!dialogue_to_starttls(s->client))
		return;
	say(s->client, "220 2.0.0 ready\r\n");
	relay_to(&r, &at);
}

static void mode_strip(const struct session *s)
{
	relay_run(s, edit_strip);
}

static void mode_inject(const struct session *s)
{
	relay_run(s, edit_inject);
}

/* --- the server ---------------------------------------------------------- */

static const struct mode {
	const char *name;
	void (*run)(const struct session *);
	bool upstream;
} modes[] = {
	{ "silent", mode_silent, false },
	{ "reset", mode_reset, false },
	{ "garbage", mode_garbage, false },
	{ "endless", mode_endless, false },
	{ "manylines", mode_manylines, false },
	{ "drip", mode_drip, false },
	{ "busy", mode_busy, false },
	{ "refuse", mode_refuse, false },
	{ "badhandshake", mode_badhandshake, false },
	{ "close", mode_close, false },
	{ "hang", mode_hang, false },
	{ "strip", mode_strip, true },
	{ "inject", mode_inject, true },
	{ "legacy", mode_legacy, true },
};

static _Noreturn void usage(void)
{
	fputs("usage: peer [-t SECONDS] [-k KEY] MODE ADDRESS PORT [UPSTREAM]\nmodes:", stderr);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		fprintf(stderr, " %s%s", modes[i].name, modes[i].upstream ? " (upstream)" : "");
	fputc('\n', stderr);
	exit(2);
}

static const struct mode *find_mode(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

static int list_kinds(void)
{
	for (size_t i = 0; peer_kind_name(i) != NULL; i++)
		puts(peer_kind_name(i));
	return 0;
}

static unsigned int number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n == 0 || n > max)
		usage();
	return (unsigned int)n;
}

static struct sockaddr_in address(const char *text, unsigned int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_port = htons((in_port_t)port);
	if (inet_pton(AF_INET, text, &sin.sin_addr) != 1)
		usage();
	return sin;
}

/* Of either family. */
static int listen_on(const char *text, unsigned int port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port) };
	bool v6 = inet_pton(AF_INET6, text, &sin6.sin6_addr) == 1;
	struct sockaddr_in sin = v6 ? (struct sockaddr_in){ 0 } : address(text, port);
	const struct sockaddr *here =
		v6 ? (const struct sockaddr *)&sin6 : (const struct sockaddr *)&sin;
	int one = 1;
	int fd = socket(here->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, here, v6 ? sizeof(sin6) : sizeof(sin)) < 0)
		die("bind");
	if (listen(fd, 128) < 0)
		die("listen");
	return fd;
}

/* Neither a forgotten peer nor a forgotten connection stays for ever. */
static void bound_life(unsigned int seconds)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(seconds);
}

/* In that mode, or as that kind where it is NULL. */
static void serve(int listener, const struct mode *mode, const struct peer_kind *kind,
		  unsigned int life, const struct sockaddr_in *upstream)
{
	for (unsigned long count = 1;; count++) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			continue;
		printf("connect %lu\n", count);
		if (fork() == 0) {
			struct session s = { client, upstream };

			bound_life(life);
			close(listener);
			if (mode != NULL)
				mode->run(&s);
			else
				peer_smtp(&s, kind);
			_exit(0);
		}
		close(client);
	}
}

int main(int argc, char **argv)
{
	unsigned int life = 600;
	int opt;

	while ((opt = getopt(argc, argv, "t:k:")) != -1) {
		if (opt == 't')
			life = number(optarg, 86400);
		else if (opt == 'k')
			peer_use_key(optarg);
		else
			usage();
	}
	argc -= optind;
	argv += optind;
	if (argc == 1 && strcmp(argv[0], "kinds") == 0)
		return list_kinds();
	if (argc < 3)
		usage();

	const struct mode *mode = find_mode(argv[0]);
	const struct peer_kind *kind = peer_kind(argv[0]);
	unsigned int port = number(argv[2], 65535);
	struct sockaddr_in upstream = { 0 };

	if ((mode == NULL && kind == NULL) || argc != (mode != NULL && mode->upstream ? 4 : 3))
		usage();
	if (mode != NULL && mode->upstream)
		upstream = address(argv[3], port);

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGCHLD, SIG_IGN); /* the kernel buries the children */
	bound_life(life);
	int listener = listen_on(argv[1], port);
	puts("READY");
	serve(listener, mode, kind, life, &upstream);
	return 0;
}
