/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logplace.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

START_TEST(writes_and_reads_places)
{
	static const struct {
		struct logplace place;
		const char *text;
	} cases[] = {
		{ { .kind = LOGPLACE_FILE }, "file 0 0 0000000000000000" },
		{ { .kind = LOGPLACE_FILE, .inode = 12, .offset = 345, .fingerprint = 0xabc },
		  "file 12 345 0000000000000abc" },
		{ { .kind = LOGPLACE_FILE,
		    .inode = UINT64_MAX,
		    .offset = UINT64_MAX,
		    .fingerprint = UINT64_MAX },
		  "file 18446744073709551615 18446744073709551615 ffffffffffffffff" },
		{ { .kind = LOGPLACE_JOURNAL, .cursor = "s=0a;i=1;b=2;m=3;t=4;x=5" },
		  "journal s=0a;i=1;b=2;m=3;t=4;x=5" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[LOGPLACE_TEXT_SIZE];
		struct logplace again;

		logplace_format(text, &cases[i].place);
		ck_assert_str_eq(text, cases[i].text);
		ck_assert(logplace_parse(&again, text, strlen(text)));
		ck_assert_int_eq(again.kind, cases[i].place.kind);
		ck_assert_uint_eq(again.inode, cases[i].place.inode);
		ck_assert_uint_eq(again.offset, cases[i].place.offset);
		ck_assert_uint_eq(again.fingerprint, cases[i].place.fingerprint);
		ck_assert_str_eq(again.cursor, cases[i].place.cursor);
	}
}
END_TEST

START_TEST(refuses_what_it_would_not_write)
{
	static const char *const texts[] = {
		"",
		"file",
		"file 1 2",
		"file 1 2 ",
		"file 1 2 abc",
		"file 1 2 0000000000000ABC",
		"file 1 2 0000000000000abc ",
		"file 1 2 00000000000000abc",
		"file 01 2 0000000000000abc",
		"file 1 02 0000000000000abc",
		"file -1 2 0000000000000abc",
		"file  1 2 0000000000000abc",
		"file 18446744073709551616 2 0000000000000abc",
		"file 1 2 0000000000000000",
		"File 1 2 0000000000000abc",
		"journal",
		"journal ",
		"journal a b",
		"journal a\n",
		"journal \xc3\xbc",
		"elsewhere x",
	};
	struct logplace place;
	char longest[8 + LOGPLACE_CURSOR_SIZE + 1];

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert_msg(!logplace_parse(&place, texts[i], strlen(texts[i])), "%s", texts[i]);
	ck_assert(!logplace_parse(&place, "journal a\0b", 11));
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "journal ", 8);
	ck_assert(logplace_parse(&place, longest, 8 + LOGPLACE_CURSOR_SIZE - 1));
	ck_assert(!logplace_parse(&place, longest, 8 + LOGPLACE_CURSOR_SIZE));
}
END_TEST

START_TEST(tells_logs_apart_by_their_first_line)
{
	static char head[2 * LOGPLACE_HEAD];
	uint64_t first = logplace_fingerprint("Nov 22\n", 7);

	ck_assert_uint_ne(first, 0);
	ck_assert_uint_eq(first, logplace_fingerprint("Nov 22\nand more", 15));
	ck_assert_uint_ne(first, logplace_fingerprint("Nov 23\n", 7));
	ck_assert_uint_eq(logplace_fingerprint("Nov 22", 6), 0);
	ck_assert_uint_eq(logplace_fingerprint("", 0), 0);
	ck_assert_uint_ne(logplace_fingerprint("\n", 1), 0);

	/* A first line without an end in sight. */
	memset(head, 'x', sizeof(head));
	ck_assert_uint_eq(logplace_fingerprint(head, LOGPLACE_HEAD - 1), 0);
	first = logplace_fingerprint(head, LOGPLACE_HEAD);
	ck_assert_uint_ne(first, 0);
	head[LOGPLACE_HEAD] = 'y';
	ck_assert_uint_eq(first, logplace_fingerprint(head, sizeof(head)));
	head[LOGPLACE_HEAD - 1] = 'y';
	ck_assert_uint_ne(first, logplace_fingerprint(head, sizeof(head)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logplace");
	TCase *tcase = tcase_create("logplace");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, writes_and_reads_places);
	tcase_add_test(tcase, refuses_what_it_would_not_write);
	tcase_add_test(tcase, tells_logs_apart_by_their_first_line);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
