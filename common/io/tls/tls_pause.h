/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls_pause - makes OpenSSL return now and then, whatever the server sends.
 *
 * OpenSSL reads on by itself while it passes messages over: HelloRequest in the middle of a
 * handshake (RFC 5246 7.4.1.1), tickets after it (RFC 8446 4.6.1). If a server never stops
 * sending those, OpenSSL would never return, and nobody would look at the clock.
 */
#ifndef POSTSEAL_IO_TLS_PAUSE_H
#define POSTSEAL_IO_TLS_PAUSE_H

struct ssl_ctx_st; /* SSL_CTX */

/*
 * All client sessions made from it "want to read" after so many reads of their socket, even if
 * there is more to read. Then the caller has to look at the clock, and go on. It replaces the
 * info callback of the context.
 */
#define TLS_PAUSE_READS 64
void tls_pause(struct ssl_ctx_st *ctx);

#endif
