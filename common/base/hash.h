/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash - uthash(3), with memory that does not run out (mem.h): for the core, which
 * may not end the program by itself.
 */
#ifndef POSTSEAL_BASE_HASH_H
#define POSTSEAL_BASE_HASH_H

#include "base/mem.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_fatal(message) ((void)(message))

#include <uthash.h>

#endif
