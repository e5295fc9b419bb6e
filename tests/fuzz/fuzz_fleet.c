/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an engine or a ledger says of the fleet: rows, ten texts with a NUL after each; keys and
 * values of the outbox, states, members, sightings and looks. What is taken is exactly what would be written.
 */
#include <stdlib.h>
#include <string.h>

#include "core/fleet/fleet_outbox.h"
#include "core/fleet/fleet_row.h"
#include "core/fleet/fleet_sighting.h"

static void must_equal(struct buf *again, const void *bytes, size_t len)
{
	if (again->len != len || memcmp(again->data, bytes, len) != 0)
		abort();
	buf_free(again);
}

/* Up to so many texts; those that are missing are null. */
static void cut(struct fleet_text *columns, int count, const uint8_t *bytes, size_t len)
{
	for (int i = 0; i < count && len > 0; i++) {
		const uint8_t *end = memchr(bytes, 0, len);
		size_t size = end != NULL ? (size_t)(end - bytes) : len;

		columns[i] = (struct fleet_text){ (const char *)bytes, size };
		bytes += end != NULL ? size + 1 : size;
		len -= end != NULL ? size + 1 : size;
	}
}

static void try_row(const uint8_t *bytes, size_t len)
{
	static struct entry entry, other;
	struct fleet_text columns[FLEET_COLUMNS] = { { NULL, 0 } };
	struct fleet_row row, copy[FLEET_ROWS];
	size_t count;

	cut(columns, FLEET_COLUMNS, bytes, len);
	if (fleet_row_read(&row, columns) && fleet_row_take(&entry, &row) == FLEET_ROW_GOOD) {
		if (!entry_is_sound(&entry))
			abort();
		count = fleet_rows(copy, &entry);
		if (count != 1 || fleet_row_take(&other, &copy[0]) != FLEET_ROW_GOOD ||
		    fleet_row_merge(&copy[0], &row, &entry))
			abort();
		fleet_row_free(&copy[0]);
	}
	fleet_row_free(&row);
}

/* An answer is a verdict; who asks has a name, and asks of a host as we would write it. */
static void try_eyes(const uint8_t *bytes, size_t len)
{
	struct fleet_text round_columns[FLEET_ROUND_COLUMNS] = { { NULL, 0 } };
	struct fleet_text ask_columns[FLEET_ASK_COLUMNS] = { { NULL, 0 } };
	struct entry host = { .kind = ENTRY_HOST };
	struct fleet_round round;
	struct fleet_ask ask;

	cut(round_columns, FLEET_ROUND_COLUMNS, bytes, len);
	if (fleet_round_read(&round, round_columns) && fleet_judge(&round) == FLEET_LOST_TOLD)
		abort();
	cut(ask_columns, FLEET_ASK_COLUMNS, bytes, len);
	if (fleet_ask_read(&ask, ask_columns) &&
	    (!fleet_name_good(ask.observer, strlen(ask.observer)) || ask.seen < 0 ||
	     !entry_take_key(&host, ask.host)))
		abort();
}

/* One of the version before is taken as well, and written as it would be now. */
static void try_member(const uint8_t *bytes, size_t len)
{
	struct fleet_member member, same;
	struct buf again = { 0 }, third = { 0 };

	if (!fleet_member_get(&member, bytes, len))
		return;
	fleet_member_put(&again, &member);
	if (!fleet_member_get(&same, again.data, again.len))
		abort();
	fleet_member_put(&third, &same);
	must_equal(&third, again.data, again.len);
	if (bytes[1] == again.data[1])
		must_equal(&again, bytes, len);
	buf_free(&again);
}

static void try_records(const uint8_t *bytes, size_t len)
{
	struct fleet_state state;
	struct fleet_sighting sighting;
	struct fleet_look look;
	struct buf again = { 0 };
	uint64_t generation;

	if (fleet_state_get(&state, bytes, len)) {
		fleet_state_put(&again, &state);
		must_equal(&again, bytes, len);
	}
	try_member(bytes, len);
	if (fleet_sighting_get(&sighting, bytes, len)) {
		fleet_sighting_put(&again, &sighting);
		must_equal(&again, bytes, len);
	}
	if (fleet_look_get(&look, bytes, len)) {
		fleet_look_put(&again, &look);
		must_equal(&again, bytes, len);
	}
	if (fleet_outbox_get(&generation, bytes, len)) {
		fleet_outbox_put(&again, generation);
		must_equal(&again, bytes, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char name[ENTRY_KEY_SIZE], key[FLEET_OUTBOX_KEY_SIZE];
	uint8_t id[FLEET_ID_SIZE];
	enum entry_kind kind;

	try_row(bytes, len);
	try_eyes(bytes, len);
	try_records(bytes, len);
	fleet_take_id(id, (const char *)bytes, len);
	if (fleet_outbox_take_key(&kind, name, bytes, len) &&
	    (fleet_outbox_key(key, kind, name, strlen(name)) != len ||
	     memcmp(key, bytes, len) != 0))
		abort();
	return 0;
}
