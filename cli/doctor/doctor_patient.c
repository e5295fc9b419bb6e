/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/doctor/doctor_patient.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 256

const enum alias_level doctor_levels[DOCTOR_LEVELS] = { ALIAS_ENCRYPT, ALIAS_AUTHENTICATED,
							ALIAS_VERIFY, ALIAS_DANE_ONLY };

void doctor_note(struct doctor_thing *thing, enum lookup state, const char *format, ...)
{
	va_list args;

	thing->state = state;
	va_start(args, format);
	vsnprintf(thing->text, sizeof(thing->text), format, args);
	va_end(args);
}

static const char *value_or_empty(const struct postconf *postconf, const char *parameter)
{
	const char *value = postconf_get(postconf, parameter);

	return value != NULL ? value : "";
}

const char *patient_value(const struct patient *patient, const char *parameter)
{
	return value_or_empty(&patient->postfix.values, parameter);
}

const char *patient_written(const struct patient *patient, const char *parameter)
{
	return value_or_empty(&patient->postfix.written, parameter);
}

const char *patient_service_value(const struct patient *patient, const char *service,
				  const char *parameter)
{
	char name[NAME_SIZE];
	const char *value;

	snprintf(name, sizeof(name), "%s/%s", service, parameter);
	value = postconf_get(&patient->postfix.overrides, name);
	return value != NULL ? value : patient_value(patient, parameter);
}

/* "-" is what master(5) takes it for: "y" before compatibility_level 1. */
bool patient_chrooted(const struct patient *patient, const char *service)
{
	char name[NAME_SIZE];
	const char *field;

	snprintf(name, sizeof(name), "%s/chroot", service);
	field = postconf_get(&patient->postfix.services, name);
	if (field == NULL || strcmp(field, "-") != 0)
		return field != NULL && strcmp(field, "y") == 0;
	return patient_value(patient, "compatibility_level")[0] == '0';
}

struct postconf_view patient_view(const struct patient *patient, const char *service)
{
	return (struct postconf_view){
		.queue_directory = patient_value(patient, "queue_directory"),
		.chrooted = patient_chrooted(patient, service),
	};
}
