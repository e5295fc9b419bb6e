/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/fleet/fleet_state.h"

#include <string.h>

#include "core/record/wire.h"

#define STATE_RECORD 's'
#define MEMBER_RECORD 'm'
#define FLEET_VERSION 1
#define MEMBER_VERSION 2 /* 1 ended with the version: those are read still */

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

bool fleet_name_good(const char *name, size_t len)
{
	if (len == 0 || len >= FLEET_NAME_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_name_char(name[i]))
			return false;
	return true;
}

static void put_bool(struct buf *out, bool value)
{
	wire_put_u8(out, value ? 1 : 0);
}

static void get_id(struct wire *r, uint8_t id[FLEET_ID_SIZE])
{
	const unsigned char *bytes = wire_take(r, FLEET_ID_SIZE);

	if (bytes != NULL)
		memcpy(id, bytes, FLEET_ID_SIZE);
}

static void get_name(struct wire *r, char name[FLEET_NAME_SIZE])
{
	wire_get_text(r, name, FLEET_NAME_SIZE);
	if (r->ok && !fleet_name_good(name, strlen(name)))
		r->ok = false;
}

void fleet_state_put(struct buf *out, const struct fleet_state *state)
{
	wire_put_u8(out, STATE_RECORD);
	wire_put_u8(out, FLEET_VERSION);
	wire_put_text(out, state->name);
	buf_append(out, state->instance, FLEET_ID_SIZE);
	buf_append(out, state->epoch, FLEET_ID_SIZE);
	wire_put_number(out, state->n);
	buf_append(out, state->nonce, FLEET_ID_SIZE);
	wire_put_number(out, state->told);
	buf_append(out, state->told_nonce, FLEET_ID_SIZE);
	wire_put_time(out, state->exchanged);
	wire_put_time(out, state->round);
	put_bool(out, state->sweep);
	put_bool(out, state->acts);
	wire_put_text(out, state->trouble);
}

bool fleet_state_get(struct fleet_state *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, STATE_RECORD, FLEET_VERSION);

	memset(out, 0, sizeof(*out));
	get_name(&r, out->name);
	get_id(&r, out->instance);
	get_id(&r, out->epoch);
	out->n = wire_get_number(&r);
	get_id(&r, out->nonce);
	out->told = wire_get_number(&r);
	get_id(&r, out->told_nonce);
	out->exchanged = wire_get_time(&r);
	out->round = wire_get_time(&r);
	out->sweep = wire_get_bool(&r);
	out->acts = wire_get_bool(&r);
	wire_get_text(&r, out->trouble, sizeof(out->trouble));
	return wire_close(&r);
}

bool fleet_state_is_old(const struct fleet_state *state, int64_t now)
{
	return state->exchanged != 0 && state->exchanged < now - ACTS_OLD;
}

bool fleet_member_is_live(const struct fleet_member *member, const struct fleet_state *state)
{
	return member->seen + FLEET_LIVE >= state->exchanged;
}

static void put_count(struct buf *out, int64_t count)
{
	wire_put_number(out, (uint64_t)(count - FLEET_UNTOLD));
}

static int64_t get_count(struct wire *r)
{
	return wire_get_time(r) + FLEET_UNTOLD;
}

void fleet_member_put(struct buf *out, const struct fleet_member *member)
{
	wire_put_u8(out, MEMBER_RECORD);
	wire_put_u8(out, MEMBER_VERSION);
	wire_put_text(out, member->name);
	buf_append(out, member->instance, FLEET_ID_SIZE);
	wire_put_time(out, member->seen);
	wire_put_number(out, member->n);
	put_bool(out, member->acts);
	wire_put_text(out, member->version);
	wire_put_text(out, member->login);
	put_count(out, member->domains);
	put_count(out, member->hosts);
	put_count(out, member->waiting);
}

bool fleet_member_get(struct fleet_member *out, const void *bytes, size_t len)
{
	struct wire r = wire_open(bytes, len, MEMBER_RECORD, MEMBER_VERSION);
	bool old = !r.ok;

	if (old)
		r = wire_open(bytes, len, MEMBER_RECORD, FLEET_VERSION);
	memset(out, 0, sizeof(*out));
	out->domains = out->hosts = out->waiting = FLEET_UNTOLD;
	get_name(&r, out->name);
	get_id(&r, out->instance);
	out->seen = wire_get_time(&r);
	out->n = wire_get_number(&r);
	out->acts = wire_get_bool(&r);
	wire_get_text(&r, out->version, sizeof(out->version));
	if (old)
		return wire_close(&r);
	wire_get_text(&r, out->login, sizeof(out->login));
	out->domains = get_count(&r);
	out->hosts = get_count(&r);
	out->waiting = get_count(&r);
	return wire_close(&r);
}
