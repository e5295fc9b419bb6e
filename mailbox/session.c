/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypto/crypto.h"

#define SESSIONS_MAX 20000
/* Of one mailbox: so nobody can push out the sessions of others. */
#define OWN_MAX 64
#define NETWORKS_MAX 50000
/* Points that a network may have before it has to wait, and how many are forgiven a second. */
#define POINTS_FREE 60
#define WAIT_MAX 60
#define FORGIVE_MS 5000

struct session {
	unsigned char hash[CRYPTO_HASH_SIZE];
	struct session_info info;
	bool ticket;
	int64_t until; /* clock_mono_ms */
	UT_hash_handle hh;
};

struct network {
	char key[IPADDR_SIZE];
	unsigned points;
	int64_t changed; /* clock_mono_ms */
	UT_hash_handle hh;
};

struct sessions {
	int64_t idle_ms;
	struct session *all;
	struct network *networks;
};

struct sessions *sessions_new(int64_t idle_seconds)
{
	struct sessions *sessions = mem_zero(1, sizeof(*sessions));

	sessions->idle_ms = idle_seconds * 1000;
	return sessions;
}

void sessions_set_idle(struct sessions *sessions, int64_t idle_seconds)
{
	sessions->idle_ms = idle_seconds * 1000;
}

static void drop(struct sessions *sessions, struct session *session)
{
	HASH_DEL(sessions->all, session);
	crypto_wipe(session->info.share, sizeof(session->info.share));
	free(session);
}

void sessions_free(struct sessions *sessions)
{
	struct network *network, *next;

	if (sessions == NULL)
		return;
	while (sessions->all != NULL)
		drop(sessions, sessions->all);
	HASH_ITER(hh, sessions->networks, network, next)
	{
		HASH_DEL(sessions->networks, network);
		free(network);
	}
	free(sessions);
}

/* The oldest first, of which the hash keeps the order. */
static void make_room(struct sessions *sessions, const struct handle *mailbox)
{
	int64_t now = clock_mono_ms();
	struct session *session, *next, *oldest = NULL;
	size_t own = 0;

	HASH_ITER(hh, sessions->all, session, next)
	{
		if (session->until < now) {
			drop(sessions, session);
		} else if (memcmp(&session->info.mailbox, mailbox, sizeof(*mailbox)) == 0) {
			oldest = own++ == 0 ? session : oldest;
		}
	}
	if (own >= OWN_MAX)
		drop(sessions, oldest);
	while (HASH_COUNT(sessions->all) >= SESSIONS_MAX)
		drop(sessions, sessions->all);
}

void session_make(struct sessions *sessions, const struct session_info *info, bool ticket,
		  char token[SESSION_TOKEN_SIZE])
{
	struct session *session = mem_zero(1, sizeof(*session));
	unsigned char random[32];

	make_room(sessions, &info->mailbox);
	crypto_random(random, sizeof(random));
	b64_text(token, random, sizeof(random));
	crypto_sha256(session->hash, random, sizeof(random));
	crypto_wipe(random, sizeof(random));
	session->info = *info;
	crypto_random(session->info.share, sizeof(session->info.share));
	session->ticket = ticket;
	session->until = clock_mono_ms() + (ticket ? TICKET_SECONDS * 1000 : sessions->idle_ms);
	HASH_ADD(hh, sessions->all, hash, sizeof(session->hash), session);
}

static struct session *find(struct sessions *sessions, const char *token)
{
	unsigned char random[32], hash[CRYPTO_HASH_SIZE];
	struct session *session;

	if (!b64_take(random, sizeof(random), token, strlen(token)))
		return NULL;
	crypto_sha256(hash, random, sizeof(random));
	HASH_FIND(hh, sessions->all, hash, sizeof(hash), session);
	if (session != NULL && session->until < clock_mono_ms()) {
		drop(sessions, session);
		return NULL;
	}
	return session;
}

const struct session_info *session_find(struct sessions *sessions, const char *token, bool ticket,
					bool touch, int64_t *left)
{
	struct session *session = find(sessions, token);
	int64_t now = clock_mono_ms();

	if (session == NULL || session->ticket != ticket)
		return NULL;
	if (touch && !ticket)
		session->until = now + sessions->idle_ms;
	*left = (session->until - now) / 1000;
	return &session->info;
}

void session_end(struct sessions *sessions, const char *token)
{
	struct session *session = find(sessions, token);

	if (session != NULL)
		drop(sessions, session);
}

/* What stands for an address's network; text that is none stands for itself. */
static void network_key(char key[IPADDR_SIZE], const char *address)
{
	struct ipaddr ip;

	str_copy(key, IPADDR_SIZE, "?");
	if (!ipaddr_parse(&ip, address, strlen(address)))
		return;
	if (ip.len == 16)
		memset(ip.bytes + 8, 0, 8);
	ipaddr_format(key, &ip);
}

static struct network *find_network(struct sessions *sessions, const char *address)
{
	char key[IPADDR_SIZE] = "";
	struct network *network;
	int64_t now = clock_mono_ms(), forgiven;

	network_key(key, address);
	HASH_FIND_STR(sessions->networks, key, network);
	if (network == NULL)
		return NULL;
	forgiven = (now - network->changed) / FORGIVE_MS;
	if (forgiven > 0) {
		network->points =
			forgiven >= network->points ? 0 : network->points - (unsigned)forgiven;
		network->changed += forgiven * FORGIVE_MS;
	}
	return network;
}

int64_t network_wait(struct sessions *sessions, const char *address)
{
	const struct network *network = find_network(sessions, address);
	int64_t over = network != NULL ? (int64_t)network->points - POINTS_FREE : 0;

	if (over <= 0)
		return 0;
	over = over * FORGIVE_MS / 1000;
	return over < WAIT_MAX ? over : WAIT_MAX;
}

void network_count(struct sessions *sessions, const char *address, unsigned points)
{
	struct network *network = find_network(sessions, address);

	if (network == NULL) {
		if (HASH_COUNT(sessions->networks) >= NETWORKS_MAX) {
			network = sessions->networks;
			HASH_DEL(sessions->networks, network);
			free(network);
		}
		network = mem_zero(1, sizeof(*network));
		network_key(network->key, address);
		network->changed = clock_mono_ms();
		HASH_ADD_STR(sessions->networks, key, network);
	}
	network->points += points;
	/* So that who stops is let in again after a minute at most. */
	if (network->points > POINTS_FREE + WAIT_MAX * 1000 / FORGIVE_MS)
		network->points = POINTS_FREE + WAIT_MAX * 1000 / FORGIVE_MS;
}
