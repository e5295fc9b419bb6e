/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logfold.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define NOW INT64_C(1800000000)

/*
 * A story is a list of lines, in short: which process, how many seconds after
 * NOW, and what. What a line is to prove stands beside it: "host" of a
 * handshake, "domain" of a delivery, "" for nothing.
 */
struct step {
	int pid;
	int64_t after;
	const char *what;
	const char *host;
	const char *domain;
};

#define ESTABLISHED(host) "Untrusted TLS connection established to " host ":25: " TLS13
#define VERIFIED(host) "Verified TLS connection established to " host ":25: " TLS13
#define REUSED(host) "Untrusted TLS connection reused to " host ":25: " TLS13
#define TLS13 "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
#define SENT(id, to, host)                                               \
	id ": to=<" to ">, relay=" host ":25, delay=1, delays=1/0/0/0, " \
	   "dsn=2.0.0, status=sent (250 ok)"
#define SENT_AT(id, to, host, level)                                     \
	id ": to=<" to ">, relay=" host ":25, delay=1, delays=1/0/0/0, " \
	   "tls=" level ", dsn=2.0.0, status=sent (250 ok)"
#define DEFERRED(id, to, host)                                           \
	id ": to=<" to ">, relay=" host ":25, delay=1, delays=1/0/0/0, " \
	   "dsn=4.0.0, status=deferred (450 later)"
#define MX1 "mx1.example.com[192.0.2.1]"
#define MX2 "mx2.example.com[192.0.2.2]"

static bool tell_as(struct logfold *fold, const char *process, int64_t time, const char *what,
		    struct logfold_proof *proof)
{
	static char text[1024];
	struct logline line;

	snprintf(text, sizeof(text), "Nov 22 00:09:47 %s: %s", process, what);
	ck_assert_msg(logline_parse(&line, text, strlen(text)), "%s", text);
	return logfold_line(fold, &line, time, proof);
}

static bool tell(struct logfold *fold, const struct step *step, struct logfold_proof *proof)
{
	char process[64];

	snprintf(process, sizeof(process), "mail postfix/smtp[%d]", step->pid);
	return tell_as(fold, process, NOW + step->after, step->what, proof);
}

static void play(const struct step *steps, size_t count)
{
	struct logfold *fold = logfold_new();

	for (size_t i = 0; i < count; i++) {
		struct logfold_proof proof = { 0 };
		bool proved = tell(fold, &steps[i], &proof);

		ck_assert_msg(proved == (steps[i].host[0] != '\0'), "step %zu: %s", i,
			      steps[i].what);
		if (!proved)
			continue;
		ck_assert_msg(strcmp(proof.host, steps[i].host) == 0, "step %zu: %s", i,
			      proof.host);
		ck_assert_msg(strcmp(proof.domain, steps[i].domain) == 0, "step %zu: %s", i,
			      proof.domain);
		ck_assert_int_eq(proof.port, 25);
		ck_assert_int_eq(proof.seen.source, SOURCE_DELIVERY);
		if (strstr(steps[i].what, "(TLS is required, but was not offered by") != NULL) {
			ck_assert_int_eq(proof.seen.observed, OBSERVED_PLAIN);
			ck_assert_int_eq(proof.seen.time, NOW + steps[i].after);
			continue;
		}
		ck_assert_int_eq(proof.seen.observed, OBSERVED_TLS);
		ck_assert_int_eq(proof.seen.version, 0x0304);
		ck_assert_str_eq(proof.seen.cipher, "TLS_AES_256_GCM_SHA384");
	}
	logfold_free(fold);
}

START_TEST(learns_a_host_and_then_its_domain)
{
	static const struct step steps[] = {
		{ 1, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
		{ 1, 1, SENT("A1", "a@example.com", MX1), "mx1.example.com", "example.com" },
		/* other recipients of the same mail */
		{ 1, 1, SENT("A1", "b@example.com", MX1), "mx1.example.com", "example.com" },
		{ 1, 1, SENT("A1", "b@sub.example.com", MX1), "mx1.example.com",
		  "sub.example.com" },
		{ 1, 1, DEFERRED("A1", "c@example.com", MX1), "", "" },
	};

	play(steps, ARRAY_LEN(steps));
}
END_TEST

START_TEST(learns_nothing_from_a_delivery_alone)
{
	static const struct step steps[] = {
		{ 1, 0, SENT("A1", "a@example.com", MX1), "", "" },
		{ 1, 1, SENT_AT("A2", "a@example.com", MX1, "may"), "", "" },
		{ 1, 2, SENT_AT("A3", "a@example.com", MX1, "may:none"), "", "" },
	};

	play(steps, ARRAY_LEN(steps));
}
END_TEST

#define HELD(id, status, text)                                                 \
	id ": to=<a@example.com>, relay=" MX1 ":25, delay=1, delays=1/0/0/0, " \
	   "dsn=4.7.4, status=" status " (" text ")"

START_TEST(learns_that_starttls_was_not_offered)
{
	static const struct step steps[] = {
		{ 1, 0, HELD("A1", "deferred", "TLS is required, but was not offered by host " MX1),
		  "mx1.example.com", "" },
		{ 1, 1, HELD("A2", "bounced", "TLS is required, but was not offered by host " MX1),
		  "mx1.example.com", "" },
		/* as a server would have it */
		{ 1, 2,
		  HELD("A3", "deferred",
		       "host " MX1 " said: 450 TLS is required, but was not "
		       "offered by host x (in reply to RCPT TO command)"),
		  "", "" },
		{ 1, 3, HELD("A4", "sent", "TLS is required, but was not offered by host x)"), "",
		  "" },
		{ 1, 4,
		  HELD("A5", "deferred",
		       "TLS is required, but host " MX1 " refused to start TLS: "
		       "454 no"),
		  "", "" },
		/* and it ends what was known of the connection before */
		{ 2, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
		{ 2, 1, HELD("B1", "deferred", "TLS is required, but was not offered by host " MX1),
		  "mx1.example.com", "" },
		{ 2, 2, SENT("B1", "a@example.com", MX1), "", "" },
	};

	play(steps, ARRAY_LEN(steps));
}
END_TEST

START_TEST(keeps_processes_apart)
{
	static const struct step steps[] = {
		{ 1, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
		{ 2, 0, SENT("B1", "a@other.example", MX1), "", "" },
		{ 2, 1, ESTABLISHED(MX2), "mx2.example.com", "" },
		{ 1, 1, SENT("A1", "a@example.com", MX1), "mx1.example.com", "example.com" },
		{ 2, 2, SENT("B2", "a@other.example", MX2), "mx2.example.com", "other.example" },
	};
	struct logfold *fold = logfold_new();
	struct logfold_proof proof;

	play(steps, ARRAY_LEN(steps));
	/* Nor is the same number on another machine, or of another instance, the same process. */
	ck_assert(tell_as(fold, "mail postfix/smtp[1]", NOW, ESTABLISHED(MX1), &proof));
	ck_assert(!tell_as(fold, "mail2 postfix/smtp[1]", NOW, SENT("A1", "a@example.com", MX1),
			   &proof));
	ck_assert(!tell_as(fold, "mail postfix-out/smtp[1]", NOW, SENT("A1", "a@example.com", MX1),
			   &proof));
	ck_assert(tell_as(fold, "mail postfix/smtp[1]", NOW, SENT("A1", "a@example.com", MX1),
			  &proof));
	logfold_free(fold);
}
END_TEST

START_TEST(a_tls_line_covers_one_mail)
{
	static const struct step steps[] = {
		{ 1, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
		{ 1, 1, SENT("A1", "a@example.com", MX1), "mx1.example.com", "example.com" },
		/* The next mail of that process went to the same host, but who knows how. */
		{ 1, 2, SENT("A2", "a@other.example", MX1), "", "" },
		{ 1, 3, SENT("A1", "a@example.com", MX1), "", "" },
		/* A reused connection is no new handshake, but it does tell the domain. */
		{ 1, 4, REUSED(MX1), "", "" },
		{ 1, 5, SENT("A3", "a@third.example", MX1), "mx1.example.com", "third.example" },
	};

	play(steps, ARRAY_LEN(steps));
}
END_TEST

START_TEST(a_tls_line_is_of_exactly_that_host)
{
	static const char *const others[] = {
		SENT("A1", "a@example.com", MX2),
		SENT("A1", "a@example.com", "mx1.example.com[192.0.2.9]"),
		SENT("A1", "a@example.com", "mx9.example.com[192.0.2.1]"),
		"A1: to=<a@example.com>, relay=" MX1 ":587, delay=1, delays=1/0/0/0, dsn=2.0.0, "
		"status=sent (250 ok)",
	};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		const struct step steps[] = {
			{ 1, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
			{ 1, 1, others[i], "", "" },
			/* and the first one is over then */
			{ 1, 2, SENT("A1", "a@example.com", MX1), "", "" },
		};

		play(steps, ARRAY_LEN(steps));
	}
}
END_TEST

START_TEST(the_second_host_counts_after_the_first_failed)
{
	static const struct step steps[] = {
		{ 1, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
		{ 1, 5, ESTABLISHED(MX2), "mx2.example.com", "" },
		{ 1, 6, SENT("A1", "a@example.com", MX2), "mx2.example.com", "example.com" },
	};

	play(steps, ARRAY_LEN(steps));
}
END_TEST

START_TEST(a_tls_line_does_not_last)
{
	static const struct step late[] = {
		{ 1, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
		{ 1, LOGFOLD_SPAN + 1, SENT("A1", "a@example.com", MX1), "", "" },
	};
	static const struct step just[] = {
		{ 1, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
		{ 1, LOGFOLD_SPAN, SENT("A1", "a@example.com", MX1), "mx1.example.com",
		  "example.com" },
	};
	static const struct step back[] = {
		{ 1, 0, ESTABLISHED(MX1), "mx1.example.com", "" },
		{ 1, -1, SENT("A1", "a@example.com", MX1), "", "" },
	};

	play(late, ARRAY_LEN(late));
	play(just, ARRAY_LEN(just));
	play(back, ARRAY_LEN(back));
}
END_TEST

START_TEST(heeds_what_3_11_says)
{
	static const struct {
		const char *what;
		bool proves;
		enum verified verified;
	} cases[] = {
		{ SENT("A1", "a@example.com", MX1), true, VERIFIED_UNKNOWN },
		{ SENT_AT("A1", "a@example.com", MX1, "may"), true, VERIFIED_UNKNOWN },
		{ SENT_AT("A1", "a@example.com", MX1, "dane"), true, VERIFIED_DANE },
		{ SENT_AT("A1", "a@example.com", MX1, "dane-only"), true, VERIFIED_DANE },
		{ SENT_AT("A1", "a@example.com", MX1, "dane:halfdane"), true, VERIFIED_DANE },
		{ SENT_AT("A1", "a@example.com", MX1, "dane:encrypt"), true, VERIFIED_UNKNOWN },
		{ SENT_AT("A1", "a@example.com", MX1, "secure/requiretls:none"), true,
		  VERIFIED_NAME },
		{ SENT_AT("A1", "a@example.com", MX1, "verify"), true, VERIFIED_NAME },
		{ SENT_AT("A1", "a@example.com", MX1, "fingerprint"), true, VERIFIED_UNKNOWN },
		{ SENT_AT("A1", "a@example.com", MX1, "may:none"), false, 0 },
		{ SENT_AT("A1", "a@example.com", MX1, "none"), false, 0 },
		{ SENT_AT("A1", "a@example.com", MX1, "none/requiretls:none"), false, 0 },
		{ SENT_AT("A1", "a@example.com", MX1, "may?"), false, 0 },
		{ SENT_AT("A1", "a@example.com", MX1, "!secure"), false, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct logfold *fold = logfold_new();
		const struct step made = { 1, 0, VERIFIED(MX1), "", "" };
		const struct step used = { 1, 1, cases[i].what, "", "" };
		struct logfold_proof proof;

		ck_assert(tell(fold, &made, &proof));
		ck_assert_int_eq(proof.seen.verified, VERIFIED_UNKNOWN);
		ck_assert_msg(tell(fold, &used, &proof) == cases[i].proves, "%s", cases[i].what);
		if (cases[i].proves) {
			ck_assert_int_eq(proof.seen.verified, cases[i].verified);
			ck_assert_int_eq(proof.seen.time, NOW); /* of the TLS line */
			ck_assert(proof.handshake);
		}
		logfold_free(fold);
	}
}
END_TEST

START_TEST(untrusted_is_not_verified_whatever_the_level)
{
	struct logfold *fold = logfold_new();
	const struct step made = { 1, 0, ESTABLISHED(MX1), "", "" };
	const struct step used = { 1, 1, SENT_AT("A1", "a@example.com", MX1, "dane"), "", "" };
	struct logfold_proof proof;

	ck_assert(tell(fold, &made, &proof));
	ck_assert(tell(fold, &used, &proof));
	ck_assert_int_eq(proof.seen.verified, VERIFIED_UNKNOWN);
	logfold_free(fold);
}
END_TEST

START_TEST(a_reused_connection_is_no_handshake)
{
	struct logfold *fold = logfold_new();
	const struct step made = { 1, 0, REUSED(MX1), "", "" };
	const struct step used = { 1, 1, SENT("A1", "a@example.com", MX1), "", "" };
	struct logfold_proof proof;

	ck_assert(!tell(fold, &made, &proof));
	ck_assert(tell(fold, &used, &proof));
	ck_assert(!proof.handshake);
	ck_assert_str_eq(proof.domain, "example.com");
	logfold_free(fold);
}
END_TEST

START_TEST(remembers_the_latest_processes)
{
	struct logfold *fold = logfold_new();
	struct logfold_proof proof;

	for (int pid = 1; pid <= LOGFOLD_PROCESSES; pid++) {
		struct step made = { pid, 0, ESTABLISHED(MX1), "", "" };

		ck_assert(tell(fold, &made, &proof));
	}
	/* The first one is heard again, so the second is now the longest silent. */
	ck_assert(tell(fold, &(struct step){ 1, 1, SENT("A1", "a@example.com", MX1), "", "" },
		       &proof));
	ck_assert(tell(fold, &(struct step){ 9999, 1, ESTABLISHED(MX1), "", "" }, &proof));
	ck_assert(!tell(fold, &(struct step){ 2, 2, SENT("A2", "a@example.com", MX1), "", "" },
			&proof));
	ck_assert(tell(fold, &(struct step){ 1, 2, SENT("A1", "b@example.com", MX1), "", "" },
		       &proof));
	ck_assert(tell(fold, &(struct step){ 3, 2, SENT("A3", "a@example.com", MX1), "", "" },
		       &proof));
	ck_assert(tell(fold, &(struct step){ 9999, 2, SENT("A9", "a@example.com", MX1), "", "" },
		       &proof));
	logfold_free(fold);
	logfold_free(NULL);
}
END_TEST

START_TEST(learns_the_host_even_of_an_endless_name)
{
	struct logfold *fold = logfold_new();
	struct logfold_proof proof;
	char process[300];

	memset(process, 'x', sizeof(process));
	memcpy(process + 270, " postfix/smtp[1]", 17);
	ck_assert(tell_as(fold, process, NOW, ESTABLISHED(MX1), &proof));
	ck_assert_str_eq(proof.host, "mx1.example.com");
	ck_assert(!tell_as(fold, process, NOW, SENT("A1", "a@example.com", MX1), &proof));
	logfold_free(fold);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logfold");
	TCase *tcase = tcase_create("logfold");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, learns_a_host_and_then_its_domain);
	tcase_add_test(tcase, learns_nothing_from_a_delivery_alone);
	tcase_add_test(tcase, learns_that_starttls_was_not_offered);
	tcase_add_test(tcase, keeps_processes_apart);
	tcase_add_test(tcase, a_tls_line_covers_one_mail);
	tcase_add_test(tcase, a_tls_line_is_of_exactly_that_host);
	tcase_add_test(tcase, the_second_host_counts_after_the_first_failed);
	tcase_add_test(tcase, a_tls_line_does_not_last);
	tcase_add_test(tcase, heeds_what_3_11_says);
	tcase_add_test(tcase, untrusted_is_not_verified_whatever_the_level);
	tcase_add_test(tcase, a_reused_connection_is_no_handshake);
	tcase_add_test(tcase, remembers_the_latest_processes);
	tcase_add_test(tcase, learns_the_host_even_of_an_endless_name);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
