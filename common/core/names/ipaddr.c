/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/ipaddr.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

#define MAPPED_PREFIX_LEN 12
/* ::ffff:0:0/96, RFC 4291 2.5.5.2 */
static const uint8_t mapped_prefix[MAPPED_PREFIX_LEN] = { [10] = 0xff, [11] = 0xff };

bool ipaddr_from_bytes(struct ipaddr *addr, const void *bytes, size_t len)
{
	const uint8_t *octets = bytes;

	if (len != 4 && len != 16)
		return false;
	if (len == 16 && memcmp(octets, mapped_prefix, MAPPED_PREFIX_LEN) == 0) {
		octets += MAPPED_PREFIX_LEN;
		len = 4;
	}
	memset(addr, 0, sizeof(*addr));
	addr->len = (uint8_t)len;
	memcpy(addr->bytes, octets, len);
	return true;
}

bool ipaddr_parse(struct ipaddr *addr, const char *text, size_t len)
{
	char copy[IPADDR_SIZE];
	uint8_t bytes[16];

	/* Nearly all that comes here is a name, which ends in a letter. */
	if (len == 0 ||
	    (memchr(text, ':', len) == NULL && (text[len - 1] < '0' || text[len - 1] > '9')))
		return false;
	/* inet_pton would stop at a NUL and call what stands before it an address. */
	if (memchr(text, '\0', len) != NULL || !str_copy_n(copy, sizeof(copy), text, len))
		return false;
	if (inet_pton(AF_INET, copy, bytes) == 1)
		return ipaddr_from_bytes(addr, bytes, 4);
	if (inet_pton(AF_INET6, copy, bytes) == 1)
		return ipaddr_from_bytes(addr, bytes, 16);
	return false;
}

bool ipaddr_parse_numeric(struct ipaddr *addr, const char *text, size_t len)
{
	struct in_addr bytes;
	char copy[IPADDR_SIZE];

	if (ipaddr_parse(addr, text, len))
		return true;
	/* inet_aton would stop at a blank. */
	if (len == 0 || text[0] < '0' || text[0] > '9' ||
	    !str_copy_n(copy, sizeof(copy), text, len) ||
	    strspn(copy, "0123456789ABCDEFXabcdefx.") != len)
		return false;
	return inet_aton(copy, &bytes) != 0 && ipaddr_from_bytes(addr, &bytes, 4);
}

char *ipaddr_format(char dst[IPADDR_SIZE], const struct ipaddr *addr)
{
	int family = addr->len == 4 ? AF_INET : AF_INET6;

	if (addr->len == 0 || inet_ntop(family, addr->bytes, dst, IPADDR_SIZE) == NULL)
		dst[0] = '\0';
	return dst;
}

bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Whether the first `bits` bits are the same. */
static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	size_t whole = bits / 8;
	unsigned rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool ipnet_contains(const struct ipnet *net, const struct ipaddr *addr)
{
	return net->addr.len != 0 && net->addr.len == addr->len &&
	       same_prefix(net->addr.bytes, addr->bytes, net->bits);
}

static bool host_bits_zero(const struct ipaddr *addr, unsigned bits)
{
	unsigned bit;

	for (bit = bits; bit < 8u * addr->len; bit++)
		if (addr->bytes[bit / 8] & (0x80u >> (bit % 8)))
			return false;
	return true;
}

bool ipnet_parse(struct ipnet *net, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct ipaddr addr;
	uint64_t bits;

	if (!ipaddr_parse(&addr, text, len))
		return false;
	bits = 8u * addr.len;
	if (slash != NULL) {
		/* "::ffff:192.0.2.0/120" has become 192.0.2.0: count its bits as IPv4's. */
		bool mapped = addr.len == 4 && memchr(text, ':', len) != NULL;
		uint64_t before = mapped ? 8u * MAPPED_PREFIX_LEN : 0;

		if (!str_number(slash + 1, strlen(slash + 1), before + bits, &bits) ||
		    bits < before)
			return false;
		bits -= before;
	}
	if (!host_bits_zero(&addr, (unsigned)bits))
		return false;
	net->addr = addr;
	net->bits = (uint8_t)bits;
	return true;
}

struct prefix {
	uint8_t bytes[4];
	uint8_t bits;
};

static bool in_any(const struct prefix *prefixes, size_t count, const uint8_t *bytes)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (same_prefix(prefixes[i].bytes, bytes, prefixes[i].bits))
			return true;
	return false;
}

/* Rows of the IANA IPv4 registry that are not "globally reachable". */
static bool ipv4_is_private(const uint8_t *bytes)
{
	static const struct prefix special[] = {
		{ { 0 }, 8 },             /* this network, RFC 791 */
		{ { 10 }, 8 },            /* private, RFC 1918 */
		{ { 100, 64 }, 10 },      /* shared by carriers, RFC 6598 */
		{ { 127 }, 8 },           /* loopback, RFC 1122 */
		{ { 169, 254 }, 16 },     /* link-local, RFC 3927 */
		{ { 172, 16 }, 12 },      /* private, RFC 1918 */
		{ { 192, 0, 0 }, 24 },    /* IETF protocols, RFC 6890 */
		{ { 192, 0, 2 }, 24 },    /* documentation, RFC 5737 */
		{ { 192, 88, 99 }, 24 },  /* 6to4 relays, gone by RFC 7526 */
		{ { 192, 168 }, 16 },     /* private, RFC 1918 */
		{ { 198, 18 }, 15 },      /* benchmarking, RFC 2544 */
		{ { 198, 51, 100 }, 24 }, /* documentation, RFC 5737 */
		{ { 203, 0, 113 }, 24 },  /* documentation, RFC 5737 */
		{ { 224 }, 4 },           /* multicast, RFC 5771 */
		{ { 240 }, 4 },           /* reserved and broadcast, RFC 1112 */
	};

	return in_any(special, ARRAY_LEN(special), bytes);
}

static bool ipv6_is_private(const uint8_t *bytes)
{
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b }; /* RFC 6052 */
	static const struct prefix global_unicast = { { 0x20 }, 3 };
	static const struct prefix six_to_four = { { 0x20, 0x02 }, 16 }; /* RFC 3056 */
	static const struct prefix special[] = {
		{ { 0x20, 0x01, 0x00 }, 23 },       /* IETF protocols and Teredo, RFC 2928, 4380 */
		{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation, RFC 3849 */
		{ { 0x3f, 0xff, 0x00 }, 20 },       /* documentation, RFC 9637 */
	};

	if (memcmp(bytes, nat64, sizeof(nat64)) == 0)
		return ipv4_is_private(bytes + sizeof(nat64));
	/*
	 * IANA has given out global unicast from 2000::/3 alone. All else is
	 * loopback, local, multicast, an old way to embed IPv4, or for later.
	 */
	if (!in_any(&global_unicast, 1, bytes))
		return true;
	if (in_any(&six_to_four, 1, bytes))
		return ipv4_is_private(bytes + 2);
	return in_any(special, ARRAY_LEN(special), bytes);
}

bool ipaddr_is_loopback(const struct ipaddr *addr)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (addr->len == 4)
		return addr->bytes[0] == 127;
	return addr->len == 16 && memcmp(addr->bytes, loopback6, sizeof(loopback6)) == 0;
}

bool ipaddr_is_private(const struct ipaddr *addr)
{
	switch (addr->len) {
	case 4:
		return ipv4_is_private(addr->bytes);
	case 16:
		return ipv6_is_private(addr->bytes);
	default:
		return true; /* no address at all is nowhere to go */
	}
}

static bool parse_unix(struct endpoint *endpoint, const char *path)
{
	/* "/" alone, or a path that ends in one, names a directory. */
	if (path[0] != '/' || path[strlen(path) - 1] == '/')
		return false;
	endpoint->is_unix = true;
	return str_copy(endpoint->path, sizeof(endpoint->path), path);
}

static bool parse_host(struct ipaddr *addr, const char *host, size_t len)
{
	bool is_v6;

	/* No look-up: what is bound must not depend on /etc/hosts or on DNS. */
	if (len == strlen("localhost") && str_starts_nocase(host, "localhost"))
		return ipaddr_parse(addr, "127.0.0.1", strlen("127.0.0.1"));
	is_v6 = len > 2 && host[0] == '[' && host[len - 1] == ']';
	if (is_v6) {
		host++;
		len -= 2;
	}
	/* The written form has to tell the family, or "::1:7672" could mean anything. */
	return (memchr(host, ':', len) != NULL) == is_v6 && ipaddr_parse(addr, host, len);
}

static bool parse_inet(struct endpoint *endpoint, const char *text)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (colon == NULL || !parse_host(&endpoint->addr, text, (size_t)(colon - text)))
		return false;
	if (!str_number(colon + 1, strlen(colon + 1), UINT16_MAX, &port) || port == 0)
		return false;
	endpoint->port = (uint16_t)port;
	return true;
}

bool endpoint_parse(struct endpoint *endpoint, const char *text)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(endpoint, text + 5);
	if (strncmp(text, "inet:", 5) == 0)
		return parse_inet(endpoint, text + 5);
	return false;
}
