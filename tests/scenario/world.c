/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/scenario/world.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/policy/fold.h"
#include "core/record/record.h"

#define DNS_TTL 3600

void world_init(struct world *world, const char *nexthop, int64_t now)
{
	memset(world, 0, sizeof(*world));
	world->now = now;
	settings_init(&world->settings);
	nexthop_parse(&world->facts.nexthop, nexthop, strlen(nexthop));
}

void world_free(struct world *world)
{
	settings_free(&world->settings);
}

static void good(struct world *world, struct freshness *fresh)
{
	*fresh = (struct freshness){ .checked = world->now, .expires = world->now + DNS_TTL };
}

static void failed(struct world *world, struct freshness *fresh)
{
	if (fresh->failed == 0)
		fresh->failed = world->now;
	fresh->expires = world->now + DNS_TTL;
}

static struct world_host *find(struct world *world, const char *name)
{
	for (size_t i = 0; i < world->hosts; i++)
		if (strcmp(world->host[i].name, name) == 0)
			return &world->host[i];
	return NULL;
}

struct host_facts *world_host(struct world *world, const char *name)
{
	struct world_host *host = find(world, name);

	return host != NULL ? &host->facts : NULL;
}

static struct world_host *find_or_add(struct world *world, const char *name)
{
	struct world_host *host = find(world, name);

	if (host != NULL || world->hosts == WORLD_HOSTS_MAX)
		return host;
	host = &world->host[world->hosts++];
	snprintf(host->name, sizeof(host->name), "%s", name);
	return host;
}

/* The facts see the hosts that are MX now, as the ledger would put them together. */
static void gather(struct world *world)
{
	for (size_t i = 0; i < world->facts.domain.mx.count; i++)
		world->facts.host[i] = *world_host(world, world->facts.domain.mx.refs[i].host);
}

static void learn(struct world *world)
{
	gather(world);
	fold_domain(&world->facts, &world->settings);
}

void world_mx(struct world *world, enum mx_state state, bool secure, const char *const *names,
	      size_t count)
{
	struct mx_facts *mx = &world->facts.domain.mx;

	learn(world); /* what the old hosts showed is kept, see fold.h */
	mx->state = state;
	mx->secure = secure;
	mx->count = 0;
	mx->truncated = count > MX_MAX;
	good(world, &mx->fresh);
	for (size_t i = 0; i < count && i < MX_MAX; i++) {
		struct mx_ref *ref = &mx->refs[mx->count];

		if (find_or_add(world, names[i]) == NULL)
			continue;
		ref->preference = (uint16_t)(10 * (i + 1));
		snprintf(ref->host, sizeof(ref->host), "%s", names[i]);
		mx->count++;
	}
	learn(world);
}

void world_mx_failed(struct world *world)
{
	failed(world, &world->facts.domain.mx.fresh);
}

void world_addr(struct world *world, struct host_facts *host, enum addr_state state, bool secure)
{
	host->addr = state;
	host->addr_secure = secure;
	good(world, &host->addr_fresh);
	learn(world);
}

void world_addr_failed(struct world *world, struct host_facts *host)
{
	failed(world, &host->addr_fresh);
	learn(world);
}

void world_tlsa(struct world *world, struct host_facts *host, enum tlsa_state state)
{
	host->tlsa = state;
	host->tlsa_usable = state == TLSA_USABLE;
	host->tlsa_unusable = state == TLSA_UNUSABLE;
	/* No alias leads to it. */
	for (size_t i = 0; i < world->hosts; i++)
		if (&world->host[i].facts == host)
			memcpy(host->tlsa_base, world->host[i].name, DOMAIN_SIZE);
	good(world, &host->tlsa_fresh);
	learn(world);
}

void world_tlsa_failed(struct world *world, struct host_facts *host)
{
	failed(world, &host->tlsa_fresh);
	learn(world);
}

void world_observe(struct world *world, struct host_facts *host, const struct observation *seen)
{
	fold_host(host, seen, world->now + UTC_DAY, false);
	learn(world);
}

void world_deliver(struct world *world, const char *host)
{
	const struct observation seen = {
		.time = world->now,
		.source = SOURCE_DELIVERY,
		.observed = OBSERVED_TLS,
		.version = 0x0304,
		.cipher = "TLS_AES_256_GCM_SHA384",
	};

	struct history shown = { 0 };

	fold_history(&shown, &seen);
	fold_delivery(&world->facts.domain, &world->settings, host, &shown);
}

void world_observe_stripped(struct world *world, struct host_facts *host)
{
	const struct observation seen = {
		.time = world->now,
		.source = SOURCE_PROBE,
		.observed = OBSERVED_PLAIN,
	};

	fold_host(host, &seen, world->now + UTC_DAY, true);
	learn(world);
}

void world_certificate(struct world *world, struct host_facts *host, int byte,
		       enum verified verified)
{
	host->last.has_spki = true;
	memset(host->last.spki, byte, SPKI_SIZE);
	host->last.verified = verified;
	learn(world);
}

void world_forget(struct world *world)
{
	int64_t seen = 0;

	for (size_t i = 0; i < world->hosts; i++)
		acts_forget_host(&world->host[i].facts, world->now, &seen);
	acts_forget_domain(&world->facts.domain, world->now, seen);
	gather(world);
}

static bool restart_host(struct host_facts *host)
{
	struct buf bytes = { 0 };
	struct buf again = { 0 };
	struct host_facts copy;
	bool same;

	record_put_host(&bytes, host);
	same = record_get_host(&copy, bytes.data, bytes.len);
	if (same) {
		record_put_host(&again, &copy);
		same = again.len == bytes.len && memcmp(again.data, bytes.data, bytes.len) == 0;
		*host = copy;
	}
	buf_free(&bytes);
	buf_free(&again);
	return same;
}

static bool restart_domain(struct domain_facts *domain)
{
	static struct domain_facts copy;
	struct buf bytes = { 0 };
	struct buf again = { 0 };
	bool same;

	record_put_domain(&bytes, domain);
	same = record_get_domain(&copy, bytes.data, bytes.len);
	if (same) {
		record_put_domain(&again, &copy);
		same = again.len == bytes.len && memcmp(again.data, bytes.data, bytes.len) == 0;
		*domain = copy;
	}
	buf_free(&bytes);
	buf_free(&again);
	return same;
}

bool world_restart(struct world *world)
{
	bool same = restart_domain(&world->facts.domain);

	for (size_t i = 0; i < world->hosts; i++)
		same = restart_host(&world->host[i].facts) && same;
	gather(world);
	return same;
}
