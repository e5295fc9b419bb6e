/* SPDX-License-Identifier: BSD-2-Clause */
/* What other programs kept: tables for smtp_tls_policy_maps, policies of postfix-mta-sts-resolver. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/protocol/policy_table.h"
#include "io/json/sts_cache_json.h"

#define NOW INT64_C(1768046400)

/*
 * Tables.
 */

static const struct {
	const char *text; /* one entry */
	const char *key;  /* taken: whose */
	enum level level;
	bool found_out;
	const char *why; /* not taken: a part of it */
} entries[] = {
	{ "example.com encrypt", "example.com", LEVEL_ENCRYPT, false, NULL },
	{ "EXAMPLE.com.\tencrypt", "example.com", LEVEL_ENCRYPT, false, NULL },
	{ ".example.com encrypt\r\n", ".example.com", LEVEL_ENCRYPT, false, NULL },
	{ "[mx.example.com]:587 encrypt", "[mx.example.com]:587", LEVEL_ENCRYPT, false, NULL },
	{ "example.com dane", "example.com", LEVEL_DANE, true, NULL },
	{ "example.com                  dane-only\n", "example.com", LEVEL_DANE_ONLY, true, NULL },
	{ "example.com secure", "example.com", LEVEL_SECURE, true, NULL },
	{ "example.com secure match=nexthop:dot-nexthop", "example.com", LEVEL_SECURE, true, NULL },
	{ "example.com secure servername=hostname", "example.com", LEVEL_SECURE, true, NULL },
	{ "example.com encrypt,connection_reuse=yes", "example.com", LEVEL_ENCRYPT, false, NULL },
	{ "example.com dane policy_type=sts { policy_string = a b }", "example.com", LEVEL_DANE,
	  true, NULL },
	{ "# a comment\n\n  # another\nexample.com\n  encrypt\n# and one in between\n\n\t,\n",
	  "example.com", LEVEL_ENCRYPT, false, NULL },
	/* What it was found to be may be found again; to keep it is another thing. */
	{ "example.com secure match=.mail.example.net:mx.example.net servername=hostname",
	  "example.com", LEVEL_SECURE, true, "match=.mail.example.net:mx.example.net cannot" },
	{ "example.com secure match=a.test protocols=TLSv1.3", NULL, LEVEL_SECURE, false,
	  "match=a.test cannot" },
	{ "example.com encrypt match=a.test", NULL, LEVEL_ENCRYPT, false, "match=a.test cannot" },
	{ "example.com encrypt servername=a.test", NULL, LEVEL_ENCRYPT, false,
	  "servername=a.test" },
	{ "example.com encrypt protocols=!SSLv2", NULL, LEVEL_ENCRYPT, false, "protocols=!SSLv2" },
	{ "example.com encrypt ciphers=high", NULL, LEVEL_ENCRYPT, false, "ciphers=high cannot" },
	{ "example.com encrypt { ciphers = high }", NULL, LEVEL_ENCRYPT, false,
	  "{ ciphers = high } cannot" },
	{ "example.com encrypt high", NULL, LEVEL_ENCRYPT, false, "high cannot" },
	{ "example.com none", NULL, LEVEL_NONE, false, "without TLS" },
	{ "example.com may", NULL, LEVEL_NONE, false, "without TLS" },
	{ "example.com may encrypt", NULL, LEVEL_NONE, false, "without TLS" },
	{ "example.com verify match=hostname", NULL, LEVEL_NONE, false, "unsigned DNS" },
	{ "example.com fingerprint match=AA:BB", NULL, LEVEL_NONE, false, "pin add" },
	{ "example.com half-dane", NULL, LEVEL_NONE, false, "\"half-dane\" is no level" },
	{ "example.com Encrypt", NULL, LEVEL_NONE, false, "is no level" },
	{ "example.com", NULL, LEVEL_NONE, false, "no level" },
	{ "example.com \t ", NULL, LEVEL_NONE, false, "no level" },
	{ "a@b encrypt", NULL, LEVEL_NONE, false, "no next hop" },
	{ "exa\033mple.com encrypt", NULL, LEVEL_NONE, false, "no next hop" },
	{ "example.com encr\033[31mypt", NULL, LEVEL_NONE, false,
	  "\"encr\\x1b[31mypt\" is no level" },
	{ "  encrypt", NULL, LEVEL_NONE, false, "no next hop" },
};

START_TEST(reads_one_entry)
{
	const char *text = entries[_i].text;
	struct policy_table table = { .rest = { text, strlen(text) } };
	struct policy_entry entry;

	ck_assert(policy_table_next(&table, &entry));
	ck_assert_msg(entry.taken == (entries[_i].why == NULL), "%s: %s", text, entry.why);
	ck_assert_msg(entry.found_out == entries[_i].found_out, "%s", text);
	if (entries[_i].key != NULL) {
		ck_assert_str_eq(entry.nexthop.key, entries[_i].key);
		ck_assert_int_eq(entry.level, entries[_i].level);
	}
	if (entries[_i].why != NULL)
		ck_assert_msg(strstr(entry.why, entries[_i].why) != NULL, "%s: %s", text,
			      entry.why);
	ck_assert(!policy_table_next(&table, &entry));
}
END_TEST

START_TEST(counts_lines)
{
	static const char text[] = "# the table\n"
				   "a.test encrypt\n"
				   "\n"
				   "b.test\n"
				   "   dane\n"
				   "c.test none";
	static const size_t lines[] = { 2, 4, 6 };
	struct policy_table table = { .rest = { text, sizeof(text) - 1 } };
	struct policy_entry entry;

	for (size_t i = 0; i < 3; i++) {
		ck_assert(policy_table_next(&table, &entry));
		ck_assert_uint_eq(entry.line, lines[i]);
	}
	ck_assert(!policy_table_next(&table, &entry));
}
END_TEST

/* One bad line does not hide the next. */
START_TEST(bounds_a_line)
{
	static const char nul[] = "a.test enc\0rypt\nb.test encrypt\n";
	struct policy_table table = { .rest = { nul, sizeof(nul) - 1 } };
	struct policy_entry entry;
	char *text = mem_zero(1, 3 * POLICY_TABLE_LINE_MAX);

	ck_assert(policy_table_next(&table, &entry));
	ck_assert_str_eq(entry.why, "the line holds a NUL");
	ck_assert(policy_table_next(&table, &entry) && entry.taken);
	for (size_t len = POLICY_TABLE_LINE_MAX - 3; len < POLICY_TABLE_LINE_MAX + 3; len++) {
		memset(text, 'x', len);
		memcpy(text, "a.test ", 7);
		memcpy(text + len, "\n   more\nb.test encrypt", 24);
		table = (struct policy_table){ .rest = { text, strlen(text) } };
		ck_assert(policy_table_next(&table, &entry));
		ck_assert(!entry.taken);
		ck_assert_str_eq(entry.why, "the line is too long");
		ck_assert(policy_table_next(&table, &entry));
		ck_assert(entry.taken && entry.line == 3);
	}
	free(text);
}
END_TEST

/*
 * Policies.
 */

#define ROW(domain, ts, id, body) \
	"{\"domain\":" domain ",\"ts\":" ts ",\"pol_id\":" id ",\"pol_body\":" body "}"
#define BODY(mode, mx, age) \
	"{\"version\":\"STSv1\",\"mode\":\"" mode "\",\"mx\":" mx ",\"max_age\":" age "}"
#define GOOD BODY("enforce", "[\"mx.a.test\",\"*.b.test\"]", "604800")

static const struct {
	const char *text;
	const char *why; /* NULL: it is taken */
} rows[] = {
	{ ROW("\"a.test\"", "1768046000", "\"2024a\"", GOOD), NULL },
	{ ROW("\"A.test.\"", "1768046000", "\"2024a\"", GOOD), NULL },
	{ ROW("\"a.test\"", "1768046000", "\"2024a\"",
	      "\"{\\\"version\\\":\\\"STSv1\\\",\\\"mode\\\":\\\"enforce\\\",\\\"mx\\\":[\\\"mx.a."
	      "test\\\","
	      "\\\"*.b.test\\\"],\\\"max_age\\\":604800}\""),
	  NULL },
	{ ROW("7", "1768046000", "\"1\"", GOOD), "no domain" },
	{ ROW("\"a b\"", "1768046000", "\"1\"", GOOD), "no domain" },
	{ ROW("\"a.test\"", "0", "\"1\"", GOOD), "no time" },
	{ ROW("\"a.test\"", "\"1\"", "\"1\"", GOOD), "no time" },
	{ ROW("\"a.test\"", "1768047000", "\"1\"", GOOD), "in the future" },
	{ ROW("\"a.test\"", "1768046000", "\"a-b\"", GOOD), "no id" },
	{ ROW("\"a.test\"", "1768046000", "null", GOOD), "no id" },
	{ ROW("\"a.test\"", "1768046000", "\"123456789012345678901234567890123\"", GOOD), "no id" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", BODY("testing", "[\"mx.a.test\"]", "604800")),
	  "not enforce" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", BODY("none", "[]", "604800")), "not enforce" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", BODY("enforce", "[\"mx.a.test\"]", "300")),
	  "expired" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", BODY("enforce", "[]", "604800")), "" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", BODY("enforce", "[\"a_b!\"]", "604800")), "" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"",
	      BODY("enforce", "[\"a.test\\nmode: none\"]", "604800")),
	  "no policy" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", BODY("enforce", "[7]", "604800")), "no policy" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", BODY("enforce", "[\"a.test\"]", "-5")), "" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", BODY("enforce", "[\"a.test\"]", "\"9\"")),
	  "no policy" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", "\"{\""), "no policy" },
	{ ROW("\"a.test\"", "1768046000", "\"1\"", "[]"), "no policy" },
	{ "[7]", "no domain" },
};

static struct sts_cache_row latest;
static size_t visited;

static void visit(void *context, const struct sts_cache_row *row)
{
	(void)context;
	latest = *row;
	visited++;
}

START_TEST(reads_one_row)
{
	char error[DETAIL_SIZE];

	visited = 0;
	ck_assert_msg(
		sts_cache_json_read(rows[_i].text, strlen(rows[_i].text), NOW, visit, NULL, error),
		"%s", error);
	ck_assert_uint_eq(visited, 1);
	ck_assert_msg(latest.taken == (rows[_i].why == NULL), "%s: %s", rows[_i].text, latest.why);
	if (rows[_i].why != NULL) {
		ck_assert_str_ne(latest.why, "");
		ck_assert_msg(strstr(latest.why, rows[_i].why) != NULL, "%s: %s", rows[_i].text,
			      latest.why);
		return;
	}
	ck_assert_str_eq(latest.domain, "a.test");
	ck_assert_str_eq(latest.facts.id, "2024a");
	ck_assert_int_eq(latest.facts.mode, STS_ENFORCE);
	ck_assert_int_eq(latest.facts.fetched, 1768046000);
	ck_assert_int_eq(latest.facts.until, 1768046000 + 604800);
	ck_assert_uint_eq(latest.facts.patterns, 2);
	ck_assert_str_eq(latest.facts.pattern[1], "*.b.test");
}
END_TEST

/* As sqlite3 -json prints them, and as psql does. */
START_TEST(reads_many_rows)
{
	static const char *const good[] = {
		"", " \n", "[]", "[7,8,9]", "{} {}\n{}", "[7,\n{}]\n[9]"
	};
	static const char *const bad[] = {
		"{", "[7,8", "{} {} x", "7", "{\"a\":1,\"a\":2}", "[\"\\u0000\"]"
	};
	static const size_t counts[] = { 0, 0, 0, 3, 3, 3 };
	char error[DETAIL_SIZE];

	for (size_t i = 0; i < 6; i++) {
		visited = 0;
		ck_assert(sts_cache_json_read(good[i], strlen(good[i]), NOW, visit, NULL, error));
		ck_assert_uint_eq(visited, counts[i]);
		ck_assert(visited == 0 || latest.number == counts[i]);
	}
	for (size_t i = 0; i < 6; i++) {
		ck_assert_msg(!sts_cache_json_read(bad[i], strlen(bad[i]), NOW, visit, NULL, error),
			      "%s", bad[i]);
		ck_assert_str_ne(error, "");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("moving in");
	TCase *tcase = tcase_create("files");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, reads_one_entry, 0, (int)(sizeof(entries) / sizeof(entries[0])));
	tcase_add_test(tcase, counts_lines);
	tcase_add_test(tcase, bounds_a_line);
	tcase_add_loop_test(tcase, reads_one_row, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, reads_many_rows);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
