/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/sdjournal.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define ENTRY                                                                                     \
	"__CURSOR=s=0a;i=1\n__REALTIME_TIMESTAMP=1800000000123456\n__MONOTONIC_TIMESTAMP=7\n"     \
	"_BOOT_ID=ff\n_HOSTNAME=mail\nSYSLOG_IDENTIFIER=postfix/smtp\nSYSLOG_PID=123\n_PID=122\n" \
	"MESSAGE=hello = you\n\n"

static void assert_entry(const struct sdjournal_entry *entry, const char *message)
{
	ck_assert_str_eq(entry->cursor, "s=0a;i=1");
	ck_assert_int_eq(entry->time, 1800000000);
	ck_assert_str_eq(entry->machine, "mail");
	ck_assert_str_eq(entry->tag, "postfix/smtp");
	ck_assert_uint_eq(entry->pid, 123);
	ck_assert_uint_eq(entry->len, strlen(message));
	ck_assert_mem_eq(entry->message, message, entry->len);
}

/* Read all of it, `step` bytes at a time; how many entries came, the last in *entry. */
static size_t read_all(const char *bytes, size_t len, size_t step, struct sdjournal_entry *entry,
		       enum sdjournal_result *last)
{
	struct sdjournal *reader = calloc(1, sizeof(*reader));
	size_t entries = 0;

	*last = SDJOURNAL_MORE;
	for (size_t at = 0; at < len && *last != SDJOURNAL_MALFORMED;) {
		size_t part = len - at < step ? len - at : step;
		size_t used;

		*last = sdjournal_read(reader, bytes + at, part, &used, entry);
		ck_assert_uint_gt(used, 0);
		at += used;
		entries += *last == SDJOURNAL_ENTRY;
	}
	free(reader);
	return entries;
}

START_TEST(reads_entries_in_pieces_of_any_size)
{
	static const char two[] = ENTRY ENTRY;

	for (size_t step = 1; step <= sizeof(two); step++) {
		struct sdjournal_entry entry;
		enum sdjournal_result last;

		ck_assert_uint_eq(read_all(two, sizeof(two) - 1, step, &entry, &last), 2);
		assert_entry(&entry, "hello = you");
	}
}
END_TEST

/* A field whose value is written with its length. */
static void append_binary(struct buf *out, const char *name, const void *value, size_t len)
{
	char length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (char)((uint64_t)len >> 8 * i);
	buf_append_str(out, name);
	buf_append_str(out, "\n");
	buf_append(out, length, sizeof(length));
	buf_append(out, value, len);
	buf_append_str(out, "\n");
}

START_TEST(reads_binary_values)
{
	static const char message[] = "a\nb\n\n\xff\0c";
	struct sdjournal_entry entry;
	enum sdjournal_result last;
	struct buf all = { 0 };

	append_binary(&all, "MESSAGE", message, sizeof(message) - 1);
	append_binary(&all, "EMPTY", "", 0);
	buf_append_str(&all, "_PID=7\n\n");
	for (size_t step = 1; step <= all.len; step++) {
		ck_assert_uint_eq(read_all(all.data, all.len, step, &entry, &last), 1);
		ck_assert_uint_eq(entry.len, sizeof(message) - 1);
		ck_assert_mem_eq(entry.message, message, entry.len);
		ck_assert_uint_eq(entry.pid, 7);
	}
	buf_free(&all);
}
END_TEST

START_TEST(drops_what_is_too_long)
{
	static char big[100000];
	struct sdjournal_entry entry;
	enum sdjournal_result last;
	struct buf all = { 0 };

	memset(big, 'x', sizeof(big));
	append_binary(&all, "MESSAGE", big, sizeof(big));
	buf_append_str(&all, "_PID=7\nMESSAGE=");
	buf_append(&all, big, sizeof(big));
	buf_append_str(&all, "\nSYSLOG_IDENTIFIER=");
	buf_append(&all, big, SDJOURNAL_WORD_SIZE);
	buf_append_str(&all, "\n\n" ENTRY);
	ck_assert_uint_eq(read_all(all.data, all.len - strlen(ENTRY), 4096, &entry, &last), 1);
	ck_assert_uint_eq(entry.len, 0);
	ck_assert_uint_eq(entry.pid, 7);
	ck_assert_str_eq(entry.tag, "");
	/* and is fit for the next one */
	ck_assert_uint_eq(read_all(all.data, all.len, 4096, &entry, &last), 2);
	assert_entry(&entry, "hello = you");
	buf_free(&all);
}
END_TEST

START_TEST(keeps_a_message_up_to_its_bound)
{
	static char big[LOGLINE_TEXT_MAX + 1];
	struct sdjournal_entry entry;
	enum sdjournal_result last;

	memset(big, 'x', sizeof(big));
	for (size_t len = LOGLINE_TEXT_MAX - 1; len <= LOGLINE_TEXT_MAX + 1; len++) {
		struct buf all = { 0 };

		buf_append_str(&all, "MESSAGE=");
		buf_append(&all, big, len);
		buf_append_str(&all, "\n\n");
		ck_assert_uint_eq(read_all(all.data, all.len, all.len, &entry, &last), 1);
		ck_assert_uint_eq(entry.len, len <= LOGLINE_TEXT_MAX ? len : 0);
		buf_free(&all);
	}
}
END_TEST

START_TEST(takes_the_senders_pid_in_any_order)
{
	static const char *const texts[] = {
		"SYSLOG_PID=123\n_PID=122\n\n",
		"_PID=122\nSYSLOG_PID=123\n\n",
		"_PID=123\n\n",
		"SYSLOG_PID=x\n_PID=123\n\n",
		"_PID=123\nSYSLOG_PID=99999999999\n\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct sdjournal_entry entry;
		enum sdjournal_result last;

		ck_assert_uint_eq(read_all(texts[i], strlen(texts[i]), 100, &entry, &last), 1);
		ck_assert_uint_eq(entry.pid, 123);
	}
}
END_TEST

START_TEST(keeps_nothing_for_the_next_entry)
{
	static const char text[] = ENTRY "PRIORITY=6\n\n";
	struct sdjournal_entry entry;
	enum sdjournal_result last;

	ck_assert_uint_eq(read_all(text, sizeof(text) - 1, 1000, &entry, &last), 2);
	ck_assert_str_eq(entry.cursor, "");
	ck_assert_str_eq(entry.tag, "");
	ck_assert_uint_eq(entry.pid, 0);
	ck_assert_uint_eq(entry.len, 0);
	ck_assert_int_eq(entry.time, 0);
}
END_TEST

START_TEST(does_not_take_odd_words)
{
	static const char text[] = "_HOSTNAME=a b\nSYSLOG_IDENTIFIER=a\tb\n__CURSOR=\xff\n"
				   "__REALTIME_TIMESTAMP=-1\n\n";
	struct sdjournal_entry entry;
	enum sdjournal_result last;

	ck_assert_uint_eq(read_all(text, sizeof(text) - 1, 100, &entry, &last), 1);
	ck_assert_str_eq(entry.machine, "");
	ck_assert_str_eq(entry.tag, "");
	ck_assert_str_eq(entry.cursor, "");
	ck_assert_int_eq(entry.time, 0);
}
END_TEST

START_TEST(refuses_what_is_not_the_format)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
#define BYTES(s) { s, sizeof(s) - 1 }
		BYTES("-- No entries --\n"),
		BYTES("Nov 22 00:09:47 mail postfix/smtp[1]: x\n"),
		BYTES("=x\n"),
		BYTES("message=x\n"),
		BYTES("A B=x\n"),
		BYTES("MESSAGE\n\x01\0\0\0\0\0\0\0xy"),
		BYTES("{\"MESSAGE\":\"x\"}\n"),
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sdjournal_entry entry;
		enum sdjournal_result last;

		ck_assert_uint_eq(read_all(cases[i].bytes, cases[i].len, 1, &entry, &last), 0);
		ck_assert_msg(last == SDJOURNAL_MALFORMED, "%zu", i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sdjournal");
	TCase *tcase = tcase_create("sdjournal");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, reads_entries_in_pieces_of_any_size);
	tcase_add_test(tcase, reads_binary_values);
	tcase_add_test(tcase, drops_what_is_too_long);
	tcase_add_test(tcase, keeps_a_message_up_to_its_bound);
	tcase_add_test(tcase, takes_the_senders_pid_in_any_order);
	tcase_add_test(tcase, keeps_nothing_for_the_next_entry);
	tcase_add_test(tcase, does_not_take_odd_words);
	tcase_add_test(tcase, refuses_what_is_not_the_format);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
