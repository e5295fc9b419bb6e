/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intake - takes mail from Postfix by LMTP (RFC 2033), in threads of its own: one that
 * accepts, and one for each connection. A reply for each recipient; whatever cannot
 * be kept is 451, so that it waits in Postfix's queue.
 */
#ifndef POSTSEAL_MAILBOX_INTAKE_H
#define POSTSEAL_MAILBOX_INTAKE_H

#include "mailbox/home.h"

struct intake;

/* `fd` listens. It ends with intake_stop, which waits for what is being delivered. */
struct intake *intake_start(struct home *home, int fd);
void intake_stop(struct intake *intake);

#endif
