/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/daemon_loop.h"

#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/daemon.h"

struct daemon_loop {
	struct loop_timer *alive;
};

static void on_alive(void *context)
{
	struct daemon_loop *watch = context;

	daemon_alive();
	loop_timer_arm(watch->alive, daemon_alive_interval());
}

static void on_hangup(void *context)
{
	(void)context;
	daemon_reload();
}

struct daemon_loop *daemon_loop_watch(struct loop *loop, loop_fn *stop, void *context)
{
	struct daemon_loop *watch = mem_zero(1, sizeof(*watch));

	watch->alive = loop_timer_new(loop, on_alive, watch);
	if (daemon_alive_interval() > 0)
		loop_timer_arm(watch->alive, daemon_alive_interval());
	loop_signal(loop, SIGTERM, stop, context);
	loop_signal(loop, SIGINT, stop, context);
	loop_signal(loop, SIGHUP, on_hangup, NULL);
	return watch;
}

void daemon_loop_free(struct daemon_loop *watch)
{
	loop_timer_free(watch->alive);
	free(watch);
}
