/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop - the event loop of a daemon: descriptors, timers, signals (libevent
 * inside, hidden). One thread; only loop_wake may be called from others.
 */
#ifndef POSTSEAL_IO_LOOP_H
#define POSTSEAL_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct event_base; /* libevent's */
struct loop_io;
struct loop_timer;

#define LOOP_READ 1u
#define LOOP_WRITE 2u

typedef void loop_io_fn(void *context, int fd, unsigned ready);
typedef void loop_fn(void *context);

/* Failing to make any of these ends the program: there is no daemon without. */
struct loop *loop_new(void);
void loop_free(struct loop *loop); /* after all watchers and timers */
void loop_run(struct loop *loop);  /* until loop_stop */
void loop_stop(struct loop *loop);
/* For io/http alone, whose library lives in the same loop. */
struct event_base *loop_base(const struct loop *loop);

/* Watch fd, level-triggered, for `what`; change it with loop_io_set (0: neither). */
struct loop_io *loop_io_new(struct loop *loop, int fd, unsigned what, loop_io_fn *fn,
			    void *context);
void loop_io_set(struct loop_io *io, unsigned what);
void loop_io_free(struct loop_io *io); /* does not close fd; NULL is allowed */

/* A timer is made unarmed; arming it again moves it. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *context);
void loop_timer_arm(struct loop_timer *timer, int64_t milliseconds);
void loop_timer_free(struct loop_timer *timer); /* NULL is allowed */

/*
 * Call fn in the loop's thread when `signum` comes. Lives as long as the loop. One that this
 * thread had blocked is let in, also if it came before.
 */
void loop_signal(struct loop *loop, int signum, loop_fn *fn, void *context);

/* fn is called each time that all which came together has been dealt with, before waiting anew. */
void loop_on_batch(struct loop *loop, loop_fn *fn, void *context);

/* fn runs in the loop's thread soon after any thread called loop_wake. */
void loop_on_wake(struct loop *loop, loop_fn *fn, void *context);
void loop_wake(struct loop *loop);

#endif
