/* SPDX-License-Identifier: BSD-2-Clause */
/* b64 - base64url without padding (RFC 4648, section 5), each value in one spelling. */
#ifndef POSTSEAL_CORE_MAILBOX_B64_H
#define POSTSEAL_CORE_MAILBOX_B64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* How many letters octets take, and how many octets letters hold (rounded down). */
#define B64_LEN(octets) (((octets)*4 + 2) / 3)
#define B64_OCTETS(letters) ((letters)*3 / 4)

void b64_put(struct buf *out, const void *bytes, size_t len); /* appends */
/* The same into B64_LEN(len) + 1 bytes, with a NUL. Returns dst. */
char *b64_text(char *dst, const void *bytes, size_t len);

/* text[0..len) as octets, appended; false, and nothing appended, if it is not that spelling. */
bool b64_get(struct buf *out, const char *text, size_t len);
/* The same for exactly `size` octets; dst is undefined where it is false. */
bool b64_take(void *dst, size_t size, const char *text, size_t len);

#endif
