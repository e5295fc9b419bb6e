/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random histories of several hosts that share what they know (core/record/merge.h), over a
 * way that loses, repeats and reorders, with clocks that are off and restarts. Once all
 * has been exchanged,
 *
 *   - all hosts hold the same bytes of what is shared;
 *   - there is a floor if TLS was seen after all that was forgotten, by the dates that
 *     those who saw it and forgot it wrote down, and else there is none;
 *   - of each override, pin and exception that act holds which no other act knew of.
 *
 * What should be is reckoned from what was done, not from what was merged.
 *
 * Usage: fleet_law HISTORIES [SEED]. A failure names the seed of its history.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "core/record/merge.h"

#define START INT64_C(1767225600)
#define HOSTS_MAX 5
#define STEPS 150
#define ON_THE_WAY_MAX 200
#define ACTS_MAX 64 /* of one record in one history: bits of a word */

/* What each host holds: one domain, its MX hosts, and acts about it. */
static const struct {
	enum entry_kind kind;
	const char *key;
} kept[] = {
	{ ENTRY_DOMAIN, "example.com" },
	{ ENTRY_HOST, "a.example.com" },
	{ ENTRY_HOST, "b.example.com" },
	{ ENTRY_OVERRIDE, "example.com" },
	{ ENTRY_PIN, "example.com" },
	{ ENTRY_ALIAS, "me@secure.example.com" },
	{ ENTRY_EXCEPTION, "me@secure.example.com" },
};

#define KEPT ARRAY_LEN(kept)
#define FIRST_ACT 3

struct host {
	int64_t off; /* by how much its clock is ahead */
	struct entry entry[KEPT];
	uint64_t knows[KEPT]; /* which acts have got here, as bits */
};

struct message {
	size_t which;
	struct entry entry;
	uint64_t knows;
};

/* What was done, by the dates that were written down. */
struct done {
	int64_t latest_tls, forgotten;
	size_t acts[KEPT];
	uint64_t knew[KEPT][ACTS_MAX]; /* which acts each act came after */
};

static struct host hosts[HOSTS_MAX];
static size_t host_count;
static struct message on_the_way[ON_THE_WAY_MAX];
static size_t way_count;
static struct done done;
static int64_t now;

/* splitmix64 */
static uint64_t random_state;

static unsigned pick(unsigned below)
{
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % below);
}

static int64_t clock_of(const struct host *host)
{
	return now + host->off;
}

static void begin(uint64_t seed)
{
	static const int64_t offs[] = { 0, 0, 30, -45, -3600, 3600, 250 };

	random_state = seed;
	now = START;
	way_count = 0;
	memset(&done, 0, sizeof(done));
	memset(hosts, 0, sizeof(hosts));
	host_count = 2 + pick(HOSTS_MAX - 1);
	for (size_t h = 0; h < host_count; h++) {
		hosts[h].off = offs[pick(7)];
		for (size_t i = 0; i < KEPT; i++) {
			struct entry *entry = &hosts[h].entry[i];

			entry->kind = kept[i].kind;
			entry->port = 25;
			str_copy(entry->key, sizeof(entry->key), kept[i].key);
		}
	}
}

/*
 * What hosts do.
 */

static void observe(struct host *host)
{
	struct entry *mx = &host->entry[1 + pick(2)];
	struct domain_facts *domain = &host->entry[0].of.domain;
	struct history since;
	struct observation seen = {
		.time = clock_of(host),
		.source = SOURCE_PROBE,
		.observed = pick(2) != 0 ? OBSERVED_TLS : OBSERVED_PLAIN,
		.version = (uint16_t)(0x0301 + pick(4)),
		.cipher = "X",
	};

	fold_history(&mx->of.host.history, &seen);
	/* As fold_domain does, with what the MX hosts have shown, whoever saw it. */
	for (size_t i = 1; i <= 2; i++) {
		fold_since(&since, &host->entry[i].of.host.history, domain->forgotten);
		fold_merge(&domain->history, &since);
	}
	record_settle_history(domain);
	if (seen.observed == OBSERVED_TLS && seen.time > done.latest_tls)
		done.latest_tls = seen.time;
}

static void forget(struct host *host)
{
	struct domain_facts *domain = &host->entry[0].of.domain;
	int64_t seen = 0, before = domain->forgotten;

	for (size_t i = 1; i <= 2; i++)
		acts_forget_host(&host->entry[i].of.host, clock_of(host), &seen);
	acts_forget_domain(domain, clock_of(host), seen);
	record_settle_history(domain);
	if (domain->history.last_tls != 0 || domain->history.last_plain != 0 ||
	    domain->forgotten <= before) {
		printf("what was forgotten counts\n");
		exit(EXIT_FAILURE);
	}
	if (domain->forgotten > done.forgotten)
		done.forgotten = domain->forgotten;
}

/* The author tells which act it is. */
static void write_act(struct entry *entry, const char *author, int64_t time)
{
	bool away = pick(2) != 0;
	struct exception *exception = &entry->of.exception.exception;

	switch (entry->kind) {
	case ENTRY_OVERRIDE:
		entry->of.override =
			(struct override){ .kind = away ? OVERRIDE_NONE : OVERRIDE_EXACT,
					   .level = LEVEL_ENCRYPT };
		str_copy(entry->of.override.author, 64, author);
		break;
	case ENTRY_PIN:
		entry->of.pin = (struct pin_act){ .removed = away };
		str_copy(entry->of.pin.author, 64, author);
		break;
	case ENTRY_ALIAS:
		entry->of.alias = (struct alias){ .enabled = !away,
						  .removed = away,
						  .level = ALIAS_ENCRYPT,
						  .mailbox = "me@example.com" };
		str_copy(entry->of.alias.author, 64, author);
		break;
	default:
		*exception = (struct exception){ "@old.example", 0, 0, "", "" };
		entry->of.exception.removed = away;
		exception->expires = away ? 0 : time + 30 * UTC_DAY;
		str_copy(exception->author, 64, author);
	}
}

static const char *author_of(const struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_OVERRIDE:
		return entry->of.override.author;
	case ENTRY_PIN:
		return entry->of.pin.author;
	case ENTRY_ALIAS:
		return entry->of.alias.author;
	default:
		return entry->of.exception.exception.author;
	}
}

static void act(struct host *host)
{
	size_t which = FIRST_ACT + pick(KEPT - FIRST_ACT), number = done.acts[which];
	int64_t stamp = acts_stamp(clock_of(host), entry_stamp(&host->entry[which]));
	char author[STR_DECIMAL_SIZE];

	if (number == ACTS_MAX)
		return;
	done.acts[which]++;
	done.knew[which][number] = host->knows[which];
	host->knows[which] |= UINT64_C(1) << number;
	write_act(&host->entry[which], str_decimal(author, number), clock_of(host));
	entry_set_stamp(&host->entry[which], stamp);
}

static void restart(struct host *host)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct entry again = host->entry[i];
		struct buf bytes = { 0 };

		entry_put_record(&bytes, &host->entry[i]);
		if (i < FIRST_ACT || host->knows[i] != 0) {
			if (!entry_get_record(&again, bytes.data, bytes.len) ||
			    !entry_is_same(&again, &host->entry[i])) {
				printf("%s does not survive its encoding\n", kept[i].key);
				exit(EXIT_FAILURE);
			}
			host->entry[i] = again;
		}
		buf_free(&bytes);
	}
}

/*
 * The way between them.
 */

static bool is_something(const struct host *host, size_t which)
{
	return which < FIRST_ACT || host->knows[which] != 0;
}

/* What is dated ahead stays where it is. */
static bool may_leave(const struct entry *entry)
{
	return entry_latest(entry) <= now + ACTS_AHEAD;
}

static void send(const struct host *from, size_t which)
{
	struct message *message = &on_the_way[way_count];

	if (way_count == ON_THE_WAY_MAX || !is_something(from, which) ||
	    !may_leave(&from->entry[which]))
		return;
	*message = (struct message){ .which = which,
				     .entry = from->entry[which],
				     .knows = from->knows[which] };
	merge_reduce(&message->entry);
	way_count++;
}

static void receive(struct host *to, const struct message *message)
{
	struct entry *entry = &to->entry[message->which];

	if (is_something(to, message->which))
		merge_entry(entry, &message->entry, false);
	else
		entry->of = message->entry.of;
	to->knows[message->which] |= message->knows;
}

/* Any message, to anybody; it may come again. */
static void deliver(void)
{
	size_t at;

	if (way_count == 0)
		return;
	at = pick((unsigned)way_count);
	receive(&hosts[pick((unsigned)host_count)], &on_the_way[at]);
	if (pick(3) != 0)
		on_the_way[at] = on_the_way[--way_count];
}

static void lose(void)
{
	for (unsigned i = pick(6); i > 0 && way_count > 0; i--) {
		way_count--;
		on_the_way[pick((unsigned)way_count + 1)] = on_the_way[way_count];
	}
}

static void step(void)
{
	static const int64_t spans[] = { 0, 0, 1, 30, 600, UTC_DAY };
	struct host *host = &hosts[pick((unsigned)host_count)];

	now += spans[pick(6)];
	switch (pick(12)) {
	case 0:
	case 1:
	case 2:
		observe(host);
		return;
	case 3:
		if (pick(4) == 0)
			forget(host);
		return;
	case 4:
	case 5:
		act(host);
		return;
	case 6:
		restart(host);
		return;
	case 7:
		lose();
		return;
	case 8:
		send(host, pick(KEPT));
		return;
	case 9:
		for (size_t i = 0; i < KEPT; i++)
			send(host, i);
		return;
	default:
		for (unsigned i = pick(12); i > 0; i--)
			deliver();
	}
}

/* When all clocks are past what was written down, all goes to all, to each in an order of its own. */
static void exchange_all(void)
{
	now += 2 * UTC_DAY;
	way_count = 0;
	for (size_t h = 0; h < host_count; h++)
		for (size_t i = 0; i < KEPT; i++)
			send(&hosts[h], i);
	for (size_t to = 0; to < host_count; to++) {
		for (size_t left = way_count; left > 0; left--) {
			size_t at = pick((unsigned)left);
			struct message message = on_the_way[at];

			on_the_way[at] = on_the_way[left - 1];
			on_the_way[left - 1] = message;
			receive(&hosts[to], &message);
		}
	}
}

/*
 * What must be.
 */

static bool all_hold_the_same(void)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct entry first = hosts[0].entry[i];

		merge_reduce(&first);
		for (size_t h = 1; h < host_count; h++) {
			struct entry other = hosts[h].entry[i];

			merge_reduce(&other);
			if (hosts[h].knows[i] != hosts[0].knows[i] ||
			    (is_something(&hosts[0], i) && !entry_is_same(&first, &other))) {
				printf("%s %s differs\n", entry_kind_name(kept[i].kind),
				       kept[i].key);
				return false;
			}
		}
	}
	return true;
}

static bool floor_is_right(void)
{
	const struct domain_facts *domain = &hosts[0].entry[0].of.domain;
	bool floor = domain->history.last_tls != 0;

	if (domain->forgotten == done.forgotten && floor == (done.latest_tls > done.forgotten))
		return true;
	printf("floor %d, TLS until %" PRId64 ", forgotten %" PRId64 " and %" PRId64 "\n", floor,
	       done.latest_tls, done.forgotten, domain->forgotten);
	return false;
}

/* Whoever acted knew of what he acted on: no act may lose to one that it came after. */
static bool last_acts_hold(void)
{
	for (size_t i = FIRST_ACT; i < KEPT; i++) {
		size_t holds =
			done.acts[i] > 0 ? strtoul(author_of(&hosts[0].entry[i]), NULL, 10) : 0;

		for (size_t act = 0; act < done.acts[i]; act++) {
			if ((done.knew[i][act] >> holds & 1) == 0)
				continue;
			printf("%s: act %zu holds, and act %zu came after it\n",
			       entry_kind_name(kept[i].kind), holds, act);
			return false;
		}
	}
	return true;
}

static bool history_obeys(uint64_t seed)
{
	begin(seed);
	for (int i = 0; i < STEPS; i++)
		step();
	exchange_all();
	if (all_hold_the_same() && floor_is_right() && last_acts_hold())
		return true;
	printf("seed %" PRIu64 ", %zu hosts\n", seed, host_count);
	return false;
}

int main(int argc, char **argv)
{
	uint64_t histories = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	unsigned failed = 0;

	for (uint64_t i = 0; i < histories && failed < 10; i++)
		failed += !history_obeys(seed + i);
	printf("%" PRIu64 " random histories of up to %d hosts, %d steps\n", histories, HOSTS_MAX,
	       STEPS);
	printf("%d passed, %u failed\n", failed == 0, failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
