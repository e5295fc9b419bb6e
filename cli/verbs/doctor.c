/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal doctor - looks at this machine as an experienced Postfix admin would. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/doctor/doctor_judge.h"
#include "cli/doctor/doctor_look.h"
#include "cli/json.h"
#include "cli/setup/setup.h"
#include "cli/terminal.h"
#include "cli/trial.h"

#define HEALTHS 4
#define FOUND_COLUMN 26
#define MEND_COLUMN 4
#define TRIAL_MS 30000

static enum paint paint_of(enum health health)
{
	static const enum paint paints[HEALTHS] = {
		[HEALTH_OK] = PAINT_GREEN,
		[HEALTH_WARNING] = PAINT_YELLOW,
		[HEALTH_WRONG] = PAINT_RED,
		[HEALTH_UNSURE] = PAINT_GREY,
	};

	return paints[health];
}

/* What was printed for earlier checks. */
struct told {
	const char *name;
	struct buf mend;
};

/* The earlier check whose mend this one begins with, or NULL; *mend is moved past it. */
static const struct told *told_before(struct told *told, size_t count, const char **mend)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = told[i].mend.len;

		if (len > 0 && strncmp(*mend, buf_cstr(&told[i].mend), len) == 0) {
			*mend += len;
			return &told[i];
		}
	}
	return NULL;
}

/* Not wrapped: an admin is to copy whole lines. */
static void print_mend(const char *mend, struct told *told, size_t count)
{
	const struct told *before = told_before(told, count, &mend);

	if (before != NULL)
		printf("%*s# first what is said for %s above%s\n", MEND_COLUMN, "", before->name,
		       *mend != '\0' ? ", then:" : "");
	while (*mend != '\0') {
		int len = (int)strcspn(mend, "\n");

		printf("%*s%.*s\n", MEND_COLUMN, "", len, mend);
		mend += len + 1;
	}
}

static void tell(const struct cli *cli, const struct doctor_check *check, struct finding *finding,
		 struct told *told, size_t count)
{
	if (cli->json) {
		json_print_finding(check->name, check->looks_at, health_word(finding->health),
				   buf_cstr(&finding->found), buf_cstr(&finding->mend));
		return;
	}
	printf("%s%-8s%s %-*s", terminal_paint(paint_of(finding->health)),
	       health_word(finding->health), terminal_plain(), FOUND_COLUMN - 9, check->name);
	terminal_rest(FOUND_COLUMN, buf_cstr(&finding->found));
	print_mend(buf_cstr(&finding->mend), told, count);
}

/* Of what is wrong, how much each part of setup mends. */
static void count_mendable(size_t mendable[SETUP_PARTS], const char *check,
			   const struct finding *finding)
{
	enum setup_part part;
	bool mends = false;

	for (size_t i = 0; i < finding->step_count; i++)
		mends |= finding->steps[i].kind != MEND_HAND;
	if (finding->health == HEALTH_WRONG && mends && setup_part_of(check, &part))
		mendable[part]++;
}

static void tell_mendable(const size_t mendable[SETUP_PARTS])
{
	for (size_t i = 0; i < SETUP_PARTS; i++) {
		if (mendable[i] > 0)
			printf("`postseal setup%s%s` mends %zu of these.\n",
			       i != SETUP_OUTBOUND ? " " : "",
			       i != SETUP_OUTBOUND ? setup_part_name(i) : "", mendable[i]);
	}
}

static enum cli_status examine(const struct cli *cli, const struct patient *patient)
{
	struct told *told = mem_zero(doctor_checks_count, sizeof(*told));
	size_t counts[HEALTHS] = { 0 }, mendable[SETUP_PARTS] = { 0 };

	for (size_t i = 0; i < doctor_checks_count; i++) {
		struct finding finding;

		doctor_judge(patient, &doctor_checks[i], &finding);
		counts[finding.health]++;
		count_mendable(mendable, doctor_checks[i].name, &finding);
		tell(cli, &doctor_checks[i], &finding, told, i);
		told[i] = (struct told){ doctor_checks[i].name, finding.mend };
		finding.mend = (struct buf){ 0 };
		finding_free(&finding);
	}
	if (!cli->json) {
		printf("\n%zu ok, %zu warning%s, %zu wrong, %zu unsure.\n", counts[HEALTH_OK],
		       counts[HEALTH_WARNING], counts[HEALTH_WARNING] == 1 ? "" : "s",
		       counts[HEALTH_WRONG], counts[HEALTH_UNSURE]);
		tell_mendable(mendable);
	}
	for (size_t i = 0; i < doctor_checks_count; i++)
		buf_free(&told[i].mend);
	free(told);
	if (counts[HEALTH_WRONG] > 0)
		return CLI_NO;
	return counts[HEALTH_UNSURE] > 0 ? CLI_UNSURE : CLI_YES;
}

/* A real mail tells more than settings. */
static enum cli_status send_mail(const struct cli *cli)
{
	static const char *const words[] = { "sent", "deferred", "bounced", "unknown" };
	struct trial trial;

	trial_run(&trial, NULL, cli->words[0], TRIAL_MS);
	if (cli->json) {
		json_print_trial(cli->words[0], words[trial.end], trial.text, trial.tls);
	} else {
		printf("\nA mail to %s: %s\n", cli->words[0], words[trial.end]);
		printf("    %s\n    over: %s\n", trial.text, trial_over(&trial));
	}
	return trial.end == TRIAL_SENT ? CLI_YES : trial.end == TRIAL_SILENT ? CLI_UNSURE : CLI_NO;
}

static enum cli_status run(struct cli *cli)
{
	struct patient *patient;
	enum cli_status status;

	if (cli->send != (cli->count == 1)) {
		cli_error(cli, "to send a test mail, give both --send and ADDRESS");
		return CLI_USAGE;
	}
	patient = doctor_look(cli);
	status = examine(cli, patient);
	if (cli->send)
		status = cli_worse(status, send_mail(cli));

	patient_free(patient);
	return status;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.arguments = "[-S ADDRESS]",
	.summary = "Checks that this machine is set up as it should be",
	.options = "S",
	.help = "  -S, --send  send a test mail to ADDRESS, and show what became of it\n"
		"\n"
		"Checks resolvers, Postfix's settings, secure aliases, sealed mail, postseal's\n"
		"own services, and the outbound port. For each check it shows what was found and,\n"
		"if something is wrong, what to type to mend it; lines that start with # say what\n"
		"no command can do. It changes nothing. It need not be root, and says what it may\n"
		"not see.\n"
		"\n"
		"Of the network it asks only the DNS: for org, for dnssec-failed.org, whose\n"
		"signatures are wrong on purpose, and for mailbox_domain.\n"
		"\n"
		"Exit status: 1 if something is wrong; 3 if nothing is wrong but something is\n"
		"unsure. Warnings do not count.\n",
	.least = 0,
	.most = 1,
	.run = run,
};
