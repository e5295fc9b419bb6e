/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

void privileges_find(struct privileges *to, const char *user)
{
	const struct passwd *entry;

	*to = (struct privileges){ .change = false };
	if (user == NULL) {
		if (geteuid() == 0)
			log_warning("user=root keeps all its rights; give -u USER");
		return;
	}
	errno = 0;
	entry = getpwnam(user);
	if (entry == NULL)
		log_fatal("user=%s is not known: %s", user,
			  errno != 0 ? strerror(errno) : "no such user");
	if (geteuid() == entry->pw_uid && getuid() == entry->pw_uid)
		return;
	if (geteuid() != 0)
		log_fatal("user=%s: only root can change to another user", user);
	*to = (struct privileges){
		.change = true, .uid = entry->pw_uid, .gid = entry->pw_gid, .user = user
	};
}

bool privileges_make_directory(const struct privileges *to, const char *path, mode_t mode)
{
	if (mkdir(path, 0700) != 0)
		return errno == EEXIST;
	if (to->change && chown(path, to->uid, to->gid) != 0)
		return false;
	return chmod(path, mode) == 0; /* past the umask */
}

/*
 * The file-system user counts for files only (setfsuid(2)). To leave 0 also drops
 * CAP_DAC_OVERRIDE and the like, and nothing else. Both calls return the former value and no
 * error, so they are made again as a check.
 */
void privileges_lend(const struct privileges *to)
{
	if (!to->change)
		return;
	if (initgroups(to->user, to->gid) != 0)
		log_fatal("user=%s: its groups cannot be set: %s", to->user, strerror(errno));
	setfsgid(to->gid);
	setfsuid(to->uid);
	if ((gid_t)setfsgid(to->gid) != to->gid || (uid_t)setfsuid(to->uid) != to->uid)
		log_fatal("user=%s: cannot use this user for files", to->user);
}

static bool is_all_theirs(const struct privileges *to)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;

	return getresuid(&uid, &euid, &suid) == 0 && getresgid(&gid, &egid, &sgid) == 0 &&
	       uid == to->uid && euid == to->uid && suid == to->uid && gid == to->gid &&
	       egid == to->gid && sgid == to->gid;
}

void privileges_drop(const struct privileges *to)
{
	if (!to->change)
		return;
	/* The group first: afterwards we may not. */
	if (setresgid(to->gid, to->gid, to->gid) != 0 || setresuid(to->uid, to->uid, to->uid) != 0)
		log_fatal("user=%s: cannot change to this user: %s", to->user, strerror(errno));
	if (to->uid == 0)
		return; /* -u root: nothing was given up */
	if (!is_all_theirs(to) || setuid(0) == 0 || seteuid(0) == 0)
		log_fatal("user=%s: rights of root could be regained", to->user);
}
