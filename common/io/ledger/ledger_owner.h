/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_owner - root acts as the ledger's owner while it opens the ledger's files.
 *
 * The directory belongs to the user of the daemons. Whoever has got hold of one of these
 * may have put links there, to files that only root may write; LMDB writes to what it
 * opens. As the owner, root opens no more than the owner could. For ledger_env.c only.
 */
#ifndef POSTSEAL_IO_LEDGER_OWNER_H
#define POSTSEAL_IO_LEDGER_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

struct ledger_owner {
	bool acting; /* else nothing was changed: not root, or the owner is root itself */
	gid_t group;
	gid_t *groups;
	int count;
};

/* False, and errno, when it cannot. Where there is no directory, nothing is changed. */
bool ledger_owner_enter(struct ledger_owner *before, const char *dir);
/* Root is root again; the program ends where that fails. */
void ledger_owner_leave(struct ledger_owner *before);

#endif
