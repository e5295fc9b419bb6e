/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contents of postseal.conf. What is refused changes nothing and is told in one
 * printable line; what is read can be shown, and read again to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "io/local/settings_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf show_all(const struct settings *settings)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < settings_table_count; i++) {
		buf_printf(&out, "%s = ", settings_table[i].name);
		settings_table[i].show(settings, &settings_table[i], &out);
		buf_append_str(&out, "\n");
	}
	return out;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void require_one_printable_line(const char *text)
{
	require(text[0] != '\0');
	for (; *text != '\0'; text++)
		require(*text >= 0x20 && *text < 0x7f);
}

static void require_read_again(const struct buf *shown)
{
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct settings again;
	struct buf shown_again;

	settings_init(&again);
	require(settings_file_parse(&again, "again", shown->data, shown->len, error));
	shown_again = show_all(&again);
	require(same(shown, &shown_again));
	buf_free(&shown_again);
	settings_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct settings settings;
	struct buf before, after;

	settings_init(&settings);
	before = show_all(&settings);
	if (settings_file_parse(&settings, "fuzz", (const char *)data, size, error)) {
		after = show_all(&settings);
		require_read_again(&after);
	} else {
		after = show_all(&settings);
		require(same(&before, &after));
		require_one_printable_line(error);
	}
	buf_free(&before);
	buf_free(&after);
	settings_free(&settings);
	return 0;
}
