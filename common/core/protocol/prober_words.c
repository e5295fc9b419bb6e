/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/prober_words.h"

#include <string.h>

#include "base/str.h"

static const char *const words[] = {
	[PROBER_WANT] = "want",       [PROBER_PROBE] = "probe", [PROBER_NEWS] = "news",
	[PROBER_DONE] = "done",       [PROBER_BUSY] = "busy",   [PROBER_LOST] = "lost",
	[PROBER_REFUSED] = "refused",
};

static bool parse_word(enum prober_word *word, const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0) {
			*word = (enum prober_word)i;
			return true;
		}
	}
	return false;
}

bool prober_message_parse(struct prober_message *message, const char *line, size_t len)
{
	const char *blank;
	const char *key;
	size_t key_len;

	if (len + 1 > PROBER_LINE_MAX)
		return false;
	blank = memchr(line, ' ', len);
	if (blank == NULL || !parse_word(&message->word, line, (size_t)(blank - line)))
		return false;
	key = blank + 1;
	key_len = len - (size_t)(key - line);
	if (message->word == PROBER_REFUSED)
		return refusal_parse(&message->refusal, key, key_len);
	if (nexthop_parse(&message->nexthop, key, key_len) != NEXTHOP_OK)
		return false;
	/* Only the canonical spelling: two spellings would be two records. */
	return strlen(message->nexthop.key) == key_len &&
	       memcmp(message->nexthop.key, key, key_len) == 0;
}

void prober_message_append(struct buf *out, enum prober_word word, const char *key)
{
	buf_printf(out, "%s %s\n", words[word], key);
}
