/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUF_MIN 64

void buf_quote(struct buf *b, const char *text, size_t len)
{
	buf_append(b, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			buf_append(b, "\\", 1);
		buf_append(b, &text[i], 1);
	}
	buf_append(b, "\"", 1);
}

char *buf_reserve(struct buf *b, size_t len)
{
	size_t need = len <= SIZE_MAX / 2 - b->len ? b->len + len : SIZE_MAX;

	if (need > b->cap) {
		size_t cap = b->cap > BUF_MIN ? b->cap : BUF_MIN;

		while (cap < need && cap <= SIZE_MAX / 2)
			cap *= 2;
		b->data = mem_resize(b->data, cap < need ? need : cap, 1);
		b->cap = cap < need ? need : cap;
	}
	return b->data + b->len;
}

void buf_append(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_reserve(b, len), bytes, len);
	b->len += len;
}

void buf_append_str(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len <= 0)
		return;
	buf_reserve(b, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_consume(struct buf *b, size_t len)
{
	if (len == 0)
		return;
	b->len -= len;
	memmove(b->data, b->data + len, b->len);
}

const char *buf_cstr(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return b->data;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
