/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pins - the keys on file for a next hop, as an ordered set (struct pins of
 * facts.h): ascending, none twice, so that the same set has the same bytes.
 */
#ifndef POSTSEAL_CORE_PINS_H
#define POSTSEAL_CORE_PINS_H

#include <stdbool.h>

#include "core/facts/facts.h"

bool pins_has(const struct pins *pins, const uint8_t spki[SPKI_SIZE]);
/*
 * Keys are on file, and the latest probe of some MX host saw another one: a
 * provider that has changed its key, or somebody who poses as it.
 */
bool pins_broken(const struct facts *facts);
/* False, and nothing changed, when there are PINS_MAX already. One that is there stays. */
bool pins_add(struct pins *pins, const uint8_t spki[SPKI_SIZE]);
void pins_remove(struct pins *pins, const uint8_t spki[SPKI_SIZE]);

#endif
