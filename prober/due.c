/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/due.h"

#include <stdlib.h>

#include "base/mem.h"

#define ROOM_MIN 64

/* Where `one` goes when what is later moves down from above `at`. */
static void sift_up(struct due *due, size_t at, struct due_domain one)
{
	while (at > 0 && due->domain[(at - 1) / 2].time < one.time) {
		due->domain[at] = due->domain[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	due->domain[at] = one;
}

/* From the top, with `count` places. */
static void sift_down(struct due *due, size_t count, struct due_domain one)
{
	size_t at = 0, child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && due->domain[child + 1].time > due->domain[child].time)
			child++;
		if (due->domain[child].time <= one.time)
			break;
		due->domain[at] = due->domain[child];
		at = child;
	}
	due->domain[at] = one;
}

void due_offer(struct due *due, size_t most, const char *key, int64_t time)
{
	due->offered++;
	if (due->count < most) {
		if (due->count == due->room) {
			due->room = due->room == 0 ? ROOM_MIN : 2 * due->room;
			due->domain = mem_resize(due->domain, due->room, sizeof(*due->domain));
		}
		sift_up(due, due->count++, (struct due_domain){ time, mem_strdup(key) });
		return;
	}
	if (time >= due->domain[0].time)
		return;
	free(due->domain[0].key);
	sift_down(due, due->count, (struct due_domain){ time, mem_strdup(key) });
}

void due_sort(struct due *due)
{
	for (size_t count = due->count; count > 1; count--) {
		struct due_domain latest = due->domain[0];

		sift_down(due, count - 1, due->domain[count - 1]);
		due->domain[count - 1] = latest;
	}
}

void due_free(struct due *due)
{
	for (size_t i = 0; i < due->count; i++)
		free(due->domain[i].key);
	free(due->domain);
	*due = (struct due){ 0 };
}
