/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter - libmilter's side of the milter: negotiation, events, replies.
 *
 * libmilter has one filter a process and calls back from threads of its own,
 * one connection's callbacks not always from the same one. Whatever goes wrong
 * in a callback, the MTA is told to try again later; never to accept.
 */
#ifndef POSTSEAL_MILTER_FILTER_H
#define POSTSEAL_MILTER_FILTER_H

#include <stdbool.h>

#include "core/settings/settings.h"

/*
 * Register, bind and listen. False on failure, which has been logged. The
 * settings must live until filter_close returned.
 */
bool filter_open(const struct settings *settings);
/* These count from the next step of any session on. */
void filter_reload(const struct settings *settings);
/* Serve until SIGTERM, SIGINT or SIGHUP; false when libmilter gave up. */
bool filter_serve(void);
/* Waits for callbacks under way; any later one is told to try again. */
void filter_close(void);

#endif
