/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/reply.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static struct facts facts;
static struct decision decision;
static struct buf out;

static void set_up(void)
{
	static const char key[] = "example.com";

	memset(&facts, 0, sizeof(facts));
	ck_assert_int_eq(nexthop_parse(&facts.nexthop, key, strlen(key)), NEXTHOP_OK);
	decision = (struct decision){ .verdict = VERDICT_POLICY };
}

static void tear_down(void)
{
	buf_free(&out);
}

static const char *reply(enum level level, bool tlsrpt)
{
	decision.level = level;
	out.len = 0;
	reply_policy(&out, &decision, &facts, tlsrpt);
	return buf_cstr(&out);
}

static void publish_sts(enum sts_mode mode)
{
	static const char *const patterns[] = { "mx.example.com", "*.mail.example.net" };
	struct sts_facts *sts = &facts.domain.sts;

	decision.sts = mode == STS_ENFORCE;
	sts->mode = mode;
	sts->max_age = 604800;
	sts->patterns = ARRAY_LEN(patterns);
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		str_copy(sts->pattern[i], sizeof(sts->pattern[i]), patterns[i]);
}

START_TEST(says_each_level)
{
	ck_assert_str_eq(reply(LEVEL_ENCRYPT, false), "OK encrypt");
	ck_assert_str_eq(reply(LEVEL_DANE, false), "OK dane");
	ck_assert_str_eq(reply(LEVEL_DANE_ONLY, false), "OK dane-only");
}
END_TEST

START_TEST(says_secure)
{
	publish_sts(STS_ENFORCE);
	ck_assert_str_eq(reply(LEVEL_SECURE, false),
			 "OK secure match=mx.example.com:.mail.example.net servername=hostname");
}
END_TEST

/* From an override, for a domain that publishes nothing: `match=` may not be empty. */
START_TEST(says_secure_without_patterns)
{
	ck_assert_str_eq(reply(LEVEL_SECURE, false), "OK secure servername=hostname");
	publish_sts(STS_TESTING);
	ck_assert_str_eq(reply(LEVEL_SECURE, false), "OK secure servername=hostname");
}
END_TEST

#define DIGEST_01                                          \
	"01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:" \
	"01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01"
#define DIGEST_AB                                          \
	"AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:" \
	"AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"
#define DIGEST_00                                          \
	"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:" \
	"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"

START_TEST(says_fingerprint)
{
	facts.pins.count = 1;
	memset(facts.pins.spki[0], 0x01, SPKI_SIZE);
	ck_assert_str_eq(reply(LEVEL_FINGERPRINT, false), "OK fingerprint match=" DIGEST_01);
	facts.pins.count = 2;
	memset(facts.pins.spki[1], 0xab, SPKI_SIZE);
	ck_assert_str_eq(reply(LEVEL_FINGERPRINT, false),
			 "OK fingerprint match=" DIGEST_01 "|" DIGEST_AB);
}
END_TEST

/* No pin matches nobody, rather than whatever main.cf would let pass. */
START_TEST(says_fingerprint_without_pins)
{
	ck_assert_str_eq(reply(LEVEL_FINGERPRINT, false), "OK fingerprint match=" DIGEST_00);
}
END_TEST

START_TEST(says_no_and_not_now)
{
	decision.verdict = VERDICT_NOTFOUND;
	ck_assert_str_eq(reply(LEVEL_NONE, false), "NOTFOUND ");
	ck_assert_str_eq(reply(LEVEL_NONE, true), "NOTFOUND ");
	decision.verdict = VERDICT_TEMP;
	str_copy(decision.reason, sizeof(decision.reason), "its MX look-up fails");
	ck_assert_str_eq(reply(LEVEL_NONE, true), "TEMP example.com: its MX look-up fails");
	/* A level that stands beside TEMP does not count. */
	ck_assert_str_eq(reply(LEVEL_ENCRYPT, false), "TEMP example.com: its MX look-up fails");
}
END_TEST

/* smtp(8) takes "none" to mean: no TLS at all. */
START_TEST(never_says_none)
{
	str_copy(decision.reason, sizeof(decision.reason), "broken");
	ck_assert_str_eq(reply(LEVEL_NONE, false), "TEMP example.com: broken");
}
END_TEST

START_TEST(reports_sts)
{
	publish_sts(STS_ENFORCE);
	ck_assert_str_eq(reply(LEVEL_SECURE, true),
			 "OK secure match=mx.example.com:.mail.example.net servername=hostname "
			 "policy_type=sts policy_domain=example.com "
			 "{ policy_string = version: STSv1 } "
			 "{ policy_string = mode: enforce } "
			 "{ policy_string = mx: mx.example.com } "
			 "{ policy_string = mx: *.mail.example.net } "
			 "{ policy_string = max_age: 604800 } "
			 "mx_host_pattern=mx.example.com mx_host_pattern=*.mail.example.net "
			 "policy_ttl=604800");
}
END_TEST

START_TEST(reports_no_policy)
{
	ck_assert_str_eq(reply(LEVEL_ENCRYPT, true),
			 "OK encrypt policy_type=no-policy-found policy_domain=example.com");
	ck_assert_str_eq(reply(LEVEL_SECURE, true),
			 "OK secure servername=hostname policy_type=no-policy-found "
			 "policy_domain=example.com");
}
END_TEST

/* An MTA-STS policy that is not what is enforced must not be reported as met. */
START_TEST(reports_only_what_is_enforced)
{
	publish_sts(STS_ENFORCE);
	ck_assert_str_eq(reply(LEVEL_ENCRYPT, true),
			 "OK encrypt policy_type=no-policy-found policy_domain=example.com");
	publish_sts(STS_TESTING);
	ck_assert_str_eq(reply(LEVEL_ENCRYPT, true),
			 "OK encrypt policy_type=no-policy-found policy_domain=example.com");
}
END_TEST

/* Postfix reports the TLSA records that it found itself. */
START_TEST(leaves_dane_to_postfix)
{
	ck_assert_str_eq(reply(LEVEL_DANE, true), "OK dane");
	ck_assert_str_eq(reply(LEVEL_DANE_ONLY, true), "OK dane-only");
}
END_TEST

START_TEST(names_a_policy_domain_only_if_it_is_one)
{
	ck_assert_int_eq(nexthop_parse(&facts.nexthop, "[192.0.2.1]", 11), NEXTHOP_OK);
	ck_assert_str_eq(reply(LEVEL_ENCRYPT, true), "OK encrypt policy_type=no-policy-found");
	ck_assert_int_eq(nexthop_parse(&facts.nexthop, "[mx.example.com]:587", 20), NEXTHOP_OK);
	ck_assert_str_eq(reply(LEVEL_ENCRYPT, true),
			 "OK encrypt policy_type=no-policy-found policy_domain=mx.example.com");
	ck_assert_int_eq(nexthop_parse(&facts.nexthop, ".example.com", 12), NEXTHOP_OK);
	ck_assert_str_eq(reply(LEVEL_ENCRYPT, true), "OK encrypt policy_type=no-policy-found");
}
END_TEST

/* The longest policy that can be on record still fits socketmap_table(5)'s reply. */
START_TEST(fits_a_reply)
{
	struct sts_facts *sts = &facts.domain.sts;
	char label[63];

	memset(label, 'a', sizeof(label));
	publish_sts(STS_ENFORCE);
	sts->patterns = STS_PATTERN_MAX;
	for (size_t i = 0; i < STS_PATTERN_MAX; i++)
		snprintf(sts->pattern[i], DOMAIN_SIZE, "%.63s.%.63s.%.63s.%.61s", label, label,
			 label, label);
	ck_assert_uint_eq(strlen(sts->pattern[0]), DOMAIN_SIZE - 1);
	ck_assert_uint_le(strlen(reply(LEVEL_SECURE, true)), REPLY_MAX);
}
END_TEST

START_TEST(says_plain_replies)
{
	reply_not_found(&out);
	ck_assert_str_eq(buf_cstr(&out), "NOTFOUND ");
	out.len = 0;
	reply_temporary(&out, "a");
	ck_assert_str_eq(buf_cstr(&out), "TEMP a");
	out.len = 0;
	reply_permanent(&out, "b");
	ck_assert_str_eq(buf_cstr(&out), "PERM b");
	out.len = 0;
	reply_ok(&out, "c");
	ck_assert_str_eq(buf_cstr(&out), "OK c");
}
END_TEST

START_TEST(tells_a_prospect)
{
	static const struct {
		enum prospect prospect;
		const char *reply;
	} cases[] = {
		{ PROSPECT_GOOD, "OK yes" },
		{ PROSPECT_NONE, "OK no example.com does not accept TLS" },
		{ PROSPECT_UNKNOWN, "OK unknown example.com does not accept TLS" },
	};

	snprintf(decision.reason, sizeof(decision.reason), "does not accept TLS");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum prospect got;
		const char *reason;

		out.len = 0;
		reply_prospect(&out, cases[i].prospect, &decision, &facts);
		ck_assert_str_eq(buf_cstr(&out), cases[i].reply);
		ck_assert(reply_read_prospect(&got, &reason, buf_cstr(&out) + 3));
		ck_assert_int_eq(got, cases[i].prospect);
		ck_assert_str_eq(reason,
				 got == PROSPECT_GOOD ? "" : "example.com does not accept TLS");
	}
}
END_TEST

START_TEST(reads_a_prospect_strictly)
{
	static const char *const bad[] = {
		"", " ", "No", "no,", "nothing", "unknow", "dane", " no"
	};
	static const char *const bare[] = {
		"no", "no ", "no %s", "no \r\n250 OK", "no caf\xc3\xa9", "no \x1b[31m"
	};
	enum prospect got;
	const char *reason;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!reply_read_prospect(&got, &reason, bad[i]), "\"%s\"", bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(bare); i++) {
		ck_assert_msg(reply_read_prospect(&got, &reason, bare[i]), "case %zu", i);
		ck_assert_int_eq(got, PROSPECT_NONE);
		ck_assert_str_eq(reason, "");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reply");
	TCase *tcase = tcase_create("reply");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, says_each_level);
	tcase_add_test(tcase, says_secure);
	tcase_add_test(tcase, says_secure_without_patterns);
	tcase_add_test(tcase, says_fingerprint);
	tcase_add_test(tcase, says_fingerprint_without_pins);
	tcase_add_test(tcase, says_no_and_not_now);
	tcase_add_test(tcase, never_says_none);
	tcase_add_test(tcase, reports_sts);
	tcase_add_test(tcase, reports_no_policy);
	tcase_add_test(tcase, reports_only_what_is_enforced);
	tcase_add_test(tcase, leaves_dane_to_postfix);
	tcase_add_test(tcase, names_a_policy_domain_only_if_it_is_one);
	tcase_add_test(tcase, fits_a_reply);
	tcase_add_test(tcase, says_plain_replies);
	tcase_add_test(tcase, tells_a_prospect);
	tcase_add_test(tcase, reads_a_prospect_strictly);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
