/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/setup/setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/span.h"
#include "base/str.h"
#include "base/utc.h"
#include "io/local/command.h"

#define FILE_MAX_BYTES (4 * 1024 * 1024)
#define PREFIX "setup-"
#define PASSWORD "password="

/* False, so that it can end a function. */
__attribute__((format(printf, 2, 3))) static bool fail(char error[SETUP_ERROR_SIZE],
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, SETUP_ERROR_SIZE, format, args);
	va_end(args);
	return false;
}

/*
 * One file.
 */

bool setup_read(const char *path, struct buf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = -1;
	int trouble;

	if (fd < 0)
		return false;
	while (text->len <= FILE_MAX_BYTES && (got = read(fd, buf_reserve(text, 65536), 65536)) > 0)
		text->len += (size_t)got;
	trouble = got > 0 ? EFBIG : errno;
	close(fd);
	errno = trouble;
	return got == 0;
}

static bool write_all(int fd, const struct buf *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(fd, text->data + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) == 0;
}

/* A new file in a directory of root's; it must not be there. */
static bool write_new(const char *path, const struct buf *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	bool good = fd >= 0 && write_all(fd, text);

	if (fd >= 0 && close(fd) != 0)
		good = false;
	return good;
}

/* Whole or not at all, with this owner and mode. */
static bool replace(const struct setup_file *file, const struct buf *text,
		    char error[SETUP_ERROR_SIZE])
{
	char beside[SETUP_PATH_SIZE + 32];
	bool good;

	snprintf(beside, sizeof(beside), "%s.postseal-new", file->path);
	unlink(beside);
	good = write_new(beside, text, 0600) && chown(beside, file->uid, file->gid) == 0 &&
	       chmod(beside, file->mode) == 0 && rename(beside, file->path) == 0;
	if (good)
		return true;
	fail(error, "%s cannot be written: %s", file->path, strerror(errno));
	unlink(beside);
	return false;
}

struct setup_file *setup_files_add(struct setup_files *files, const char *path,
				   char error[SETUP_ERROR_SIZE])
{
	struct setup_file *file = &files->list[files->count];
	char *real = realpath(path, NULL);
	struct stat st;

	if (files->count == SETUP_FILES_MAX ||
	    !str_copy(file->path, sizeof(file->path), real != NULL ? real : path)) {
		free(real);
		fail(error, "%s: its path is too long, or it is one too many", path);
		return NULL;
	}
	free(real);
	if (stat(file->path, &st) == 0 && S_ISREG(st.st_mode)) {
		file->existed = true;
		file->mode = st.st_mode & 07777;
		file->uid = st.st_uid;
		file->gid = st.st_gid;
	} else if (errno == ENOENT) {
		file->mode = 0644;
	} else {
		fail(error, "%s is no file", file->path);
		return NULL;
	}
	if (file->existed && !setup_read(file->path, &file->before)) {
		fail(error, "%s cannot be read: %s", file->path, strerror(errno));
		return NULL;
	}
	buf_append(&file->after, file->before.data, file->before.len);
	files->count++;
	return file;
}

bool setup_files_add_folder(struct setup_files *files, const struct setup_file *folder,
			    char error[SETUP_ERROR_SIZE])
{
	struct setup_file *file = &files->list[files->count];

	if (files->count == SETUP_FILES_MAX)
		return fail(error, "%s is one too many", folder->path);
	str_copy(file->path, sizeof(file->path), folder->path);
	file->folder = true;
	file->mode = folder->mode;
	file->uid = folder->uid;
	file->gid = folder->gid;
	files->count++;
	return true;
}

void setup_files_free(struct setup_files *files)
{
	for (size_t i = 0; i < SETUP_FILES_MAX; i++) {
		buf_free(&files->list[i].before);
		buf_free(&files->list[i].after);
	}
	buf_free(&files->units);
	*files = (struct setup_files){ 0 };
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

bool setup_file_differs(const struct setup_file *file)
{
	return !file->existed || !same(&file->before, &file->after);
}

bool setup_files_differ(const struct setup_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		if (setup_file_differs(&files->list[i]))
			return true;
	}
	return false;
}

/*
 * How it differs.
 */

static void run_diff(const char *label, char *before, char *after)
{
	char old_label[SETUP_PATH_SIZE + 16], new_label[SETUP_PATH_SIZE + 16];
	char *argv[] = { (char[]){ "diff" },
			 (char[]){ "-u" },
			 (char[]){ "-L" },
			 old_label,
			 (char[]){ "-L" },
			 new_label,
			 before,
			 after,
			 NULL };
	char bytes[4096];
	ssize_t got;
	pid_t child;
	int fd;

	snprintf(old_label, sizeof(old_label), "%s", label);
	snprintf(new_label, sizeof(new_label), "%s (new)", label);
	fflush(stdout);
	fd = command_start(argv, &child);
	if (fd < 0) {
		printf("%s changes; diff(1) cannot be run to show how\n", label);
		return;
	}
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)got, stdout);
	close(fd);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The text as it may be shown. */
static void append_shown(struct buf *shown, const struct buf *text, bool secret)
{
	struct span rest = { text->data, text->len };
	bool found = true;

	while (rest.len > 0) {
		struct span line = span_cut(&rest, "\n", &found);

		if (secret && span_starts(line, PASSWORD))
			buf_append_str(shown, PASSWORD "(not shown)");
		else
			buf_append(shown, line.at, line.len);
		if (found)
			buf_append_str(shown, "\n");
	}
}

static void print_folder(const struct setup_file *folder)
{
	const struct passwd *user = getpwuid(folder->uid);
	const struct group *group = getgrgid(folder->gid);

	printf("%s is made, a folder of %s and group %s (mode %o)\n", folder->path,
	       user != NULL ? user->pw_name : "?", group != NULL ? group->gr_name : "?",
	       (unsigned)folder->mode);
}

void setup_file_print(const struct setup_file *file)
{
	char dir[] = "/tmp/postseal-setup-XXXXXX", before[64], after[64];
	struct buf old = { 0 }, new = { 0 };

	if (file->folder) {
		print_folder(file);
		return;
	}
	if (mkdtemp(dir) == NULL) {
		printf("%s changes; there is no room in /tmp to show how\n", file->path);
		return;
	}
	append_shown(&old, &file->before, file->secret);
	append_shown(&new, &file->after, file->secret);
	if (same(&old, &new))
		printf("%s changes in what is not shown\n", file->path);
	snprintf(before, sizeof(before), "%s/before", dir);
	snprintf(after, sizeof(after), "%s/after", dir);
	if (write_new(before, &old, 0600) && write_new(after, &new, 0600))
		run_diff(file->path, before, after);
	buf_free(&old);
	buf_free(&new);
	unlink(before);
	unlink(after);
	rmdir(dir);
}

void setup_file_print_back(const struct setup_file *file)
{
	struct setup_file back = {
		.existed = true, .secret = true, .before = file->after, .after = file->before
	};

	str_copy(back.path, sizeof(back.path), file->path);
	if (setup_file_differs(&back))
		setup_file_print(&back);
}

/*
 * The copy.
 */

static void name_in(char dst[SETUP_PATH_SIZE + 32], const struct setup_files *files, size_t index,
		    const char *what)
{
	snprintf(dst, SETUP_PATH_SIZE + 32, "%s/%zu.%s", files->copy, index, what);
}

/* Two within one second are told apart by a number. */
static bool make_directory(struct setup_files *files, char error[SETUP_ERROR_SIZE])
{
	char date[UTC_SIZE];
	int made = -1;

	if (mkdir(SETUP_COPIES, 0700) != 0 && errno != EEXIST &&
	    !(errno == ENOENT && mkdir("/var/backups", 0755) == 0 &&
	      mkdir(SETUP_COPIES, 0700) == 0))
		return fail(error, "%s cannot be made: %s", SETUP_COPIES, strerror(errno));
	utc_format(date, clock_wall());
	for (int i = 1; i < 10 && made != 0; i++) {
		snprintf(files->copy, sizeof(files->copy), SETUP_COPIES "/" PREFIX "%s.%d", date,
			 i);
		made = mkdir(files->copy, 0700);
	}
	return made == 0 || fail(error, "%s cannot be made: %s", files->copy, strerror(errno));
}

static bool keep_one(struct setup_files *files, size_t index, struct buf *list)
{
	const struct setup_file *file = &files->list[index];
	char before[SETUP_PATH_SIZE + 32], after[SETUP_PATH_SIZE + 32];

	name_in(before, files, index, "before");
	name_in(after, files, index, "after");
	buf_printf(list, "%zu %s %o %u %u %s\n", index,
		   file->folder    ? "folder"
		   : file->existed ? "existed"
				   : "made",
		   (unsigned)file->mode, (unsigned)file->uid, (unsigned)file->gid, file->path);
	if (file->folder)
		return true;
	return write_new(before, &file->before, 0600) && write_new(after, &file->after, 0600);
}

static bool keep(struct setup_files *files, char error[SETUP_ERROR_SIZE])
{
	char path[SETUP_PATH_SIZE + 32];
	struct buf list = { 0 }, part = { 0 };
	bool good;

	if (!make_directory(files, error))
		return false;
	good = true;
	for (size_t i = 0; good && i < files->count; i++)
		good = !setup_file_differs(&files->list[i]) || keep_one(files, i, &list);
	snprintf(path, sizeof(path), "%s/files", files->copy);
	good = good && write_new(path, &list, 0600);
	snprintf(path, sizeof(path), "%s/units", files->copy);
	good = good && write_new(path, &files->units, 0600);
	buf_append_str(&part, files->part);
	snprintf(path, sizeof(path), "%s/part", files->copy);
	good = good && write_new(path, &part, 0600);
	if (!good)
		fail(error, "%s: the copy cannot be kept: %s", files->copy, strerror(errno));
	buf_free(&list);
	buf_free(&part);
	return good;
}

/* Nobody else may enter it before it is ours. */
static bool make_folder(const struct setup_file *folder, char error[SETUP_ERROR_SIZE])
{
	if (mkdir(folder->path, 0700) == 0 && chown(folder->path, folder->uid, folder->gid) == 0 &&
	    chmod(folder->path, folder->mode) == 0)
		return true;
	return fail(error, "%s cannot be made: %s", folder->path, strerror(errno));
}

bool setup_files_install(struct setup_files *files, char error[SETUP_ERROR_SIZE])
{
	if (!keep(files, error))
		return false;
	for (size_t i = 0; i < files->count; i++) {
		const struct setup_file *file = &files->list[i];

		if (file->folder ? !make_folder(file, error)
				 : setup_file_differs(file) && !replace(file, &file->after, error))
			return false;
	}
	return true;
}

/*
 * The way back.
 */

static bool is_undone(const char *name)
{
	char path[SETUP_PATH_SIZE];

	snprintf(path, sizeof(path), SETUP_COPIES "/%.128s/undone", name);
	return access(path, F_OK) == 0;
}

/* The names sort by date. */
static bool find_last(char last[256], char error[SETUP_ERROR_SIZE])
{
	DIR *dir = opendir(SETUP_COPIES);
	const struct dirent *entry;

	last[0] = error[0] = '\0';
	if (dir == NULL)
		return errno == ENOENT ? false : fail(error, SETUP_COPIES ": %s", strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		if (str_starts_nocase(entry->d_name, PREFIX) && strcmp(entry->d_name, last) > 0 &&
		    !is_undone(entry->d_name))
			str_copy(last, 256, entry->d_name);
	}
	closedir(dir);
	return last[0] != '\0';
}

/* A line of "files"; its number is where the texts are. */
static bool read_line(struct setup_files *files, const char *line)
{
	struct setup_file *file;
	char kind[16], path[SETUP_PATH_SIZE + 32];
	unsigned index, mode, uid, gid;
	int at = 0;

	/* Its own words, each number judged below. NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(line, "%u %15s %o %u %u %n", &index, kind, &mode, &uid, &gid, &at) != 5 ||
	    at == 0 || index >= SETUP_FILES_MAX || line[at] != '/')
		return false;
	file = &files->list[index];
	file->existed = strcmp(kind, "existed") == 0;
	file->folder = strcmp(kind, "folder") == 0;
	file->mode = mode & 07777;
	file->uid = uid;
	file->gid = gid;
	name_in(path, files, index, "before");
	if (!str_copy(file->path, sizeof(file->path), line + at) ||
	    (!file->folder && !setup_read(path, &file->before)))
		return false;
	if (!file->folder)
		setup_read(file->path, &file->after); /* gone by now, perhaps */
	files->count = index + 1 > files->count ? index + 1 : files->count;
	return true;
}

static void read_part(struct setup_files *files)
{
	char path[SETUP_PATH_SIZE + 32];
	struct buf text = { 0 };

	snprintf(path, sizeof(path), "%s/part", files->copy);
	if (setup_read(path, &text))
		str_copy_n(files->part, sizeof(files->part), (const char *)text.data, text.len);
	buf_free(&text);
}

bool setup_files_last(struct setup_files *files, char error[SETUP_ERROR_SIZE])
{
	char name[256], path[SETUP_PATH_SIZE + 32];
	struct buf list = { 0 };
	bool good;

	if (!find_last(name, error))
		return false;
	snprintf(files->copy, sizeof(files->copy), SETUP_COPIES "/%s", name);
	snprintf(path, sizeof(path), "%s/files", files->copy);
	good = setup_read(path, &list);
	snprintf(path, sizeof(path), "%s/units", files->copy);
	setup_read(path, &files->units); /* copies of earlier versions have none, nor a part */
	read_part(files);
	for (struct span rest = { list.data, list.len }, line; good && rest.len > 0;) {
		char text[SETUP_PATH_SIZE + 64];
		bool found;

		line = span_cut(&rest, "\n", &found);
		good = found && str_copy_n(text, sizeof(text), line.at, line.len) &&
		       read_line(files, text);
	}
	buf_free(&list);
	return (good && files->count > 0) || fail(error, "%s is no whole copy", files->copy);
}

const char *setup_files_name(char dst[SETUP_NAME_SIZE], const struct setup_files *files)
{
	const char *date = strrchr(files->copy, '/') + 1 + strlen(PREFIX);

	snprintf(dst, SETUP_NAME_SIZE, "%s (%.*s)", files->part[0] != '\0' ? files->part : "setup",
		 (int)strcspn(date, "."), date);
	return dst;
}

bool setup_file_untouched(const struct setup_files *files, size_t index)
{
	char path[SETUP_PATH_SIZE + 32];
	struct buf left = { 0 };
	bool is_same;

	if (files->list[index].folder)
		return true;
	name_in(path, files, index, "after");
	is_same = setup_read(path, &left) && same(&left, &files->list[index].after);
	buf_free(&left);
	return is_same;
}

bool setup_files_undo(struct setup_files *files, char error[SETUP_ERROR_SIZE])
{
	char path[SETUP_PATH_SIZE + 32];
	const struct buf nothing = { 0 };

	for (size_t i = 0; i < files->count; i++) {
		const struct setup_file *file = &files->list[i];

		if (file->path[0] == '\0' || file->folder)
			continue;
		if (!file->existed && unlink(file->path) != 0 && errno != ENOENT)
			return fail(error, "%s cannot be removed: %s", file->path, strerror(errno));
		if (file->existed && !replace(file, &file->before, error))
			return false;
	}
	snprintf(path, sizeof(path), "%s/undone", files->copy);
	return write_new(path, &nothing, 0600) ||
	       fail(error, "%s cannot be written: %s", path, strerror(errno));
}

bool setup_files_undo_folders(const struct setup_files *files, char error[SETUP_ERROR_SIZE])
{
	for (size_t i = 0; i < files->count; i++) {
		const struct setup_file *file = &files->list[i];
		char socket[SETUP_PATH_SIZE + sizeof(DOCTOR_MILTER_SOCKET)];

		if (!file->folder)
			continue;
		snprintf(socket, sizeof(socket), "%s/" DOCTOR_MILTER_SOCKET, file->path);
		if (unlink(socket) != 0 && errno != ENOENT)
			return fail(error, "%s cannot be removed: %s", socket, strerror(errno));
		if (rmdir(file->path) != 0 && errno != ENOENT)
			return fail(error, "%s cannot be removed: %s", file->path, strerror(errno));
	}
	return true;
}
