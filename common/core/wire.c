/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/wire.h"

#include <string.h>

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

static uint64_t get_uint(struct wire *wire, size_t width)
{
	const unsigned char *bytes = wire_take(wire, width);
	uint64_t value = 0;

	if (bytes == NULL)
		return 0;
	for (size_t i = 0; i < width; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

uint16_t wire_get_u16(struct wire *wire)
{
	return (uint16_t)get_uint(wire, 2);
}

uint8_t wire_get_small(struct wire *wire, unsigned max)
{
	uint8_t value = (uint8_t)get_uint(wire, 1);

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
	uint64_t value = get_uint(wire, 8);

	if (value > INT64_MAX)
		wire->ok = false;
	return wire->ok ? (int64_t)value : 0;
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
	for (size_t i = 0; i < len; i++) {
		dst[i] = (char)bytes[i];
		if (!printable(dst[i]))
			wire->ok = false;
	}
	dst[len] = '\0';
}

struct wire wire_open(const void *bytes, size_t len, uint8_t kind, uint8_t version)
{
	struct wire wire = {.at = bytes, .ok = true};

	wire.end = wire.at + len;
	if (get_uint(&wire, 1) != kind || get_uint(&wire, 1) != version)
		wire.ok = false;
	return wire;
}

bool wire_close(const struct wire *wire)
{
	return wire->ok && wire->at == wire->end;
}
