/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * https - fetches one small text from one HTTPS server that is not trusted (libcurl inside,
 * hidden). It is made for MTA-STS policies (RFC 8461 3.3) and for keys (wkd.h): HTTP/1.1 over TLS
 * 1.2 or later, a certificate that is valid for the host, status 200. There are no redirects,
 * cache, cookies, credentials, proxy or compression, and nothing is taken from the environment.
 *
 * Names are not resolved here: the caller brings the addresses, from the same
 * resolver as all other facts.
 *
 * Thread-safe; a call blocks until it is done, at most timeout_ms. The program
 * must ignore SIGPIPE.
 */
#ifndef POSTSEAL_IO_HTTPS_H
#define POSTSEAL_IO_HTTPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/names/ipaddr.h"
#include "core/facts/observation.h"

/* What a zero in a request stands for. */
#define HTTPS_PORT 443
#define HTTPS_BODY_MAX 65536
#define HTTPS_TIMEOUT_MS 60000 /* RFC 8461 3.3 suggests one minute, and 64 KB */
#define HTTPS_CONNECT_MS 20000
#define HTTPS_STALL_SECONDS 20

struct https_request {
	const char *host; /* folded; also SNI and the certificate's name */
	uint16_t port;
	const char *path;       /* "/..." */
	const char *media_type; /* the answer's must be this; parameters are allowed; NULL: any */
	const struct ipaddr *addresses; /* of host; tried in turn */
	size_t address_count;
	bool allow_private;    /* also connect to ipaddr_is_private ones */
	const char *ca_file;   /* PEM; NULL or "": the system's */
	size_t body_max;       /* bytes */
	int64_t timeout_ms;    /* for everything */
	int64_t connect_ms;    /* until the TLS handshake is done */
	int64_t stall_seconds; /* give up after so long at under 10 bytes a second */
	int64_t *ends;         /* NULL, or when the server's certificate does; 0: not known */
	long *status; /* NULL, or that of an answer that came whole or was too long; else 0 */
};

/*
 * True: *body is the answer's body. False: *body is empty, and `detail` says why, printable.
 */
bool https_get(const struct https_request *request, struct buf *body, char detail[DETAIL_SIZE]);

#endif
