/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/fleet/fleet_sighting.h"

#include <string.h>

#include "base/str.h"
#include "core/policy/fold.h"
#include "core/record/entry.h"
#include "core/record/wire.h"

#define SIGHTING_RECORD 'S'
#define LOOK_RECORD 'l'
#define SIGHTING_VERSION 1

/*
 * Records.
 */

static void get_name(struct wire *r, char name[FLEET_NAME_SIZE])
{
	wire_get_text(r, name, FLEET_NAME_SIZE);
	if (r->ok && name[0] != '\0' && !fleet_name_good(name, strlen(name)))
		r->ok = false;
}

void fleet_sighting_put(struct buf *out, const struct fleet_sighting *sighting)
{
	wire_put_u8(out, SIGHTING_RECORD);
	wire_put_u8(out, SIGHTING_VERSION);
	wire_put_time(out, sighting->seen);
	wire_put_u8(out, (uint8_t)sighting->word);
	wire_put_u8(out, sighting->path ? 1 : 0);
	wire_put_text(out, sighting->teller);
	wire_put_u8(out, (uint8_t)sighting->domains);
	for (size_t i = 0; i < sighting->domains; i++)
		wire_put_text(out, sighting->domain[i]);
}

bool fleet_sighting_get(struct fleet_sighting *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, SIGHTING_RECORD, SIGHTING_VERSION);

	memset(out, 0, sizeof(*out));
	out->seen = wire_get_time(&r);
	out->word = (enum fleet_word)wire_get_small(&r, FLEET_ALONE);
	out->path = wire_get_bool(&r);
	get_name(&r, out->teller);
	out->domains = wire_get_small(&r, FLEET_SIGHTING_DOMAINS);
	for (size_t i = 0; i < out->domains; i++)
		wire_get_text(&r, out->domain[i], NEXTHOP_SIZE);
	return wire_close(&r);
}

void fleet_look_put(struct buf *out, const struct fleet_look *look)
{
	wire_put_u8(out, LOOK_RECORD);
	wire_put_u8(out, SIGHTING_VERSION);
	wire_put_time(out, look->wanted);
	wire_put_u8(out, look->begun ? 1 : 0);
	wire_put_u8(out, (uint8_t)look->saw);
}

bool fleet_look_get(struct fleet_look *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, LOOK_RECORD, SIGHTING_VERSION);

	memset(out, 0, sizeof(*out));
	out->wanted = wire_get_time(&r);
	out->begun = wire_get_bool(&r);
	out->saw = (enum fleet_saw)wire_get_small(&r, FLEET_SAW_NOTHING);
	return wire_close(&r);
}

/*
 * What is one, and what follows from it.
 */

bool fleet_is_sighting(const struct fleet_view *view, const struct history *history, int64_t time,
		       int64_t now)
{
	return view->in_touch && view->count > 1 && history->last_tls > 0 &&
	       fold_downgrade_since(history) == 0 && time > now - FLEET_SIGHTING_WAIT;
}

enum fleet_word fleet_judge(const struct fleet_round *round)
{
	size_t asked = 0, answered = 0, plain = 0;

	for (size_t i = 0; i < FLEET_EYES; i++) {
		enum fleet_saw saw = round->eye[i].saw;

		if (round->eye[i].name[0] == '\0')
			continue;
		/* One is enough: somewhere TLS is offered. */
		if (saw == FLEET_SAW_TLS)
			return FLEET_OURS;
		asked++;
		answered += saw != FLEET_SAW_NOT_YET;
		plain += saw == FLEET_SAW_PLAIN;
	}
	if (answered < asked && round->age < FLEET_ROUND_WAIT)
		return FLEET_WAITS;
	return plain > 0 ? FLEET_LOST : FLEET_ALONE;
}

/*
 * What the engine says.
 */

static const char *const saw_names[] = {
	[FLEET_SAW_TLS] = "tls",
	[FLEET_SAW_PLAIN] = "plain",
	[FLEET_SAW_NOTHING] = "nothing",
};

const char *fleet_saw_name(enum fleet_saw saw)
{
	return saw_names[saw] != NULL ? saw_names[saw] : "";
}

/* No answer at all is null. */
static bool read_saw(enum fleet_saw *saw, struct fleet_text text)
{
	*saw = FLEET_SAW_NOT_YET;
	if (text.bytes == NULL)
		return true;
	for (size_t i = FLEET_SAW_TLS; i < ARRAY_LEN(saw_names); i++) {
		if (strlen(saw_names[i]) != text.len ||
		    memcmp(saw_names[i], text.bytes, text.len) != 0)
			continue;
		*saw = (enum fleet_saw)i;
		return true;
	}
	return false;
}

static bool read_name(char name[FLEET_NAME_SIZE], struct fleet_text text, bool none)
{
	if (text.bytes == NULL)
		return false;
	if (text.len == 0 && none) {
		name[0] = '\0';
		return true;
	}
	return fleet_name_good(text.bytes, text.len) &&
	       str_copy_n(name, FLEET_NAME_SIZE, text.bytes, text.len);
}

bool fleet_round_read(struct fleet_round *round,
		      const struct fleet_text columns[FLEET_ROUND_COLUMNS])
{
	uint64_t age;

	memset(round, 0, sizeof(*round));
	if (columns[0].bytes == NULL ||
	    !str_number(columns[0].bytes, columns[0].len, INT64_MAX, &age))
		return false;
	round->age = (int64_t)age;
	for (size_t i = 0; i < FLEET_EYES; i++)
		if (!read_name(round->eye[i].name, columns[1 + 2 * i], true) ||
		    !read_saw(&round->eye[i].saw, columns[2 + 2 * i]))
			return false;
	return true;
}

bool fleet_ask_read(struct fleet_ask *ask, const struct fleet_text columns[FLEET_ASK_COLUMNS])
{
	struct entry host = { .kind = ENTRY_HOST };
	uint64_t seen;

	memset(ask, 0, sizeof(*ask));
	if (!read_name(ask->observer, columns[0], false) || columns[1].bytes == NULL ||
	    !str_copy_n(ask->host, sizeof(ask->host), columns[1].bytes, columns[1].len) ||
	    strlen(ask->host) != columns[1].len || !entry_take_key(&host, ask->host) ||
	    columns[2].bytes == NULL ||
	    !str_number(columns[2].bytes, columns[2].len, INT64_MAX, &seen))
		return false;
	ask->seen = (int64_t)seen;
	return true;
}
