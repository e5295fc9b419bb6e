/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal setup - plugs postseal into Postfix, step by step, and takes it out again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/doctor/doctor_look.h"
#include "cli/setup/setup.h"
#include "cli/terminal.h"
#include "cli/trial.h"
#include "core/settings/settings.h"
#include "io/local/command.h"

#define OUTPUT_MAX 65536
#define COMMAND_MS 120000
#define TRIAL_MS 30000
#define LINE_SIZE 2048

/*
 * Commands.
 */

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
	if (!good)
		cli_error(cli, "%s", error);
	return good;
}

/* "enable --now" is two words. */
static bool systemctl(const struct cli *cli, const char *verb, const char *unit)
{
	char first[32], second[32] = "", name[128];
	char *argv[5] = { (char[]){ "systemctl" }, first };
	size_t len = strcspn(verb, " "), count = 2;

	str_copy_n(first, sizeof(first), verb, len);
	str_copy(name, sizeof(name), unit);
	if (verb[len] == ' ') {
		str_copy(second, sizeof(second), verb + len + 1);
		argv[count++] = second;
	}
	argv[count] = name;
	printf("systemctl %s %s\n", verb, unit);
	fflush(stdout);
	return run(cli, argv);
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

/* New secure domains: each daemon reads its settings again. */
static bool renew_daemons(const struct cli *cli)
{
	static const char *const daemons[] = { "postseal-prober", "postseal-socketmap",
					       "postseal-milter" };
	bool good = true;

	if (!has_systemd())
		printf("systemd does not run here, so have the daemons read their settings again "
		       "by hand (SIGHUP)\n");
	for (size_t i = 0; has_systemd() && i < ARRAY_LEN(daemons); i++)
		good = systemctl(cli, "reload", daemons[i]) && good;
	return good;
}

/*
 * The plan.
 */

static bool print_plan(const struct setup_plan *plan)
{
	bool any = setup_files_differ(&plan->files);

	for (size_t i = 0; i < plan->files.count; i++) {
		if (setup_file_differs(&plan->files.list[i]))
			setup_file_print(&plan->files.list[i]);
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct mend_step *step = &plan->steps[i];

		if (step->kind == MEND_SERVICE) {
			printf("command: %s\n", step->line);
			any = true;
		} else if (step->kind == MEND_HAND) {
			printf("by hand: %s\n", step->line);
		}
	}
	return any;
}

static bool confirmed(const struct cli *cli, const char *question)
{
	return cli->yes || terminal_confirms("%s", question);
}

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

static bool apply(const struct cli *cli, struct setup_plan *plan, bool new_domains)
{
	char error[SETUP_ERROR_SIZE];

	if (!run_services(cli, plan) || !server_answers(cli))
		return false;
	if (setup_files_differ(&plan->files)) {
		if (!setup_files_install(&plan->files, error)) {
			cli_error(cli, "%s", error);
			return false;
		}
		printf("The files as they were are kept in %s\n", plan->files.copy);
	}
	return (!new_domains || renew_daemons(cli)) && renew_postfix(cli, plan->restart_postfix);
}

/*
 * Afterwards.
 */

static const char *ask_address(const struct cli *cli, char room[320])
{
	if (cli->to != NULL || cli->yes || !terminal_has_person())
		return cli->to;
	fprintf(stderr, "Address at another provider for a test mail (empty for none): ");
	if (fgets(room, 320, stdin) == NULL)
		return NULL;
	room[strcspn(room, "\n")] = '\0';
	return room[0] != '\0' ? room : NULL;
}

static enum cli_status tell_trial(const struct trial *trial)
{
	static const char *const words[] = { "sent", "waits", "came back", "unknown" };

	printf("%s: %s\n", words[trial->end], trial->text);
	if (trial->end != TRIAL_SILENT)
		printf("over: %s\n", trial->tls[0] != '\0' ? trial->tls : "no TLS");
	return trial->end == TRIAL_SENT     ? CLI_YES
	       : trial->end == TRIAL_SILENT ? CLI_UNSURE
					    : CLI_NO;
}

static enum cli_status try_mail(const struct cli *cli, enum setup_part part)
{
	char room[320], from[320];
	const char *to = ask_address(cli, room);
	struct trial trial;

	if (to == NULL)
		return CLI_YES;
	if (part == SETUP_ALIASES)
		snprintf(from, sizeof(from), "postmaster@%s",
			 cli->settings.secure_domains.items[0]);
	printf("A test mail goes to %s\n", to);
	fflush(stdout);
	trial_run(&trial, part == SETUP_ALIASES ? from : NULL, to, TRIAL_MS);
	return tell_trial(&trial);
}

static enum cli_status look_again(const struct cli *cli, enum setup_part part)
{
	struct patient *patient = doctor_look(cli);
	size_t wrong = setup_plan_print_findings(part, patient);

	patient_free(patient);
	if (wrong > 0)
		printf("%zu check%s still wrong; `postseal doctor` says what to type\n", wrong,
		       wrong == 1 ? " is" : "s are");
	return wrong > 0 ? CLI_NO : CLI_YES;
}

/*
 * The verb.
 */

/* In a dry run NO means that something would change, as for diff(1). */
static enum cli_status carry_out(const struct cli *cli, struct setup_plan *plan, bool new_domains)
{
	enum cli_status status;

	if (!print_plan(plan)) {
		printf("There is nothing to change.\n");
		return cli->dry_run ? CLI_YES : try_mail(cli, plan->part);
	}
	if (cli->dry_run)
		return CLI_NO;
	if (!confirmed(cli, "Do this?")) {
		printf("Nothing was changed.\n");
		return CLI_NO;
	}
	if (!apply(cli, plan, new_domains))
		return CLI_UNSURE;
	status = look_again(cli, plan->part);
	status = cli_worse(status, try_mail(cli, plan->part));
	printf("To undo it: postseal setup --undo\n");
	return status;
}

static enum cli_status set_up(const struct cli *cli, enum setup_part part, const char *line)
{
	struct patient *patient = doctor_look(cli);
	enum cli_status status = CLI_UNSURE;
	char error[SETUP_ERROR_SIZE] = "";
	struct setup_plan *plan = setup_plan_new(part, patient);

	if (patient->postfix.ran.state != LOOKUP_FOUND)
		cli_error(cli, "cannot ask Postfix: %s", patient->postfix.ran.text);
	else if (!setup_plan_files(plan, patient, line, error))
		cli_error(cli, "%s", error);
	else
		status = carry_out(cli, plan, line != NULL);
	setup_plan_free(plan);
	patient_free(patient);
	return status;
}

/* Also changes our own settings, since doctor judges by them. *line: for the settings file. */
static enum cli_status take_domains(struct cli *cli, char line[LINE_SIZE], bool *changed)
{
	const struct setting *setting = settings_find("secure_domains");
	struct settings wanted;
	struct setting_fault fault;
	struct buf value = { 0 };
	bool good;

	settings_init(&wanted);
	good = setting->put(&wanted, setting, (const char *const *)cli->words + 1,
			    (size_t)cli->count - 1, &fault);
	*changed = false;
	for (size_t i = 0; good && i < wanted.secure_domains.count; i++)
		*changed |= !string_list_has(&cli->settings.secure_domains,
					     wanted.secure_domains.items[i]);
	if (!good)
		cli_error(cli, "%s: expected %s", cli->words[fault.index + 1], fault.expected);
	if (good && *changed && cli->settings.secure_domains.count > 0) {
		cli_error(cli,
			  "secure_domains is set already: add the domain in %s, have the daemons "
			  "read it (SIGHUP), and run this again",
			  cli->settings_file != NULL ? cli->settings_file : "postseal.conf");
		good = false;
	}
	if (good && *changed) {
		setting->show(&wanted, setting, &value);
		snprintf(line, LINE_SIZE, "secure_domains = %s", buf_cstr(&value));
		setting->put(&cli->settings, setting, (const char *const *)cli->words + 1,
			     (size_t)cli->count - 1, &fault);
	}
	buf_free(&value);
	settings_free(&wanted);
	return good ? CLI_YES : CLI_USAGE;
}

static enum cli_status set_up_aliases(struct cli *cli)
{
	char line[LINE_SIZE];
	bool changed = false;
	enum cli_status status = CLI_YES;

	if (cli->count > 1)
		status = take_domains(cli, line, &changed);
	if (status == CLI_YES && cli->settings.secure_domains.count == 0) {
		cli_error(cli, "name the secure domain: postseal setup aliases secure.example.com");
		return CLI_USAGE;
	}
	return status == CLI_YES ? set_up(cli, SETUP_ALIASES, changed ? line : NULL) : status;
}

static enum cli_status put_back(const struct cli *cli, struct setup_files *files)
{
	char error[SETUP_ERROR_SIZE];
	size_t touched = 0;

	printf("As it was before %s:\n", files->copy);
	for (size_t i = 0; i < files->count; i++) {
		const struct setup_file *file = &files->list[i];
		bool ours = file->path[0] == '\0' || setup_file_untouched(files, i);

		if (file->path[0] != '\0')
			printf("  %s%s\n", file->path, ours ? "" : ", which was changed since");
		touched += !ours;
	}
	if (touched > 0 && cli->yes) {
		cli_error(cli,
			  "files were changed since, and those changes would be lost; look at %s, "
			  "or run this without --yes",
			  files->copy);
		return CLI_NO;
	}
	if (cli->dry_run ||
	    !confirmed(cli, touched > 0 ? "Later changes will be lost. Do it?" : "Put it back?"))
		return CLI_NO;
	if (!setup_files_undo(files, error)) {
		cli_error(cli, "%s", error);
		return CLI_UNSURE;
	}
	if (!renew_postfix(cli, true))
		return CLI_UNSURE;
	printf("All is as it was before. Services that were started keep running.\n");
	return CLI_YES;
}

static enum cli_status undo(const struct cli *cli)
{
	struct setup_files *files = mem_zero(1, sizeof(*files));
	char error[SETUP_ERROR_SIZE];
	enum cli_status status = CLI_UNSURE;

	if (setup_files_last(files, error)) {
		status = put_back(cli, files);
	} else if (error[0] != '\0') {
		cli_error(cli, "%s", error);
	} else {
		printf("There is nothing to undo.\n");
		status = CLI_NO;
	}
	setup_files_free(files);
	free(files);
	return status;
}

static enum cli_status run_setup(struct cli *cli)
{
	const char *part = cli->count > 0 ? cli->words[0] : "outbound";

	if (geteuid() != 0 && !cli->dry_run) {
		cli_error(cli, "only root can change Postfix; --dry-run shows what would change");
		return CLI_UNSURE;
	}
	if (!cli->yes && !cli->dry_run && !terminal_has_person()) {
		cli_error(cli, "there is nobody to ask; add --yes or --dry-run");
		return CLI_USAGE;
	}
	if (cli->undo)
		return undo(cli);
	if (strcmp(part, "outbound") == 0 && cli->count <= 1)
		return set_up(cli, SETUP_OUTBOUND, NULL);
	if (strcmp(part, "aliases") == 0)
		return set_up_aliases(cli);
	cli_error(cli, "there is no part \"%s\"; write outbound or aliases", part);
	return CLI_USAGE;
}

const struct verb verb_setup = {
	.name = "setup",
	.arguments = "[PART...]",
	.summary = "Plugs postseal into Postfix, or takes it out again",
	.options = "NUty",
	.help = "  -N, --dry-run     show what would change, and change nothing\n"
		"  -U, --undo        put all files back as they were before the last run\n"
		"  -t, --to ADDRESS  send a test mail there at the end, and show how it went\n"
		"  -y, --yes         do not ask\n"
		"\n"
		"PART is outbound (the default): Postfix asks postseal how to send to each\n"
		"provider. Or aliases DOMAIN...: mail to and from addresses there goes only over\n"
		"TLS. A submission service, for users elsewhere, is yours to set up.\n"
		"\n"
		"It checks what doctor checks, shows each change of main.cf, master.cf and other\n"
		"files as a diff, asks, keeps a copy, makes the changes, and checks again. It\n"
		"lists what only a person can do.\n"
		"\n"
		"Exit status: 1 if something is still wrong at the end, or with --dry-run if\n"
		"something would change.\n",
	.least = 0,
	.most = -1,
	.run = run_setup,
};
