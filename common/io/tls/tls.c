/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/tls/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/names/domain.h"
#include "io/net/stream.h"

/*
 * Postfix's grade "medium", as narrow as its releases have it (3.10), with what Postfix adds to
 * any list at "encrypt" and at "dane-only". Anonymous ciphers come last here: a server that has a
 * certificate must show it.
 */
#define CIPHERS                                                                             \
	"aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:" \
	"+RC4:@STRENGTH"
#define CIPHERS_ENCRYPT ":!eNULL:+aNULL"
#define CIPHERS_DANE ":!aNULL"
/* Postfix's tls_eecdh_auto_curves. Newer versions have more; deliveries will show that. */
#define GROUPS "X25519:X448:P-256:P-521:P-384"
/* smtp_tls_scert_verifydepth, and one more as Postfix has it. */
#define VERIFY_DEPTH 10

struct tls {
	SSL_CTX *ctx;
	char *dane_ciphers;
};

struct tls_session {
	SSL *ssl;
	int fd;
};

/* The latest reason in OpenSSL's queue. The queue is then empty. */
static const char *openssl_reason(const char *otherwise)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return reason != NULL ? reason : otherwise;
}

/* The setting's list with what Postfix adds to it. The caller frees it. */
static char *with_ciphers(const struct tls_setup *setup, const char *more)
{
	struct buf list = { 0 };
	char *copy;

	buf_printf(&list, "%s%s", setup->ciphers != NULL ? setup->ciphers : CIPHERS, more);
	copy = mem_strdup(buf_cstr(&list));
	buf_free(&list);
	return copy;
}

static bool set_ciphers(struct tls *tls, const struct tls_setup *setup)
{
	char *list = with_ciphers(setup, CIPHERS_ENCRYPT);
	bool set = SSL_CTX_set_cipher_list(tls->ctx, list) == 1;

	free(list);
	tls->dane_ciphers = with_ciphers(setup, CIPHERS_DANE);
	return set;
}

/*
 * Sets what Postfix's tls_client_init sets, and takes nothing from openssl.cnf, in which Debian
 * is strict. SSL_OP_LEGACY_SERVER_CONNECT stays off, as in Postfix: it cannot talk to a server
 * without secure renegotiation (RFC 5746).
 */
static bool set_up(SSL_CTX *ctx, const struct tls_setup *setup)
{
	uint16_t least = setup->min_version != 0 ? setup->min_version : TLS1_VERSION;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_clear_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_options(ctx, SSL_OP_ALL | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_verify_depth(ctx, VERIFY_DEPTH);
	SSL_CTX_set1_groups_list(ctx, (char[]){ GROUPS });
	tls_pause(ctx);
	return SSL_CTX_set_min_proto_version(ctx, least) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, 0) == 1 && SSL_CTX_dane_enable(ctx) == 1;
}

static bool load_cas(SSL_CTX *ctx, const char *ca_file)
{
	/* SSL_CTX_set_default_verify_paths would also read the whole directory anew for each
	 * certificate whose issuer is not known. */
	if (ca_file == NULL || ca_file[0] == '\0')
		return SSL_CTX_set_default_verify_file(ctx) == 1 &&
		       SSL_CTX_set_default_verify_dir(ctx) == 1;
	return SSL_CTX_load_verify_file(ctx, ca_file) == 1;
}

struct tls *tls_new(const struct tls_setup *setup, char error[TLS_ERROR_SIZE])
{
	const char *ca_file = setup->ca_file;
	struct tls *tls = mem_zero(1, sizeof(*tls));

	tls->ctx = SSL_CTX_new(TLS_client_method());
	if (tls->ctx == NULL || !set_up(tls->ctx, setup)) {
		snprintf(error, TLS_ERROR_SIZE, "cannot set up OpenSSL: %s",
			 openssl_reason("no reason given"));
	} else if (!set_ciphers(tls, setup)) {
		snprintf(error, TLS_ERROR_SIZE, "smtp_ciphers: OpenSSL knows no such cipher: %s",
			 openssl_reason("no reason given"));
	} else if (!load_cas(tls->ctx, ca_file)) {
		snprintf(error, TLS_ERROR_SIZE, "ca_file: cannot read certificates from %.150s: %s",
			 ca_file != NULL && ca_file[0] != '\0' ? ca_file : "the system's store",
			 openssl_reason("no reason given"));
	} else {
		return tls;
	}
	tls_free(tls);
	return NULL;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->ctx);
	free(tls->dane_ciphers);
	free(tls);
}

static bool add_tlsa(SSL *ssl, const struct tlsa *record)
{
	bool added = SSL_dane_tlsa_add(ssl, record->usage, record->selector, record->matching,
				       record->data, record->len) > 0;

	ERR_clear_error();
	return added;
}

bool tls_tlsa_loads(const struct tls *tls, const struct tlsa *record)
{
	SSL *ssl = SSL_new(tls->ctx);
	bool loads = ssl != NULL && SSL_dane_enable(ssl, NULL) > 0 && add_tlsa(ssl, record);

	SSL_free(ssl);
	return loads;
}

/*
 * RFC 7672 3.2.2: a certificate under DANE-TA bears the TLSA base domain or one of the
 * names given, and not an alias that leads to the base domain. With DANE-EE names do not
 * matter (3.1.1).
 */
static bool enable_dane(const struct tls *tls, SSL *ssl, const struct tls_request *request)
{
	size_t added = 0;

	if (SSL_dane_enable(ssl, request->tlsa_base) <= 0 ||
	    SSL_set_cipher_list(ssl, tls->dane_ciphers) != 1)
		return false;
	SSL_set_security_level(ssl, 1);
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 0; i < request->name_count; i++)
		if (strcmp(request->names[i], request->tlsa_base) != 0 &&
		    SSL_add1_host(ssl, request->names[i]) != 1)
			return false;
	for (size_t i = 0; i < request->tlsa->count; i++)
		if (add_tlsa(ssl, &request->tlsa->records[i]))
			added++;
	return added > 0;
}

static X509 *read_pem(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return certificate;
}

/* NULL for a list that OpenSSL cannot read. At level 0 it leaves none out for being weak. */
static SSL_CTX *context_with(const char *list)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_set_cipher_list(ctx, list) == 1)
		return ctx;
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return NULL;
}

bool tls_ciphers_within(const char *list, const char *whole)
{
	SSL_CTX *inner = context_with(list), *outer = context_with(whole);
	bool within = inner != NULL && outer != NULL;

	for (int i = 0; within && i < sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(inner)); i++)
		within =
			sk_SSL_CIPHER_find(SSL_CTX_get_ciphers(outer),
					   sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(inner), i)) >= 0;
	SSL_CTX_free(inner);
	SSL_CTX_free(outer);
	return within;
}

bool tls_has_dns_name(const char *pem)
{
	X509 *certificate = read_pem(pem);
	GENERAL_NAMES *names = NULL;
	bool has = false;

	if (certificate != NULL)
		names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		has |= sk_GENERAL_NAME_value(names, i)->type == GEN_DNS;
	GENERAL_NAMES_free(names);
	X509_free(certificate);
	ERR_clear_error();
	return has;
}

int64_t tls_certificate_ends(const char *pem)
{
	X509 *certificate = read_pem(pem);
	struct tm tm;
	int64_t ends = 0;

	if (certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1)
		ends = (int64_t)timegm(&tm);
	X509_free(certificate);
	ERR_clear_error();
	return ends;
}

static bool has_tlsa(const struct tls_request *request)
{
	return request->tlsa != NULL && request->tlsa->count > 0;
}

/* The macro that sets it takes the const off. */
static bool set_sni(SSL *ssl, const char *host)
{
	char name[DOMAIN_SIZE];

	return str_copy(name, sizeof(name), host) && SSL_set_tlsext_host_name(ssl, name) == 1;
}

static SSL *new_ssl(const struct tls *tls, const struct tls_request *request)
{
	SSL *ssl = SSL_new(tls->ctx);
	bool ready = ssl != NULL && SSL_set_fd(ssl, request->fd) == 1;

	/* With DANE the SNI is the TLSA base domain (RFC 7672 8.1), set by SSL_dane_enable. */
	if (ready && has_tlsa(request))
		ready = enable_dane(tls, ssl, request);
	else if (ready && request->sni != NULL)
		ready = set_sni(ssl, request->sni);
	if (ready)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

/* After a step that did not succeed, waits until it can go on. False: it failed. */
static bool wait_for_step(SSL *ssl, int fd, int result, int64_t deadline)
{
	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return stream_wait(fd, POLLIN, deadline);
	case SSL_ERROR_WANT_WRITE:
		return stream_wait(fd, POLLOUT, deadline);
	case SSL_ERROR_ZERO_RETURN:
		errno = ECONNRESET;
		return false;
	case SSL_ERROR_SYSCALL:
		if (errno == 0)
			errno = ECONNRESET;
		return false;
	default:
		errno = EPROTO;
		return false;
	}
}

static bool connect_ssl(SSL *ssl, int fd, int64_t deadline)
{
	for (;;) {
		int result;

		ERR_clear_error();
		errno = 0;
		result = SSL_connect(ssl);
		if (result == 1)
			return true;
		if (!wait_for_step(ssl, fd, result, deadline))
			return false;
	}
}

static void tell_failure(struct observation *seen)
{
	char reason[128];
	const char *what;

	/* Unlike strerror_r(3), this is the same in each C library. */
	snprintf(reason, sizeof(reason), "%m");
	what = errno == EPROTO       ? openssl_reason("protocol error")
	       : errno == ETIMEDOUT  ? "timed out"
	       : errno == ECONNRESET ? "connection closed"
				     : reason;
	snprintf(seen->detail, sizeof(seen->detail), "TLS handshake failed: %.120s", what);
	ERR_clear_error();
}

/* As it stands in the certificate; Postfix's fingerprints are made of the same bytes. */
static void tell_key(struct observation *seen, const X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	seen->has_spki =
		len > 0 && EVP_Digest(der, (size_t)len, seen->spki, NULL, EVP_sha256(), NULL) == 1;
	OPENSSL_free(der);
}

/*
 * Does the chain lead to a CA of ours, and is the name in it? This is not the handshake's own
 * verification, which with DANE is about TLSA alone.
 */
static enum verified judge_chain(SSL_CTX *ctx, SSL *ssl, X509 *certificate, const char *host)
{
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	enum verified verified = VERIFIED_NOT;

	if (check != NULL &&
	    X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(ctx), certificate,
				SSL_get_peer_cert_chain(ssl)) == 1 &&
	    X509_STORE_CTX_set_default(check, "ssl_server") == 1 && X509_verify_cert(check) == 1) {
		verified = VERIFIED_CHAIN;
		if (host != NULL &&
		    X509_check_host(certificate, host, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
				    NULL) == 1)
			verified = VERIFIED_NAME;
	}
	X509_STORE_CTX_free(check);
	ERR_clear_error();
	return verified;
}

/* Nothing below zero where verification failed for another reason, such as the name. */
static bool matches_tlsa(SSL *ssl)
{
	return SSL_get0_dane_authority(ssl, NULL, NULL) >= 0;
}

/* The certificate must bear a name, and the only one it bears is that of this next hop; or NULL. */
static const char *proven_to(SSL *ssl, const struct tls_request *request, X509 *certificate)
{
	unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
	uint8_t usage = 0;

	SSL_get0_dane_tlsa(ssl, &usage, NULL, NULL, NULL, NULL);
	if (usage != TLSA_USAGE_DANE_TA ||
	    X509_check_host(certificate, request->tlsa_base, 0, flags, NULL) == 1)
		return NULL;
	for (size_t i = 0; i < request->name_count; i++)
		if (X509_check_host(certificate, request->names[i], 0, flags, NULL) == 1)
			return request->names[i];
	return NULL;
}

static void tell_session(const struct tls *tls, const struct tls_request *request, SSL *ssl,
			 struct observation *seen)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	seen->version = (uint16_t)SSL_version(ssl);
	str_copy(seen->cipher, sizeof(seen->cipher), SSL_get_cipher_name(ssl));
	seen->verified = VERIFIED_NOT;
	if (certificate == NULL) {
		str_copy(seen->detail, sizeof(seen->detail), "the server showed no certificate");
		return;
	}
	tell_key(seen, certificate);
	if (has_tlsa(request) && matches_tlsa(ssl)) {
		const char *next_hop = proven_to(ssl, request, certificate);

		seen->verified = next_hop != NULL ? VERIFIED_NEXTHOP : VERIFIED_DANE;
		if (next_hop != NULL)
			str_copy(seen->detail, sizeof(seen->detail), next_hop);
		ERR_clear_error();
		return;
	}
	seen->verified = judge_chain(tls->ctx, ssl, certificate, request->host);
	if (has_tlsa(request))
		str_copy(seen->detail, sizeof(seen->detail),
			 "the certificate matches none of the TLSA records");
}

struct tls_session *tls_handshake(const struct tls *tls, const struct tls_request *request,
				  int64_t deadline, struct observation *seen)
{
	struct tls_session *session;
	SSL *ssl = new_ssl(tls, request);

	if (ssl == NULL) {
		snprintf(seen->detail, sizeof(seen->detail), "cannot prepare TLS: %.120s",
			 openssl_reason("no reason given"));
		return NULL;
	}
	if (!connect_ssl(ssl, request->fd, deadline)) {
		tell_failure(seen);
		SSL_free(ssl);
		return NULL;
	}
	tell_session(tls, request, ssl, seen);
	session = mem_zero(1, sizeof(*session));
	session->ssl = ssl;
	session->fd = request->fd;
	return session;
}

bool tls_write(struct tls_session *session, const void *bytes, size_t len, int64_t deadline)
{
	size_t written;

	for (;;) {
		int result;

		ERR_clear_error();
		errno = 0;
		/* Partial writes are off: it is all or nothing. */
		result = SSL_write_ex(session->ssl, bytes, len, &written);
		if (result == 1)
			return true;
		if (!wait_for_step(session->ssl, session->fd, result, deadline))
			return false;
	}
}

ssize_t tls_read(struct tls_session *session, void *bytes, size_t size, int64_t deadline)
{
	size_t got;

	for (;;) {
		int result;

		ERR_clear_error();
		errno = 0;
		result = SSL_read_ex(session->ssl, bytes, size, &got);
		if (result == 1)
			return (ssize_t)got;
		if (SSL_get_error(session->ssl, result) == SSL_ERROR_ZERO_RETURN)
			return 0;
		if (!wait_for_step(session->ssl, session->fd, result, deadline))
			return -1;
	}
}

void tls_close(struct tls_session *session)
{
	if (session == NULL)
		return;
	SSL_shutdown(session->ssl);
	SSL_free(session->ssl);
	ERR_clear_error();
	free(session);
}
