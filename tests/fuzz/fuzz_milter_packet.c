/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes over the milter's socket: each packet, by every decoder, stays within itself. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/protocol/milter_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void within(struct span data, const char *string)
{
	assert(string >= data.at && string + strlen(string) < data.at + data.len);
}

static void decode(struct span data)
{
	const char *first, *second;
	struct milter_offer offer;
	struct ipaddr addr;
	struct span rest;
	char command;
	bool known;

	milter_read_offer(&offer, data);
	if (milter_read_connect(&addr, &known, data) && known)
		assert(addr.len == 4 || addr.len == 16);
	if (milter_read_envelope(&first, &rest, data)) {
		within(data, first);
		while (milter_next_string(&second, &rest))
			within(data, second);
		assert(rest.len == 0);
	}
	if (milter_read_header(&first, &second, data)) {
		within(data, first);
		assert(second + strlen(second) + 1 == data.at + data.len);
	}
	if (milter_read_macros(&command, &rest, data)) {
		struct span pairs = rest;

		while (milter_next_string(&first, &rest)) {
			assert(milter_next_string(&second, &rest));
			assert(milter_macro(pairs, first) != NULL);
			within(data, milter_macro(pairs, first));
		}
		milter_macro(pairs, "{tls_version}");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct milter_packet packet;
	size_t needs, took;

	while ((took = milter_packet_read(&packet, &needs, (const char *)bytes, len)) > 0 &&
	       took != SIZE_MAX) {
		/* Its own memory, so that a step outside is seen. */
		char *data = malloc(packet.data.len + 1);

		assert(took <= len && took == needs);
		memcpy(data, packet.data.at, packet.data.len);
		decode((struct span){ data, packet.data.len });
		free(data);
		bytes += took;
		len -= took;
	}
	assert(took == SIZE_MAX || needs > len);
	return 0;
}
