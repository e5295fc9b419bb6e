/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_files - the ledger's directory and files before LMDB opens them: made
 * where they are to be made, with modes that do not depend on the umask, and
 * looked at, so that each failure can be told apart. For ledger_env.c only.
 */
#ifndef POSTSEAL_IO_LEDGER_FILES_H
#define POSTSEAL_IO_LEDGER_FILES_H

#include <sys/types.h>

#include "io/ledger/ledger.h"

#define LEDGER_FILE_MODE 0660

/* False, and in `error` what happened, where, and what to do; errno as ledger_open. */
bool ledger_files_prepare(const char *dir, enum ledger_mode mode, char error[LEDGER_ERROR_SIZE]);

/* Which files stand at their places. */
struct ledger_files {
	dev_t data_device, lock_device;
	ino_t data, lock;
};

/* False, and *files is left as it is, where either of them is missing or there is nothing in
 * data.mdb. */
bool ledger_files_identify(struct ledger_files *files, const char *dir);
/* Are there others now? Not, while those cannot be identified. */
bool ledger_files_replaced(const struct ledger_files *files, const char *dir);

/*
 * Root acts as the ledger's owner while it opens the ledger's files. The directory belongs to
 * the user of the daemons. Whoever has got hold of one of these may have put links there, to
 * files that only root may write; LMDB writes to what it opens. As the owner, root opens no
 * more than the owner could.
 */
struct ledger_owner {
	bool acting; /* else nothing was changed: not root, or the owner is root itself */
	gid_t group;
	gid_t *groups;
	int count;
};

/* False, and errno, when it cannot. Where there is no directory, nothing is changed. */
bool ledger_files_become_owner(struct ledger_owner *before, const char *dir);
/* Root is root again; the program ends where that fails. */
void ledger_files_become_root(struct ledger_owner *before);

/* Both end an attempt: they set `error` and errno, and return false. */
__attribute__((format(printf, 2, 3))) bool ledger_fail(char error[LEDGER_ERROR_SIZE],
						       const char *format, ...);
/* "no permission to DOING DIR[/NAME]REMARK; ..." */
bool ledger_deny(char error[LEDGER_ERROR_SIZE], const char *doing, const char *dir,
		 const char *name, const char *remark);

#endif
