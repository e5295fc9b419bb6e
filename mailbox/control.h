/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control - the Unix socket by which postseal(1) and postseal-webmail(8) ask and act
 * (postseal-mailbox(8), "Control socket"): a line of JSON in, a line of JSON out. In a
 * thread of its own, one client at a time.
 */
#ifndef POSTSEAL_MAILBOX_CONTROL_H
#define POSTSEAL_MAILBOX_CONTROL_H

#include "mailbox/home.h"

struct control;

/* `fd` listens, and is closed by control_stop. */
struct control *control_start(struct home *home, int fd);
void control_stop(struct control *control);

#endif
