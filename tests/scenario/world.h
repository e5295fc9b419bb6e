/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world - the facts about one next hop as a test tells them, step by step, and
 * the real core that learns from them and decides. No network, no clock, no
 * ledger; a "restart" sends every record through its bytes and back.
 */
#ifndef POSTSEAL_TESTS_WORLD_H
#define POSTSEAL_TESTS_WORLD_H

#include "core/policy/decide.h"
#include "core/facts/facts.h"
#include "core/settings/settings.h"

#define WORLD_HOSTS_MAX 64

struct world_host {
	char name[DOMAIN_SIZE];
	struct host_facts facts;
};

struct world {
	int64_t now;
	struct settings settings;
	struct facts facts;
	size_t hosts;
	struct world_host host[WORLD_HOSTS_MAX]; /* all that ever were MX hosts */
};

void world_init(struct world *world, const char *nexthop, int64_t now);
void world_free(struct world *world);

/* The MX look-up ended so; names[0..count) are the hosts, in order of preference. */
void world_mx(struct world *world, enum mx_state state, bool secure, const char *const *names,
	      size_t count);
void world_mx_failed(struct world *world);

/* NULL where there is no such host. */
struct host_facts *world_host(struct world *world, const char *name);

void world_addr(struct world *world, struct host_facts *host, enum addr_state state, bool secure);
void world_addr_failed(struct world *world, struct host_facts *host);
void world_tlsa(struct world *world, struct host_facts *host, enum tlsa_state state);
void world_tlsa_failed(struct world *world, struct host_facts *host);
void world_observe(struct world *world, struct host_facts *host, const struct observation *seen);
/* Mail for the domain went over TLS to this host, which need not be known. */
void world_deliver(struct world *world, const char *host);
/* PLAIN, while our own network is suspected (strip_guard.h). */
void world_observe_stripped(struct world *world, struct host_facts *host);
/* What the certificate was like in the probe just observed: its digest is `byte` throughout. */
void world_certificate(struct world *world, struct host_facts *host, int byte,
		       enum verified verified);
void world_forget(struct world *world);

/* False when a record does not survive its own encoding. */
bool world_restart(struct world *world);

#endif
