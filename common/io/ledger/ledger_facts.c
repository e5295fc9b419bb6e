/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_facts.h"

#include <string.h>

#include "core/policy/override.h"
#include "core/policy/floor.h"
#include "io/ledger/ledger_store.h"

/* FOUND if either look-up found something; ERROR if either could not tell. */
static enum lookup either(enum lookup a, enum lookup b)
{
	if (a == LOOKUP_ERROR || b == LOOKUP_ERROR)
		return LOOKUP_ERROR;
	return a == LOOKUP_FOUND || b == LOOKUP_FOUND ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

/* The one that governs (core/policy/override.h). Most ledgers hold none. */
static enum lookup get_override(struct ledger_txn *txn, const struct nexthop *nexthop, int64_t now,
				struct override *out)
{
	enum lookup any = LOOKUP_ABSENT;
	struct override found;

	memset(out, 0, sizeof(*out));
	if (ledger_holds_none(txn, LEDGER_OVERRIDE))
		return LOOKUP_ABSENT;
	for (const char *key = override_key(nexthop, NULL); key != NULL;
	     key = override_key(nexthop, key)) {
		enum lookup got = ledger_get_override(txn, key, &found);

		any = either(any, got);
		if (got == LOOKUP_ERROR ||
		    (got == LOOKUP_FOUND && override_offer(out, &found, now)))
			break;
	}
	return any;
}

static enum lookup get_hosts(struct ledger_txn *txn, uint16_t port, struct facts *facts)
{
	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		if (ledger_get_host(txn, facts->domain.mx.refs[i].host, port, &facts->host[i]) ==
		    LOOKUP_ERROR)
			return LOOKUP_ERROR;
	}
	return LOOKUP_FOUND;
}

static enum lookup get_hosts_gist(struct ledger_txn *txn, struct ledger_hosts *hosts, uint16_t port,
				  struct facts *facts)
{
	if (floor_counts_moments(&facts->domain))
		return get_hosts(txn, port, facts);
	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		if (ledger_hosts_get(hosts, txn, facts->domain.mx.refs[i].host, port,
				     &facts->host[i]) == LOOKUP_ERROR)
			return LOOKUP_ERROR;
	}
	return LOOKUP_FOUND;
}

/* What else there is about a next hop, when its domain and hosts have been looked up. */
static enum lookup get_admins_word(struct ledger_txn *txn, const struct nexthop *nexthop,
				   int64_t now, bool pins, enum lookup found, struct facts *out)
{
	found = either(found, get_override(txn, nexthop, now, &out->override));
	if (!pins && out->override.level != LEVEL_FINGERPRINT) {
		memset(&out->pins, 0, sizeof(out->pins));
		return found;
	}
	return either(found, ledger_get_pins(txn, nexthop->key, &out->pins));
}

enum lookup ledger_get_facts(struct ledger_txn *txn, const struct nexthop *nexthop,
			     uint16_t default_port, int64_t now, struct facts *out)
{
	enum lookup found;

	out->nexthop = *nexthop;
	found = ledger_get_domain(txn, nexthop->key, &out->domain);
	if (found == LOOKUP_FOUND)
		found = get_hosts(txn, nexthop_port(nexthop, default_port), out);
	return get_admins_word(txn, nexthop, now, true, found, out);
}

enum lookup ledger_get_gist(struct ledger_txn *txn, struct ledger_hosts *hosts,
			    const struct nexthop *nexthop, uint16_t default_port, int64_t now,
			    bool pins, struct facts *out)
{
	enum lookup found;

	out->nexthop = *nexthop;
	found = ledger_get_domain_gist(txn, nexthop->key, &out->domain);
	if (found == LOOKUP_FOUND)
		found = get_hosts_gist(txn, hosts, nexthop_port(nexthop, default_port), out);
	return get_admins_word(txn, nexthop, now, pins, found, out);
}

/*
 * Its hosts are to be looked at anew, or a provider that still has TLS would go
 * without its floor until tomorrow.
 */
bool ledger_make_hosts_due(struct ledger_txn *txn, const char *key, uint16_t default_port,
			   const struct mx_facts *mx)
{
	struct nexthop nexthop;
	struct host_facts host;
	uint16_t port;

	if (nexthop_parse(&nexthop, key, strlen(key)) != NEXTHOP_OK)
		return true;
	port = nexthop_port(&nexthop, default_port);
	for (size_t i = 0; i < mx->count; i++) {
		if (ledger_get_host(txn, mx->refs[i].host, port, &host) != LOOKUP_FOUND)
			continue;
		host.last_expires = 0;
		if (!ledger_put_host(txn, mx->refs[i].host, port, &host))
			return false;
	}
	return true;
}
