/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_look_ledger - the ledger's files, and what it says about the network. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "base/utc.h"
#include "cli/doctor/doctor_look.h"
#include "io/ledger/ledger.h"

static bool count_pins(void *context, const char *key, const struct pins *pins)
{
	struct patient *patient = context;

	(void)key;
	patient->ledger.pins += pins->count > 0;
	return true;
}

static bool count_host(void *context, const char *key, const struct host_facts *host)
{
	struct patient *patient = context;
	const struct observation *last = &host->last;

	(void)key;
	if (last->observed == OBSERVED_NOTHING || last->source != SOURCE_PROBE ||
	    last->time < patient->now - UTC_DAY)
		return true;
	if (last->observed == OBSERVED_UNREACHABLE)
		patient->ledger.silent++;
	else
		patient->ledger.spoken++;
	return true;
}

static bool note_stripping(void *context, const struct journal_entry *entry)
{
	struct patient *patient = context;

	if (strcmp(entry->event, "stripping") == 0)
		patient->ledger.stripping = entry->time;
	else if (strcmp(entry->event, "stripping-ended") == 0)
		patient->ledger.stripping_ended = entry->time;
	return true;
}

/* The logs that `learn` is likely to be given. */
static void find_log(struct patient *patient, struct ledger_txn *txn)
{
	const char *const logs[] = { "journal", "/var/log/mail.log",
				     patient_value(patient, "maillog_file") };

	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		struct logplace place;

		if (logs[i][0] != '\0' && ledger_get_place(txn, logs[i], &place) == LOOKUP_FOUND) {
			str_copy(patient->ledger.log, sizeof(patient->ledger.log),
				 i == 0 ? "the journal" : logs[i]);
			return;
		}
	}
}

static void read_ledger(struct patient *patient, struct ledger *ledger)
{
	struct ledger_txn *txn = ledger_begin_read(ledger);
	bool whole = txn != NULL && ledger_each_pins(txn, count_pins, patient) &&
		     ledger_each_host(txn, count_host, patient) &&
		     ledger_each_journal(txn, "*", note_stripping, patient);

	if (whole)
		find_log(patient, txn);
	else
		doctor_note(&patient->ledger.opened, LOOKUP_ERROR,
			    "%s: some records cannot be read", patient->settings->ledger);
	ledger_abort(txn);
}

static void look_at_file(struct doctor_ledger *ledger, const char *name, const struct stat *dir,
			 const struct stat *file)
{
	bool by_group = file->st_gid == dir->st_gid && (file->st_mode & S_IWGRP) != 0;

	/* Who may not pass the directory cannot come to the file. */
	if ((dir->st_mode & S_IXOTH) != 0)
		ledger->others |= file->st_mode & (S_IROTH | S_IWOTH);
	/* Made by root, perhaps, who forgot to become "postseal" first. */
	if (file->st_uid != dir->st_uid && !by_group)
		str_copy(ledger->foreign_file, sizeof(ledger->foreign_file), name);
}

static void look_at_files(struct patient *patient)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	struct stat dir, file;

	if (stat(patient->settings->ledger, &dir) != 0)
		return;
	patient->ledger.others = dir.st_mode & S_IWOTH;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[DOCTOR_PATH_SIZE];

		snprintf(path, sizeof(path), "%s/%s", patient->settings->ledger, names[i]);
		if (stat(path, &file) == 0)
			look_at_file(&patient->ledger, names[i], &dir, &file);
	}
}

static bool is_missing(const char *dir)
{
	char path[DOCTOR_PATH_SIZE];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	return stat(path, &st) != 0 && errno == ENOENT;
}

void doctor_look_ledger(struct patient *patient)
{
	const char *dir = patient->settings->ledger;
	char error[LEDGER_ERROR_SIZE];
	struct ledger *ledger;

	look_at_files(patient);
	ledger = ledger_open(dir, LEDGER_READ, error);
	if (ledger != NULL) {
		read_ledger(patient, ledger);
	} else {
		patient->ledger.denied = errno == EACCES;
		doctor_note(&patient->ledger.opened, is_missing(dir) ? LOOKUP_ABSENT : LOOKUP_ERROR,
			    "%s", error);
	}
	ledger_close(ledger);
}
