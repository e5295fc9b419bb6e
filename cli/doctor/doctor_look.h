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
void look_at_postfix(struct patient *patient);
void look_at_resolvers(struct patient *patient);
void look_at_ledger(struct patient *patient);
void look_at_services(struct patient *patient);

/* For all of them: the state, and a sentence. */
__attribute__((format(printf, 3, 4))) void note_thing(struct doctor_thing *thing, enum lookup state,
						      const char *format, ...);
/* Can certificates be read from this file? */
void look_at_cas(struct doctor_thing *thing, const char *path);

#endif
