/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/policy/survey.h"
#include "core/policy/floor.h"
#include "core/record/record_rows.h"
#include "io/ledger/ledger_store.h"

/* FOUND if either look-up found something; ERROR if either could not tell. */
static enum lookup either(enum lookup a, enum lookup b)
{
	if (a == LOOKUP_ERROR || b == LOOKUP_ERROR)
		return LOOKUP_ERROR;
	return a == LOOKUP_FOUND || b == LOOKUP_FOUND ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

/* The one that governs (core/policy/survey.h). Most ledgers hold none. */
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

#define ROWS 512 /* a power of two */
#define IN_ROW 2

/* What record_get_host_gist tells, without the room for all that it does not: the members
 * of the gist, one after another. */
#define GIST_BYTES(how, member, bound) +sizeof(member) /* NOLINT(bugprone-macro-parentheses) */
#define GIST_SIZE (0 HOST_GIST(GIST_BYTES, *(const struct host_facts *)NULL))

struct kept_host {
	uint64_t snapshot; /* 0: nothing is kept here */
	unsigned char gist[GIST_SIZE];
	enum lookup found; /* FOUND or ABSENT */
	uint16_t port;
	uint8_t len;
	char name[LEDGER_HOSTS_NAME_MAX];
};

/* The latest comes first. */
struct row {
	struct kept_host place[IN_ROW];
};

struct ledger_hosts {
	struct row rows[ROWS];
};

struct ledger_hosts *ledger_hosts_new(void)
{
	return mem_zero(1, sizeof(struct ledger_hosts));
}

void ledger_hosts_free(struct ledger_hosts *hosts)
{
	free(hosts);
}

static void keep(struct kept_host *place, const struct host_facts *host)
{
	unsigned char *at = place->gist;

#define KEEP(how, member, bound)               \
	memcpy(at, &(member), sizeof(member)); \
	at += sizeof(member);
	HOST_GIST(KEEP, *host)
}

static void tell(struct host_facts *host, const struct kept_host *place)
{
	const unsigned char *at = place->gist;

#define TELL(how, member, bound)               \
	memcpy(&(member), at, sizeof(member)); \
	at += sizeof(member);
	HOST_GIST(TELL, *host)
}

/*
 * Names of hosts differ at their beginning ("mx1", "mx2") or at their end. Those
 * that do not share a row, and only cost each other the time of a look-up.
 */
static struct row *row_of(struct ledger_hosts *hosts, const char *name, size_t len)
{
	uint64_t first = 0, last = 0;
	size_t n = len < sizeof(first) ? len : sizeof(first);

	memcpy(&first, name, n);
	memcpy(&last, name + len - n, n);
	first *= UINT64_C(0x9e3779b97f4a7c15);
	last = (last ^ first >> 32 ^ len) * UINT64_C(0x9e3779b97f4a7c15);
	return &hosts->rows[last >> 48 & (ROWS - 1)];
}

static bool holds(const struct kept_host *place, uint64_t snapshot, const char *name, size_t len,
		  uint16_t port)
{
	return snapshot != 0 && place->snapshot == snapshot && place->len == len &&
	       place->port == port && memcmp(place->name, name, len) == 0;
}

enum lookup ledger_hosts_get(struct ledger_hosts *hosts, struct ledger_txn *txn, const char *host,
			     uint16_t port, struct host_facts *out)
{
	uint64_t snapshot = ledger_snapshot(txn);
	size_t len = strlen(host);
	struct row *row = row_of(hosts, host, len);
	struct kept_host *place = row->place;
	enum lookup found;

	for (size_t i = 0; i < IN_ROW; i++) {
		if (holds(&place[i], snapshot, host, len, port)) {
			tell(out, &place[i]);
			return place[i].found;
		}
	}
	found = ledger_get_host_gist(txn, host, port, out);
	if (snapshot == 0 || found == LOOKUP_ERROR || len > LEDGER_HOSTS_NAME_MAX)
		return found;
	memmove(&place[1], &place[0], (IN_ROW - 1) * sizeof(place[0]));
	place->snapshot = snapshot;
	place->found = found;
	place->port = port;
	place->len = (uint8_t)len;
	memcpy(place->name, host, len);
	keep(place, out);
	return found;
}
