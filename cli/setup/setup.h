/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setup - what `postseal setup` does: its files, what a person asks of it (a wish), its plan, and
 * how that is carried out.
 *
 * Files that `postseal setup` changes: what they were and are to be, how
 * that differs, a copy of both, and the way back.
 *
 * A copy is a directory SETUP_COPIES/setup-DATE, for root alone:
 *
 *   part         "outbound", "aliases", ...
 *   files        a line a file: "NUMBER existed|made|folder MODE UID GID PATH"
 *   NUMBER.before, NUMBER.after
 *   units        a line a unit that was enabled; it is for the caller to disable them
 *   undone       there once it was undone
 *
 * Each file is written beside the one that it replaces, and takes its place by
 * rename(2), with the owner and mode that the other had.
 */
#ifndef POSTSEAL_CLI_SETUP_H
#define POSTSEAL_CLI_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/doctor/doctor_judge.h"

#define SETUP_COPIES "/var/backups/postseal"
#define SETUP_PATH_SIZE 1024
#define SETUP_FILES_MAX 8
#define SETUP_ERROR_SIZE 1280
#define SETUP_PART_SIZE 16
#define SETUP_NAME_SIZE 320

struct setup_file {
	char path[SETUP_PATH_SIZE];
	bool existed;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool folder; /* a folder that is to be made; it has no texts */
	bool secret; /* the value of a line "password=" is not shown */
	struct buf before, after;
};

struct setup_files {
	size_t count;
	struct setup_file list[SETUP_FILES_MAX];
	struct buf units; /* a line each: units that are enabled now and were not before */
	char part[SETUP_PART_SIZE]; /* "outbound", ...; "" in a copy of an earlier version */
	char copy[SETUP_PATH_SIZE]; /* directory; "" if there is none yet */
};

/*
 * Adds a file as it is (a link is followed; one that is not there is to be made, with
 * mode 0644); NULL, and why, when it cannot be read. `after` is what it is now, to be
 * changed by the caller.
 */
struct setup_file *setup_files_add(struct setup_files *files, const char *path,
				   char error[SETUP_ERROR_SIZE]);
/* Adds a folder that is not there yet. */
bool setup_files_add_folder(struct setup_files *files, const struct setup_file *folder,
			    char error[SETUP_ERROR_SIZE]);
void setup_files_free(struct setup_files *files);

bool setup_file_differs(const struct setup_file *file);
bool setup_files_differ(const struct setup_files *files);
/* As diff(1) -u has it, on standard output. */
void setup_file_print(const struct setup_file *file);
/* The same for the way back, of a file from setup_files_last. */
void setup_file_print_back(const struct setup_file *file);

/* Keeps the copy, then puts the new files in place. False, and why, at the first that fails. */
bool setup_files_install(struct setup_files *files, char error[SETUP_ERROR_SIZE]);

/*
 * The latest copy that is not undone. False, with `error` empty, when there is none.
 * `before` is what the file is to be again, `after` what it is now.
 */
bool setup_files_last(struct setup_files *files, char error[SETUP_ERROR_SIZE]);
/* What a copy is of, and when: "aliases (2026-11-29T08:45:00Z)". Returns dst. */
const char *setup_files_name(char dst[SETUP_NAME_SIZE], const struct setup_files *files);
/* Is it still as setup left it? */
bool setup_file_untouched(const struct setup_files *files, size_t index);
/* Puts the files back as they were; those that were made are removed. */
bool setup_files_undo(struct setup_files *files, char error[SETUP_ERROR_SIZE]);
/*
 * Removes the folders that were made, with the milter's socket, once nobody listens there. False,
 * and why, where one has something else in it.
 */
bool setup_files_undo_folders(const struct setup_files *files, char error[SETUP_ERROR_SIZE]);

/* The whole of a file; false with errno. */
bool setup_read(const char *path, struct buf *text);

/*
 * What a person asks by words: settings that a part needs, and for a fleet the login at the
 * engine. A wish also changes cli->settings, so that doctor judges this machine by them.
 */
struct setup_wish {
	struct buf settings; /* lines that postseal.conf is to get; empty: none */
	struct buf service;  /* the whole of SHARE_SERVICE_FILE; empty: as it is */
};

void setup_wish_free(struct setup_wish *wish);

/*
 * Each reads the words after the part's name. USAGE, and says why, when one is wrong or missing,
 * or a setting has another value already: that is for a person to change.
 */
enum cli_status setup_wish_aliases(struct cli *cli, struct setup_wish *wish);
/* Secure aliases come first, since their milter seals. */
enum cli_status setup_wish_mailbox(struct cli *cli, struct setup_wish *wish);
/* Asks for the password, or takes $PGPASSWORD where nobody is there. */
enum cli_status setup_wish_fleet(struct cli *cli, struct setup_wish *wish);

/*
 * The plan: the mends of those checks of `doctor` that a part of the set-up is made of, as changes
 * of files, commands, and what is left to a person.
 */
enum setup_part { SETUP_OUTBOUND, SETUP_ALIASES, SETUP_MAILBOX, SETUP_FLEET };
#define SETUP_PARTS 4

const char *setup_part_name(enum setup_part part); /* "outbound", ... */
/* The first part that has this check of `doctor`; false: none has. */
bool setup_part_of(const char *check, enum setup_part *part);

struct setup_plan {
	enum setup_part part;
	struct mend_step *steps; /* each once, in the order in which they come */
	size_t count;
	struct setup_files files;
	bool restart_postfix; /* more than a reload: its chroot has a file that changed */
};

/* All that is amiss with this part; NULL is never returned. End with setup_plan_free. */
struct setup_plan *setup_plan_new(enum setup_part part, const struct patient *patient);
void setup_plan_free(struct setup_plan *plan);

/*
 * Works out plan->files. postconf(1) edits copies of main.cf and master.cf, so that all
 * it does can be shown before anything is changed. False, and why.
 */
bool setup_plan_files(struct setup_plan *plan, const struct patient *patient,
		      const struct setup_wish *wish, char error[SETUP_ERROR_SIZE]);

/* A sentence for each check of the part that is not well; how many are wrong. */
size_t setup_plan_print_findings(enum setup_part part, const struct patient *patient);

/*
 * Carrying it out, by systemctl(1) and postfix(1). Where systemd does not run, it says what to do
 * by hand. `new_settings`: postseal.conf changes. False, and said why, at the first step that
 * fails.
 */
bool setup_run(const struct cli *cli, struct setup_plan *plan, bool new_settings);
/* The same for files that were put back: all who read them are told. */
bool setup_run_back(const struct cli *cli, const struct setup_files *files);

#endif
