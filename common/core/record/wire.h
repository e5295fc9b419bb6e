/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire - the bytes that records are made of (record.h): numbers, times, strings,
 * appended to a buffer and read back.
 *
 * A number takes the bytes it needs and no more, seven bits in each, the least
 * ones first; the top bit says that another byte follows (LEB128).
 *
 * Reading is strict and fails once: the first thing amiss makes `ok` false for
 * good, and from then on everything reads as zero or as an empty string. So a
 * decoder reads straight on and asks once, at the end.
 */
#ifndef POSTSEAL_CORE_WIRE_H
#define POSTSEAL_CORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

void wire_put_u8(struct buf *out, uint8_t value);
void wire_put_number(struct buf *out, uint64_t value);
void wire_put_u16(struct buf *out, uint16_t value); /* as a number */
void wire_put_time(struct buf *out, int64_t value); /* as a number */
/* As what it is later than another, which the reader knows: small where they are close. */
void wire_put_time_after(struct buf *out, int64_t value, int64_t before);
void wire_put_name(struct buf *out, const char *name); /* as it stands */
void wire_put_text(struct buf *out, const char *text); /* unprintable bytes as '?' */

/* Bytes being read; they belong to the caller and must outlive it. */
struct wire {
	const unsigned char *at;
	const unsigned char *end;
	bool ok;
};

/* The bytes must start with this kind and version. */
struct wire wire_open(const void *bytes, size_t len, uint8_t kind, uint8_t version);
/* True if all was well and nothing is left over. */
bool wire_close(const struct wire *wire);

uint64_t wire_get_long_number(struct wire *wire);
uint16_t wire_get_u16(struct wire *wire);
bool wire_get_bool(struct wire *wire);
/* A string where it stands, whatever is in it; NULL where there is none. */
const char *wire_get_string(struct wire *wire, size_t *len);
/* A string of printable ASCII that fits in dst with its NUL. */
void wire_get_text(struct wire *wire, char *dst, size_t size);
/* The next len bytes as they are; NULL when there are fewer. */
const unsigned char *wire_take(struct wire *wire, size_t len);
/* The same as a copy; zeros when there are fewer. */
void wire_get_bytes(struct wire *wire, void *dst, size_t len);

/* Most numbers are of one byte, and each look-up reads some dozens of them. */
static inline uint64_t wire_get_number(struct wire *wire)
{
	if (wire->ok && wire->at < wire->end && *wire->at < 0x80)
		return *wire->at++;
	return wire_get_long_number(wire);
}

/* A time, not negative, that was put so. */
static inline int64_t wire_get_time_after(struct wire *wire, int64_t before)
{
	uint64_t value = (uint64_t)before + wire_get_number(wire);

	if (value > INT64_MAX)
		wire->ok = false;
	return wire->ok ? (int64_t)value : 0;
}

static inline int64_t wire_get_time(struct wire *wire)
{
	return wire_get_time_after(wire, 0);
}

/* One byte of at most `max`: an enumeration, a count. */
static inline uint8_t wire_get_small(struct wire *wire, unsigned max)
{
	if (wire->ok && wire->at < wire->end && *wire->at <= max)
		return *wire->at++;
	wire->ok = false;
	return 0;
}

#endif
