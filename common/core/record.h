/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record - the bytes of the ledger's records.
 *
 * Integers are little-endian and of fixed width; a string is one length byte
 * and its bytes. Each record starts with its kind and version. Decoding is
 * strict: known kind and version, every length inside the record, every
 * enumeration in range, names folded, sets ordered, nothing left over. What is
 * not exactly right is refused whole, and *out is then undefined.
 */
#ifndef POSTSEAL_CORE_RECORD_H
#define POSTSEAL_CORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "core/facts.h"

/* Appends to *out. */
void record_put_domain(struct buf *out, const struct domain_facts *domain);
void record_put_host(struct buf *out, const struct host_facts *host);
void record_put_override(struct buf *out, const struct override *override);
void record_put_pins(struct buf *out, const struct pins *pins);

bool record_get_domain(struct domain_facts *out, const void *bytes, size_t len);
bool record_get_host(struct host_facts *out, const void *bytes, size_t len);
bool record_get_override(struct override *out, const void *bytes, size_t len);
bool record_get_pins(struct pins *out, const void *bytes, size_t len);

/* Key of a host's record: "mx.example.com:25", "[2001:db8::1]:25" for an address. */
#define HOST_KEY_SIZE (DOMAIN_SIZE + 8)
bool record_host_key(char dst[HOST_KEY_SIZE], const char *host, uint16_t port);

#endif
