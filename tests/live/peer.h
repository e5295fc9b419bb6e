/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer - what a peer's modes and kinds share (peer.c, peer_smtp.c).
 */
#ifndef POSTSEAL_TESTS_PEER_H
#define POSTSEAL_TESTS_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

enum { PEER_LINE = 2048, PEER_CHUNK = 4096 };

/* One connection, in a process of its own. */
struct session {
	int client;
	const struct sockaddr_in *upstream; /* where the host it pretends to be lives */
};

/* Sends all of it; when the client has gone there is nothing left to do. */
void peer_put(int fd, const void *data, size_t len);
/* Bytes that are neither text nor TLS, the same ones at every run. */
void peer_babble(int fd, size_t len);
/* Reads and ignores until the client gives up. */
void peer_outwait(int fd);

/*
 * SMTP servers by the table in peer_smtp.c: false where there is no such kind. They take
 * no mail: MAIL is answered with 550 and whether it came "over tls" or "in clear".
 */
struct peer_kind;
const struct peer_kind *peer_kind(const char *name); /* NULL: none */
const char *peer_kind_name(size_t i);                /* NULL: there are no more */
/* The servers' key, instead of a new one for each connection: a PEM file. */
void peer_use_key(const char *file);
void peer_smtp(const struct session *session, const struct peer_kind *kind);

#endif
