/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_look - fills in a patient: asks resolvers, postconf(1), the daemons and the ledger. It
 * changes nothing and need not be root. Where something cannot be seen, it notes that.
 */
#ifndef POSTSEAL_CLI_DOCTOR_LOOK_H
#define POSTSEAL_CLI_DOCTOR_LOOK_H

#include "cli/cli.h"
#include "cli/doctor/doctor_patient.h"

/* How long to wait for an answer. */
#define DOCTOR_PATIENCE_MS 3000

/* A whole patient; end it with patient_free. */
struct patient *doctor_look(const struct cli *cli);
void patient_free(struct patient *patient);

/*
 * Its parts, in this order.
 */
void doctor_look_resolvers(struct patient *patient);
void doctor_look_ledger(struct patient *patient);
void doctor_look_services(struct patient *patient);
void doctor_look_alias(struct patient *patient);
void doctor_look_mailbox(struct patient *patient);
/* Of sealed mail, what Postfix and the DNS do with it. */
void doctor_look_sealed(struct patient *patient);
/* Of mailboxes: the web server before them, and the clock that tokens and tickets go by. */
void doctor_look_proxy(struct patient *patient);

/* A file of the pages, as it is installed. False, and errno; also where it is far too large. */
bool doctor_read_page(const struct patient *patient, const char *name, struct buf *out);

/* Can certificates be read from this file? */
void doctor_look_cas(struct doctor_thing *thing, const char *path);

/* What a look-up table of Postfix says of `asked`. A map of ours is not asked: ABSENT. */
enum lookup doctor_ask_table(struct span table, const char *asked, struct buf *value);
/* Is mail to this domain delivered here? */
enum lookup doctor_is_delivered(const struct patient *patient, const char *domain);
/* Is it in a match list: names, and tables? ERROR: in none that could be asked. */
enum lookup doctor_list_has(const char *list, const char *domain);
/* May we not connect to this local socket? */
bool doctor_is_barred(const char *path);

#endif
