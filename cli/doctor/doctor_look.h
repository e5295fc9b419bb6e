/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_look - fills in a patient: asks resolvers, postconf(1), the daemons and
 * the ledger. Changes nothing, and needs no root: what cannot be seen is said to
 * be so.
 */
#ifndef POSTSEAL_CLI_DOCTOR_LOOK_H
#define POSTSEAL_CLI_DOCTOR_LOOK_H

#include "cli/cli.h"
#include "cli/doctor/doctor_patient.h"

/* How long anything that is asked may take to answer. */
#define DOCTOR_PATIENCE_MS 3000

/* A whole patient; end it with patient_free. */
struct patient *doctor_look(const struct cli *cli);
void patient_free(struct patient *patient);

/*
 * Its parts, in this order.
 */
void doctor_look_postfix(struct patient *patient);
void doctor_look_resolvers(struct patient *patient);
void doctor_look_ledger(struct patient *patient);
void doctor_look_services(struct patient *patient);
void doctor_look_mail(struct patient *patient);

/* Can certificates be read from this file? */
void doctor_look_cas(struct doctor_thing *thing, const char *path);

#endif
