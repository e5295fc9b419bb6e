/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * privileges - from root to an ordinary user, for good.
 *
 * In two steps, so that what is opened in between has the right owner: after privileges_lend,
 * files are found and made as the user, while root's other rights (a port below 1024) remain.
 * After privileges_drop no right of root is left. Any failure ends the program.
 */
#ifndef POSTSEAL_DAEMON_PRIVILEGES_H
#define POSTSEAL_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

struct privileges {
	bool change; /* false: we stay who we are, and the rest is empty */
	uid_t uid;
	gid_t gid;
	const char *user; /* the caller's */
};

/* `user` NULL, or the user that we are already: stay. */
void privileges_find(struct privileges *to, const char *user);
/* Make a directory that is missing, as the user's; true if it is there now. */
bool privileges_make_directory(const struct privileges *to, const char *path, mode_t mode);
void privileges_lend(const struct privileges *to);
void privileges_drop(const struct privileges *to);

#endif
