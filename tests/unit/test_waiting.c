/* SPDX-License-Identifier: BSD-2-Clause */
/* What waits in Postfix's queue because of TLS; and lines of `postqueue -j`, of any kind. */
#include "core/log/waiting.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "io/json/queue_json.h"

#define T INT64_C(1767323045)
#define NOT_OFFERED "TLS is required, but was not offered by host mx.a.example[192.0.2.1]"

static struct waiting waiting;

static void setup(void)
{
	waiting = (struct waiting){ .lifetime = 432000, .bounce_lifetime = 86400 };
}

static void teardown(void)
{
	waiting_free(&waiting);
}

static void add(uint64_t mail, int64_t arrival, const char *address, const char *reason)
{
	waiting_add(&waiting,
		    &(struct waiting_recipient){ .address = address,
						 .reason = reason,
						 .sender = "me@sender.example",
						 .arrival = arrival,
						 .mail = mail },
		    false);
}

START_TEST(reasons_are_told_apart)
{
	static const struct {
		const char *reason;
		enum waiting_cause cause;
	} rows[] = {
		{ NOT_OFFERED, WAITING_TLS },
		{ "TLS is required, but host mx.a.example[192.0.2.1] refused to start TLS: 454 no",
		  WAITING_TLS },
		{ "Cannot start TLS: handshake failure", WAITING_TLS },
		{ "Server certificate not verified", WAITING_TLS },
		{ "TLSA lookup error for mx.a.example:25", WAITING_TLS },
		{ "client TLS configuration problem", WAITING_POLICY },
		{ "connect to mx.a.example[192.0.2.1]:25: Connection timed out", WAITING_OTHER },
		{ "host mx.a.example[192.0.2.1] said: 450 4.7.0 use TLS (in reply to MAIL FROM)",
		  WAITING_OTHER },
		{ "host mx.a.example[192.0.2.1] refused to talk to me: 554 TLS", WAITING_OTHER },
		{ "", WAITING_OTHER },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(waiting_because(rows[i].reason) == rows[i].cause, "%s",
			      rows[i].reason);
}
END_TEST

START_TEST(domains_are_gathered)
{
	add(1, T, "x@B.example", NOT_OFFERED);
	add(1, T, "y@b.example", NOT_OFFERED);
	add(2, T - 60, "z@b.example", "client TLS configuration problem");
	add(3, T - 90, "x@a.example", NOT_OFFERED);
	add(4, T, "x@c.example", "Connection timed out");
	ck_assert_uint_eq(waiting.count, 2);
	ck_assert_str_eq(waiting.domains[0].domain, "a.example");
	ck_assert(!waiting.domains[0].policy);
	ck_assert_uint_eq(waiting.domains[1].mails, 2);
	ck_assert_int_eq(waiting.domains[1].oldest, T - 60);
	ck_assert_int_eq(waiting.domains[1].returns, T - 60 + 432000);
	ck_assert_str_eq(waiting.domains[1].reason, "client TLS configuration problem");
	ck_assert(waiting.domains[1].policy);
}
END_TEST

START_TEST(a_bounce_has_a_lifetime_of_its_own)
{
	waiting_add(
		&waiting,
		&(struct waiting_recipient){ "x@a.example", NOT_OFFERED, "MAILER-DAEMON", T, 1 },
		true);
	add(2, T - 10, "x@a.example", NOT_OFFERED);
	ck_assert_int_eq(waiting.domains[0].returns, T + 86400);
	ck_assert_int_eq(waiting.domains[0].oldest, T - 10);
	ck_assert(waiting.domains[0].sealed);
}
END_TEST

START_TEST(there_is_a_bound)
{
	char address[64];

	for (int i = 0; i < WAITING_DOMAINS_MAX + 3; i++) {
		snprintf(address, sizeof(address), "x@d%d.example", i);
		add((uint64_t)i, T, address, NOT_OFFERED);
	}
	add(1, T, "no-domain", NOT_OFFERED);
	add(1, T, "x@bad..name", NOT_OFFERED);
	ck_assert_uint_eq(waiting.count, WAITING_DOMAINS_MAX);
	ck_assert_uint_eq(waiting.others, 5);
}
END_TEST

START_TEST(lifetimes_are_postfixs)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = { { "5d", 432000 }, { "1w", 604800 },   { "90m", 5400 }, { "2h", 7200 },
		     { "30s", 30 },    { "3", 3 * 86400 }, { "0", 0 },      { "", -1 },
		     { "d", -1 },      { "5x", -1 },       { "-1d", -1 },   { "99999999d", -1 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t seconds = -1;

		ck_assert_msg(waiting_lifetime(&seconds, rows[i].text) == (rows[i].seconds >= 0),
			      "%s", rows[i].text);
		ck_assert_int_eq(seconds, rows[i].seconds);
	}
}
END_TEST

static void visit(void *context, const struct waiting_recipient *recipient)
{
	struct buf *seen = context;

	buf_printf(seen, "%s|%s|%s|%lld|%llu;", recipient->address, recipient->reason,
		   recipient->sender, (long long)recipient->arrival,
		   (unsigned long long)recipient->mail);
}

#define MAIL(arrival, recipients)                                                    \
	"{\"queue_name\":\"deferred\",\"queue_id\":\"A1\",\"arrival_time\":" arrival \
	",\"message_size\":1,\"sender\":\"me@a.example\",\"recipients\":[" recipients "]}"

START_TEST(lines_are_read_strictly)
{
	static const struct {
		const char *line, *seen; /* NULL: refused */
	} rows[] = {
		{ MAIL("1767323045", "{\"address\":\"x@b.example\",\"delay_reason\":\"why\"}"),
		  "x@b.example|why|me@a.example|1767323045|7;" },
		{ MAIL("1767323045",
		       "{\"address\":\"x@b.example\"},{\"address\":\"y@b.example\",\"n\":1}"),
		  "x@b.example||me@a.example|1767323045|7;y@b.example||me@a.example|1767323045|"
		  "7;" },
		{ MAIL("1767323045", ""), "" },
		{ MAIL("\"1767323045\"", ""), NULL },
		{ MAIL("0", ""), NULL },
		{ MAIL("-1", ""), NULL },
		{ MAIL("99999999999999", ""), NULL },
		{ MAIL("1767323045", "{\"address\":\"x@b.example\"},{\"address\":1}"), NULL },
		{ MAIL("1767323045", "\"x@b.example\""), NULL },
		{ MAIL("1767323045", "{\"address\":\"a\\u0000b\"}"), NULL },
		{ MAIL("1767323045", "{\"address\":\"a\",\"address\":\"b\"}"), NULL },
		{ MAIL("1767323045", "") " x", NULL },
		{ "[]", NULL },
		{ "", NULL },
		{ "{\"arrival_time\":1767323045}", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf seen = { 0 };
		bool good = queue_json_read(rows[i].line, strlen(rows[i].line), 7, visit, &seen);

		ck_assert_msg(good == (rows[i].seen != NULL), "%s", rows[i].line);
		ck_assert_str_eq(buf_cstr(&seen), good ? rows[i].seen : "");
		buf_free(&seen);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("waiting");
	TCase *tc = tcase_create("waiting");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reasons_are_told_apart);
	tcase_add_test(tc, domains_are_gathered);
	tcase_add_test(tc, a_bounce_has_a_lifetime_of_its_own);
	tcase_add_test(tc, there_is_a_bound);
	tcase_add_test(tc, lifetimes_are_postfixs);
	tcase_add_test(tc, lines_are_read_strictly);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
