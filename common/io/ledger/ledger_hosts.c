/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/record/record_rows.h"
#include "io/ledger/ledger_store.h"

#define ROWS 512 /* a power of two */
#define IN_ROW 2

/* What record_get_host_gist tells, without the room for all that it does not: the members
 * of the gist, one after another. */
#define GIST_BYTES(how, member, bound) +sizeof(member) /* NOLINT(bugprone-macro-parentheses) */
#define GIST_SIZE (0 HOST_GIST(GIST_BYTES, *(const struct host_facts *)NULL))

struct place {
	uint64_t snapshot; /* 0: nothing is kept here */
	unsigned char gist[GIST_SIZE];
	enum lookup found; /* FOUND or ABSENT */
	uint16_t port;
	uint8_t len;
	char name[LEDGER_HOSTS_NAME_MAX];
};

/* The latest comes first. */
struct row {
	struct place place[IN_ROW];
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

static void keep(struct place *place, const struct host_facts *host)
{
	unsigned char *at = place->gist;

#define KEEP(how, member, bound)               \
	memcpy(at, &(member), sizeof(member)); \
	at += sizeof(member);
	HOST_GIST(KEEP, *host)
}

static void tell(struct host_facts *host, const struct place *place)
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

static bool holds(const struct place *place, uint64_t snapshot, const char *name, size_t len,
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
	struct place *place = row->place;
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
