/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * starttls - looks whether Postfix will use TLS with an SMTP server: connect, greeting, EHLO,
 * STARTTLS, handshake, EHLO again, QUIT (RFC 5321, RFC 3207, RFC 7672). If a server is odd, it
 * does what Postfix does (smtp_helo in its smtp_proto.c). No mail is offered.
 *
 * The result is one observation. For one address it is
 *
 *   TLS          the handshake was completed, and EHLO (or HELO after it) within TLS was
 *                answered with 2xx; version, cipher, key, and how the certificate stood up
 *   PLAIN        greeting and EHLO answered with 2xx, without STARTTLS; or HELO was: the
 *                server refused EHLO (but for 421), or a firewall blanked out its greeting
 *   TLS_FAILED   STARTTLS offered, but refused; or bytes in the clear after its reply (an
 *                attempt at injection); or the handshake, or EHLO within it, failed
 *   UNREACHABLE  no connection, no such greeting, no such EHLO nor HELO
 *
 * Postfix tries the addresses of a host one after another. So a host is TLS if one address has
 * it; else TLS_FAILED if one offers it; PLAIN only if all were tried, and all that answered are
 * plain; else UNREACHABLE. `detail` says what went wrong. At port 465 TLS
 * comes first (RFC 8314 3.3); nothing there is ever PLAIN.
 *
 * A server has `smtp_timeout` seconds for a step, and a host STARTTLS_STEPS_MAX times that for
 * all its addresses.
 */
#ifndef POSTSEAL_IO_STARTTLS_H
#define POSTSEAL_IO_STARTTLS_H

#include <stddef.h>
#include <stdint.h>

#include "core/names/ipaddr.h"
#include "core/facts/observation.h"
#include "core/settings/settings.h"
#include "core/protocol/tlsa.h"
#include "io/tls/tls.h"

#define STARTTLS_STEPS_MAX 4
/* Addresses of a host that are tried until one of them has TLS, at most. */
#define STARTTLS_ADDRESSES_MAX 5

struct starttls_target {
	const char *host; /* folded name; NULL where only the address is known */
	uint16_t port;
	const struct ipaddr *addresses;
	size_t address_count;
	size_t connections_max;      /* fewer than STARTTLS_ADDRESSES_MAX; 0: these */
	const struct tlsa_set *tlsa; /* usable records, or NULL */
	const char *tlsa_base;
	/* Next hops with signed MX records that lead to the host (RFC 7672 3.2.2). */
	const char *names[TLS_NAMES_MAX];
	size_t name_count;
};

struct starttls_config {
	const struct tls *tls;
	const char *ehlo_name;
	int64_t step_ms;
	bool probe_private;   /* also connect to ipaddr_is_private addresses */
	bool pix_workarounds; /* HELO where the greeting is blanked out */
	bool servername;      /* the host's name as SNI, also without DANE */
};

/*
 * Waits until all is known; then *seen is complete. Its time is that of the start. Many threads
 * may call it at once; SIGPIPE must be ignored or blocked.
 *
 * It returns the conversation, which is still open, or NULL. End it with starttls_leave, which
 * says QUIT and waits a moment for the answer. So nobody who waits for the observation has to
 * wait for that.
 */
struct starttls_talk;
struct starttls_talk *starttls_probe(const struct starttls_config *config,
				     const struct starttls_target *target,
				     struct observation *seen);
void starttls_leave(struct starttls_talk *talk); /* NULL is allowed */

/* The setting `ehlo_name`, or this host's own name, fit for EHLO. */
#define STARTTLS_NAME_SIZE 256
void starttls_own_name(char dst[STARTTLS_NAME_SIZE], const struct settings *settings);

#endif
