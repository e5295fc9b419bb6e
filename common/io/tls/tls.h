/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls - the client side of TLS, for looking at servers rather than for trusting
 * them (OpenSSL inside, hidden).
 *
 * A handshake is made as Postfix makes it where TLS is required: its options, its least
 * version, its ciphers. Without TLSA records that is level "encrypt": OpenSSL's security
 * level 0, any certificate or none, no server name (SNI) but the one given. With TLSA
 * records it is level "dane-only": security level 1, and the TLSA base domain as server
 * name (RFC 7672 8.1). The observation tells which checks the certificate passed.
 * Thread-safe: one struct tls serves all threads, one struct tls_session one thread at a
 * time.
 */
#ifndef POSTSEAL_IO_TLS_H
#define POSTSEAL_IO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/facts/observation.h"
#include "core/protocol/tlsa.h"

struct tls;
struct tls_session;

#define TLS_ERROR_SIZE 256

/* As Postfix has it. All zero: Postfix's defaults. */
struct tls_setup {
	const char *ca_file;  /* PEM; NULL or "": the system's store */
	uint16_t min_version; /* as on the wire; 0: TLSv1 */
	const char *ciphers;  /* an OpenSSL list; NULL: Postfix's grade "medium" */
};

/* NULL, and why in `error`. */
struct tls *tls_new(const struct tls_setup *setup, char error[TLS_ERROR_SIZE]);
void tls_free(struct tls *tls); /* NULL is allowed; after all sessions */

/*
 * Can OpenSSL, and so Postfix, use this record? This is more exact than tlsa_usable if a record
 * holds a whole certificate or key.
 */
bool tls_tlsa_loads(const struct tls *tls, const struct tlsa *record);

/* Is there a DNS name among the subjectAltNames of that certificate (PEM)? */
bool tls_has_dns_name(const char *pem);
/* When it ends, seconds since 1970; 0: that cannot be read. */
int64_t tls_certificate_ends(const char *pem);

/* Is each cipher of `list` one of `whole`? False, too, for a list that OpenSSL cannot read. */
bool tls_ciphers_within(const char *list, const char *whole);

#define TLS_NAMES_MAX 8

struct tls_request {
	int fd;                      /* connected, non-blocking; stays the caller's */
	const char *host;            /* folded name; NULL for an address */
	const char *sni;             /* without tlsa: the server name to send, or NULL */
	const struct tlsa_set *tlsa; /* usable records to match, or NULL */
	const char *tlsa_base;       /* with tlsa: their host */
	/* With tlsa: what else a certificate under DANE-TA may bear (RFC 7672 3.2.2). */
	const char *names[TLS_NAMES_MAX];
	size_t name_count;
};

/*
 * The handshake. On success seen->version, cipher, spki and verified are set and
 * a session is returned; NULL on failure, with the reason in seen->detail.
 */
struct tls_session *tls_handshake(const struct tls *tls, const struct tls_request *request,
				  int64_t deadline, struct observation *seen);

bool tls_write(struct tls_session *session, const void *bytes, size_t len, int64_t deadline);
/* Bytes read; 0 at the end; -1 on failure. */
ssize_t tls_read(struct tls_session *session, void *bytes, size_t size, int64_t deadline);
/* Says goodbye, without waiting for an answer, and frees. NULL is allowed. */
void tls_close(struct tls_session *session);

/*
 * Makes OpenSSL return now and then, whatever the server sends (tls_pause.c).
 *
 * OpenSSL reads on by itself while it passes messages over: HelloRequest in the middle of a
 * handshake (RFC 5246 7.4.1.1), tickets after it (RFC 8446 4.6.1). If a server never stops
 * sending those, OpenSSL would never return, and nobody would look at the clock.
 */
struct ssl_ctx_st; /* SSL_CTX */

/*
 * All client sessions made from it "want to read" after so many reads of their socket, even if
 * there is more to read. Then the caller has to look at the clock, and go on. It replaces the
 * info callback of the context.
 */
#define TLS_PAUSE_READS 64
void tls_pause(struct ssl_ctx_st *ctx);

#endif
