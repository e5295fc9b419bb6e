/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * subject - what people ask about: a mail address, which stands for the next
 * hop its mail goes to by default, or a next hop as Postfix writes it
 * (nexthop.h).
 */
#ifndef POSTSEAL_CORE_SUBJECT_H
#define POSTSEAL_CORE_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/names/nexthop.h"

struct subject {
	bool is_address;
	struct nexthop nexthop;
};

/* False, and *subject undefined, when text[0..len) is neither. */
bool subject_parse(struct subject *subject, const char *text, size_t len);

#endif
