/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages: whatever is read of them is UTF-8 in one line, and makes no header of its own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mailbox/mime.h"
#include "core/mailbox/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_value(struct span value)
{
	struct buf text = { 0 }, name = { 0 }, written = { 0 };
	char address[SEAL_ADDRESS_SIZE], id[64];
	struct span whole, found_name, found;
	int64_t seconds;
	size_t at = 0, count = 0;

	mime_decode(&text, value, 300);
	if (text.len > 300 || !mime_is_utf8(buf_cstr(&text), text.len) ||
	    strpbrk(text.data, "\r\n\t") != NULL)
		abort();
	if (mime_first_address(value, address, &name) == (address[0] == '\0'))
		abort();
	mime_parse_date(value, &seconds);
	mime_message_id(id, sizeof(id), value);
	mime_put_text(&written, "A", text.data);
	mime_put_address(&written, "B", buf_cstr(&name), "b@example.net");
	buf_append_str(&written, "\r\n");
	whole = (struct span){ buf_cstr(&written), written.len };
	while (mime_next_header(whole, &at, &found_name, &found))
		count++;
	if (count != 2)
		abort();
	buf_free(&text);
	buf_free(&name);
	buf_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span message = { (const char *)data, len }, name, value;
	unsigned char id[16];
	struct buf out = { 0 };
	size_t at = 0;

	while (mime_next_header(message, &at, &name, &value)) {
		if (name.at < message.at || value.at + value.len > message.at + message.len)
			abort();
		try_value(value);
	}
	if (mime_body(message) > len)
		abort();
	/* A person's mail is no bounce, whatever it says. */
	report_is_failure(message, true, "bob@example.net");
	report_returned_id(message, "example.com", id, sizeof(id));
	if (report_is_failure(message, false, "bob@example.net"))
		abort();
	mime_put_quoted(&out, message.at, len);
	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)out.data[i];

		if (c > '~' || (c < ' ' && c != '\r' && c != '\n' && c != '\t'))
			abort();
	}
	buf_free(&out);
	return 0;
}
