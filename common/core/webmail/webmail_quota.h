/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * webmail_quota - how much each user may ask in a minute, so that nobody can have the
 * prober look at the world. A bucket for each user: it holds `rate` units, refills evenly
 * within a minute, and each request takes some.
 *
 * Bounded: users whose bucket is full again are forgotten, as if they had never asked;
 * beyond WEBMAIL_QUOTA_USERS at a time, who is new has to wait.
 */
#ifndef POSTSEAL_CORE_WEBMAIL_QUOTA_H
#define POSTSEAL_CORE_WEBMAIL_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBMAIL_QUOTA_USERS 10000

struct webmail_quota;

struct webmail_quota *webmail_quota_new(size_t rate); /* units a minute, at least 1 */
void webmail_quota_free(struct webmail_quota *quota); /* NULL is allowed */

/*
 * May this user ask for so many units at `now_ms` (a clock that never goes back)? 0: yes,
 * and they are taken. Else in how many seconds, at least 1, they may; nothing is taken then.
 * More units than the bucket can hold are counted as all that it holds.
 */
int64_t webmail_quota_take(struct webmail_quota *quota, const char *user, size_t units,
			   int64_t now_ms);

#endif
