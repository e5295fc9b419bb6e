/* SPDX-License-Identifier: BSD-2-Clause */
/* What postconf(1) prints: what is read comes out again, and lists come to an end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/postconf.h"

static void walk(const char *list)
{
	static const struct postconf_view view = { "/var/spool/postfix", true };
	struct span rest = span_of(list), item, part;
	const char *end = list + strlen(list);
	struct endpoint endpoint;

	while (postconf_item(&rest, &item)) {
		if (item.at < list || item.at + item.len > end)
			abort();
		if (postconf_socketmap(&endpoint, &part, item, &view) && part.len == 0)
			abort();
		postconf_milter(&endpoint, &part, item, &view);
		if (part.at < list || part.at + part.len > end)
			abort();
	}
	if (rest.len != 0)
		abort();
}

static void write_out(struct buf *out, const struct postconf *postconf)
{
	for (size_t i = 0; i < postconf->count; i++)
		buf_printf(out, "%s = %s\n", postconf->entries[i].name, postconf->entries[i].value);
}

static void compare(const struct postconf *a, const struct postconf *b)
{
	if (a->count != b->count)
		abort();
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->entries[i].name, b->entries[i].name) != 0 ||
		    strcmp(a->entries[i].value, b->entries[i].value) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct postconf first, second;
	struct buf out = { 0 };

	if (!postconf_read(&first, (const char *)data, len))
		return 0;
	for (size_t i = 0; i < first.count; i++) {
		walk(first.entries[i].value);
		postconf_version(first.entries[i].value);
	}
	write_out(&out, &first);
	if (!postconf_read(&second, buf_cstr(&out), out.len))
		abort();
	compare(&first, &second);
	postconf_free(&first);
	postconf_free(&second);
	buf_free(&out);
	return 0;
}
