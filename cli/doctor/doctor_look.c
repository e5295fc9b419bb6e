/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/doctor/doctor_look.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/local/command.h"
#include "io/local/settings_file.h"

#define OUTPUT_MAX (1024 * 1024)
/* After main.cf was changed, postconf(1) waits until it was left alone for two seconds. */
#define POSTCONF_PATIENCE_MS 10000

/*
 * Postfix: what postconf(1) says, and the files that it names.
 */

/* postconf(1) with this option, or without one; false, and said why. */
static bool read_postconf(struct doctor_thing *ran, char *option, struct postconf *postconf)
{
	char *argv[] = { (char[]){ "postconf" }, option, NULL };
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };

	ran->state = command_run(argv, OUTPUT_MAX, clock_mono_ms() + POSTCONF_PATIENCE_MS, &output,
				 error);
	if (ran->state != LOOKUP_FOUND)
		doctor_note(ran, ran->state, "%s", error);
	else if (!postconf_read(postconf, buf_cstr(&output), output.len))
		doctor_note(ran, LOOKUP_ERROR, "the output of postconf(1) cannot be understood");
	buf_free(&output);
	return ran->state == LOOKUP_FOUND;
}

/* smtp(8) looks for hashed names in this directory, from inside its chroot. */
static void count_path_cas(struct patient *patient)
{
	struct doctor_postfix *postfix = &patient->postfix;
	const char *path = patient_value(patient, "smtp_tls_CApath");
	char full[DOCTOR_PATH_SIZE];
	const struct dirent *entry;
	DIR *dir;

	postfix->path_cas_chrooted = patient_chrooted(patient, "smtp/unix");
	snprintf(full, sizeof(full), "%s%s",
		 postfix->path_cas_chrooted ? patient_value(patient, "queue_directory") : "", path);
	dir = path[0] != '\0' ? opendir(full) : NULL;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		postfix->path_cas += len > 2 && strcmp(entry->d_name + len - 2, ".0") == 0;
	}
	if (dir != NULL)
		closedir(dir);
}

/* "regexp:/etc/postfix/filter": is there the file, or the one that postmap(1) makes of it? */
static void look_at_table(struct doctor_thing *thing, const char *table)
{
	static const char *const suffixes[] = { "", ".db", ".lmdb", ".cdb" };
	const char *path = strchr(table, ':');
	char full[DOCTOR_PATH_SIZE];

	if (path == NULL || path[1] != '/')
		return; /* not a file that we know */
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(full, sizeof(full), "%s%s", path + 1, suffixes[i]);
		if (access(full, F_OK) == 0)
			return;
	}
	thing->state = errno == ENOENT ? LOOKUP_ABSENT : LOOKUP_ERROR;
}

static void look_at_filters(struct patient *patient)
{
	for (size_t i = 0; i < DOCTOR_LEVELS; i++) {
		char service[64];

		snprintf(service, sizeof(service), "%s/unix", alias_transport(doctor_levels[i]));
		look_at_table(
			&patient->postfix.filter[i],
			patient_service_value(patient, service, "smtp_delivery_status_filter"));
	}
}

static void look_at_postfix(struct patient *patient)
{
	struct doctor_postfix *postfix = &patient->postfix;
	const char *file;

	if (!read_postconf(&postfix->ran, (char[]){ "-x" }, &postfix->values) ||
	    !read_postconf(&postfix->ran, NULL, &postfix->written) ||
	    !read_postconf(&postfix->ran, (char[]){ "-F" }, &postfix->services) ||
	    !read_postconf(&postfix->ran, (char[]){ "-Px" }, &postfix->overrides))
		return;
	file = patient_value(patient, "smtp_tls_CAfile");
	if (file[0] != '\0')
		doctor_look_cas(&postfix->cas, file);
	count_path_cas(patient);
	look_at_filters(patient);
}

/*
 * The whole.
 */

struct patient *doctor_look(const struct cli *cli)
{
	struct patient *patient = mem_zero(1, sizeof(*patient));

	patient->settings = &cli->settings;
	patient->settings_file =
		cli->settings_file != NULL ? cli->settings_file : SETTINGS_FILE_DEFAULT;
	patient->now = cli->now;
	look_at_postfix(patient);
	doctor_look_resolvers(patient);
	doctor_look_ledger(patient);
	doctor_look_services(patient);
	doctor_look_alias(patient);
	doctor_look_mailbox(patient);
	return patient;
}

void patient_free(struct patient *patient)
{
	postconf_free(&patient->postfix.values);
	postconf_free(&patient->postfix.written);
	postconf_free(&patient->postfix.services);
	postconf_free(&patient->postfix.overrides);
	free(patient);
}
