/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prober's main thread in a world of its own: the workers are a table of
 * what there is to be found (pool.h is defined here), and time is what the test
 * says (base/clock.h, too). The ledger is real.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/floor.h"
#include "core/policy/fold.h"
#include "core/policy/freshness.h"
#include "io/local/metrics_file.h"
#include "prober/refresh.h"
#include "prober/sightings.h"
#include "prober/tasks.h"
#include "tests/unit/ledger_case.h"
#include "tests/unit/metrics_case.h"
#include "tests/unit/valgrind.h"
#include "io/ledger/ledger_facts.h"
#include "io/ledger/ledger_fleet.h"
#include "io/ledger/ledger_sighting.h"

#define NOW INT64_C(1700000000)
#define PATIENCE_MS 60000 /* for what should come at once */

static struct prober prober;
static struct settings settings;
static struct job_list submitted = STAILQ_HEAD_INITIALIZER(submitted);
static int64_t now;
static int64_t skew;                   /* of the wall clock */
static size_t count_of[JOB_CHECK + 1]; /* jobs done, by kind */

/*
 * The world.
 */

static struct {
	int64_t mx_ttl;
	bool mx_fails, address_fails;
	const char *mx_host; /* of every domain; NULL: mx(N mod 3).test for dN.test */
	bool own_hosts;      /* every domain has a host of its own */
	enum observed observed;
	bool unsigned_answers;
	bool tlsa;
	enum lookup txt;
	const char *txt_id;
	enum sts_fetch fetch;
} world;

int64_t clock_wall(void)
{
	return now + skew;
}

int64_t clock_mono_ms(void)
{
	return (now - NOW) * 1000;
}

int64_t clock_mono_us(void)
{
	return clock_mono_ms() * 1000;
}

void pool_submit(struct pool *pool, struct job *job)
{
	(void)pool;
	STAILQ_INSERT_TAIL(&submitted, job, next);
}

struct pool *pool_new(const struct job_config *config, size_t max, void (*wake)(void *),
		      void *context)
{
	(void)config, (void)max, (void)wake, (void)context;
	return NULL;
}

void pool_take(struct pool *pool, struct job_list *done)
{
	(void)pool, (void)done;
}

bool pool_end(struct pool *pool, long timeout_ms)
{
	(void)pool, (void)timeout_ms;
	return true;
}

static void find_mx(struct job_mx *mx)
{
	struct mx_facts *facts = &mx->answer.facts;

	mx->found = !world.mx_fails;
	mx->answer.ttl = world.mx_ttl;
	facts->state = MX_FOUND;
	facts->secure = !world.unsigned_answers;
	facts->count = 1;
	snprintf(facts->refs[0].host, DOMAIN_SIZE, "mx%d.test", atoi(mx->nexthop.name + 1) % 3);
	if (world.own_hosts)
		snprintf(facts->refs[0].host, DOMAIN_SIZE, "mx.%.200s", mx->nexthop.name);
	if (world.mx_host != NULL)
		str_copy(facts->refs[0].host, DOMAIN_SIZE, world.mx_host);
}

static void find_host(struct job_host *host)
{
	uint8_t digest[32] = { 0 };
	const struct tlsa record = { 3, 1, 1, sizeof(digest), digest };

	host->address_status = world.address_fails ? LOOKUP_ERROR : LOOKUP_FOUND;
	host->addresses.secure = !world.unsigned_answers;
	host->addresses.count = 1;
	host->addresses.ttl = host->tlsa.ttl = 3600;
	host->tlsa_status = world.tlsa ? LOOKUP_FOUND : LOOKUP_ABSENT;
	if (world.tlsa)
		tlsa_set_add(&host->tlsa.set, &record, true);
}

static void find_sts(struct job *job)
{
	struct sts_look *look = &job->sts.look;

	if (job->kind == JOB_TXT) {
		look->txt = world.txt;
		look->ttl = 3600;
		if (world.txt == LOOKUP_FOUND)
			str_copy(look->id, sizeof(look->id), world.txt_id);
		return;
	}
	look->fetch = world.fetch;
	look->policy.mode = STS_ENFORCE;
	look->policy.max_age = 30 * UTC_DAY;
	look->policy.patterns = 1;
	str_copy(look->policy.pattern[0], DOMAIN_SIZE, "*.test");
}

static void find_out(struct job *job)
{
	str_copy(job->trouble, sizeof(job->trouble), "trouble");
	count_of[job->kind]++;
	switch (job->kind) {
	case JOB_MX:
		find_mx(&job->mx);
		return;
	case JOB_HOST:
		find_host(&job->host);
		return;
	case JOB_SMTP:
		job->smtp.seen = (struct observation){ .time = clock_wall(),
						       .source = SOURCE_PROBE,
						       .observed = world.observed,
						       .version = 0x0304,
						       .cipher = "TLS_AES_256_GCM_SHA384" };
		return;
	case JOB_TXT:
	case JOB_FETCH:
		find_sts(job);
		return;
	case JOB_SCAN:
		job_run(NULL, job);
		return;
	case JOB_CHECK:
		job->check.found = true;
		job->check.secure = !world.unsigned_answers;
		return;
	}
}

/* All that is submitted now, in one turn; what it leads to is left. */
static size_t turn(void)
{
	struct job_list done = STAILQ_HEAD_INITIALIZER(done);
	struct job *job;
	size_t count = 0;

	STAILQ_CONCAT(&done, &submitted);
	STAILQ_FOREACH(job, &done, next)
	{
		find_out(job);
		count++;
	}
	prober_turn(&prober, &done);
	return count;
}

static void finish_all(void)
{
	while (turn() > 0)
		continue;
}

static void set_up(void)
{
	setup();
	log_open("test", LOG_LEVEL_ERROR, LOG_SINK_STDERR);
	settings_init(&settings);
	settings.mta_sts = false;
	now = NOW;
	skew = 0;
	memset(&prober, 0, sizeof(prober));
	memset(count_of, 0, sizeof(count_of));
	begin_counts();
	memset(&world, 0, sizeof(world));
	world.mx_ttl = 3600;
	world.observed = OBSERVED_TLS;
	world.txt = LOOKUP_ABSENT;
	prober.settings = &settings;
	prober.ledger = must_open(LEDGER_CREATE);
	prober.loop = loop_new();
	prober.refresh = refresh_new(&prober, 64);
	prober.sightings = sightings_new(&prober);
}

static void tear_down(void)
{
	struct job *job;

	while ((job = STAILQ_FIRST(&submitted)) != NULL) {
		STAILQ_REMOVE_HEAD(&submitted, next);
		job_free(job);
	}
	tasks_free(&prober);
	refresh_free(prober.refresh);
	sightings_free(prober.sightings);
	loop_free(prober.loop);
	ledger_close(prober.ledger);
	settings_free(&settings);
	teardown();
}

static void look(const char *key, enum effort effort, struct asker *asker)
{
	const struct nexthop hop = nexthop(key);

	tasks_look(&prober, &hop, effort, 0, asker);
}

static const struct facts *facts_of(const char *key)
{
	static struct facts facts;
	struct ledger_txn *txn = ledger_begin_read(prober.ledger);
	const struct nexthop hop = nexthop(key);

	memset(&facts, 0, sizeof(facts));
	ck_assert_int_ne(ledger_get_facts(txn, &hop, 25, clock_wall(), &facts), LOOKUP_ERROR);
	ledger_abort(txn);
	return &facts;
}

static size_t tasks(void)
{
	return tasks_count(&prober) + HASH_COUNT(prober.hosts);
}

struct search {
	const char *event;
	size_t found;
};

static bool visit_entry(void *context, const struct journal_entry *entry)
{
	struct search *search = context;

	search->found += strcmp(entry->event, search->event) == 0;
	return true;
}

static size_t journal(const char *subject, const char *event)
{
	struct search search = { .event = event };
	struct ledger_txn *txn = ledger_begin_read(prober.ledger);

	ck_assert(ledger_each_journal(txn, subject, visit_entry, &search));
	ledger_abort(txn);
	return search.found;
}

/*
 * Askers: real ones, over a socket, with a loop that is run until nothing is left.
 */

static struct askers *askers;
static struct asker *latest; /* who asked last */

static void on_ask(void *context, struct asker *asker, const struct prober_message *message)
{
	(void)context, (void)message;
	latest = asker;
	loop_stop(prober.loop);
}

static void stop_loop(void *context)
{
	loop_stop(context);
}

static void run_loop(int64_t milliseconds)
{
	struct loop_timer *timer = loop_timer_new(prober.loop, stop_loop, prober.loop);

	loop_timer_arm(timer, milliseconds);
	loop_run(prober.loop);
	loop_timer_free(timer);
}

static void open_askers(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket", dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	askers = askers_new(prober.loop, fd, on_ask, NULL);
}

static int connect_asker(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket", dir);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void count_round(void *context)
{
	int *rounds = context;

	(*rounds)++;
}

/* The near end of a new connection; its far end is `latest`. */
static int new_asker(void)
{
	int fd = connect_asker();

	ck_assert_int_eq(send(fd, "want x.test\n", 12, 0), 12);
	latest = NULL;
	run_loop(PATIENCE_MS);
	ck_assert_ptr_nonnull(latest);
	return fd;
}

/* What the asker was told since the last time. */
static const char *told(int fd)
{
	static char text[4096];
	ssize_t n = -1;

	for (int i = 0; i < PATIENCE_MS / 20 && n < 0; i++) {
		run_loop(20);
		n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	}
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	return text;
}

static bool told_nothing(int fd)
{
	char byte;

	run_loop(20);
	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0;
}

START_TEST(one_task_for_each_host_and_domain)
{
	struct asker *first;
	int one, two;

	open_askers();
	one = new_asker();
	first = latest;
	two = new_asker();
	look("d0.test", EFFORT_WANT, first);
	look("d0.test", EFFORT_WANT, first);
	look("d0.test", EFFORT_WANT, latest);
	look("d3.test", EFFORT_WANT, latest);
	ck_assert_uint_eq(turn(), 2); /* MX of both */
	ck_assert_str_eq(told(one), "news d0.test\n");
	ck_assert_str_eq(told(two), "news d0.test\nnews d3.test\n");
	ck_assert_uint_eq(turn(), 1); /* their host */
	ck_assert_uint_eq(turn(), 1); /* and its TLS */
	ck_assert_uint_eq(turn(), 0);
	ck_assert_str_eq(told(one), "news d0.test\nnews d0.test\ndone d0.test\n");
	ck_assert_uint_eq(tasks(), 0);
	ck_assert_int_eq(facts_of("d3.test")->domain.history.last_tls, NOW);
	ck_assert_uint_eq(journal("d0.test", "raised"), 1);
	close(one);
	close(two);
	askers_free(askers);
}
END_TEST

START_TEST(who_goes_is_forgotten_and_the_work_goes_on)
{
	int fd;

	open_askers();
	fd = new_asker();
	look("d0.test", EFFORT_WANT, latest);
	look("d1.test", EFFORT_WANT, latest);
	turn();
	close(fd);
	run_loop(20);
	finish_all();
	ck_assert_uint_eq(tasks(), 0);
	ck_assert_int_eq(facts_of("d1.test")->domain.history.last_tls, NOW);
	askers_free(askers);
}
END_TEST

START_TEST(who_wants_more_gets_more)
{
	int fd;

	open_askers();
	fd = new_asker();
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	world.mx_fails = true;
	now += 4000;
	refresh_tick(prober.refresh);
	finish_all(); /* its MX look-up fails, just now */
	ck_assert_uint_eq(count_of[JOB_MX], 2);
	refresh_tick(prober.refresh);
	ck_assert_uint_eq(turn(), 0); /* and is not due yet */
	look("d0.test", EFFORT_WANT, latest);
	ck_assert_uint_eq(turn(), 1); /* but somebody waits */
	/* probing joins wanting, and then begins anew, with everything */
	look("d1.test", EFFORT_WANT, latest);
	look("d1.test", EFFORT_PROBE, latest);
	world.mx_fails = false;
	memset(count_of, 0, sizeof(count_of));
	finish_all();
	ck_assert_uint_eq(count_of[JOB_MX], 2);
	ck_assert_uint_eq(count_of[JOB_SMTP], 2);
	ck_assert_ptr_nonnull(strstr(told(fd), "done d0.test\n"));
	close(fd);
	askers_free(askers);
}
END_TEST

START_TEST(says_lost_or_busy_rather_than_lying)
{
	int fd;

	open_askers();
	fd = new_asker();
	world.mx_host = "Not A Name"; /* the ledger refuses what it could not read again */
	look("d0.test", EFFORT_WANT, latest);
	finish_all();
	ck_assert_str_eq(told(fd), "lost d0.test\n");
	ck_assert_uint_eq(tasks(), 0);
	world.mx_host = NULL;
	look("d0.test", EFFORT_WANT, latest);
	finish_all();
	ck_assert_ptr_nonnull(strstr(told(fd), "done d0.test\n"));
	for (int i = 0; i < DOMAIN_TASKS_MAX; i++) {
		char key[32];

		snprintf(key, sizeof(key), "d%d.more.test", i);
		look(key, EFFORT_WANT, NULL);
	}
	look("full.test", EFFORT_WANT, latest);
	ck_assert_str_eq(told(fd), "busy full.test\n");
	look("d1.more.test", EFFORT_WANT, latest); /* is being looked at already */
	ck_assert(told_nothing(fd));
	close(fd);
	askers_free(askers);
}
END_TEST

START_TEST(leaves_damaged_records_alone)
{
	int fd;

	open_askers();
	fd = new_asker();
	ledger_close(prober.ledger);
	put_raw("domain", "d0.test", 7, "junk", 4);
	prober.ledger = must_open(LEDGER_WRITE);
	look("d0.test", EFFORT_PROBE, latest);
	look("d1.test", EFFORT_PROBE, latest);
	finish_all();
	ck_assert_ptr_nonnull(strstr(told(fd), "lost d0.test\n"));
	ck_assert_int_eq(facts_of("d1.test")->domain.history.last_tls, NOW);
	ck_assert_uint_eq(tasks(), 0);
	close(fd);
	askers_free(askers);
}
END_TEST

/* So long in a prober's life; returns the greatest number of jobs at once. */
static size_t live(int64_t seconds, int64_t tick)
{
	size_t most = 0;

	for (int64_t end = now + seconds; now < end; now += tick) {
		size_t jobs;

		refresh_tick(prober.refresh);
		while ((jobs = turn()) > 0)
			most = jobs > most ? jobs : most;
	}
	return most;
}

START_TEST(hot_domains_are_fresh_before_they_are_stale)
{
	world.mx_ttl = 600;
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	for (int minute = 0; minute < 60 * 23; minute++) {
		live(60, REFRESH_TICK_MS / 1000);
		ck_assert(!freshness_due(&facts_of("d0.test")->domain.mx.fresh, now));
		ck_assert(!freshness_due(&facts_of("d0.test")->host[0].addr_fresh, now));
	}
	/* as often as it must, and no oftener */
	ck_assert_uint_ge(count_of[JOB_MX], 23 * 6);
	ck_assert_uint_le(count_of[JOB_MX], 23 * 8);
	ck_assert_uint_le(count_of[JOB_SMTP], 2);
	/* and then cools down */
	live(2 * 3600, 60);
	count_of[JOB_MX] = 0;
	live(20 * 3600, 60);
	ck_assert_uint_le(count_of[JOB_MX], 1);
}
END_TEST

/* "A provider with 100,000 domains on three MX hosts is probed three times a day." */
START_TEST(idle_domains_are_looked_at_daily_and_hosts_once)
{
	enum { DOMAINS = 600, DAYS = 4 };
	struct domain_facts *known = sample_domain();
	struct ledger_txn *txn = ledger_begin_write(prober.ledger);
	size_t most;

	known->mx.count = 1;
	known->mx.fresh = (struct freshness){ now - 3600, now + 3600, 0 };
	for (int i = 0; i < DOMAINS; i++) {
		char key[32];

		snprintf(key, sizeof(key), "d%d.test", i);
		snprintf(known->mx.refs[0].host, DOMAIN_SIZE, "mx%d.test", i % 3);
		ck_assert(ledger_put_domain(txn, key, known));
	}
	ck_assert(ledger_commit(txn));
	free(known);
	most = live(DAYS * UTC_DAY + 3600, 60);
	ck_assert_uint_ge(count_of[JOB_MX], DAYS * DOMAINS);
	ck_assert_uint_le(count_of[JOB_MX], (DAYS + 1) * DOMAINS);
	ck_assert_uint_ge(count_of[JOB_SMTP], 3 * DAYS);
	ck_assert_uint_le(count_of[JOB_SMTP], 3 * (DAYS + 1));
	ck_assert_uint_le(most, 64 / 4 + 1);
	ck_assert_uint_eq(tasks(), 0);
}
END_TEST

/* Also where host and domain would just miss each other. */
START_TEST(idle_hosts_are_looked_at_daily)
{
	enum { DOMAINS = 40, DAYS = 10 };

	world.own_hosts = true;
	for (int i = 0; i < DOMAINS; i++) {
		char key[32];

		snprintf(key, sizeof(key), "d%d.test", i);
		look(key, EFFORT_WANT, NULL);
	}
	finish_all();
	live(26 * 3600, 60); /* they cool down */
	memset(count_of, 0, sizeof(count_of));
	live(DAYS * UTC_DAY, 60);
	ck_assert_uint_ge(count_of[JOB_SMTP], DAYS * DOMAINS);
	ck_assert_uint_le(count_of[JOB_SMTP], (DAYS + 2) * DOMAINS);
}
END_TEST

/* What its host has shown while others looked is the domain's, even when it moves. */
START_TEST(a_domain_takes_its_history_along)
{
	world.observed = OBSERVED_PLAIN;
	look("d0.test", EFFORT_WANT, NULL);
	look("d3.test", EFFORT_WANT, NULL);
	look("d6.test", EFFORT_WANT, NULL);
	finish_all();
	now += 100;
	world.observed = OBSERVED_TLS;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_int_eq(facts_of("d3.test")->domain.history.last_tls, 0);
	/* one that stays, and has nothing to look up */
	look("d6.test", EFFORT_WANT, NULL);
	ck_assert_uint_eq(turn(), 0);
	ck_assert_int_eq(facts_of("d6.test")->domain.history.last_tls, NOW + 100);
	world.mx_host = "elsewhere.test";
	world.observed = OBSERVED_PLAIN;
	look("d3.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_str_eq(facts_of("d3.test")->domain.mx.refs[0].host, "elsewhere.test");
	ck_assert_int_eq(facts_of("d3.test")->domain.history.last_tls, NOW + 100);
	/* and one that arrives finds what is known of its new host */
	world.mx_host = "mx0.test";
	look("d5.test", EFFORT_WANT, NULL);
	turn();
	ck_assert_int_eq(facts_of("d5.test")->domain.history.last_tls, NOW + 100);
}
END_TEST

START_TEST(failures_back_off_when_nobody_asks)
{
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	live(26 * 3600, 60); /* it cools down */
	world.mx_fails = true;
	memset(count_of, 0, sizeof(count_of));
	live(10 * UTC_DAY, 60);
	ck_assert_uint_ge(count_of[JOB_MX], 10);
	ck_assert_uint_le(count_of[JOB_MX], 24);
	ck_assert_int_eq(facts_of("d0.test")->domain.mx.state, MX_FOUND);
	ck_assert_int_ge(facts_of("d0.test")->domain.history.last_tls, NOW);
}
END_TEST

/* What was looked at, and what failed, while the clock was a year ahead. */
START_TEST(a_clock_that_was_ahead_delays_nothing)
{
	for (int fails = 0; fails < 2; fails++) {
		const char *key = fails ? "d1.test" : "d0.test";

		settings.mta_sts = true;
		look(key, EFFORT_WANT, NULL);
		finish_all();
		live(26 * 3600, 60); /* it cools down */
		world.mx_fails = fails;
		world.txt = fails ? LOOKUP_ERROR : LOOKUP_ABSENT;
		live(2 * UTC_DAY, 60);
		skew = 365 * UTC_DAY;
		live(2 * UTC_DAY, 60);
		skew = 0;
		world.mx_fails = false;
		world.txt = LOOKUP_ABSENT;
		live(3 * UTC_DAY, 60);
		ck_assert_int_ge(facts_of(key)->domain.mx.fresh.checked, now - 2 * UTC_DAY);
		ck_assert_int_le(facts_of(key)->domain.mx.fresh.checked, now);
		ck_assert_int_ge(facts_of(key)->domain.sts.fresh.checked, now - 2 * UTC_DAY);
		ck_assert_int_le(facts_of(key)->domain.sts.fresh.checked, now);
		ck_assert_int_ge(facts_of(key)->host[0].last.time, now - 2 * UTC_DAY);
		ck_assert_int_le(facts_of(key)->host[0].last.time, now);
	}
}
END_TEST

/* A host without addresses cannot be probed, however long ago that was. */
START_TEST(failures_back_off_while_hot)
{
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	live(20 * 3600, 30);
	look("d0.test", EFFORT_PROBE, NULL); /* hot for another day */
	finish_all();
	now += 100;
	world.address_fails = true;
	count_of[JOB_HOST] = 0;
	live(UTC_DAY + 3600, 30);           /* and then idle */
	look("d0.test", EFFORT_WANT, NULL); /* and hot again */
	finish_all();
	live(UTC_DAY - 3600, 30);
	ck_assert_uint_ge(count_of[JOB_HOST], 10);
	ck_assert_uint_le(count_of[JOB_HOST], 24);
	/* and is probed when it is there again */
	world.address_fails = false;
	count_of[JOB_SMTP] = 0;
	live(2 * UTC_DAY, 30);
	ck_assert_uint_ge(count_of[JOB_SMTP], 1);
}
END_TEST

START_TEST(policies_are_kept_alive)
{
	const struct sts_facts *sts;

	settings.mta_sts = true;
	world.txt = LOOKUP_FOUND;
	world.txt_id = "1";
	world.fetch = STS_FETCH_GOOD;
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	sts = &facts_of("d0.test")->domain.sts;
	ck_assert_int_eq(sts->mode, STS_ENFORCE);
	ck_assert_int_eq(sts->fetched, NOW);
	ck_assert_uint_eq(count_of[JOB_FETCH], 1);
	/* the record is looked at often, the policy fetched daily or when told so */
	now += 2 * 3600;
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert_uint_eq(count_of[JOB_TXT], 2);
	ck_assert_uint_eq(count_of[JOB_FETCH], 1);
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(count_of[JOB_FETCH], 2);
	now += 2 * 3600;
	world.txt_id = "2";
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert_uint_eq(count_of[JOB_FETCH], 3);
	live(40 * UTC_DAY, 60);
	ck_assert_int_gt(facts_of("d0.test")->domain.sts.until, now);
	/* and outlive what cannot be had */
	world.txt = LOOKUP_ERROR;
	live(20 * UTC_DAY, 60);
	ck_assert_int_eq(sts_in_force(&facts_of("d0.test")->domain.sts, now), STS_ENFORCE);
	ck_assert_uint_eq(journal("d0.test", "sts-lost"), 0);
	live(15 * UTC_DAY, 60);
	ck_assert_int_eq(sts_in_force(&facts_of("d0.test")->domain.sts, now), STS_NONE);
}
END_TEST

/* From `dane-only` to `dane`: without a signature, who names the hosts is not known. */
START_TEST(mx_records_without_signature_are_a_loss)
{
	world.tlsa = true;
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	world.unsigned_answers = true;
	for (int i = 0; i < 3; i++) {
		now += UTC_DAY;
		look("d0.test", EFFORT_PROBE, NULL);
		finish_all();
	}
	ck_assert(!facts_of("d0.test")->domain.mx.secure);
	ck_assert_int_eq(facts_of("d0.test")->host[0].tlsa, TLSA_USABLE);
	ck_assert_uint_eq(journal("d0.test", "dane-lost"), 1);
	/* what never was is no loss */
	world.tlsa = false;
	world.unsigned_answers = false;
	look("d1.test", EFFORT_WANT, NULL);
	finish_all();
	world.unsigned_answers = true;
	look("d1.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(journal("d1.test", "dane-lost"), 0);
}
END_TEST

/* A provider takes its record away, and the policy runs out (RFC 8461 5.1). */
START_TEST(a_policy_that_runs_out_is_told_once)
{
	settings.mta_sts = true;
	for (int dns_fails = 0; dns_fails < 2; dns_fails++) {
		const char *key = dns_fails ? "d1.test" : "d0.test";

		world.txt = LOOKUP_FOUND;
		world.txt_id = "1";
		world.fetch = STS_FETCH_GOOD;
		look(key, EFFORT_WANT, NULL);
		finish_all();
		world.txt = LOOKUP_ABSENT;
		live(29 * UTC_DAY, 600);
		ck_assert_uint_eq(journal(key, "sts-lost"), 0);
		world.txt = dns_fails ? LOOKUP_ERROR : LOOKUP_ABSENT;
		live(3 * UTC_DAY, 600);
		ck_assert_int_eq(sts_in_force(&facts_of(key)->domain.sts, now), STS_NONE);
		ck_assert_uint_eq(journal(key, "sts-lost"), 1);
		world.txt = LOOKUP_ABSENT;
		live(3 * UTC_DAY, 600);
		ck_assert_uint_eq(journal(key, "sts-lost"), 1);
	}
}
END_TEST

START_TEST(losses_are_told_once)
{
	world.tlsa = true;
	look("d0.test", EFFORT_WANT, NULL);
	look("d3.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert_int_eq(facts_of("d0.test")->host[0].tlsa, TLSA_USABLE);
	now += 100;
	world.tlsa = false;
	world.observed = OBSERVED_PLAIN;
	for (int i = 0; i < 3; i++) {
		look("d0.test", EFFORT_PROBE, NULL);
		look("d3.test", EFFORT_PROBE, NULL);
		finish_all();
		now += 100;
	}
	ck_assert_uint_eq(journal("mx0.test:25", "dane-lost"), 1);
	ck_assert_uint_eq(journal("mx0.test:25", "downgrade"), 1);
	ck_assert_uint_eq(journal("d0.test", "downgrade"), 1);
	ck_assert_uint_eq(journal("d3.test", "downgrade"), 1);
	ck_assert_int_eq(facts_of("d0.test")->domain.history.last_tls, NOW);
	world.observed = OBSERVED_TLS;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(journal("d0.test", "downgrade-ended"), 1);
	ck_assert_uint_eq(journal("mx0.test:25", "downgrade-ended"), 1);
}
END_TEST

/* DESIGN.md section 5: "our own network may be the liar". */
START_TEST(a_network_that_lies_is_not_believed)
{
	enum { DOMAINS = 12 };
	char hosts[DOMAINS][32];
	size_t plain = 0;

	for (int day = 0; day < 5; day++, now += UTC_DAY) {
		world.observed = day < 4 ? OBSERVED_TLS : OBSERVED_PLAIN;
		for (int i = 0; i < DOMAINS; i++) {
			char key[32];

			snprintf(key, sizeof(key), "d%d.test", i);
			snprintf(hosts[i], sizeof(hosts[i]), "host%d.test", i);
			world.mx_host = hosts[i];
			look(key, EFFORT_PROBE, NULL);
			finish_all();
			now++;
		}
	}
	for (int i = 0; i < DOMAINS; i++) {
		char key[32];
		const struct facts *facts;

		snprintf(key, sizeof(key), "d%d.test", i);
		facts = facts_of(key);
		ck_assert_int_eq(facts->host[0].last.observed, OBSERVED_PLAIN);
		ck_assert(floor_holds(&facts->domain.history, &settings, now));
		plain += facts->host[0].history.last_plain != 0;
	}
	ck_assert_uint_eq(journal("*", "stripping"), 1);
	ck_assert_uint_lt(plain, STRIP_HOSTS);
	ck_assert_uint_eq(metrics_cells[M_STRIPPED], 1);
	ck_assert_uint_eq(metrics_cells[METRIC1(EVENTS, METRIC_EVENT_STRIPPING)], 1);
	/* nor the next day, when an hour's losses are long past */
	now += UTC_DAY;
	for (int i = 0; i < DOMAINS; i++, now += 7200) {
		char key[32];

		snprintf(key, sizeof(key), "d%d.test", i);
		world.mx_host = hosts[i];
		look(key, EFFORT_PROBE, NULL);
		finish_all();
		plain -= facts_of(key)->host[0].history.last_plain != 0;
		ck_assert_int_lt(facts_of(key)->host[0].history.last_plain, now - UTC_DAY);
	}
	ck_assert_uint_eq(plain, 0);
	ck_assert_uint_eq(journal("*", "stripping"), 1);
	ck_assert_uint_eq(journal("*", "stripping-ended"), 0);
}
END_TEST

START_TEST(hosts_that_do_not_talk_go_to_the_back)
{
	struct job *job;

	world.observed = OBSERVED_UNREACHABLE;
	look("d0.test", EFFORT_WANT, NULL);
	turn();
	ck_assert_int_eq(STAILQ_FIRST(&submitted)->lane, LANE_QUICK);
	turn();
	job = STAILQ_FIRST(&submitted);
	ck_assert_int_eq(job->kind, JOB_SMTP);
	ck_assert_int_eq(job->lane, LANE_SLOW);
	finish_all();
	look("d0.test", EFFORT_PROBE, NULL);
	turn();
	turn();
	ck_assert_int_eq(STAILQ_FIRST(&submitted)->lane, LANE_BACKGROUND);
	world.observed = OBSERVED_TLS;
	finish_all();
	now += UTC_DAY;
	refresh_tick(prober.refresh);
	turn();
	turn();
	ck_assert_int_eq(STAILQ_FIRST(&submitted)->kind, JOB_SMTP);
	ck_assert_int_eq(STAILQ_FIRST(&submitted)->lane, LANE_BACKGROUND);
}
END_TEST

START_TEST(a_host_without_an_address_is_not_probed)
{
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	world.address_fails = true;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(count_of[JOB_SMTP], 1);
	ck_assert_int_eq(facts_of("d0.test")->host[0].addr, ADDR_FOUND);
	ck_assert_int_eq(facts_of("d0.test")->host[0].addr_fresh.failed, NOW);
	ck_assert_int_eq(facts_of("d0.test")->host[0].tlsa_fresh.failed, NOW);
}
END_TEST

static uint64_t cell(enum metric_cell cell)
{
	return metrics_cells[cell];
}

#define LOOKED(kind, how) cell(METRIC2(LOOKUPS, METRIC_LOOKUP_##kind, METRIC_FOUND_##how))

/* In a process of its own, so that all counts begin with 0. */
START_TEST(counts_look_ups)
{
	settings.mta_sts = true;
	world.tlsa = true;
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert_uint_eq(LOOKED(MX, SECURE), 1);
	ck_assert_uint_eq(LOOKED(ADDRESS, SECURE), 1);
	ck_assert_uint_eq(LOOKED(TLSA, SECURE), 1);
	ck_assert_uint_eq(LOOKED(TXT, ABSENT), 1);
	world.unsigned_answers = true;
	world.tlsa = false;
	world.txt = LOOKUP_FOUND;
	world.txt_id = "1";
	world.fetch = STS_FETCH_FAILED;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(LOOKED(MX, INSECURE), 1);
	ck_assert_uint_eq(LOOKED(ADDRESS, INSECURE), 1);
	ck_assert_uint_eq(LOOKED(TLSA, ABSENT), 1);
	ck_assert_uint_eq(LOOKED(TXT, SOME), 1);
	ck_assert_uint_eq(cell(METRIC1(FETCHES, METRIC_FETCH_FAILED)), 1);
	world.mx_fails = world.address_fails = true;
	world.txt = LOOKUP_ERROR;
	look("d0.test", EFFORT_PROBE, NULL);
	look("[192.0.2.1]", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(LOOKED(MX, FAILED), 2); /* the world answers for addresses, too */
	ck_assert_uint_eq(LOOKED(TXT, FAILED), 1);
	ck_assert_uint_eq(cell(METRIC1(PROBES, OBSERVED_TLS - 1)), 2);
	ck_assert_uint_eq(cell(METRIC1(TASKS, METRIC_TASK_DOMAIN)), 0);
	ck_assert_uint_gt(cell(M_PROBER_USED), 0);
	ck_assert_uint_gt(cell(M_PROBER_MOST), cell(M_PROBER_USED));
	ck_assert_uint_eq(cell(M_UNWRITTEN), 0);
}
END_TEST

START_TEST(counts_what_it_tells)
{
	look("d0.test", EFFORT_WANT, NULL);
	look("d3.test", EFFORT_WANT, NULL);
	ck_assert_uint_eq(turn(), 2);
	ck_assert_uint_eq(cell(METRIC1(TASKS, METRIC_TASK_DOMAIN)), 2);
	ck_assert_uint_eq(cell(METRIC1(TASKS, METRIC_TASK_HOST)), 1);
	finish_all();
	now += 100;
	world.observed = OBSERVED_PLAIN;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(cell(METRIC1(EVENTS, METRIC_EVENT_RAISED)), 2);
	ck_assert_uint_eq(cell(METRIC1(EVENTS, METRIC_EVENT_HOST_DOWNGRADE)), 1);
	ck_assert_uint_eq(cell(METRIC1(EVENTS, METRIC_EVENT_DOMAIN_DOWNGRADE)), 1);
	ck_assert_uint_eq(cell(METRIC1(EVENTS, METRIC_EVENT_DOMAIN_DOWNGRADE_ENDED)), 0);
	ck_assert_uint_eq(cell(METRIC1(PROBES, OBSERVED_PLAIN - 1)), 1);
	ck_assert_uint_eq(cell(M_STRIPPED), 0);
}
END_TEST

/* An answer about what is signed for certain, and one more each ten minutes. */
START_TEST(checks_the_resolver)
{
	live(600, 5);
	ck_assert_uint_eq(LOOKED(CHECK, SECURE), 1);
	world.unsigned_answers = true;
	live(1200, 5);
	ck_assert_uint_eq(LOOKED(CHECK, SECURE), 1);
	ck_assert_uint_eq(LOOKED(CHECK, INSECURE), 2);
	ck_assert_uint_eq(count_of[JOB_CHECK], count_of[JOB_SCAN]);
}
END_TEST

/* Found by tests/faults: the loop was busy with failing to accept. */
START_TEST(out_of_descriptors_new_askers_wait)
{
	struct rlimit before, none;
	int fd, waiting, rounds = 0;
	char *log;

	open_askers();
	fd = new_asker();
	waiting = connect_asker();
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = 0;
	log_open("test", LOG_LEVEL_WARNING, LOG_SINK_STDERR);
	capture_start();
	setrlimit(RLIMIT_NOFILE, &none);
	/* Each round of the loop ends with a batch; one that spins has very many. */
	loop_on_batch(prober.loop, count_round, &rounds);
	run_loop(100);
	loop_on_batch(prober.loop, NULL, NULL);
	setrlimit(RLIMIT_NOFILE, &before);
	log = capture_end();
	ck_assert_int_lt(rounds, 10);
	ck_assert_uint_eq(count(log, "new ones wait"), 1);
	free(log);
	ck_assert_int_eq(send(waiting, "want y.test\n", 12, 0), 12);
	latest = NULL;
	run_loop(PATIENCE_MS);
	ck_assert_ptr_nonnull(latest);
	close(waiting);
	close(fd);
	askers_free(askers);
}
END_TEST

static void forget_at(const char *key, int64_t time)
{
	struct ledger_txn *txn = ledger_begin_write(prober.ledger);
	struct domain_facts domain;

	ck_assert_int_eq(ledger_get_domain(txn, key, &domain), LOOKUP_FOUND);
	memset(&domain.history, 0, sizeof(domain.history));
	domain.forgotten = time;
	ck_assert(ledger_put_domain(txn, key, &domain));
	ck_assert(ledger_commit(txn));
}

/* Found by tests/faults: until that future came nothing counted, and there was no floor. */
START_TEST(forgotten_in_a_future_that_did_not_come_is_forgotten_now)
{
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert(floor_holds(&facts_of("d0.test")->domain.history, &settings, now));
	forget_at("d0.test", now + 3653 * UTC_DAY);
	ck_assert(!floor_holds(&facts_of("d0.test")->domain.history, &settings, now));
	now += 10;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_int_lt(facts_of("d0.test")->domain.forgotten, now);
	ck_assert(floor_holds(&facts_of("d0.test")->domain.history, &settings, now));
}
END_TEST

/*
 * What never was.
 */

static void put_never_was(const char *key, const struct domain_facts *more)
{
	struct ledger_txn *txn = ledger_begin_write(prober.ledger);
	struct domain_facts domain = *more;

	domain.mx.fresh = (struct freshness){ .failed = NOW - 60, .expires = NOW };
	ck_assert(ledger_put_domain(txn, key, &domain));
	ck_assert(ledger_commit(txn));
}

/* `last_tls`: when the host showed TLS, to another domain. */
static void put_never_was_at(const char *key, const char *host, int64_t last_tls)
{
	const struct host_facts facts = { .history = { .first_tls = last_tls,
						       .last_tls = last_tls } };
	struct domain_facts domain = { .mx = { .state = MX_FOUND, .count = 1 } };
	struct ledger_txn *txn;

	strcpy(domain.mx.refs[0].host, host);
	put_never_was(key, &domain);
	txn = ledger_begin_write(prober.ledger);
	ck_assert(ledger_put_host(txn, host, 25, &facts));
	ck_assert(ledger_commit(txn));
}

static void put_admins_word(const char *overridden, const char *pinned)
{
	const struct override override = { .kind = OVERRIDE_MINIMUM,
					   .level = LEVEL_ENCRYPT,
					   .set = NOW,
					   .expires = NOW + 1,
					   .author = "a",
					   .reason = "r" };
	const struct pin_act pin = { .set = 1 };
	struct ledger_txn *txn = ledger_begin_write(prober.ledger);

	ck_assert(ledger_put_override(txn, overridden, &override));
	ck_assert(ledger_put_pin(txn, pinned, &pin));
	ck_assert(ledger_commit(txn));
}

static bool is_known(const char *key)
{
	struct ledger_txn *txn = ledger_begin_read(prober.ledger);
	struct domain_facts domain;
	enum lookup found = ledger_get_domain(txn, key, &domain);

	ck_assert_int_ne(found, LOOKUP_ERROR);
	ledger_abort(txn);
	return found == LOOKUP_FOUND;
}

static void scan_once(void)
{
	size_t before = count_of[JOB_SCAN];

	while (count_of[JOB_SCAN] == before)
		live(60, 60);
}

START_TEST(what_never_was_leaves_the_ledger)
{
	const struct domain_facts blank = { 0 };
	const struct domain_facts forgotten = { .forgotten = NOW - UTC_DAY };
	const struct domain_facts tls = { .history = { .first_tls = 1, .last_tls = 1 } };
	char *log;

	put_never_was("typo.test", &blank);
	put_never_was("[typo.test]:587", &blank);
	put_never_was("overridden.test", &blank);
	put_never_was("pinned.test", &blank);
	put_never_was("forgotten.test", &forgotten);
	put_never_was("once.test", &tls);
	put_never_was_at("neighbour.test", "mx.shared.test", NOW - 60);
	put_never_was_at("plain.test", "mx.plain.test", 0);
	put_admins_word("overridden.test", "pinned.test");
	log_open("test", LOG_LEVEL_INFO, LOG_SINK_STDERR);
	now += FRESH_FORGET - 3600;
	scan_once();
	ck_assert(is_known("typo.test"));
	now += 3600;
	capture_start();
	scan_once();
	scan_once();
	log = capture_end();
	ck_assert_uint_eq(count(log, "3 domains that never had TLS and nobody asked about"), 1);
	ck_assert_uint_eq(count(log, "that never"), 1);
	free(log);
	ck_assert_uint_eq(metrics_cells[M_NEVER_WERE], 3);
	ck_assert(!is_known("typo.test"));
	ck_assert(!is_known("plain.test"));
	ck_assert(is_known("neighbour.test"));
	ck_assert(!is_known("[typo.test]:587"));
	ck_assert(is_known("overridden.test"));
	ck_assert(is_known("pinned.test"));
	ck_assert(is_known("forgotten.test"));
	ck_assert(is_known("once.test"));
}
END_TEST

/* What a scan has named may have become somebody since. */
START_TEST(what_is_asked_about_meanwhile_stays)
{
	const struct domain_facts blank = { 0 };

	put_never_was("d0.test", &blank);
	put_never_was("d1.test", &blank);
	now += FRESH_FORGET;
	refresh_tick(prober.refresh);
	find_out(STAILQ_FIRST(&submitted));
	ck_assert_uint_eq(STAILQ_FIRST(&submitted)->scan.never.count, 2);
	look("d0.test", EFFORT_WANT, NULL);
	/* the scan is told first, then what is known of d0.test by now */
	finish_all();
	ck_assert(is_known("d0.test"));
	ck_assert(!is_known("d1.test"));
	ck_assert_uint_eq(metrics_cells[M_NEVER_WERE], 1);
}
END_TEST

START_TEST(as_many_are_begun_as_make_a_round_in_a_day)
{
	static const struct {
		size_t domains;
		int64_t rate;
	} cases[] = {
		{ 0, REFRESH_RATE_MIN },
		{ 1000000, REFRESH_RATE_MIN },
		{ 10000000, 155 },
		{ 100000000, 1544 },
		{ 200000000, REFRESH_RATE_MAX },
		{ SIZE_MAX / 2, REFRESH_RATE_MAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_int_eq(refresh_rate(cases[i].domains), cases[i].rate);
		ck_assert(cases[i].rate == REFRESH_RATE_MAX ||
			  cases[i].rate * UTC_DAY > (int64_t)cases[i].domains);
	}
}
END_TEST

/* 300 that are due: at 50 a second 250 of them when five seconds have passed, else all. */
START_TEST(the_rate_is_that_of_the_scan)
{
	for (int large = 0; large <= 1; large++) {
		struct job *job = job_new(JOB_SCAN, LANE_BACKGROUND, NULL);

		job->scan.known = large ? 10000000 : 1000;
		for (int i = 0; i < 300; i++) {
			char key[32];

			snprintf(key, sizeof(key), "d%d.%d.test", i, large);
			due_offer(&job->scan.due, DUE_MAX, key, now - i);
		}
		count_of[JOB_MX] = 0;
		refresh_advance(&prober, job);
		now += REFRESH_TICK_MS / 1000;
		refresh_go_on(prober.refresh);
		finish_all();
		ck_assert_uint_eq(count_of[JOB_MX], large ? 300 : 250);
		now += UTC_DAY / 24;
		refresh_go_on(prober.refresh);
		finish_all();
		ck_assert_uint_eq(count_of[JOB_MX], 300);
	}
}
END_TEST

/* How many of those that a scan has found are due. */
static size_t due_at(int64_t time)
{
	struct job *job = job_new(JOB_SCAN, LANE_BACKGROUND, NULL);
	size_t due;

	job->scan.ledger = prober.ledger;
	job->scan.now = time;
	job_run(NULL, job);
	due = job->scan.due.offered;
	ck_assert_uint_eq(job->scan.known, 2502);
	job_free(job);
	return due;
}

/* 2,500 names below one domain have their turn in three days; nothing of them is given up. */
START_TEST(names_without_end_are_looked_at_less_often)
{
	struct domain_facts tls = { .history = { .first_tls = 1, .last_tls = 1 },
				    .mx = { .state = MX_NXDOMAIN, .fresh.checked = NOW } };
	struct ledger_txn *txn = ledger_begin_write(prober.ledger);

	for (int i = 0; i < 2500; i++) {
		char key[48];

		snprintf(key, sizeof(key), "n%d.%d.crowd.test", i, i);
		ck_assert(ledger_put_domain(txn, key, &tls));
	}
	ck_assert(ledger_put_domain(txn, "alone.test", &tls));
	tls.sts.mode = STS_ENFORCE;
	tls.sts.fetched = NOW;
	tls.sts.until = NOW + 30 * UTC_DAY;
	tls.sts.patterns = 1;
	memcpy(tls.sts.pattern[0], "mx.test", sizeof("mx.test"));
	ck_assert(ledger_put_domain(txn, "policy.crowd.test", &tls));
	ck_assert(ledger_commit(txn));
	ck_assert_uint_eq(due_at(NOW + UTC_DAY / 2), 0);
	ck_assert_uint_eq(due_at(NOW + UTC_DAY), 2);
	ck_assert_uint_eq(due_at(NOW + 2 * UTC_DAY), 2);
	ck_assert_uint_eq(due_at(NOW + 3 * UTC_DAY), 2502);
}
END_TEST

/*
 * A fleet: ourselves and others, of which postseal-share is played here.
 */

static void put_fleet(const char *const *names, size_t count, const char *trouble)
{
	struct ledger_txn *txn = ledger_begin_write(prober.ledger);
	struct fleet_state state = { .exchanged = now };

	str_copy(state.name, sizeof(state.name), names[0]);
	str_copy(state.trouble, sizeof(state.trouble), trouble);
	ck_assert(ledger_put_fleet(txn, &state) && ledger_remove_members(txn));
	for (size_t i = 0; i < count; i++) {
		struct fleet_member member = { .seen = now };

		str_copy(member.name, sizeof(member.name), names[i]);
		ck_assert(ledger_put_member(txn, &member));
	}
	ck_assert(ledger_commit(txn));
	sightings_tick(prober.sightings);
}

static void join_fleet(void)
{
	static const char *const names[] = { "we", "they", "others" };

	put_fleet(names, ARRAY_LEN(names), "");
}

static bool get_sighting(const char *host, struct fleet_sighting *sighting)
{
	struct ledger_txn *txn = ledger_begin_read(prober.ledger);
	bool found = ledger_get_sighting(txn, host, sighting) == LOOKUP_FOUND;

	ledger_abort(txn);
	return found;
}

/* As postseal-share writes it; then the prober has its turn. */
static void say_of(const char *host, enum fleet_word word)
{
	struct fleet_sighting sighting;
	struct ledger_txn *txn;

	ck_assert(get_sighting(host, &sighting));
	sighting.word = word;
	if (word == FLEET_LOST_TOLD)
		str_copy(sighting.teller, sizeof(sighting.teller), "they");
	txn = ledger_begin_write(prober.ledger);
	ck_assert(ledger_put_sighting(txn, host, &sighting));
	ck_assert(ledger_commit(txn));
	sightings_tick(prober.sightings);
}

/* d0.test has a floor, and then its host is seen without TLS. */
static void see_it_plain(void)
{
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert(floor_holds(&facts_of("d0.test")->domain.history, &settings, now));
	now += 3600;
	join_fleet();
	world.observed = OBSERVED_PLAIN;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
}

static void nothing_plain_is_learned(void)
{
	const struct facts *facts = facts_of("d0.test");

	ck_assert_int_eq(facts->host[0].history.last_plain, 0);
	ck_assert_int_eq(facts->domain.history.last_plain, 0);
	ck_assert_int_eq(facts->host[0].last.observed, OBSERVED_PLAIN);
	ck_assert(floor_holds(&facts->domain.history, &settings, now));
	ck_assert_uint_eq(journal("mx0.test:25", "downgrade"), 0);
	ck_assert_uint_eq(journal("d0.test", "downgrade"), 0);
}

START_TEST(what_is_missing_is_first_shown_to_others)
{
	struct fleet_sighting sighting;

	see_it_plain();
	nothing_plain_is_learned();
	ck_assert(get_sighting("mx0.test:25", &sighting));
	ck_assert_int_eq(sighting.seen, now);
	ck_assert_int_eq(sighting.word, FLEET_WAITS);
	ck_assert_uint_eq(sighting.domains, 1);
	ck_assert_str_eq(sighting.domain[0], "d0.test");
	/* Seen again it is the same. */
	now += 60;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	nothing_plain_is_learned();
	ck_assert(get_sighting("mx0.test:25", &sighting));
	ck_assert_int_eq(sighting.seen, now - 60);
	sightings_tick(prober.sightings);
	nothing_plain_is_learned();
	/* And with TLS it never was. */
	world.observed = OBSERVED_TLS;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert(!get_sighting("mx0.test:25", &sighting));
	ck_assert_uint_eq(journal("*", "stripping"), 0);
}
END_TEST

START_TEST(others_see_tls_so_it_is_our_path)
{
	struct fleet_sighting sighting;

	see_it_plain();
	say_of("mx0.test:25", FLEET_OURS);
	nothing_plain_is_learned();
	ck_assert_uint_eq(journal("*", "stripping"), 1);
	ck_assert_uint_eq(metrics_cells[M_STRIPPED], 1);
	/* Neither at another host, nor the next day, nor after a restart is it told again. */
	world.observed = OBSERVED_TLS;
	look("d1.test", EFFORT_WANT, NULL);
	finish_all();
	now++;
	world.observed = OBSERVED_PLAIN;
	look("d1.test", EFFORT_PROBE, NULL);
	finish_all();
	say_of("mx1.test:25", FLEET_OURS);
	sightings_free(prober.sightings);
	prober.sightings = sightings_new(&prober);
	now += UTC_DAY;
	join_fleet();
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert(get_sighting("mx0.test:25", &sighting));
	ck_assert_int_eq(sighting.word, FLEET_WAITS);
	ck_assert(sighting.path);
	say_of("mx0.test:25", FLEET_OURS);
	nothing_plain_is_learned();
	ck_assert_uint_eq(journal("*", "stripping"), 1);
	/* Nobody answers now: what is known of our path stands. */
	now += UTC_DAY;
	join_fleet();
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	now += FLEET_SIGHTING_WAIT;
	sightings_tick(prober.sightings);
	nothing_plain_is_learned();
	/* Nor is it asked at all. */
	now += UTC_DAY;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	nothing_plain_is_learned();
	/* It ends when all have shown it again. */
	world.observed = OBSERVED_TLS;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(journal("*", "stripping-ended"), 0);
	look("d1.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert_uint_eq(journal("*", "stripping-ended"), 1);
	ck_assert_uint_eq(journal("*", "stripping"), 1);
	ck_assert_uint_eq(metrics_cells[M_STRIPPED], 0);
}
END_TEST

static void it_is_lost(size_t told)
{
	struct fleet_sighting sighting;
	const struct facts *facts = facts_of("d0.test");

	ck_assert(!get_sighting("mx0.test:25", &sighting));
	ck_assert_int_ne(facts->host[0].history.last_plain, 0);
	ck_assert_int_ne(fold_domain_downgrade_since(facts), 0);
	ck_assert(floor_holds(&facts->domain.history, &settings, now));
	ck_assert_uint_eq(journal("mx0.test:25", "downgrade"), told);
	ck_assert_uint_eq(journal("d0.test", "downgrade"), told);
	ck_assert_uint_eq(journal("*", "stripping"), 0);
	/* From here on it is known, and nobody is asked. */
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	ck_assert(!get_sighting("mx0.test:25", &sighting));
	ck_assert_uint_eq(journal("mx0.test:25", "downgrade"), told);
}

START_TEST(all_see_none_so_it_is_lost)
{
	see_it_plain();
	now += 20;
	say_of("mx0.test:25", FLEET_LOST);
	ck_assert_int_eq(facts_of("d0.test")->host[0].history.last_plain, now - 20);
	it_is_lost(1);
}
END_TEST

/* Another eye's word came in as a fact before our prober had its turn. */
START_TEST(who_is_to_tell_tells_what_it_has_heard_meanwhile)
{
	struct ledger_txn *txn;
	struct host_facts host;

	see_it_plain();
	txn = ledger_begin_write(prober.ledger);
	ck_assert_int_eq(ledger_get_host(txn, "mx0.test", 25, &host), LOOKUP_FOUND);
	fold_history(&host.history,
		     &(struct observation){ .time = now, .observed = OBSERVED_PLAIN });
	ck_assert(ledger_put_host(txn, "mx0.test", 25, &host) && ledger_commit(txn));
	say_of("mx0.test:25", FLEET_LOST);
	it_is_lost(1);
}
END_TEST

START_TEST(what_another_tells_is_not_told_here)
{
	see_it_plain();
	say_of("mx0.test:25", FLEET_LOST_TOLD);
	it_is_lost(0);
}
END_TEST

START_TEST(without_an_answer_we_are_alone)
{
	see_it_plain();
	now += FLEET_SIGHTING_WAIT - 1;
	sightings_tick(prober.sightings);
	nothing_plain_is_learned();
	now++;
	sightings_tick(prober.sightings);
	it_is_lost(1);
}
END_TEST

START_TEST(nobody_could_say_anything)
{
	see_it_plain();
	say_of("mx0.test:25", FLEET_ALONE);
	it_is_lost(1);
}
END_TEST

START_TEST(out_of_touch_we_are_alone_at_once)
{
	static const char *const names[] = { "we", "they" };

	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	now += 3600;
	put_fleet(names, 2, "the engine cannot be reached");
	world.observed = OBSERVED_PLAIN;
	look("d0.test", EFFORT_PROBE, NULL);
	finish_all();
	it_is_lost(1);
}
END_TEST

static struct fleet_look ask_for(const char *host)
{
	struct ledger_txn *txn = ledger_begin_write(prober.ledger);
	struct fleet_look look = { .wanted = now };

	ck_assert(ledger_put_look(txn, host, &look));
	ck_assert(ledger_commit(txn));
	sightings_tick(prober.sightings);
	finish_all();
	sightings_tick(prober.sightings);
	txn = ledger_begin_read(prober.ledger);
	ck_assert_int_eq(ledger_get_look(txn, host, &look), LOOKUP_FOUND);
	ledger_abort(txn);
	return look;
}

START_TEST(who_is_asked_looks_at_once_and_learns_no_harm)
{
	struct fleet_sighting sighting;
	size_t looks;

	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	now += 3600;
	join_fleet();
	looks = count_of[JOB_SMTP];
	world.observed = OBSERVED_PLAIN;
	ck_assert_int_eq(ask_for("mx0.test:25").saw, FLEET_SAW_PLAIN);
	ck_assert_uint_eq(count_of[JOB_SMTP], looks + 1);
	ck_assert(!get_sighting("mx0.test:25", &sighting));
	ck_assert_int_eq(facts_of("d0.test")->host[0].history.last_plain, 0);
	/* What it showed without our names is not shown. */
	ck_assert_int_eq(facts_of("d0.test")->host[0].last.observed, OBSERVED_TLS);
	now += FLEET_SIGHTING_WAIT;
	world.observed = OBSERVED_TLS;
	ck_assert_int_eq(ask_for("mx0.test:25").saw, FLEET_SAW_TLS);
	ck_assert_int_eq(facts_of("d0.test")->host[0].history.last_tls, now);
	now += FLEET_SIGHTING_WAIT;
	world.observed = OBSERVED_UNREACHABLE;
	ck_assert_int_eq(ask_for("mx0.test:25").saw, FLEET_SAW_NOTHING);
	now += FLEET_SIGHTING_WAIT;
	world.address_fails = true;
	ck_assert_int_eq(ask_for("mx0.test:25").saw, FLEET_SAW_NOTHING);
	ck_assert_uint_eq(tasks(), 0);
}
END_TEST

START_TEST(what_others_look_at_is_left_to_them)
{
	struct fleet_view view = { .count = 2, .live = { { .name = "a" }, { .name = "b" } } };
	const struct fleet_member *best[1];
	const char *names[2] = { "a", "b" };
	size_t looks;

	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	looks = count_of[JOB_SMTP];
	now += UTC_DAY;
	/* Another tells of TLS there, an hour ago. */
	{
		struct ledger_txn *txn = ledger_begin_write(prober.ledger);
		struct host_facts host;

		ck_assert_int_eq(ledger_get_host(txn, "mx0.test", 25, &host), LOOKUP_FOUND);
		fold_history(&host.history, &(struct observation){ .time = now - 3600,
								   .observed = OBSERVED_TLS,
								   .version = 0x0304 });
		ck_assert(ledger_put_host(txn, "mx0.test", 25, &host) && ledger_commit(txn));
	}
	fleet_rank(best, 1, &view, "mx0.test:25", NULL);
	if (strcmp(best[0]->name, "a") == 0) {
		names[0] = "b";
		names[1] = "a";
	}
	put_fleet(names, 2, "");
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert_uint_eq(count_of[JOB_SMTP], looks);
	ck_assert_uint_eq(metrics_cells[M_SPARED], 1);
	/* And it is fresh, so that nobody asks all the time. */
	ck_assert_int_eq(facts_of("d0.test")->host[0].last_expires,
			 now - 3600 + FLEET_DEPUTY_AFTER);
	/* Its owner looks, and so does who was told nothing. */
	{
		const char *const turned[2] = { names[1], names[0] };

		put_fleet(turned, 2, "");
	}
	now += 25 * 3600;
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert_uint_eq(count_of[JOB_SMTP], looks + 1);
	now += 27 * 3600;
	put_fleet(names, 2, "");
	look("d0.test", EFFORT_WANT, NULL);
	finish_all();
	ck_assert_uint_eq(count_of[JOB_SMTP], looks + 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tasks");
	Suite *suite = suite_create("tasks");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, one_task_for_each_host_and_domain);
	tcase_add_test(tcase, who_goes_is_forgotten_and_the_work_goes_on);
	tcase_add_test(tcase, who_wants_more_gets_more);
	tcase_add_test(tcase, says_lost_or_busy_rather_than_lying);
	tcase_add_test(tcase, leaves_damaged_records_alone);
	tcase_add_test(tcase, hot_domains_are_fresh_before_they_are_stale);
	tcase_add_test(tcase, idle_domains_are_looked_at_daily_and_hosts_once);
	tcase_add_test(tcase, idle_hosts_are_looked_at_daily);
	tcase_add_test(tcase, a_domain_takes_its_history_along);
	tcase_add_test(tcase, failures_back_off_when_nobody_asks);
	tcase_add_test(tcase, a_clock_that_was_ahead_delays_nothing);
	tcase_add_test(tcase, failures_back_off_while_hot);
	tcase_add_test(tcase, policies_are_kept_alive);
	tcase_add_test(tcase, mx_records_without_signature_are_a_loss);
	tcase_add_test(tcase, a_policy_that_runs_out_is_told_once);
	tcase_add_test(tcase, losses_are_told_once);
	tcase_add_test(tcase, a_network_that_lies_is_not_believed);
	tcase_add_test(tcase, hosts_that_do_not_talk_go_to_the_back);
	tcase_add_test(tcase, counts_look_ups);
	tcase_add_test(tcase, counts_what_it_tells);
	tcase_add_test(tcase, checks_the_resolver);
	tcase_add_test(tcase, a_host_without_an_address_is_not_probed);
	if (!under_valgrind())
		tcase_add_test(tcase, out_of_descriptors_new_askers_wait);
	tcase_add_test(tcase, forgotten_in_a_future_that_did_not_come_is_forgotten_now);
	tcase_add_test(tcase, what_never_was_leaves_the_ledger);
	tcase_add_test(tcase, what_is_asked_about_meanwhile_stays);
	tcase_add_test(tcase, as_many_are_begun_as_make_a_round_in_a_day);
	tcase_add_test(tcase, the_rate_is_that_of_the_scan);
	tcase_add_test(tcase, names_without_end_are_looked_at_less_often);
	tcase_add_test(tcase, what_is_missing_is_first_shown_to_others);
	tcase_add_test(tcase, others_see_tls_so_it_is_our_path);
	tcase_add_test(tcase, all_see_none_so_it_is_lost);
	tcase_add_test(tcase, who_is_to_tell_tells_what_it_has_heard_meanwhile);
	tcase_add_test(tcase, what_another_tells_is_not_told_here);
	tcase_add_test(tcase, without_an_answer_we_are_alone);
	tcase_add_test(tcase, nobody_could_say_anything);
	tcase_add_test(tcase, out_of_touch_we_are_alone_at_once);
	tcase_add_test(tcase, who_is_asked_looks_at_once_and_learns_no_harm);
	tcase_add_test(tcase, what_others_look_at_is_left_to_them);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
