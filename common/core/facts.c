/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/facts.h"

const char *level_name(enum level level)
{
	switch (level) {
	case LEVEL_NONE:
		return "none";
	case LEVEL_ENCRYPT:
		return "encrypt";
	case LEVEL_DANE:
		return "dane";
	case LEVEL_SECURE:
		return "secure";
	case LEVEL_FINGERPRINT:
		return "fingerprint";
	case LEVEL_DANE_ONLY:
		return "dane-only";
	}
	return "?";
}

const char *mx_state_name(enum mx_state state)
{
	switch (state) {
	case MX_UNKNOWN:
		return "unknown";
	case MX_FOUND:
		return "found";
	case MX_IMPLICIT:
		return "implicit";
	case MX_LITERAL:
		return "literal";
	case MX_NULL:
		return "null";
	case MX_NXDOMAIN:
		return "nxdomain";
	}
	return "?";
}

const char *tlsa_state_name(enum tlsa_state state)
{
	switch (state) {
	case TLSA_UNKNOWN:
		return "unknown";
	case TLSA_ABSENT:
		return "absent";
	case TLSA_USABLE:
		return "usable";
	case TLSA_UNUSABLE:
		return "unusable";
	}
	return "?";
}

const char *addr_state_name(enum addr_state state)
{
	switch (state) {
	case ADDR_UNKNOWN:
		return "unknown";
	case ADDR_FOUND:
		return "found";
	case ADDR_NONE:
		return "none";
	}
	return "?";
}

const char *sts_mode_name(enum sts_mode mode)
{
	switch (mode) {
	case STS_UNKNOWN:
		return "unknown";
	case STS_NONE:
		return "none";
	case STS_TESTING:
		return "testing";
	case STS_ENFORCE:
		return "enforce";
	}
	return "?";
}
