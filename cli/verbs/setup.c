/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal setup - plugs postseal into Postfix, step by step, and takes it out again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/act.h"
#include "cli/doctor/doctor_look.h"
#include "cli/known.h"
#include "cli/setup/setup.h"
#include "cli/terminal.h"
#include "cli/trial.h"
#include "io/ledger/ledger_fleet.h"

#define TRIAL_MS 30000

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
		} else if (step->kind == MEND_FIRST) {
			printf("first, by hand: %s\n", step->line);
		}
	}
	return any;
}

/* What a person has to do before any of it can be done; NULL: nothing. */
static const struct mend_step *comes_first(const struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->steps[i].kind == MEND_FIRST)
			return &plan->steps[i];
	}
	return NULL;
}

static bool confirmed(const struct cli *cli, const char *question)
{
	return cli->yes || terminal_confirms("%s", question);
}

/*
 * Afterwards.
 */

static const char *ask_address(const struct cli *cli, char room[320])
{
	if (cli->to != NULL || cli->yes || !terminal_has_person())
		return cli->to;
	for (int tries = 0; tries < 2; tries++) {
		fprintf(stderr, "Address at another provider for a test mail (empty for none): ");
		if (fgets(room, 320, stdin) == NULL)
			return NULL;
		room[strcspn(room, "\n")] = '\0';
		if (room[0] == '\0')
			return NULL;
		if (trial_is_address(room))
			return room;
		fprintf(stderr, "That is not a mail address.\n");
	}
	return NULL;
}

static enum cli_status tell_trial(const struct trial *trial)
{
	static const char *const words[] = { "sent", "waits", "came back", "unknown" };

	printf("%s: %s\n", words[trial->end], trial->text);
	if (trial->end != TRIAL_SILENT)
		printf("over: %s\n", trial_over(trial));
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

/* What this host remembers of its fleet; zeroes where it shares with nobody. */
static struct fleet_state ask_fleet(const struct cli *cli)
{
	struct ledger *ledger = known_ledger(cli, LEDGER_READ);
	struct ledger_txn *txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	struct fleet_state state = { 0 };

	if (txn != NULL && ledger_get_fleet(txn, &state) != LOOKUP_FOUND)
		state = (struct fleet_state){ 0 };
	ledger_abort(txn);
	ledger_close(ledger);
	return state;
}

/* Waits until the host has read what others told, or says why it cannot. */
static enum cli_status try_sharing(const struct cli *cli, const struct fleet_state *before)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	int64_t deadline = clock_mono_ms() + TRIAL_MS;
	struct fleet_state now = ask_fleet(cli);

	while (now.exchanged <= before->exchanged && clock_mono_ms() < deadline &&
	       (now.trouble[0] == '\0' || strcmp(now.trouble, before->trouble) == 0)) {
		nanosleep(&pause, NULL);
		now = ask_fleet(cli);
	}
	if (now.exchanged <= before->exchanged || now.trouble[0] != '\0') {
		printf("it does not share yet: %s\n",
		       now.trouble[0] != '\0' ? now.trouble : "see journalctl -u postseal-share");
		return CLI_NO;
	}
	printf("it shares as %s: %s\n", now.name,
	       now.acts ? "what admins do here holds on all hosts (postseal_admin)"
			: "facts alone; admins act on other hosts (postseal_mx)");
	return CLI_YES;
}

/* Only a user who has logged in can seal, so no test mail is sent here. */
static void tell_sealing(const struct cli *cli)
{
	printf("A user who has logged in seals mail to bob@example.net by writing to "
	       "bob=example.net@%s\n",
	       cli->settings.mailbox_domain);
}

static enum cli_status try_it(const struct cli *cli, enum setup_part part,
			      const struct fleet_state *before)
{
	switch (part) {
	case SETUP_OUTBOUND:
	case SETUP_ALIASES:
		return try_mail(cli, part);
	case SETUP_MAILBOX:
		tell_sealing(cli);
		return CLI_YES;
	case SETUP_FLEET:
		return try_sharing(cli, before);
	}
	return CLI_UNSURE;
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
 * A part.
 */

/* What only the admin of the database can do. */
static void tell_engine(const struct cli *cli)
{
	const char *user = "";

	for (int i = 1; i < cli->count; i++) {
		if (strncmp(cli->words[i], "user=", strlen("user=")) == 0)
			user = cli->words[i] + strlen("user=");
	}
	printf("by hand, at the database, once: psql -d postseal -f "
	       "/usr/share/postseal/postseal-share.sql\n"
	       "by hand, at the database: create role %s login password '...' in role "
	       "postseal_admin (or postseal_mx, where admins do nothing)\n",
	       user);
}

static enum cli_status carry_out(const struct cli *cli, struct setup_plan *plan, bool new_settings)
{
	struct fleet_state before = { 0 };
	enum cli_status status = CLI_UNSURE;

	if (!confirmed(cli, "Do this?")) {
		printf("Nothing was changed.\n");
		return CLI_NO;
	}
	if (plan->part == SETUP_FLEET)
		before = ask_fleet(cli);
	if (setup_run(cli, plan, new_settings)) {
		status = look_again(cli, plan->part);
		status = cli_worse(status, try_it(cli, plan->part, &before));
	}
	if (plan->files.copy[0] != '\0')
		printf("To undo it: postseal setup --undo\n");
	return status;
}

/* In a dry run NO means that something would change, as for diff(1). */
static enum cli_status show_plan(const struct cli *cli, struct setup_plan *plan,
				 const struct setup_wish *wish)
{
	bool changes = print_plan(plan);

	if (wish->service.len > 0)
		tell_engine(cli);
	if (changes)
		return cli->dry_run ? CLI_NO : carry_out(cli, plan, wish->settings.len > 0);
	printf("There is nothing to change.\n");
	return cli->dry_run || plan->part == SETUP_FLEET ? CLI_YES : try_it(cli, plan->part, NULL);
}

static enum cli_status set_up(const struct cli *cli, enum setup_part part,
			      const struct setup_wish *wish)
{
	struct patient *patient = doctor_look(cli);
	enum cli_status status = CLI_UNSURE;
	char error[SETUP_ERROR_SIZE] = "";
	struct setup_plan *plan = setup_plan_new(part, patient);
	const struct mend_step *first = comes_first(plan);

	if (patient->postfix.ran.state != LOOKUP_FOUND && part != SETUP_FLEET)
		cli_error(cli, "cannot ask Postfix: %s", patient->postfix.ran.text);
	else if (first != NULL && !cli->dry_run)
		cli_error(cli, "%s; type `%s`, then run this again; nothing was changed",
			  first->word, first->line);
	else if (!setup_plan_files(plan, patient, wish, error))
		cli_error(cli, "%s", error);
	else
		status = show_plan(cli, plan, wish);
	setup_plan_free(plan);
	patient_free(patient);
	return status;
}

/*
 * Back.
 */

/* How many files were changed since. */
static size_t print_way_back(const struct setup_files *files)
{
	size_t touched = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (files->list[i].path[0] != '\0')
			setup_file_print_back(&files->list[i]);
	}
	printf("As it was before %s:\n", files->copy);
	for (size_t i = 0; i < files->count; i++) {
		const struct setup_file *file = &files->list[i];
		bool ours = file->path[0] == '\0' || setup_file_untouched(files, i);

		if (file->path[0] != '\0')
			printf("  %s%s\n", file->path, ours ? "" : ", which was changed since");
		touched += !ours;
	}
	return touched;
}

/* Each setup is undone by a run of its own, the last one first. */
static enum cli_status tell_rest(const struct cli *cli)
{
	struct setup_files *files = mem_zero(1, sizeof(*files));
	char error[SETUP_ERROR_SIZE], name[SETUP_NAME_SIZE];
	enum cli_status status = CLI_YES;

	if (setup_files_last(files, error)) {
		printf("Still set up: %s; run this again to undo that.\n",
		       setup_files_name(name, files));
	} else if (error[0] != '\0') {
		cli_error(cli, "%s", error);
		status = CLI_UNSURE;
	} else {
		printf("All is as it was before the first setup.\n");
	}
	setup_files_free(files);
	free(files);
	return status;
}

static enum cli_status put_back(const struct cli *cli, struct setup_files *files)
{
	char error[SETUP_ERROR_SIZE], name[SETUP_NAME_SIZE];
	size_t touched = print_way_back(files);

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
	if (!setup_run_back(cli, files))
		return CLI_UNSURE;
	printf("Undone: %s.\n", setup_files_name(name, files));
	if (strcmp(files->part, setup_part_name(SETUP_FLEET)) == 0)
		printf("All that was learned stays. To note nothing more for the others: postseal "
		       "fleet leave\n");
	return tell_rest(cli);
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

/*
 * The verb.
 */

static enum cli_status no_wish(struct cli *cli, struct setup_wish *wish)
{
	(void)wish;
	return act_takes(cli, 1) ? CLI_YES : CLI_USAGE;
}

static const struct part {
	enum setup_part part;
	bool mail; /* --to makes sense */
	enum cli_status (*wish)(struct cli *cli, struct setup_wish *wish);
} parts[] = {
	{ SETUP_OUTBOUND, true, no_wish },
	{ SETUP_ALIASES, true, setup_wish_aliases },
	{ SETUP_MAILBOX, false, setup_wish_mailbox },
	{ SETUP_FLEET, false, setup_wish_fleet },
};

/* The part that the words name; NULL, and said why, where they make no sense. */
static const struct part *find_part(const struct cli *cli)
{
	const char *name = cli->count > 0 ? cli->words[0] : "outbound";
	const struct part *part = parts;

	while (part < parts + ARRAY_LEN(parts) && strcmp(setup_part_name(part->part), name) != 0)
		part++;
	if (part == parts + ARRAY_LEN(parts))
		cli_error(cli, "there is no part \"%s\"; write outbound, aliases, mailbox or fleet",
			  name);
	else if (cli->to != NULL && !part->mail)
		cli_error(cli, "%s sends no test mail; --to is for outbound and aliases", name);
	else if (cli->to != NULL && !trial_is_address(cli->to))
		cli_error(cli, "--to takes a mail address");
	else
		return part;
	return NULL;
}

static enum cli_status run_part(struct cli *cli, const struct part *part)
{
	struct setup_wish wish = { 0 };
	enum cli_status status = part->wish(cli, &wish);

	if (status == CLI_YES)
		status = set_up(cli, part->part, &wish);
	setup_wish_free(&wish);
	return status;
}

/* What was typed is judged first: who mistyped it learns that before anything else. */
static enum cli_status run_setup(struct cli *cli)
{
	const struct part *part = NULL;

	if (cli->json) {
		cli_error(cli, "this is for people; `postseal doctor --json` is for programs");
		return CLI_USAGE;
	}
	if (cli->undo && cli->count > 0) {
		cli_error(cli, "--undo takes no part: it undoes what was set up last");
		return CLI_USAGE;
	}
	if (!cli->undo && (part = find_part(cli)) == NULL)
		return CLI_USAGE;
	if (geteuid() != 0 && !cli->dry_run) {
		cli_error(cli, "only root can change Postfix; --dry-run shows what would change");
		return CLI_UNSURE;
	}
	if (!cli->yes && !cli->dry_run && !terminal_has_person()) {
		cli_error(cli, "there is nobody to ask; add --yes or --dry-run");
		return CLI_USAGE;
	}
	return cli->undo ? undo(cli) : run_part(cli, part);
}

const struct verb verb_setup = {
	.name = "setup",
	.arguments = "[PART...]",
	.summary = "Plugs postseal into Postfix, or takes it out again",
	.options = "NUty",
	.help = "  -N, --dry-run     show what would change, and change nothing\n"
		"  -U, --undo        put all files back as they were before the last run; run\n"
		"                    it again for the one before\n"
		"  -t, --to ADDRESS  send a test mail there at the end, and show how it went\n"
		"  -y, --yes         do not ask\n"
		"\n"
		"PART is one of\n"
		"  outbound           Postfix asks postseal how to send to each provider (the\n"
		"                     default)\n"
		"  aliases DOMAIN...  mail to and from addresses there goes only over TLS\n"
		"  mailbox DOMAIN     sealed mail, for who has no encryption (after aliases)\n"
		"  fleet host=HOST dbname=NAME user=USER [share_name=NAME]\n"
		"                     share what is learned with other hosts, by that PostgreSQL.\n"
		"                     The password is asked for, or taken from $PGPASSWORD\n"
		"A submission service, for users elsewhere, is yours to set up.\n"
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
