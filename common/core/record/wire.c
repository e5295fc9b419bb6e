/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/wire.h"

#include <endian.h>
#include <string.h>

#include "base/str.h"

#define NUMBER_BITS 64
#define BYTE_BITS 7     /* of a number, in each of its bytes */
#define NUMBER_BYTES 10 /* of the longest */
#define MORE 0x80

void wire_put_u8(struct buf *out, uint8_t value)
{
	*buf_reserve(out, 1) = (char)value;
	out->len++;
}

void wire_put_number(struct buf *out, uint64_t value)
{
	while (value >= MORE) {
		wire_put_u8(out, (uint8_t)(value | MORE));
		value >>= BYTE_BITS;
	}
	wire_put_u8(out, (uint8_t)value);
}

void wire_put_u16(struct buf *out, uint16_t value)
{
	wire_put_number(out, value);
}

void wire_put_time(struct buf *out, int64_t value)
{
	wire_put_number(out, (uint64_t)value);
}

/* Should it be earlier, the difference is a very large number, and comes back as what it was. */
void wire_put_time_after(struct buf *out, int64_t value, int64_t before)
{
	wire_put_number(out, (uint64_t)value - (uint64_t)before);
}

void wire_put_name(struct buf *out, const char *name)
{
	size_t len = strlen(name);

	wire_put_number(out, len);
	buf_append(out, name, len);
}

void wire_put_text(struct buf *out, const char *text)
{
	size_t start;

	wire_put_name(out, text);
	start = out->len - strlen(text);
	for (size_t i = start; i < out->len; i++) {
		if (!str_is_print(out->data[i]))
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

void wire_get_bytes(struct wire *wire, void *dst, size_t len)
{
	const unsigned char *bytes = wire_take(wire, len);

	memset(dst, 0, len);
	if (bytes != NULL)
		memcpy(dst, bytes, len);
}

/* The last byte of a number of several: neither needless nor beyond the largest one. */
static bool may_end(unsigned char byte, unsigned shift)
{
	return byte != 0 &&
	       (shift + BYTE_BITS <= NUMBER_BITS || byte >> (NUMBER_BITS - shift) == 0);
}

/* Byte by byte, wherever it ends. */
static uint64_t get_number_slowly(struct wire *wire)
{
	const unsigned char *at = wire->at, *end = wire->end;
	uint64_t value = 0;
	unsigned shift = 0;

	if (end - at > NUMBER_BYTES)
		end = at + NUMBER_BYTES;
	for (; wire->ok && at < end; at++, shift += BYTE_BITS) {
		value |= (uint64_t)(*at & (MORE - 1)) << shift;
		if (*at < MORE) {
			wire->ok = may_end(*at, shift);
			wire->at = at + 1;
			return wire->ok ? value : 0;
		}
	}
	wire->ok = false;
	return 0;
}

/* Eight groups of seven bits, each in a byte of its own, moved together. */
static uint64_t join_groups(uint64_t groups)
{
	groups = (groups & UINT64_C(0x007f007f007f007f)) |
		 (groups & UINT64_C(0x7f007f007f007f00)) >> 1;
	groups = (groups & UINT64_C(0x00003fff00003fff)) |
		 (groups & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (groups & UINT64_C(0x000000000fffffff)) |
	       (groups & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* A time has five bytes, and each look-up reads several: eight bytes are read as one word. */
uint64_t wire_get_long_number(struct wire *wire)
{
	uint64_t word, last;
	unsigned bits;

	if (!wire->ok || wire->end - wire->at < (ptrdiff_t)sizeof(word))
		return get_number_slowly(wire);
	memcpy(&word, wire->at, sizeof(word));
	word = le64toh(word);
	last = ~word & UINT64_C(0x8080808080808080);
	if (last == 0)
		return get_number_slowly(wire);
	bits = (unsigned)__builtin_ctzll(last) + 1; /* with the last byte's */
	word &= ~UINT64_C(0) >> (8 * sizeof(word) - bits);
	wire->ok = word >> (bits - 8) != 0 || bits == 8;
	wire->at += bits / 8;
	return wire->ok ? join_groups(word) : 0;
}

uint16_t wire_get_u16(struct wire *wire)
{
	uint64_t value = wire_get_number(wire);

	if (value > UINT16_MAX)
		wire->ok = false;
	return wire->ok ? (uint16_t)value : 0;
}

bool wire_get_bool(struct wire *wire)
{
	return wire_get_small(wire, 1) != 0;
}

const char *wire_get_string(struct wire *wire, size_t *len)
{
	*len = (size_t)wire_get_number(wire);
	return (const char *)wire_take(wire, *len);
}

void wire_get_text(struct wire *wire, char *dst, size_t size)
{
	size_t len;
	const char *text = wire_get_string(wire, &len);

	dst[0] = '\0';
	if (text == NULL || !str_copy_n(dst, size, text, len)) {
		wire->ok = false;
		return;
	}
	if (!str_all_print(dst, len))
		wire->ok = false;
}

struct wire wire_open(const void *bytes, size_t len, uint8_t kind, uint8_t version)
{
	struct wire wire = { .at = bytes, .ok = true };

	wire.end = wire.at + len;
	if (wire_get_small(&wire, UINT8_MAX) != kind || wire_get_small(&wire, UINT8_MAX) != version)
		wire.ok = false;
	return wire;
}

bool wire_close(const struct wire *wire)
{
	return wire->ok && wire->at == wire->end;
}
