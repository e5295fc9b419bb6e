/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversations with servers that follow a script, one connection after another. */
#include "io/tls/starttls.h"

#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

/*
 * ">TEXT" is sent; "<TEXT" is a line that must come and start so; "tls" is the
 * handshake, "again" another one within (TLS 1.2); "flood" is a handshake that gets
 * nowhere; "hold" waits for the client to go; the end closes.
 */
#define STEPS_MAX 16

typedef const char *const script[STEPS_MAX];

static struct server {
	int fd;
	in_port_t port;
	const char *const *script;
	const char *const *const *each; /* or one for each connection */
	SSL_CTX *ctx;
	pthread_t thread;
	int client;
	SSL *ssl;
	char wrong[256]; /* what did not go by the script */
	char sni[256];
	size_t connections;
	size_t handshakes;
} server;

static EVP_PKEY *key, *ca_key;
static X509 *certificate, *ca;
static char ca_file[] = "/tmp/test_starttls.XXXXXX";
static struct settings settings;
static struct tls *trusting, *distrusting;
static struct starttls_config config;
static const char *tlsa_base, *next_hop;

static void add_extension(X509 *to, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX v3;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&v3, issuer, to, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &v3, nid, value);
	ck_assert_ptr_nonnull(extension);
	X509_add_ext(to, extension, -1);
	X509_EXTENSION_free(extension);
}

/* Signed by `issuer` and its key; by itself if that is NULL. */
static X509 *make_certificate(EVP_PKEY *own, const char *name, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *made = X509_new();

	X509_set_version(made, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made), issuer != NULL ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(made), -60);
	X509_gmtime_adj(X509_getm_notAfter(made), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(made, X509_get_subject_name(issuer != NULL ? issuer : made));
	X509_set_pubkey(made, own);
	if (issuer == NULL)
		add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE");
	else
		add_extension(made, issuer, NID_subject_alt_name, "DNS:mx.test,DNS:www.test");
	ck_assert_int_gt(X509_sign(made, issuer_key != NULL ? issuer_key : own, EVP_sha256()), 0);
	return made;
}

static void write_ca_file(void)
{
	FILE *file;
	int fd;

	memcpy(ca_file + sizeof(ca_file) - 7, "XXXXXX", 6);
	fd = mkstemp(ca_file);
	ck_assert_int_ge(fd, 0);
	file = fdopen(fd, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(PEM_write_X509(file, ca), 1);
	fclose(file);
}

static int on_sni(SSL *ssl, int *alert, void *argument)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	(void)argument;
	str_copy(server.sni, sizeof(server.sni), name != NULL ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *server_ctx(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_sni);
	ck_assert_int_eq(SSL_CTX_use_certificate(ctx, certificate), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
	ck_assert_int_eq(SSL_CTX_add1_chain_cert(ctx, ca), 1);
	return ctx;
}

static ssize_t server_read(char *byte)
{
	return server.ssl != NULL ? SSL_read(server.ssl, byte, 1) : recv(server.client, byte, 1, 0);
}

static bool expect_line(const char *start)
{
	char line[512] = "";
	size_t len = 0;

	while (len + 1 < sizeof(line) && server_read(line + len) == 1 && line[len] != '\n')
		len++;
	if (strncmp(line, start, strlen(start)) == 0)
		return true;
	snprintf(server.wrong, sizeof(server.wrong), "\"%.100s\" instead of \"%s\"", line, start);
	return false;
}

static bool say(const char *text)
{
	size_t len = strlen(text);

	return server.ssl != NULL ? SSL_write(server.ssl, text, (int)len) == (int)len
				  : send(server.client, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void on_info(const SSL *ssl, int where, int value)
{
	(void)ssl, (void)value;
	if (where == SSL_CB_HANDSHAKE_DONE)
		server.handshakes++;
}

static bool accept_tls(void)
{
	server.ssl = SSL_new(server.ctx);
	SSL_set_info_callback(server.ssl, on_info);
	SSL_set_fd(server.ssl, server.client);
	return SSL_accept(server.ssl) == 1;
}

/* Asks for it (RFC 5246 7.4.1.1), then answers if the client begins. */
static bool renegotiate(void)
{
	char byte;

	return SSL_renegotiate(server.ssl) == 1 && SSL_do_handshake(server.ssl) == 1 &&
	       SSL_read(server.ssl, &byte, 1) == 1;
}

/*
 * One HelloRequest behind the other, in the clear: a client passes over them while it
 * waits for a ServerHello (RFC 5246 7.4.1.1).
 */
static bool send_hello_requests(void)
{
	static const char one[] = { 0x16, 3, 3, 0, 4, 0, 0, 0, 0 };
	static char many[sizeof(one) * 8192];
	char first;

	for (size_t at = 0; at < sizeof(many); at += sizeof(one))
		memcpy(many + at, one, sizeof(one));
	/* The ClientHello: before it, they would be an injection. */
	if (recv(server.client, &first, 1, 0) != 1)
		return false;
	while (send(server.client, many, sizeof(many), MSG_NOSIGNAL) == (ssize_t)sizeof(many))
		continue;
	return false;
}

static bool take_step(const char *step)
{
	char byte;

	if (step[0] == '>')
		return say(step + 1);
	if (step[0] == '<')
		return expect_line(step + 1);
	if (strcmp(step, "tls") == 0)
		return accept_tls();
	if (strcmp(step, "again") == 0)
		return renegotiate();
	if (strcmp(step, "flood") == 0)
		return send_hello_requests();
	while (server_read(&byte) == 1)
		continue;
	return true;
}

static void *serve(void *argument)
{
	(void)argument;
	while ((server.client = accept(server.fd, NULL, NULL)) >= 0) {
		if (server.each != NULL)
			server.script = server.each[server.connections];
		server.connections++;
		for (size_t i = 0; i < STEPS_MAX && server.script[i] != NULL; i++)
			if (!take_step(server.script[i]))
				break;
		if (server.ssl != NULL)
			SSL_shutdown(server.ssl);
		SSL_free(server.ssl);
		server.ssl = NULL;
		close(server.client);
	}
	return NULL;
}

static void start_server_at(in_port_t port, const char *const *steps, SSL_CTX *ctx)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int one = 1;

	memset(&server, 0, sizeof(server));
	server.script = steps;
	server.ctx = ctx;
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(server.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ck_assert_int_eq(bind(server.fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(getsockname(server.fd, (struct sockaddr *)&addr, &len), 0);
	ck_assert_int_eq(listen(server.fd, 8), 0);
	server.port = ntohs(addr.sin_port);
	ck_assert_int_eq(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void start_server(const char *const *steps, SSL_CTX *ctx)
{
	start_server_at(0, steps, ctx);
}

static void stop_server(void)
{
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	SSL_CTX_free(server.ctx);
}

static void set_up(void)
{
	char error[TLS_ERROR_SIZE];

	signal(SIGPIPE, SIG_IGN);
	tlsa_base = "www.test";
	ca_key = EVP_EC_gen("P-256");
	ca = make_certificate(ca_key, "Test CA", NULL, NULL);
	key = EVP_EC_gen("P-256");
	certificate = make_certificate(key, "mx.test", ca, ca_key);
	write_ca_file();
	settings_init(&settings);
	trusting = tls_new(&(struct tls_setup){ .ca_file = ca_file }, error);
	distrusting = tls_new(&(struct tls_setup){ 0 }, error);
	ck_assert_ptr_nonnull(trusting);
	ck_assert_ptr_nonnull(distrusting);
	config = (struct starttls_config){
		.tls = trusting, .ehlo_name = "me.test", .step_ms = 10000, .probe_private = true
	};
}

static void tear_down(void)
{
	tls_free(trusting);
	tls_free(distrusting);
	settings_free(&settings);
	unlink(ca_file);
	X509_free(certificate);
	EVP_PKEY_free(key);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
}

static void probe(struct observation *seen, const char *host, const struct tlsa_set *tlsa)
{
	static const char loopback[] = "127.0.0.1";
	struct ipaddr address;
	const struct starttls_target target = {
		.host = host,
		.port = server.port,
		.addresses = &address,
		.address_count = 1,
		.tlsa = tlsa,
		.tlsa_base = tlsa_base,
		.names = { next_hop },
		.name_count = next_hop != NULL,
	};
	int64_t before = clock_wall();

	ck_assert(ipaddr_parse(&address, loopback, strlen(loopback)));
	memset(seen, 0xff, sizeof(*seen));
	starttls_leave(starttls_probe(&config, &target, seen));
	ck_assert_int_ge(seen->time, before);
	ck_assert_int_eq(seen->source, SOURCE_PROBE);
	for (const char *p = seen->detail; *p != '\0'; p++)
		ck_assert(*p >= ' ' && *p <= '~');
	if (seen->observed != OBSERVED_TLS && seen->observed != OBSERVED_TLS_FAILED) {
		ck_assert_uint_eq(seen->version, 0);
		ck_assert_str_eq(seen->cipher, "");
		ck_assert(!seen->has_spki);
	}
}

#define HELLO ">220 mx.test ESMTP\r\n", "<EHLO me.test\r"
#define OFFER HELLO, ">250-mx.test\r\n250-STARTTLS\r\n250 DSN\r\n", "<STARTTLS\r"
#define BYE "<QUIT\r", ">221 bye\r\n"

static const struct {
	script steps;
	enum observed observed;
	const char *detail;
} plain_cases[] = {
	{ { HELLO, ">250-mx.test\r\n250 DSN\r\n", BYE }, OBSERVED_PLAIN, "" },
	{ { HELLO, ">250 mx.test\r\n", "<QUIT\r" }, OBSERVED_PLAIN, "" },
	{ { ">220-mx.test\r\n220-wel", ">come\r\n", ">220 here\r\n", "<EHLO me.test\r",
	    ">250 mx.test\r\n", BYE },
	  OBSERVED_PLAIN,
	  "" },
	/* 2xx is 2xx */
	{ { ">250 mx.test\r\n", "<EHLO me.test\r", ">251 mx.test\r\n", BYE }, OBSERVED_PLAIN, "" },
	{ { ">220 mx.test\r\n", "<EHLO me.test\r", ">what\r\n550-no\r\n250-STARTTLS\r\n250 x\r\n",
	    "<STARTTLS\r", ">220 go\r\n" },
	  OBSERVED_TLS_FAILED,
	  "TLS handshake failed: connection closed" },
	/* Whoever refuses EHLO is asked the old way, but after 421 */
	{ { HELLO, ">502 what?\r\n", "<HELO me.test\r", ">250 hello\r\n", BYE },
	  OBSERVED_PLAIN,
	  "the server knows only HELO" },
	{ { HELLO, ">501 what?\r\n", "<HELO me.test\r", ">250 hello\r\n", BYE },
	  OBSERVED_PLAIN,
	  "the server knows only HELO" },
	{ { HELLO, ">554 what?\r\n", "<HELO me.test\r", ">250 hello\r\n", BYE },
	  OBSERVED_PLAIN,
	  "the server knows only HELO" },
	{ { HELLO, ">250-STARTTLS\r\n550 no\r\n", "<HELO me.test\r", ">250-x\r\n250 STARTTLS\r\n",
	    BYE },
	  OBSERVED_PLAIN,
	  "the server knows only HELO" },
	{ { HELLO, ">502 what?\r\n", "<HELO me.test\r", ">550 go away\r\n", BYE },
	  OBSERVED_UNREACHABLE,
	  "after the greeting the server refused HELO: 550 go away" },
	{ { HELLO, ">502 what?\r\n", "<HELO me.test\r" },
	  OBSERVED_UNREACHABLE,
	  "after the greeting the server closed the connection" },
	{ { HELLO, ">421 busy\r\n" },
	  OBSERVED_UNREACHABLE,
	  "after the greeting the server refused EHLO: 421 busy" },
	{ { HELLO }, OBSERVED_UNREACHABLE, "after the greeting the server closed the connection" },
	{ { HELLO, ">nonsense\r\n" },
	  OBSERVED_UNREACHABLE,
	  "after the greeting the server closed the connection" },
	/* what a PIX leaves of a greeting has Postfix say HELO */
	{ { ">220 ****\r\n", "<HELO me.test\r", ">250 mx\r\n", BYE },
	  OBSERVED_PLAIN,
	  "the greeting is blanked out, so Postfix says HELO" },
	{ { ">220\r\n", "<HELO me.test\r", ">250-mx\r\n250 STARTTLS\r\n", BYE },
	  OBSERVED_PLAIN,
	  "the greeting is blanked out, so Postfix says HELO" },
	{ { NULL },
	  OBSERVED_UNREACHABLE,
	  "instead of a greeting the server closed the connection" },
	{ { ">220 mx.te" },
	  OBSERVED_UNREACHABLE,
	  "instead of a greeting the server closed the connection" },
	{ { ">554 you\x1b[2J are listed\r\n", "<QUIT\r" },
	  OBSERVED_UNREACHABLE,
	  "greeting: 554 you?[2J are listed" },
	{ { ">354 go on\r\n", "<QUIT\r" }, OBSERVED_UNREACHABLE, "greeting: 354 go on" },
	{ { ">000 x\r\n", "<QUIT\r" }, OBSERVED_UNREACHABLE, "greeting: 000 x" },
	{ { ">421 later\r\n" }, OBSERVED_UNREACHABLE, "greeting: 421 later" },
	{ { ">SSH-2.0-OpenSSH_9.2\r\n" },
	  OBSERVED_UNREACHABLE,
	  "instead of a greeting the server closed the connection" },
	{ { ">220 mx.test\r\n250 mx.test\r\n", "hold" },
	  OBSERVED_UNREACHABLE,
	  "after the greeting the server spoke out of turn" },
	/* offered is not done */
	{ { OFFER, ">454 no TLS today\r\n" }, OBSERVED_TLS_FAILED, "STARTTLS: 454 no TLS today" },
	{ { OFFER, ">501 syntax\r\n" }, OBSERVED_TLS_FAILED, "STARTTLS: 501 syntax" },
	{ { OFFER }, OBSERVED_TLS_FAILED, "after STARTTLS the server closed the connection" },
	{ { HELLO, ">250-mx.test\r\n250 STARTTLS\r\n220 ready\r\n", "hold" },
	  OBSERVED_TLS_FAILED,
	  "after STARTTLS the server spoke out of turn" },
	{ { OFFER, ">220 ready\r\n250 injected\r\n", "hold" },
	  OBSERVED_TLS_FAILED,
	  "bytes in the clear after the reply to STARTTLS: an attempt at injection" },
	{ { OFFER, ">220 ready\r\n" },
	  OBSERVED_TLS_FAILED,
	  "TLS handshake failed: connection closed" },
	/* and the handshake is not mail: what was wrong in it is told */
	{ { OFFER, ">220 ready\r\n", "tls", "<EHLO me.test\r" },
	  OBSERVED_TLS_FAILED,
	  "after the handshake the server closed the connection" },
	{ { OFFER, ">220 ready\r\n", "tls", "<EHLO me.test\r", ">421 no\r\n" },
	  OBSERVED_TLS_FAILED,
	  "after the handshake the server refused EHLO: 421 no" },
	{ { OFFER, ">220 ready\r\n", "tls", "<EHLO me.test\r", ">554 no\r\n", "<HELO me.test\r",
	    ">554 no\r\n", BYE },
	  OBSERVED_TLS_FAILED,
	  "after the handshake the server refused HELO: 554 no" },
	{ { OFFER, ">220 ready\r\n", "tls", "<EHLO me.test\r", ">554 no\r\n", "<HELO me.test\r",
	    ">250 yes\r\n", BYE },
	  OBSERVED_TLS,
	  "" },
};

START_TEST(tells_what_happened)
{
	struct observation seen;

	config.pix_workarounds = true;
	start_server(plain_cases[_i].steps, server_ctx());
	probe(&seen, "mx.test", NULL);
	stop_server();
	ck_assert_str_eq(server.wrong, "");
	ck_assert_msg(seen.observed == plain_cases[_i].observed, "case %d: %s, %s", _i,
		      observed_name(seen.observed), seen.detail);
	ck_assert_str_eq(seen.detail, plain_cases[_i].detail);
	ck_assert_uint_eq(server.connections, 1);
}
END_TEST

#define WITHIN "tls", "<EHLO me.test\r", ">250 mx.test\r\n"

static script tls_script = { OFFER, ">220 ready\r\n", WITHIN, BYE, "hold" };

/* SHA-256 of a SubjectPublicKeyInfo. */
static void spki_digest(uint8_t digest[SPKI_SIZE], EVP_PKEY *of)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(of, &der);

	ck_assert_int_eq(EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL), 1);
	OPENSSL_free(der);
}

static void probe_tls(struct observation *seen, SSL_CTX *ctx, const char *host,
		      const struct tlsa_set *tlsa)
{
	start_server(tls_script, ctx);
	probe(seen, host, tlsa);
	stop_server();
	ck_assert_str_eq(server.wrong, "");
	ck_assert_msg(seen->observed == OBSERVED_TLS, "%s: %s", observed_name(seen->observed),
		      seen->detail);
}

START_TEST(judges_certificates)
{
	static const struct {
		bool trusted;
		const char *host;
		enum verified verified;
	} cases[] = {
		{ true, "mx.test", VERIFIED_NAME },     { true, "www.test", VERIFIED_NAME },
		{ true, "other.test", VERIFIED_CHAIN }, { true, NULL, VERIFIED_CHAIN },
		{ false, "mx.test", VERIFIED_NOT },
	};
	uint8_t digest[SPKI_SIZE];

	spki_digest(digest, key);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct observation seen;

		config.tls = cases[i].trusted ? trusting : distrusting;
		probe_tls(&seen, server_ctx(), cases[i].host, NULL);
		ck_assert_uint_eq(seen.version, TLS1_3_VERSION);
		ck_assert_str_eq(seen.cipher, "TLS_AES_256_GCM_SHA384");
		ck_assert(seen.has_spki);
		ck_assert_mem_eq(seen.spki, digest, SPKI_SIZE);
		ck_assert_msg(seen.verified == cases[i].verified, "case %zu: %s", i,
			      verified_name(seen.verified));
		ck_assert_str_eq(seen.detail, "");
		/* Postfix sends none at level "encrypt", */
		ck_assert_str_eq(server.sni, "");
		/* unless main.cf says so. */
		config.servername = true;
		probe_tls(&seen, server_ctx(), cases[i].host, NULL);
		ck_assert_str_eq(server.sni, cases[i].host != NULL ? cases[i].host : "");
		config.servername = false;
	}
}
END_TEST

START_TEST(matches_tlsa_records)
{
	static const struct {
		uint8_t usage;
		bool right;
		const char *host;
		enum verified verified;
	} cases[] = {
		{ TLSA_USAGE_DANE_EE, true, "mx.test", VERIFIED_DANE },
		{ TLSA_USAGE_DANE_EE, false, "mx.test", VERIFIED_NAME },
		{ TLSA_USAGE_DANE_EE, false, "other.test", VERIFIED_CHAIN },
		/* and with usage 2 the base domain's will do */
		{ TLSA_USAGE_DANE_TA, true, "other.test", VERIFIED_DANE },
		{ TLSA_USAGE_DANE_TA, false, "mx.test", VERIFIED_NAME },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t digest[SPKI_SIZE];
		struct tlsa record = { cases[i].usage, TLSA_SELECTOR_SPKI, TLSA_MATCHING_SHA256,
				       SPKI_SIZE, digest };
		struct tlsa_set set = { 0 };
		struct observation seen;

		spki_digest(digest, cases[i].usage == TLSA_USAGE_DANE_TA ? ca_key : key);
		digest[0] ^= !cases[i].right;
		tlsa_set_add(&set, &record, true);
		probe_tls(&seen, server_ctx(), cases[i].host, &set);
		ck_assert_msg(seen.verified == cases[i].verified, "case %zu: %s", i,
			      verified_name(seen.verified));
		ck_assert_str_eq(seen.detail, cases[i].right ? ""
							     : "the certificate matches none "
							       "of the TLSA records");
		/* RFC 7672 8.1 */
		ck_assert_str_eq(server.sni, "www.test");
		tlsa_set_free(&set);
	}
}
END_TEST

/*
 * With usage 2 the certificate must bear a name, whoever signed it (RFC 7672 3.1.2): the
 * TLSA base domain or the next hop (3.2.2), and not an alias of the base domain. It bears
 * mx.test and www.test here.
 */
START_TEST(wants_a_name_under_a_trust_anchor)
{
	static const struct {
		const char *base, *host, *next_hop;
		enum verified verified;
	} cases[] = {
		{ "base.test", "other.test", NULL, VERIFIED_CHAIN },
		{ "mx.test", "other.test", NULL, VERIFIED_DANE },
		{ "base.test", "mx.test", NULL, VERIFIED_NAME }, /* the alias alone */
		{ "base.test", "other.test", "www.test", VERIFIED_NEXTHOP },
		{ "base.test", "other.test", "elsewhere.test", VERIFIED_CHAIN },
	};
	uint8_t digest[SPKI_SIZE];
	struct tlsa record = { TLSA_USAGE_DANE_TA, TLSA_SELECTOR_SPKI, TLSA_MATCHING_SHA256,
			       SPKI_SIZE, digest };
	struct tlsa_set set = { 0 };
	struct observation seen;

	spki_digest(digest, ca_key);
	tlsa_set_add(&set, &record, true);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		tlsa_base = cases[i].base;
		next_hop = cases[i].next_hop;
		probe_tls(&seen, server_ctx(), cases[i].host, &set);
		ck_assert_msg(seen.verified == cases[i].verified, "case %zu: %s", i,
			      verified_name(seen.verified));
	}
	tlsa_set_free(&set);
	next_hop = NULL;
	/* unlike with usage 3 (3.1.1) */
	tlsa_base = "base.test";
	record.usage = TLSA_USAGE_DANE_EE;
	spki_digest(digest, key);
	tlsa_set_add(&set, &record, true);
	probe_tls(&seen, server_ctx(), "other.test", &set);
	ck_assert_int_eq(seen.verified, VERIFIED_DANE);
	tlsa_set_free(&set);
}
END_TEST

/* As main.cf has it: what Postfix would refuse is no TLS. */
START_TEST(wants_what_postfix_wants)
{
	static const struct {
		struct tls_setup setup;
		uint16_t server_max;
		enum observed observed;
	} cases[] = {
		{ { .min_version = TLS1_2_VERSION }, TLS1_1_VERSION, OBSERVED_TLS_FAILED },
		{ { .min_version = TLS1_2_VERSION }, TLS1_2_VERSION, OBSERVED_TLS },
		{ { .min_version = TLS1_3_VERSION }, TLS1_2_VERSION, OBSERVED_TLS_FAILED },
		{ { .ciphers = "HIGH:!ECDSA" }, TLS1_2_VERSION, OBSERVED_TLS_FAILED },
		{ { .ciphers = "HIGH" }, TLS1_2_VERSION, OBSERVED_TLS },
	};
	char error[TLS_ERROR_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tls *own = tls_new(&cases[i].setup, error);
		SSL_CTX *ctx = server_ctx();
		struct observation seen;

		ck_assert_ptr_nonnull(own);
		config.tls = own;
		SSL_CTX_set_max_proto_version(ctx, cases[i].server_max);
		start_server(tls_script, ctx);
		probe(&seen, "mx.test", NULL);
		stop_server();
		ck_assert_msg(seen.observed == cases[i].observed, "case %zu: %s", i, seen.detail);
		tls_free(own);
	}
	ck_assert_ptr_null(tls_new(&(struct tls_setup){ .ciphers = "NOSUCH" }, error));
	ck_assert_ptr_nonnull(strstr(error, "smtp_ciphers"));
}
END_TEST

START_TEST(talks_to_old_servers)
{
	static const struct {
		uint16_t version;
		const char *ciphers;
		bool certificate;
	} cases[] = {
		{ TLS1_VERSION, "AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", true },
		{ TLS1_1_VERSION, "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", true },
		{ TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", true },
		/* a server without a certificate; Postfix makes such ones */
		{ TLS1_2_VERSION, "AECDH-AES256-SHA:@SECLEVEL=0", false },
		/* who has one shows it */
		{ TLS1_2_VERSION, "AECDH-AES256-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SSL_CTX *ctx = server_ctx();
		struct observation seen;

		SSL_CTX_set_max_proto_version(ctx, cases[i].version);
		ck_assert_int_eq(SSL_CTX_set_cipher_list(ctx, cases[i].ciphers), 1);
		probe_tls(&seen, ctx, "mx.test", NULL);
		ck_assert_uint_eq(seen.version, cases[i].version);
		ck_assert_msg(seen.has_spki == cases[i].certificate, "case %zu: %s", i,
			      seen.cipher);
		ck_assert_int_eq(seen.verified,
				 cases[i].certificate ? VERIFIED_NAME : VERIFIED_NOT);
	}
}
END_TEST

START_TEST(tells_why_a_handshake_failed)
{
	SSL_CTX *ctx = server_ctx();
	struct observation seen;

	/* No cipher that we would take. */
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0");
	start_server(tls_script, ctx);
	probe(&seen, "mx.test", NULL);
	stop_server();
	ck_assert_int_eq(seen.observed, OBSERVED_TLS_FAILED);
	ck_assert_ptr_nonnull(strstr(seen.detail, "handshake failure"));
}
END_TEST

/* RFC 8446 4.4.2 lets a chain be 16 MB long. */
START_TEST(holds_no_endless_chain)
{
	static const struct {
		size_t certificates;
		enum observed observed;
	} cases[] = { { 20, OBSERVED_TLS }, { 400, OBSERVED_TLS_FAILED } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SSL_CTX *ctx = server_ctx();
		struct observation seen;
		const char *why = i == 0 ? "" : "TLS handshake failed: excessive message size";

		for (size_t n = 1; n < cases[i].certificates; n++)
			ck_assert_int_eq(SSL_CTX_add1_chain_cert(ctx, ca), 1);
		start_server(tls_script, ctx);
		probe(&seen, "mx.test", NULL);
		stop_server();
		ck_assert_msg(seen.observed == cases[i].observed, "%zu certificates: %s",
			      cases[i].certificates, seen.detail);
		ck_assert_str_eq(seen.detail, why);
	}
}
END_TEST

/* Replaces the names that the certificate is for by one, of any bytes. */
static void rename_certificate(const void *bytes, size_t len)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ck_assert_int_eq(ASN1_STRING_set(text, bytes, (int)len), 1);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, name);
	ck_assert_int_eq(
		X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_REPLACE),
		1);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	ck_assert_int_gt(X509_sign(certificate, ca_key, EVP_sha256()), 0);
}

/* Names that a CA has seen otherwise than we would, or that are no text. */
START_TEST(is_not_taken_in_by_names)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum verified verified;
	} names[] = {
		{ "MX.test", 7, VERIFIED_NAME },
		{ "*.test", 6, VERIFIED_CHAIN }, /* OpenSSL wants two labels behind the star */
		{ "mx.test\0.evil.test", 18, VERIFIED_CHAIN },
		{ "mx.test\0", 8, VERIFIED_CHAIN },
		{ "mx.test\xff\xfe", 9, VERIFIED_CHAIN },
		{ "\xc0\xaemx.test", 9, VERIFIED_CHAIN },
		{ "m*.test", 7, VERIFIED_CHAIN },
		{ "*", 1, VERIFIED_CHAIN },
		{ "", 0, VERIFIED_CHAIN },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct observation seen;

		rename_certificate(names[i].bytes, names[i].len);
		probe_tls(&seen, server_ctx(), "mx.test", NULL);
		ck_assert_msg(seen.verified == names[i].verified, "case %zu: %s", i,
			      verified_name(seen.verified));
	}
}
END_TEST

/* Within TLS, too, a server may have us read, and shake hands, only so long. */
START_TEST(bounds_what_is_said_within_tls)
{
	static char line[1 << 20];
	static const script steps = { OFFER, ">220 ready\r\n", WITHIN, "<QUIT\r", line, "hold" };
	static const script anew = { OFFER, ">220 ready\r\n", WITHIN, "<QUIT\r", "again", "hold" };
	SSL_CTX *ctx;
	struct observation seen;

	memset(line, 'x', sizeof(line) - 1);
	line[0] = '>';
	start_server(steps, server_ctx());
	probe(&seen, "mx.test", NULL);
	stop_server();
	ck_assert_int_eq(seen.observed, OBSERVED_TLS);

	ctx = server_ctx();
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	start_server(anew, ctx);
	probe(&seen, "mx.test", NULL);
	stop_server();
	ck_assert_int_eq(seen.observed, OBSERVED_TLS);
	ck_assert_uint_eq(seen.version, TLS1_2_VERSION);
	/* OpenSSL counts its asking as one. Postfix lets itself be led on so, too. */
	ck_assert_uint_eq(server.handshakes, 3);
}
END_TEST

/* OpenSSL does not come back while there is something to pass over. */
START_TEST(is_not_held_by_what_means_nothing)
{
	static const script steps = { OFFER, ">220 ready\r\n", "flood" };
	int64_t before = clock_mono_ms();
	struct observation seen;

	config.step_ms = 2000;
	start_server(steps, server_ctx());
	probe(&seen, "mx.test", NULL);
	ck_assert_int_lt(clock_mono_ms() - before, 4 * config.step_ms);
	stop_server();
	ck_assert_int_eq(seen.observed, OBSERVED_TLS_FAILED);
	ck_assert_str_eq(seen.detail, "TLS handshake failed: timed out");
}
END_TEST

START_TEST(gives_up_in_time)
{
	static const struct {
		script steps;
		enum observed observed;
		int64_t step_ms; /* more where it must be enough for what comes before */
	} cases[] = {
		{ { "hold" }, OBSERVED_UNREACHABLE, 100 },
		{ { ">220-mx.test\r\n220", "hold" }, OBSERVED_UNREACHABLE, 100 },
		{ { HELLO, "hold" }, OBSERVED_UNREACHABLE, 1000 },
		{ { HELLO, ">502 what?\r\n", "<HELO", "hold" }, OBSERVED_UNREACHABLE, 1000 },
		{ { OFFER, "hold" }, OBSERVED_TLS_FAILED, 1000 },
		{ { OFFER, ">220 ready\r\n", "hold" }, OBSERVED_TLS_FAILED, 1000 },
		/* who does not answer QUIT has shown all that we wanted */
		{ { OFFER, ">220 ready\r\n", WITHIN, "hold" }, OBSERVED_TLS, 1900 },
		{ { OFFER, ">220 ready\r\n", "tls", "hold" }, OBSERVED_TLS_FAILED, 1900 },
		{ { HELLO, ">250 mx.test\r\n", "hold" }, OBSERVED_PLAIN, 1000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t before = clock_mono_ms();
		struct observation seen;

		config.step_ms = cases[i].step_ms;
		start_server(cases[i].steps, server_ctx());
		probe(&seen, "mx.test", NULL);
		stop_server();
		ck_assert_msg(seen.observed == cases[i].observed, "case %zu: %s", i, seen.detail);
		ck_assert_int_ge(clock_mono_ms() - before, cases[i].step_ms);
	}
}
END_TEST

/* Where port 465 is nobody's. Only root can; `make check` runs as root. */
static bool enter_empty_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, result;

	if (unshare(CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	result = ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
	return result == 0;
}

/* RFC 8314 3.3 */
START_TEST(speaks_tls_first_at_port_465)
{
	static const struct {
		script steps;
		enum observed observed;
	} cases[] = {
		{ { "tls", HELLO, ">250 mx.test\r\n", BYE, "hold" }, OBSERVED_TLS },
		{ { "tls", ">554 go away\r\n", BYE, "hold" }, OBSERVED_TLS_FAILED },
		{ { "tls" }, OBSERVED_TLS_FAILED },
		/* a server that speaks SMTP there is no plain one: nothing was offered, or refused */
		{ { ">220 mx.test ESMTP\r\n", "hold" }, OBSERVED_TLS_FAILED },
		{ { NULL }, OBSERVED_TLS_FAILED },
	};

	if (!enter_empty_network())
		return;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct observation seen;

		start_server_at(465, cases[i].steps, server_ctx());
		probe(&seen, "mx.test", NULL);
		stop_server();
		ck_assert_str_eq(server.wrong, "");
		ck_assert_msg(seen.observed == cases[i].observed, "case %zu: %s", i, seen.detail);
	}
}
END_TEST

START_TEST(tries_addresses_in_turn)
{
	/* Nothing listens at the first two. */
	static const char *const texts[] = { "127.0.0.9", "::1", "127.0.0.1", "127.0.0.1" };
	struct ipaddr addresses[ARRAY_LEN(texts)];
	struct starttls_target target = { .host = "mx.test",
					  .addresses = addresses,
					  .address_count = ARRAY_LEN(texts) };
	struct observation seen;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert(ipaddr_parse(&addresses[i], texts[i], strlen(texts[i])));
	start_server(tls_script, server_ctx());
	target.port = server.port;
	starttls_leave(starttls_probe(&config, &target, &seen));
	stop_server();
	ck_assert_int_eq(seen.observed, OBSERVED_TLS);
	ck_assert_str_eq(seen.detail, "");
	ck_assert_uint_eq(server.connections, 1);
	target.address_count = 2;
	starttls_leave(starttls_probe(&config, &target, &seen));
	ck_assert_int_eq(seen.observed, OBSERVED_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(seen.detail, "connect to 127.0.0.9: "));
	target.address_count = 0;
	starttls_leave(starttls_probe(&config, &target, &seen));
	ck_assert_int_eq(seen.observed, OBSERVED_UNREACHABLE);
	ck_assert_str_eq(seen.detail, "the host has no address");
}
END_TEST

/* Each connection has a script of its own here: what the address it came to would say. */
START_TEST(weighs_what_addresses_show)
{
	static const script plain = { HELLO, ">250 mx.test\r\n", BYE };
	static const script refused = { OFFER, ">454 not now\r\n", BYE };
	static const script silent = { NULL };
	static const struct {
		const char *const *scripts[4];
		size_t max;
		enum observed observed;
		size_t connections;
	} cases[] = {
		{ { plain, tls_script }, 0, OBSERVED_TLS, 2 },
		{ { refused, tls_script }, 0, OBSERVED_TLS, 2 },
		{ { tls_script, plain }, 0, OBSERVED_TLS, 1 },
		{ { plain, plain, plain, tls_script }, 0, OBSERVED_TLS, 4 },
		{ { plain, plain }, 0, OBSERVED_PLAIN, 2 },
		{ { plain, silent }, 0, OBSERVED_PLAIN, 2 },
		{ { plain, refused, plain }, 0, OBSERVED_TLS_FAILED, 3 },
		{ { silent, silent }, 0, OBSERVED_UNREACHABLE, 2 },
		/* a limit is no evidence */
		{ { plain, plain, tls_script }, 2, OBSERVED_UNREACHABLE, 2 },
		{ { plain, plain }, 2, OBSERVED_PLAIN, 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ipaddr addresses[4];
		struct starttls_target target = { .host = "mx.test",
						  .addresses = addresses,
						  .connections_max = cases[i].max };
		struct observation seen;

		while (target.address_count < 4 && cases[i].scripts[target.address_count] != NULL)
			ck_assert(ipaddr_parse(&addresses[target.address_count++], "127.0.0.1", 9));
		start_server(NULL, server_ctx());
		server.each = cases[i].scripts;
		target.port = server.port;
		starttls_leave(starttls_probe(&config, &target, &seen));
		stop_server();
		ck_assert_msg(seen.observed == cases[i].observed, "case %zu: %s, %s", i,
			      observed_name(seen.observed), seen.detail);
		ck_assert_uint_eq(server.connections, cases[i].connections);
	}
}
END_TEST

START_TEST(stays_away_from_private_addresses)
{
	struct observation seen;

	config.probe_private = false;
	start_server(tls_script, server_ctx());
	probe(&seen, "mx.test", NULL);
	stop_server();
	ck_assert_int_eq(seen.observed, OBSERVED_UNREACHABLE);
	ck_assert_str_eq(seen.detail, "127.0.0.1 is not a public address (probe_private)");
	ck_assert_uint_eq(server.connections, 0);
}
END_TEST

START_TEST(knows_which_records_openssl_loads)
{
	static uint8_t shell[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	struct tlsa whole = { 2, TLSA_SELECTOR_CERT, TLSA_MATCHING_FULL, (size_t)len, der };
	struct tlsa empty = { 2, TLSA_SELECTOR_CERT, TLSA_MATCHING_FULL, sizeof(shell), shell };

	ck_assert(tlsa_usable(&whole));
	ck_assert(tls_tlsa_loads(trusting, &whole));
	ck_assert(tlsa_usable(&empty));
	ck_assert(!tls_tlsa_loads(trusting, &empty));
	whole.selector = TLSA_SELECTOR_SPKI;
	ck_assert(!tls_tlsa_loads(trusting, &whole));
	OPENSSL_free(der);
}
END_TEST

START_TEST(says_which_ca_file_is_bad)
{
	char error[TLS_ERROR_SIZE];

	ck_assert_ptr_null(tls_new(&(struct tls_setup){ .ca_file = "/nonexistent/ca.pem" }, error));
	ck_assert_ptr_nonnull(strstr(error, "/nonexistent/ca.pem"));
	ck_assert_ptr_null(tls_new(&(struct tls_setup){ .ca_file = "/dev/null" }, error));
}
END_TEST

START_TEST(has_a_name_for_ehlo)
{
	char name[STARTTLS_NAME_SIZE];

	starttls_own_name(name, &settings);
	ck_assert_uint_gt(strlen(name), 0);
	free(settings.ehlo_name);
	settings.ehlo_name = mem_strdup("mail.example.com");
	starttls_own_name(name, &settings);
	ck_assert_str_eq(name, "mail.example.com");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("starttls");
	TCase *tcase = tcase_create("conversations");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, tells_what_happened, 0, ARRAY_LEN(plain_cases));
	tcase_add_test(tcase, judges_certificates);
	tcase_add_test(tcase, matches_tlsa_records);
	tcase_add_test(tcase, wants_a_name_under_a_trust_anchor);
	tcase_add_test(tcase, wants_what_postfix_wants);
	tcase_add_test(tcase, talks_to_old_servers);
	tcase_add_test(tcase, tells_why_a_handshake_failed);
	tcase_add_test(tcase, holds_no_endless_chain);
	tcase_add_test(tcase, is_not_taken_in_by_names);
	tcase_add_test(tcase, bounds_what_is_said_within_tls);
	tcase_add_test(tcase, is_not_held_by_what_means_nothing);
	tcase_add_test(tcase, gives_up_in_time);
	tcase_add_test(tcase, speaks_tls_first_at_port_465);
	tcase_add_test(tcase, tries_addresses_in_turn);
	tcase_add_test(tcase, weighs_what_addresses_show);
	tcase_add_test(tcase, stays_away_from_private_addresses);
	tcase_add_test(tcase, knows_which_records_openssl_loads);
	tcase_add_test(tcase, says_which_ca_file_is_bad);
	tcase_add_test(tcase, has_a_name_for_ehlo);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
