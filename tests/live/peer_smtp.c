/* SPDX-License-Identifier: BSD-2-Clause */
/* SMTP servers of many kinds, as data: what each says, and how it does TLS. */
#include "tests/live/peer.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* What is odd about a server's TLS. */
enum {
	NEEDS_SNI = 1 << 0,      /* breaks off without a server name */
	REFUSES_SNI = 1 << 1,    /* breaks off with one */
	WARNS_SNI = 1 << 2,      /* does not know the name, and says so */
	SHUTS = 1 << 3,          /* closes after the handshake */
	RENEGOTIATES = 1 << 4,   /* before it answers EHLO */
	ASKS_CLIENT = 1 << 5,    /* for a certificate of the client */
	NEEDS_CLIENT = 1 << 6,   /* and takes none that has none */
	BABBLES = 1 << 7,        /* instead of a handshake */
	RSA_1024 = 1 << 8,       /* its key */
	MD5_SIGNED = 1 << 9,     /* its certificate */
	MANY_NAMES = 1 << 10,    /* 1,500 of them in it */
	NUL_NAME = 1 << 11,      /* "mx.test\0.evil.test" */
	BAD_EXTENSION = 1 << 12, /* bytes that are no DER where its names should be */
	LONG_CHAIN = 1 << 13,    /* of 20 certificates */
	HUGE_CHAIN = 1 << 14,    /* of more than 100 KB */
	EXPIRED = 1 << 15,
	TICKETS = 1 << 16, /* 64 of them after the handshake */
	NO_CERTIFICATE = 1 << 17
};

/*
 * What it says, with "\1" for a NUL, "\2" for a thousand letters and "\3" for a thousand
 * bytes of keywords. NULL: as a sound server would. "": it closes the connection.
 */
struct peer_kind {
	const char *name;
	const char *greeting, *ehlo, *helo, *starttls;
	const char *within, *within_helo; /* EHLO and HELO after the handshake */
	int least, most;                  /* TLS versions */
	const char *ciphers;              /* up to TLS 1.2 */
	const char *groups;
	unsigned flags;
};

#define OFFERS "250-peer.test\r\n250-STARTTLS\r\n250 8BITMIME\r\n"
#define PLAIN "250-peer.test\r\n250 8BITMIME\r\n"
#define TLS12 .most = TLS1_2_VERSION

static const struct peer_kind kinds[] = {
	{ .name = "sound" },
	{ .name = "plain", .ehlo = PLAIN },
	/* greetings */
	{ .name = "greets-smtp", .greeting = "220 peer.test\r\n" },
	{ .name = "greets-stars", .greeting = "220 ****************\r\n" },
	{ .name = "greets-stars-0-2", .greeting = "220 **0***2**\r\n" },
	{ .name = "greets-bare", .greeting = "220\r\n" },
	{ .name = "greets-blank", .greeting = "220 \r\n" },
	{ .name = "greets-tab", .greeting = "220 ***\t***\r\n" },
	{ .name = "greets-stars-lines", .greeting = "220-****\r\n220 ****\r\n" },
	{ .name = "greets-lines", .greeting = "220-peer.test\r\n220-wel\r\n220 come\r\n" },
	{ .name = "greets-250", .greeting = "250 peer.test\r\n" },
	{ .name = "greets-421", .greeting = "421 4.3.2 busy\r\n" },
	{ .name = "greets-554", .greeting = "554 5.7.1 go away\r\n" },
	{ .name = "greets-354", .greeting = "354 go on\r\n" },
	{ .name = "greets-000", .greeting = "000 x\r\n" },
	{ .name = "greets-garbage-first", .greeting = "hello\r\n\r\n220 peer.test\r\n" },
	{ .name = "greets-554-220", .greeting = "554-peer.test\r\n220 peer.test\r\n" },
	{ .name = "greets-220-554", .greeting = "220-peer.test\r\n554 peer.test\r\n" },
	{ .name = "greets-lf", .greeting = "220 peer.test\n" },
	{ .name = "greets-crcrlf", .greeting = "220 peer.test\r\r\n" },
	{ .name = "greets-long", .greeting = "220 \2\2\2\r\n" },
	{ .name = "greets-nul", .greeting = "220 peer\1test\r\n" },
	{ .name = "greets-2200", .greeting = "2200 peer.test\r\n220 peer.test\r\n" },
	{ .name = "greets-http", .greeting = "HTTP/1.1 400 Bad Request\r\n\r\n" },
	{ .name = "greets-twice", .greeting = "220 peer.test\r\n220 peer.test\r\n" },
	/* EHLO */
	{ .name = "ehlo-500", .ehlo = "500 what?\r\n" },
	{ .name = "ehlo-501", .ehlo = "501 what?\r\n" },
	{ .name = "ehlo-502", .ehlo = "502 what?\r\n" },
	{ .name = "ehlo-503", .ehlo = "503 what?\r\n" },
	{ .name = "ehlo-550", .ehlo = "550 no\r\n" },
	{ .name = "ehlo-554", .ehlo = "554 no\r\n" },
	{ .name = "ehlo-450", .ehlo = "450 later\r\n" },
	{ .name = "ehlo-421", .ehlo = "421 later\r\n" },
	{ .name = "ehlo-354", .ehlo = "354 go on\r\n" },
	{ .name = "ehlo-helo-550", .ehlo = "550 no\r\n", .helo = "550 no\r\n" },
	{ .name = "ehlo-helo-offers", .ehlo = "502 no\r\n", .helo = OFFERS },
	{ .name = "ehlo-251", .ehlo = "251-peer.test\r\n251 STARTTLS\r\n" },
	{ .name = "ehlo-550-250", .ehlo = "550-peer.test\r\n250-STARTTLS\r\n250 x\r\n" },
	{ .name = "ehlo-250-550", .ehlo = "250-peer.test\r\n250-STARTTLS\r\n550 x\r\n" },
	{ .name = "ehlo-first-line", .ehlo = "250 STARTTLS\r\n" },
	{ .name = "ehlo-empty-line", .ehlo = "250-\r\n250-STARTTLS\r\n250 x\r\n" },
	{ .name = "ehlo-lower", .ehlo = "250-peer.test\r\n250 starttls\r\n" },
	{ .name = "ehlo-equals", .ehlo = "250-peer.test\r\n250 STARTTLS=x\r\n" },
	{ .name = "ehlo-word", .ehlo = "250-peer.test\r\n250 STARTTLS x\r\n" },
	{ .name = "ehlo-tab", .ehlo = "250-peer.test\r\n250 STARTTLS\tx\r\n" },
	{ .name = "ehlo-blanks", .ehlo = "250-peer.test\r\n250-  STARTTLS\r\n250 x\r\n" },
	{ .name = "ehlo-hyphens", .ehlo = "250-peer.test\r\n250--STARTTLS\r\n250 x\r\n" },
	{ .name = "ehlo-xstarttls", .ehlo = "250-peer.test\r\n250 XXXXXXXA\r\n" },
	{ .name = "ehlo-garbage", .ehlo = "250-peer.test\r\nx STARTTLS\r\n250 x\r\n" },
	{ .name = "ehlo-nul", .ehlo = "250-peer.test\r\n250-STARTTLS\1x\r\n250 x\r\n" },
	{ .name = "ehlo-late", .ehlo = "250-peer.test\r\n\3250-STARTTLS\r\n250 x\r\n" },
	{ .name = "ehlo-too-late", .ehlo = "250-peer.test\r\n\3\3\3250-STARTTLS\r\n250 x\r\n" },
	{ .name = "ehlo-lf", .ehlo = "250-peer.test\n250-STARTTLS\n250 x\n" },
	{ .name = "ehlo-closes", .ehlo = "" },
	/* STARTTLS */
	{ .name = "starttls-454", .starttls = "454 4.7.0 not now\r\n" },
	{ .name = "starttls-501", .starttls = "501 5.5.4 no\r\n" },
	{ .name = "starttls-502", .starttls = "502 5.5.1 no\r\n" },
	{ .name = "starttls-421", .starttls = "421 4.3.2 no\r\n" },
	{ .name = "starttls-354", .starttls = "354 go on\r\n" },
	{ .name = "starttls-250", .starttls = "250 go\r\n" },
	{ .name = "starttls-lines", .starttls = "220-go\r\n220 on\r\n" },
	{ .name = "starttls-closes", .starttls = "" },
	{ .name = "starttls-more", .starttls = "220 go\r\n250-x\r\n250 STARTTLS\r\n" },
	/* TLS */
	{ .name = "tls1", .least = TLS1_VERSION, .most = TLS1_VERSION },
	{ .name = "tls11", .least = TLS1_1_VERSION, .most = TLS1_1_VERSION },
	{ .name = "tls12", TLS12, .least = TLS1_2_VERSION },
	{ .name = "tls13", .least = TLS1_3_VERSION },
	{ .name = "anonymous",
	  TLS12,
	  .ciphers = "AECDH-AES256-SHA:ADH-AES256-SHA256",
	  .flags = NO_CERTIFICATE },
	{ .name = "null-cipher", TLS12, .ciphers = "ECDHE-ECDSA-NULL-SHA" },
	{ .name = "rsa-exchange", TLS12, .ciphers = "AES128-SHA", .flags = RSA_1024 },
	{ .name = "camellia", TLS12, .ciphers = "ECDHE-ECDSA-CAMELLIA128-SHA256" },
	{ .name = "ccm8", TLS12, .ciphers = "ECDHE-ECDSA-AES128-CCM8" },
	{ .name = "group-p256", .groups = "P-256" },
	{ .name = "group-p521", .groups = "P-521" },
	{ .name = "group-ffdhe", .least = TLS1_3_VERSION, .groups = "ffdhe2048" },
	{ .name = "group-brainpool", TLS12, .groups = "brainpoolP256r1" },
	{ .name = "sni-needed", .flags = NEEDS_SNI },
	{ .name = "sni-refused", .flags = REFUSES_SNI },
	{ .name = "sni-warned", TLS12, .flags = WARNS_SNI },
	{ .name = "shuts", .flags = SHUTS },
	{ .name = "shuts12", TLS12, .flags = SHUTS },
	{ .name = "renegotiates", TLS12, .flags = RENEGOTIATES },
	{ .name = "asks-client", .flags = ASKS_CLIENT },
	{ .name = "needs-client", .flags = ASKS_CLIENT | NEEDS_CLIENT },
	{ .name = "needs-client12", TLS12, .flags = ASKS_CLIENT | NEEDS_CLIENT },
	{ .name = "babbles", .flags = BABBLES },
	{ .name = "expired", .flags = EXPIRED },
	{ .name = "rsa-1024", .flags = RSA_1024 },
	{ .name = "md5", .flags = RSA_1024 | MD5_SIGNED },
	{ .name = "many-names", .flags = MANY_NAMES },
	{ .name = "nul-name", .flags = NUL_NAME },
	{ .name = "bad-extension", .flags = BAD_EXTENSION },
	{ .name = "long-chain", .flags = LONG_CHAIN },
	{ .name = "huge-chain", .flags = HUGE_CHAIN },
	{ .name = "tickets", .flags = TICKETS },
	/* EHLO within TLS */
	{ .name = "within-closes", .within = "" },
	{ .name = "within-421", .within = "421 4.3.2 no\r\n" },
	{ .name = "within-554", .within = "554 no\r\n", .within_helo = "554 no\r\n" },
	{ .name = "within-helo", .within = "554 no\r\n" },
	{ .name = "within-long", .within = "250-peer.test\r\n\3\3\3250 x\r\n" },
	{ .name = "within-offers", .within = OFFERS },
	{ .name = "within-garbage", .within = "what\r\n250-peer.test\r\n250 x\r\n" },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

const struct peer_kind *peer_kind(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

const char *peer_kind_name(size_t i)
{
	return i < KINDS ? kinds[i].name : NULL;
}

/* --- certificates ------------------------------------------------------------ */

static void add_names(X509 *to, unsigned flags)
{
	static const char one[] = "DNS:peer.test";
	char *all = malloc(1500 * 32);
	X509_EXTENSION *extension;
	size_t len = (size_t)sprintf(all, "%s", one);

	for (int i = 0; (flags & MANY_NAMES) != 0 && i < 1500; i++)
		len += (size_t)sprintf(all + len, ",DNS:n%d.peer.test", i);
	extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, all);
	if ((flags & BAD_EXTENSION) != 0) {
		ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

		ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x30\x84\xff\xff\xff\xff\x82",
				      7);
		X509_EXTENSION_set_data(extension, value);
		ASN1_OCTET_STRING_free(value);
	}
	X509_add_ext(to, extension, -1);
	X509_EXTENSION_free(extension);
	free(all);
}

static X509 *certificate_of(EVP_PKEY *key, unsigned flags)
{
	static const unsigned char name[] = "mx.test\0.evil.test";
	X509 *made = X509_new();
	int len = (flags & NUL_NAME) != 0 ? (int)sizeof(name) - 1 : 7;
	long end = (flags & EXPIRED) != 0 ? -30 : 86400;

	X509_set_version(made, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
	X509_gmtime_adj(X509_getm_notBefore(made), -3600);
	X509_gmtime_adj(X509_getm_notAfter(made), end);
	X509_NAME_add_entry_by_NID(X509_get_subject_name(made), NID_commonName, MBSTRING_ASC, name,
				   len, -1, 0);
	X509_set_issuer_name(made, X509_get_subject_name(made));
	X509_set_pubkey(made, key);
	add_names(made, flags);
	X509_sign(made, key, (flags & MD5_SIGNED) != 0 ? EVP_md5() : EVP_sha256());
	return made;
}

static EVP_PKEY *fixed_key;

void peer_use_key(const char *file)
{
	FILE *in = fopen(file, "re");

	fixed_key = in != NULL ? PEM_read_PrivateKey(in, NULL, NULL, NULL) : NULL;
	if (fixed_key == NULL)
		_exit(3);
	fclose(in);
}

static EVP_PKEY *key_of(unsigned flags)
{
	if (fixed_key == NULL)
		return (flags & RSA_1024) != 0 ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
	EVP_PKEY_up_ref(fixed_key);
	return fixed_key;
}

static void take_certificate(SSL_CTX *ctx, unsigned flags)
{
	EVP_PKEY *key = key_of(flags);
	X509 *certificate = certificate_of(key, flags);
	int more = (flags & HUGE_CHAIN) != 0 ? 400 : (flags & LONG_CHAIN) != 0 ? 19 : 0;

	SSL_CTX_use_certificate(ctx, certificate);
	SSL_CTX_use_PrivateKey(ctx, key);
	while (more-- > 0)
		SSL_CTX_add1_chain_cert(ctx, certificate);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* --- TLS ----------------------------------------------------------------------- */

static int on_name(SSL *ssl, int *alert, void *argument)
{
	const struct peer_kind *kind = argument;
	bool named = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != NULL;

	*alert = SSL_AD_UNRECOGNIZED_NAME;
	if (((kind->flags & NEEDS_SNI) != 0 && !named) ||
	    ((kind->flags & REFUSES_SNI) != 0 && named))
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return (kind->flags & WARNS_SNI) != 0 && named ? SSL_TLSEXT_ERR_ALERT_WARNING
						       : SSL_TLSEXT_ERR_OK;
}

/* Any certificate will do, if there has to be one. */
static int on_client(X509_STORE_CTX *store, void *argument)
{
	(void)argument;
	(void)store;
	return 1;
}

static SSL_CTX *context_of(const struct peer_kind *kind)
{
	static const int asked = SSL_VERIFY_PEER;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int needed = (kind->flags & NEEDS_CLIENT) != 0 ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, kind->least != 0 ? kind->least : TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, kind->most);
	SSL_CTX_set_options(ctx, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_name);
	SSL_CTX_set_tlsext_servername_arg(ctx, (void *)(uintptr_t)kind);
	SSL_CTX_set_num_tickets(ctx, (kind->flags & TICKETS) != 0 ? 64 : 2);
	if (kind->ciphers != NULL && SSL_CTX_set_cipher_list(ctx, kind->ciphers) != 1)
		_exit(3);
	if (kind->groups != NULL && SSL_CTX_set1_groups_list(ctx, kind->groups) != 1)
		_exit(3);
	if ((kind->flags & ASKS_CLIENT) != 0) {
		SSL_CTX_set_verify(ctx, asked | needed, NULL);
		SSL_CTX_set_cert_verify_callback(ctx, on_client, NULL);
	}
	if ((kind->flags & NO_CERTIFICATE) == 0)
		take_certificate(ctx, kind->flags);
	return ctx;
}

/* --- SMTP ---------------------------------------------------------------------- */

struct dialogue {
	const struct peer_kind *kind;
	int fd;
	SSL *ssl; /* NULL before the handshake */
};

static void send_all(const struct dialogue *d, const char *bytes, size_t len)
{
	if (d->ssl == NULL)
		peer_put(d->fd, bytes, len);
	else if (SSL_write(d->ssl, bytes, (int)len) <= 0)
		_exit(0);
}

/* False where what is said is that the connection ends. */
static bool say(const struct dialogue *d, const char *text, const char *otherwise)
{
	char *all = malloc(16 * 1024);
	size_t len = 0;

	if (text == NULL)
		text = otherwise;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\2') {
			memset(all + len, 'x', 1000);
			len += 1000;
		} else if (*p == '\3') {
			for (int i = 0; i < 50; i++)
				len += (size_t)sprintf(all + len, "250-XKEYWORD-%05d\r\n", i);
		} else {
			all[len++] = (char)(*p == '\1' ? '\0' : *p);
		}
	}
	if (len > 0)
		send_all(d, all, len);
	free(all);
	return len > 0;
}

static bool hear(const struct dialogue *d, char line[PEER_LINE])
{
	size_t len = 0;
	char c;

	while (len + 1 < PEER_LINE) {
		int n = d->ssl != NULL ? SSL_read(d->ssl, &c, 1) : (int)recv(d->fd, &c, 1, 0);

		if (n != 1)
			return false;
		if (c == '\n') {
			line[len] = '\0';
			return true;
		}
		line[len++] = c;
	}
	return false;
}

static bool begin_tls(struct dialogue *d)
{
	const struct peer_kind *kind = d->kind;

	if ((kind->flags & BABBLES) != 0) {
		peer_babble(d->fd, PEER_CHUNK);
		peer_outwait(d->fd);
		return false;
	}
	d->ssl = SSL_new(context_of(kind));
	SSL_set_fd(d->ssl, d->fd);
	if (SSL_accept(d->ssl) != 1)
		return false;
	if ((kind->flags & SHUTS) != 0)
		SSL_shutdown(d->ssl);
	return (kind->flags & SHUTS) == 0;
}

static void renegotiate(const struct dialogue *d)
{
	if ((d->kind->flags & RENEGOTIATES) == 0 || d->ssl == NULL)
		return;
	if (SSL_renegotiate(d->ssl) != 1 || SSL_do_handshake(d->ssl) != 1)
		_exit(0);
}

static bool reply_to(struct dialogue *d, const char *line)
{
	const struct peer_kind *kind = d->kind;
	bool within = d->ssl != NULL;

	if (strncasecmp(line, "EHLO", 4) == 0) {
		renegotiate(d);
		return within ? say(d, kind->within, PLAIN) : say(d, kind->ehlo, OFFERS);
	}
	if (strncasecmp(line, "HELO", 4) == 0)
		return say(d, within ? kind->within_helo : kind->helo, "250 peer.test\r\n");
	if (strncasecmp(line, "MAIL", 4) == 0)
		return say(d, NULL,
			   within ? "550 5.7.1 reached over tls\r\n"
				  : "550 5.7.1 reached in clear\r\n");
	if (strncasecmp(line, "QUIT", 4) == 0) {
		say(d, NULL, "221 bye\r\n");
		return false;
	}
	if (strncasecmp(line, "STARTTLS", 8) != 0 || within)
		return say(d, NULL, "503 what?\r\n");
	if (!say(d, kind->starttls, "220 2.0.0 ready\r\n"))
		return false;
	/* As a server that has refused it would go on. */
	return (kind->starttls != NULL && kind->starttls[0] != '2') || begin_tls(d);
}

void peer_smtp(const struct session *session, const struct peer_kind *kind)
{
	struct dialogue d = { .kind = kind, .fd = session->client };
	char line[PEER_LINE];

	if (!say(&d, kind->greeting, "220 peer.test ESMTP\r\n"))
		return;
	while (hear(&d, line) && reply_to(&d, line))
		continue;
	if (d.ssl != NULL)
		SSL_shutdown(d.ssl);
}
