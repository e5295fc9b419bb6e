/* SPDX-License-Identifier: BSD-2-Clause */
/* Text of an address or a network; 4 or 16 bytes are an address as bytes, too. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/names/ipaddr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_address(const struct ipaddr *addr)
{
	char text[IPADDR_SIZE];
	struct ipaddr again;

	assert(addr->len == 4 || addr->len == 16);
	ipaddr_format(text, addr);
	assert(ipaddr_parse(&again, text, strlen(text)));
	assert(ipaddr_equal(addr, &again));
	/* What is loopback is never public. */
	assert(!ipaddr_is_loopback(addr) || ipaddr_is_private(addr));
}

static void check_network(const struct ipnet *net)
{
	char address[IPADDR_SIZE], text[IPADDR_SIZE + 4];
	struct ipnet again;

	check_address(&net->addr);
	assert(net->bits <= 8 * net->addr.len);
	assert(ipnet_contains(net, &net->addr));
	snprintf(text, sizeof(text), "%s/%u", ipaddr_format(address, &net->addr), net->bits);
	assert(ipnet_parse(&again, text));
	assert(again.bits == net->bits && ipaddr_equal(&again.addr, &net->addr));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ipaddr addr;
	struct ipnet net;
	char text[64];

	if (ipaddr_parse(&addr, (const char *)bytes, len))
		check_address(&addr);
	if (ipaddr_from_bytes(&addr, bytes, len)) {
		assert(len == 4 || len == 16);
		check_address(&addr);
	}
	if (len >= sizeof(text))
		return 0;
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (ipnet_parse(&net, text))
		check_network(&net);
	return 0;
}
