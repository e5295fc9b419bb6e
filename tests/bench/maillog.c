/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * maillog - a log as Postfix writes it on a busy machine.
 *
 *   maillog [-n LINES] [-k HOSTS] [-b] [-i]
 *
 * Each mail is received, cleaned up, queued, sent over TLS to one of HOSTS hosts,
 * and removed: eight lines, two of them of interest. With -b only what smtp(8)
 * and qmgr(8) say at the end: three lines, two of interest. Ten mails a second,
 * by one of twenty processes, the last of them now. -i: times as in RFC 3339.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/bench/names.h"

#define STAMP_SIZE 40
#define MAILS_A_SECOND 10
#define PROCESSES 20

struct options {
	uint64_t lines;
	uint64_t hosts;
	bool brief;
	bool iso;
};

struct mail {
	char stamp[STAMP_SIZE];
	char host[NAME_SIZE], domain[NAME_SIZE];
	unsigned address; /* of the host, 10.x.y.z */
	uint64_t number;
};

static void stamp(char dst[STAMP_SIZE], time_t time, bool iso)
{
	struct tm tm;

	localtime_r(&time, &tm);
	strftime(dst, STAMP_SIZE, iso ? "%Y-%m-%dT%H:%M:%S.123456+00:00" : "%b %e %H:%M:%S", &tm);
}

static void say_queued(const struct mail *m)
{
	unsigned pid = 4000 + (unsigned)(m->number % 50);
	const char *at = m->stamp;

	printf("%s mail postfix/smtpd[%u]: connect from host%u.example[192.0.2.%u]\n", at, pid, pid,
	       pid % 250);
	printf("%s mail postfix/smtpd[%u]: %010" PRIX64 ": client=host%u.example[192.0.2.%u]\n", at,
	       pid, m->number, pid, pid % 250);
	printf("%s mail postfix/cleanup[%u]: %010" PRIX64 ": message-id=<%" PRIu64 ".%s@example>\n",
	       at, pid + 100, m->number, m->number, m->domain);
	printf("%s mail postfix/qmgr[990]: %010" PRIX64 ": from=<alice@sender.example>, size=4211, "
	       "nrcpt=1 (queue active)\n",
	       at, m->number);
	printf("%s mail postfix/smtpd[%u]: disconnect from host%u.example[192.0.2.%u] ehlo=1 "
	       "mail=1 rcpt=1 data=1 quit=1 commands=5\n",
	       at, pid, pid, pid % 250);
}

static void say_sent(const struct mail *m)
{
	unsigned pid = 2000 + (unsigned)(m->number % PROCESSES);
	unsigned x = m->address >> 16 & 255, y = m->address >> 8 & 255, z = m->address & 255;

	printf("%s mail postfix/smtp[%u]: Untrusted TLS connection established to "
	       "mx.%s[10.%u.%u.%u]:25: "
	       "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
	       "server-signature RSA-PSS (2048 bits) server-digest SHA256\n",
	       m->stamp, pid, m->host, x, y, z);
	printf("%s mail postfix/smtp[%u]: %010" PRIX64
	       ": to=<bob@%s>, relay=mx.%s[10.%u.%u.%u]:25, "
	       "delay=0.7, delays=0.1/0/0.4/0.2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as "
	       "4F1B2C3D)\n",
	       m->stamp, pid, m->number, m->domain, m->host, x, y, z);
	printf("%s mail postfix/qmgr[990]: %010" PRIX64 ": removed\n", m->stamp, m->number);
}

static void say(const struct options *o)
{
	uint64_t mails = o->lines / (o->brief ? 3 : 8), random = 1;
	time_t start = time(NULL) - (time_t)(mails / MAILS_A_SECOND);
	struct mail mail;

	for (mail.number = 0; mail.number < mails; mail.number++) {
		uint64_t host = name_random(&random) % o->hosts;

		mail.address = (unsigned)host;
		name_domain(mail.host, host);
		name_domain(mail.domain, NAMES_MAX - 1 - host);
		stamp(mail.stamp, start + (time_t)(mail.number / MAILS_A_SECOND), o->iso);
		if (!o->brief)
			say_queued(&mail);
		say_sent(&mail);
	}
}

static _Noreturn void usage(void)
{
	log_fatal("usage: maillog [-n LINES] [-k HOSTS] [-b] [-i]");
}

int main(int argc, char **argv)
{
	struct options options = { .lines = 900000, .hosts = 10000 };
	int option;

	log_open("maillog", LOG_LEVEL_INFO, LOG_SINK_STDERR);
	while ((option = getopt(argc, argv, "bik:n:")) != -1) {
		switch (option) {
		case 'b':
			options.brief = true;
			break;
		case 'i':
			options.iso = true;
			break;
		case 'k':
			options.hosts = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			options.lines = strtoull(optarg, NULL, 10);
			break;
		default:
			usage();
		}
	}
	if (optind != argc || options.hosts == 0 || options.hosts > NAMES_MAX)
		usage();
	say(&options);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
