/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * starttls - look whether Postfix will do TLS with an SMTP server: connect, greeting,
 * EHLO, STARTTLS, handshake, EHLO again, QUIT (RFC 5321, RFC 3207, RFC 7672), with what
 * Postfix does where a server is odd (smtp_helo in its smtp_proto.c). No mail is offered.
 *
 * What comes of it is one observation. Of one address:
 *
 *   TLS          the handshake was completed, and EHLO (or HELO after it) within TLS was
 *                answered with 2xx; version, cipher, key, and how the certificate stood up
 *   PLAIN        greeting and EHLO answered with 2xx, without STARTTLS; or HELO was: the
 *                server refused EHLO (but for 421), or a firewall blanked out its greeting
 *   TLS_FAILED   STARTTLS offered, but refused; or bytes in the clear after its reply (an
 *                attempt at injection); or the handshake, or EHLO within it, failed
 *   UNREACHABLE  no connection, no such greeting, no such EHLO nor HELO
 *
 * and of a host with several of them, which Postfix tries one after another: TLS if one
 * has it; else TLS_FAILED if one offers it; PLAIN only if all were tried, and all that
 * answered are plain; else UNREACHABLE. `detail` says what went wrong. At port 465 TLS
 * comes first (RFC 8314 3.3); nothing there is ever PLAIN.
 *
 * A server's time is up after `smtp_timeout` seconds a step, however it spends them, and a
 * host's after STARTTLS_STEPS_MAX times that in all, however many addresses it has.
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
 * Waits until all is known. *seen is complete, its time being the start. Safe in
 * many threads at once; SIGPIPE must be ignored or blocked.
 *
 * The conversation that showed it is still open then, if there is one: what is returned,
 * or NULL, is to be ended with starttls_leave, which says QUIT and waits for its answer
 * for a moment. So whoever waits for the observation need not wait for that.
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
