/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symbol beside a recipient and what Postfix is told: map `status` and
 * `postseal status --json` say the same, to the byte, of the same ledger at the same time,
 * but for how mail would be sealed; and the level they name is the one that map `policy`
 * answers.
 */
#include <jansson.h>
#include <sys/wait.h>

#include "base/log.h"
#include "core/policy/status.h"
#include "socketmap/answer.h"
#include "tests/unit/entry_samples.h"
#include "tests/unit/fork.h"
#include "tests/unit/socketmap_case.h"
#include "tests/unit/stopped_program.h"

#define NOW INT64_C(1768046400) /* 2026-01-10T12:00:00Z, stopped_clock.c */
#define RANDOM_DOMAINS 250
#define WORDS_MAX (RANDOM_DOMAINS + 8)

static char conf[64];
static struct settings settings;

static void set_up(void)
{
	FILE *file;

	make_dir();
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	file = fopen(conf, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "ledger = \"%s\"\nruntime = \"%s\"\n", ledger_dir, dir);
	ck_assert_int_eq(fclose(file), 0);
	settings_init(&settings);
	free(settings.ledger);
	settings.ledger = mem_strdup(ledger_dir);
}

static void tear_down(void)
{
	settings_free(&settings);
	remove_dir();
}

/* What `postseal status --json` prints of these; the caller's to end. */
static struct buf told_by_program(const char *const *words, size_t count)
{
	char *argv[WORDS_MAX + 8] = { program, (char[]){ "status" }, (char[]){ "--json" },
				      (char[]){ "-c" }, conf };
	struct buf out = { 0 };
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	for (size_t i = 0; i < count; i++)
		argv[5 + i] = (char *)(uintptr_t)words[i];
	ck_assert_int_eq(pipe(fds), 0);
	pid = must_fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execv(program, argv);
		_exit(99);
	}
	close(fds[1]);
	while ((n = read(fds[0], buf_reserve(&out, 4096), 4096)) > 0)
		out.len += (size_t)n;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) != 2 && WEXITSTATUS(status) != 99,
		      "%s", buf_cstr(&out));
	return out;
}

static void ask(struct answerer *answerer, const char *map, const char *word, struct buf *reply)
{
	struct question question;
	struct buf payload = { 0 };

	buf_printf(&payload, "%s %s", map, word);
	reply->len = 0;
	if (answer_request(answerer, payload.data, payload.len, NOW, &question, reply) ==
	    ANSWER_PARK)
		answer_question(answerer, &question, true, NOW, reply);
	buf_free(&payload);
}

/* What map `status` answers to these, each on a line. */
static struct buf told_by_map(const char *const *words, size_t count)
{
	struct answerer *answerer = answerer_new(&settings);
	struct buf out = { 0 }, reply = { 0 };

	for (size_t i = 0; i < count; i++) {
		ask(answerer, "status", words[i], &reply);
		ck_assert_msg(strncmp(buf_cstr(&reply), "OK {", 4) == 0, "%s: %s", words[i],
			      reply.data);
		buf_append(&out, reply.data + 3, reply.len - 3);
		buf_append_str(&out, "\n");
	}
	answerer_free(answerer);
	buf_free(&reply);
	return out;
}

/* What the program alone says: without a setting, mail to an address is not sealed. */
static void cut_seal(char *line, const char *word)
{
	static const char off[] = ",\"seal\":\"off\"}";
	char *seal = line != NULL ? strstr(line, off) : NULL;

	ck_assert_msg((seal != NULL) == (strchr(word, '@') != NULL), "%s: %s", word, line);
	if (seal == NULL)
		return;
	ck_assert_str_eq(seal, off);
	strcpy(seal, "}");
}

/* The first line in which they differ is shown. */
static void must_agree(const char *const *words, size_t count)
{
	struct buf map = told_by_map(words, count), cli = told_by_program(words, count);
	char *map_rest, *cli_rest;
	char *a = strtok_r((char *)(uintptr_t)buf_cstr(&map), "\n", &map_rest);
	char *b = strtok_r((char *)(uintptr_t)buf_cstr(&cli), "\n", &cli_rest);

	ck_assert_uint_gt(count, 0);
	for (size_t i = 0; i < count; i++) {
		cut_seal(b, words[i]);
		ck_assert_msg(a != NULL && b != NULL && strcmp(a, b) == 0,
			      "%s\nmap status:             %s\npostseal status --json: %s",
			      words[i], a, b);
		a = strtok_r(NULL, "\n", &map_rest);
		b = strtok_r(NULL, "\n", &cli_rest);
	}
	ck_assert_msg(a == NULL && b == NULL, "more than was asked: %s %s", a, b);
	buf_free(&map);
	buf_free(&cli);
}

static const struct sort sorts[] = {
	{ "sealed.test", MX_FOUND, true, OBSERVED_TLS, TLSA_USABLE, 0 },
	{ "halfsealed.test", MX_FOUND, false, OBSERVED_TLS, TLSA_USABLE, 0 },
	{ "tls.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0 },
	{ "plain.test", MX_FOUND, false, OBSERVED_PLAIN, TLSA_ABSENT, 0 },
	{ "failed.test", MX_FOUND, false, OBSERVED_TLS_FAILED, TLSA_ABSENT, 0 },
	{ "unseen.test", MX_FOUND, false, OBSERVED_NOTHING, TLSA_ABSENT, 0 },
	{ "unusable.test", MX_FOUND, true, OBSERVED_TLS, TLSA_UNUSABLE, 0 },
	{ "null.test", MX_NULL, true, OBSERVED_NOTHING, TLSA_UNKNOWN, 0 },
	{ "gone.test", MX_NXDOMAIN, true, OBSERVED_NOTHING, TLSA_UNKNOWN, 0 },
	{ "oldtls.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 60 },
	{ "oldplain.test", MX_FOUND, false, OBSERVED_PLAIN, TLSA_ABSENT, 60 },
	{ "xn--bcher-kva.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0 },
};

static const char *const every_state[] = {
	"me@sealed.test",
	"me@halfsealed.test",
	"me@tls.test",
	"me@plain.test",
	"me@failed.test",
	"me@unseen.test",
	"me@unusable.test",
	"me@null.test",
	"me@gone.test",
	"me@oldtls.test",
	"me@oldplain.test",
	"me@new.test",
	"tls.test",
	"[mx.tls.test]",
	"tls.test:587",
	"me@[192.0.2.1]",
	"Me+X@TLS.Test.",
	"<me@tls.test>",
	"\"a b\"@tls.test",
	"[IPv6:2001:db8::1]",
	"m\xc3\xa9@B\xc3\xbc"
	"cher.test",
	"m\xe9@tls.test",
	"me@lost.test",
};

static void with_ledger(void (*write)(struct ledger_txn *txn))
{
	char error[LEDGER_ERROR_SIZE];
	struct ledger *ledger = ledger_open(ledger_dir, LEDGER_CREATE, error);
	struct ledger_txn *txn;

	ck_assert_msg(ledger != NULL, "%s", error);
	txn = ledger_begin_write(ledger);
	write(txn);
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

/* One that had TLS until an hour ago. */
static void put_lost(struct ledger_txn *txn)
{
	static const struct sort lost = {
		"lost.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0
	};
	struct observation plain = { .time = NOW - 3600,
				     .source = SOURCE_PROBE,
				     .observed = OBSERVED_PLAIN };
	struct host_facts host;

	put_sort(txn, &lost, NOW - UTC_DAY);
	ck_assert_int_eq(ledger_get_host(txn, "mx.lost.test", 25, &host), LOOKUP_FOUND);
	fold_host(&host, &plain, NOW + 3600, false);
	ck_assert(ledger_put_host(txn, "mx.lost.test", 25, &host));
}

static void expect_states_seen(const struct buf *lines)
{
	static const char *const marks[] = {
		"\"state\":\"dane\"",    "\"state\":\"tls\"",       "\"state\":\"plain\"",
		"\"state\":\"unknown\"", "\"downgrade_since\":\"2", "\"guaranteed\":false",
		"\"guaranteed\":true",
	};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		ck_assert_msg(strstr(lines->data, marks[i]) != NULL, "%s is not among\n%s",
			      marks[i], lines->data);
}

START_TEST(map_and_program_agree)
{
	struct buf lines;

	put_sorts(sorts, ARRAY_LEN(sorts), NOW);
	with_ledger(put_lost);
	must_agree(every_state, ARRAY_LEN(every_state));
	lines = told_by_map(every_state, ARRAY_LEN(every_state));
	buf_cstr(&lines);
	expect_states_seen(&lines);
	buf_free(&lines);
}
END_TEST

static uint64_t seed;
static char names[RANDOM_DOMAINS][DOMAIN_SIZE];
static const char *words[RANDOM_DOMAINS];

static void put_random(struct ledger_txn *txn)
{
	struct entry *e = mem_zero(1, sizeof(*e));
	uint64_t state = seed;

	for (size_t i = 0; i < RANDOM_DOMAINS; i++) {
		snprintf(names[i], sizeof(names[i]), "d%zu.test", i);
		words[i] = names[i];
		some_entry(e, ENTRY_DOMAIN, &state);
		ck_assert(ledger_put_domain(txn, names[i], &e->of.domain));
		if (chance(&state, 6) > 0)
			continue;
		some_entry(e, ENTRY_OVERRIDE, &state);
		e->of.override.expires = 0;
		ck_assert(ledger_put_override(txn, names[i], &e->of.override));
	}
	for (int i = 0; i < 4; i++) {
		snprintf(e->key, sizeof(e->key), "mx%d%d.test", i / 2, i % 2);
		some_entry(e, ENTRY_HOST, &state);
		snprintf(e->key, sizeof(e->key), "mx%d%d.test", i / 2, i % 2);
		ck_assert(ledger_put_host(txn, e->key, 25, &e->of.host));
	}
	free(e);
}

/*
 * The level in an answer of map `policy`: "dane-only" of "OK dane-only", "none"
 * for NOTFOUND; false where mail waits (TEMP).
 */
static bool policy_level(struct answerer *answerer, const char *word, char *level, size_t size)
{
	struct buf reply = { 0 };
	const char *text;
	bool told;

	ask(answerer, "policy", word, &reply);
	text = buf_cstr(&reply);
	told = strncmp(text, "OK ", 3) == 0;
	snprintf(level, size, "%.*s", told ? (int)strcspn(text + 3, " ") : 4,
		 told ? text + 3 : "none");
	told |= strcmp(text, "NOTFOUND ") == 0;
	buf_free(&reply);
	return told;
}

START_TEST(agrees_on_what_chance_brings)
{
	struct answerer *answerer;
	struct buf reply = { 0 };
	int told = 0;

	seed = (uint64_t)_i;
	with_ledger(put_random);
	must_agree(words, RANDOM_DOMAINS);
	answerer = answerer_new(&settings);
	for (size_t i = 0; i < RANDOM_DOMAINS; i++) {
		char level[64], member[80];

		if (!policy_level(answerer, words[i], level, sizeof(level)))
			continue;
		told++;
		snprintf(member, sizeof(member), "\"level\":\"%s\"", level);
		ask(answerer, "status", words[i], &reply);
		ck_assert_msg(strstr(buf_cstr(&reply), member) != NULL, "seed %d: no %s in %s", _i,
			      member, reply.data);
	}
	ck_assert_int_gt(told, RANDOM_DOMAINS / 2);
	answerer_free(answerer);
	buf_free(&reply);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("status");
	SRunner *runner = srunner_create(suite);
	int failed;

	find_program();
	log_open("test_status", LOG_LEVEL_ERROR, LOG_SINK_STDERR);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, map_and_program_agree);
	tcase_add_loop_test(tcase, agrees_on_what_chance_brings, 0, 8);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
