/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/facts/observation.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

static const struct {
	uint16_t version;
	const char *name;
} versions[] = {
	{ 0x0301, "TLSv1" },
	{ 0x0302, "TLSv1.1" },
	{ 0x0303, "TLSv1.2" },
	{ 0x0304, "TLSv1.3" },
};

const char *tls_version_name(uint16_t version)
{
	if (version == 0)
		return "";
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (versions[i].version == version)
			return versions[i].name;
	return "?";
}

uint16_t tls_version_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (strcmp(versions[i].name, name) == 0)
			return versions[i].version;
	return 0;
}

const char *observed_name(enum observed observed)
{
	switch (observed) {
	case OBSERVED_NOTHING:
		return "nothing";
	case OBSERVED_TLS:
		return "tls";
	case OBSERVED_PLAIN:
		return "plain";
	case OBSERVED_TLS_FAILED:
		return "tls-failed";
	case OBSERVED_UNREACHABLE:
		return "unreachable";
	}
	return "?";
}

const char *verified_name(enum verified verified)
{
	switch (verified) {
	case VERIFIED_UNKNOWN:
		return "";
	case VERIFIED_DANE:
		return "dane";
	case VERIFIED_NAME:
		return "name";
	case VERIFIED_CHAIN:
		return "chain";
	case VERIFIED_NOT:
		return "no";
	case VERIFIED_NEXTHOP:
		return "next-hop";
	}
	return "?";
}

bool observation_by_dane(const struct observation *seen, const char *next_hop)
{
	return seen->verified == VERIFIED_DANE ||
	       (seen->verified == VERIFIED_NEXTHOP && strcmp(seen->detail, next_hop) == 0);
}

const char *source_name(enum source source)
{
	switch (source) {
	case SOURCE_PROBE:
		return "probe";
	case SOURCE_DELIVERY:
		return "delivery";
	case SOURCE_ADMIN:
		return "admin";
	}
	return "?";
}
