/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logplace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/span.h"

#define HEX_DIGITS 16

void logplace_format(char dst[LOGPLACE_TEXT_SIZE], const struct logplace *place)
{
	if (place->kind == LOGPLACE_JOURNAL)
		snprintf(dst, LOGPLACE_TEXT_SIZE, "journal %s", place->cursor);
	else
		snprintf(dst, LOGPLACE_TEXT_SIZE, "file %" PRIu64 " %" PRIu64 " %016" PRIx64,
			 place->inode, place->offset, place->fingerprint);
}

/* A decimal number without leading zeros, up to `end`. */
static bool take_number(struct span *rest, uint64_t *value)
{
	bool found;
	struct span digits = span_cut(rest, " ", &found);

	return found && !(digits.len > 1 && digits.at[0] == '0') &&
	       str_number(digits.at, digits.len, UINT64_MAX, value);
}

static bool take_hex(struct span digits, uint64_t *value)
{
	static const char set[] = "0123456789abcdef";

	*value = 0;
	for (size_t i = 0; i < digits.len; i++) {
		const char *digit = memchr(set, digits.at[i], sizeof(set) - 1);

		if (digit == NULL)
			return false;
		*value = *value << 4 | (uint64_t)(digit - set);
	}
	return digits.len == HEX_DIGITS;
}

bool logplace_cursor_valid(const char *text, size_t len)
{
	return len > 0 && len < LOGPLACE_CURSOR_SIZE && str_all_graph(text, len);
}

bool logplace_parse(struct logplace *place, const char *text, size_t len)
{
	struct span rest = { text, len };

	*place = (struct logplace){ 0 };
	if (span_skip(&rest, "journal ")) {
		place->kind = LOGPLACE_JOURNAL;
		return logplace_cursor_valid(rest.at, rest.len) &&
		       str_copy_n(place->cursor, sizeof(place->cursor), rest.at, rest.len);
	}
	return span_skip(&rest, "file ") && take_number(&rest, &place->inode) &&
	       take_number(&rest, &place->offset) && take_hex(rest, &place->fingerprint) &&
	       (place->offset == 0 || place->fingerprint != 0);
}

uint64_t logplace_fingerprint(const char *head, size_t len)
{
	uint64_t hash;
	const char *end;

	if (len > LOGPLACE_HEAD)
		len = LOGPLACE_HEAD;
	end = len > 0 ? memchr(head, '\n', len) : NULL;
	if (end == NULL && len < LOGPLACE_HEAD)
		return 0;
	if (end != NULL)
		len = (size_t)(end - head);
	hash = num_fnv(NUM_FNV, head, len);
	return hash != 0 ? hash : 1;
}
