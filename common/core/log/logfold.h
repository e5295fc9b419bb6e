/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logfold - from lines of Postfix's log to what they prove.
 *
 * A "TLS connection established" line proves by itself that its host did TLS
 * then. Only the delivery line that the same process writes next tells for which
 * domain that was: a process of smtp(8) serves one queue file at a time,
 * and says "established" or "reused" anew for each one that goes over TLS.
 *
 * A delivery without a TLS line does not prove a server without STARTTLS:
 * smtp_tls_loglevel may be 0, smtp(8) may have been told not to use TLS, or have
 * fallen back to plaintext after a failed handshake, and even "tls=may:none" of
 * 3.11 does not tell those apart. PLAIN is proven by one line alone: a mail that
 * was not sent, because "TLS is required, but was not offered". That is what
 * Postfix saw in the EHLO reply, and how a downgrade shows at the first mail that
 * waits for it. Nor is a "reused" connection another handshake: it ties a domain
 * to the host, no more.
 */
#ifndef POSTSEAL_CORE_LOGFOLD_H
#define POSTSEAL_CORE_LOGFOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/log/logline.h"

/* Processes remembered at a time. Beyond that, the one that was silent longest is forgotten. */
#define LOGFOLD_PROCESSES 512
/* At most so many seconds lie between a TLS line and the deliveries over that connection. */
#define LOGFOLD_SPAN INT64_C(7200)

struct logfold; /* opaque */

struct logfold *logfold_new(void);
void logfold_free(struct logfold *fold); /* NULL is allowed */

/*
 * What one line proved. `seen` is of the host, by source DELIVERY. Where
 * `domain` is not empty, mail for it was sent over that connection. That does
 * not make the host an MX of the domain: with relayhost or transport(5) it is
 * somebody else's relay, so look before learning about the domain.
 */
struct logfold_proof {
	char host[DOMAIN_SIZE];
	uint16_t port;
	bool handshake; /* TLS: `seen` is a handshake to be folded; else only `domain` is news */
	struct observation seen; /* TLS, of the time of the TLS line; or PLAIN, to be folded */
	char domain[DOMAIN_SIZE];
};

/*
 * The next line, written at `time` (logline_time; not 0). True if it proved
 * something. Lines of one process are to come in their order.
 */
bool logfold_line(struct logfold *fold, const struct logline *line, int64_t time,
		  struct logfold_proof *proof);

#endif
