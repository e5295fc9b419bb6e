/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authors - whom a message names as its author: the addresses in its headers
 * From, Sender, Resent-From and Resent-Sender (RFC 5322 3.4, 3.6.2, 3.6.6, and
 * what section 4.4 wants readers to bear with).
 *
 * Display names, comments, names of groups and encoded words in them are not addresses, whatever
 * they look like. But text that somebody could take for an address is one here: a display name
 * with a bare "@", and text that no bracket or group ends.
 */
#ifndef POSTSEAL_CORE_AUTHORS_H
#define POSTSEAL_CORE_AUTHORS_H

#include "base/span.h"

/* How the header is spelt, or NULL if it names no authors. Blanks in front of
 * the colon count for nothing. */
const char *authors_header(const char *name);

#define AUTHOR_SIZE 1024

/* A walk through a header's value, any C string, however folded. */
struct authors {
	struct span rest;
	bool in_brackets;
};

struct author {
	struct span raw; /* of the value: where it stands, and what is around it there */
	/* As an envelope would have it (core/names/mailaddr.h), without blanks and comments;
	 * "" if it cannot be understood. It need not be an address that exists. */
	char text[AUTHOR_SIZE];
};

void authors_begin(struct authors *walk, const char *value);
/* False: there are no more. */
bool authors_next(struct author *author, struct authors *walk);

#endif
