/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `postseal learn`, run as a program of its own, over a ledger and logs made
 * here; what it wrote is read back.
 */
#include "ledger_case.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "core/record/record.h"
#include "tests/unit/fork.h"
#include "tests/unit/stopped_program.h"

static char conf[64], log_path[64], rotated[64];

#define AT(time, pid) "2026-01-02T03:" time "Z mail postfix/smtp[" pid "]: "
#define TLS(host)                                                                              \
	"Untrusted TLS connection established to " host "[192.0.2.1]:25: TLSv1.3 with cipher " \
	"TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
#define SENT(id, to, host)                                                          \
	id ": to=<" to ">, relay=" host "[192.0.2.1]:25, delay=1, delays=1/0/0/0, " \
	   "dsn=2.0.0, status=sent (250 ok)\n"
#define NOISE(time) "2026-01-02T03:" time "Z mail postfix/smtpd[9]: connect from x[192.0.2.9]\n"

#define FIRST            \
	AT("04:05", "1") \
	TLS("a.mx.test") \
	NOISE("04:05")   \
	AT("04:06", "1") SENT("A1", "u@a.test", "a.mx.test") AT("04:07", "2") TLS("b.mx.test")
#define SECOND                              \
	AT("04:08", "2")                    \
	SENT("A2", "u@b.test", "b.mx.test") \
	AT("05:00", "1") TLS("a.mx.test") AT("05:01", "1") SENT("A3", "u@b.test", "a.mx.test")

static void put(const char *name, const char *mode, const char *text)
{
	FILE *file = fopen(name, mode);

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void configure(const char *ledger, const char *more)
{
	char text[256];

	snprintf(text, sizeof(text), "ledger = \"%s\"\n%s\n", ledger, more);
	put(conf, "w", text);
}

static void make_world(void)
{
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	snprintf(log_path, sizeof(log_path), "%s/mail.log", dir);
	snprintf(rotated, sizeof(rotated), "%s/mail.log.1", dir);
	configure(ledger_dir, "");
	make_ledger();
}

/* Words are parted by blanks. Standard output and error together go to a file of ours. */
static pid_t start_verb(char *verb, const char *words, const char *input)
{
	char copy[256], output[64];
	char *argv[16] = { program, verb, (char[]){ "-c" }, conf };
	size_t n = 4;
	pid_t pid;

	snprintf(output, sizeof(output), "%s/output", dir);
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok(copy, " "); word != NULL && n < 15; word = strtok(NULL, " "))
		argv[n++] = word;
	pid = must_fork();
	if (pid == 0) {
		int in = open(input, O_RDONLY);
		int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		execv(program, argv);
		_exit(99);
	}
	return pid;
}

static pid_t start(const char *words, const char *input)
{
	return start_verb((char[]){ "learn" }, words, input);
}

static int end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static const char *output(void)
{
	static char text[8192];
	char name[64];
	FILE *file;
	size_t len;

	snprintf(name, sizeof(name), "%s/output", dir);
	file = fopen(name, "r");
	ck_assert_ptr_nonnull(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void learn(const char *words, int status, const char *said)
{
	int got = end(start(words, "/dev/null"));

	ck_assert_msg(got == status, "%s: status %d: %s", words, got, output());
	ck_assert_msg(strstr(output(), said) != NULL, "%s: no \"%s\" in: %s", words, said,
		      output());
}

static void learn_log(const char *said)
{
	learn(log_path, 0, said);
}

/* All that is known of a host. */
static bool host_is_known(const char *host, struct host_facts *facts)
{
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	enum lookup found = ledger_get_host(txn, host, 25, facts);

	ck_assert_int_ne(found, LOOKUP_ERROR);
	ledger_abort(txn);
	ledger_close(ledger);
	return found == LOOKUP_FOUND;
}

static bool add_host(void *context, const char *key, const struct host_facts *host)
{
	buf_append_str(context, key);
	record_put_host(context, host);
	return true;
}

/* All hosts' records, byte by byte. */
static struct buf all_hosts(void)
{
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	struct buf all = { 0 };

	ck_assert(ledger_each_host(txn, add_host, &all));
	ledger_abort(txn);
	ledger_close(ledger);
	return all;
}

START_TEST(learns_what_the_log_proves)
{
	struct host_facts facts;
	int64_t first, last;

	make_world();
	put(log_path, "w", FIRST SECOND);
	learn_log(
		"7 lines read: 3 TLS handshakes, 3 deliveries over TLS; hosts never seen with TLS "
		"before: 2.\n");
	ck_assert(host_is_known("a.mx.test", &facts));
	ck_assert(utc_parse("2026-01-02T03:04:05Z", &first) &&
		  utc_parse("2026-01-02T03:05:00Z", &last));
	ck_assert_int_eq(facts.history.first_tls, first);
	ck_assert_int_eq(facts.history.last_tls, last);
	ck_assert_int_eq(facts.history.last_version, 0x0304);
	ck_assert_str_eq(facts.history.last_cipher, "TLS_AES_256_GCM_SHA384");
	ck_assert_uint_eq(facts.history.successes.count, 2);
	ck_assert_int_eq(facts.history.last_plain, 0);
	/* A probe's business, all of it */
	ck_assert_int_eq(facts.last.observed, OBSERVED_NOTHING);
	ck_assert_int_eq(facts.addr, ADDR_UNKNOWN);
	ck_assert(host_is_known("b.mx.test", &facts));
	ck_assert(!host_is_known("c.mx.test", &facts));
}
END_TEST

static struct domain_facts *domain_facts(const char *key)
{
	static struct domain_facts facts;
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);

	ck_assert_int_eq(ledger_get_domain(txn, key, &facts), LOOKUP_FOUND);
	ledger_abort(txn);
	ledger_close(ledger);
	return &facts;
}

/* One that has this MX host, and more than are kept, or no more. */
static void put_domain(const char *key, const char *host, bool truncated)
{
	static struct domain_facts facts;
	struct ledger *ledger = must_open(LEDGER_WRITE);
	struct ledger_txn *txn = ledger_begin_write(ledger);

	facts = (struct domain_facts){
		.mx = { .state = MX_FOUND, .truncated = truncated, .count = 1 }
	};
	str_copy(facts.mx.refs[0].host, DOMAIN_SIZE, host);
	ck_assert(ledger_put_domain(txn, key, &facts));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

/* A delivery counts for its domain, also to a host beyond those that are kept. */
START_TEST(a_delivery_counts_for_its_domain)
{
	make_world();
	put_domain("a.test", "kept.test", true);
	put_domain("b.test", "kept.test", false); /* a.mx.test and b.mx.test are relays */
	put(log_path, "w", FIRST SECOND);
	learn_log("7 lines read");
	ck_assert_uint_eq(domain_facts("a.test")->history.successes.count, 1);
	ck_assert_int_eq(domain_facts("b.test")->history.last_tls, 0);
	/* Once the host is known to be one of its own: */
	put_domain("b.test", "a.mx.test", false);
	put(log_path, "a",
	    AT("06:00", "1") TLS("a.mx.test") AT("06:01", "1") SENT("A4", "u@b.test", "a.mx.test"));
	learn_log("2 lines read");
	ck_assert_uint_eq(domain_facts("b.test")->history.successes.count, 1);
}
END_TEST

START_TEST(says_it_in_json)
{
	make_world();
	put(log_path, "w", FIRST);
	learn("--json -", 0,
	      "{\"lines\":0,\"handshakes\":0,\"deliveries\":0,\"new_hosts\":0,\"strange\":0}\n");
	ck_assert_int_eq(end(start("-j -", log_path)), 0);
	ck_assert_str_eq(
		output(),
		"{\"lines\":4,\"handshakes\":2,\"deliveries\":1,\"new_hosts\":2,\"strange\":0}\n");
}
END_TEST

START_TEST(order_and_repetition_change_nothing)
{
	static const struct {
		const char *texts[4];
	} stories[] = {
		{ { FIRST SECOND } },
		{ { FIRST, SECOND } },
		{ { SECOND, FIRST } },
		{ { FIRST SECOND, FIRST SECOND } },
		{ { SECOND, SECOND, FIRST, SECOND } },
	};
	struct buf expected = { 0 };

	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct buf all;

		setup();
		make_world();
		for (size_t k = 0; k < 4 && stories[i].texts[k] != NULL; k++) {
			put(log_path, "w", stories[i].texts[k]);
			ck_assert_int_eq(end(start("-", log_path)), 0);
		}
		all = all_hosts();
		ck_assert_uint_gt(all.len, 0);
		if (i == 0)
			buf_append(&expected, all.data, all.len);
		ck_assert_msg(all.len == expected.len &&
				      memcmp(all.data, expected.data, all.len) == 0,
			      "story %zu", i);
		buf_free(&all);
		if (i + 1 < sizeof(stories) / sizeof(stories[0]))
			teardown();
	}
	buf_free(&expected);
}
END_TEST

START_TEST(goes_on_where_it_ended)
{
	make_world();
	put(log_path, "w", FIRST);
	learn_log("4 lines read");
	learn_log("0 lines read");
	put(log_path, "a", NOISE("06:00"));
	learn_log("1 line read");
	/* rotated meanwhile, with something new in both */
	put(log_path, "a", SECOND);
	ck_assert_int_eq(rename(log_path, rotated), 0);
	put(log_path, "w", AT("07:00", "1") TLS("c.mx.test"));
	learn_log("4 lines read: 2 TLS handshakes");
	learn_log("0 lines read");
	/* by whatever name it goes */
	ck_assert_int_eq(chdir(dir), 0);
	learn("./mail.log", 0, "0 lines read");
}
END_TEST

START_TEST(plain_deliveries_teach_nothing)
{
	struct buf all;

	make_world();
	put(log_path, "w",
	    AT("04:05", "1") SENT("A1", "u@a.test", "a.mx.test")
		    AT("04:06", "1") "A2: to=<u@a.test>, relay=a.mx.test[192.0.2.1]:25, delay=1, "
				     "delays=1/0/0/0, tls=may:none, "
				     "dsn=2.0.0, status=sent (250 ok)\n");
	learn_log("2 lines read: 0 TLS handshakes, 0 deliveries");
	ck_assert_ptr_nonnull(strstr(output(), "smtp_tls_loglevel=1"));
	all = all_hosts();
	ck_assert_uint_eq(all.len, 0);
	buf_free(&all);
}
END_TEST

START_TEST(does_not_believe_the_future)
{
	struct buf all;

	make_world();
	put(log_path, "w", "2999-01-02T03:04:05Z mail postfix/smtp[1]: " TLS("a.mx.test"));
	learn_log("1 line read: 0 TLS handshakes");
	all = all_hosts();
	ck_assert_uint_eq(all.len, 0);
	buf_free(&all);
}
END_TEST

/* The journal is an audit: it has the time when Postfix saw it, whenever that was read. */
static bool find_recovery(void *context, const struct journal_entry *entry)
{
	int64_t *found = context;

	if (strcmp(entry->event, "downgrade-ended") == 0 && strcmp(entry->author, "learn") == 0 &&
	    strcmp(entry->subject, "a.mx.test:25") == 0)
		*found = entry->time;
	return true;
}

/* The host lost TLS on 1 January, as a probe saw. */
static void put_downgraded_host(void)
{
	struct observation tls = { .time = T - 2 * UTC_DAY,
				   .source = SOURCE_PROBE,
				   .observed = OBSERVED_TLS,
				   .version = 0x0303,
				   .cipher = "X" };
	struct observation plain = { .time = T - UTC_DAY,
				     .source = SOURCE_PROBE,
				     .observed = OBSERVED_PLAIN };
	struct ledger *ledger = must_open(LEDGER_WRITE);
	struct ledger_txn *txn = ledger_begin_write(ledger);
	struct host_facts facts = { 0 };

	fold_host(&facts, &tls, 0, false);
	fold_host(&facts, &plain, 0, false);
	ck_assert_int_ne(fold_downgrade_since(&facts.history), 0);
	ck_assert(ledger_put_host(txn, "a.mx.test", 25, &facts));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

START_TEST(tells_that_a_downgrade_has_ended)
{
	struct host_facts facts;
	struct ledger *ledger;
	struct ledger_txn *txn;
	int64_t found = 0;

	make_world();
	put_downgraded_host();
	put(log_path, "w", FIRST);
	learn_log("hosts never seen with TLS before: 1.");
	ck_assert(host_is_known("a.mx.test", &facts));
	ck_assert_int_eq(fold_downgrade_since(&facts.history), 0);
	ck_assert_int_eq(facts.last.observed, OBSERVED_PLAIN); /* what the latest probe saw */
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert(ledger_each_journal(txn, NULL, find_recovery, &found));
	ledger_abort(txn);
	ledger_close(ledger);
	ck_assert_int_eq(found, facts.history.last_tls);
}
END_TEST

static bool note_event(void *context, const struct journal_entry *entry)
{
	struct buf *events = context;

	buf_append_str(events, entry->event);
	buf_append_str(events, " ");
	return true;
}

#define HELD(id, to, host)                                                          \
	id ": to=<" to ">, relay=" host "[192.0.2.1]:25, delay=1, delays=1/0/0/0, " \
	   "dsn=4.7.4, status=deferred (TLS is required, but was not offered by "   \
	   "host " host "[192.0.2.1])\n"

/* Written down one after the other, although they stand in one log. */
START_TEST(tells_of_a_downgrade_between_two_handshakes)
{
	struct buf events = { 0 };
	struct host_facts facts;
	struct ledger *ledger;
	struct ledger_txn *txn;

	make_world();
	put(log_path, "w",
	    AT("04:05", "1") TLS("a.mx.test") AT("04:06", "2") TLS("b.mx.test") AT("04:07", "1")
		    HELD("A1", "u@a.test", "a.mx.test") AT("04:08", "1") TLS("a.mx.test")
			    AT("04:09", "2") HELD("A2", "u@b.test", "b.mx.test"));
	learn_log("5 lines read: 3 TLS handshakes");
	ck_assert(host_is_known("a.mx.test", &facts));
	ck_assert_int_eq(fold_downgrade_since(&facts.history), 0);
	ck_assert_uint_eq(facts.history.successes.count, 2);
	ck_assert(host_is_known("b.mx.test", &facts));
	ck_assert_int_ne(fold_downgrade_since(&facts.history), 0);
	ledger = must_open(LEDGER_READ);
	txn = ledger_begin_read(ledger);
	ck_assert(ledger_each_journal(txn, NULL, note_event, &events));
	ledger_abort(txn);
	ledger_close(ledger);
	ck_assert_int_eq(strncmp(events.data, "downgrade downgrade-ended downgrade ", events.len),
			 0);
	buf_free(&events);
	learn_log("0 lines read");
}
END_TEST

/* More hosts than are written down at a time. */
#define HOSTS 20000

START_TEST(learns_of_very_many_hosts)
{
	struct host_facts facts;
	FILE *file;

	make_world();
	file = fopen(log_path, "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < HOSTS; i++)
		fprintf(file,
			AT("04:05", "%d") "Untrusted TLS connection established to mx%d.test"
					  "[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits)\n",
			i % 1000, i);
	ck_assert_int_eq(fclose(file), 0);
	learn_log("20000 lines read: 20000 TLS handshakes, 0 deliveries over TLS; hosts never seen "
		  "with TLS before: 20000.");
	for (int i = 0; i < HOSTS; i += 499) {
		char host[32];

		snprintf(host, sizeof(host), "mx%d.test", i);
		ck_assert_msg(host_is_known(host, &facts), "%s", host);
	}
	learn_log("0 lines read");
}
END_TEST

START_TEST(a_damaged_record_spoils_no_other)
{
	static const char key[] = "a.mx.test:25";
	struct host_facts facts;

	make_world();
	put_raw("host", key, sizeof(key) - 1, "rubbish", 7);
	put(log_path, "w", FIRST);
	learn_log("key=a.mx.test:25 the record is damaged");
	ck_assert(host_is_known("b.mx.test", &facts));
}
END_TEST

/* Wait for what a process that goes on will have written. */
static void await_host(const char *host)
{
	struct host_facts facts;

	/* Patience for a machine that has all else to do first. */
	for (int i = 0; i < 3000; i++) {
		if (host_is_known(host, &facts))
			return;
		usleep(100 * 1000);
	}
	ck_abort_msg("%s was not learned", host);
}

/* Who follows the log, and has read of a.mx.test in it. */
static pid_t follow(void)
{
	char words[96];
	pid_t pid;

	make_world();
	put(log_path, "w", AT("04:05", "1") TLS("a.mx.test"));
	snprintf(words, sizeof(words), "--follow %s", log_path);
	pid = start(words, "/dev/null");
	await_host("a.mx.test");
	return pid;
}

START_TEST(follows_a_log)
{
	pid_t pid;

	pid = follow();
	put(log_path, "a", AT("04:06", "1") TLS("b.mx.test"));
	await_host("b.mx.test");
	ck_assert_int_eq(rename(log_path, rotated), 0);
	put(log_path, "w", AT("04:07", "1") TLS("c.mx.test"));
	await_host("c.mx.test");
	put(log_path, "a", NOISE("04:08"));
	kill(pid, SIGTERM);
	ck_assert_int_eq(end(pid), 0);
	ck_assert_ptr_nonnull(strstr(output(), "3 TLS handshakes"));
	/* All of it was written down, our place too. */
	put(log_path, "a", AT("04:09", "1") TLS("d.mx.test"));
	learn_log(": 1 TLS handshake,");
}
END_TEST

/* As the log says of a ledger that is damaged: move it away, and restart the prober. */
START_TEST(writes_to_a_ledger_that_replaced_another)
{
	char away[160];
	pid_t pid;

	pid = follow();
	snprintf(away, sizeof(away), "%s.damaged", in_ledger("data.mdb"));
	ck_assert_int_eq(rename(in_ledger("data.mdb"), away), 0);
	make_ledger();
	put(log_path, "a", AT("04:06", "1") TLS("b.mx.test"));
	await_host("b.mx.test");
	kill(pid, SIGTERM);
	ck_assert_int_eq(end(pid), 0);
	ck_assert_ptr_nonnull(strstr(output(), "was replaced by another"));
}
END_TEST

START_TEST(tells_the_service_manager)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 30 };
	const char *const wanted[] = { "READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1" };
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char words[96];
	pid_t pid;

	make_world();
	put(log_path, "w", FIRST);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", dir);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "2000", 1);
	snprintf(words, sizeof(words), "--follow %s", log_path);
	pid = start(words, "/dev/null");
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		char text[32] = "";

		ck_assert_int_gt(recv(manager, text, sizeof(text) - 1, 0), 0);
		ck_assert_str_eq(text, wanted[i]);
	}
	await_host("b.mx.test");
	kill(pid, SIGTERM);
	ck_assert_int_eq(end(pid), 0);
	while (recv(manager, words, sizeof(words), MSG_DONTWAIT) > 0)
		continue;
	/* Without --follow it is no service, whoever called it. */
	learn_log("0 lines read");
	ck_assert_int_eq(recv(manager, words, sizeof(words), MSG_DONTWAIT), -1);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	close(manager);
}
END_TEST

START_TEST(reads_the_journal)
{
	char path[512], name[96];
	struct host_facts facts;

	make_world();
	snprintf(name, sizeof(name), "%s/journalctl", dir);
	snprintf(path, sizeof(path), "%s:%s", dir, getenv("PATH"));
	setenv("PATH", path, 1);
	put(name, "w", "#!/bin/sh\nexit 0\n");
	ck_assert_int_eq(chmod(name, 0700), 0);
	snprintf(name, sizeof(name), "%s/postconf", dir);
	put(name, "w", "#!/bin/sh\nid -un\n");
	ck_assert_int_eq(chmod(name, 0700), 0);
	snprintf(name, sizeof(name), "%s/journalctl", dir);
	learn("--journal", 0, "May this user read it");
	put(name, "w",
	    "#!/bin/sh\ncase \"$*\" in *--after-cursor=c1*) exit 0;; esac\n"
	    "printf '__CURSOR=c1\\n__REALTIME_TIMESTAMP=1767323045000000\\n_HOSTNAME=mail\\n"
	    "SYSLOG_IDENTIFIER=postfix/smtp\\nSYSLOG_PID=9\\nMESSAGE=Untrusted TLS connection "
	    "established to "
	    "a.mx.test[192.0.2.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 "
	    "bits)\\n\\n'\n");
	learn("--journal", 0, "1 line read: 1 TLS handshake");
	ck_assert(host_is_known("a.mx.test", &facts));
	ck_assert_int_eq(facts.history.last_tls, T);
	learn("-J", 0, "0 lines read");
	ck_assert_msg(strstr(output(), "May this user read it") == NULL, "%s", output());
}
END_TEST

static void preview(const char *words, int status, const char *said)
{
	int got = end(start_verb((char[]){ "preview" }, words, log_path));

	ck_assert_msg(got == status && strstr(output(), said) != NULL, "%s: status %d: %s", words,
		      got, output());
}

/* In the clear before TLS was ever seen; then after it; then where it never was. */
START_TEST(previews_a_log)
{
	struct host_facts facts;

	make_world();
	put(log_path, "w",
	    AT("03:00", "1") SENT("A0", "u@a.test", "a.mx.test") FIRST AT("05:01", "3")
		    SENT("A4", "u@a.test", "a.mx.test") AT("05:02", "3")
			    SENT("A5", "u@plain.test", "p.mx.test"));
	preview(log_path, 1,
		"4 deliveries in 7 lines, from 2026-01-02T03:03:00Z to 2026-01-02T03:05:02Z:\n"
		"3 would go the same way.\n1 would wait:\n  a.test: 1 mail, the last at "
		"2026-01-02T03:05:01Z: it left in the clear;");
	preview("--json -", 1,
		"{\"lines\":7,\"deliveries\":4,\"same\":3,\"waits\":1,\"unjudged\":0,"
		"\"strange\":0}\n{\"domain\":\"a.test\",\"waits\":1,");
	ck_assert(!host_is_known("a.mx.test", &facts));
	put(log_path, "w", FIRST);
	preview(log_path, 0, "1 would go the same way.\n");
	put(log_path, "w", "mail postfix/smtp[9]: Trusted TLS connection established to x\n");
	preview(log_path, 3, "not in a known form; the first: mail postfix/smtp[9]");
	preview("", 2, "name a file");
	preview("/nonexistent/log", 3, "/nonexistent/log cannot be read");
}
END_TEST

/* Postfix asks about the relay where it is not the domain's own host that gets the mail. */
START_TEST(previews_relays)
{
	make_world();
	put_domain("b.test", "kept.test", false);
	put(log_path, "w",
	    AT("05:00", "3") TLS("a.mx.test") AT("05:01", "3") SENT("A1", "u@b.test", "a.mx.test")
		    AT("05:02", "4") SENT("A2", "u@b.test", "kept.test"));
	preview(log_path, 0, "2 would go the same way.\n");
	put(log_path, "a", AT("05:03", "4") SENT("A3", "u@b.test", "a.mx.test"));
	preview(log_path, 1, "2 would go the same way.\n1 would wait:\n  [a.mx.test]: 1 mail");
	put(log_path, "w",
	    AT("05:00", "3") "Trusted TLS connection established to r.test[192.0.2.1]:587: TLSv1.3 "
			     "with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n" AT(
				     "05:01",
				     "3") "A1: to=<u@c.test>, relay=r.test[192.0.2.1]:587, "
					  "delay=1, delays=1/0/0/0, "
					  "dsn=2.0.0, status=sent (250 ok)\n" AT("05:02", "4")
						  SENT("A2", "u@c.test", "mx.c.test"));
	preview(log_path, 0, "2 would go the same way.\n");
}
END_TEST

/* A log that cannot show trouble is never said to show none. */
START_TEST(previews_nothing_where_the_log_does_not_tell)
{
	make_world();
	put(log_path, "w",
	    AT("05:02", "3") SENT("A5", "u@plain.test", "p.mx.test") AT("05:03", "3")
		    SENT("A6", "v@plain.test", "p.mx.test"));
	preview(log_path, 3, "2 deliveries in 2 lines, from");
	ck_assert_ptr_null(strstr(output(), "the same way"));
	preview(log_path, 3, "the log does not say which of them used TLS");
	preview("--json -", 3, "{\"lines\":2,\"deliveries\":2,");
	put(log_path, "w",
	    AT("05:02", "3") "A7: to=<u@filter.test>, relay=127.0.0.1[127.0.0.1]:10025, delay=1, "
			     "delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)\n");
	preview(log_path, 3, "mail to this machine itself (1)");
	put(log_path, "w",
	    AT("05:02", "3") "A8: to=<u@no.test>, relay=p.mx.test[192.0.2.1]:25, delay=1, "
			     "delays=0/0/0.5/0.5, dsn=5.0.0, status=bounced (no)\n");
	preview(log_path, 3, "it shows no mail that was sent");
	put(log_path, "w", "root:x:0:0:root:/root:/bin/bash\n");
	preview(log_path, 3, "0 deliveries in 1 line.\n");
	preview(log_path, 3, "no line of Postfix's smtp(8)");
	put(log_path, "w", "");
	preview(log_path, 3, "no line of Postfix's smtp(8)");
}
END_TEST

START_TEST(says_what_is_not_understood)
{
	make_world();
	put(log_path, "w", "mail postfix/smtp[9]: Trusted TLS connection established to x\n");
	learn(log_path, 3,
	      "1 line about deliveries is not in a known form; the first: mail "
	      "postfix/smtp[9]");
	put(log_path, "w", FIRST "mail postfix/smtp[9]: Trusted TLS connection established to x\n");
	learn(log_path, 0, "is not in a known form");
}
END_TEST

START_TEST(refuses_wrong_usage)
{
	make_world();
	put(log_path, "w", FIRST);
	put(log_path, "w", "root:x:0:0:root:/root:/bin/bash\n");
	learn(log_path, 0, "no line of Postfix's smtp(8)");
	put(log_path, "w", FIRST);
	learn("", 2, "name a file, - for standard input, or --journal");
	learn("--journal mail.log", 2, "not both");
	learn("--follow a b", 2, "only one log can be followed");
	learn("--yes a", 2, "usage: postseal learn");
	learn("/nonexistent/mail.log", 3, "/nonexistent/mail.log cannot be read");
	ck_assert_ptr_null(strstr(output(), "lines read"));
	configure(ledger_dir, "learn_from = {\"probe\"}");
	learn(log_path, 1, "learn_from");
	configure("/nonexistent", "");
	learn(log_path, 3, "/nonexistent");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("learn");

	find_program();
	tcase_add_test(tc, learns_what_the_log_proves);
	tcase_add_test(tc, a_delivery_counts_for_its_domain);
	tcase_add_test(tc, says_it_in_json);
	tcase_add_test(tc, order_and_repetition_change_nothing);
	tcase_add_test(tc, goes_on_where_it_ended);
	tcase_add_test(tc, plain_deliveries_teach_nothing);
	tcase_add_test(tc, does_not_believe_the_future);
	tcase_add_test(tc, tells_that_a_downgrade_has_ended);
	tcase_add_test(tc, tells_of_a_downgrade_between_two_handshakes);
	tcase_add_test(tc, learns_of_very_many_hosts);
	tcase_add_test(tc, a_damaged_record_spoils_no_other);
	tcase_add_test(tc, follows_a_log);
	tcase_add_test(tc, writes_to_a_ledger_that_replaced_another);
	tcase_add_test(tc, tells_the_service_manager);
	tcase_add_test(tc, reads_the_journal);
	tcase_add_test(tc, previews_a_log);
	tcase_add_test(tc, previews_relays);
	tcase_add_test(tc, previews_nothing_where_the_log_does_not_tell);
	tcase_add_test(tc, says_what_is_not_understood);
	tcase_add_test(tc, refuses_wrong_usage);
	return run_case("learn", tc);
}
