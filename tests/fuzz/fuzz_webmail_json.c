/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies of webmails, and answers of postseal-mailbox's control socket. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/json/status_json.h"
#include "io/json/webmail_json.h"

/* What is written is ASCII without what JSON forbids, whatever was read. (It allows DEL.) */
static void check_written(struct buf *out)
{
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->data[i] < ' ' || (unsigned char)out->data[i] > 0x7f)
			abort();
	buf_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = mem_strndup((const char *)data, len);
	char error[WEBMAIL_JSON_ERROR_SIZE], word[WEBMAIL_JSON_WORD_SIZE];
	struct webmail_change change;
	struct buf out = { 0 };

	if (webmail_json_read_change(&change, (const char *)data, len, error) &&
	    (change.level < ALIAS_ENCRYPT || change.level > ALIAS_DANE_ONLY))
		abort();
	if (!webmail_json_done(text, word, error) && (word[0] == '\0' || error[0] == '\0'))
		abort();
	if (webmail_json_sealed(&out, "me@example.com", text, text) && out.len == 0)
		abort();
	check_written(&out);
	buf_append_str(&out, "{\"state\":\"dane\"}");
	status_json_put_seal(&out, status_json_seal(text));
	check_written(&out);
	free(text);
	return 0;
}
