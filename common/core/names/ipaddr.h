/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ipaddr - IPv4 and IPv6 addresses and networks, and endpoints, as values.
 *
 * An IPv4-mapped IPv6 address (::ffff:192.0.2.1) is the IPv4 address: an
 * attacker must not get around a rule by writing an address the other way.
 */
#ifndef POSTSEAL_CORE_IPADDR_H
#define POSTSEAL_CORE_IPADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ipaddr {
	uint8_t len;       /* 4 or 16; 0: none */
	uint8_t bytes[16]; /* network order, unused ones zero */
};

struct ipnet {
	struct ipaddr addr; /* host bits zero */
	uint8_t bits;       /* 0 .. 8 * addr.len */
};

#define IPADDR_SIZE 46 /* INET6_ADDRSTRLEN */

/* "192.0.2.1" or "2001:db8::1", nothing before or after. */
bool ipaddr_parse(struct ipaddr *addr, const char *text, size_t len);
/*
 * Or as getaddrinfo(3) takes IPv4, which Postfix asks about each host before DNS: an octal number
 * begins with 0, a hexadecimal one with 0x, and the last may stand for several bytes. So
 * "192.0.2.010", "0xc0.0.520" and "3221225992" are 192.0.2.8.
 */
bool ipaddr_parse_numeric(struct ipaddr *addr, const char *text, size_t len);
/* From 4 or 16 bytes in network order; false for another length. */
bool ipaddr_from_bytes(struct ipaddr *addr, const void *bytes, size_t len);
/* Returns dst, which holds the RFC 5952 form. */
char *ipaddr_format(char dst[IPADDR_SIZE], const struct ipaddr *addr);
bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b);

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. Host bits must be zero. */
bool ipnet_parse(struct ipnet *net, const char *text);
bool ipnet_contains(const struct ipnet *net, const struct ipaddr *addr);

bool ipaddr_is_loopback(const struct ipaddr *addr);
/*
 * True where the prober has no business without `probe_private`: this host,
 * loopback, private, shared, link-local, benchmarking, documentation,
 * multicast, reserved and the IPv6 forms that embed such an address
 * (IANA special-purpose registries, RFC 6890 and its updates).
 */
bool ipaddr_is_private(const struct ipaddr *addr);

/*
 * Where to listen or connect, as Postfix writes it: "inet:127.0.0.1:7672", "inet:[::1]:7672",
 * "inet:localhost:7672" (taken as 127.0.0.1), "unix:/path".
 */
#define ENDPOINT_PATH_SIZE 108 /* sun_path */
struct endpoint {
	bool is_unix;
	char path[ENDPOINT_PATH_SIZE]; /* unix: absolute */
	struct ipaddr addr;            /* inet */
	uint16_t port;
};

bool endpoint_parse(struct endpoint *endpoint, const char *text);

#endif
