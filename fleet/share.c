/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet/share.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/fleet/fleet_rank.h"
#include "daemon/daemon.h"
#include "io/local/metrics_file.h"

#define LOOK_MS INT64_C(1000)   /* between looks at the outbox */
#define PULL_MS INT64_C(5000)   /* between questions for news */
#define HELLO_MS INT64_C(30000) /* between words to the others; FLEET_LIVE is thrice that */
#define SAVE_MS INT64_C(60000)  /* between notes of when all was read, if there was no news */
#define BACKOFF_MIN INT64_C(1000)
#define BACKOFF_MAX INT64_C(60000)

/*
 * Opening.
 */

static bool find_name(struct share *share)
{
	char host[256] = "";
	const char *name = share->settings->share_name;

	if (name[0] == '\0' && gethostname(host, sizeof(host) - 1) == 0)
		name = host;
	if (fleet_name_good(name, strlen(name)))
		return str_copy(share->name, sizeof(share->name), name);
	log_error(
		"share_name=%s is no name for a host that shares; set it to letters, digits, '.', "
		"'-' and '_', at most 64 of them",
		name);
	return false;
}

bool share_save(struct share *share)
{
	struct ledger_txn *txn = ledger_begin_write(share->ledger);

	if (txn == NULL)
		return false;
	if (!ledger_put_fleet(txn, &share->state)) {
		ledger_abort(txn);
		return false;
	}
	share->saved = clock_mono_ms();
	return ledger_commit(txn);
}

/* From here on the ledger notes what changes. */
static bool join(struct share *share)
{
	struct ledger_txn *txn = ledger_begin_read(share->ledger);
	enum lookup found = txn != NULL ? ledger_get_fleet(txn, &share->state) : LOOKUP_ERROR;

	ledger_abort(txn);
	/* One that cannot be read is made anew: then all is read and told once more. */
	if (found != LOOKUP_FOUND) {
		share->state = (struct fleet_state){ .sweep = true };
		if (getrandom(share->state.instance, FLEET_ID_SIZE, 0) != FLEET_ID_SIZE)
			return false;
	}
	str_copy(share->state.name, sizeof(share->state.name), share->name);
	return share_save(share);
}

struct share *share_open(const struct settings *settings)
{
	struct share *share = mem_zero(1, sizeof(*share));
	char error[LEDGER_ERROR_SIZE];

	share->settings = settings;
	share->signals = -1;
	if (settings->share[0] == '\0') {
		log_error("share is not set: name the service that leads to the PostgreSQL that "
			  "hosts share (postseal-share(8))");
		share_close(share);
		return NULL;
	}
	setenv("PGSERVICEFILE", SHARE_SERVICE_FILE, 0);
	share->ledger = ledger_open(settings->ledger, LEDGER_WRITE, error);
	if (share->ledger == NULL)
		log_error("%s", error);
	if (share->ledger != NULL && find_name(share) && join(share))
		return share;
	share_close(share);
	return NULL;
}

void share_close(struct share *share)
{
	if (share == NULL)
		return;
	engine_close(share->engine);
	ledger_close(share->ledger);
	if (share->signals >= 0)
		close(share->signals);
	free(share);
}

/*
 * Waiting.
 */

static void take_signal(struct share *share)
{
	struct signalfd_siginfo info;

	if (read(share->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		daemon_reload();
	else
		share->stop = true;
}

/* A sign of life is due more often than an engine may take. */
static int slice_of(int64_t left)
{
	long alive = daemon_alive_interval();

	if (alive > 0 && left > alive)
		left = alive;
	return (int)num_clamp(left, 0, 1000);
}

/* fd -1: only until the deadline. */
static bool wait_ready(void *context, int fd, bool writing, int64_t deadline)
{
	struct share *share = context;

	while (!share->stop) {
		short events = (short)(POLLIN | (writing ? POLLOUT : 0));
		struct pollfd polls[] = { { share->signals, POLLIN, 0 }, { fd, events, 0 } };
		int64_t left = deadline - clock_mono_ms();

		daemon_alive();
		if (left <= 0)
			return false;
		if (poll(polls, fd >= 0 ? 2 : 1, slice_of(left)) < 0 && errno != EINTR)
			return false;
		if (polls[0].revents != 0)
			take_signal(share);
		if (fd >= 0 && polls[1].revents != 0)
			return true;
	}
	return false;
}

/*
 * What goes wrong.
 */

/* Why it does not share; told when it changes. */
__attribute__((format(printf, 2, 3))) static void share_trouble(struct share *share,
								const char *format, ...)
{
	char trouble[FLEET_TROUBLE_SIZE] = "", printable[FLEET_TROUBLE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(trouble, sizeof(trouble), format, args);
	va_end(args);
	str_printable(printable, sizeof(printable), trouble, strlen(trouble));
	if (strcmp(printable, share->state.trouble) == 0)
		return;
	if (printable[0] != '\0')
		log_warning("share=%s %s", share->settings->share, printable);
	else
		log_info("share=%s all is well again", share->settings->share);
	str_copy(share->state.trouble, sizeof(share->state.trouble), printable);
	share_save(share);
}

/* Later, and not all hosts at once. */
static void back_off(struct share *share)
{
	uint32_t random = 0;

	share->backoff = num_clamp(2 * share->backoff, BACKOFF_MIN, BACKOFF_MAX);
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = 0;
	share->next_try =
		clock_mono_ms() + share->backoff / 2 + (int64_t)(random % (uint32_t)share->backoff);
}

static void lose_engine(struct share *share)
{
	metrics_set(M_SHARE_CONNECTED, 0);
	metrics_count(M_SHARE_OUTAGES);
	engine_close(share->engine);
	share->engine = NULL;
	back_off(share);
}

bool share_goes_on(struct share *share, enum engine_result result)
{
	if (result != ENGINE_LOST)
		return true;
	if (!share->stop)
		share_trouble(share, "the engine fails: %s", engine_error(share->engine));
	lose_engine(share);
	return false;
}

static bool connect_engine(struct share *share)
{
	char error[ENGINE_ERROR_SIZE];

	if (clock_mono_ms() < share->next_try)
		return false;
	share->engine = engine_open(share->settings->share, share->name, wait_ready, share, error);
	if (share->engine != NULL) {
		metrics_set(M_SHARE_CONNECTED, 1);
		log_info("share=%s name=%s connected", share->settings->share, share->name);
		share->next_hello = 0;
		share->told_tables = false;
		return true;
	}
	if (!share->stop)
		share_trouble(share, "the engine cannot be reached: %s", error);
	metrics_set(M_SHARE_CONNECTED, 0);
	back_off(share);
	return false;
}

/*
 * A turn.
 */

/* The latest batch of which something is in our ledger, or what came before it. */
static uint64_t batch_read(const struct share *share, const uint8_t **nonce)
{
	if (share->reading.under_way) {
		*nonce = share->reading.last_nonce;
		return share->reading.last;
	}
	*nonce = share->state.nonce;
	return share->state.n;
}

static bool is_batch(const struct engine_greeting *greeting, int asked, uint64_t n,
		     const uint8_t nonce[FLEET_ID_SIZE])
{
	return n == 0 || (greeting->has_asked[asked] &&
			  memcmp(nonce, greeting->asked_nonce[asked], FLEET_ID_SIZE) == 0);
}

/*
 * Are the batches that we read, and told, last still those? Else a backup was restored
 * there, or it is another one.
 */
static bool is_known_engine(const struct share *share)
{
	const struct engine_greeting *greeting = &share->greeting;
	const struct fleet_state *state = &share->state;
	const uint8_t *nonce;
	uint64_t n = batch_read(share, &nonce);

	return memcmp(state->epoch, greeting->epoch, FLEET_ID_SIZE) == 0 &&
	       is_batch(greeting, 0, n, nonce) &&
	       is_batch(greeting, 1, state->told, state->told_nonce);
}

static bool meet_engine(struct share *share)
{
	static const uint8_t never[FLEET_ID_SIZE];
	struct fleet_state *state = &share->state;

	if (is_known_engine(share))
		return true;
	if (memcmp(state->epoch, never, FLEET_ID_SIZE) != 0)
		log_warning("share=%s is another database than before, or was restored from a "
			    "backup: all is read and told anew",
			    share->settings->share);
	memcpy(state->epoch, share->greeting.epoch, FLEET_ID_SIZE);
	state->n = 0;
	state->told = 0;
	state->sweep = true;
	share->sweep.kind = ENTRY_HEADER;
	share->reading.under_way = false;
	return share_save(share);
}

static int64_t clock_off(const struct share *share)
{
	int64_t off = clock_wall() - share->greeting.now;

	metrics_set(M_SHARE_CLOCK, (uint64_t)(off < 0 ? -off : off));
	return off;
}

/* Said once to each connection; all else goes on. */
static void note_tables(struct share *share)
{
	if (!share->greeting.counts && !share->told_tables)
		log_warning("share=%s its tables are of an older postseal: let its admin install "
			    "postseal-share.sql of this version (postseal-share(8))",
			    share->settings->share);
	share->told_tables = true;
}

void share_count_behind(const struct share *share)
{
	uint64_t n = share->reading.under_way ? share->reading.place.n : share->state.n;

	metrics_set(M_SHARE_BEHIND, share->greeting.n > n ? share->greeting.n - n : 0);
}

static bool greet(struct share *share)
{
	const uint8_t *nonce;
	const uint64_t asked[ENGINE_ASKED] = { batch_read(share, &nonce), share->state.told };
	enum engine_result result = engine_greet(share->engine, asked, &share->greeting);

	if (result != ENGINE_DONE)
		return share_goes_on(share, ENGINE_LOST);
	note_tables(share);
	share_count_behind(share);
	if (share->greeting.acts != share->state.acts) {
		share->state.acts = share->greeting.acts;
		log_info("share=%s this host %s acts of admins", share->settings->share,
			 share->state.acts ? "may share" : "takes, but may not share,");
		if (!share_save(share))
			return false;
	}
	return meet_engine(share);
}

struct members {
	size_t count;
	struct fleet_member list[FLEET_MEMBERS_MAX];
};

static bool add_member(void *context, const struct fleet_member *member)
{
	struct members *members = context;

	if (members->count < FLEET_MEMBERS_MAX)
		members->list[members->count++] = *member;
	return true;
}

static bool write_members(struct share *share, const struct members *members)
{
	struct ledger_txn *txn = ledger_begin_write(share->ledger);
	bool good = txn != NULL && ledger_remove_members(txn);
	uint64_t live = 0;

	for (size_t i = 0; i < members->count && good; i++) {
		live += members->list[i].seen >= share->greeting.now - FLEET_LIVE;
		good = ledger_put_member(txn, &members->list[i]);
	}
	metrics_set(M_SHARE_MEMBERS, live);
	if (good)
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

/* Who the others are, for `postseal fleet`. */
static bool read_members(struct share *share)
{
	struct members *members = mem_zero(1, sizeof(*members));
	enum engine_result result = engine_members(share->engine, add_member, members);
	bool good = result == ENGINE_DONE ? write_members(share, members)
					  : share_goes_on(share, result);

	free(members);
	return good;
}

/* Tells the others that we are there; finds out whether we are the only one of our name. */
static bool say_hello(struct share *share)
{
	struct fleet_member self = { .n = share->state.n };
	struct ledger_txn *txn;
	enum engine_result result;

	if (clock_mono_ms() < share->next_hello)
		return true;
	txn = ledger_begin_read(share->ledger);
	if (txn == NULL)
		return false;
	ledger_measure_member(txn, &self);
	ledger_abort(txn);
	str_copy(self.name, sizeof(self.name), share->name);
	str_copy(self.version, sizeof(self.version), POSTSEAL_VERSION);
	memcpy(self.instance, share->state.instance, FLEET_ID_SIZE);
	result = engine_tell_member(share->engine, &self, share->greeting.counts, &share->twice);
	share->nameless = result == ENGINE_REFUSED;
	if (share->nameless)
		str_copy(share->refusal, sizeof(share->refusal), engine_error(share->engine));
	else if (result != ENGINE_DONE)
		return share_goes_on(share, result);
	share->next_hello = clock_mono_ms() + HELLO_MS;
	return read_members(share);
}

/* What is read is good whatever is wrong with us; what we say may not be. */
static bool may_tell(struct share *share)
{
	int64_t off = clock_off(share);

	if (!share->greeting.facts)
		share_trouble(share, "the engine does not take what this host tells: its login "
				     "needs the role postseal_mx; it only reads");
	else if (off > FLEET_CLOCK_OFF || off < -FLEET_CLOCK_OFF)
		share_trouble(share,
			      "this machine's clock is %lld seconds %s the engine's: it only "
			      "reads until that is mended",
			      (long long)(off < 0 ? -off : off), off < 0 ? "behind" : "ahead of");
	else if (share->twice)
		share_trouble(share,
			      "another host shares as %s: it only reads; set share_name to "
			      "another name on one of them",
			      share->name);
	else if (share->nameless)
		share_trouble(share,
			      "the engine does not let it share as %s: %s; it only reads; set "
			      "share_name to another name, or give each host a login of its own",
			      share->name, share->refusal);
	else
		return true;
	return false;
}

static void count_outbox(struct share *share)
{
	struct ledger_txn *txn = ledger_begin_read(share->ledger);

	if (txn != NULL) {
		metrics_set(METRIC1(SHARE_WAITING, LEDGER_BOX_NOW),
			    ledger_outbox_count(txn, LEDGER_BOX_NOW));
		metrics_set(METRIC1(SHARE_WAITING, LEDGER_BOX_LATER),
			    ledger_outbox_count(txn, LEDGER_BOX_LATER));
	}
	ledger_abort(txn);
	if (share->pulled != 0)
		metrics_set(M_SHARE_LAG, (uint64_t)((clock_mono_ms() - share->pulled) / 1000));
}

static bool is_anything_due(struct share *share)
{
	struct ledger_txn *txn;
	/* A sweep is in no box. */
	bool due = share->more || clock_mono_ms() >= share->next_pull;

	if (due || clock_mono_ms() < share->next_push)
		return due;
	txn = ledger_begin_read(share->ledger);
	due = txn != NULL && (ledger_outbox_count(txn, LEDGER_BOX_NOW) > 0 || eyes_wait(txn));
	ledger_abort(txn);
	return due;
}

static bool pull(struct share *share)
{
	if (!pull_all(share))
		return false;
	share->pulled = clock_mono_ms();
	share->next_pull = share->pulled + PULL_MS;
	return true;
}

static void turn(struct share *share)
{
	int64_t began = clock_mono_us();

	if (share->engine == NULL && !connect_engine(share))
		return;
	if (!is_anything_due(share))
		return;
	share->more = false;
	if (!greet(share) || !pull(share) || !say_hello(share))
		return;
	if (may_tell(share)) {
		if (!eyes_meet(share) || !push_some(share, &share->more))
			return;
		share_trouble(share, "%s", "");
	}
	share->backoff = 0;
	metrics_observe(SHARE_TIME, 0, clock_mono_us() - began, 1);
	if (clock_mono_ms() >= share->saved + SAVE_MS)
		share_save(share);
}

/* An admin may have moved another ledger to the place of ours. */
static bool ledger_is_ours(struct share *share)
{
	if (!ledger_is_replaced(share->ledger))
		return true;
	log_error("ledger=%s is another one now; starting anew", share->settings->ledger);
	return false;
}

int share_serve(struct share *share)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	share->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (share->signals < 0) {
		log_error("cannot listen for signals: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	while (!share->stop) {
		if (!ledger_is_ours(share))
			return EXIT_FAILURE;
		turn(share);
		count_outbox(share);
		wait_ready(share, -1, false, clock_mono_ms() + (share->more ? 1 : LOOK_MS));
	}
	return EXIT_SUCCESS;
}
