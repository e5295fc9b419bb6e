/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_exchange - one question to one DNS server, and its reply, as bytes.
 *
 * This is our own, because the AD bit of an answer from loopback is believed. A library that
 * receives on an unconnected socket and does not compare ids (ldns 1.8) would believe any local
 * user who guesses a port. Here each question has a
 * socket of its own, connected to the server, with a port by the kernel's
 * choice, a random id, and the reply must repeat id and question.
 */
#ifndef POSTSEAL_IO_DNS_EXCHANGE_H
#define POSTSEAL_IO_DNS_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define DNS_MESSAGE_MAX 65535
#define DNS_SERVERS_MAX 3 /* as resolv.conf(5) */
#define DNS_SERVER_TEXT 80

struct dns_server {
	struct sockaddr_storage addr;
	socklen_t addr_len;
	bool loopback;
	char text[DNS_SERVER_TEXT]; /* as it was written */
};

/* "127.0.0.1", "127.0.0.1:5353", "::1", "[::1]:53", "fe80::1%eth0". */
bool dns_server_parse(struct dns_server *server, const char *text);

/*
 * Reads the name servers of a file in the form of resolv.conf(5), and returns how many there are.
 * Lines that make no sense are passed over. If there are none, or no file, it is the server on
 * this machine, as resolv.conf(5) says.
 */
size_t dns_servers_read(struct dns_server servers[DNS_SERVERS_MAX], const char *path);

/*
 * Is reply[0..len) a reply to the query, a whole message with one question? It has
 * to repeat the query's id and, but for case, its question.
 */
bool dns_is_reply(const uint8_t *query, size_t query_len, const uint8_t *reply, size_t len);

/*
 * One exchange in two steps, so that several can be under way at a time.
 *
 * dns_send sends query[0..len), a whole message with one question whose id is set
 * here, by UDP. Returns a socket, or -1 and errno.
 *
 * dns_receive waits for its reply until `deadline` (clock_mono_ms), asks again by TCP
 * where the reply is truncated (for timeout_ms more), and closes the socket. Returns
 * the reply's length; -1 and errno on failure, also for a socket of -1.
 */
int dns_send(const struct dns_server *server, uint8_t *query, size_t len);
ssize_t dns_receive(const struct dns_server *server, int fd, const uint8_t *query, size_t len,
		    int64_t deadline, int64_t timeout_ms, uint8_t reply[DNS_MESSAGE_MAX]);

/* Both of them, for at most timeout_ms by UDP and as long again by TCP. */
ssize_t dns_exchange(const struct dns_server *server, uint8_t *query, size_t len,
		     int64_t timeout_ms, uint8_t reply[DNS_MESSAGE_MAX]);

#endif
