/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secure_answer - the two ways of saying no (secure.h); for those who decide. What
 * the answer held before is gone; text and cause are the caller's to write.
 */
#ifndef POSTSEAL_CORE_SECURE_ANSWER_H
#define POSTSEAL_CORE_SECURE_ANSWER_H

#include "core/secure/secure.h"

/* For good: 550, and `status`, a constant. */
void secure_answer_refuse(struct secure_answer *answer, const char *status);

/* For now, since something could not be found out: 451 4.7.1. */
void secure_answer_put_off(struct secure_answer *answer);

#endif
