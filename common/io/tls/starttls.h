/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * starttls - look whether an SMTP server does TLS: connect, greeting, EHLO,
 * STARTTLS, handshake, QUIT (RFC 5321, RFC 3207, RFC 7672). No mail is offered.
 *
 * What comes of it is one observation:
 *
 *   TLS          handshake completed; version, cipher, key, and how the
 *                certificate stood up
 *   PLAIN        greeting 220 and EHLO 250 without STARTTLS; or the server knows
 *                only HELO: EHLO refused with 500 or 502, HELO answered 250
 *   TLS_FAILED   STARTTLS offered, but refused; or bytes in the clear behind its
 *                reply (an attempt at injection); or the handshake failed
 *   UNREACHABLE  no connection, no such greeting, no such EHLO
 *
 * and `detail` says what went wrong. At port 465 TLS comes first (RFC 8314 3.3);
 * nothing there is ever PLAIN.
 *
 * A server's time is up after `smtp_timeout` seconds a step, however it spends
 * them, and a host's after STARTTLS_STEPS_MAX times that in all, however many
 * addresses it has.
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
/* Addresses of a host that are tried until one of them talks. */
#define STARTTLS_ADDRESSES_MAX 4

struct starttls_target {
	const char *host; /* folded name; NULL where only the address is known */
	uint16_t port;
	const struct ipaddr *addresses;
	size_t address_count;
	const struct tlsa_set *tlsa; /* usable records, or NULL */
	const char *tlsa_base;
};

struct starttls_config {
	const struct tls *tls;
	const char *ehlo_name;
	int64_t step_ms;
	bool probe_private; /* also connect to ipaddr_is_private addresses */
};

/*
 * Waits until it is done. *seen is complete, its time being the start. Safe in
 * many threads at once; SIGPIPE must be ignored or blocked.
 */
void starttls_probe(const struct starttls_config *config, const struct starttls_target *target,
		    struct observation *seen);

/* The setting `ehlo_name`, or this host's own name, fit for EHLO. */
#define STARTTLS_NAME_SIZE 256
void starttls_own_name(char dst[STARTTLS_NAME_SIZE], const struct settings *settings);

#endif
