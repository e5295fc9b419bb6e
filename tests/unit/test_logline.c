/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logline.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utc.h"

#define HEAD "Nov 22 00:09:47 mail postfix/smtp[123]: "
#define TLS_TEXT "TLS connection established to mx.example.com[192.0.2.1]:25: "
#define TLS13 "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
#define TO "4F1B2C3D: to=<a@example.com>, "
#define RELAY "relay=mx.example.com[192.0.2.1]:25, "
#define DELAYS "delay=1.2, delays=0.1/0/0.5/0.6, "
#define SENT "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 7D1F)"

static bool parse(struct logline *line, const char *text)
{
	return logline_parse(line, text, strlen(text));
}

static void assert_span(struct span s, const char *text)
{
	ck_assert_msg(span_is(s, text), "\"%.*s\" is not \"%s\"", (int)s.len, s.at, text);
}

START_TEST(reads_a_tls_line)
{
	struct logline line;

	ck_assert(parse(
		&line, HEAD
		"Untrusted " TLS_TEXT TLS13
		" key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256"));
	ck_assert_int_eq(line.kind, LOGLINE_TLS);
	ck_assert_int_eq(line.trust, LOGLINE_UNTRUSTED);
	ck_assert(!line.reused);
	ck_assert_str_eq(line.host, "mx.example.com");
	ck_assert_int_eq(line.port, 25);
	ck_assert_int_eq(line.addr.len, 4);
	ck_assert_int_eq(line.version, 0x0304);
	ck_assert_str_eq(line.cipher, "TLS_AES_256_GCM_SHA384");
	assert_span(line.process, "mail postfix/smtp[123]");
	ck_assert_int_eq(line.stamp.month, 11);
	ck_assert_int_eq(line.stamp.day, 22);
	ck_assert_int_eq(line.stamp.hour, 0);
	ck_assert_int_eq(line.stamp.minute, 9);
	ck_assert_int_eq(line.stamp.second, 47);
	ck_assert_int_eq(line.stamp.year, 0);
	ck_assert(!line.stamp.zoned);
}
END_TEST

START_TEST(reads_every_form_of_tls_line)
{
	static const struct {
		const char *text;
		enum logline_trust trust;
		bool reused;
		const char *host;
		uint16_t port;
		uint16_t version;
	} cases[] = {
		{ "Verified " TLS_TEXT TLS13, LOGLINE_VERIFIED, false, "mx.example.com", 25,
		  0x0304 },
		{ "Trusted " TLS_TEXT
		  "TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)",
		  LOGLINE_TRUSTED, false, "mx.example.com", 25, 0x0303 },
		{ "Anonymous " TLS_TEXT "TLSv1.2 with cipher ADH-AES256-GCM-SHA384 (256/256 bits)",
		  LOGLINE_ANONYMOUS, false, "mx.example.com", 25, 0x0303 },
		{ "Untrusted TLS connection reused to mx.example.com[192.0.2.1]:25: " TLS13,
		  LOGLINE_UNTRUSTED, true, "mx.example.com", 25, 0x0304 },
		{ "Untrusted TLS connection established to MX.Example.COM[2001:db8::1]:587: "
		  "TLSv1 with cipher DES-CBC3-SHA (112/168 bits)",
		  LOGLINE_UNTRUSTED, false, "mx.example.com", 587, 0x0301 },
		{ "Untrusted TLS connection established to 192.0.2.1[192.0.2.1]:25: " TLS13,
		  LOGLINE_UNTRUSTED, false, "192.0.2.1", 25, 0x0304 },
		{ "Verified TLS connection established to 2001:DB8:0::1[2001:db8::1]:25: " TLS13
		  " key-exchange ECDHE (P-256) server-signature ECDSA (P-256 raw public key)",
		  LOGLINE_VERIFIED, false, "2001:db8::1", 25, 0x0304 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct logline line;

		snprintf(text, sizeof(text), HEAD "%s", cases[i].text);
		ck_assert_msg(parse(&line, text), "%s", text);
		ck_assert_int_eq(line.kind, LOGLINE_TLS);
		ck_assert_int_eq(line.trust, cases[i].trust);
		ck_assert_int_eq(line.reused, cases[i].reused);
		ck_assert_str_eq(line.host, cases[i].host);
		ck_assert_int_eq(line.port, cases[i].port);
		ck_assert_int_eq(line.version, cases[i].version);
	}
}
END_TEST

START_TEST(reads_every_form_of_delivery_line)
{
	static const struct {
		const char *text;
		const char *queue_id;
		const char *domain;
		const char *tls;
		bool sent;
	} cases[] = {
		{ TO RELAY DELAYS SENT, "4F1B2C3D", "example.com", "", true },
		/* long queue ids, a second use of the connection, an alias, 3.11's field */
		{ "4cRzXh5tLqz1bGk: to=<a@example.com>, orig_to=<b@other.example>, " RELAY
		  "conn_use=3, " DELAYS "tls=may, " SENT,
		  "4cRzXh5tLqz1bGk", "example.com", "may", true },
		{ TO RELAY DELAYS "tls=dane:encrypt/requiretls:nocertmatch, " SENT, "4F1B2C3D",
		  "example.com", "dane:encrypt/requiretls:nocertmatch", true },
		{ TO RELAY DELAYS "tls=!secure?, dsn=4.7.5, status=deferred (x)", "4F1B2C3D",
		  "example.com", "!secure?", false },
		{ TO RELAY DELAYS
		  "dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] said: 550 no)",
		  "4F1B2C3D", "example.com", "", false },
		{ TO RELAY DELAYS "dsn=4.0.0, status=undeliverable (x)", "4F1B2C3D", "example.com",
		  "", false },
		/* recipients */
		{ "1A: to=<\"a b\"@Example.COM>, " RELAY DELAYS SENT, "1A", "example.com", "",
		  true },
		{ "1A: to=<\"a@evil.example\"@example.com>, " RELAY DELAYS SENT, "1A",
		  "example.com", "", true },
		{ "1A: to=<a@b@example.com>, " RELAY DELAYS SENT, "1A", "example.com", "", true },
		{ "1A: to=<\">, status=sent (\"@example.com>, " RELAY DELAYS SENT, "1A",
		  "example.com", "", true },
		{ "1A: to=<a@b\xc3\xbc"
		  "cher.example>, " RELAY DELAYS SENT,
		  "1A", "xn--bcher-kva.example", "", true },
		{ "1A: to=<a@[192.0.2.9]>, " RELAY DELAYS SENT, "1A", "", "", true },
		{ "1A: to=<a@[IPv6:2001:db8::9]>, " RELAY DELAYS SENT, "1A", "", "", true },
		{ "1A: to=<root>, " RELAY DELAYS SENT, "1A", "", "", true },
		{ "1A: to=<>, " RELAY DELAYS SENT, "1A", "", "", true },
		{ "1A: to=<a@>, " RELAY DELAYS SENT, "1A", "", "", true },
		{ "1A: to=<a@b?cher.example>, " RELAY DELAYS SENT, "1A", "", "", true },
		/* an orig_to that imitates another one leaves the domain open */
		{ "1A: to=<a@x.example>, orig_to=<b>, orig_to=<c@example.com>, " RELAY DELAYS SENT,
		  "1A", "", "", true },
		/* what a server says */
		{ TO RELAY DELAYS "dsn=2.0.0, status=sent (250 ok, status=bounced (no), tls=none)",
		  "4F1B2C3D", "example.com", "", true },
		{ TO RELAY DELAYS "dsn=2.0.0, status=sent (250 Verified " TLS_TEXT TLS13 ")",
		  "4F1B2C3D", "example.com", "", true },
		{ TO RELAY DELAYS "dsn=2.0.0, status=sent ()", "4F1B2C3D", "example.com", "",
		  true },
		{ TO RELAY DELAYS "dsn=2.0.0, status=sent (250 ok relay=x[192.0.2.3]:25)",
		  "4F1B2C3D", "example.com", "", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct logline line;

		snprintf(text, sizeof(text), HEAD "%s", cases[i].text);
		ck_assert_msg(parse(&line, text), "%s", text);
		ck_assert_int_eq(line.kind, LOGLINE_DELIVERY);
		ck_assert_str_eq(line.host, "mx.example.com");
		ck_assert_int_eq(line.port, 25);
		assert_span(line.queue_id, cases[i].queue_id);
		ck_assert_msg(strcmp(line.domain, cases[i].domain) == 0, "%s: %s", text,
			      line.domain);
		assert_span(line.tls, cases[i].tls);
		ck_assert_msg(line.sent == cases[i].sent, "%s", text);
	}
}
END_TEST

START_TEST(passes_over_all_other_text)
{
	static const char *const texts[] = {
		"",
		"warning: TLS library problem: error:0A000126",
		"connect to mx.example.com[192.0.2.1]:25: Connection refused",
		"Host offered STARTTLS: [mx.example.com]",
		"setting up TLS connection to mx.example.com[192.0.2.1]:25",
		"4F1B2C3D: host mx.example.com[192.0.2.1] said: 450 later (in reply to RCPT TO "
		"command)",
		"SSL_connect error to mx.example.com[192.0.2.1]:25: -1",
		/* TLS lines that are not quite */
		"TLS connection established to mx.example.com[192.0.2.1]:25: " TLS13,
		"untrusted " TLS_TEXT TLS13,
		" Untrusted " TLS_TEXT TLS13,
		"warning: Untrusted " TLS_TEXT TLS13,
		"Untrusted TLS connection established from mx.example.com[192.0.2.1]:25: " TLS13,
		"Untrusted TLS connection lost to mx.example.com[192.0.2.1]:25: " TLS13,
		"Untrusted TLS connection established to mx.example.com[192.0.2.1]: " TLS13,
		"Untrusted TLS connection established to mx.example.com[192.0.2.1]:0: " TLS13,
		"Untrusted TLS connection established to mx.example.com[192.0.2.1]:65536: " TLS13,
		"Untrusted TLS connection established to mx.example.com[192.0.2]:25: " TLS13,
		"Untrusted TLS connection established to mx.example.com[]:25: " TLS13,
		"Untrusted TLS connection established to [192.0.2.1]:25: " TLS13,
		"Untrusted TLS connection established to mx example.com[192.0.2.1]:25: " TLS13,
		"Untrusted TLS connection established to mx..example.com[192.0.2.1]:25: " TLS13,
		"Untrusted TLS connection established to /run/lmtp[/run/lmtp]: " TLS13,
		"Untrusted " TLS_TEXT "TLSv9 with cipher X (256/256 bits)",
		"Untrusted " TLS_TEXT "SSLv3 with cipher X (256/256 bits)",
		"Untrusted " TLS_TEXT "TLSv1.3 with cipher  (256/256 bits)",
		"Untrusted " TLS_TEXT "TLSv1.3 with cipher X (256 bits)",
		"Untrusted " TLS_TEXT "TLSv1.3 with cipher X (256/256 bits",
		"Untrusted " TLS_TEXT "TLSv1.3 with cipher X (256/256 bits) and more",
		"Untrusted " TLS_TEXT "TLSv1.3",
		"Untrusted " TLS_TEXT
		"TLSv1.3 with cipher AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAA (256/256 bits)",
		/* delivery lines that are not quite */
		TO "relay=none, " DELAYS "dsn=4.4.1, status=deferred (connect to x: timed out)",
		TO "relay=local, " DELAYS SENT,
		TO "relay=mx.example.com[/run/lmtp], " DELAYS SENT,
		TO RELAY SENT,
		TO RELAY "delay=1, " SENT,
		TO RELAY "conn_use=x, " DELAYS SENT,
		TO RELAY DELAYS "tls=, " SENT,
		TO RELAY DELAYS "tls=may none, " SENT,
		TO RELAY DELAYS "status=sent (250 ok)",
		TO RELAY DELAYS "dsn=2.0.0, status=sent",
		TO RELAY DELAYS "dsn=2.0.0, status=sent (250 ok",
		TO RELAY DELAYS "dsn=2.0.0, status= (250 ok)",
		TO RELAY DELAYS "dsn=2.0.0, status=Sent (250 ok)",
		"NOQUEUE!: to=<a@example.com>, " RELAY DELAYS SENT,
		": to=<a@example.com>, " RELAY DELAYS SENT,
		"4F1B2C3D: from=<a@example.com>, " RELAY DELAYS SENT,
		"4F1B2C3D: to=a@example.com, " RELAY DELAYS SENT,
		/* two relays: one of them was written by a stranger */
		TO RELAY DELAYS "dsn=2.0.0, status=sent (<x>, relay=evil.example[192.0.2.6]:25)",
		"1A: to=<x@evil.example>, relay=evil.example[192.0.2.6]:25, " DELAYS
		"dsn=2.0.0, status=sent (@example.com>, " RELAY DELAYS SENT,
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char text[512];
		struct logline line;

		snprintf(text, sizeof(text), HEAD "%s", texts[i]);
		ck_assert_msg(!parse(&line, text), "%s", text);
	}
}
END_TEST

START_TEST(knows_whose_line_it_is)
{
	static const struct {
		const char *head;
		const char *process; /* NULL: not smtp(8)'s */
	} cases[] = {
		{ "Nov 22 00:09:47 mail postfix-out/relay/smtp[99]: ",
		  "mail postfix-out/relay/smtp[99]" },
		{ "Nov 22 00:09:47 mail.example.org postfix/postseal-dane-only/smtp[1]: ",
		  "mail.example.org postfix/postseal-dane-only/smtp[1]" },
		{ "Nov 22 00:09:47 192.0.2.7 a_very.long-name/with/many/parts/smtp[4294967295]: ",
		  "192.0.2.7 a_very.long-name/with/many/parts/smtp[4294967295]" },
		{ "Nov 22 00:09:47 mail postfix/smtpd[123]: ", NULL },
		{ "Nov 22 00:09:47 mail postfix/lmtp[123]: ", NULL },
		{ "Nov 22 00:09:47 mail postfix/tlsproxy[123]: ", NULL },
		{ "Nov 22 00:09:47 mail postfixsmtp[123]: ", NULL },
		{ "Nov 22 00:09:47 mail smtp[123]: ", NULL },
		{ "Nov 22 00:09:47 mail postfix/smtp: ", NULL },
		{ "Nov 22 00:09:47 mail postfix/smtp[]: ", NULL },
		{ "Nov 22 00:09:47 mail postfix/smtp[1x]: ", NULL },
		{ "Nov 22 00:09:47 mail postfix/smtp[123] ", NULL },
		{ "Nov 22 00:09:47 mail postfix/smtp[123]:", NULL },
		{ "Nov 22 00:09:47  postfix/smtp[123]: ", NULL },
		{ "Nov 22 00:09:47 postfix/smtp[123]: ", NULL },
		{ "Nov 22 00:09:47 ma\x01il postfix/smtp[123]: ", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct logline line;

		snprintf(text, sizeof(text), "%sUntrusted " TLS_TEXT TLS13, cases[i].head);
		ck_assert_msg(parse(&line, text) == (cases[i].process != NULL), "%s", text);
		if (cases[i].process != NULL)
			assert_span(line.process, cases[i].process);
	}
}
END_TEST

/* The forms of logline_head.c; %s stands for the message. */
START_TEST(knows_the_logs_of_the_world)
{
	static const struct {
		const char *line;
		const char *process;
		int year, offset;
		bool zoned;
	} cases[] = {
		{ "Nov 22 00:09:47 mail postfix/smtp[123]: %s\r", "mail postfix/smtp[123]", 0, 0,
		  false },
		{ "Nov 22 00:09:47.123 mail postfix/smtp[123]: %s", "mail postfix/smtp[123]", 0, 0,
		  false },
		{ "Nov 22 00:09:47 mail mail.info postfix/smtp[123]: %s",
		  "mail mail.info postfix/smtp[123]", 0, 0, false },
		{ "Nov 22 00:09:47 <mail.info> mail postfix/smtp[123]: %s",
		  "mail postfix/smtp[123]", 0, 0, false },
		{ "Nov 22 00:09:47 <2.6> mail postfix/smtp[123]: %s", "mail postfix/smtp[123]", 0,
		  0, false },
		{ "Nov 22 00:09:47 mail postfix/smtp[123]: [ID 197553 mail.info] %s",
		  "mail postfix/smtp[123]", 0, 0, false },
		{ "<22>1 2026-11-22T00:09:47.1Z mail postfix/smtp 123 - - %s",
		  "mail postfix/smtp 123", 2026, 0, true },
		{ "<22>1 2026-11-22T00:09:47.1Z mail postfix/smtp 123 - - \xef\xbb\xbf%s",
		  "mail postfix/smtp 123", 2026, 0, true },
		{ "2026-11-22 00:09:47.123 mail postfix/smtp[123]: %s", "mail postfix/smtp[123]",
		  2026, 0, false },
		{ "2026-11-22T00:09:47+01:00\tmail\tpostfix/smtp[123]:\t%s",
		  "mail\tpostfix/smtp[123]", 2026, 3600, true },
		{ "{\"log\":\"Nov 22 00:09:47 mail postfix/smtp[123]: %s\\n\",\"stream\":"
		  "\"stdout\",\"time\":\"2026-11-22T00:09:47.5Z\"}",
		  "mail postfix/smtp[123]", 2026, 0, true },
		{ "{\"log\":\"\\u0070ostfix/smtp[123]: %s\\n\",\"stream\":\"stdout\",\"attrs\":"
		  "{\"tag\":\"x\"},\"time\":\"2026-11-22T00:09:47.5+01:00\"}",
		  "postfix/smtp[123]", 2026, 3600, true },
		{ "2026-11-22T00:09:47.5Z Nov 22 01:09:47 mail postfix/smtp[123]: %s",
		  "mail postfix/smtp[123]", 2026, 0, true },
		{ "2026-11-22T00:09:47.5Z postfix/smtp[123]: %s", "postfix/smtp[123]", 2026, 0,
		  true },
		{ "mail-1   | Nov 22 00:09:47 mail postfix/smtp[123]: %s", "mail postfix/smtp[123]",
		  0, 0, false },
		{ "mail-1  | 2026-11-22T00:09:47.5Z Nov 22 01:09:47 mail postfix/smtp[123]: %s",
		  "mail postfix/smtp[123]", 2026, 0, true },
		{ "2026-11-22T00:09:47.5+01:00 stdout F Nov 22 00:09:47 mail postfix/smtp[123]: %s",
		  "mail postfix/smtp[123]", 2026, 3600, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *at = strstr(cases[i].line, "%s");
		char text[512];
		struct logline line;

		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - cases[i].line), cases[i].line,
			 "Trusted " TLS_TEXT TLS13, at + 2);
		ck_assert_msg(parse(&line, text), "%s", text);
		ck_assert(!logline_is_strange(text, strlen(text)));
		assert_span(line.process, cases[i].process);
		ck_assert_int_eq(line.kind, LOGLINE_TLS);
		ck_assert_int_eq(line.stamp.second, 47);
		ck_assert_int_eq(line.stamp.year, cases[i].year);
		ck_assert_int_eq(line.stamp.zoned, cases[i].zoned);
		ck_assert_int_eq(line.stamp.offset, cases[i].offset);
	}
}
END_TEST

/* Without a time, or of a form that nobody told us of: told, and not taken. */
START_TEST(tells_what_it_does_not_know)
{
	static const char *const heads[] = {
		"postfix/smtp[123]: ",
		"mail postfix/smtp[123]: ",
		"mail-1  | postfix/smtp[123]: ",
		"22/Nov/2026 00:09:47 mail postfix/smtp[123]: ",
		"Nov 22 2026 00:09:47 mail postfix/smtp[123]: ",
		"2026-11-22T00:09:47Z stdout P Nov 22 00:09:47 mail postfix/smtp[123]: ",
		"{\"log\":\"postfix/smtp[123]: ",
		"<192>1 2026-11-22T00:09:47Z mail postfix/smtp 123 - - ",
	};
	static const char *const others[] = {
		"Nov 22 00:09:47 mail postfix/smtp[123]: warning: nothing, status=x",
		"Nov 22 00:09:47 mail postfix/smtpd[123]: Anonymous TLS connection established "
		"from x",
		"what is this postfix/smtp[123]: no news",
		"",
	};

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		char text[512];
		struct logline line;

		snprintf(text, sizeof(text), "%sTrusted " TLS_TEXT TLS13, heads[i]);
		ck_assert_msg(!parse(&line, text), "%s", text);
		ck_assert_msg(logline_is_strange(text, strlen(text)), "%s", text);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		ck_assert_msg(!logline_is_strange(others[i], strlen(others[i])), "%s", others[i]);
}
END_TEST

START_TEST(does_not_trust_a_line_that_may_be_cut)
{
	static char text[LOGLINE_TEXT_MAX + 200];
	static const char start[] = HEAD TO RELAY DELAYS "dsn=2.0.0, status=sent (";
	size_t full = strlen(HEAD) + LOGLINE_TEXT_MAX;
	struct logline line;

	memset(text, 'x', sizeof(text));
	memcpy(text, start, sizeof(start) - 1);
	text[full - 1] = ')';
	ck_assert(!logline_parse(&line, text, full));
	text[full - 2] = ')';
	ck_assert(logline_parse(&line, text, full - 1));
}
END_TEST

START_TEST(survives_nul_and_nothing)
{
	static const char text[] = HEAD "Untrusted TLS connection established to mx\0.example.com"
					"[192.0.2.1]:25: " TLS13;
	static const char tls[] = HEAD TO RELAY DELAYS "tls=may\0none, " SENT;
	struct logline line;

	ck_assert(!logline_parse(&line, text, sizeof(text) - 1));
	ck_assert(!logline_parse(&line, tls, sizeof(tls) - 1));
	ck_assert(!logline_parse(&line, "", 0));
}
END_TEST

/* Times */

static int64_t no_zone(int64_t utc)
{
	(void)utc;
	return 0;
}

/* Central European: an hour ahead, two from 2026-03-29 01:00 to 2026-10-25 01:00 UTC. */
static int64_t central_europe(int64_t utc)
{
	return utc >= INT64_C(1774746000) && utc < INT64_C(1792890000) ? 7200 : 3600;
}

static int64_t at(const char *date)
{
	int64_t seconds;

	ck_assert_msg(utc_parse(date, &seconds), "%s", date);
	return seconds;
}

START_TEST(tells_the_time_of_a_line)
{
	static const struct {
		const char *written;
		const char *reference;
		const char *time; /* NULL: none */
	} cases[] = {
		{ "Nov 22 00:09:47", "2026-11-22T00:09:50Z", "2026-11-22T00:09:47Z" },
		{ "Nov  2 00:09:47", "2026-11-22T00:09:50Z", "2026-11-02T00:09:47Z" },
		{ "Nov 02 00:09:47", "2026-11-22T00:09:50Z", "2026-11-02T00:09:47Z" },
		/* across the turn of the year, either way */
		{ "Dec 31 23:59:59", "2027-01-01T00:00:02Z", "2026-12-31T23:59:59Z" },
		{ "Jan  1 00:00:01", "2026-12-31T23:59:59Z", "2027-01-01T00:00:01Z" },
		/* a clock that was a little fast; one that was a day fast is a year old */
		{ "Nov 22 00:09:47", "2026-11-21T12:00:00Z", "2026-11-22T00:09:47Z" },
		{ "Nov 24 00:09:47", "2026-11-22T12:00:00Z", "2025-11-24T00:09:47Z" },
		/* leap days: the last there was, however long ago */
		{ "Feb 29 12:00:00", "2026-11-22T00:00:00Z", "2024-02-29T12:00:00Z" },
		{ "Feb 29 12:00:00", "2028-02-29T12:00:01Z", "2028-02-29T12:00:00Z" },
		{ "Feb 29 12:00:00", "2103-11-22T00:00:00Z", "2096-02-29T12:00:00Z" },
		{ "Feb 30 12:00:00", "2026-11-22T00:00:00Z", NULL },
		{ "Nov 22 12:00:60", "2026-11-22T12:00:59Z", "2026-11-22T12:00:59Z" },
		/* years that are written */
		{ "2026-11-22T00:09:47Z", "2026-11-22T00:09:50Z", "2026-11-22T00:09:47Z" },
		{ "2026-11-22T00:09:47+01:00", "2026-11-22T00:09:50Z", "2026-11-21T23:09:47Z" },
		{ "2026-11-22T00:09:47.123456-0530", "2026-11-22T00:09:50Z",
		  "2026-11-22T05:39:47Z" },
		{ "2026-11-22T00:09:47", "2026-11-22T00:09:50Z", "2026-11-22T00:09:47Z" },
		{ "2021-01-01T00:00:00Z", "2026-11-22T00:09:50Z", "2021-01-01T00:00:00Z" },
		{ "2026-11-23T00:09:50Z", "2026-11-22T00:09:50Z", "2026-11-23T00:09:50Z" },
		{ "2026-11-23T00:09:51Z", "2026-11-22T00:09:50Z", NULL },
		{ "2025-02-29T00:09:51Z", "2026-11-22T00:09:50Z", NULL },
		{ "1969-12-31T23:59:59Z", "2026-11-22T00:09:50Z", NULL },
		/* fractions, and a blank for the "T" */
		{ "Nov 22 00:09:47.123456", "2026-11-22T00:09:50Z", "2026-11-22T00:09:47Z" },
		{ "2026-11-22 00:09:47.123+0100", "2026-11-22T00:09:50Z", "2026-11-21T23:09:47Z" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[64];
		char date[UTC_SIZE];
		struct logline_stamp stamp;
		struct span rest;
		int64_t time;

		snprintf(text, sizeof(text), "%s rest", cases[i].written);
		rest = span_of(text);
		ck_assert_msg(logline_take_stamp(&stamp, &rest), "%s", text);
		assert_span(rest, " rest");
		time = logline_time(&stamp, at(cases[i].reference), no_zone);
		if (cases[i].time == NULL)
			ck_assert_msg(time == 0, "%s: %s", text, utc_format(date, time));
		else
			ck_assert_msg(time == at(cases[i].time), "%s: %s", text,
				      utc_format(date, time));
	}
}
END_TEST

START_TEST(adds_the_zone_where_none_is_written)
{
	static const struct {
		const char *written;
		const char *time;
	} cases[] = {
		{ "Nov 22 00:09:47", "2026-11-21T23:09:47Z" },
		{ "Jul  1 00:09:47", "2026-06-30T22:09:47Z" },
		{ "2026-07-01T00:09:47", "2026-06-30T22:09:47Z" },
		{ "2026-07-01T00:09:47Z", "2026-07-01T00:09:47Z" },
		/* on either side of the change */
		{ "Mar 29 01:59:59", "2026-03-29T00:59:59Z" },
		{ "Mar 29 03:00:00", "2026-03-29T01:00:00Z" },
		{ "Oct 25 01:59:59", "2026-10-24T23:59:59Z" },
		{ "Oct 25 03:00:00", "2026-10-25T02:00:00Z" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[64];
		char date[UTC_SIZE];
		struct logline_stamp stamp;
		struct span rest;
		int64_t time;

		snprintf(text, sizeof(text), "%s rest", cases[i].written);
		rest = span_of(text);
		ck_assert(logline_take_stamp(&stamp, &rest));
		time = logline_time(&stamp, at("2026-12-01T00:00:00Z"), central_europe);
		ck_assert_msg(time == at(cases[i].time), "%s: %s", text, utc_format(date, time));
	}
}
END_TEST

START_TEST(refuses_what_is_no_time)
{
	static const char *const texts[] = {
		"",
		" ",
		"Nov",
		"Nov 22",
		"Nov 22 00:09",
		"nov 22 00:09:47 ",
		"Foo 22 00:09:47 ",
		"ovD 22 00:09:47 ",
		"Nov22 00:09:47 ",
		"Nov 2 00:09:47 ",
		"Nov   2 00:09:47 ",
		"Nov 222 00:09:47 ",
		"Nov 22 24:09:47 ",
		"Nov 22 00:60:47 ",
		"Nov 22 00:09:61 ",
		"Nov 22 0:09:47 ",
		"Nov 22 00:09:47. ",
		"2026-11-22_00:09:47 ",
		"26-11-22T00:09:47 ",
		"2026-11-22T00:09 ",
		"2026-11-22T00:09:47. ",
		"2026-11-22T00:09:47+1 ",
		"2026-11-22T00:09:47+16:00 ",
		"2026-11-22T00:09:47+01:60 ",
		"2026-11-22T00:09:47+01:00x ",
		"2026-11-22T00:09:47z ",
		"0000-11-22T00:09:47Z ",
		"+026-11-22T00:09:47Z ",
		"2026-1-22T00:09:47Z ",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct logline_stamp stamp;
		struct span rest = span_of(texts[i]);

		ck_assert_msg(!logline_take_stamp(&stamp, &rest), "%s", texts[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logline");
	TCase *lines = tcase_create("lines");
	TCase *times = tcase_create("times");
	SRunner *runner;
	int failed;

	tcase_add_test(lines, reads_a_tls_line);
	tcase_add_test(lines, reads_every_form_of_tls_line);
	tcase_add_test(lines, reads_every_form_of_delivery_line);
	tcase_add_test(lines, passes_over_all_other_text);
	tcase_add_test(lines, knows_whose_line_it_is);
	tcase_add_test(lines, knows_the_logs_of_the_world);
	tcase_add_test(lines, tells_what_it_does_not_know);
	tcase_add_test(lines, does_not_trust_a_line_that_may_be_cut);
	tcase_add_test(lines, survives_nul_and_nothing);
	tcase_add_test(times, tells_the_time_of_a_line);
	tcase_add_test(times, adds_the_zone_where_none_is_written);
	tcase_add_test(times, refuses_what_is_no_time);
	suite_add_tcase(suite, lines);
	suite_add_tcase(suite, times);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
