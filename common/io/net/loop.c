/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/net/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/log.h"
#include "base/mem.h"

struct loop_signal {
	struct event event;
	loop_fn *fn;
	void *context;
	SLIST_ENTRY(loop_signal) next;
};

struct loop {
	struct event_base *base;
	SLIST_HEAD(loop_signals, loop_signal) signals;
	int wake_fd; /* an eventfd: write(2) on it is all that loop_wake does */
	struct loop_io *wake_io;
	loop_fn *wake_fn;
	void *wake_context;
	loop_fn *batch_fn;
	void *batch_context;
};

/* The event is embedded, so that a watcher is one allocation. */
struct loop_io {
	struct event event;
	struct loop *loop;
	unsigned what;
	loop_io_fn *fn;
	void *context;
};

struct loop_timer {
	struct event event;
	loop_fn *fn;
	void *context;
};

static void must(bool done, const char *what)
{
	if (!done)
		log_fatal("event loop: cannot %s: %s", what, strerror(errno));
}

static void on_wake(void *context, int fd, unsigned ready)
{
	struct loop *loop = context;
	uint64_t count;

	(void)ready;
	/* Reading resets the counter; any number of wakes is one call. */
	if (read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count) && loop->wake_fn != NULL)
		loop->wake_fn(loop->wake_context);
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_zero(1, sizeof(*loop));
	struct event_config *config = event_config_new();

	must(config != NULL, "be configured");
	/* One thread (see loop_wake), and no surprises from $EVENT_NOEPOLL and its kin. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	must(loop->base != NULL, "be made");
	SLIST_INIT(&loop->signals);
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	must(loop->wake_fd >= 0, "make an eventfd");
	loop->wake_io = loop_io_new(loop, loop->wake_fd, LOOP_READ, on_wake, loop);
	return loop;
}

void loop_free(struct loop *loop)
{
	struct loop_signal *signal;

	if (loop == NULL)
		return;
	while ((signal = SLIST_FIRST(&loop->signals)) != NULL) {
		SLIST_REMOVE_HEAD(&loop->signals, next);
		event_del(&signal->event);
		free(signal);
	}
	loop_io_free(loop->wake_io);
	close(loop->wake_fd);
	event_base_free(loop->base);
	free(loop);
}

void loop_run(struct loop *loop)
{
	do {
		/* 1 would mean that nothing is left to watch; the eventfd always is. */
		must(event_base_loop(loop->base, EVLOOP_ONCE) == 0, "wait for events");
		if (loop->batch_fn != NULL)
			loop->batch_fn(loop->batch_context);
	} while (!event_base_got_break(loop->base));
}

void loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

struct event_base *loop_base(const struct loop *loop)
{
	return loop->base;
}

static void on_io(evutil_socket_t fd, short events, void *arg)
{
	struct loop_io *io = arg;
	unsigned ready = 0;

	if (events & EV_READ)
		ready |= LOOP_READ;
	if (events & EV_WRITE)
		ready |= LOOP_WRITE;
	io->fn(io->context, fd, ready);
}

static void watch(struct loop_io *io, int fd, unsigned what)
{
	short events = EV_PERSIST;

	if (what & LOOP_READ)
		events |= EV_READ;
	if (what & LOOP_WRITE)
		events |= EV_WRITE;
	io->what = what;
	must(event_assign(&io->event, io->loop->base, fd, events, on_io, io) == 0,
	     "set up a watcher");
	if (what != 0)
		must(event_add(&io->event, NULL) == 0, "watch a descriptor");
}

struct loop_io *loop_io_new(struct loop *loop, int fd, unsigned what, loop_io_fn *fn, void *context)
{
	struct loop_io *io = mem_zero(1, sizeof(*io));

	io->loop = loop;
	io->fn = fn;
	io->context = context;
	watch(io, fd, what);
	return io;
}

void loop_io_set(struct loop_io *io, unsigned what)
{
	int fd = event_get_fd(&io->event);

	if (what == io->what)
		return;
	/* An event that is pending must not be assigned anew: event(3). */
	event_del(&io->event);
	watch(io, fd, what);
}

void loop_io_free(struct loop_io *io)
{
	if (io == NULL)
		return;
	event_del(&io->event);
	free(io);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)events;
	timer->fn(timer->context);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *context)
{
	struct loop_timer *timer = mem_zero(1, sizeof(*timer));

	timer->fn = fn;
	timer->context = context;
	must(evtimer_assign(&timer->event, loop->base, on_timer, timer) == 0, "set up a timer");
	return timer;
}

void loop_timer_arm(struct loop_timer *timer, int64_t milliseconds)
{
	struct timeval after = {
		.tv_sec = (time_t)(milliseconds / 1000),
		.tv_usec = (suseconds_t)(milliseconds % 1000 * 1000),
	};

	must(evtimer_add(&timer->event, &after) == 0, "arm a timer");
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	evtimer_del(&timer->event);
	free(timer);
}

static void on_signal(evutil_socket_t signum, short events, void *arg)
{
	struct loop_signal *signal = arg;

	(void)signum;
	(void)events;
	signal->fn(signal->context);
}

void loop_signal(struct loop *loop, int signum, loop_fn *fn, void *context)
{
	struct loop_signal *signal = mem_zero(1, sizeof(*signal));
	sigset_t these;

	signal->fn = fn;
	signal->context = context;
	must(evsignal_assign(&signal->event, loop->base, signum, on_signal, signal) == 0,
	     "set up a signal");
	must(evsignal_add(&signal->event, NULL) == 0, "catch a signal");
	sigemptyset(&these);
	sigaddset(&these, signum);
	pthread_sigmask(SIG_UNBLOCK, &these, NULL);
	SLIST_INSERT_HEAD(&loop->signals, signal, next);
}

void loop_on_batch(struct loop *loop, loop_fn *fn, void *context)
{
	loop->batch_fn = fn;
	loop->batch_context = context;
}

void loop_on_wake(struct loop *loop, loop_fn *fn, void *context)
{
	loop->wake_fn = fn;
	loop->wake_context = context;
}

void loop_wake(struct loop *loop)
{
	const uint64_t one = 1;
	ssize_t n;

	/* EAGAIN: the counter is full, so the loop is to be woken already. */
	do
		n = write(loop->wake_fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}
