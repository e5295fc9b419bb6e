/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/facts/pins.h"

#include <string.h>

/* Where it is, or belongs; *there says which. */
static size_t place(const struct pins *pins, const uint8_t spki[SPKI_SIZE], bool *there)
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

	place(pins, spki, &there);
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
	size_t at = place(pins, spki, &there);

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
	size_t at = place(pins, spki, &there);

	if (!there)
		return;
	pins->count--;
	memmove(pins->spki[at], pins->spki[at + 1], (pins->count - at) * SPKI_SIZE);
}
