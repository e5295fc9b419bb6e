/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/setup/setup.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/doctor/doctor_look.h"
#include "io/local/command.h"
#include "io/local/settings_file.h"

#define OUTPUT_MAX 65536
#define COMMAND_MS 120000
#define UNIT_SIZE 128

/* Is systemd what starts services here (sd_booted(3))? */
static bool has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static bool run(const struct cli *cli, char *const *argv)
{
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };
	bool good = command_run(argv, OUTPUT_MAX, clock_mono_ms() + COMMAND_MS, &output, error) ==
		    LOOKUP_FOUND;

	buf_free(&output);
	if (!good && cli != NULL)
		cli_error(cli, "%s", error);
	return good;
}

/* "enable --now" is two words. With cli NULL nothing is said. */
static bool systemctl(const struct cli *cli, const char *verb, const char *unit)
{
	char first[32], second[32] = "", name[UNIT_SIZE];
	char *argv[5] = { (char[]){ "systemctl" }, first };
	size_t len = strcspn(verb, " "), count = 2;

	str_copy_n(first, sizeof(first), verb, len);
	str_copy(name, sizeof(name), unit);
	if (verb[len] == ' ') {
		str_copy(second, sizeof(second), verb + len + 1);
		argv[count++] = second;
	}
	argv[count] = name;
	if (cli != NULL)
		printf("systemctl %s %s\n", verb, unit);
	fflush(stdout);
	return run(cli, argv);
}

/*
 * Services.
 */

/* For the undo: what is not enabled yet, and will be. */
static void note_units(struct setup_plan *plan)
{
	for (size_t i = 0; has_systemd() && i < plan->count; i++) {
		const struct mend_step *step = &plan->steps[i];

		if (step->kind == MEND_SERVICE && str_starts_nocase(step->option, "enable") &&
		    !systemctl(NULL, "is-enabled --quiet", step->word))
			buf_printf(&plan->files.units, "%s\n", step->word);
	}
}

static bool run_services(const struct cli *cli, const struct setup_plan *plan)
{
	bool good = true;

	for (size_t i = 0; good && i < plan->count; i++) {
		if (plan->steps[i].kind != MEND_SERVICE)
			continue;
		if (has_systemd())
			good = systemctl(cli, plan->steps[i].option, plan->steps[i].word);
		else
			printf("systemd does not run here, so do this by hand: %s\n",
			       plan->steps[i].line);
	}
	return good;
}

/* A restart also updates the files of /etc in its chroot. */
static bool renew_postfix(const struct cli *cli, bool restart)
{
	char *argv[] = { (char[]){ "postfix" }, (char[]){ "reload" }, NULL };

	if (restart && has_systemd())
		return systemctl(cli, "restart", "postfix");
	printf("postfix reload\n");
	fflush(stdout);
	return run(cli, argv);
}

/* Some settings count from a restart on. */
static bool renew_daemons(const struct cli *cli, bool restart)
{
	static const char *const daemons[] = { "postseal-prober", "postseal-socketmap",
					       "postseal-milter" };
	bool good = true;

	if (!has_systemd())
		printf("systemd does not run here, so %s\n",
		       restart ? "restart the daemons of postseal by hand"
			       : "have the daemons read their settings again by hand (SIGHUP)");
	else if (restart)
		good = systemctl(cli, "restart", "postseal.target");
	for (size_t i = 0; has_systemd() && !restart && i < ARRAY_LEN(daemons); i++)
		good = systemctl(cli, "reload", daemons[i]) && good;
	return good;
}

/*
 * A plan.
 */

/* Without the server, Postfix would let all mail wait. */
static bool server_answers(const struct cli *cli)
{
	struct patient *patient = doctor_look(cli);
	bool answers = patient->socketmap.state == LOOKUP_FOUND;

	if (!answers)
		cli_error(cli, "%s; Postfix was not changed, because its mail would wait",
			  patient->socketmap.text);
	patient_free(patient);
	return answers;
}

static bool install(const struct cli *cli, struct setup_plan *plan)
{
	char error[SETUP_ERROR_SIZE];

	if (!setup_files_differ(&plan->files))
		return true;
	if (!setup_files_install(&plan->files, error)) {
		cli_error(cli, "%s", error);
		return false;
	}
	printf("The files as they were are kept in %s\n", plan->files.copy);
	return true;
}

/* It reads its settings and the login when it starts. */
static bool renew_share(const struct cli *cli, const struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->steps[i].word, "postseal-share") == 0)
			return true; /* run_services has just done so */
	}
	return !has_systemd() || systemctl(cli, "restart", "postseal-share");
}

bool setup_run(const struct cli *cli, struct setup_plan *plan, bool new_settings)
{
	note_units(plan);
	switch (plan->part) {
	case SETUP_OUTBOUND: /* whom Postfix is to ask has to be there first */
	case SETUP_ALIASES:
		return run_services(cli, plan) && server_answers(cli) && install(cli, plan) &&
		       (!new_settings || renew_daemons(cli, false)) &&
		       renew_postfix(cli, plan->restart_postfix);
	case SETUP_MAILBOX: /* the daemon makes the key of tokens, which the milter then reads */
		return server_answers(cli) && install(cli, plan) && run_services(cli, plan) &&
		       (!new_settings || renew_daemons(cli, true)) && renew_postfix(cli, true);
	case SETUP_FLEET:
		return install(cli, plan) && run_services(cli, plan) && renew_share(cli, plan);
	}
	return false;
}

/*
 * Back.
 */

static bool has_file(const struct setup_files *files, const char *beginning)
{
	for (size_t i = 0; i < files->count; i++) {
		if (str_starts_nocase(files->list[i].path, beginning))
			return true;
	}
	return false;
}

static bool disable_units(const struct cli *cli, const struct setup_files *files)
{
	struct span rest = { files->units.data, files->units.len };
	bool good = true, found = true;

	while (rest.len > 0 && found) {
		struct span line = span_cut(&rest, "\n", &found);
		char unit[UNIT_SIZE];

		if (line.len > 0 && str_copy_n(unit, sizeof(unit), line.at, line.len))
			good = systemctl(cli, "disable --now", unit) && good;
	}
	return good;
}

bool setup_run_back(const struct cli *cli, const struct setup_files *files)
{
	const char *settings =
		cli->settings_file != NULL ? cli->settings_file : SETTINGS_FILE_DEFAULT;
	bool good = !has_file(files, "/etc/postfix/") || renew_postfix(cli, true);
	char error[SETUP_ERROR_SIZE];

	good = disable_units(cli, files) && good;
	if (has_file(files, settings))
		good = renew_daemons(cli, true) && good;
	if (!setup_files_undo_folders(files, error)) {
		cli_error(cli, "%s", error);
		good = false;
	}
	if (has_file(files, DOCTOR_NGINX_SITES) && has_systemd())
		good = systemctl(cli, "reload", "nginx") && good;
	return good;
}
