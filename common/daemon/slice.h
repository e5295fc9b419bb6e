/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slice - shorter slices of the processor, to be run as soon as there is something to do.
 *
 * Somebody else's time slice, a millisecond or three, is long beside an answer
 * that takes 30 us. From Linux 6.12 on a thread can ask for shorter slices than
 * others (sched_setattr(2), sched_runtime): it gets no more of the processor, but
 * gets it at once, ahead of those that are in the middle of a longer one. No
 * privilege is needed for it.
 */
#ifndef POSTSEAL_DAEMON_SLICE_H
#define POSTSEAL_DAEMON_SLICE_H

#include <stdbool.h>

/* The shortest that Linux grants. */
#define SLICE_NS 100000

/*
 * For the calling thread and those that it starts from now on; niceness and
 * policy stay. False, and nothing has changed, where the kernel is older, will
 * not be asked (a system call filter), or runs the thread by a policy that has no
 * slices.
 */
bool slice_shorten(void);

#endif
