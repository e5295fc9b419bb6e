/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/facts/facts.h"

#include <string.h>

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

bool level_parse(enum level *level, const char *name)
{
	for (enum level l = LEVEL_NONE; l <= LEVEL_DANE_ONLY; l++) {
		if (strcmp(level_name(l), name) == 0) {
			*level = l;
			return true;
		}
	}
	return false;
}

const char *override_kind_name(enum override_kind kind)
{
	switch (kind) {
	case OVERRIDE_NONE:
		return "none";
	case OVERRIDE_EXACT:
		return "exact";
	case OVERRIDE_MINIMUM:
		return "minimum";
	case OVERRIDE_HANDS_OFF:
		return "hands-off";
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

size_t pins_place(const struct pins *pins, const uint8_t spki[SPKI_SIZE], bool *there)
{
	size_t i = 0;

	while (i < pins->count && memcmp(pins->spki[i], spki, SPKI_SIZE) < 0)
		i++;
	*there = i < pins->count && memcmp(pins->spki[i], spki, SPKI_SIZE) == 0;
	return i;
}

bool pins_has(const struct pins *pins, const uint8_t spki[SPKI_SIZE])
{
	bool there;

	pins_place(pins, spki, &there);
	return there;
}

bool pins_broken(const struct facts *facts)
{
	for (size_t i = 0; facts->pins.count > 0 && i < facts->domain.mx.count; i++) {
		const struct observation *seen = &facts->host[i].last;

		if (seen->has_spki && !pins_has(&facts->pins, seen->spki))
			return true;
	}
	return false;
}

bool pins_add(struct pins *pins, const uint8_t spki[SPKI_SIZE])
{
	bool there;
	size_t at = pins_place(pins, spki, &there);

	if (there)
		return true;
	if (pins->count == PINS_MAX)
		return false;
	memmove(pins->spki[at + 1], pins->spki[at], (pins->count - at) * SPKI_SIZE);
	memcpy(pins->spki[at], spki, SPKI_SIZE);
	pins->count++;
	return true;
}

void pins_remove(struct pins *pins, const uint8_t spki[SPKI_SIZE])
{
	bool there;
	size_t at = pins_place(pins, spki, &there);

	if (!there)
		return;
	pins->count--;
	memmove(pins->spki[at], pins->spki[at + 1], (pins->count - at) * SPKI_SIZE);
}
