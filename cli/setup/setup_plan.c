/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/setup/setup.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/local/command.h"

#define POSTCONF_MS 60000
#define OUTPUT_MAX 65536
#define RESOLV_CONF "/etc/resolv.conf"
#define SHARE_USER "postseal-share" /* as its unit has it */

/* The checks of each part; of those marked also a warning is mended. */
static const struct {
	enum setup_part part;
	const char *name;
	bool warnings;
} checks[] = {
	{ SETUP_OUTBOUND, "socketmap", false },
	{ SETUP_OUTBOUND, "socket", true },
	{ SETUP_OUTBOUND, "prober", false },
	{ SETUP_OUTBOUND, "resolver", false },
	{ SETUP_OUTBOUND, "mta-resolver", false },
	{ SETUP_OUTBOUND, "chroot-resolver", false },
	{ SETUP_OUTBOUND, "postfix", false },
	{ SETUP_OUTBOUND, "policy-map", false },
	{ SETUP_OUTBOUND, "tls-level", false },
	{ SETUP_OUTBOUND, "dns-support", false },
	{ SETUP_OUTBOUND, "dane-switches", false },
	{ SETUP_OUTBOUND, "insecure-mx", false },
	{ SETUP_OUTBOUND, "pin-digest", false },
	{ SETUP_OUTBOUND, "mta-cas", false },
	{ SETUP_OUTBOUND, "tls-log", false },
	{ SETUP_OUTBOUND, "overrides", false },
	{ SETUP_OUTBOUND, "learning", true },
	{ SETUP_ALIASES, "socketmap", false },
	{ SETUP_ALIASES, "milter-runs", false },
	{ SETUP_ALIASES, "milter", false },
	{ SETUP_ALIASES, "milter-action", false },
	{ SETUP_ALIASES, "nul-bytes", true },
	{ SETUP_ALIASES, "transport-map", false },
	{ SETUP_ALIASES, "transports", false },
	{ SETUP_ALIASES, "alias-map", true },
	{ SETUP_ALIASES, "own-tls", false },
	{ SETUP_ALIASES, "secure-domains", false },
	{ SETUP_ALIASES, "ways-around", false },
	{ SETUP_MAILBOX, "socketmap", false },
	{ SETUP_MAILBOX, "milter-runs", false },
	{ SETUP_MAILBOX, "milter", false },
	{ SETUP_MAILBOX, "milter-action", false },
	{ SETUP_MAILBOX, "nul-bytes", true },
	{ SETUP_MAILBOX, "transport-map", false },
	{ SETUP_MAILBOX, "sealed-domain", false },
	{ SETUP_MAILBOX, "sealed-dns", false },
	{ SETUP_MAILBOX, "sealed-size", true },
	{ SETUP_MAILBOX, "sealed-milters", false },
	{ SETUP_MAILBOX, "sealed-marks", false },
	{ SETUP_MAILBOX, "sealed-login", true },
	{ SETUP_MAILBOX, "sealed-door", false },
	{ SETUP_MAILBOX, "sealed-socket", false },
	{ SETUP_MAILBOX, "mailbox", false },
	{ SETUP_MAILBOX, "mailbox-from", true },
	{ SETUP_MAILBOX, "mailbox-keys", false },
	{ SETUP_MAILBOX, "mailbox-proxy", false },
	{ SETUP_FLEET, "fleet", false },
};

const char *setup_part_name(enum setup_part part)
{
	static const char *const names[SETUP_PARTS] = { [SETUP_OUTBOUND] = "outbound",
							[SETUP_ALIASES] = "aliases",
							[SETUP_MAILBOX] = "mailbox",
							[SETUP_FLEET] = "fleet" };

	return names[part];
}

bool setup_part_of(const char *check, enum setup_part *part)
{
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		if (strcmp(checks[i].name, check) == 0) {
			*part = checks[i].part;
			return true;
		}
	}
	return false;
}

static const struct doctor_check *check_named(const char *name)
{
	for (size_t i = 0; i < doctor_checks_count; i++) {
		if (strcmp(doctor_checks[i].name, name) == 0)
			return &doctor_checks[i];
	}
	abort(); /* the table above is wrong */
}

/*
 * Steps.
 */

static bool has_step(const struct setup_plan *plan, const struct mend_step *step)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->steps[i].line, step->line) == 0)
			return true;
	}
	return false;
}

static void add_step(struct setup_plan *plan, const struct mend_step *step)
{
	bool of_postfix = step->kind == MEND_SERVICE && strcmp(step->word, "postfix") == 0;

	if (of_postfix) {
		plan->restart_postfix |= strcmp(step->option, "restart") == 0;
		return; /* once, at the end, whatever changed */
	}
	if (has_step(plan, step))
		return;
	plan->steps = mem_resize(plan->steps, plan->count + 1, sizeof(*plan->steps));
	plan->steps[plan->count++] = (struct mend_step){ .kind = step->kind,
							 .line = mem_strdup(step->line),
							 .option = mem_strdup(step->option),
							 .word = mem_strdup(step->word) };
}

struct setup_plan *setup_plan_new(enum setup_part part, const struct patient *patient)
{
	struct setup_plan *plan = mem_zero(1, sizeof(*plan));

	plan->part = part;
	str_copy(plan->files.part, sizeof(plan->files.part), setup_part_name(part));
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct finding finding;

		if (checks[i].part != part)
			continue;
		doctor_judge(patient, check_named(checks[i].name), &finding);
		if (finding.health == HEALTH_WRONG ||
		    (checks[i].warnings && finding.health == HEALTH_WARNING)) {
			for (size_t j = 0; j < finding.step_count; j++)
				add_step(plan, &finding.steps[j]);
		}
		finding_free(&finding);
	}
	return plan;
}

void setup_plan_free(struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->steps[i].line);
		free(plan->steps[i].option);
		free(plan->steps[i].word);
	}
	free(plan->steps);
	setup_files_free(&plan->files);
	free(plan);
}

size_t setup_plan_print_findings(enum setup_part part, const struct patient *patient)
{
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct finding finding;

		if (checks[i].part != part)
			continue;
		doctor_judge(patient, check_named(checks[i].name), &finding);
		wrong += finding.health == HEALTH_WRONG;
		if (finding.health != HEALTH_OK)
			printf("%-8s %s: %s\n", health_word(finding.health), checks[i].name,
			       buf_cstr(&finding.found));
		finding_free(&finding);
	}
	return wrong;
}

/*
 * Files.
 */

/* A Postfix configuration of its own, for postconf(1) to edit. */
struct bench {
	char dir[64];
	struct setup_file *main, *master;
};

static void in_bench(char dst[96], const struct bench *bench, const char *name)
{
	snprintf(dst, 96, "%s/%s", bench->dir, name);
}

/* Whatever reads a main.cf that was just written waits for two seconds. */
static bool make_old(const struct bench *bench, const char *name)
{
	const struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	char path[96];

	in_bench(path, bench, name);
	return utimensat(AT_FDCWD, path, old, 0) == 0;
}

static bool put_in_bench(const struct bench *bench, const char *name, const struct buf *text)
{
	char path[96];
	FILE *file;
	bool good;

	in_bench(path, bench, name);
	file = fopen(path, "we");
	if (file == NULL)
		return false;
	good = text->len == 0 || fwrite(text->data, text->len, 1, file) == 1;
	return fclose(file) == 0 && good && make_old(bench, name);
}

static bool take_from_bench(const struct bench *bench, const char *name, struct buf *text)
{
	char path[96];

	in_bench(path, bench, name);
	text->len = 0;
	return setup_read(path, text);
}

/* False, so that it can end a function. */
static bool fail_bench(const struct bench *bench, char error[SETUP_ERROR_SIZE])
{
	snprintf(error, SETUP_ERROR_SIZE, "%s cannot be written", bench->dir);
	return false;
}

static bool run_step(const struct mend_step *step, const struct bench *bench,
		     char error[SETUP_ERROR_SIZE])
{
	char said[COMMAND_ERROR_SIZE], dir[64];
	char *argv[] = { (char[]){ "postconf" }, (char[]){ "-c" }, dir,
			 step->option,           step->word,       NULL };
	struct buf output = { 0 };
	bool good;

	str_copy(dir, sizeof(dir), bench->dir);
	good = command_run(argv, OUTPUT_MAX, clock_mono_ms() + POSTCONF_MS, &output, said) ==
	       LOOKUP_FOUND;
	if (!good)
		snprintf(error, SETUP_ERROR_SIZE, "postconf %s on a copy: %s", step->option, said);
	buf_free(&output);
	if (good && (!make_old(bench, "main.cf") || !make_old(bench, "master.cf")))
		good = fail_bench(bench, error);
	return good;
}

/*
 * All steps with this option, each in a run of its own: of many, postconf(1) writes the new ones
 * in an order that differs from run to run.
 */
static bool run_steps(const struct setup_plan *plan, const struct bench *bench, const char *option,
		      char error[SETUP_ERROR_SIZE])
{
	bool good = true;

	for (size_t i = 0; good && i < plan->count; i++) {
		const struct mend_step *step = &plan->steps[i];

		if (step->kind == MEND_POSTCONF && strcmp(step->option, option) == 0)
			good = run_step(step, bench, error);
	}
	return good;
}

static bool edit_in_bench(struct setup_plan *plan, const struct bench *bench,
			  char error[SETUP_ERROR_SIZE])
{
	/* First services, then what is set in them. */
	static const char *const order[] = { "-M", "-P", "-PX", "-e" };
	bool good = put_in_bench(bench, "main.cf", &bench->main->before) &&
		    put_in_bench(bench, "master.cf", &bench->master->before);

	if (!good)
		fail_bench(bench, error);
	for (size_t i = 0; good && i < ARRAY_LEN(order); i++)
		good = run_steps(plan, bench, order[i], error);
	return good && take_from_bench(bench, "main.cf", &bench->main->after) &&
	       take_from_bench(bench, "master.cf", &bench->master->after);
}

static void clear_bench(const struct bench *bench)
{
	char path[96];

	in_bench(path, bench, "main.cf");
	unlink(path);
	in_bench(path, bench, "master.cf");
	unlink(path);
	rmdir(bench->dir);
}

static bool edit_postfix(struct setup_plan *plan, const struct patient *patient,
			 char error[SETUP_ERROR_SIZE])
{
	const char *dir = patient_value(patient, "config_directory");
	struct bench bench = { .dir = "/tmp/postseal-setup-XXXXXX" };
	char path[SETUP_PATH_SIZE];
	bool good;

	if (plan->part == SETUP_FLEET)
		return true;
	snprintf(path, sizeof(path), "%s/main.cf", dir);
	bench.main = setup_files_add(&plan->files, path, error);
	snprintf(path, sizeof(path), "%s/master.cf", dir);
	bench.master = bench.main != NULL ? setup_files_add(&plan->files, path, error) : NULL;
	if (bench.master == NULL)
		return false;
	if (mkdtemp(bench.dir) == NULL) {
		snprintf(error, SETUP_ERROR_SIZE, "there is no room in /tmp");
		return false;
	}
	good = edit_in_bench(plan, &bench, error);
	clear_bench(&bench);
	return good;
}

/* The examples' file, as it is installed. */
static bool add_copy(struct setup_plan *plan, const struct mend_step *step,
		     char error[SETUP_ERROR_SIZE])
{
	const char *name = strrchr(step->option, '/');
	char path[SETUP_PATH_SIZE];
	struct setup_file *file;

	snprintf(path, sizeof(path), "%s/%s", step->word, name != NULL ? name + 1 : step->option);
	file = setup_files_add(&plan->files, path, error);
	if (file == NULL)
		return false;
	file->after.len = 0;
	if (setup_read(step->option, &file->after))
		return true;
	snprintf(error, SETUP_ERROR_SIZE, "%s cannot be read", step->option);
	return false;
}

/* A link, or a file that says so, is written by something else, which would undo this. */
static bool add_resolver(struct setup_plan *plan, const struct mend_step *step,
			 char error[SETUP_ERROR_SIZE])
{
	struct setup_file *file;
	struct stat st;

	if (lstat(RESOLV_CONF, &st) == 0 && S_ISLNK(st.st_mode)) {
		snprintf(error, SETUP_ERROR_SIZE,
			 RESOLV_CONF " is a link: tell what writes it (resolvconf, "
				     "systemd-resolved) to name %s, and run this again",
			 step->word);
		return false;
	}
	file = setup_files_add(&plan->files, RESOLV_CONF, error);
	if (file == NULL)
		return false;
	file->after.len = 0;
	buf_printf(&file->after, "nameserver %s\n", step->word);
	plan->restart_postfix = true;
	return true;
}

/* The example for nginx, with our name in it. */
static bool add_site(struct setup_plan *plan, const struct mend_step *step,
		     char error[SETUP_ERROR_SIZE])
{
	static const char example[] = "sealed.example.com";
	struct setup_file *file =
		setup_files_add(&plan->files, DOCTOR_NGINX_SITES "/" DOCTOR_NGINX_SITE, error);
	struct buf text = { 0 };
	struct span rest;
	bool found = true;

	if (file == NULL)
		return false;
	if (!setup_read(step->option, &text)) {
		snprintf(error, SETUP_ERROR_SIZE, "%s cannot be read", step->option);
		buf_free(&text);
		return false;
	}
	file->after.len = 0;
	rest = (struct span){ text.data, text.len };
	while (found) {
		struct span part = span_cut(&rest, example, &found);

		buf_append(&file->after, part.at, part.len);
		if (found)
			buf_append_str(&file->after, step->word);
	}
	buf_free(&text);
	return true;
}

/* One that is there is the admin's. */
static bool add_folder(struct setup_plan *plan, const struct mend_step *step,
		       char error[SETUP_ERROR_SIZE])
{
	const struct passwd *user = getpwnam(MEND_FOLDER_USER);
	const struct group *group = getgrnam(MEND_FOLDER_GROUP);
	struct setup_file folder = { .mode = MEND_FOLDER_MODE };
	struct stat st;

	if (lstat(step->word, &st) == 0)
		return true;
	if (user == NULL || group == NULL) {
		snprintf(error, SETUP_ERROR_SIZE,
			 "there is no user " MEND_FOLDER_USER " or no group " MEND_FOLDER_GROUP);
		return false;
	}
	folder.uid = user->pw_uid;
	folder.gid = group->gr_gid;
	return str_copy(folder.path, sizeof(folder.path), step->word) &&
	       setup_files_add_folder(&plan->files, &folder, error);
}

static bool add_step_file(struct setup_plan *plan, const struct mend_step *step,
			  char error[SETUP_ERROR_SIZE])
{
	switch (step->kind) {
	case MEND_COPY:
		return add_copy(plan, step, error);
	case MEND_SITE:
		return add_site(plan, step, error);
	case MEND_RESOLVER:
		return add_resolver(plan, step, error);
	case MEND_FOLDER:
		return add_folder(plan, step, error);
	case MEND_HAND:
	case MEND_FIRST:
	case MEND_POSTCONF:
	case MEND_SERVICE:
		break;
	}
	return true;
}

static bool add_settings(struct setup_plan *plan, const struct patient *patient,
			 const struct buf *lines, char error[SETUP_ERROR_SIZE])
{
	struct setup_file *file = setup_files_add(&plan->files, patient->settings_file, error);

	if (file == NULL)
		return false;
	buf_append_str(&file->after, "\n");
	buf_append(&file->after, lines->data, lines->len);
	return true;
}

/* The login at the engine is for postseal-share alone. */
static bool add_service(struct setup_plan *plan, const struct buf *text,
			char error[SETUP_ERROR_SIZE])
{
	const struct passwd *user = getpwnam(SHARE_USER);
	struct setup_file *file;

	if (user == NULL) {
		snprintf(error, SETUP_ERROR_SIZE,
			 "there is no user " SHARE_USER ": install the package postseal-share");
		return false;
	}
	file = setup_files_add(&plan->files, SHARE_SERVICE_FILE, error);
	if (file == NULL)
		return false;
	file->secret = true;
	if (!file->existed) {
		file->mode = 0400;
		file->uid = user->pw_uid;
		file->gid = user->pw_gid;
	}
	file->after.len = 0;
	buf_append(&file->after, text->data, text->len);
	return true;
}

bool setup_plan_files(struct setup_plan *plan, const struct patient *patient,
		      const struct setup_wish *wish, char error[SETUP_ERROR_SIZE])
{
	bool good = edit_postfix(plan, patient, error);

	for (size_t i = 0; good && i < plan->count; i++)
		good = add_step_file(plan, &plan->steps[i], error);
	if (good && wish->settings.len > 0)
		good = add_settings(plan, patient, &wish->settings, error);
	if (good && wish->service.len > 0)
		good = add_service(plan, &wish->service, error);
	return good;
}
