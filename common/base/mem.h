/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mem - allocation that does not fail.
 *
 * Running out of memory ends the program (systemd starts it anew and Postfix
 * asks again): every path that would "handle" it is one that no test ever
 * walks. Sizes that come from outside are bounded before they come here.
 */
#ifndef POSTSEAL_BASE_MEM_H
#define POSTSEAL_BASE_MEM_H

#include <stddef.h>

/* All return memory that the caller ends with free(3). */
void *mem_alloc(size_t size);              /* contents undefined */
void *mem_zero(size_t count, size_t size); /* zeroed; overflow is fatal */
void *mem_resize(void *old, size_t count, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t len); /* len bytes and a NUL */

#endif
