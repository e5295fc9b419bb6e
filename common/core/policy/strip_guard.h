/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strip_guard - did these hosts lose STARTTLS, or does something remove it from all our
 * connections?
 *
 * One provider that stops offering TLS is a downgrade of that provider. Many hosts with a long
 * history of TLS that lose it within the hour, more of them than keep it, are a box between us
 * and the world (a firewall's "SMTP inspection", a transparent proxy). Then nothing that we see
 * in the clear is evidence, and `fold_host` is told so; every floor stays. It ends when most of
 * the hosts, each as it was last seen, have it again, and never by time alone: they are looked at
 * once a day, which is longer than the window.
 *
 * Pure: fed with observations, told the time. A zeroed struct has seen nothing. It is not kept
 * over a restart: five hosts are enough to know again.
 */
#ifndef POSTSEAL_CORE_STRIP_GUARD_H
#define POSTSEAL_CORE_STRIP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/facts/facts.h"

#define STRIP_WINDOW INT64_C(3600) /* seconds: "within a short while" */
#define STRIP_HOSTS 5              /* so many must have lost it */
#define STRIP_LONG_DAYS 3          /* days with TLS that make a long history */
#define STRIP_SEEN_MAX 128         /* hosts remembered, the latest */

struct strip_guard {
	bool stripped; /* as of the latest call */
	size_t count;
	struct {
		uint64_t host; /* hash of its key */
		int64_t time;
		bool lost;
	} seen[STRIP_SEEN_MAX]; /* one entry a host, oldest first */
};

enum strip_change { STRIP_SAME, STRIP_BEGAN, STRIP_ENDED };

/*
 * `seen` of the host with this ledger key and this history (before `seen` is
 * folded into it). Only TLS and PLAIN of a host with a long history count.
 * guard->stripped then says what to think of `seen` itself.
 */
enum strip_change strip_guard_note(struct strip_guard *guard, const char *host_key,
				   const struct history *history, const struct observation *seen,
				   int64_t now);

#endif
