/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, run as a program of its own whose clock is stopped, over a
 * ledger with known contents. What it prints is compared with tests/unit/cli/,
 * to the letter; with $UPDATE_GOLDEN set it is written there, to be reviewed.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "core/protocol/netstring.h"
#include "io/ledger/ledger_fleet.h"
#include "io/local/metrics_file.h"
#include "tests/unit/fork.h"
#include "tests/unit/stopped_program.h"

#define NOW INT64_C(1768046400) /* 2026-01-10T12:00:00Z, stopped_clock.c */
#define HOUR INT64_C(3600)
#define GOLDEN "tests/unit/cli"
#define LONG_NAME "a-subsidiary-with-an-uncommonly-long-name.in-another-land.test"

static char dir[] = "/tmp/test_cli.XXXXXX";
static char ledger_dir[64], conf[64];

/*
 * The ledger.
 */

static struct ledger_txn *txn;

static struct observation seen(int64_t when, enum observed observed)
{
	struct observation o = { .time = when, .source = SOURCE_PROBE, .observed = observed };

	if (observed == OBSERVED_TLS) {
		o.version = 0x0304;
		memcpy(o.cipher, "TLS_AES_256_GCM_SHA384", 23);
		o.has_spki = true;
		for (size_t i = 0; i < SPKI_SIZE; i++)
			o.spki[i] = (uint8_t)i;
		o.verified = VERIFIED_NAME;
	}
	return o;
}

static struct host_facts host_without_tlsa(void)
{
	return (struct host_facts){
		.addr = ADDR_FOUND,
		.addr_fresh = { NOW - 600, NOW + 3000, 0 },
		.tlsa = TLSA_ABSENT,
		.tlsa_fresh = { NOW - 600, NOW + 3000, 0 },
	};
}

static void put_host(const char *name, const struct host_facts *host)
{
	ck_assert(ledger_put_host(txn, name, 25, host));
}

static struct domain_facts *new_domain(const char *first, const char *second)
{
	struct domain_facts *d = mem_zero(1, sizeof(*d));

	d->mx.state = MX_FOUND;
	d->mx.fresh = (struct freshness){ NOW - 600, NOW + 3000, 0 };
	d->sts.mode = STS_NONE;
	d->sts.fresh = (struct freshness){ NOW - 600, NOW + 3000, 0 };
	d->mx.refs[0].preference = 10;
	str_copy(d->mx.refs[0].host, DOMAIN_SIZE, first);
	d->mx.count = 1;
	if (second != NULL) {
		d->mx.refs[1].preference = 20;
		str_copy(d->mx.refs[1].host, DOMAIN_SIZE, second);
		d->mx.count = 2;
	}
	return d;
}

/* Ends the domain. */
static void put_domain(const char *key, struct domain_facts *domain)
{
	ck_assert(ledger_put_domain(txn, key, domain));
	free(domain);
}

static void put_dane(void)
{
	struct domain_facts *domain = new_domain("mx1.dane.test", "mx2.dane.test");
	struct host_facts host = host_without_tlsa();
	struct observation o = seen(NOW - 2 * HOUR, OBSERVED_TLS);

	host.addr_secure = true;
	host.tlsa = TLSA_USABLE;
	host.tlsa_usable = 2;
	host.tlsa_unusable = 1;
	str_copy(host.tlsa_base, DOMAIN_SIZE, "mx1.dane.test");
	o.verified = VERIFIED_DANE;
	fold_host(&host, &o, NOW + 22 * HOUR, false);
	put_host("mx1.dane.test", &host);
	put_host("mx2.dane.test", &host);
	domain->mx.secure = true;
	domain->history = host.history;
	put_domain("dane.test", domain);
}

/* Two days of TLS; then, where `lost`, two days without. */
static void put_tls(const char *key, const char *mx, bool lost)
{
	struct domain_facts *domain = new_domain(mx, NULL);
	struct host_facts host = host_without_tlsa();
	struct observation o = seen(NOW - 5 * UTC_DAY, OBSERVED_TLS);

	fold_host(&host, &o, NOW + HOUR, false);
	o = seen(NOW - 4 * UTC_DAY, OBSERVED_TLS);
	fold_host(&host, &o, NOW + HOUR, false);
	domain->history = host.history;
	if (lost) {
		o = seen(NOW - 3 * UTC_DAY, OBSERVED_PLAIN);
		fold_host(&host, &o, NOW + HOUR, false);
		o = seen(NOW - 2 * UTC_DAY, OBSERVED_PLAIN);
		fold_host(&host, &o, NOW + HOUR, false);
		fold_merge(&domain->history, &host.history);
	}
	put_host(mx, &host);
	put_domain(key, domain);
}

static void put_plain(void)
{
	struct domain_facts *domain = new_domain("mx.plain.test", NULL);
	struct host_facts host = host_without_tlsa();
	struct observation o = seen(NOW - HOUR, OBSERVED_PLAIN);

	fold_host(&host, &o, NOW + HOUR, false);
	domain->history = host.history;
	put_host("mx.plain.test", &host);
	put_domain("plain.test", domain);
}

static void put_sts(void)
{
	struct domain_facts *domain = new_domain("mx.sts.test", NULL);
	struct host_facts host = host_without_tlsa();
	struct observation o = seen(NOW - HOUR, OBSERVED_TLS_FAILED);

	str_copy(o.detail, sizeof(o.detail), "454 4.7.0 TLS not available");
	fold_host(&host, &o, NOW - 60, false);
	put_host("mx.sts.test", &host);
	domain->sts = (struct sts_facts){
		.mode = STS_ENFORCE,
		.id = "20260101",
		.fetched = NOW - 10 * HOUR,
		.until = NOW - 10 * HOUR + 7 * UTC_DAY,
		.max_age = 7 * UTC_DAY,
		.fresh = { NOW - 10 * HOUR, NOW + 60, NOW - 5 * HOUR },
		.patterns = 2,
		.pattern = { "mx.sts.test", "*.mx.sts.test" },
		.detail = "mta-sts.sts.test answered HTTP status 503, and keeps doing so for as "
			  "long as one cares to look at it",
	};
	put_domain("sts.test", domain);
}

/* Nothing but a failed look-up, an override and pins. */
static void put_odd_ones(void)
{
	struct domain_facts *domain = mem_zero(1, sizeof(*domain));
	struct override override = {
		.kind = OVERRIDE_MINIMUM,
		.level = LEVEL_ENCRYPT,
		.set = NOW - UTC_DAY,
		.expires = NOW + 30 * UTC_DAY,
		.author = "ada",
		.reason = "contract with the bank",
	};
	struct pin_act pin = { .set = NOW };
	struct journal_entry entry = {
		.time = NOW - UTC_DAY,
		.subject = "bank.test",
		.event = "override",
		.author = "ada",
		.detail = "at least encrypt",
	};

	domain->mx.fresh.failed = NOW - 90;
	domain->mx.fresh.expires = NOW + 30;
	put_domain("failing.test", domain);
	domain = mem_zero(1, sizeof(*domain));
	domain->mx.state = MX_NULL;
	domain->mx.fresh = (struct freshness){ NOW - 60, NOW + 600, 0 };
	put_domain("nullmx.test", domain);
	ck_assert(ledger_put_override(txn, "bank.test", &override));
	ck_assert(ledger_put_pin(txn, "bank.test", &pin));
	ck_assert(ledger_add_journal(txn, &entry));
	str_copy(entry.subject, sizeof(entry.subject), "mx.lost.test:25");
	str_copy(entry.event, sizeof(entry.event), "downgrade");
	str_copy(entry.author, sizeof(entry.author), "prober");
	entry.detail[0] = '\0';
	ck_assert(ledger_add_journal(txn, &entry));
}

static void seed(void)
{
	char error[LEDGER_ERROR_SIZE];
	struct ledger *ledger = ledger_open(ledger_dir, LEDGER_CREATE, error);

	ck_assert_msg(ledger != NULL, "%s", error);
	txn = ledger_begin_write(ledger);
	put_dane();
	put_tls("tls.test", "mx.tls.test", false);
	put_tls("lost.test", "mx.lost.test", true);
	put_tls(LONG_NAME, "mx." LONG_NAME, false);
	put_plain();
	put_sts();
	put_odd_ones();
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

static void write_conf(void)
{
	FILE *file = fopen(conf, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file,
		"ledger = \"%s\"\nruntime = \"%s\"\nsocketmap_listen = {\"unix:%s/map.sock\"}\n"
		"secure_domains = {\"secure.test\"}\nsmtp_timeout = 1\nmailbox_runtime = \"%s\"\n",
		ledger_dir, dir, dir, dir);
	ck_assert_int_eq(fclose(file), 0);
}

static void put_counts(const struct metrics_snapshot *snapshot)
{
	unsigned char bytes[METRICS_FILE_SIZE];
	char path[96];
	FILE *file;

	metrics_encode(bytes, snapshot);
	snprintf(path, sizeof(path), "%s/%s.metrics", dir, metrics_source_name(snapshot->source));
	file = fopen(path, "r+"); /* one that is locked stays the one that it is */
	if (file == NULL)
		file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
	ck_assert_int_eq(fclose(file), 0);
}

/* A server that runs, which is us, a prober that died, and a milter that was stopped. */
static void seed_counts(void)
{
	struct metrics_snapshot *counts = mem_zero(1, sizeof(*counts));

	metrics_open(dir, METRICS_SOCKETMAP);
	counts->pid = 4711;
	counts->started = NOW - 3 * HOUR;
	counts->cell[METRIC2(ANSWERS, MAP_POLICY, LEVEL_NONE)] = 20;
	counts->cell[METRIC2(ANSWERS, MAP_POLICY, LEVEL_ENCRYPT)] = 4100;
	counts->cell[METRIC2(ANSWERS, MAP_POLICY, LEVEL_DANE_ONLY)] = 1203;
	counts->cell[METRIC2(ANSWERS, MAP_POLICY, METRIC_ANSWER_TEMP)] = 2;
	counts->cell[METRIC2(ANSWERS, MAP_TRANSPORT, METRIC_ANSWER_OK)] = 12;
	counts->cell[METRIC1(RULES, 4)] = 1203;
	counts->cell[METRIC1(RULES, 11)] = 4100;
	counts->cell[METRIC1(SERVED, METRIC_SERVED_LEDGER)] = 5330;
	counts->cell[METRIC1(SERVED, METRIC_SERVED_PARKED)] = 7;
	counts->cell[METRIC1(UNPARKED, METRIC_UNPARKED_SETTLED)] = 6;
	counts->cell[M_PARKED] = 1;
	counts->cell[M_CONNECTIONS] = 3;
	counts->cell[M_ANSWER_TIME + 1] = 5300;
	counts->cell[M_ANSWER_TIME + 4] = 30;
	counts->cell[M_PARKED_TIME + 7] = 6;
	put_counts(counts);
	memset(counts, 0, sizeof(*counts));
	counts->source = METRICS_PROBER;
	counts->started = NOW - 30 * HOUR;
	counts->cell[METRIC1(PROBES, 0)] = 31;
	counts->cell[M_WORKERS] = 64;
	put_counts(counts);
	counts->source = METRICS_MILTER;
	counts->ended = NOW - HOUR;
	memset(counts->cell, 0, sizeof(counts->cell));
	put_counts(counts);
	counts->source = METRICS_LEARN; /* so was this one, and is not missed */
	put_counts(counts);
	free(counts);
}

static void setup(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	snprintf(ledger_dir, sizeof(ledger_dir), "%s/ledger", dir);
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	write_conf();
	seed();
	seed_counts();
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void teardown(void)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/*
 * Running it.
 */

struct outcome {
	int status;
	struct buf text; /* standard output and standard error */
};

static _Noreturn void become(int out, bool nobody, const char *words)
{
	char copy[256], *argv[16] = { program, (char[]){ "-c" }, conf };
	int argc = 3, executable = open(program, O_RDONLY | O_CLOEXEC);

	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	setenv("SUDO_USER", "ada", 1);
	if (nobody && geteuid() == 0 &&
	    (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
		_exit(98);
	str_copy(copy, sizeof(copy), words);
	for (char *word = strtok(copy, " "); word != NULL && argc < 15; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	/* By descriptor: nobody may not come to a tree below /root. */
	fexecve(executable, argv, environ);
	_exit(99);
}

/* `words` without the program's name and -c. The caller ends outcome.text. */
static struct outcome run_as(bool nobody, const char *words)
{
	struct outcome outcome = { 0 };
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = must_fork();
	if (pid == 0)
		become(fds[1], nobody, words);
	close(fds[1]);
	while ((n = read(fds[0], buf_reserve(&outcome.text, 4096), 4096)) > 0)
		outcome.text.len += (size_t)n;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%s died: %s", words, buf_cstr(&outcome.text));
	outcome.status = WEXITSTATUS(status);
	return outcome;
}

static void expect(const char *words, int status, const char *text)
{
	struct outcome o = run_as(false, words);

	ck_assert_msg(o.status == status, "%s: status %d: %s", words, o.status, buf_cstr(&o.text));
	ck_assert_msg(strstr(buf_cstr(&o.text), text) != NULL, "%s: no \"%s\" in: %s", words, text,
		      buf_cstr(&o.text));
	buf_free(&o.text);
}

static void compare_golden(const char *words, const struct buf *got, const char *path)
{
	struct buf want = { 0 };
	FILE *file = fopen(path, getenv("UPDATE_GOLDEN") != NULL ? "w" : "r");
	size_t n;

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	if (getenv("UPDATE_GOLDEN") != NULL) {
		fwrite(got->data, 1, got->len, file);
	} else {
		while ((n = fread(buf_reserve(&want, 4096), 1, 4096, file)) > 0)
			want.len += n;
		ck_assert_msg(want.len == got->len &&
				      memcmp(buf_cstr(&want), got->data, got->len) == 0,
			      "%s: not as in %s:\n%.*s", words, path, (int)got->len, got->data);
	}
	fclose(file);
	buf_free(&want);
}

/*
 * The tests.
 */

static const struct {
	const char *words;
	const char *golden;
	int status;
} goldens[] = {
	{ "--help", "help", 0 },
	{ "status --help", "help-status", 0 },
	{ "explain --help", "help-explain", 0 },
	{ "history --help", "help-history", 0 },
	{ "list --help", "help-list", 0 },
	{ "probe --help", "help-probe", 0 },
	{ "learn --help", "help-learn", 0 },
	{ "override --help", "help-override", 0 },
	{ "mailbox --help", "help-mailbox", 0 },
	{ "openpgp --help", "help-openpgp", 0 },
	{ "pin --help", "help-pin", 0 },
	{ "alias --help", "help-alias", 0 },
	{ "digest --help", "help-digest", 0 },
	{ "forget --help", "help-forget", 0 },
	{ "export --help", "help-export", 0 },
	{ "import --help", "help-import", 0 },
	{ "doctor --help", "help-doctor", 0 },
	{ "config --help", "help-config", 0 },
	{ "stats --help", "help-stats", 0 },
	{ "setup --help", "help-setup", 0 },
	{ "preview --help", "help-preview", 0 },
	{ "fleet --help", "help-fleet", 0 },
	{ "status a@dane.test", "status-dane", 0 },
	{ "status a@dane.test b@Tls.Test. sts.test", "status-tls", 0 },
	{ "status a@dane.test b@lost.test", "status-downgrade", 0 },
	{ "status a@dane.test c@plain.test", "status-plain", 1 },
	{ "status a@" LONG_NAME " " LONG_NAME ":587", "status-long", 3 },
	{ "status a@plain.test new.test x@failing.test nullmx.test", "status-unknown", 3 },
	{ "status --json a@dane.test b@lost.test plain.test new.test", "status-json", 3 },
	{ "explain dane.test", "explain-dane", 0 },
	{ "explain lost.test", "explain-downgrade", 0 },
	{ "explain plain.test", "explain-plain", 0 },
	{ "explain sts.test", "explain-sts", 0 },
	{ "explain bank.test", "explain-override", 0 },
	{ "explain failing.test", "explain-failing", 0 },
	{ "explain nullmx.test", "explain-nullmx", 0 },
	{ "explain new.test", "explain-new", 1 },
	{ "explain .test", "explain-parent", 1 },
	{ "explain --json dane.test", "explain-dane-json", 0 },
	{ "explain --json bank.test", "explain-override-json", 0 },
	{ "list", "list", 0 },
	{ "list --state downgrade", "list-downgrade", 0 },
	{ "list --state tls", "list-tls", 0 },
	{ "list --state dane", "list-dane", 0 },
	{ "list --state plain", "list-plain", 0 },
	{ "list --state unknown", "list-unknown", 0 },
	{ "list --json -s plain", "list-json", 0 },
	{ "--json list -s plain", "list-json", 0 },
	{ "list --json --state downgrade", "list-downgrade-json", 0 },
	{ "explain " LONG_NAME, "explain-long", 0 },
	{ "override list", "override-list", 0 },
	{ "override list --json", "override-list-json", 0 },
	{ "pin list", "pin-list", 0 },
	{ "pin list --json", "pin-list-json", 0 },
	{ "stats --no-ledger", "stats", 1 },
	{ "history lost.test", "history", 0 },
	{ "history --json lost.test", "history-json", 0 },
};

START_TEST(prints_what_it_should)
{
	struct outcome o = run_as(false, goldens[_i].words);
	char path[128];

	ck_assert_msg(o.status == goldens[_i].status, "%s: status %d: %s", goldens[_i].words,
		      o.status, buf_cstr(&o.text));
	snprintf(path, sizeof(path), GOLDEN "/%s", goldens[_i].golden);
	compare_golden(goldens[_i].words, &o.text, path);
	buf_free(&o.text);
}
END_TEST

/* Replies stand as they are; all else for people keeps to a terminal's width. */
START_TEST(fits_80_columns)
{
	struct outcome o = run_as(false, goldens[_i].words);
	bool replies = false;

	for (char *line =
		     strtok(o.text.len > 0 ? (char *)(uintptr_t)buf_cstr(&o.text) : NULL, "\n");
	     line != NULL; line = strtok(NULL, "\n")) {
		replies |= strcmp(line, "Replies to Postfix") == 0;
		ck_assert_msg(replies || line[0] == '{' || strlen(line) <= 80, "%s: %s",
			      goldens[_i].words, line);
	}
	buf_free(&o.text);
}
END_TEST

START_TEST(wrong_usage)
{
	static const struct {
		const char *words;
		const char *text;
	} cases[] = {
		{ "", "usage: postseal [-c FILE] VERB" },
		{ "frobnicate", "there is no verb \"frobnicate\"" },
		{ "--state tls list", "write that option after the verb" },
		{ "--frobnicate", "`postseal --help` lists" },
		{ "status", "an argument is missing" },
		{ "history", "write a domain or a mail address, or --fleet" },
		{ "explain", "an argument is missing" },
		{ "explain a.test b.test", "there are too many arguments" },
		{ "list a.test", "there are too many arguments" },
		{ "list --state purple",
		  "after --state write dane, tls, plain, unknown or downgrade" },
		{ "list --yes", "there is no option --yes here" },
		{ "list -y", "there is no option -y here" },
		{ "setup --dry-run --json", "`postseal doctor --json` is for programs" },
		{ "status --frobnicate a.test", "usage: postseal status" },
		{ "status tls.test .test", "\".test\" stands for all names below it" },
		{ "probe .test", "\".test\" stands for all names below it" },
		{ "status a@b@c", "\"a@b@c\" is neither a mail address nor a domain" },
		{ "status @", "is neither" },
		{ "explain not_a_domain..", "is neither" },
		{ "explain tls.test:nosuch", "is neither" },
		{ "status \x1b[31m", "\"\\x1b[31m\" is neither" },
		{ "override", "an argument is missing" },
		{ "override shout tls.test",
		  "there is no \"shout\" here; write one of set, clear, list" },
		{ "override set", "write for which next hop" },
		{ "override set a@b exact encrypt", "write for which next hop" },
		{ "override set tls.test", "exact LEVEL, minimum LEVEL, or hands-off" },
		{ "override set tls.test loosely", "exact LEVEL, minimum LEVEL, or hands-off" },
		{ "override set tls.test exact", "a level is missing" },
		{ "override set tls.test exact may", "\"may\" is not a level" },
		{ "override set tls.test hands-off encrypt", "hands-off takes no level" },
		{ "override set tls.test exact encrypt", "--reason is missing" },
		{ "override set tls.test exact encrypt -r x -e yesterday",
		  "\"yesterday\" is not a time in the future" },
		{ "override set tls.test exact encrypt -r x -e 0d",
		  "\"0d\" is not a time in the future" },
		{ "override set tls.test exact encrypt -r x -e 2026-01-10T12:00:00Z",
		  "not a time in the future" },
		{ "override set tls.test exact encrypt -r x -e 2026-01-10",
		  "not a time in the future" },
		{ "override set tls.test exact encrypt -r x -e 2027-01-010",
		  "a date in UTC, as YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ" },
		{ "override set tls.test exact encrypt -r x -e 9000y", "up to the year 9999" },
		{ "pin add tls.test 00ff", "\"00ff\" is not the SHA-256 of a key" },
		{ "pin add tls.test", "--from-probe" },
		{ "pin add .test", "write for which next hop" },
		{ "alias enable me@ordinary.test --for me@tls.test",
		  "is not at a domain in `secure_domains`; first: postseal setup aliases "
		  "ordinary.test" },
		{ "alias enable me@secure.test", "write whose alias it is" },
		{ "alias enable me+x@secure.test --for me@tls.test",
		  "cannot be an alias or a mailbox" },
		{ "alias enable a%b@secure.test --for me@tls.test",
		  "a%b@secure.test could be a route" },
		{ "alias enable a!b@secure.test --for me@tls.test",
		  "a!b@secure.test could be a route" },
		{ "alias enable me@secure.test --for nobody", "\"nobody\" cannot be an alias" },
		{ "alias enable me@secure.test --for me@tls.test --level may",
		  "\"may\" is not a level" },
		{ "alias show", "write which alias" },
		{ "-c /nonexistent/conf list", "/nonexistent/conf" },
		{ "list -c /nonexistent/conf", "/nonexistent/conf" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].words, 2, cases[i].text);
}
END_TEST

/* Of each verb what exit status it can have, as postseal(1) says; usage is above. */
START_TEST(exit_statuses)
{
	static const struct {
		const char *words;
		int status;
		const char *text;
	} cases[] = {
		{ "history new.test", 1, "postseal history: nothing is known about new.test\n" },
		{ "history nullmx.test", 0, "History of the domain" },
		{ "list --state downgrade", 0, "lost.test" },
		{ "override list", 0, "bank.test" },
		{ "override list bank.test", 2, "too many" },
		{ "override clear bank.test tls.test", 2, "too many" },
		{ "pin list bank.test tls.test", 2, "too many" },
		{ "override clear new.test", 1, "there is no override" },
		{ "pin list new.test", 1, "new.test: there are none" },
		{ "pin remove new.test", 1, "no such key is on file" },
		{ "alias list", 1, "" },
		{ "alert", 1, "postseal alert: there is nothing to tell\n" },
		{ "status --nonsense a.test", 2, "postseal status: unrecognized option" },
		{ "learn", 2, "name a file" },
		{ "learn --follow a b", 2, "only one log" },
		{ "learn --journal a", 2, "not both" },
		{ "learn /dev/null/none", 3, "/dev/null/none" },
		{ "learn -", 0, "0 lines read" },
		{ "export /dev/null/none", 3, "/dev/null/none" },
		{ "import /dev/null/none", 3, "cannot read" },
		{ "import -", 1, "nothing was changed" },
		{ "import --dry-run /dev/null", 2, "are for --from" },
		{ "import --from sendmail /dev/null", 2, "--from takes" },
		{ "import --from postfix --replace /dev/null", 2, "is for an export" },
		{ "import --from postfix -e soon /dev/null", 2, "is not a time in the future" },
		{ "import --from postfix /dev/null/none", 3, "cannot read" },
		{ "import --from postfix /dev/null", 0, "0 taken, 0 kept, 0 left" },
		{ "import --from postfix-tlspol /dev/null", 0, "0 taken" },
		{ "import --from mta-sts-resolver /dev/null", 0, "0 taken" },
		{ "import", 2, "an argument is missing" },
		{ "export a b", 2, "too many" },
		{ "doctor a b", 2, "too many" },
		{ "doctor --send", 2, "both --send and ADDRESS" },
		{ "config a", 2, "too many" },
		{ "stats a", 2, "too many" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].words, cases[i].status, cases[i].text);
}
END_TEST

START_TEST(stats)
{
	expect("stats", 1,
	       "\nledger\n  domains               8: unknown 2, plain 1, tls 4, dane 1\n"
	       "  domains downgraded    1\n"
	       "  MX hosts              7: tls 4, plain 2, tls-failed 1\n"
	       "  MX hosts downgraded   1\n"
	       "  overrides             1\n");
	expect("stats --prometheus", 0,
	       "\npostseal_up{daemon=\"socketmap\"} 1\n"
	       "postseal_up{daemon=\"prober\"} 0\n"
	       "postseal_up{daemon=\"milter\"} 0\n#");
	expect("stats --prometheus", 0, "\npostseal_ledger_domains_downgraded 1\n");
	expect("stats --prometheus", 0, "\npostseal_ledger_readable 1\n");
	put_counts(&(struct metrics_snapshot){ .source = METRICS_LEARN, .started = NOW - HOUR });
	expect("stats --prometheus", 0, "\npostseal_up{daemon=\"learn\"} 0\n");
	expect("stats", 1,
	       "\npostseal-learn\n  not running: started at 2026-01-10T11:00:00Z, it died\n");
	expect("stats --json", 1,
	       "{\"name\":\"postseal_ledger_hosts\",\"labels\":"
	       "{\"state\":\"plain\"},\"value\":2}\n");
	expect("stats --json", 1,
	       "{\"name\":\"postseal_socketmap_answer_seconds_bucket\",\"labels\":"
	       "{\"le\":\"0.00001\"},\"value\":0}\n");
}
END_TEST

/* Machines are told what people would be told by an error and an exit status. */
START_TEST(stats_without)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/prober.metrics", dir);
	ck_assert_int_eq(truncate(path, 100), 0);
	expect("stats -L", 3, "prober.metrics is damaged; restart the");
	ck_assert_int_eq(remove(path), 0);
	expect("stats -L", 1, "not started yet");
	expect("stats --prometheus", 0, "\npostseal_up{daemon=\"prober\"} 0\n");
	nftw(ledger_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	expect("stats", 3, "start postseal-prober");
	expect("stats --prometheus", 0,
	       "\npostseal_ledger_readable 0\n# HELP postseal_queue_readable");
}
END_TEST

START_TEST(config)
{
	expect("config", 0, "smtp_timeout = 1\n");
	expect("config", 0, "smtp_port = 25\n");
	expect("config --json", 0, "\"secure_domains\":[\"secure.test\"],");
	expect("config --json", 0, "\"smtp_port\":25,");
	expect("config --json", 0, "\"mta_sts\":true,");
	expect("config --json", 0, "\"first_contact\":\"wait\",");
	expect("config --json -n", 0,
	       ",\"smtp_timeout\":1,\"secure_domains\":[\"secure.test\"],\"mailbox_runtime\":");
}
END_TEST

/* What `config -n` prints is a settings file with the same meaning. */
START_TEST(config_round_trip)
{
	struct outcome changed = run_as(false, "config -n"), again;
	FILE *file;

	ck_assert_ptr_null(strstr(buf_cstr(&changed.text), "smtp_port"));
	file = fopen(conf, "w");
	fwrite(changed.text.data, 1, changed.text.len, file);
	fclose(file);
	again = run_as(false, "config -n");
	ck_assert_uint_eq(again.text.len, changed.text.len);
	ck_assert_mem_eq(again.text.data, changed.text.data, again.text.len);
	buf_free(&changed.text);
	buf_free(&again.text);
}
END_TEST

START_TEST(ledger_that_is_not_there)
{
	static const char *const verbs[] = { "status a.test",
					     "explain a.test",
					     "history a.test",
					     "list",
					     "forget a.test",
					     "override list",
					     "override clear a.test",
					     "pin list",
					     "pin remove a.test",
					     "alias list",
					     "alias show a@secure.test",
					     "alias disable a@secure.test",
					     "learn /dev/null",
					     "export",
					     "import -" };

	nftw(ledger_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		expect(verbs[i], 3, ledger_dir);
		expect(verbs[i], 3, "start postseal-prober");
	}
	ck_assert_int_ne(access(ledger_dir, F_OK), 0);
}
END_TEST

START_TEST(forget)
{
	expect("forget new.test", 1, "nothing is known about new.test");
	expect("forget a@lost.test", 0,
	       "lost.test: forgotten\n  (TLS from 2026-01-05T12:00:00Z to 2026-01-06T12:00:00Z, on "
	       "2 days)");
	expect("status lost.test", 1, "no SSL ");
	expect("list --state downgrade", 1, "");
	expect("explain lost.test", 0, "forgotten    2026-01-10T12:00:00Z (now): what was seen");
	expect("explain lost.test", 0, "floor        no: 0 handshakes seen, 1 needed");
	expect("history lost.test", 0, "forgotten    2026-01-10T12:00:00Z lost.test, by ");
	if (getuid() == 0)
		expect("history lost.test", 0, "lost.test, by ada: TLS from");
	/* Another's history is his own. */
	expect("status tls.test", 0, "SSL ok ");
	expect("forget --json --yes tls.test", 0,
	       "{\"domain\":\"tls.test\",\"forgotten\":\"2026-01-10T12:00:00Z\",\"history\":{"
	       "\"first_tls\":");
}
END_TEST

/* Where permission is lacking, the socketmap server is asked. */

static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", dir, name);
	unlink(address.sun_path);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	chmod(address.sun_path, 0777);
	return fd;
}

/* A server for one connection: each thing it is `asked`, it answers with `reply`. */
static pid_t serve(int fd, const char *asked, const char *reply, unsigned pause_ms)
{
	pid_t pid = must_fork();
	struct buf in = { 0 };
	int client;

	if (pid != 0) {
		close(fd);
		return pid;
	}
	client = accept(fd, NULL, NULL);
	while (in.len < strlen(asked)) {
		ssize_t n = read(client, buf_reserve(&in, 4096), 4096);

		if (n <= 0)
			_exit(1);
		in.len += (size_t)n;
	}
	if (memcmp(in.data, asked, strlen(asked)) != 0)
		_exit(2);
	/* In two pieces: a reader must put them together. */
	if (write(client, reply, strlen(reply) / 2) < 0)
		_exit(3);
	usleep(pause_ms * 1000);
	reply += strlen(reply) / 2;
	signal(SIGPIPE, SIG_IGN); /* it may have seen enough and gone */
	if (write(client, reply, strlen(reply)) < 0 && errno != EPIPE)
		_exit(3);
	shutdown(client, SHUT_WR);
	while (read(client, buf_reserve(&in, 4096), 4096) > 0)
		; /* what more it asks */
	execl("/bin/sh", "sh", "-c", "exit 0", (char *)NULL);
	_exit(4);
}

static void expect_as_nobody(const char *words, int status, const char *text)
{
	struct outcome o = run_as(true, words);

	ck_assert_msg(o.status == status, "%s: status %d: %s", words, o.status, buf_cstr(&o.text));
	ck_assert_msg(strstr(buf_cstr(&o.text), text) != NULL, "%s: no \"%s\" in: %s", words, text,
		      buf_cstr(&o.text));
	buf_free(&o.text);
}

static void must_end(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

#define STATUS(guaranteed)                                                                      \
	"OK {\"domain\":\"tls.test\",\"state\":\"tls\",\"label\":\"SSL "                        \
	"ok\",\"guaranteed\":" guaranteed                                                       \
	",\"level\":\"encrypt\",\"reason\":\"r\",\"tls_version\":\"TLSv1.3\",\"cipher\":\"X\"," \
	"\"downgrade_since\":null}"

/*
 * Of the digest. sendmail(1) is a script that notes what it is given, and ends as told.
 */

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void make_sendmail(void)
{
	char script[256], path[512];

	snprintf(script, sizeof(script),
		 "#!/bin/sh\ncd %s\n{ printf '%%s|' \"$@\"; echo; cat; } >>mails\n"
		 "exit $(cat exit)\n",
		 dir);
	write_file("sendmail", script, 0755);
	write_file("exit", "0\n", 0644);
	write_file("mails", "", 0666);
	snprintf(path, sizeof(path), "%s:%s", dir, getenv("PATH"));
	setenv("PATH", path, 1);
}

/* How often a text stands in the mails that were sent. */
static int mailed(const char *text)
{
	char path[96], line[1024];
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/mails", dir);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		count += strstr(line, text) != NULL;
	fclose(file);
	return count;
}

static void refuse(const char *address, const char *sender, int64_t told)
{
	char error[LEDGER_ERROR_SIZE];
	struct ledger *ledger = ledger_open(ledger_dir, LEDGER_WRITE, error);
	struct refusal refusal = { .cause = REFUSAL_NO_TLS, .client = "192.0.2.9" };
	struct refusals refusals;

	ck_assert_msg(ledger != NULL, "%s", error);
	txn = ledger_begin_write(ledger);
	ck_assert_int_ne(ledger_get_refusals(txn, address, &refusals), LOOKUP_ERROR);
	str_copy(refusal.sender, sizeof(refusal.sender), sender);
	refusals_add(&refusals, &refusal, NOW - HOUR);
	refusals.told = told;
	ck_assert(ledger_put_refusals(txn, address, &refusals));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

static void switch_digest_on(void)
{
	FILE *file = fopen(conf, "a");

	ck_assert_ptr_nonnull(file);
	fputs("refusal_digest = true\n", file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(digest_is_off)
{
	make_sendmail();
	expect("alias enable me@secure.test --for me@tls.test", 0, "");
	refuse("me@secure.test", "you@old.test", 0);
	expect("digest", 1, "`refusal_digest` is off");
	expect("digest --send", 0, "nobody is told");
	ck_assert_int_eq(mailed(""), 0);
}
END_TEST

START_TEST(digest)
{
	make_sendmail();
	switch_digest_on();
	expect("digest", 1, "");
	expect("digest --send", 0, "");
	expect("digest x", 2, "too many arguments");
	expect("alias enable me@secure.test --for me@tls.test", 0, "");
	expect("alias enable mine@secure.test --for me@tls.test", 0, "");
	expect("alias enable yours@secure.test --for you@tls.test", 0, "");
	refuse("me@secure.test", "you@old.test", NOW - 24 * HOUR);
	refuse("mine@secure.test", "you@old.test", 0);
	refuse("yours@secure.test", "me@old.test", 0);
	refuse("nobody@secure.test", "me@old.test", 0); /* not on file any more */
	expect("digest", 0, "To: <me@tls.test>\n");
	expect("digest --json", 0,
	       "{\"alias\":\"me@secure.test\",\"mailbox\":\"me@tls.test\",\"told\":"
	       "\"2026-01-09T12:00:00Z\",\"senders\":[{\"sender\":\"you@old.test\",\"client\":"
	       "\"192.0.2.9\",\"cause\":\"no-tls\",\"last\":\"2026-01-10T11:00:00Z\",\"count\":1}],"
	       "\"others\":0}\n");
	ck_assert_int_eq(mailed(""), 0);
	expect("digest --send", 0, "me@tls.test was told\nyou@tls.test was told\n");
	ck_assert_int_eq(mailed("-i|-f|<>|--|me@tls.test|"), 1);
	ck_assert_int_eq(mailed("-i|-f|<>|--|you@tls.test|"), 1);
	ck_assert_int_eq(mailed("At mine@secure.test:"), 1);
	ck_assert_int_eq(mailed("nobody@secure.test"), 0);
	expect("digest", 1, "");
	expect("digest --send", 0, "");
	ck_assert_int_eq(mailed("|--|"), 2);
	expect("export", 0, "\"record\":\"alias\"");
	refuse("me@secure.test", "new@old.test", NOW);
	expect("digest --send", 0, "me@tls.test was told less than 23 hours ago");
	expect("digest", 0, "<new@old.test>");
	ck_assert_int_eq(mailed("|--|"), 2);
}
END_TEST

START_TEST(digest_that_cannot_be_sent)
{
	make_sendmail();
	switch_digest_on();
	expect("alias enable me@secure.test --for me@tls.test", 0, "");
	refuse("me@secure.test", "you@old.test", 0);
	write_file("exit", "75\n", 0644);
	expect("digest --send", 3, "me@tls.test was not told: sendmail ended with status 75");
	ck_assert_int_eq(mailed("|--|"), 1);
	expect("digest", 0, "<you@old.test>");
	write_file("exit", "0\n", 0644);
	expect("digest --send", 0, "me@tls.test was told");
	expect("digest", 1, "");
}
END_TEST

START_TEST(status_without_permission)
{
	static const struct {
		const char *reply; /* framed here unless it is so already */
		int status;
		const char *text;
	} cases[] = {
		{ STATUS("false"), 0, "TLSv1.3 X, not guaranteed\n" },
		{ STATUS("true"), 0, "SSL ok   a@tls.test  TLSv1.3 X, guaranteed\n" },
		{ "NOTFOUND ", 3, "could not tell: NOTFOUND" },
		{ "TEMP no\x1b.", 3, "could not tell: TEMP no\\x1b." },
		{ "OK {}", 3, "cannot be understood" },
		{ "OK null", 3, "cannot be understood" },
		{ STATUS("1"), 3, "cannot be understood" },
		{ "05:OK {},", 3, "gave no answer: Protocol error" },
		{ "9:OK {", 3, "gave no answer: Connection reset" },
		{ "3:OK ,x", 3, "gave no answer: Protocol error" },
	};
	pid_t pid;

	chmod(ledger_dir, 0);
	expect_as_nobody("status a@tls.test", 3, "join that group");
	expect_as_nobody("status a@tls.test", 3, "cannot ask postseal-socketmap at unix:");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf reply = { 0 };

		if (cases[i].reply[0] >= '0' && cases[i].reply[0] <= '9')
			buf_append_str(&reply, cases[i].reply);
		else
			netstring_append(&reply, cases[i].reply, strlen(cases[i].reply));
		pid = serve(listen_at("map.sock"), "17:status a@tls.test,", buf_cstr(&reply), 20);
		expect_as_nobody("status a@tls.test", cases[i].status, cases[i].text);
		must_end(pid);
		buf_free(&reply);
	}
	expect_as_nobody("explain tls.test", 3, "join that group");
	expect_as_nobody("forget tls.test", 3, "join that group");
	chmod(ledger_dir, 0750);
}
END_TEST

START_TEST(probe)
{
	static const struct {
		const char *words;
		const char *asked;
		const char *reply;
		int status;
		const char *text;
	} cases[] = {
		{ "probe tls.test", "probe tls.test\n", "news tls.test\ndone tls.test\n", 0,
		  "SSL ok " },
		{ "probe a@plain.test dane.test", "probe plain.test\nprobe dane.test\n",
		  "done dane.test\nnews plain.test\ndone plain.test\n", 1,
		  "no SSL   a@plain.test" },
		{ "probe tls.test", "probe tls.test\n", "busy tls.test\ndone tls.test\n", 0,
		  "SSL ok " },
		/* Not written down: said at once, and then what is known. */
		{ "probe tls.test", "probe tls.test\n", "lost tls.test\n", 3,
		  "not write down what it found of tls.test;" },
		{ "probe tls.test", "probe tls.test\n", "lost tls.test\n", 3, "SSL ok " },
		{ "probe a@plain.test dane.test", "probe plain.test\nprobe dane.test\n",
		  "lost dane.test\nnews plain.test\ndone plain.test\n", 3,
		  "no SSL   a@plain.test" },
		{ "probe new.test", "probe new.test\n", "done other.test\ndone new.test\n", 3,
		  "SSL ?" },
		/* It dies, or is no prober: said, and then what is known. */
		{ "probe tls.test", "probe tls.test\n", "news tls.test\n", 3,
		  "lost the prober at" },
		{ "probe tls.test", "probe tls.test\n", "news tls.test\n", 3, "SSL ok " },
		{ "probe tls.test", "probe tls.test\n", "hello\n", 3,
		  "cannot understand the prober" },
		{ "probe tls.test", "probe tls.test\n", "done TLS.test\n", 3, "cannot understand" },
	};

	expect("probe tls.test", 3, "start it (systemctl start postseal-prober)");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pid_t pid = serve(listen_at("prober.sock"), cases[i].asked, cases[i].reply,
				  i == 0 ? 1200 : 20);

		expect(cases[i].words, cases[i].status, cases[i].text);
		must_end(pid);
	}
}
END_TEST

START_TEST(overrides)
{
	expect("override list", 0, "bank.test");
	expect("override set plain.test minimum encrypt --reason=contract --expires 90d", 0,
	       "plain.test: override set: minimum encrypt until 2026-04-10T12:00:00Z (contract)\n"
	       "A process of Postfix that has asked before remembers what it was told: "
	       "postfix reload\n");
	expect("explain plain.test", 0, "decided by   rule 1 (override)");
	expect("override list", 0, "plain.test\n  answer       minimum encrypt until 2026-04-10");
	expect("history plain.test", 0, "override     2026-01-10T12:00:00Z plain.test, by ");
	expect("override set years.test minimum encrypt -r x --expires 2y", 0, "2028-01-");
	expect("override set years.test minimum encrypt -r x --expires 2027-02-01", 0,
	       "until 2027-02-01T00:00:00Z (x)");
	expect("override clear years.test", 0, "");
	expect("override set --json .test hands-off -r ours", 0,
	       "{\"kind\":\"hands-off\",\"level\":\"none\",\"set\":\"2026-01-10T12:00:00Z\","
	       "\"expires\":null,");
	expect("override clear plain.test", 0, "override cleared");
	expect("override clear plain.test", 1, "there is no override for plain.test");
	expect("override clear --json .test", 0,
	       "{\"kind\":null,\"level\":null,\"set\":null,\"expires\":null,\"author\":null,"
	       "\"reason\":null,\"nexthop\":\".test\"}\n");
	expect("history plain.test", 0, "override-cleared");
}
END_TEST

/* What another program kept; a file of it is written first. */
static void kept_elsewhere(const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/kept", dir);
	file = fopen(path, "we");
	ck_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void moved(const char *options, int status, const char *text)
{
	char words[256];

	snprintf(words, sizeof(words), "import --from %s %s/kept", options, dir);
	expect(words, status, text);
}

START_TEST(moves_a_table_in)
{
	kept_elsewhere("# ours\ntls.test encrypt\n.parts.test secure\nbank.test dane-only\n"
		       "plain.test may\nnew.test encrypt ciphers=high\n");
	moved("postfix --dry-run", 1, "taken      2  tls.test: minimum encrypt\n");
	expect("override list", 0, "bank.test");
	moved("postfix -e 90d -r moving", 1,
	      "taken      2  tls.test: minimum encrypt\n"
	      "taken      3  .parts.test: minimum secure\n"
	      "kept       4  bank.test: there is an override already: ");
	moved("postfix", 1,
	      "left       5  plain.test: \"may\" would let mail leave without TLS\n"
	      "left       6  new.test: ciphers=high cannot be kept by a level alone\n"
	      "0 taken, 3 kept, 2 left\n");
	expect("override list", 0, "minimum secure until 2026-04-10");
	expect("history tls.test", 0, "moving");
	moved("postfix --json", 1,
	      "{\"line\":2,\"subject\":\"tls.test\",\"outcome\":\"kept\",\"detail\":\"there is an "
	      "override already: minimum encrypt\"}");
	expect("override clear tls.test", 0, "");
	expect("override clear .parts.test", 0, "");
}
END_TEST

#define POLICY(domain, mode)                                                          \
	"{\"domain\":\"" domain "\",\"ts\":1768046000,\"pol_id\":\"1\",\"pol_body\":" \
	"{\"version\":\"STSv1\",\"mode\":\"" mode "\",\"mx\":[\"mx.test\"],\"max_age\":86400}}"

START_TEST(moves_policies_in)
{
	kept_elsewhere(POLICY("sts-only.test", "enforce") POLICY("tls.test", "enforce")
			       POLICY("new.test", "testing"));
	moved("mta-sts-resolver --dry-run", 1, "1 taken, 1 kept, 1 left");
	expect("history sts-only.test", 1, "");
	moved("mta-sts-resolver", 1,
	      "taken      1  sts-only.test: MTA-STS, enforce, until 2026-01-11T11:53:20Z\n"
	      "kept       2  tls.test: postseal has looked at its MTA-STS already\n"
	      "left       3  new.test: its mode is not enforce\n");
	expect("explain sts-only.test", 0, "secure match=mx.test servername=hostname");
	kept_elsewhere(POLICY("other.test", "enforce") "{");
	moved("mta-sts-resolver", 2, "nothing was changed");
	moved("mta-sts-resolver --dry-run", 2, "row 2");
}
END_TEST

START_TEST(moves_nothing_in_without_a_prober)
{
	kept_elsewhere("tls.test dane-only\nnew.test encrypt\n");
	moved("postfix-tlspol --dry-run", 1,
	      "taken      1  tls.test: the prober would look at it now");
	moved("postfix-tlspol", 3, "cannot");
}
END_TEST

#define KEY_A "aa00000000000000000000000000000000000000000000000000000000000000"
#define KEY_B                                                                                     \
	"bb:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:" \
	"00:00:00"

START_TEST(pins)
{
	static const char *const replies[] = { "news tls.test\ndone tls.test\n", "lost tls.test\n",
					       "hello\n" };
	static const char *const texts[] = {
		"tls.test bb00",
		"note: the keys are on file, but the hosts were not probed: the "
		"prober could not write down what it found of tls.test",
		"note: the keys are on file, but the hosts were not probed: cannot"
	};

	expect("pin list tls.test", 1, "");
	expect("pin add tls.test " KEY_B " " KEY_A, 0, "tls.test " KEY_A "\ntls.test bb00");
	expect("pin add tls.test " KEY_A, 0, "tls.test " KEY_A "\ntls.test bb00");
	expect("explain tls.test", 0, "OK fingerprint match=AA:00:");
	expect("list --state tls", 0, "  key not on file\n");
	/* Looked at again; if that cannot be, it is said, and on file all the same. */
	expect("pin add tls.test " KEY_A, 0,
	       "note: the keys are on file, but the hosts were not probed: "
	       "cannot reach the prober at");
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		pid_t pid = serve(listen_at("prober.sock"), "probe tls.test\n", replies[i], 20);

		expect("pin add tls.test " KEY_A, 0, texts[i]);
		must_end(pid);
	}
	expect("pin list other.test", 1, "");
	expect("pin list --json tls.test", 0, "{\"nexthop\":\"tls.test\",\"pins\":[\"aa00");
	expect("pin remove tls.test " KEY_A, 0, "tls.test bb00");
	expect("pin remove tls.test " KEY_A, 1, "no such key is on file");
	expect("pin remove tls.test", 0, "");
	expect("pin list", 0, "bank.test 00");
	expect("pin list tls.test", 1, "");
	expect("history tls.test", 0, "pin-removed");
	/* Nothing is put on file unseen. */
	expect("pin add tls.test --from-probe", 3, "the prober does not run");
}
END_TEST

/* With --json the exit status and what is on standard error are the same as without. */
START_TEST(mailboxes)
{
	static const struct {
		const char *reply, *text;
		int status;
	} cases[] = {
		{ "{\"ok\":true,\"mailboxes\":[]}\n", "", 0 },
		{ "{\"ok\":false,\"error\":\"none\",\"text\":\"there is none\"}\n",
		  "postseal mailbox: there is none\n", 1 },
		{ "{\"ok\":false,\"error\":\"later\",\"text\":\"not now\"}\n",
		  "postseal mailbox: not now\n", 3 },
	};
	const char *reply = cases[_i / 2].reply;
	pid_t pid = serve(listen_at("mailbox.sock"), "{\"do\":\"list\"}\n", reply, 20);

	if (_i % 2 == 0) {
		expect("mailbox list", cases[_i / 2].status, cases[_i / 2].text);
	} else {
		struct outcome o = run_as(false, "mailbox list --json");

		ck_assert_int_eq(o.status, cases[_i / 2].status);
		ck_assert_ptr_nonnull(strstr(buf_cstr(&o.text), reply));
		ck_assert_ptr_nonnull(strstr(buf_cstr(&o.text), cases[_i / 2].text));
		buf_free(&o.text);
	}
	must_end(pid);
}
END_TEST

static void write_list(const char *lines)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/list", dir);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(lines, file);
	fclose(file);
}

static void expect_load(int status, const char *text)
{
	char words[160];

	snprintf(words, sizeof(words), "alias load %s/list", dir);
	expect(words, status, text);
}

START_TEST(aliases)
{
	expect("alias list", 1, "");
	expect("alias show me@secure.test", 1, "is not on file");
	expect("alias disable me@secure.test", 1, "is not on file");
	expect("alias enable Me@Secure.Test --for me@tls.test --level dane-only", 0,
	       "me@secure.test                       on   dane-only      me@tls.test\n");
	expect("alias enable me@secure.test --level verify", 0,
	       "on   verify         me@tls.test\n");
	expect("alias list", 0, "ALIAS ");
	expect("alias show --json me@secure.test", 0,
	       "{\"alias\":\"me@secure.test\",\"enabled\":true,\"level\":\"verify\","
	       "\"mailbox\":\"me@tls.test\",\"changed\":\"2026-01-10T12:00:01Z\"");
	expect("alias enable me@secure.test you@old.test", 2, "too many arguments");
	expect("alias remove", 2, "write which alias");
	expect("alias remove you@secure.test", 1, "you@secure.test is not on file");
	expect("alias disable me@secure.test", 0,
	       "every address of its domain stays a secure alias");
	expect("alias show me@secure.test", 1, "off  verify         me@tls.test\n");
	write_list("# many\n\na@secure.test a@tls.test\nb@secure.test b@tls.test dane-only\n");
	expect_load(0, "2 aliases are on");
	expect("alias show b@secure.test", 0, "on   dane-only      b@tls.test\n");
	write_list("c@secure.test c@tls.test\nd@ordinary.test d@tls.test\n");
	expect_load(2, "/list:2: d@ordinary.test is not at a domain in `secure_domains`");
	write_list("c@secure.test c@tls.test\nd@secure.test\n");
	expect_load(2, "/list:2: expected ALIAS MAILBOX [LEVEL] [OPTION...]\n");
	expect_load(2, "/list: nothing was done\n");
	write_list("c@secure.test c@tls.test encrypt more\nd@secure.test d@tls.test --loudly\n"
		   "e@secure.test --for\nf@secure.test f@tls.test --level=\n");
	expect_load(2, "/list:1: expected ALIAS MAILBOX");
	expect_load(2, "/list:2: the options here are --for, --level and --otherwise\n");
	expect_load(2, "/list:3: an option has no value\n");
	expect_load(2, "/list:4: an option has no value\n");
	write_list("c@secure.test c@tls.test may\nd%x@secure.test d@tls.test\ne@secure.test\n");
	expect_load(2, "/list:1: \"may\" is not a level; ");
	expect_load(2, "/list:2: d%x@secure.test could be a route");
	expect_load(2, "/list:3: expected ALIAS MAILBOX");
	expect_load(2, "/list: nothing was done\n");
	expect("alias load /tmp", 3, "/tmp cannot be read: Is a directory");
	expect("alias show c@secure.test", 1, "is not on file");
	write_list("c@secure.test --for c@tls.test --otherwise=refuse --level verify\n");
	expect_load(0, "1 alias is on");
	expect("alias show c@secure.test", 0, "on   verify         c@tls.test");
	expect("alias remove c@secure.test", 0, "no longer on file");
	expect("alias load /nonexistent", 3, "cannot be read");
	expect("alias remove a@secure.test", 0, "no longer on file");
	expect("alias remove b@secure.test", 0, "no longer on file");
	expect("alias allow me@secure.test you@old.test", 0, "may write to it without TLS");
	expect("alias remove me@secure.test", 0, "me@secure.test: is no longer on file\n");
	expect("alias show me@secure.test", 1, "is not on file");
	expect("alias list", 1, "there are none");
	expect("alias remove me@secure.test", 1, "is not on file");
	expect("export --journal", 0, "\"event\":\"alias-removed\"");
	expect("alias enable me@secure.test", 2, "write whose alias it is");
	expect("alias enable me@secure.test --for me@tls.test", 0,
	       "on   encrypt        me@tls.test\n");
	expect("alias remove --json me@secure.test", 0,
	       "{\"alias\":\"me@secure.test\",\"enabled\":null,");
}
END_TEST

START_TEST(exceptions)
{
	char command[96];

	expect("alias allow me@secure.test", 2,
	       "name the sender: you@example.net, or @example.net");
	expect("alias allow me@secure.test <>", 2, "the null sender cannot have an exception");
	expect("alias allow me@secure.test \"a,b\"@old.test", 2, "name the sender");
	expect("alias allow me@secure.test you@secure.test", 2, "accepted over TLS only");
	expect("alias allow me@tls.test you@old.test", 2, "is not at a domain in `secure_domains`");
	expect("alias allow me@secure.test you@old.test --expires never", 2,
	       "is not a time in the future");
	expect("alias allow me@secure.test you@old.test --expires 2025-01-01T00:00:00Z", 2,
	       "is not a time");
	expect("alias allow me@secure.test you@old.test --expires 367d", 2,
	       "lasts for 366 days at most");
	expect("alias disallow me@secure.test you@old.test", 1, "there is no exception for");
	expect("alias show me@secure.test", 1, "is not on file");
	expect("alias allow Me@secure.test You@old.test", 0,
	       "me@secure.test: you@old.test may write to it "
	       "without TLS until 2026-02-09T12:00:00Z");
	expect("alias allow me@secure.test you@old.test --reason no-TLS-yet", 0,
	       "everybody who claims to be you@old.test");
	expect("alias show me@secure.test", 1,
	       "  without TLS: you@old.test until 2026-02-09T12:00:00Z, by ");
	expect("alias show me@secure.test", 1, ": no-TLS-yet\n");
	expect("alias allow me@secure.test old.test --expires 366d", 0,
	       "all senders @old.test may write");
	expect("alias list", 0,
	       "me@secure.test                       -    -              -\n"
	       "  without TLS: @old.test until 2027-01-11T12:00:00Z, by ");
	expect("alias enable me@secure.test --for me@tls.test", 0, "  without TLS: you@old.test");
	expect("alias list --json", 0,
	       "\"exceptions\":[{\"sender\":\"@old.test\",\"in_force\":true,"
	       "\"set\":\"2026-01-10T12:00:00Z\",\"expires\":\"2027-01-11T12:00:00Z\",\"author\":");
	expect("alias disallow me@secure.test @old.test", 0,
	       "me@secure.test: @old.test needs TLS again");
	expect("alias allow --json me@secure.test @new.test", 0,
	       "\"exceptions\":[{\"sender\":\"@new.test\",");
	expect("alias disallow --json me@secure.test @new.test", 0,
	       "{\"alias\":\"me@secure.test\",\"enabled\":true,\"level\":\"encrypt\",");
	expect("alias disallow me@secure.test you@old.test", 0, "you@old.test needs TLS again");
	expect("alias disallow me@secure.test you@old.test", 1, "there is no exception for");
	expect("alias show --json me@secure.test", 0, "\"exceptions\":[]}");
	for (int i = 0; i < 32; i++) {
		snprintf(command, sizeof(command), "alias allow me@secure.test %d@old.test", i);
		expect(command, 0, "may write");
	}
	expect("alias allow me@secure.test you@old.test", 1, "already has 32 exceptions");
	expect("alias allow me@secure.test 7@old.test --expires 12h", 0,
	       "until 2026-01-11T00:00:00Z");
}
END_TEST

/*
 * The fleet.
 */

static void note(int64_t time, const char *subject, const char *event, const char *author,
		 const char *detail)
{
	struct journal_entry entry = { .time = time };

	str_copy(entry.subject, sizeof(entry.subject), subject);
	str_copy(entry.event, sizeof(entry.event), event);
	str_copy(entry.author, sizeof(entry.author), author);
	str_copy(entry.detail, sizeof(entry.detail), detail);
	ck_assert(ledger_add_journal(txn, &entry));
}

static void put_member(const char *name, int64_t seen, uint64_t n, int64_t domains)
{
	struct fleet_member member = { .seen = seen,
				       .n = n,
				       .version = "1.0.0",
				       .domains = domains,
				       .hosts = domains,
				       .waiting = domains == FLEET_UNTOLD ? FLEET_UNTOLD : 3 };

	str_copy(member.name, sizeof(member.name), name);
	str_copy(member.login, sizeof(member.login), name);
	ck_assert(ledger_put_member(txn, &member));
}

/* We are mx1. What an import brought is nobody's, and what is long ago is of no day. */
static void put_fleet(void)
{
	const struct fleet_state state = { .name = "mx1", .exchanged = NOW - 5, .n = 700 };
	struct domain_facts *from_others = mem_zero(1, sizeof(*from_others));
	struct observation tls = seen(NOW - HOUR, OBSERVED_TLS);

	fold_history(&from_others->history, &tls);
	put_domain("elsewhere.test", from_others);
	put_domain("unlooked.test", mem_zero(1, sizeof(*from_others)));
	ck_assert(ledger_put_fleet(txn, &state));
	put_member("mx1", NOW - 10, 700, 9);
	put_member("mx2.example", NOW - 30, 702, 9);
	put_member("old", NOW - 3 * UTC_DAY, 12, FLEET_UNTOLD);
	note(NOW - 2 * UTC_DAY, "tls.test", "forgotten", "fleet",
	     "by mx2.example: what was seen before 2026-01-08T12:00:00Z");
	note(NOW - HOUR, "bank.test", "override-cleared", "fleet", "by mx2.example");
	note(NOW - HOUR, "plain.test", "override", "fleet", "by an import: exact none, moving");
	note(NOW - HOUR, "plain.test", "override", "postseal", "exactly none");
	note(NOW - HOUR, "mx.tls.test:25", "downgrade-elsewhere", "fleet",
	     "by old: no STARTTLS since 2026-01-10T10:00:00Z");
	note(NOW - 60, "mx.dane.test:25", "downgrade-elsewhere", "prober",
	     "no STARTTLS since 2026-01-10T11:00:00Z; told by mx2.example");
	note(NOW - 60, "lost.test", "downgrade", "prober", "no TLS since 2026-01-10T10:00:00Z");
	note(NOW - 60, "mx.lost.test:25", "downgrade", "prober", "no STARTTLS since then");
}

START_TEST(pages_of_a_fleet)
{
	static const struct {
		const char *words, *golden;
		int status;
	} pages[] = {
		{ "history --fleet", GOLDEN "/history-fleet", 0 },
		{ "history --fleet bank.test --json", GOLDEN "/history-fleet-json", 0 },
		{ "stats --fleet", GOLDEN "/stats-fleet", 1 },
		{ "stats --fleet --json", GOLDEN "/stats-fleet-json", 1 },
		{ "list --fleet", GOLDEN "/list-fleet", 0 },
	};
	char error[LEDGER_ERROR_SIZE];
	struct outcome alone;
	struct ledger *ledger;

	alone = run_as(false, "fleet leave");
	ck_assert_int_eq(alone.status, 1);
	ck_assert_str_eq(buf_cstr(&alone.text), "postseal fleet: this host shares with nobody\n");
	buf_free(&alone.text);
	expect("stats --fleet", 1, "this host shares with nobody");
	expect("list --fleet", 1, "this host shares with nobody");
	expect("history --fleet", 1, "this host shares with nobody");
	expect("stats --fleet --prometheus", 2, "either --fleet or --prometheus");
	expect("list --fleet --waiting", 2, "either --waiting or --fleet");
	ledger = ledger_open(ledger_dir, LEDGER_WRITE, error);
	ck_assert_ptr_nonnull(ledger);
	txn = ledger_begin_write(ledger);
	put_fleet();
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		struct outcome o = run_as(false, pages[i].words);

		ck_assert_msg(o.status == pages[i].status, "%s: status %d: %s", pages[i].words,
			      o.status, buf_cstr(&o.text));
		compare_golden(pages[i].words, &o.text, pages[i].golden);
		buf_free(&o.text);
	}
	expect("history --fleet nullmx.test", 1, "nothing that another host did about nullmx.test");
}
END_TEST

/* Nobody behind the socket any more, or not for us. */
START_TEST(probe_without_prober)
{
	char path[128];

	close(listen_at("prober.sock"));
	expect("probe tls.test", 3, "Connection refused; the prober does not run");
	snprintf(path, sizeof(path), "%s/prober.sock", dir);
	chmod(path, 0700);
	expect_as_nobody("probe tls.test", 3, geteuid() == 0 ? "join the group postseal" : "");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("cli");
	Suite *suite = suite_create("cli");
	SRunner *runner = srunner_create(suite);
	int failed;

	find_program();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, prints_what_it_should, 0, (int)ARRAY_LEN(goldens));
	tcase_add_loop_test(tc, fits_80_columns, 0, (int)ARRAY_LEN(goldens));
	tcase_add_test(tc, wrong_usage);
	tcase_add_test(tc, exit_statuses);
	tcase_add_test(tc, stats);
	tcase_add_test(tc, stats_without);
	tcase_add_test(tc, config);
	tcase_add_test(tc, config_round_trip);
	tcase_add_test(tc, ledger_that_is_not_there);
	tcase_add_test(tc, forget);
	tcase_add_test(tc, overrides);
	tcase_add_test(tc, moves_a_table_in);
	tcase_add_test(tc, moves_policies_in);
	tcase_add_test(tc, moves_nothing_in_without_a_prober);
	tcase_add_test(tc, pins);
	tcase_add_test(tc, aliases);
	tcase_add_loop_test(tc, mailboxes, 0, 6);
	tcase_add_test(tc, exceptions);
	tcase_add_test(tc, digest_is_off);
	tcase_add_test(tc, digest);
	tcase_add_test(tc, digest_that_cannot_be_sent);
	tcase_add_test(tc, status_without_permission);
	tcase_add_test(tc, probe);
	tcase_add_test(tc, probe_without_prober);
	tcase_add_test(tc, pages_of_a_fleet);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
