/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/wire.h"

#include <string.h>

/* Of the gap between two times. */
#define GAP_LEN 4

static void put_uint(struct buf *out, uint64_t value, size_t width)
{
	unsigned char *at = (unsigned char *)buf_reserve(out, width);

	for (size_t i = 0; i < width; i++)
		at[i] = (unsigned char)(value >> (8 * i));
	out->len += width;
}

void wire_put_u8(struct buf *out, uint8_t value)
{
	put_uint(out, value, 1);
}

void wire_put_u16(struct buf *out, uint16_t value)
{
	put_uint(out, value, 2);
}

void wire_put_time(struct buf *out, int64_t value)
{
	put_uint(out, (uint64_t)value, 8);
}

void wire_put_times(struct buf *out, const int64_t *times, size_t count)
{
	if (count > 0)
		wire_put_time(out, times[0]);
	for (size_t i = 1; i < count; i++) {
		uint64_t gap = (uint64_t)times[i] - (uint64_t)times[i - 1];

		/* One that cannot be written becomes one that is not ascending. */
		put_uint(out, gap <= UINT32_MAX ? gap : 0, GAP_LEN);
	}
}

void wire_put_name(struct buf *out, const char *name)
{
	size_t len = strlen(name);

	wire_put_u16(out, (uint16_t)len);
	buf_append(out, name, len);
}

static bool printable(char c)
{
	return c >= ' ' && c <= '~';
}

void wire_put_text(struct buf *out, const char *text)
{
	size_t start;

	wire_put_name(out, text);
	start = out->len - strlen(text);
	for (size_t i = start; i < out->len; i++) {
		if (!printable(out->data[i]))
			out->data[i] = '?';
	}
}

const unsigned char *wire_take(struct wire *wire, size_t len)
{
	const unsigned char *bytes = wire->at;

	if (!wire->ok || (size_t)(wire->end - wire->at) < len) {
		wire->ok = false;
		return NULL;
	}
	wire->at += len;
	return bytes;
}

/* The compiler makes one load of each of these; a loop over a width it does not. */
static uint16_t load_u16(const unsigned char *b)
{
	return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t load_u32(const unsigned char *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint64_t load_u64(const unsigned char *b)
{
	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
	       (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
	       (uint64_t)b[7] << 56;
}

static uint8_t get_u8(struct wire *wire)
{
	const unsigned char *bytes = wire_take(wire, 1);

	return bytes != NULL ? bytes[0] : 0;
}

uint16_t wire_get_u16(struct wire *wire)
{
	const unsigned char *bytes = wire_take(wire, 2);

	return bytes != NULL ? load_u16(bytes) : 0;
}

uint8_t wire_get_small(struct wire *wire, unsigned max)
{
	uint8_t value = get_u8(wire);

	if (value > max)
		wire->ok = false;
	return wire->ok ? value : 0;
}

bool wire_get_bool(struct wire *wire)
{
	return wire_get_small(wire, 1) != 0;
}

int64_t wire_get_time(struct wire *wire)
{
	const unsigned char *bytes = wire_take(wire, 8);
	uint64_t value = bytes != NULL ? load_u64(bytes) : 0;

	if (value > INT64_MAX)
		wire->ok = false;
	return wire->ok ? (int64_t)value : 0;
}

void wire_get_times(struct wire *wire, int64_t *times, size_t count)
{
	const unsigned char *gaps;
	uint64_t time;

	if (count == 0)
		return;
	time = (uint64_t)wire_get_time(wire);
	gaps = wire_take(wire, GAP_LEN * (count - 1));
	if (gaps == NULL)
		return;
	times[0] = (int64_t)time;
	for (size_t i = 1; i < count; i++, gaps += GAP_LEN) {
		time += load_u32(gaps);
		times[i] = (int64_t)time;
	}
	if (time > INT64_MAX)
		wire->ok = false;
}

void wire_get_text(struct wire *wire, char *dst, size_t size)
{
	size_t len = wire_get_u16(wire);
	const unsigned char *bytes;

	dst[0] = '\0';
	if (len >= size)
		wire->ok = false;
	bytes = wire_take(wire, len);
	if (bytes == NULL)
		return;
	memcpy(dst, bytes, len);
	dst[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (!printable(dst[i]))
			wire->ok = false;
	}
}

struct wire wire_open(const void *bytes, size_t len, uint8_t kind, uint8_t version)
{
	struct wire wire = {.at = bytes, .ok = true};

	wire.end = wire.at + len;
	if (get_u8(&wire) != kind || get_u8(&wire) != version)
		wire.ok = false;
	return wire;
}

bool wire_close(const struct wire *wire)
{
	return wire->ok && wire->at == wire->end;
}
