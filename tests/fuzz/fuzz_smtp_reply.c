/* SPDX-License-Identifier: BSD-2-Clause */
/* What an SMTP server says: the same however it is cut, and within its bounds. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/protocol/smtp_reply.h"

/* As a caller does who gets `step` bytes at a time; *end is where it stopped. */
static enum smtp_reply_state feed(struct smtp_reply *reply, const char *bytes, size_t len,
				  size_t step, size_t *start)
{
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	size_t end = 0;

	*start = 0;
	*reply = (struct smtp_reply){ 0 };
	while (state == SMTP_REPLY_MORE && end < len) {
		size_t used;

		end = len - end > step ? end + step : len;
		state = smtp_reply_feed(reply, bytes + *start, end - *start, &used);
		assert(used <= end - *start);
		*start += used;
		assert(state != SMTP_REPLY_MORE || *start == end);
	}
	return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes;
	struct smtp_reply whole, cut;
	size_t whole_end, cut_end;
	enum smtp_reply_state state = feed(&whole, text, len, len + 1, &whole_end);

	assert(feed(&cut, text, len, 1, &cut_end) == state);
	assert(whole.lines == cut.lines && whole.code == cut.code);
	assert(whole.starttls == cut.starttls && strcmp(whole.text, cut.text) == 0);
	if (state != SMTP_REPLY_DONE)
		return 0;
	assert(whole_end == cut_end && text[whole_end - 1] == '\n');
	assert(whole.code <= 999);
	assert(whole.masked == cut.masked);
	assert(!whole.starttls || whole.lines > 1);
	for (const char *p = whole.text; *p != '\0'; p++)
		assert(*p >= ' ' && *p <= '~');
	return 0;
}
