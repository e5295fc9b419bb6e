/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire - the bytes that records are made of (record.h): integers, times,
 * strings, appended to a buffer and read back.
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
void wire_put_u16(struct buf *out, uint16_t value);
void wire_put_time(struct buf *out, int64_t value);
/* Ascending times, at most 2^32 - 1 apart: the first, then the gaps in four bytes each. */
void wire_put_times(struct buf *out, const int64_t *times, size_t count);
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

uint16_t wire_get_u16(struct wire *wire);
/* One byte of at most `max`: an enumeration, a count. */
uint8_t wire_get_small(struct wire *wire, unsigned max);
bool wire_get_bool(struct wire *wire);
int64_t wire_get_time(struct wire *wire); /* not negative */
/* Times that do not descend; undefined if the wire is not ok afterwards. */
void wire_get_times(struct wire *wire, int64_t *times, size_t count);
/* A string of printable ASCII that fits in dst with its NUL. */
void wire_get_text(struct wire *wire, char *dst, size_t size);
/* The next len bytes as they are; NULL when there are fewer. */
const unsigned char *wire_take(struct wire *wire, size_t len);

#endif
