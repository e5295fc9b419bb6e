/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls_pause - have OpenSSL come back now and then, whatever the server sends.
 *
 * It reads on by itself while there is something to pass over: HelloRequest in the
 * middle of a handshake (RFC 5246 7.4.1.1), tickets after it (RFC 8446 4.6.1). With a
 * server that never ends that, it would never return to whoever looks at the clock.
 */
#ifndef POSTSEAL_IO_TLS_PAUSE_H
#define POSTSEAL_IO_TLS_PAUSE_H

struct ssl_ctx_st; /* SSL_CTX */

/*
 * All client sessions made from it then "want to read" after so many reads of their
 * socket, even where there is more: who drives them has to look at the clock at such
 * times, and to go on. Takes the place of its info callback.
 */
#define TLS_PAUSE_READS 64
void tls_pause(struct ssl_ctx_st *ctx);

#endif
