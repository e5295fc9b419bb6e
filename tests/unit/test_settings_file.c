/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/local/settings_file.h"

/* Files that are read, and what one setting is then. */
static const struct {
	const char *text, *name, *shown;
} good[] = {
	{ "", "smtp_port", "25" },
	{ "\n\n# nothing\n", "smtp_port", "25" },
	{ "smtp_port = 2525", "smtp_port", "2525" },
	{ "smtp_port=2525\n", "smtp_port", "2525" },
	{ "smtp_port = \"2525\"", "smtp_port", "2525" },
	{ "smtp_port = '2525'", "smtp_port", "2525" },
	{ "smtp_port\n=\n2525\n", "smtp_port", "2525" },
	{ "smtp_port = 010", "smtp_port", "10" }, /* decimal: libconfuse would say eight */
	{ "smtp_port = 2525\r\nmta_sts = no\r\n", "mta_sts", "false" },
	{ "smtp_port = 2525 // why\n", "smtp_port", "2525" },
	{ "smtp_port = 2525#why", "smtp_port", "2525" },
	{ "smtp_port = /* which? */ 2525", "smtp_port", "2525" },
	{ "/* a\n * b\n **/ smtp_port = 2525", "smtp_port", "2525" },
	{ "/**/smtp_port = 2525 /***/", "smtp_port", "2525" },
	{ "ledger = /a//b", "ledger", "\"/a//b\"" },
	{ "ledger = \"/a # b // c /* d\"", "ledger", "\"/a # b // c /* d\"" },
	{ "ledger = \"/a \\\"b\\\" \\\\c\"", "ledger", "\"/a \\\"b\\\" \\\\c\"" },
	{ "ledger = '/a \\'b\\' \\\\c'", "ledger", "\"/a 'b' \\\\c\"" },
	{ "ledger = '/${HOME}'", "ledger", "\"/${HOME}\"" },
	{ "ledger = \"/$HOME\"", "ledger", "\"/$HOME\"" },
	{ "ledger = \"/ä\"", "ledger", "\"/ä\"" },
	{ "secure_domains = secure.example", "secure_domains", "{\"secure.example\"}" },
	{ "secure_domains = {}", "secure_domains", "{}" },
	{ "secure_domains = {a.example,b.example,}", "secure_domains",
	  "{\"a.example\", \"b.example\"}" },
	{ "secure_domains = { # ours\n\ta.example, // one\n\t/* two */ b.example }",
	  "secure_domains", "{\"a.example\", \"b.example\"}" },
	{ "local_networks = {}", "local_networks", "{}" },
	{ "local_networks = {192.0.2.0/24}", "local_networks", "{\"192.0.2.0/24\"}" },
	{ "learn_from = {delivery}", "learn_from", "{\"delivery\"}" },
	{ "smtp_port = 26 smtp_timeout = 3", "smtp_timeout", "3" },
};

#define FIND_QUOTES "f:1: found one of * + ( ) | outside a string; expected quotes around the value"

#define MIDDLE                                                                                   \
	"found the end of the file in the middle of a setting, expected NAME = VALUE or NAME = " \
	"{VALUE, ...}"

/* Files that are refused, and what is said about them. */
static const struct {
	const char *text, *error;
} bad[] = {
	{ "smtp_prot = 1", "f:1: found \"smtp_prot\", expected a setting; see postseal.conf(5)" },
	{ "SMTP_PORT = 1", "f:1: found \"SMTP_PORT\", expected a setting; see postseal.conf(5)" },
	{ "\xef\xbb\xbfsmtp_port = 1",
	  "f:1: found \"\\xef\\xbb\\xbfsmtp_port\", expected a setting; see postseal.conf(5)" },
	{ "# 1\n# 2\n/* 3\n4 */\n\nsmtp_port = 70000 # no",
	  "f:6: smtp_port: found \"70000\", expected a number from 1 to 65535" },
	{ "smtp_port = -25", "f:1: smtp_port: found \"-25\", expected a number from 1 to 65535" },
	{ "smtp_port = ''", "f:1: smtp_port: found \"\", expected a number from 1 to 65535" },
	{ "smtp_port = 1e3", "f:1: smtp_port: found \"1e3\", expected a number from 1 to 65535" },
	{ "mixed_mx = {strict}", "f:1: found \"{\", expected NAME = VALUE or NAME = {VALUE, ...}" },
	{ "smtp_port 25", "f:1: smtp_port: expected = and a value" },
	{ "smtp_port", "f:1: " MIDDLE },
	{ "smtp_port =", "f:1: " MIDDLE },
	{ "secure_domains = {a.example", "f:1: " MIDDLE },
	{ "secure_domains = {a.example b.example}",
	  "f:1: found \"b.example\", expected NAME = VALUE or NAME = {VALUE, ...}" },
	{ "= 1", "f:1: found \"=\", expected NAME = VALUE or NAME = {VALUE, ...}" },
	{ "}", "f:1: unexpected closing brace" },
	{ "\"\" = 1", "f:1: expected NAME = VALUE" },
	{ "\n\nsecure_domains = {\na.example,\n\"b b\"}",
	  "f:4: secure_domains: found \"b b\", expected a domain name, such as "
	  "secure.example.com" },
	/* Of several mistakes the first in the file is told, not the first in the table. */
	{ "log_level = loud\nsmtp_port = 0",
	  "f:1: log_level: found \"loud\", expected one of error, warning, info, debug" },
	{ "smtp_port = 1\n\nsmtp_port = 1",
	  "f:3: smtp_port: found again, expected once; first in line 1" },
	{ "secure_domains = {a.example, b.example}\nsecure_domains = {c.example}",
	  "f:2: secure_domains: found again, expected once; first in line 1" },
	{ "secure_domains = {a.example}\nsecure_domains = {}",
	  "f:1: secure_domains: found again further down, expected once" },
	/* What libconfuse would have let through, or taken for something else. */
	{ "/* smtp_port = 1", "f:1: found a comment that is never closed; expected */" },
	{ "\n/* smtp_port\n= 1\n/", "f:2: found a comment that is never closed; expected */" },
	{ "ledger = \"/a\nsmtp_port = 0", "f:1: found a string that is not closed on its line" },
	{ "ledger = '/a", "f:1: found a string that is not closed on its line" },
	{ "ledger = \"/a\\", "f:1: found a backslash in a string; expected \\\" or \\\\" },
	{ "ledger = \"/a\\0b\"", "f:1: found a backslash in a string; expected \\\" or \\\\" },
	{ "ledger = \"/a\\x41\"", "f:1: found a backslash in a string; expected \\\" or \\\\" },
	{ "ledger = '/a\\b'", "f:1: found a backslash in a string; expected \\' or \\\\" },
	{ "ledger = \"/a\tb\x1b[31m\"", "f:1: found a control character in a string" },
	{ "ledger = /a\x7f", "f:1: found a control character" },
	{ "ledger = \"${HOME}\"", "f:1: found ${ in a string; the environment is not looked at: "
				  "write the value, or use single quotes" },
	{ "ledger = ${HOME}", "f:1: found ${ outside a string; the environment is not looked at: "
			      "write the value" },
	{ "secure_domains = *.example.com", FIND_QUOTES },
	{ "secure_domains += a.example", FIND_QUOTES },
	{ "smtp_port = +25", FIND_QUOTES },
	{ "include(\"/etc/passwd\")", FIND_QUOTES },
	{ "smtp_port|x = 1", FIND_QUOTES },
	{ "ledger = /a/*b*/", FIND_QUOTES },
	{ "smtp_port = 25/***/", FIND_QUOTES },
	{ "\"ledger|x\" = 1", "f:1: no sub-section title/index for 'ledger'" },
};

static char *show_all(const struct settings *settings)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < settings_table_count; i++) {
		buf_printf(&out, "%s = ", settings_table[i].name);
		settings_table[i].show(settings, &settings_table[i], &out);
		buf_append_str(&out, "\n");
	}
	(void)buf_cstr(&out);
	return out.data;
}

static bool parse(struct settings *settings, const char *text, char *error)
{
	settings_init(settings);
	return settings_file_parse(settings, "f", text, strlen(text), error);
}

START_TEST(good_files_are_read)
{
	const struct setting *setting = settings_find(good[_i].name);
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct settings settings;
	struct buf out = { 0 };

	ck_assert_msg(parse(&settings, good[_i].text, error), "%s: %s", good[_i].text, error);
	ck_assert_str_eq(error, "");
	setting->show(&settings, setting, &out);
	ck_assert_str_eq(buf_cstr(&out), good[_i].shown);
	buf_free(&out);
	settings_free(&settings);
}
END_TEST

START_TEST(bad_files_are_refused_and_change_nothing)
{
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct settings settings;
	struct buf text = { 0 };
	char *before, *after;

	/* A good setting in front must not be put either. */
	buf_printf(&text, "probe_private = true %s", bad[_i].text);
	settings_init(&settings);
	before = show_all(&settings);
	ck_assert_msg(!settings_file_parse(&settings, "f", text.data, text.len, error), "%s",
		      text.data);
	after = show_all(&settings);
	ck_assert_str_eq(before, after);
	ck_assert(!settings_file_parse(&settings, "f", bad[_i].text, strlen(bad[_i].text), error));
	ck_assert_str_eq(error, bad[_i].error);
	free(before);
	free(after);
	buf_free(&text);
	settings_free(&settings);
}
END_TEST

/* libconfuse's scanner is global, and would go on where the file before broke off. */
START_TEST(a_bad_file_does_not_spoil_the_next)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char error[SETTINGS_FILE_ERROR_SIZE];
		struct settings settings;

		ck_assert(!parse(&settings, bad[i].text, error));
		settings_free(&settings);
		ck_assert_msg(parse(&settings, "smtp_port = 26\n", error), "after %s: %s",
			      bad[i].text, error);
		ck_assert_uint_eq(settings.smtp_port, 26);
		settings_free(&settings);
	}
}
END_TEST

START_TEST(a_file_is_put_over_what_is_there)
{
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct settings settings;

	ck_assert(parse(&settings, "smtp_port = 26 mta_sts = no", error));
	ck_assert(settings_file_parse(&settings, "g", "smtp_port = 27", 14, error));
	ck_assert_uint_eq(settings.smtp_port, 27);
	ck_assert(!settings.mta_sts);
	settings_free(&settings);
}
END_TEST

START_TEST(nul_bytes_are_refused)
{
	static const char text[] = "smtp_port = 26\n\0smtp_port = 0";
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct settings settings;

	settings_init(&settings);
	ck_assert(!settings_file_parse(&settings, "f", text, sizeof(text) - 1, error));
	ck_assert_str_eq(error, "f:2: found a control character");
	settings_free(&settings);
}
END_TEST

START_TEST(long_tokens_are_borne)
{
	enum { LONG = 300000 };
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct settings settings;
	struct buf text = { 0 };

	buf_append_str(&text, "secure_domains = {");
	for (int i = 0; i < 10000; i++)
		buf_printf(&text, "d%d.example,\n", i);
	buf_append_str(&text, "} # ");
	memset(buf_reserve(&text, LONG), '#', LONG);
	text.len += LONG;
	ck_assert_msg(parse(&settings, buf_cstr(&text), error), "%s", error);
	ck_assert_uint_eq(settings.secure_domains.count, 10000);
	settings_free(&settings);

	buf_append_str(&text, "\nledger = \"/");
	memset(buf_reserve(&text, LONG), 'a', LONG);
	text.len += LONG;
	buf_append_str(&text, "\"");
	ck_assert(!parse(&settings, buf_cstr(&text), error));
	ck_assert(strncmp(error, "f:10002: ledger: found \"/aaa", 28) == 0);
	ck_assert(strstr(error, "expected a path of at most 4000 bytes") != NULL);
	settings_free(&settings);
	buf_free(&text);
}
END_TEST

START_TEST(cleaning_keeps_lines_and_length)
{
	char text[] = "a /* 1\n2 */ b // c\n# d\n'# e'";
	int line;

	ck_assert_ptr_null(settings_text_clean(text, sizeof(text) - 1, &line));
	ck_assert_str_eq(text, "a     \n     b     \n   \n'# e'");
	ck_assert_int_eq(line, 4);
}
END_TEST

static char dir[] = "/tmp/postseal-settings-XXXXXX";

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	char path[sizeof(dir) + 8];

	snprintf(path, sizeof(path), "%s/f", dir);
	unlink(path);
	rmdir(dir);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(files_are_read_from_disk)
{
	char error[SETTINGS_FILE_ERROR_SIZE], expected[128], path[64];
	struct settings settings;
	char *big = mem_alloc(SETTINGS_FILE_MAX + 1);

	snprintf(path, sizeof(path), "%s/f", dir);
	settings_init(&settings);

	ck_assert(!settings_file_read(&settings, path, error));
	snprintf(expected, sizeof(expected), "%s: cannot be opened: No such file or directory",
		 path);
	ck_assert_str_eq(error, expected);

	ck_assert(!settings_file_read(&settings, dir, error));
	snprintf(expected, sizeof(expected), "%s: cannot be read: Is a directory", dir);
	ck_assert_str_eq(error, expected);

	write_file(path, "smtp_port = 26\n", 15);
	ck_assert_msg(settings_file_read(&settings, path, error), "%s", error);
	ck_assert_uint_eq(settings.smtp_port, 26);

	memset(big, '\n', SETTINGS_FILE_MAX + 1);
	write_file(path, big, SETTINGS_FILE_MAX);
	ck_assert_msg(settings_file_read(&settings, path, error), "%s", error);
	write_file(path, big, SETTINGS_FILE_MAX + 1);
	ck_assert(!settings_file_read(&settings, path, error));
	snprintf(expected, sizeof(expected), "%s: cannot be read: File too large", path);
	ck_assert_str_eq(error, expected);

	free(big);
	settings_free(&settings);
}
END_TEST

START_TEST(a_long_file_name_does_not_hide_the_rest)
{
	char error[SETTINGS_FILE_ERROR_SIZE], name[2000];
	struct settings settings;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	settings_init(&settings);
	ck_assert(!settings_file_parse(&settings, name, "smtp_port = 0", 13, error));
	ck_assert_ptr_nonnull(strstr(error, "smtp_port: found \"0\""));
	settings_free(&settings);
}
END_TEST

/* The sample shows each setting with its default, so without "#" it changes nothing. */
START_TEST(the_sample_file_is_the_defaults)
{
	char error[SETTINGS_FILE_ERROR_SIZE], line[512];
	struct buf text = { 0 };
	struct settings settings;
	FILE *sample = fopen("postseal.conf.sample", "r");
	size_t found = 0;
	char *before, *after;

	ck_assert_ptr_nonnull(sample);
	while (fgets(line, sizeof(line), sample) != NULL) {
		bool setting = line[0] == '#' && line[1] != ' ' && line[1] != '\n';

		found += setting;
		buf_append_str(&text, setting ? line + 1 : line);
	}
	fclose(sample);
	ck_assert_uint_eq(found, settings_table_count);
	settings_init(&settings);
	before = show_all(&settings);
	ck_assert_msg(settings_file_parse(&settings, "sample", text.data, text.len, error), "%s",
		      error);
	after = show_all(&settings);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	buf_free(&text);
	settings_free(&settings);
}
END_TEST

/* What is shown can be written into a file, and says the same there. */
START_TEST(what_is_shown_can_be_read)
{
	static const char text[] =
		"ledger = '/a \"b\" \\\\' socketmap_listen = {'unix:/a', 'inet:[::1]:1'} "
		"ehlo_name = m.example smtp_port = 1 probe_private = yes first_contact = may "
		"learn_from = {} secure_domains = {a.example, b.example} secure_min_tls = TLSv1.3 "
		"recipient_delimiter = '-+' authserv_id = mx.example "
		"local_networks = {} log_level = debug resolver = '[::1]:53'";
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct settings settings, again;
	char *shown, *shown_again;

	ck_assert_msg(parse(&settings, text, error), "%s", error);
	shown = show_all(&settings);
	ck_assert_msg(parse(&again, shown, error), "%s", error);
	shown_again = show_all(&again);
	ck_assert_str_eq(shown, shown_again);
	free(shown);
	free(shown_again);
	settings_free(&settings);
	settings_free(&again);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings_file");
	TCase *texts = tcase_create("texts"), *files = tcase_create("files");
	SRunner *runner;
	int failed;

	setenv("HOME", "/expanded", 1); /* to be seen if it ever were */
	tcase_add_loop_test(texts, good_files_are_read, 0, ARRAY_LEN(good));
	tcase_add_loop_test(texts, bad_files_are_refused_and_change_nothing, 0, ARRAY_LEN(bad));
	tcase_add_test(texts, a_bad_file_does_not_spoil_the_next);
	tcase_add_test(texts, a_file_is_put_over_what_is_there);
	tcase_add_test(texts, nul_bytes_are_refused);
	tcase_add_test(texts, long_tokens_are_borne);
	tcase_add_test(texts, cleaning_keeps_lines_and_length);
	tcase_add_test(texts, the_sample_file_is_the_defaults);
	tcase_add_test(texts, what_is_shown_can_be_read);
	suite_add_tcase(suite, texts);
	tcase_add_checked_fixture(files, make_dir, remove_dir);
	tcase_add_test(files, files_are_read_from_disk);
	tcase_add_test(files, a_long_file_name_does_not_hide_the_rest);
	suite_add_tcase(suite, files);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
