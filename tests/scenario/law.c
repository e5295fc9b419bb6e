/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random histories of facts, faults, restarts and clock steps against the law:
 * for one domain, an answer is never weaker than its floor, and the floor falls
 * only by an admin's act, nor is there one in what the prober forgets. And: folding the same observations in any order, any
 * number of times, or in two halves that are merged, leaves the same bytes. And:
 * the gist of the records, from which look-ups are answered, says what all of them say.
 *
 * Usage: law HISTORIES [SEED]. A failure names the seed of its history, so that
 * `law 1 SEED` plays it again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utc.h"
#include "core/policy/floor.h"
#include "core/policy/fold.h"
#include "core/policy/freshness.h"
#include "core/record/record.h"
#include "core/policy/reply.h"
#include "core/policy/survey.h"
#include "tests/scenario/world.h"

#define STEPS 40
#define HOST_NAMES 5
#define OBSERVATIONS_MAX 64

/* splitmix64: small, and the same on every machine. */
static uint64_t random_state;

static uint64_t random_next(void)
{
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned pick(unsigned below)
{
	return (unsigned)(random_next() % below);
}

static const char *const names[HOST_NAMES] = { "a.example.com", "b.example.com", "c.example.net",
					       "d.example.org", "example.com" };

static struct host_facts *any_host(struct world *world)
{
	return world->hosts > 0 ? &world->host[pick((unsigned)world->hosts)].facts : NULL;
}

static void random_mx(struct world *world)
{
	static const enum mx_state states[] = { MX_FOUND,    MX_FOUND, MX_FOUND,
						MX_IMPLICIT, MX_NULL,  MX_NXDOMAIN };
	enum mx_state state = states[pick(6)];
	const char *hosts[HOST_NAMES];
	unsigned first = pick(HOST_NAMES);
	unsigned count = state == MX_FOUND ? 1 + pick(3) : state == MX_IMPLICIT ? 1 : 0;

	for (unsigned i = 0; i < count; i++)
		hosts[i] = names[(first + i) % HOST_NAMES];
	world_mx(world, state, pick(2) != 0, hosts, count);
}

static void random_observation(struct world *world, struct observation *seen)
{
	static const char *const ciphers[] = { "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
					       "ECDHE-RSA-AES256-GCM-SHA384" };

	*seen = (struct observation){
		.time = world->now,
		.source = pick(2) ? SOURCE_PROBE : SOURCE_DELIVERY,
		.observed = (enum observed)(1 + pick(4)),
	};
	if (seen->observed == OBSERVED_TLS) {
		seen->version = (uint16_t)(0x0301 + pick(4));
		snprintf(seen->cipher, sizeof(seen->cipher), "%s", ciphers[pick(3)]);
	}
}

static void random_host_fact(struct world *world, struct host_facts *host)
{
	struct observation seen;

	switch (pick(6)) {
	case 0:
		world_addr(world, host, pick(4) ? ADDR_FOUND : ADDR_NONE, pick(2) != 0);
		return;
	case 1:
		world_addr_failed(world, host);
		return;
	case 2:
		world_tlsa(world, host, (enum tlsa_state)(1 + pick(3)));
		return;
	case 3:
		world_tlsa_failed(world, host);
		return;
	default:
		random_observation(world, &seen);
		world_observe(world, host, &seen);
	}
}

static void random_sts(struct world *world)
{
	struct sts_facts *sts = &world->facts.domain.sts;

	if (pick(3) == 0) {
		sts->fresh.failed = world->now;
		return;
	}
	*sts = (struct sts_facts){ .mode = (enum sts_mode)(1 + pick(3)),
				   .id = "1",
				   .fetched = world->now,
				   .max_age = 1 + pick(400000),
				   .patterns = 1,
				   .pattern = { "*.example.com" } };
	sts->until = sts->fetched + sts->max_age;
	sts->fresh = (struct freshness){ .checked = world->now, .expires = world->now + 3600 };
}

static void random_clock_step(struct world *world)
{
	static const int64_t steps[] = {
		0, 1, 59, 3600, UTC_DAY, 10 * UTC_DAY, 3653 * UTC_DAY, -3600, -3653 * UTC_DAY
	};

	world->now += steps[pick(9)];
	if (world->now < 1)
		world->now = 1;
}

/* True when the step was an admin's, who alone may lower a floor. */
static bool random_step(struct world *world)
{
	struct host_facts *host = any_host(world);

	switch (pick(12)) {
	case 0:
	case 1:
		random_mx(world);
		return false;
	case 2:
		world_mx_failed(world);
		return false;
	case 3:
		random_sts(world);
		return false;
	case 4:
		random_clock_step(world);
		return false;
	case 5:
		if (!world_restart(world)) {
			printf("a record does not survive its encoding\n");
			exit(EXIT_FAILURE);
		}
		return false;
	case 6:
		if (pick(8) != 0)
			return false;
		world_forget(world);
		return true;
	default:
		if (host != NULL)
			random_host_fact(world, host);
		return false;
	}
}

/* No weaker than the floor: mail waits, or TLS is sure whatever Postfix finds in DNS. */
static bool lawful(const struct decision *d)
{
	return d->verdict == VERDICT_TEMP || (d->guaranteed && d->level != LEVEL_DANE);
}

static bool check_maps(const struct world *world)
{
	static const struct {
		enum map map;
		enum level least;
	} maps[] = { { MAP_POLICY_ENCRYPT, LEVEL_ENCRYPT },
		     { MAP_POLICY_AUTHENTICATED, LEVEL_SECURE },
		     { MAP_POLICY_VERIFY, LEVEL_FINGERPRINT },
		     { MAP_POLICY_DANE_ONLY, LEVEL_DANE_ONLY } };
	struct decision d;

	for (size_t i = 0; i < 4; i++) {
		decide_for_map(&d, &world->settings, &world->facts, maps[i].map, world->now);
		/* It waits for MTA-STS: a level that fails would send the mail back. */
		if (maps[i].map == MAP_POLICY_AUTHENTICATED && d.verdict == VERDICT_TEMP)
			continue;
		if (d.verdict != VERDICT_POLICY || d.level < maps[i].least || !d.guaranteed)
			return false;
	}
	return true;
}

/* A minimum is no word by which an admin could lower anything. */
static bool minimums_only_raise(struct world *world, const struct decision *without)
{
	struct override *override = &world->facts.override;
	struct decision d;
	bool good = true;

	for (enum level level = LEVEL_NONE; good && level <= LEVEL_DANE_ONLY; level++) {
		*override = (struct override){ .kind = OVERRIDE_MINIMUM, .level = level };
		decide(&d, &world->settings, &world->facts, world->now);
		good = d.verdict == VERDICT_TEMP ||
		       (d.level >= level && d.guaranteed >= without->guaranteed) ||
		       (level == LEVEL_DANE && d.guaranteed);
	}
	*override = (struct override){ .kind = OVERRIDE_NONE };
	return good;
}

static bool read_host(struct host_facts *out, const struct host_facts *host, bool whole)
{
	struct buf bytes = { 0 };
	bool ok;

	record_put_host(&bytes, host);
	ok = whole ? record_get_host(out, bytes.data, bytes.len)
		   : record_get_host_gist(out, bytes.data, bytes.len);
	buf_free(&bytes);
	return ok;
}

/* As ledger_get_gist reads it, with something else wherever nothing is promised. */
static bool read_gist(struct facts *out, const struct facts *facts)
{
	struct buf bytes = { 0 };
	bool ok;

	memset(&out->domain, pick(2) ? 0x55 : 0xff, sizeof(out->domain));
	memset(out->host, pick(2) ? 0x55 : 0xff, sizeof(out->host));
	out->nexthop = facts->nexthop;
	out->override = facts->override;
	out->pins = facts->pins;
	record_put_domain(&bytes, &facts->domain);
	ok = record_get_domain_gist(&out->domain, bytes.data, bytes.len);
	buf_free(&bytes);
	for (size_t i = 0; ok && i < out->domain.mx.count; i++)
		ok = read_host(&out->host[i], &facts->host[i], floor_counts_moments(&out->domain));
	return ok;
}

static bool same_decision(const struct decision *a, const struct decision *b)
{
	return a->rule == b->rule && a->under == b->under && a->verdict == b->verdict &&
	       a->level == b->level && a->floor == b->floor && a->guaranteed == b->guaranteed &&
	       a->settled == b->settled && a->stale == b->stale &&
	       strcmp(a->reason, b->reason) == 0;
}

static bool same_reply(const struct decision *decision, const struct facts *a,
		       const struct facts *b)
{
	struct buf one = { 0 }, two = { 0 };
	bool same;

	reply_policy(&one, decision, a, true);
	reply_policy(&two, decision, b, true);
	same = strcmp(buf_cstr(&one), buf_cstr(&two)) == 0;
	buf_free(&one);
	buf_free(&two);
	return same;
}

static bool gist_says_the_same(const struct world *world)
{
	static struct facts gist;
	struct decision whole, by_gist;

	if (!read_gist(&gist, &world->facts))
		return false;
	for (enum map map = MAP_POLICY; map_is_policy(map); map++) {
		decide_for_map(&whole, &world->settings, &world->facts, map, world->now);
		decide_for_map(&by_gist, &world->settings, &gist, map, world->now);
		if (!same_decision(&whole, &by_gist) || !same_reply(&whole, &world->facts, &gist))
			return false;
	}
	return true;
}

/* Has the domain said itself, by MTA-STS, that nothing may be sent to it in the clear? */
static bool forbids_plain(const struct world *world)
{
	struct survey survey;

	survey_facts(&survey, &world->settings, &world->facts, world->now);
	return survey.sts_enforced;
}

static bool history_obeys(uint64_t seed)
{
	static struct world world;
	struct decision d;
	bool floor = false;
	bool ok = true;

	random_state = seed;
	world_init(&world, "example.com", INT64_C(1767225600));
	world.settings.mixed_mx = pick(2) ? MIXED_MX_STRICT : MIXED_MX_LENIENT;
	world.settings.learn_after_successes = 1 + pick(3);
	world.settings.learn_after_days = pick(3);
	for (unsigned step = 0; ok && step < STEPS; step++) {
		if (random_step(&world))
			floor = false;
		decide(&d, &world.settings, &world.facts, world.now);
		if ((floor && !d.floor) || ((d.floor || forbids_plain(&world)) && !lawful(&d)) ||
		    !check_maps(&world)) {
			printf("seed %" PRIu64
			       ", step %u: floor %d then %d, rule %d (%d), level %s\n",
			       seed, step, floor, d.floor, d.rule, d.under, level_name(d.level));
			ok = false;
		}
		if (!minimums_only_raise(&world, &d)) {
			printf("seed %" PRIu64 ", step %u: a minimum lowers the answer\n", seed,
			       step);
			ok = false;
		}
		if (!gist_says_the_same(&world)) {
			printf("seed %" PRIu64 ", step %u: the gist of it says something else\n",
			       seed, step);
			ok = false;
		}
		floor = d.floor;
		if (freshness_forgettable(&world.facts.domain, world.now))
			memset(&world.facts.domain, 0, sizeof(world.facts.domain));
	}
	world_free(&world);
	return ok;
}

static bool same_bytes(const struct history *a, const struct history *b)
{
	struct host_facts first = { .history = *a };
	struct host_facts second = { .history = *b };
	struct buf one = { 0 };
	struct buf two = { 0 };
	bool same;

	record_put_host(&one, &first);
	record_put_host(&two, &second);
	same = one.len == two.len && memcmp(one.data, two.data, one.len) == 0;
	buf_free(&one);
	buf_free(&two);
	return same;
}

static bool folding_commutes(uint64_t seed)
{
	struct world clock = { .now = INT64_C(1767225600) };
	struct observation seen[OBSERVATIONS_MAX];
	struct history in_order = { 0 }, shuffled = { 0 }, first_half = { 0 }, second_half = { 0 };
	unsigned count;

	random_state = ~seed;
	count = 1 + pick(OBSERVATIONS_MAX);
	for (unsigned i = 0; i < count; i++) {
		clock.now = INT64_C(1767225600) + pick(60) * (UTC_DAY / 4) + pick(3);
		random_observation(&clock, &seen[i]);
		fold_history(&in_order, &seen[i]);
		fold_history(i % 2 ? &first_half : &second_half, &seen[i]);
	}
	for (unsigned i = count; i-- > 0;) {
		unsigned other = pick(i + 1);
		struct observation swap = seen[i];

		seen[i] = seen[other];
		seen[other] = swap;
	}
	for (unsigned i = 0; i < 2 * count; i++) /* each of them twice */
		fold_history(&shuffled, &seen[i % count]);
	fold_merge(&second_half, &first_half);
	if (same_bytes(&in_order, &shuffled) && same_bytes(&in_order, &second_half))
		return true;
	printf("seed %" PRIu64 ": folding depends on order\n", seed);
	return false;
}

int main(int argc, char **argv)
{
	uint64_t histories = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	unsigned failed = 0;

	for (uint64_t i = 0; i < histories && failed < 10; i++)
		failed +=
			(unsigned)!history_obeys(seed + i) + (unsigned)!folding_commutes(seed + i);
	printf("%" PRIu64 " random histories of %d steps\n", histories, STEPS);
	printf("%d passed, %u failed\n", failed == 0 ? 2 : 0, failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
