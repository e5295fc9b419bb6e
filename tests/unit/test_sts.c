/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/sts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

/* The TXT record */

static const char *id_of(const char *const *texts, size_t count, const char **why)
{
	static char id[STS_ID_SIZE];
	static char detail[DETAIL_SIZE];
	struct sts_txt records[4] = { 0 };

	for (size_t i = 0; i < count; i++)
		records[i] = (struct sts_txt){ texts[i], strlen(texts[i]) };
	*why = detail;
	return sts_txt_id(id, records, count, detail) ? id : NULL;
}

START_TEST(reads_one_txt_record)
{
	static const struct {
		const char *text;
		const char *id; /* NULL: no policy to be had */
	} cases[] = {
		/* The RFC's own example, and forms its ABNF allows. */
		{ "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
		{ "v=STSv1;id=1", "1" },
		{ "v=STSv1; \t id=a \t;\t", "a" },
		{ "v=STSv1; id=0123456789abcdefghijABCDEFGHIJ01;",
		  "0123456789abcdefghijABCDEFGHIJ01" },
		{ "v=STSv1; ext=v:<~!; id=7; x.y-z_=1", "7" },
		{ "v=STSv1; id=first; id=second", "first" },
		{ "v=STSv1; id=policy1; ", "policy1" },
		{ "v=STSv1; id=policy1 ;", "policy1" },
		{ "v=STSv1; id=first; id=not/one", "first" },
		/* Malformed. */
		{ "v=STSv1;", NULL },
		{ "v=STSv1; ", NULL },
		{ "v=STSv1; id=", NULL },
		/* blanks belong to a ";" */
		{ "v=STSv1; id=policy1 ", NULL },
		{ "v=STSv1; id=policy1\t", NULL },
		{ "v=STSv1; id", NULL },
		{ "v=STSv1; id=0123456789abcdefghijABCDEFGHIJ012;", NULL },
		{ "v=STSv1; id=2016-08-31", NULL },
		{ "v=STSv1; id=not/one; id=second", NULL },
		{ "v=STSv1; id=a b", NULL },
		{ "v=STSv1; id =a", NULL },
		{ "v=STSv1; id= a", NULL },
		{ "v=STSv1; ID=1", NULL },
		{ "v=STSv1; id=1;; x=y", NULL },
		{ "v=STSv1;; id=1", NULL },
		{ "v=STSv1; id=1; x", NULL },
		{ "v=STSv1; id=1; =y", NULL },
		{ "v=STSv1; id=1; x=y=z", NULL },
		{ "v=STSv1; id=1; x=\xc3\xbc", NULL },
		{ "v=STSv1; id=1; -x=y", NULL },
		{ "v=STSv1; id=1; abcdefghijabcdefghijabcdefghijabc=y", NULL },
		/* None of ours, to be passed over without a word. */
		{ "", NULL },
		{ "v=STSv1", NULL },
		{ "v=STSv1 ; id=1", NULL },
		{ "v=STSv10; id=1", NULL },
		{ "V=STSv1; id=1", NULL },
		{ " v=STSv1; id=1", NULL },
		{ "id=1; v=STSv1;", NULL },
		{ "v=spf1 -all", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *why;
		const char *id = id_of(&cases[i].text, 1, &why);
		bool ours = strncmp(cases[i].text, "v=STSv1;", 8) == 0;

		if (cases[i].id == NULL)
			ck_assert_msg(id == NULL, "%s gave %s", cases[i].text, id);
		else
			ck_assert_msg(id != NULL && strcmp(id, cases[i].id) == 0, "%s",
				      cases[i].text);
		ck_assert_msg((why[0] != '\0') == (ours && id == NULL), "%s: %s", cases[i].text,
			      why);
	}
}
END_TEST

START_TEST(wants_exactly_one_txt_record)
{
	const char *none[] = { "v=spf1 -all", "hello" };
	const char *one[] = { "v=spf1 -all", "v=STSv1; id=7", "v=STSv2; id=8" };
	const char *two[] = { "v=STSv1; id=7", "v=STSv1; id=7" };
	const char *why;

	ck_assert_ptr_null(id_of(NULL, 0, &why));
	ck_assert_str_eq(why, "");
	ck_assert_ptr_null(id_of(none, 2, &why));
	ck_assert_str_eq(why, "");
	ck_assert_str_eq(id_of(one, 3, &why), "7");
	ck_assert_ptr_null(id_of(two, 2, &why));
	ck_assert_ptr_nonnull(strstr(why, "more than one"));
	one[1] = "v=STSv1; id=0123456789abcdefghijABCDEFGHIJ012";
	ck_assert_ptr_null(id_of(one, 3, &why));
	ck_assert_ptr_nonnull(strstr(why, "1 to 32"));
}
END_TEST

START_TEST(refuses_a_nul_in_a_txt_record)
{
	static const char text[] = "v=STSv1; id=1\0; x=y";
	struct sts_txt record = { text, sizeof(text) - 1 };
	char id[STS_ID_SIZE];
	char detail[DETAIL_SIZE];

	ck_assert(!sts_txt_id(id, &record, 1, detail));
	ck_assert_str_eq(id, "");
}
END_TEST

START_TEST(names_where_to_look)
{
	char name[DOMAIN_SIZE];
	char longest[DOMAIN_SIZE];

	ck_assert(sts_txt_name(name, "example.com"));
	ck_assert_str_eq(name, "_mta-sts.example.com");
	ck_assert(sts_host_name(name, "example.com"));
	ck_assert_str_eq(name, "mta-sts.example.com");
	memset(longest, 'a', sizeof(longest));
	longest[DOMAIN_SIZE - 1] = '\0';
	ck_assert(!sts_txt_name(name, longest));
	ck_assert_str_eq(name, "");
	ck_assert(!sts_host_name(name, longest));
	longest[DOMAIN_SIZE - 1 - 8] = '\0';
	ck_assert(sts_host_name(name, longest));
	ck_assert(!sts_txt_name(name, longest));
}
END_TEST

/* The policy */

static bool parse(struct sts_policy *policy, const char *body, char detail[DETAIL_SIZE])
{
	return sts_policy_parse(policy, body, strlen(body), detail);
}

START_TEST(reads_the_policy_of_the_rfc)
{
	static const char *const bodies[] = {
		"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
		"mx: backupmx.example.com\r\nmax_age: 604800\r\n",
		"version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\n"
		"mx: backupmx.example.com\nmax_age: 604800",
		"max_age:604800 \t\nmx:Mail.Example.COM.\nmx: \t*.example.net\nmx: "
		"mail.example.com\n"
		"mx: backupmx.example.com\nmode:enforce\nversion:STSv1\n\n \n",
	};
	char detail[DETAIL_SIZE];
	struct sts_policy policy;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		ck_assert_msg(parse(&policy, bodies[i], detail), "%zu: %s", i, detail);
		ck_assert_str_eq(detail, "");
		ck_assert_int_eq(policy.mode, STS_ENFORCE);
		ck_assert_int_eq(policy.max_age, 604800);
		ck_assert_uint_eq(policy.patterns, 3);
		ck_assert_str_eq(policy.pattern[0], "mail.example.com");
		ck_assert_str_eq(policy.pattern[1], "*.example.net");
		ck_assert_str_eq(policy.pattern[2], "backupmx.example.com");
		ck_assert(!policy.truncated);
	}
}
END_TEST

#define START "version: STSv1\n"
#define REST "mode: enforce\nmx: a.example\nmax_age: 86400\n"

START_TEST(takes_what_the_rfc_allows)
{
	static const struct {
		const char *body;
		enum sts_mode mode;
		int64_t max_age;
		const char *first; /* pattern, NULL for none */
	} cases[] = {
		{ START "mode: none\nmax_age: 0\n", STS_NONE, 0, NULL },
		{ START "mode: none\nmax_age: 86400\nmx: a.example\n", STS_NONE, 86400,
		  "a.example" },
		/* the grammar lets it be; the rest is kept */
		{ START "mode: enforce\nmx: 1.2.3.4\nmx: a.example\nmax_age: 1\n", STS_ENFORCE, 1,
		  "a.example" },
		{ START "mode: testing\nmx: *.a.example\nmax_age: 1\n", STS_TESTING, 1,
		  "*.a.example" },
		{ START "mode: enforce\nmx: a.example\nmax_age: 9999999999\n", STS_ENFORCE,
		  31557600, "a.example" },
		{ START "mode: enforce\nmx: a.example\nmax_age: 31557600\n", STS_ENFORCE, 31557600,
		  "a.example" },
		/* Unknown fields are passed over, UTF-8 and blanks in them and all. */
		{ START "tls-rpt.x: gr\xc3\xbc\xc3\x9f"
			"e an alle\n" REST,
		  STS_ENFORCE, 86400, "a.example" },
		{ START "Mode: testing\nMX: b.example\n" REST, STS_ENFORCE, 86400, "a.example" },
		/* Of what may stand once, the first counts. */
		{ START REST "version: STSv2\nmode: none\nmax_age: x\n", STS_ENFORCE, 86400,
		  "a.example" },
		/* What the RFC forbids, but cannot be misunderstood. */
		{ START "mode: enforce\nmx: *.b\xc3\xbc"
			"cher.example\nmax_age: 9\n",
		  STS_ENFORCE, 9, "*.xn--bcher-kva.example" },
	};
	char detail[DETAIL_SIZE];
	struct sts_policy policy;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(parse(&policy, cases[i].body, detail), "%zu: %s", i, detail);
		ck_assert_int_eq(policy.mode, cases[i].mode);
		ck_assert_int_eq(policy.max_age, cases[i].max_age);
		ck_assert_uint_eq(policy.patterns, cases[i].first != NULL);
		ck_assert_str_eq(policy.pattern[0], cases[i].first != NULL ? cases[i].first : "");
	}
}
END_TEST

START_TEST(refuses_a_malformed_policy_whole)
{
	static const struct {
		const char *body;
		const char *why; /* part of the detail */
	} cases[] = {
		{ "", "no version" },
		{ REST, "no version" },
		{ START "mx: a.example\nmax_age: 86400\n", "no mode" },
		{ START "mode: enforce\nmx: a.example\n", "no max_age" },
		{ START "mode: enforce\nmax_age: 86400\n", "no mx" },
		{ START "mode: testing\nmax_age: 86400\n", "no mx" },
		{ "version: STSv2\n" REST, "line 1 " },
		{ "version: stsv1\n" REST, "line 1 " },
		{ "Version: STSv1\n" REST, "no version" },
		{ "\xef\xbb\xbfversion: STSv1\n" REST, "line 1 " },
		{ " version: STSv1\n" REST, "line 1 " },
		{ "version : STSv1\n" REST, "line 1 " },
		{ START "mode: Enforce\nmx: a.example\nmax_age: 86400\n", "line 2 " },
		{ START "mode: strict\nmx: a.example\nmax_age: 86400\n", "line 2 " },
		{ START "mode: enforce\rmx: a.example\nmax_age: 86400\n", "line 2 " },
		{ START "mode:\nmx: a.example\nmax_age: 86400\n", "line 2 " },
		{ START REST "max_age\n", "line 5 " },
		{ START REST ": nothing\n", "line 5 " },
		{ START REST "x:\n", "line 5 " },
		{ START REST "x: a\tb\n", "line 5 " },
		{ START REST "x: a\x7f"
			     "b\n",
		  "line 5 " },
		{ START REST "# a comment\n", "line 5 " },
		{ START REST "<html>\n", "line 5 " },
		{ START REST "abcdefghijabcdefghijabcdefghijabc: x\n", "line 5 " },
		/* max_age */
		{ START "max_age: -1\n", "line 2 " },
		{ START "max_age: 12345678901\n", "line 2 " },
		{ START "max_age: 1d\n", "line 2 " },
		{ START "max_age: 1 2\n", "line 2 " },
		{ START "max_age: 0x10\n", "line 2 " },
		/* mx */
		{ START "mode: enforce\nmx: 192.0.2.1\nmax_age: 1\n", "no mx that a host" },
		{ START REST "mx: 192..2.1\n", "an mx is" },
		{ START REST "mx: 192.0.2.\n", "an mx is" },
		{ START REST "mx: [192.0.2.1]\n", "an mx is" },
		{ START REST "mx: 2001:db8::1\n", "an mx is" },
		{ START REST "mx: *\n", "an mx is" },
		{ START REST "mx: *.\n", "an mx is" },
		{ START REST "mx: .a.example\n", "an mx is" },
		{ START REST "mx: *.*.example\n", "an mx is" },
		{ START REST "mx: a.*.example\n", "an mx is" },
		{ START REST "mx: a*.example\n", "an mx is" },
		{ START REST "mx: a.example, b.example\n", "an mx is" },
		{ START REST "mx: a.example b.example\n", "an mx is" },
		{ START REST "mx: a..example\n", "an mx is" },
		{ START REST "mx: -a.example\n", "an mx is" },
		{ START REST "mx: 10 a.example\n", "an mx is" },
		{ START REST "mx: .\n", "an mx is" },
		{ START REST "mx: \xff.example\n", "an mx is" },
		{ START REST "mx: a.example|b\n", "an mx is" },
	};
	char detail[DETAIL_SIZE];
	struct sts_policy policy;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *part = cases[i].why;

		ck_assert_msg(!parse(&policy, cases[i].body, detail), "%zu: %s", i, cases[i].body);
		if (strncmp(part, "line", 4) == 0) /* "line 2 of the policy: ..." */
			ck_assert_msg(strncmp(detail, part, 6) == 0, "%zu: %s", i, detail);
		else
			ck_assert_msg(strstr(detail, part) != NULL, "%zu: %s", i, detail);
	}
}
END_TEST

START_TEST(refuses_a_nul_in_a_policy)
{
	static const char body[] = START REST "x: a\0b\n";
	static const char name[] = START REST "x\0y: b\n";
	char detail[DETAIL_SIZE];
	struct sts_policy policy;

	ck_assert(!sts_policy_parse(&policy, body, sizeof(body) - 1, detail));
	ck_assert(!sts_policy_parse(&policy, name, sizeof(name) - 1, detail));
}
END_TEST

START_TEST(bounds_a_policy)
{
	static char body[STS_BODY_MAX + 2];
	char detail[DETAIL_SIZE];
	struct sts_policy policy;
	size_t len = strlen(START REST);

	memset(body, ' ', sizeof(body));
	memcpy(body, START REST, len);
	ck_assert(sts_policy_parse(&policy, body, STS_BODY_MAX, detail));
	ck_assert(!sts_policy_parse(&policy, body, STS_BODY_MAX + 1, detail));
	ck_assert_ptr_nonnull(strstr(detail, "64 KB"));

	for (int i = 0; i < STS_PATTERN_MAX + 3; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len, "mx: *.m%d.example\n", i);
	ck_assert(sts_policy_parse(&policy, body, len, detail));
	ck_assert_uint_eq(policy.patterns, STS_PATTERN_MAX);
	ck_assert_str_eq(policy.pattern[0], "a.example");
	ck_assert_str_eq(policy.pattern[STS_PATTERN_MAX - 1], "*.m30.example");
	ck_assert(policy.truncated);
}
END_TEST

/* The life cycle */

static struct sts_look look_good(const char *id, enum sts_mode mode, int64_t max_age)
{
	struct sts_look look = { .txt = LOOKUP_FOUND, .ttl = 3600, .fetch = STS_FETCH_GOOD };

	str_copy(look.id, sizeof(look.id), id);
	look.policy.mode = mode;
	look.policy.max_age = max_age;
	look.policy.patterns = 1;
	str_copy(look.policy.pattern[0], DOMAIN_SIZE, "mx.example.com");
	return look;
}

static struct sts_look look_other(enum lookup txt, const char *id, enum sts_fetch fetch,
				  const char *detail)
{
	struct sts_look look = { .txt = txt, .ttl = 3600, .fetch = fetch };

	str_copy(look.id, sizeof(look.id), id);
	str_copy(look.detail, sizeof(look.detail), detail);
	return look;
}

static void fold_good(struct sts_facts *sts, const char *id, enum sts_mode mode, int64_t max_age,
		      int64_t now)
{
	struct sts_look look = look_good(id, mode, max_age);

	sts_fold(sts, &look, now);
}

static void fold_other(struct sts_facts *sts, enum lookup txt, const char *id, enum sts_fetch fetch,
		       const char *detail, int64_t now)
{
	struct sts_look look = look_other(txt, id, fetch, detail);

	sts_fold(sts, &look, now);
}

START_TEST(keeps_a_fetched_policy)
{
	struct sts_facts sts = { 0 };

	ck_assert(sts_look_due(&sts, NOW));
	ck_assert(sts_fetch_due(&sts, "a", NOW));
	ck_assert_int_eq(sts_in_force(&sts, NOW), STS_UNKNOWN);
	fold_good(&sts, "a", STS_ENFORCE, 30 * DAY, NOW);
	ck_assert_int_eq(sts.mode, STS_ENFORCE);
	ck_assert_str_eq(sts.id, "a");
	ck_assert_int_eq(sts.fetched, NOW);
	ck_assert_int_eq(sts.until, NOW + 30 * DAY);
	ck_assert_int_eq(sts.max_age, 30 * DAY);
	ck_assert_uint_eq(sts.patterns, 1);
	ck_assert_str_eq(sts.pattern[0], "mx.example.com");
	ck_assert_int_eq(sts.fresh.checked, NOW);
	ck_assert_int_eq(sts.fresh.expires, NOW + 3600);
	ck_assert_int_eq(sts.fresh.failed, 0);
	ck_assert_str_eq(sts.detail, "");
	ck_assert_int_eq(sts_in_force(&sts, NOW + 30 * DAY - 1), STS_ENFORCE);
	ck_assert_int_eq(sts_in_force(&sts, NOW + 30 * DAY), STS_NONE);
}
END_TEST

START_TEST(fetches_under_a_new_id_and_daily)
{
	struct sts_facts sts = { 0 };

	fold_good(&sts, "a", STS_ENFORCE, 30 * DAY, NOW);
	ck_assert(!sts_fetch_due(&sts, "a", NOW + DAY - 1));
	ck_assert(sts_fetch_due(&sts, "a", NOW + DAY));
	ck_assert(sts_fetch_due(&sts, "b", NOW + 1));

	/* Confirmed by its TXT record, it is looked at again no later than it is due. */
	fold_other(&sts, LOOKUP_ERROR, "", STS_FETCH_NONE, "SERVFAIL", NOW + DAY - 2000);
	fold_other(&sts, LOOKUP_FOUND, "a", STS_FETCH_NONE, "", NOW + DAY - 1000);
	ck_assert_str_eq(sts.detail, "");
	ck_assert_int_eq(sts.fresh.failed, 0);
	ck_assert_int_eq(sts.fresh.checked, NOW + DAY - 1000);
	ck_assert_int_eq(sts.fresh.expires, NOW + DAY);
	ck_assert_int_eq(sts.until, NOW + 30 * DAY);
	fold_other(&sts, LOOKUP_FOUND, "a", STS_FETCH_NONE, "", NOW + DAY - 10);
	ck_assert_int_eq(sts.fresh.expires, NOW + DAY - 10 + STS_LOOK_MIN);

	fold_good(&sts, "b", STS_TESTING, DAY, NOW + DAY);
	ck_assert_str_eq(sts.id, "b");
	ck_assert_int_eq(sts_in_force(&sts, NOW + DAY), STS_TESTING);
	ck_assert_int_eq(sts.until, NOW + 2 * DAY);
}
END_TEST

START_TEST(renews_a_short_policy_before_it_ends)
{
	struct sts_facts sts = { 0 };

	fold_good(&sts, "a", STS_ENFORCE, 3600, NOW);
	ck_assert_int_eq(sts.fresh.expires, NOW + 1800);
	ck_assert(!sts_fetch_due(&sts, "a", NOW + 1799));
	ck_assert(sts_fetch_due(&sts, "a", NOW + 1800));
	fold_good(&sts, "a", STS_ENFORCE, 0, NOW + 1800);
	ck_assert_int_eq(sts_in_force(&sts, NOW + 1800), STS_NONE);
	ck_assert_int_eq(sts.fresh.expires, NOW + 1800 + STS_LOOK_MIN);
}
END_TEST

START_TEST(clamps_the_ttl)
{
	struct sts_facts sts = { 0 };
	struct sts_look look = { .txt = LOOKUP_ABSENT, .ttl = 5 };

	sts_fold(&sts, &look, NOW);
	ck_assert_int_eq(sts.fresh.expires, NOW + STS_LOOK_MIN);
	look.ttl = 7 * DAY;
	sts_fold(&sts, &look, NOW);
	ck_assert_int_eq(sts.fresh.expires, NOW + STS_LOOK_MAX);
	look.ttl = INT64_MAX;
	sts_fold(&sts, &look, NOW);
	ck_assert_int_eq(sts.fresh.expires, NOW + STS_LOOK_MAX);
}
END_TEST

START_TEST(no_failure_ends_a_policy)
{
	static const struct {
		enum lookup txt;
		const char *id;
		enum sts_fetch fetch;
		const char *detail;
		const char *told;
	} cases[] = {
		{ LOOKUP_ERROR, "", STS_FETCH_NONE, "SERVFAIL", "SERVFAIL" },
		{ LOOKUP_ERROR, "", STS_FETCH_NONE, "",
		  "the look-up of the _mta-sts TXT record failed" },
		{ LOOKUP_ABSENT, "", STS_FETCH_NONE, "",
		  "there is no _mta-sts TXT record any more" },
		{ LOOKUP_ABSENT, "", STS_FETCH_NONE, "malformed", "malformed" },
		{ LOOKUP_FOUND, "b", STS_FETCH_FAILED, "status 404", "status 404" },
		{ LOOKUP_FOUND, "a", STS_FETCH_FAILED, "", "the policy could not be fetched" },
	};
	static const enum sts_mode modes[] = { STS_TESTING, STS_ENFORCE };

	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		size_t c = i / 2;
		struct sts_facts sts = { 0 };
		struct sts_facts before;
		int64_t now = NOW + DAY;

		fold_good(&sts, "a", modes[i % 2], 30 * DAY, NOW);
		before = sts;
		fold_other(&sts, cases[c].txt, cases[c].id, cases[c].fetch, cases[c].detail, now);
		ck_assert_int_eq(sts_in_force(&sts, now), modes[i % 2]);
		ck_assert_str_eq(sts.detail, cases[c].told);
		ck_assert_int_eq(sts.fresh.failed, now);
		ck_assert_int_eq(sts.fresh.checked, NOW);
		ck_assert_int_eq(sts.fresh.expires, now + STS_LOOK_MIN);
		/* Nothing else has changed. */
		memcpy(&sts.fresh, &before.fresh, sizeof(sts.fresh));
		memcpy(sts.detail, before.detail, sizeof(sts.detail));
		ck_assert_mem_eq(&sts, &before, sizeof(sts));
	}
}
END_TEST

START_TEST(backs_off_while_it_fails)
{
	struct sts_facts sts = { 0 };
	int64_t now = NOW;
	int64_t waited = 0;
	int looks = 0;

	for (; now < NOW + 3 * DAY; now = sts.fresh.expires, looks++) {
		fold_other(&sts, LOOKUP_ERROR, "", STS_FETCH_NONE, "SERVFAIL", now);
		ck_assert_int_eq(sts.fresh.failed, NOW);
		ck_assert_int_ge(sts.fresh.expires - now, waited);
		waited = sts.fresh.expires - now;
		ck_assert_int_ge(waited, STS_LOOK_MIN);
		ck_assert_int_le(waited, STS_RETRY_MAX);
	}
	ck_assert_int_eq(waited, STS_RETRY_MAX);
	ck_assert_int_lt(looks, 22);
	ck_assert_int_eq(sts.mode, STS_UNKNOWN);
	fold_other(&sts, LOOKUP_ABSENT, "", STS_FETCH_NONE, "", now);
	ck_assert_int_eq(sts.mode, STS_NONE);
	ck_assert_int_eq(sts.fresh.failed, 0);
	ck_assert_str_eq(sts.detail, "");
}
END_TEST

START_TEST(ends_cleanly_by_mode_none)
{
	struct sts_facts sts = { 0 };

	fold_good(&sts, "a", STS_ENFORCE, 30 * DAY, NOW);
	fold_good(&sts, "b", STS_NONE, DAY, NOW + 100);
	ck_assert_int_eq(sts_in_force(&sts, NOW + 100), STS_NONE);
	/* 8.3: then the TXT record may go, and that is no failure. */
	fold_other(&sts, LOOKUP_ABSENT, "", STS_FETCH_NONE, "", NOW + 200);
	ck_assert_int_eq(sts.mode, STS_NONE);
	ck_assert_int_eq(sts.fresh.failed, 0);
	ck_assert_int_eq(sts.fetched, 0);
	ck_assert_uint_eq(sts.patterns, 0);
	ck_assert_str_eq(sts.id, "");
}
END_TEST

START_TEST(forgets_an_expired_policy_only_for_good_reason)
{
	struct sts_facts sts = { 0 };

	fold_good(&sts, "a", STS_ENFORCE, DAY, NOW);
	fold_other(&sts, LOOKUP_ERROR, "", STS_FETCH_NONE, "SERVFAIL", NOW + 2 * DAY);
	ck_assert_int_eq(sts_in_force(&sts, NOW + 2 * DAY), STS_NONE);
	/* The clock was wrong: the policy holds again. */
	ck_assert_int_eq(sts_in_force(&sts, NOW + 1), STS_ENFORCE);
	fold_other(&sts, LOOKUP_ABSENT, "", STS_FETCH_NONE, "", NOW + 2 * DAY);
	ck_assert_int_eq(sts.mode, STS_NONE);
	ck_assert_int_eq(sts_in_force(&sts, NOW + 1), STS_NONE);
}
END_TEST

START_TEST(looks_again_after_the_clock_was_set_back)
{
	struct sts_facts sts = { 0 };
	struct sts_facts never = { 0 }, failing = { 0 };
	int64_t past = NOW - 1000 * DAY;

	fold_good(&sts, "a", STS_ENFORCE, 30 * DAY, NOW);
	ck_assert(!sts_look_due(&sts, NOW + 10));
	ck_assert(sts_look_due(&sts, past));
	ck_assert(sts_fetch_due(&sts, "a", past));
	ck_assert_int_eq(sts_in_force(&sts, past), STS_ENFORCE);
	fold_other(&sts, LOOKUP_ERROR, "", STS_FETCH_NONE, "", NOW);
	ck_assert(!sts_look_due(&sts, NOW + 1));
	ck_assert(sts_look_due(&sts, past));
	fold_other(&sts, LOOKUP_ERROR, "", STS_FETCH_NONE, "", past);
	ck_assert_int_eq(sts.fresh.failed, past);
	ck_assert_int_eq(sts.fresh.expires, past + STS_LOOK_MIN);
	/* failing since before the clock was ahead */
	fold_other(&failing, LOOKUP_ERROR, "", STS_FETCH_NONE, "", past);
	ck_assert(!sts_look_due(&failing, past + STS_LOOK_MIN - 1));
	fold_other(&failing, LOOKUP_ERROR, "", STS_FETCH_NONE, "", NOW);
	ck_assert(sts_look_due(&failing, past + STS_LOOK_MIN - 1));
	fold_other(&never, LOOKUP_ERROR, "", STS_FETCH_NONE, "", NOW);
	ck_assert(!sts_look_due(&never, NOW + 1));
	ck_assert(sts_look_due(&never, past));
}
END_TEST

START_TEST(does_not_confirm_what_it_does_not_have)
{
	struct sts_facts sts = { 0 };
	struct sts_facts before;

	fold_other(&sts, LOOKUP_FOUND, "a", STS_FETCH_NONE, "", NOW);
	ck_assert_int_eq(sts.mode, STS_UNKNOWN);
	ck_assert_int_eq(sts.fresh.checked, 0);
	ck_assert(sts_look_due(&sts, NOW));

	fold_good(&sts, "a", STS_ENFORCE, DAY, NOW);
	before = sts;
	fold_other(&sts, LOOKUP_FOUND, "b", STS_FETCH_NONE, "", NOW + 1);
	ck_assert(sts_look_due(&sts, NOW + 1));
	sts.fresh.expires = before.fresh.expires;
	ck_assert_mem_eq(&sts, &before, sizeof(sts));
}
END_TEST

START_TEST(tells_of_a_malformed_record_where_there_was_no_policy)
{
	struct sts_facts sts = { 0 };

	fold_other(&sts, LOOKUP_ABSENT, "", STS_FETCH_NONE, "the record has no id", NOW);
	ck_assert_int_eq(sts.mode, STS_NONE);
	ck_assert_int_eq(sts.fresh.checked, NOW);
	ck_assert_int_eq(sts.fresh.failed, 0);
	ck_assert_str_eq(sts.detail, "the record has no id");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sts");
	TCase *text = tcase_create("text");
	TCase *life = tcase_create("life");
	SRunner *runner;
	int failed;

	tcase_add_test(text, reads_one_txt_record);
	tcase_add_test(text, wants_exactly_one_txt_record);
	tcase_add_test(text, refuses_a_nul_in_a_txt_record);
	tcase_add_test(text, names_where_to_look);
	tcase_add_test(text, reads_the_policy_of_the_rfc);
	tcase_add_test(text, takes_what_the_rfc_allows);
	tcase_add_test(text, refuses_a_malformed_policy_whole);
	tcase_add_test(text, refuses_a_nul_in_a_policy);
	tcase_add_test(text, bounds_a_policy);
	tcase_add_test(life, keeps_a_fetched_policy);
	tcase_add_test(life, fetches_under_a_new_id_and_daily);
	tcase_add_test(life, renews_a_short_policy_before_it_ends);
	tcase_add_test(life, clamps_the_ttl);
	tcase_add_test(life, no_failure_ends_a_policy);
	tcase_add_test(life, backs_off_while_it_fails);
	tcase_add_test(life, ends_cleanly_by_mode_none);
	tcase_add_test(life, forgets_an_expired_policy_only_for_good_reason);
	tcase_add_test(life, looks_again_after_the_clock_was_set_back);
	tcase_add_test(life, does_not_confirm_what_it_does_not_have);
	tcase_add_test(life, tells_of_a_malformed_record_where_there_was_no_policy);
	suite_add_tcase(suite, text);
	suite_add_tcase(suite, life);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
