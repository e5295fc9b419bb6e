/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buf - a growable run of bytes.
 *
 * Invariants: len <= cap; data is NULL only while cap is 0. A zeroed struct is
 * an empty buffer. The owner of the struct owns the bytes and ends them with
 * buf_free. Growth that cannot be had ends the program, as in mem.h.
 */
#ifndef POSTSEAL_BASE_BUF_H
#define POSTSEAL_BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data;
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
};

void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_append_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* In double quotes, with a backslash before each quote and backslash in it. */
void buf_quote(struct buf *b, const char *text, size_t len);
/* Room for `len` more bytes; returns where to put them. Add to b->len yourself. */
char *buf_reserve(struct buf *b, size_t len);
/* Drop the first `len` bytes; len <= b->len. */
void buf_consume(struct buf *b, size_t len);
/* The contents as a C string (a NUL is kept after len); never NULL. */
const char *buf_cstr(struct buf *b);
void buf_free(struct buf *b); /* leaves an empty buffer */

#endif
