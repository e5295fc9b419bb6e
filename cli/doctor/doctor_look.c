/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/doctor/doctor_look.h"

#include <stdlib.h>

#include "base/mem.h"
#include "io/local/settings_file.h"

struct patient *doctor_look(const struct cli *cli)
{
	struct patient *patient = mem_zero(1, sizeof(*patient));

	patient->settings = &cli->settings;
	patient->settings_file =
		cli->settings_file != NULL ? cli->settings_file : SETTINGS_FILE_DEFAULT;
	patient->now = cli->now;
	doctor_look_postfix(patient);
	doctor_look_resolvers(patient);
	doctor_look_ledger(patient);
	doctor_look_services(patient);
	doctor_look_mail(patient);
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
