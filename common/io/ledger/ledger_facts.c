/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is about a next hop, put together from its records (ledger.h). */
#include "io/ledger/ledger_hosts.h"
#include "io/ledger/ledger_store.h"

#include <string.h>

#include "core/policy/decide.h"
#include "core/policy/survey.h"

/* FOUND if either look-up found something; ERROR if either could not tell. */
static enum lookup either(enum lookup a, enum lookup b)
{
	if (a == LOOKUP_ERROR || b == LOOKUP_ERROR)
		return LOOKUP_ERROR;
	return a == LOOKUP_FOUND || b == LOOKUP_FOUND ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

/* Of the nearest of these parents whose override is in force; else *out stays as it is. */
static enum lookup get_parents_override(struct ledger_txn *txn, const char *parent, int64_t now,
					enum lookup nearest, struct override *out)
{
	struct override override;

	while ((parent = strchr(parent, '.')) != NULL) {
		enum lookup found = ledger_get_override(txn, parent++, &override);
		bool in_force = found == LOOKUP_FOUND && decide_override_in_force(&override, now);

		if (in_force || nearest == LOOKUP_ABSENT)
			*out = override;
		if (in_force || found == LOOKUP_ERROR)
			return found;
		nearest = either(nearest, found);
	}
	return nearest;
}

/*
 * Its own, or else that of a parent. Postfix asks parents of plain names only, and
 * only where it was told nothing about the name itself: what an override that has
 * expired gives way to is for us to find. Each look-up comes here, and most ledgers
 * hold no override and no pins.
 */
static enum lookup get_override(struct ledger_txn *txn, const struct nexthop *nexthop, int64_t now,
				struct override *out)
{
	enum lookup found;

	if (ledger_holds_none(txn, LEDGER_OVERRIDE)) {
		memset(out, 0, sizeof(*out));
		return LOOKUP_ABSENT;
	}
	found = ledger_get_override(txn, nexthop->key, out);
	if (nexthop->kind != NEXTHOP_DOMAIN || found == LOOKUP_ERROR ||
	    (found == LOOKUP_FOUND && decide_override_in_force(out, now)))
		return found;
	return get_parents_override(txn, nexthop->name, now, found, out);
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
	if (survey_counts_moments(&facts->domain))
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
				   int64_t now, enum lookup found, struct facts *out)
{
	found = either(found, get_override(txn, nexthop, now, &out->override));
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
	return get_admins_word(txn, nexthop, now, found, out);
}

enum lookup ledger_get_gist(struct ledger_txn *txn, struct ledger_hosts *hosts,
			    const struct nexthop *nexthop, uint16_t default_port, int64_t now,
			    struct facts *out)
{
	enum lookup found;

	out->nexthop = *nexthop;
	found = ledger_get_domain_gist(txn, nexthop->key, &out->domain);
	if (found == LOOKUP_FOUND)
		found = get_hosts_gist(txn, hosts, nexthop_port(nexthop, default_port), out);
	return get_admins_word(txn, nexthop, now, found, out);
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
