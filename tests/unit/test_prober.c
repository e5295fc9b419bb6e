/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A real postseal-prober, between a name server and mail hosts in the test's
 * hands and a ledger that the test reads.
 */
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "io/link/link.h"
#include "tests/unit/dns_stub.h"
#include "tests/unit/fork.h"
#include "tests/unit/ledger_case.h"
#include "tests/unit/smtp_stub.h"
#include "io/ledger/ledger_facts.h"

#define PATIENCE_MS INT64_C(60000)

#define MX LDNS_RR_TYPE_MX
#define A LDNS_RR_TYPE_A
#define AAAA LDNS_RR_TYPE_AAAA
#define OK LDNS_RCODE_NOERROR
#define FAIL LDNS_RCODE_SERVFAIL
#define SOA "test. 900 IN SOA ns.test. root.test. 1 3600 600 86400 700"

#define HOST(name, address)                                              \
	{ name ".", A, OK, STUB_AD, name ". 3600 IN A " address, NULL }, \
	{                                                                \
		name ".", AAAA, OK, STUB_AD, NULL, SOA                   \
	}
#define DOMAIN_WITH(name, host)                                                   \
	{                                                                         \
		name ".", MX, OK, STUB_AD, name ". 3600 IN MX 10 " host ".", NULL \
	}

static const struct stub_answer zone[] = {
	DOMAIN_WITH("one.test", "mx.test"),
	DOMAIN_WITH("two.test", "mx.test"),
	DOMAIN_WITH("gone-host.test", "nohost.test"),
	{ "null.test.", MX, OK, STUB_AD, "null.test. 3600 IN MX 0 .", NULL },
	{ "half.test.", MX, OK, STUB_AD,
	  "half.test. 3600 IN MX 10 nohost.test.\nhalf.test. 3600 IN MX 20 mx.test.", NULL },
	HOST("mx.test", "127.0.0.1"),
	HOST("other.test", "127.0.0.4"),
};

static const struct stub_answer broken_zone[] = {
	{ "one.test.", MX, FAIL, 0, NULL, NULL },
	{ "mx.test.", A, FAIL, 0, NULL, NULL },
	{ "mx.test.", AAAA, FAIL, 0, NULL, NULL },
};

static const struct stub_answer moved_zone[] = {
	DOMAIN_WITH("one.test", "other.test"),
	HOST("other.test", "127.0.0.4"),
};

static struct stub dns;
static struct smtp_stub host, other_host;
static pid_t prober;
static struct prober_client *client;

static const char *path_in(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned next;
	char *dst = path[next++ % ARRAY_LEN(path)];

	snprintf(dst, PATH_MAX, "%s/%s", dir, name);
	return dst;
}

static void serve_zone(const struct stub_answer *table, size_t size)
{
	in_port_t port = dns.port;

	stub_stop(&dns);
	stub_start(&dns, table, size, "127.0.0.1", port);
}

static void start_prober(const char *more)
{
	char self[PATH_MAX] = "", program[PATH_MAX + 32], text[PROBER_CLIENT_ERROR_SIZE];
	FILE *file = fopen(path_in("conf"), "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file,
		"ledger = \"%s\"\nruntime = \"%s\"\nresolver = {\"%s\"}\nsmtp_port = %u\n"
		"probe_private = true\nehlo_name = \"me.test\"\n%s",
		ledger_dir, dir, dns.address, (unsigned)host.port, more);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	snprintf(program, sizeof(program), "%s/../postseal-prober", dirname(self));
	prober = must_fork();
	if (prober == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen(path_in("log"), "a", stderr) == NULL)
			_exit(126);
		unsetenv("JOURNAL_STREAM");
		execl(program, "postseal-prober", "-c", path_in("conf"), (char *)NULL);
		_exit(127);
	}
	for (int64_t end = clock_mono_ms() + PATIENCE_MS; client == NULL; usleep(10000)) {
		client = prober_client_open(dir, end, text);
		ck_assert_msg(client != NULL || clock_mono_ms() < end, "%s", text);
	}
}

/* Also where a sanitizer's complaint shows. */
static void stop_prober(void)
{
	int status;

	prober_client_close(client);
	client = NULL;
	ck_assert_int_eq(kill(prober, SIGTERM), 0);
	ck_assert_int_eq(waitpid(prober, &status, 0), prober);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
}

static void start(const char *more)
{
	stub_start(&dns, zone, ARRAY_LEN(zone), "127.0.0.1", 0);
	smtp_stub_start(&host, "127.0.0.1", 0);
	smtp_stub_start(&other_host, "127.0.0.4", host.port);
	atomic_store(&host.tls, true);
	start_prober(more);
}

static void stop(void)
{
	stop_prober();
	smtp_stub_stop(&host);
	smtp_stub_stop(&other_host);
	stub_stop(&dns);
	ck_assert(!atomic_load(&dns.bad_question));
}

/* The next message about any next hop; how it begins. */
static struct prober_message hear(void)
{
	char text[PROBER_CLIENT_ERROR_SIZE];
	struct prober_message message;
	enum lookup heard =
		prober_client_hear(client, clock_mono_ms() + PATIENCE_MS, &message, text);

	ck_assert_msg(heard == LOOKUP_FOUND, "heard nothing: %s",
		      heard == LOOKUP_ERROR ? text : "time is up");
	return message;
}

static void say(enum prober_word word, const char *key)
{
	char text[PROBER_CLIENT_ERROR_SIZE];

	ck_assert_msg(prober_client_ask(client, word, key, clock_mono_ms() + PATIENCE_MS, text),
		      "%s", text);
}

/* Until all is known; how often there was news before. */
static size_t ask(enum prober_word word, const char *key)
{
	size_t news = 0;

	say(word, key);
	for (;;) {
		struct prober_message message = hear();

		ck_assert_str_eq(message.nexthop.key, key);
		if (message.word == PROBER_DONE)
			return news;
		ck_assert_int_eq(message.word, PROBER_NEWS);
		news++;
	}
}

static const struct facts *facts_of(const char *key)
{
	static struct facts facts;
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	const struct nexthop hop = nexthop(key);

	memset(&facts, 0, sizeof(facts));
	ck_assert_int_ne(ledger_get_facts(txn, &hop, host.port, clock_wall(), &facts),
			 LOOKUP_ERROR);
	ledger_abort(txn);
	ledger_close(ledger);
	return &facts;
}

struct search {
	const char *event;
	size_t found;
};

static bool visit_entry(void *context, const struct journal_entry *entry)
{
	struct search *search = context;

	ck_assert_str_eq(entry->author, "prober");
	search->found += strcmp(entry->event, search->event) == 0;
	return true;
}

static size_t journal(const char *subject, const char *event)
{
	struct search search = { .event = event };
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);

	ck_assert(ledger_each_journal(txn, subject, visit_entry, &search));
	ledger_abort(txn);
	ledger_close(ledger);
	return search.found;
}

/* How many lines of the log hold `text`. */
static unsigned log_lines(const char *text)
{
	FILE *file = fopen(path_in("log"), "r");
	char line[4096];
	unsigned count = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		count += strstr(line, text) != NULL;
	fclose(file);
	return count;
}

START_TEST(learns_a_domain)
{
	const struct facts *facts;

	start("mta_sts = false\n");
	ck_assert_uint_eq(ask(PROBER_WANT, "one.test"), 3); /* MX, addresses, TLS */
	facts = facts_of("one.test");
	ck_assert_int_eq(facts->domain.mx.state, MX_FOUND);
	ck_assert(facts->domain.mx.secure);
	ck_assert_uint_eq(facts->domain.mx.count, 1);
	ck_assert_str_eq(facts->domain.mx.refs[0].host, "mx.test");
	ck_assert_int_eq(facts->domain.mx.fresh.expires - facts->domain.mx.fresh.checked, 3600);
	ck_assert_int_eq(facts->host[0].addr, ADDR_FOUND);
	ck_assert(facts->host[0].addr_secure);
	ck_assert_int_eq(facts->host[0].tlsa, TLSA_ABSENT);
	ck_assert_int_eq(facts->host[0].last.observed, OBSERVED_TLS);
	ck_assert_int_eq(facts->host[0].last.version, TLS1_3_VERSION);
	ck_assert_int_gt(facts->domain.history.last_tls, 0);
	ck_assert_int_eq(facts->domain.sts.mode, STS_UNKNOWN);
	ck_assert_uint_eq(journal("one.test", "raised"), 1);
	stop();
}
END_TEST

/* A worker is on its way there, as soon as a machine that is busy lets it. */
static void await_connection(void)
{
	for (int i = 0; i < 30000 && atomic_load(&host.connections) == 0; i++)
		usleep(10 * 1000);
	ck_assert_uint_eq(atomic_load(&host.connections), 1);
}

START_TEST(looks_at_a_shared_host_once)
{
	bool one = false, two = false;

	/* A busy machine may take its time: nobody gives up on the silent host meanwhile. */
	start("mta_sts = false\nsmtp_timeout = 300\n");
	atomic_store(&host.silent, true); /* until both wait for it */
	say(PROBER_WANT, "one.test");
	say(PROBER_WANT, "two.test");
	/*
	 * The first news of a domain is its MX: it waits for the host then. Who comes late, when
	 * the host's addresses are known, hears no more before the end.
	 */
	while (!one || !two) {
		struct prober_message message = hear();

		ck_assert_int_eq(message.word, PROBER_NEWS);
		one |= strcmp(message.nexthop.key, "one.test") == 0;
		two |= strcmp(message.nexthop.key, "two.test") == 0;
	}
	await_connection();
	atomic_store(&host.silent, false);
	for (int done = 0; done < 2;)
		done += hear().word == PROBER_DONE;
	ck_assert_uint_eq(atomic_load(&host.connections), 1);
	ck_assert_int_gt(facts_of("two.test")->domain.history.last_tls, 0);
	stop();
}
END_TEST

START_TEST(looks_anew_at_what_was_left_undone)
{
	start("mta_sts = false\nsmtp_timeout = 300\n");
	atomic_store(&host.silent, true);
	say(PROBER_WANT, "one.test");
	await_connection();
	stop_prober();
	ck_assert_int_eq(facts_of("one.test")->domain.history.last_tls, 0);
	atomic_store(&host.silent, false);
	/* It may look by itself, before it is asked. */
	start_prober("mta_sts = false\n");
	ask(PROBER_WANT, "one.test");
	ck_assert_uint_eq(atomic_load(&host.connections), 2);
	ck_assert_int_gt(facts_of("one.test")->domain.history.last_tls, 0);
	stop();
}
END_TEST

START_TEST(answers_at_once_from_fresh_facts)
{
	size_t questions;

	start("mta_sts = true\n");
	ask(PROBER_WANT, "one.test");
	ck_assert_int_eq(facts_of("one.test")->domain.sts.mode, STS_NONE);
	questions = atomic_load(&dns.questions);
	ck_assert_uint_eq(ask(PROBER_WANT, "one.test"), 0);
	ck_assert_uint_eq(atomic_load(&dns.questions), questions);
	ck_assert_uint_eq(atomic_load(&host.connections), 1);
	/* but not when told to look again */
	ask(PROBER_PROBE, "one.test");
	ck_assert_uint_eq(atomic_load(&dns.questions), 2 * questions);
	ck_assert_uint_eq(atomic_load(&host.connections), 2);
	stop();
}
END_TEST

START_TEST(knows_all_kinds_of_next_hops)
{
	char address[64], named[64];

	start("mta_sts = false\n");
	ask(PROBER_WANT, "[127.0.0.4]");
	ck_assert_int_eq(facts_of("[127.0.0.4]")->domain.mx.state, MX_LITERAL);
	ck_assert_int_eq(facts_of("[127.0.0.4]")->host[0].last.observed, OBSERVED_PLAIN);
	ck_assert_uint_eq(atomic_load(&other_host.connections), 1);
	snprintf(address, sizeof(address), "[127.0.0.4]:%u", (unsigned)host.port);
	ask(PROBER_WANT, address); /* the same host and port by another name */
	ck_assert_uint_eq(atomic_load(&other_host.connections), 1);
	snprintf(named, sizeof(named), "one.test:%u", (unsigned)host.port);
	ask(PROBER_WANT, named);
	ask(PROBER_WANT, "[mx.test]");
	ck_assert_int_gt(facts_of("[mx.test]")->domain.history.last_tls, 0);
	ck_assert_uint_eq(atomic_load(&host.connections), 1);
	ask(PROBER_WANT, "null.test");
	ck_assert_int_eq(facts_of("null.test")->domain.mx.state, MX_NULL);
	ask(PROBER_WANT, "nowhere.test");
	ck_assert_int_eq(facts_of("nowhere.test")->domain.mx.state, MX_NXDOMAIN);
	ask(PROBER_WANT, "gone-host.test");
	ck_assert_int_eq(facts_of("gone-host.test")->host[0].addr, ADDR_NONE);
	ask(PROBER_WANT, "half.test");
	ck_assert_int_gt(facts_of("half.test")->domain.history.last_tls, 0);
	ck_assert_uint_eq(ask(PROBER_WANT, ".test"), 0);
	ck_assert_uint_eq(atomic_load(&host.connections), 1);
	stop();
}
END_TEST

/* "A failed look-up never erases a good fact." */
START_TEST(keeps_facts_when_look_ups_fail)
{
	const struct facts *facts;
	int64_t checked;

	start("mta_sts = false\n");
	ask(PROBER_WANT, "one.test");
	checked = facts_of("one.test")->domain.mx.fresh.checked;
	serve_zone(broken_zone, ARRAY_LEN(broken_zone));
	ask(PROBER_PROBE, "one.test");
	facts = facts_of("one.test");
	ck_assert_int_eq(facts->domain.mx.state, MX_FOUND);
	ck_assert_str_eq(facts->domain.mx.refs[0].host, "mx.test");
	ck_assert_int_eq(facts->domain.mx.fresh.checked, checked);
	ck_assert_int_ge(facts->domain.mx.fresh.failed, checked);
	ck_assert_int_eq(facts->host[0].addr, ADDR_FOUND);
	ck_assert_int_ge(facts->host[0].addr_fresh.failed, checked);
	ck_assert_int_eq(facts->host[0].tlsa, TLSA_ABSENT);
	ck_assert_int_gt(facts->domain.history.last_tls, 0);
	/* what fails is looked at again whenever mail may wait for it */
	serve_zone(zone, ARRAY_LEN(zone));
	ck_assert_uint_gt(ask(PROBER_WANT, "one.test"), 0);
	facts = facts_of("one.test");
	ck_assert_int_eq(facts->domain.mx.fresh.failed, 0);
	ck_assert_int_eq(facts->host[0].addr_fresh.failed, 0);
	stop();
}
END_TEST

START_TEST(sees_a_downgrade_and_its_end)
{
	const struct facts *facts;

	start("mta_sts = false\n");
	ask(PROBER_WANT, "one.test");
	atomic_store(&host.tls, false);
	/* Moments are seconds: what is seen in the same one is not later. */
	while (clock_wall() <= facts_of("one.test")->host[0].history.last_tls)
		usleep(50000);
	ask(PROBER_PROBE, "one.test");
	facts = facts_of("one.test");
	ck_assert_int_eq(facts->host[0].last.observed, OBSERVED_PLAIN);
	ck_assert_int_ne(fold_downgrade_since(&facts->domain.history), 0);
	ck_assert_int_gt(facts->domain.history.last_tls, 0);
	ck_assert_uint_eq(journal("one.test", "downgrade"), 1);
	ask(PROBER_PROBE, "one.test");
	ck_assert_uint_eq(journal("one.test", "downgrade"), 1);
	atomic_store(&host.tls, true);
	while (clock_wall() <= facts_of("one.test")->host[0].history.last_plain)
		usleep(50000);
	ask(PROBER_PROBE, "one.test");
	ck_assert_int_eq(fold_downgrade_since(&facts_of("one.test")->domain.history), 0);
	ck_assert_uint_eq(journal("one.test", "downgrade-ended"), 1);
	ck_assert_uint_eq(journal("one.test", "raised"), 1);
	/* Four times looked up, once news. */
	ck_assert_uint_eq(log_lines("domain=one.test mx=found secure hosts=1"), 1);
	ck_assert_uint_eq(log_lines("address=found secure tlsa=absent"), 1);
	stop();
}
END_TEST

/* A domain last looked at 20 days ago, and last seen with TLS 40 days ago. */
static void remember_old_tls(const char *key)
{
	static struct domain_facts domain;
	int64_t now = clock_wall();
	struct observation seen = { .time = now - 40 * UTC_DAY,
				    .source = SOURCE_PROBE,
				    .observed = OBSERVED_TLS,
				    .version = 0x0304 };
	struct override override = { .kind = OVERRIDE_MINIMUM,
				     .level = LEVEL_ENCRYPT,
				     .set = now - 30 * UTC_DAY,
				     .expires = now - UTC_DAY,
				     .author = "ada",
				     .reason = "contract" };
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct ledger_txn *txn = ledger_begin_write(ledger);

	memset(&domain, 0, sizeof(domain));
	domain.mx.state = MX_FOUND;
	domain.mx.fresh.checked = now - 20 * UTC_DAY;
	fold_history(&domain.history, &seen);
	ck_assert(ledger_put_domain(txn, key, &domain));
	ck_assert(ledger_put_override(txn, key, &override));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

START_TEST(tells_what_has_run_out)
{
	remember_old_tls("one.test");
	start("mta_sts = false\nhistory_max_age = 30\n");
	atomic_store(&host.tls, false);
	ask(PROBER_WANT, "one.test");
	ck_assert_uint_eq(journal("one.test", "expired"), 1);
	ck_assert_uint_eq(journal("one.test", "override-expired"), 1);
	ask(PROBER_PROBE, "one.test");
	ck_assert_uint_eq(journal("one.test", "expired"), 1);
	ck_assert_uint_eq(journal("one.test", "override-expired"), 1);
	ck_assert_uint_eq(journal("one.test", "raised"), 0);
	stop();
}
END_TEST

START_TEST(a_domain_that_moves_keeps_its_history)
{
	const struct facts *facts;
	int64_t last_tls;

	start("mta_sts = false\n");
	ask(PROBER_WANT, "one.test");
	last_tls = facts_of("one.test")->domain.history.last_tls;
	serve_zone(moved_zone, ARRAY_LEN(moved_zone));
	ask(PROBER_PROBE, "one.test");
	facts = facts_of("one.test");
	ck_assert_str_eq(facts->domain.mx.refs[0].host, "other.test");
	ck_assert_int_eq(facts->host[0].last.observed, OBSERVED_PLAIN);
	ck_assert_int_eq(facts->domain.history.last_tls, last_tls);
	stop();
}
END_TEST

START_TEST(shows_but_does_not_learn_when_told_so)
{
	const struct facts *facts;

	start("mta_sts = false\nlearn_from = {\"delivery\"}\n");
	ask(PROBER_WANT, "one.test");
	facts = facts_of("one.test");
	ck_assert_int_eq(facts->host[0].last.observed, OBSERVED_TLS);
	ck_assert_int_gt(facts->host[0].last_expires, facts->host[0].last.time);
	ck_assert_int_eq(facts->host[0].history.last_tls, 0);
	ck_assert_int_eq(facts->domain.history.last_tls, 0);
	ck_assert_uint_eq(ask(PROBER_WANT, "one.test"), 0);
	stop();
}
END_TEST

START_TEST(looks_at_old_domains_by_itself)
{
	struct domain_facts *old = sample_domain();
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct ledger_txn *txn = ledger_begin_write(ledger);
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	old->mx.count = 1;
	str_copy(old->mx.refs[0].host, DOMAIN_SIZE, "mx.test");
	ck_assert(ledger_put_domain(txn, "one.test", old));
	old->mx.fresh.checked = clock_wall(); /* looked at just now */
	ck_assert(ledger_put_domain(txn, "two.test", old));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
	free(old);
	start("mta_sts = false\n");
	while (facts_of("one.test")->host[0].last.observed != OBSERVED_TLS) {
		ck_assert_int_lt(clock_mono_ms(), end);
		usleep(100000);
	}
	ck_assert_int_gt(facts_of("one.test")->domain.mx.fresh.checked, clock_wall() - 3600);
	ck_assert_int_eq(facts_of("two.test")->domain.mx.fresh.expires, T + 300);
	stop();
}
END_TEST

static int raw_connection(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert(str_copy(addr.sun_path, sizeof(addr.sun_path), path_in(PROBER_SOCKET)));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

START_TEST(dismisses_who_cannot_talk)
{
	static const char *const cases[] = {
		"hello\n",         "want \n", "want one.test:25\n",
		"done one.test\n", "\n",      "want one.test\n\xff\n",
	};
	char endless[PROBER_LINE_MAX + 1], heard[256];

	start("mta_sts = false\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = raw_connection();

		ck_assert_int_gt(send(fd, cases[i], strlen(cases[i]), MSG_NOSIGNAL), 0);
		while (recv(fd, heard, sizeof(heard), 0) > 0)
			continue;
		close(fd);
	}
	memset(endless, 'a', sizeof(endless));
	for (int i = 0; i < 2; i++) {
		int fd = raw_connection();

		/* One goes while it is waited for. */
		if (i == 0)
			send(fd, "probe one.test\n", 15, MSG_NOSIGNAL);
		else
			send(fd, endless, sizeof(endless), MSG_NOSIGNAL);
		while (i == 1 && recv(fd, heard, sizeof(heard), 0) > 0)
			continue;
		close(fd);
	}
	ask(PROBER_WANT, "one.test");
	stop();
}
END_TEST

START_TEST(dismisses_who_does_not_listen)
{
	char line[] = "want .test\n";
	bool dismissed = false;
	int fd;

	start("mta_sts = false\n");
	fd = raw_connection();
	while (!dismissed)
		dismissed = send(fd, line, strlen(line), MSG_NOSIGNAL) < 0;
	close(fd);
	ask(PROBER_WANT, "one.test");
	stop();
}
END_TEST

static void put_alias(const char *address, bool enabled)
{
	struct alias alias = { .enabled = enabled,
			       .level = ALIAS_ENCRYPT,
			       .mailbox = "me@one.test" };
	struct ledger *ledger = must_open(LEDGER_CREATE);
	struct ledger_txn *txn = ledger_begin_write(ledger);

	ck_assert(ledger_put_alias(txn, address, &alias));
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

/* How often x was refused there; 0 also without a record. */
static int64_t refused(const char *address)
{
	struct ledger *ledger = must_open(LEDGER_READ);
	struct ledger_txn *txn = ledger_begin_read(ledger);
	struct refusals refusals;

	ck_assert_int_ne(ledger_get_refusals(txn, address, &refusals), LOOKUP_ERROR);
	ledger_abort(txn);
	ledger_close(ledger);
	return refusals.count == 1 && strcmp(refusals.list[0].sender, "x") == 0
		       ? refusals.list[0].count
		       : 0;
}

/* In one write, which one read takes; and read before what is asked afterwards. */
static void say_refused(const char *address, int times)
{
	struct buf lines = { 0 };
	int fd = raw_connection();

	for (int i = 0; i < times; i++)
		buf_printf(&lines, "refused %s no-tls 192.0.2.9 <x>\n", address);
	ck_assert_int_eq(write(fd, lines.data, lines.len), (ssize_t)lines.len);
	buf_free(&lines);
	ask(PROBER_WANT, "null.test");
	close(fd);
}

START_TEST(notes_what_was_refused)
{
	put_alias("me@s.test", true);
	put_alias("off@s.test", false);
	start("mta_sts = false\nrefusal_digest = true\n");
	say_refused("no@s.test", 1);
	say_refused("off@s.test", 1);
	say_refused("me@s.test", 1);
	stop(); /* writes down what there is */
	ck_assert_int_eq(refused("me@s.test"), 1);
	ck_assert_int_eq(refused("off@s.test"), 0);
	ck_assert_int_eq(refused("no@s.test"), 0);
	start("mta_sts = false\nrefusal_digest = true\n");
	say_refused("me@s.test", 300);
	stop();
	ck_assert_int_eq(refused("me@s.test"), 1 + 256);
	ck_assert_uint_eq(log_lines("refusals=44 came at once beyond 256"), 1);
	start("mta_sts = false\n");
	say_refused("me@s.test", 1);
	stop();
	ck_assert_int_eq(refused("me@s.test"), 1 + 256);
}
END_TEST

START_TEST(stops_at_once)
{
	int64_t before;

	start("mta_sts = false\nsmtp_timeout = 60\n");
	atomic_store(&host.silent, true);
	say(PROBER_WANT, "one.test");
	while (atomic_load(&host.connections) == 0)
		usleep(10000);
	before = clock_mono_ms();
	stop();
	ck_assert_int_lt(clock_mono_ms() - before, 30000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prober");

	tcase_add_test(tcase, learns_a_domain);
	tcase_add_test(tcase, looks_at_a_shared_host_once);
	tcase_add_test(tcase, looks_anew_at_what_was_left_undone);
	tcase_add_test(tcase, answers_at_once_from_fresh_facts);
	tcase_add_test(tcase, knows_all_kinds_of_next_hops);
	tcase_add_test(tcase, keeps_facts_when_look_ups_fail);
	tcase_add_test(tcase, sees_a_downgrade_and_its_end);
	tcase_add_test(tcase, tells_what_has_run_out);
	tcase_add_test(tcase, a_domain_that_moves_keeps_its_history);
	tcase_add_test(tcase, shows_but_does_not_learn_when_told_so);
	tcase_add_test(tcase, looks_at_old_domains_by_itself);
	tcase_add_test(tcase, dismisses_who_cannot_talk);
	tcase_add_test(tcase, dismisses_who_does_not_listen);
	tcase_add_test(tcase, notes_what_was_refused);
	tcase_add_test(tcase, stops_at_once);
	return run_case("prober", tcase);
}
