/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pages - the files of `mailbox_pages`, read into memory at the start: each with its type,
 * its ETag and its Content-Security-Policy (postseal-mailbox-api(5), "The pages").
 */
#ifndef POSTSEAL_MAILBOX_PAGES_H
#define POSTSEAL_MAILBOX_PAGES_H

#include <stdbool.h>

#include "base/buf.h"
#include "core/mailbox/b64.h"

#define PAGES_ETAG_SIZE (B64_LEN(32) + 3)

struct page {
	char *path; /* "/index.html" */
	const char *type;
	char *csp;
	char etag[PAGES_ETAG_SIZE]; /* with its quotes */
	struct buf body;
};

struct pages;

/* `logo` is a file's path, or "". False members are logged; NULL: there is no index.html. */
struct pages *pages_read(const char *dir, const char *logo);
void pages_free(struct pages *pages);
/* NULL: none. "/" is index.html. */
const struct page *pages_find(const struct pages *pages, const char *path);

#endif
