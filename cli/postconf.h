/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postconf - what postconf(1) prints, and how Postfix writes lists, look-up
 * tables and milters in it (postconf(5), socketmap_table(5), MILTER_README).
 *
 * Each line is "NAME = VALUE"; with -F and -P the names are
 * "SERVICE/TYPE/FIELD" and "SERVICE/TYPE/PARAMETER".
 */
#ifndef POSTSEAL_CORE_POSTCONF_H
#define POSTSEAL_CORE_POSTCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/names/ipaddr.h"
#include "base/span.h"

#define POSTCONF_ENTRIES_MAX 16384

struct postconf_entry {
	char *name; /* both belong to the struct postconf */
	char *value;
};

struct postconf {
	size_t count;
	struct postconf_entry *entries; /* in the order in which they were printed */
};

/*
 * text[0..len) as postconf(1) prints it. False, and *postconf empty, when it is
 * not that: a line without " =", a NUL, no entries' end in sight. End with
 * postconf_free, which leaves it empty.
 */
bool postconf_read(struct postconf *postconf, const char *text, size_t len);
void postconf_free(struct postconf *postconf);
/* The first of that name; NULL: there is none. */
const char *postconf_get(const struct postconf *postconf, const char *name);

/*
 * The next item of a list, cut off *rest: items are parted by blanks and commas
 * outside of braces; one in braces is given without them. False at the end.
 */
bool postconf_item(struct span *rest, struct span *item);

/* Is this an item of the list? */
bool postconf_has(const char *list, const char *wanted);

/* Where an item of a list says that a server is, seen from outside of any chroot. */
struct postconf_view {
	const char *queue_directory;
	bool chrooted; /* the process that connects: paths begin at queue_directory */
};

/*
 * "[proxy:]socketmap:inet:HOST:PORT:NAME" or "…unix:PATH:NAME". A relative path
 * begins at queue_directory. proxymap(8) connects in place of the process. False
 * when it is not that, or its host is a name (other than localhost).
 */
bool postconf_socketmap(struct endpoint *endpoint, struct span *map, struct span item,
			const struct postconf_view *view);

/*
 * "inet:HOST:PORT", "unix:PATH", or in braces the same and its options;
 * *default_action is empty when it has none of its own.
 */
bool postconf_milter(struct endpoint *endpoint, struct span *default_action, struct span item,
		     const struct postconf_view *view);

/* "3.7.11" as 307, "3.12-20260101" as 312; 0 when it is none. */
int postconf_version(const char *mail_version);

#endif
