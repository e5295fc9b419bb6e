/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/slice.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc has no names for these system calls before 2.41. */
static bool get_attributes(struct sched_attr *attributes)
{
	return syscall(SYS_sched_getattr, 0, attributes, sizeof(*attributes), 0) == 0;
}

static bool set_attributes(struct sched_attr *attributes)
{
	return syscall(SYS_sched_setattr, 0, attributes, 0) == 0;
}

/* Older kernels tell no slice, and take one without a word. */
bool slice_shorten(void)
{
	struct sched_attr attributes = { .size = sizeof(attributes) };

	if (!get_attributes(&attributes) || attributes.sched_policy != SCHED_NORMAL ||
	    attributes.sched_runtime == 0)
		return false;
	attributes.sched_runtime = SLICE_NS;
	return set_attributes(&attributes);
}
