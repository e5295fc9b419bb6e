/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load - asks a socketmap server as Postfix asks it, only faster: each connection
 * has one request under way, and sends the next as soon as the answer is here.
 *
 *   load [-c CONNECTIONS] [-k DOMAINS] [-m MAP] [-n REQUESTS] [-t SECONDS]
 *        [-s SEED] [-q FIRST] [-p MICROSECONDS] [-a DOMAIN] [-h] ENDPOINT
 *
 * Ends after so many requests or seconds, whichever comes first, and prints one
 * line. Domains are drawn at random, or with -q asked about one after the other
 * from that number on, each once. With -p the one connection rests so long before
 * its next question. With -a the keys are addresses in DOMAIN, "u0" to "u(K-1)".
 * With -h it then holds its connections until standard input ends. A server that
 * is not there yet is waited for, CONNECT_MS at most. Exit status 1 if any answer
 * was not "OK ...".
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/bench/names.h"
#include "core/names/ipaddr.h"
#include "core/protocol/netstring.h"
#include "io/net/stream.h"

#define CONNECT_MS 10000
#define CONNECT_PAUSE_NS 500000
#define EVENTS 256
#define REPLY_SIZE 1024
#define MAP_SIZE 32
#define KEY_SIZE 64
#define NS_PER_S INT64_C(1000000000)

struct options {
	const char *endpoint;
	const char *map;
	size_t connections;
	uint64_t domains;
	uint64_t requests; /* 0: no bound */
	double seconds;    /* 0: no bound */
	uint64_t seed;
	const char *addresses_in; /* NULL: domains */
	bool in_sequence;
	uint64_t first;
	long pause_us;
	bool hold;
};

/*
 * How long answers took, in buckets whose width is at most 1/64 of their value:
 * below 128 ns one a bucket, above it 64 for each power of two.
 */
#define FINE 64
#define BUCKETS (FINE * 40)

struct latencies {
	uint64_t count[BUCKETS];
};

static size_t bucket_of(uint64_t ns)
{
	unsigned shift = 0;
	size_t bucket;

	while (ns >> shift >= 2 * FINE)
		shift++;
	bucket = (size_t)shift * FINE + (size_t)(ns >> shift);
	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The least value that falls into it. */
static uint64_t bucket_start(size_t bucket)
{
	size_t shift = bucket < 2 * FINE ? 0 : bucket / FINE - 1;

	return (uint64_t)(bucket - shift * FINE) << shift;
}

/* In microseconds: what `part` of the answers did not exceed. */
static double quantile(const struct latencies *latencies, uint64_t total, double part)
{
	uint64_t below = 0, wanted = (uint64_t)((double)total * part);
	size_t bucket = 0;

	while (bucket < BUCKETS - 1 && (below += latencies->count[bucket]) <= wanted)
		bucket++;
	return (double)bucket_start(bucket) / 1000;
}

struct connection {
	int fd;
	int64_t sent; /* nanoseconds */
	size_t len;
	char reply[REPLY_SIZE];
};

struct load {
	const struct options *options;
	int epoll;
	struct connection *connections;
	uint64_t random;
	uint64_t asked, answered, bad;
	int64_t slowest;           /* nanoseconds */
	int64_t started, deadline; /* nanoseconds */
	struct latencies latencies;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int try_connect(const struct endpoint *endpoint)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_storage inet;
	socklen_t len;
	int fd;

	if (!endpoint->is_unix) {
		len = stream_address(&inet, &endpoint->addr, endpoint->port);
		return stream_connect((struct sockaddr *)&inet, len, clock_mono_ms() + CONNECT_MS);
	}
	memcpy(un.sun_path, endpoint->path, sizeof(un.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&un, sizeof(un)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connect_soon(const char *text)
{
	const struct timespec pause = { .tv_nsec = CONNECT_PAUSE_NS };
	int64_t deadline = clock_mono_ms() + CONNECT_MS;
	struct endpoint endpoint;
	const int on = 1;
	int fd;

	if (!endpoint_parse(&endpoint, text))
		log_fatal("endpoint=%s cannot be understood", text);
	while ((fd = try_connect(&endpoint)) < 0) {
		if (clock_mono_ms() > deadline)
			log_fatal("endpoint=%s cannot connect: %s", text, strerror(errno));
		nanosleep(&pause, NULL);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static uint64_t next_number(struct load *load)
{
	if (load->options->in_sequence)
		return load->options->first + load->asked;
	return name_random(&load->random) % load->options->domains;
}

static void make_key(struct load *load, char key[KEY_SIZE])
{
	uint64_t number = next_number(load);
	char name[NAME_SIZE];

	if (load->options->addresses_in != NULL) {
		snprintf(key, KEY_SIZE, "u%llu@%s", (unsigned long long)number,
			 load->options->addresses_in);
		return;
	}
	name_domain(name, number);
	snprintf(key, KEY_SIZE, "%s", name);
}

static void ask(struct load *load, struct connection *c, int64_t now)
{
	const char *map = load->options->map;
	char request[MAP_SIZE + KEY_SIZE + 8], key[KEY_SIZE];
	int len;

	make_key(load, key);
	len = snprintf(request, sizeof(request), "%zu:%s %s,", strlen(map) + 1 + strlen(key), map,
		       key);
	c->sent = now;
	c->len = 0;
	load->asked++;
	if (send(c->fd, request, (size_t)len, MSG_NOSIGNAL) != len)
		log_fatal("connection=%d cannot send: %s", c->fd, strerror(errno));
}

static bool is_over(const struct load *load, int64_t now)
{
	const struct options *o = load->options;

	return (o->requests != 0 && load->asked >= o->requests) ||
	       (o->seconds > 0 && now >= load->deadline);
}

static void rest(long microseconds)
{
	const struct timespec pause = { .tv_sec = microseconds / 1000000,
					.tv_nsec = microseconds % 1000000 * 1000 };

	if (microseconds > 0)
		nanosleep(&pause, NULL);
}

static void take_answer(struct load *load, struct connection *c, const struct netstring *answer)
{
	int64_t now = now_ns(), took = now - c->sent;

	load->answered++;
	load->latencies.count[bucket_of((uint64_t)took)]++;
	if (took > load->slowest)
		load->slowest = took;
	if (answer->len < 3 || memcmp(answer->payload, "OK ", 3) != 0) {
		if (load->bad++ == 0)
			log_error("answer=\"%.*s\" is not the one that was hoped for",
				  (int)answer->len, answer->payload);
	}
	if (is_over(load, now))
		return;
	rest(load->options->pause_us);
	ask(load, c, now_ns());
}

static void on_readable(struct load *load, struct connection *c)
{
	ssize_t n = read(c->fd, c->reply + c->len, sizeof(c->reply) - c->len);
	struct netstring answer;

	if (n <= 0)
		log_fatal("connection=%d lost: %s", c->fd, n < 0 ? strerror(errno) : "closed");
	c->len += (size_t)n;
	switch (netstring_decode(&answer, c->reply, c->len, sizeof(c->reply) - 8)) {
	case NETSTRING_PARTIAL:
		return;
	case NETSTRING_MALFORMED:
		log_fatal("connection=%d brought what is no netstring", c->fd);
	case NETSTRING_WHOLE:
		take_answer(load, c, &answer);
	}
}

static void connect_all(struct load *load)
{
	size_t count = load->options->connections;

	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->connections = mem_zero(count, sizeof(*load->connections));
	for (size_t i = 0; i < count; i++) {
		struct connection *c = &load->connections[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

		c->fd = connect_soon(load->options->endpoint);
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
			log_fatal("epoll: %s", strerror(errno));
	}
}

static void ask_all(struct load *load)
{
	struct epoll_event events[EVENTS];

	load->started = now_ns();
	load->deadline = load->started + (int64_t)(load->options->seconds * (double)NS_PER_S);
	for (size_t i = 0; i < load->options->connections && !is_over(load, now_ns()); i++)
		ask(load, &load->connections[i], now_ns());
	while (load->answered < load->asked) {
		int n = epoll_wait(load->epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++)
			on_readable(load, events[i].data.ptr);
	}
}

static void report(const struct load *load)
{
	double seconds = (double)(now_ns() - load->started) / (double)NS_PER_S;

	printf("connections=%zu domains=%llu requests=%llu seconds=%.3f rate=%.0f p50_us=%.1f "
	       "p99_us=%.1f max_us=%.1f bad=%llu\n",
	       load->options->connections, (unsigned long long)load->options->domains,
	       (unsigned long long)load->answered, seconds, (double)load->answered / seconds,
	       quantile(&load->latencies, load->answered, 0.5),
	       quantile(&load->latencies, load->answered, 0.99), (double)load->slowest / 1000,
	       (unsigned long long)load->bad);
	fflush(stdout);
}

static _Noreturn void usage(void)
{
	log_fatal("usage: load [-c CONNECTIONS] [-k DOMAINS] [-m MAP] [-n REQUESTS] "
		  "[-t SECONDS] [-s SEED] [-q FIRST] [-p MICROSECONDS] [-a DOMAIN] [-h] ENDPOINT");
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){ .map = "policy", .connections = 1, .domains = 1000, .seed = 1 };
	while ((option = getopt(argc, argv, "a:c:hk:m:n:p:q:s:t:")) != -1) {
		switch (option) {
		case 'a':
			o->addresses_in = optarg;
			break;
		case 'c':
			o->connections = strtoull(optarg, NULL, 10);
			break;
		case 'h':
			o->hold = true;
			break;
		case 'k':
			o->domains = strtoull(optarg, NULL, 10);
			break;
		case 'm':
			o->map = optarg;
			break;
		case 'n':
			o->requests = strtoull(optarg, NULL, 10);
			break;
		case 'p':
			o->pause_us = strtol(optarg, NULL, 10);
			break;
		case 'q':
			o->in_sequence = true;
			o->first = strtoull(optarg, NULL, 10);
			break;
		case 's':
			o->seed = strtoull(optarg, NULL, 10);
			break;
		case 't':
			o->seconds = strtod(optarg, NULL);
			break;
		default:
			usage();
		}
	}
	if (optind + 1 != argc || o->connections == 0 || o->domains == 0 ||
	    o->domains > NAMES_MAX || strlen(o->map) >= MAP_SIZE ||
	    (o->requests == 0 && o->seconds <= 0) || (o->pause_us > 0 && o->connections > 1) ||
	    (o->addresses_in != NULL && strlen(o->addresses_in) > KEY_SIZE - 24))
		usage();
	o->endpoint = argv[optind];
}

int main(int argc, char **argv)
{
	static struct load load;
	struct options options;
	struct rlimit limit;

	log_open("load", LOG_LEVEL_INFO, LOG_SINK_STDERR);
	parse_options(&options, argc, argv);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	load.options = &options;
	load.random = options.seed;
	connect_all(&load);
	ask_all(&load);
	report(&load);
	while (options.hold && getchar() != EOF)
		;
	return load.bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
