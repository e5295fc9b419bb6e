/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * due - picks, from any number of domains that are due, those that have been due longest. It
 * is a heap with the latest of them on top: a domain that is kept costs a few comparisons,
 * and one that is not kept costs one.
 */
#ifndef POSTSEAL_PROBER_DUE_H
#define POSTSEAL_PROBER_DUE_H

#include <stddef.h>
#include <stdint.h>

/* Enough for the time between two scans of 30 million domains; some 20 MB if it is needed. */
#define DUE_MAX ((size_t)1 << 18)

/* A zeroed one is empty. */
struct due {
	size_t count;
	size_t offered; /* above `count`: there were more than are kept */
	struct due_domain {
		int64_t time;
		char *key; /* owned */
	} * domain;        /* in the order of a heap; due_sort: the longest due first */
	size_t room;
};

/* Of all that is offered, at most `most` are kept; the same number each time. */
void due_offer(struct due *due, size_t most, const char *key, int64_t time);
/* When all has been offered. */
void due_sort(struct due *due);
void due_free(struct due *due);

#endif
