/* SPDX-License-Identifier: BSD-2-Clause */
/* Other programs: what they print, and how they end, or do not. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/local/command.h"
#include "tests/unit/valgrind.h"

#define PATIENT 60000

static char *search_path;

static void setup(void)
{
	search_path = strdup(getenv("PATH"));
}

/* Where libcheck is told not to fork, the next test is in the same process. */
static void teardown(void)
{
	setenv("PATH", search_path, 1);
	free(search_path);
	signal(SIGPIPE, SIG_DFL);
}

static enum lookup run(const char *script, size_t most, int64_t ms, struct buf *output,
		       char error[COMMAND_ERROR_SIZE])
{
	char copy[256];
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, copy, NULL };

	ck_assert(str_copy(copy, sizeof(copy), script));
	return command_run(argv, most, clock_mono_ms() + ms, output, error);
}

START_TEST(gives_what_is_printed)
{
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };

	buf_append_str(&output, "before ");
	ck_assert_int_eq(
		run("echo one; cat; echo two; echo three >&2", 100, PATIENT, &output, error),
		LOOKUP_FOUND);
	ck_assert_str_eq(buf_cstr(&output), "before one\ntwo\n");
	ck_assert_int_eq(run("printf 0123456789", 10, PATIENT, &output, error), LOOKUP_FOUND);
	ck_assert_int_eq(run("head -c 300000 /dev/zero", 300000, PATIENT, &output, error),
			 LOOKUP_FOUND);
	ck_assert_uint_eq(output.len, 15 + 10 + 300000);
	buf_free(&output);
}
END_TEST

START_TEST(feeds_what_is_to_be_read)
{
	char *argv[] = { (char[]){ "cat" }, NULL }, *deaf[] = { (char[]){ "true" }, NULL };
	char error[COMMAND_ERROR_SIZE];
	struct buf input = { 0 }, output = { 0 };

	for (int i = 0; i < 40000; i++)
		buf_append_str(&input, "more than a pipe holds\n");
	ck_assert_int_eq(
		command_feed(argv, &input, input.len, clock_mono_ms() + PATIENT, &output, error),
		LOOKUP_FOUND);
	ck_assert_uint_eq(output.len, input.len);
	ck_assert_mem_eq(output.data, input.data, input.len);
	ck_assert_int_eq(command_feed(deaf, &input, 0, clock_mono_ms() + PATIENT, &output, error),
			 LOOKUP_FOUND);
	buf_free(&input);
	buf_free(&output);
}
END_TEST

START_TEST(says_what_went_wrong)
{
	static const struct {
		const char *script;
		int64_t ms;
		const char *error;
	} cases[] = {
		{ "echo x; exit 3", PATIENT, "sh ended with status 3" },
		{ "echo x; kill -9 $$", PATIENT, "sh was ended by signal 9" },
		{ "yes", PATIENT, "sh prints without end" },
		{ "printf 12345678901", PATIENT, "sh prints without end" },
		{ "exec sleep 600", 100, "sh does not come to an end" },
		/* time enough for a busy machine to begin it; it is used up in any case */
		{ "exec >&-; exec sleep 600", 1500, "sh was ended by signal 9" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char error[COMMAND_ERROR_SIZE];
		struct buf output = { 0 };

		ck_assert_msg(run(cases[i].script, 10, cases[i].ms, &output, error) == LOOKUP_ERROR,
			      "%s", cases[i].script);
		ck_assert_str_eq(error, cases[i].error);
		ck_assert_uint_eq(output.len, 0);
		buf_free(&output);
	}
}
END_TEST

START_TEST(knows_what_is_not_there)
{
	char *argv[] = { (char[]){ "no-such-program-anywhere" }, NULL };
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };

	ck_assert_int_eq(command_run(argv, 10, clock_mono_ms() + PATIENT, &output, error),
			 LOOKUP_ABSENT);
	ck_assert_str_eq(error,
			 "no-such-program-anywhere cannot be run: No such file or directory");
}
END_TEST

/* An ordinary user's $PATH lacks the system's programs. */
START_TEST(finds_programs_of_the_system)
{
	char *argv[] = { (char[]){ "ldconfig" }, (char[]){ "--version" }, NULL };
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };

	setenv("PATH", "/nonexistent", 1);
	ck_assert_msg(command_run(argv, 10000, clock_mono_ms() + PATIENT, &output, error) ==
			      LOOKUP_FOUND,
		      "%s", error);
	buf_free(&output);
}
END_TEST

/* SIGPIPE as a program expects it: `yes` ends when nobody reads on. */
START_TEST(restores_signals)
{
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(run("yes | head -n 1", 10, PATIENT, &output, error), LOOKUP_FOUND);
	ck_assert_str_eq(buf_cstr(&output), "y\n");
	ck_assert_int_eq(run("kill -s PIPE $$", 10, PATIENT, &output, error), LOOKUP_ERROR);
	buf_free(&output);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("command");
	TCase *tcase = tcase_create("command");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, gives_what_is_printed);
	tcase_add_test(tcase, feeds_what_is_to_be_read);
	tcase_add_test(tcase, says_what_went_wrong);
	if (!under_valgrind()) {
		tcase_add_test(tcase, knows_what_is_not_there);
		tcase_add_test(tcase, finds_programs_of_the_system);
	}
	tcase_add_test(tcase, restores_signals);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
