/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define DIR_MODE 0750
/* What LMDB makes of READERS_MAX of ledger_env.c. */
#define LOCK_FILE_SIZE 32768

bool ledger_fail(char error[LEDGER_ERROR_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, LEDGER_ERROR_SIZE, format, args);
	va_end(args);
	errno = 0;
	return false;
}

bool ledger_deny(char error[LEDGER_ERROR_SIZE], const char *doing, const char *dir,
		 const char *name, const char *remark)
{
	ledger_fail(
		error,
		"no permission to %s %s%s%s%s; it should belong to the group postseal: join that "
		"group (adduser USER postseal) or run this as root",
		doing, dir, name[0] != '\0' ? "/" : "", name, remark);
	errno = EACCES;
	return false;
}

/* A file of `dir` with LEDGER_FILE_MODE whatever the umask; one that is there is left alone. */
static bool make_file(const char *dir, const char *name)
{
	char *path = NULL;
	struct stat owner;
	int fd;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		log_fatal("out of memory");
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, LEDGER_FILE_MODE);
	free(path);
	if (fd < 0)
		return errno == EEXIST;
	/* Made by root for daemons that are not: as theirs as the directory. */
	if (geteuid() == 0 && stat(dir, &owner) == 0 && fchown(fd, owner.st_uid, owner.st_gid) != 0)
		log_warning("ledger=%s cannot give %s to the directory's owner: %s", dir, name,
			    strerror(errno));
	fchmod(fd, LEDGER_FILE_MODE);
	close(fd);
	return true;
}

static bool make_dir(const char *dir, char error[LEDGER_ERROR_SIZE])
{
	if (mkdir(dir, DIR_MODE) == 0) {
		chmod(dir, DIR_MODE); /* whatever the umask */
		return true;
	}
	if (errno == EEXIST)
		return true;
	return ledger_fail(error,
			   "cannot make the ledger's directory %s: %s; make it yourself (owner "
			   "postseal, mode 0750) or set `ledger` to another one",
			   dir, strerror(errno));
}

static bool check_dir(const char *dir, char error[LEDGER_ERROR_SIZE])
{
	struct stat st;

	if (stat(dir, &st) != 0 && errno == ENOENT)
		return ledger_fail(
			error,
			"there is no ledger at %s: no such directory; start "
			"postseal-prober, which makes it, or correct `ledger` in the settings",
			dir);
	if (faccessat(AT_FDCWD, dir, X_OK, AT_EACCESS) != 0 && errno == EACCES)
		return ledger_deny(error, "look into the ledger's directory", dir, "", "");
	if (stat(dir, &st) != 0)
		return ledger_fail(error, "cannot look at the ledger's directory %s: %s", dir,
				   strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return ledger_fail(error,
				   "the ledger's directory %s is not a directory; correct `ledger` "
				   "in the settings or move that file away",
				   dir);
	return true;
}

/* `how`: R_OK, W_OK; what may be done to a file of the ledger, before LMDB tries. */
static bool check_file(const char *dir, const char *name, int how, char error[LEDGER_ERROR_SIZE])
{
	char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		log_fatal("out of memory");
	rc = faccessat(AT_FDCWD, path, how, AT_EACCESS);
	free(path);
	if (rc == 0 || errno != EACCES)
		return true;
	return ledger_deny(error, (how & W_OK) != 0 ? "write" : "read", dir, name,
			   strcmp(name, "lock.mdb") == 0
				   ? " (LMDB keeps its readers there, so even who "
				     "only asks must write it)"
				   : "");
}

static bool look_at(struct stat *st, const char *dir, const char *name)
{
	char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		log_fatal("out of memory");
	rc = stat(path, st);
	free(path);
	return rc == 0;
}

bool ledger_files_identify(struct ledger_files *files, const char *dir)
{
	struct stat data, lock;

	if (!look_at(&data, dir, "data.mdb") || data.st_size == 0 ||
	    !look_at(&lock, dir, "lock.mdb"))
		return false;
	*files = (struct ledger_files){
		.data_device = data.st_dev,
		.data = data.st_ino,
		.lock_device = lock.st_dev,
		.lock = lock.st_ino,
	};
	return true;
}

bool ledger_files_replaced(const struct ledger_files *files, const char *dir)
{
	struct ledger_files now;

	if (!ledger_files_identify(&now, dir))
		return false;
	return now.data != files->data || now.data_device != files->data_device ||
	       now.lock != files->lock || now.lock_device != files->lock_device;
}

/* An empty data.mdb would be initialised by LMDB, which is for LEDGER_CREATE only. */
static bool check_data(const char *dir, char error[LEDGER_ERROR_SIZE])
{
	struct stat st;
	bool there = look_at(&st, dir, "data.mdb");

	if (there && st.st_size > 0)
		return true;
	return ledger_fail(error,
			   "there is no ledger at %s: data.mdb is %s; start postseal-prober, which "
			   "makes it, or correct `ledger` in the settings",
			   dir,
			   there             ? "empty"
			   : errno == ENOENT ? "missing"
					     : strerror(errno));
}

/*
 * LMDB maps lock.mdb and takes a slot in it for each reader. A page that has no
 * place on the disk yet gets one when it is written to first, and if there is none,
 * the reader is killed (SIGBUS): so they all get theirs now. Once LMDB has opened the
 * file it is too late: closing another descriptor of it would let go of LMDB's locks.
 */
static void make_room_for_readers(const char *dir)
{
	char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/lock.mdb", dir) < 0)
		log_fatal("out of memory");
	fd = open(path, O_RDWR | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return;
	/* Not posix_fallocate, which may write. Of a disk that is full somebody else will tell. */
	if (fallocate(fd, 0, 0, LOCK_FILE_SIZE) != 0)
		log_debug("ledger=%s lock.mdb: %s", dir, strerror(errno));
	close(fd);
}

bool ledger_files_prepare(const char *dir, enum ledger_mode mode, char error[LEDGER_ERROR_SIZE])
{
	if (mode == LEDGER_CREATE && !make_dir(dir, error))
		return false;
	if (!check_dir(dir, error))
		return false;
	if (mode == LEDGER_CREATE) {
		if (!make_file(dir, "data.mdb"))
			return ledger_fail(
				error,
				"cannot make %s/data.mdb: %s; the ledger's directory must "
				"be writable for the prober's user",
				dir, strerror(errno));
	} else if (!check_data(dir, error)) {
		return false;
	}
	make_file(dir, "lock.mdb"); /* if that fails, LMDB says why */
	make_room_for_readers(dir);
	return check_file(dir, "data.mdb", mode == LEDGER_READ ? R_OK : R_OK | W_OK, error) &&
	       check_file(dir, "lock.mdb", R_OK | W_OK, error);
}

/*
 * As the owner.
 */

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

bool ledger_files_become_owner(struct ledger_owner *before, const char *dir)
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
	ledger_files_become_root(before);
	errno = why;
	return false;
}

void ledger_files_become_root(struct ledger_owner *before)
{
	int why = errno;

	if (before->acting && (seteuid(0) != 0 || setegid(before->group) != 0 ||
			       setgroups((size_t)before->count, before->groups) != 0))
		log_fatal("cannot become root again: %s", strerror(errno));
	free(before->groups);
	*before = (struct ledger_owner){ 0 };
	errno = why;
}
