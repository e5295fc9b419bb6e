/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/tls/tls.h"

#include <openssl/ssl.h>

/* A place in here stands for the number of times that a session has read. */
static char places[TLS_PAUSE_READS];

static long on_read(BIO *bio, int what, const char *bytes, size_t len, int number, long more,
		    int result, size_t *done)
{
	char *at = BIO_get_callback_arg(bio);

	(void)bytes, (void)len, (void)number, (void)more, (void)done;
	if (what != BIO_CB_READ)
		return result;
	if (++at < places + TLS_PAUSE_READS) {
		BIO_set_callback_arg(bio, at);
		return result;
	}
	BIO_set_callback_arg(bio, places);
	BIO_set_retry_read(bio);
	return -1;
}

static void on_info(const SSL *ssl, int where, int value)
{
	BIO *bio = SSL_get_rbio(ssl);

	(void)value;
	if ((where & SSL_CB_HANDSHAKE_START) == 0 || bio == NULL ||
	    BIO_get_callback_ex(bio) != NULL)
		return;
	BIO_set_callback_arg(bio, places);
	BIO_set_callback_ex(bio, on_read);
}

void tls_pause(struct ssl_ctx_st *ctx)
{
	SSL_CTX_set_info_callback(ctx, on_info);
}
