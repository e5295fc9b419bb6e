/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_owner.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static bool become(const struct stat *owner)
{
	return setgroups(1, &owner->st_gid) == 0 && setegid(owner->st_gid) == 0 &&
	       seteuid(owner->st_uid) == 0;
}

/*
 * A daemon that starts as root is its own user for files already (daemon/privileges.h).
 * seteuid(2) would undo that for all that it opens afterwards. -1 changes nothing.
 */
static bool is_root_for_files(void)
{
	return geteuid() == 0 && setfsuid((uid_t)-1) == 0;
}

bool ledger_owner_enter(struct ledger_owner *before, const char *dir)
{
	struct stat owner;
	int why;

	*before = (struct ledger_owner){ .group = getegid() };
	if (!is_root_for_files() || stat(dir, &owner) != 0 || owner.st_uid == 0)
		return true;
	before->count = getgroups(0, NULL);
	if (before->count < 0)
		return false;
	before->groups = mem_zero((size_t)before->count + 1, sizeof(gid_t));
	before->count = getgroups(before->count, before->groups);
	before->acting = before->count >= 0;
	if (before->acting && become(&owner))
		return true;
	why = errno;
	ledger_owner_leave(before);
	errno = why;
	return false;
}

void ledger_owner_leave(struct ledger_owner *before)
{
	int why = errno;

	if (before->acting && (seteuid(0) != 0 || setegid(before->group) != 0 ||
			       setgroups((size_t)before->count, before->groups) != 0))
		log_fatal("cannot become root again: %s", strerror(errno));
	free(before->groups);
	*before = (struct ledger_owner){ 0 };
	errno = why;
}
