/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status_json - a status as one line of JSON, DESIGN.md section 8: what map
 * `status` answers and `postseal status --json` prints.
 *
 * The members are always all there. null stands for "not known" or "does not
 * apply": address (a domain was asked about), tls_version, cipher, first_tls,
 * last_tls, checked, downgrade_since. Dates are RFC 3339 (base/utc.h). All of
 * it is printable ASCII, whatever the address held.
 */
#ifndef POSTSEAL_IO_STATUS_JSON_H
#define POSTSEAL_IO_STATUS_JSON_H

#include <stddef.h>

#include "base/buf.h"
#include "core/policy/status.h"

/*
 * Appends to *out, without a newline. address[0..address_len) is what was asked
 * about if it was a mail address (it need not be valid UTF-8), or NULL; domain
 * is the next hop's key.
 */
void status_json_append(struct buf *out, const struct status *status, const char *address,
			size_t address_len, const char *domain);

/* The word itself, if it is a way that a sealed mail can go: "openpgp", "mailbox" or
 * "new-mailbox"; else NULL. What is returned is constant. */
const char *status_json_way(const char *word);

/*
 * What postseal-mailbox answers to "seal" (postseal-mailbox(8), "Control socket"): such a way;
 * NULL: it cannot tell, or says something else.
 */
const char *status_json_seal(const char *answer);

/*
 * The same into a status that status_json_append has made, or that the map `status` gave, as its last
 * member. `way` NULL: it cannot be told.
 */
void status_json_put_seal(struct buf *line, const char *way);

#endif
