/* SPDX-License-Identifier: BSD-2-Clause */
/* The intake's commands, and its texts: in any pieces the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mailbox/lmtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span line = { (const char *)data, len };
	struct lmtp_command command = lmtp_parse(line);
	struct lmtp_text whole = { 0 }, pieces = { 0 };
	struct buf a = { 0 }, b = { 0 };
	size_t used = 0, at = 0;

	if (command.path.len > 0 &&
	    (command.path.at < line.at || command.path.at + command.path.len > line.at + line.len))
		abort();
	used = lmtp_feed(&whole, &a, 4096, line.at, len);
	while (at < len && !pieces.ended)
		at += lmtp_feed(&pieces, &b, 4096, line.at + at, 1);
	if (used != at || whole.ended != pieces.ended || whole.too_large != pieces.too_large ||
	    (!whole.too_large &&
	     (a.len != b.len || (a.len > 0 && memcmp(a.data, b.data, a.len) != 0))))
		abort();
	buf_free(&a);
	buf_free(&b);
	return 0;
}
