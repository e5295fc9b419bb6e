/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authres - our part of the header Authentication-Results (RFC 8601): what it says of the TLS
 * over which mail came.
 *
 *   mx.example.com; x-tls=pass smtp.version=TLSv1.3
 *       smtp.cipher=TLS_AES_256_GCM_SHA384 smtp.bits=256
 *
 * "x-tls" is of nobody's registry (RFC 8601 2.7.6); those who write it write it so.
 */
#ifndef POSTSEAL_CORE_AUTHRES_H
#define POSTSEAL_CORE_AUTHRES_H

#include <stdbool.h>

#include "core/names/domain.h"

#define AUTHRES_HEADER "Authentication-Results"
/* The id, and all else at its longest. */
#define AUTHRES_SIZE (DOMAIN_SIZE + 200)

struct authres_tls {
	const char *version;
	const char *cipher; /* NULL, or no token (RFC 2045 5.1): left out */
	const char *bits;   /* the same */
};

/* Is that the name of a header? Blanks in front of the colon count for nothing. */
bool authres_is_header(const char *name);

/*
 * The header's value, folded, with "\n" alone as a milter writes it. `id`: a folded name.
 * `tls` NULL: it came without, "x-tls=none".
 */
void authres_tls(char dst[AUTHRES_SIZE], const char *id, const struct authres_tls *tls);

/*
 * Does this value say anything of x-tls in the name of `id`? Then, in mail that has
 * just come from elsewhere, it is forged (RFC 8601 5). A value whose authserv-id cannot be read
 * might be taken for ours by somebody: true.
 */
bool authres_claims_tls(const char *value, const char *id);

#endif
