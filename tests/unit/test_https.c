/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * https.c against a real HTTPS server: a thread of this program, on loopback,
 * with a certificate authority made for the run.
 */
#include "io/tls/https.h"

#include <arpa/inet.h>
#include <check.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

#define HOST "mta-sts.example.test"
#define PATH "/.well-known/mta-sts.txt"

/* Certificates */

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

static struct identity ca;
static char directory[] = "/tmp/test_https.XXXXXX";
static char ca_file[64];
static char openssl_conf[64];

static void name_it(X509 *cert, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(cert);

	ck_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					     (const unsigned char *)common_name, -1, -1, 0));
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ck_assert_ptr_nonnull(extension);
	ck_assert(X509_add_ext(cert, extension, -1));
	X509_EXTENSION_free(extension);
}

/* `names` as in "DNS:a,DNS:b", or NULL; `issuer` NULL: signs itself. Valid from a day ago. */
static struct identity issue(const char *common_name, const char *names, long until,
			     const struct identity *issuer)
{
	static long serial;
	struct identity made = { EVP_EC_gen("P-256"), X509_new() };
	X509 *cert = made.cert;

	ck_assert(X509_set_version(cert, 2));
	ck_assert(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(cert), -86400));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(cert), until));
	ck_assert(X509_set_pubkey(cert, made.key));
	name_it(cert, common_name);
	if (issuer == NULL) {
		issuer = &made;
		extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
	}
	ck_assert(X509_set_issuer_name(cert, X509_get_subject_name(issuer->cert)));
	if (names != NULL)
		extend(cert, issuer->cert, NID_subject_alt_name, names);
	ck_assert_int_gt(X509_sign(cert, issuer->key, EVP_sha256()), 0);
	return made;
}

static void identity_free(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->cert);
}

/* Debian's OpenSSL refuses old TLS by itself; here only our own refusal is to count. */
static void allow_old_tls(void)
{
	FILE *file;

	snprintf(openssl_conf, sizeof(openssl_conf), "%s/openssl.cnf", directory);
	file = fopen(openssl_conf, "w");
	ck_assert_ptr_nonnull(file);
	fputs("openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = any\n"
	      "[any]\nMinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=0\n",
	      file);
	ck_assert_int_eq(fclose(file), 0);
	setenv("OPENSSL_CONF", openssl_conf, 1);
}

static void make_authority(void)
{
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	allow_old_tls();
	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", directory);
	ca = issue("Test CA", NULL, 86400, NULL);
	file = fopen(ca_file, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert(PEM_write_X509(file, ca.cert));
	ck_assert_int_eq(fclose(file), 0);
	signal(SIGPIPE, SIG_IGN);
}

static void drop_authority(void)
{
	identity_free(&ca);
	unlink(ca_file);
	unlink(openssl_conf);
	rmdir(directory);
}

/* The server: one connection, one answer. */

enum manner {
	ANSWER,  /* say `answer`, and close */
	MUTE,    /* accept the connection, and say nothing at all */
	DRIP,    /* say `answer`, then a byte now and then, for ever */
	FLOOD,   /* say `answer`, then `more` again and again, for ever */
	NO_HELLO /* ask for a ClientHello again and again, for ever, instead of a ServerHello */
};

struct server {
	struct identity identity;
	enum manner manner;
	const char *answer;
	const char *more;
	int max_version; /* 0: any */
	int listener;
	uint16_t port;
	pthread_t thread;
	char request[4096]; /* what the client said */
	char sni[256];
};

static int on_sni(SSL *ssl, int *alert, void *context)
{
	struct server *server = context;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	if (name != NULL)
		str_copy(server->sni, sizeof(server->sni), name);
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *server_context(struct server *server)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (server->max_version != 0) {
		SSL_CTX_set_cipher_list(ctx, "DEFAULT@SECLEVEL=0");
		SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(ctx, server->max_version);
	}
	SSL_CTX_use_certificate(ctx, server->identity.cert);
	SSL_CTX_use_PrivateKey(ctx, server->identity.key);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_sni);
	SSL_CTX_set_tlsext_servername_arg(ctx, server);
	return ctx;
}

static bool hear(struct server *server, SSL *ssl)
{
	size_t len = 0;

	while (strstr(server->request, "\r\n\r\n") == NULL) {
		int got = SSL_read(ssl, server->request + len,
				   (int)(sizeof(server->request) - 1 - len));

		if (got <= 0)
			return false;
		len += (size_t)got;
	}
	return true;
}

static void speak(const struct server *server, SSL *ssl)
{
	static const struct timespec pause = { .tv_nsec = 250 * 1000 * 1000 };
	bool heard = SSL_write(ssl, server->answer, (int)strlen(server->answer)) > 0;

	while (heard && server->manner == DRIP) {
		nanosleep(&pause, NULL);
		heard = SSL_write(ssl, "x", 1) > 0;
	}
	while (heard && server->manner == FLOOD)
		heard = SSL_write(ssl, server->more, (int)strlen(server->more)) > 0;
	SSL_shutdown(ssl);
}

/* HelloRequest, in the clear: a client passes over it (RFC 5246 7.4.1.1). */
static void ask_for_hello(int fd)
{
	static const char one[] = { 0x16, 3, 3, 0, 4, 0, 0, 0, 0 };
	static char many[sizeof(one) * 8192];
	char first;

	for (size_t at = 0; at < sizeof(many); at += sizeof(one))
		memcpy(many + at, one, sizeof(one));
	if (read(fd, &first, 1) != 1)
		return;
	while (send(fd, many, sizeof(many), MSG_NOSIGNAL) > 0)
		;
}

static void *serve(void *context)
{
	struct server *server = context;
	SSL_CTX *ctx = server_context(server);
	SSL *ssl = SSL_new(ctx);
	int fd = accept(server->listener, NULL, NULL);
	char byte;

	if (fd >= 0 && server->manner == MUTE) {
		while (read(fd, &byte, 1) > 0)
			;
	} else if (fd >= 0 && server->manner == NO_HELLO) {
		ask_for_hello(fd);
	} else if (fd >= 0) {
		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) == 1 && hear(server, ssl))
			speak(server, ssl);
	}
	if (fd >= 0)
		close(fd);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return NULL;
}

static void start(struct server *server)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(listen(server->listener, 8), 0);
	ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&sa, &len), 0);
	server->port = ntohs(sa.sin_port);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR); /* wakes a thread that nobody came to */
	pthread_join(server->thread, NULL);
	close(server->listener);
	identity_free(&server->identity);
}

/* The question as the prober asks it, but for the port and for loopback. */
static struct https_request question(const struct server *server, const struct ipaddr *loopback)
{
	return (struct https_request){
		.host = HOST,
		.port = server->port,
		.path = PATH,
		.media_type = "text/plain",
		.addresses = loopback,
		.address_count = 1,
		.allow_private = true,
		.ca_file = ca_file,
	};
}

static struct ipaddr address(const char *text)
{
	struct ipaddr addr;

	ck_assert(ipaddr_parse(&addr, text, strlen(text)));
	return addr;
}

static struct identity good_identity(void)
{
	return issue("leaf", "DNS:" HOST, 86400, &ca);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
#define POLICY "version: STSv1\nmode: none\nmax_age: 1\n"
#define OK_ANSWER OK_HEAD "Content-Length: 37\r\n\r\n" POLICY

/* Serve once, ask once. */
static bool ask(struct server *server, struct buf *body, char detail[DETAIL_SIZE])
{
	struct ipaddr loopback = address("127.0.0.1");
	struct https_request request;
	bool ok;

	start(server);
	request = question(server, &loopback);
	ok = https_get(&request, body, detail);
	stop(server);
	return ok;
}

START_TEST(fetches_a_policy)
{
	static const char *const answers[] = {
		OK_ANSWER,
		OK_HEAD "Connection: close\r\n\r\n" POLICY,
		OK_HEAD "Transfer-Encoding: chunked\r\n\r\n25\r\n" POLICY "\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\ncontent-type: Text/Plain\r\n\r\n" POLICY,
		"HTTP/1.1 100 Continue\r\n\r\n" OK_ANSWER,
		OK_HEAD "Content-Encoding: identity\r\n\r\n" POLICY,
	};
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	buf_append_str(&body, "left over");
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct server server = { .identity = good_identity(), .answer = answers[i] };

		ck_assert_msg(ask(&server, &body, detail), "%zu: %s", i, detail);
		ck_assert_str_eq(detail, "");
		ck_assert_str_eq(buf_cstr(&body), POLICY);
		ck_assert_str_eq(server.sni, HOST);
	}
	buf_free(&body);
}
END_TEST

START_TEST(tells_the_server_nothing_of_us)
{
	struct server server = { .identity = good_identity(), .answer = OK_ANSWER };
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];
	char netrc[80];
	FILE *file;

	snprintf(netrc, sizeof(netrc), "%s/.netrc", directory);
	file = fopen(netrc, "w");
	ck_assert_ptr_nonnull(file);
	fputs("default login joe password secret\n", file);
	fclose(file);
	setenv("HOME", directory, 1);
	setenv("https_proxy", "http://127.0.0.1:9", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
	setenv("SSL_CERT_FILE", "/dev/null", 1);
	ck_assert_msg(ask(&server, &body, detail), "%s", detail);
	unlink(netrc);
	ck_assert_int_eq(strncmp(server.request, "GET " PATH " HTTP/1.1\r\nHost: " HOST, 44), 0);
	ck_assert_ptr_null(strcasestr(server.request, "Accept-Encoding"));
	ck_assert_ptr_null(strcasestr(server.request, "Authorization"));
	ck_assert_ptr_null(strcasestr(server.request, "Cookie"));
	ck_assert_ptr_null(strcasestr(server.request, "Upgrade"));
	buf_free(&body);
}
END_TEST

START_TEST(refuses_an_answer_that_is_none)
{
	static const struct {
		const char *answer;
		const char *why;
	} cases[] = {
		{ "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n" POLICY,
		  "status is 404" },
		{ "HTTP/1.1 206 Partial\r\nContent-Type: text/plain\r\n\r\n" POLICY,
		  "status is 206" },
		{ "HTTP/1.1 304 Not Modified\r\n\r\n", "status is 304" },
		{ "HTTP/1.1 301 Moved\r\nLocation: https://" HOST
		  "/\r\nContent-Type: text/plain\r\n\r\n" POLICY,
		  "status is 301" },
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" POLICY,
		  "media type is text/html" },
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/plainer\r\n\r\n" POLICY, "media type" },
		{ "HTTP/1.1 200 OK\r\n\r\n" POLICY, "media type is not named" },
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/\x1b[31m\r\n\r\n" POLICY,
		  "text/\\x1b[31m" },
		{ OK_HEAD "Content-Encoding: gzip\r\n\r\n" POLICY, "encoded (gzip)" },
		{ OK_HEAD "Content-Length: 38\r\n\r\n" POLICY, "" }, /* cut short */
		{ OK_HEAD "Content-Length: 65537\r\n\r\n" POLICY, "" },
		{ "version: STSv1\nmode: none\nmax_age: 1\n", "" }, /* HTTP/0.9 */
		{ "220 mx.example.test ESMTP\r\n", "" },
		/* HTTP/2 that nobody agreed upon (RFC 9113 3.2): frames, or an upgrade */
		{ "\x01\x04\x04\x01\x01\x01\x01\x01\x01\x7f", "" },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" POLICY, "" },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
		  "\x01\x04\x04\x01",
		  "" },
	};
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct server server = { .identity = good_identity(), .answer = cases[i].answer };

		ck_assert_msg(!ask(&server, &body, detail), "%zu was taken", i);
		ck_assert_msg(detail[0] != '\0' && strstr(detail, cases[i].why) != NULL, "%zu: %s",
			      i, detail);
		ck_assert_uint_eq(body.len, 0);
	}
	buf_free(&body);
}
END_TEST

START_TEST(judges_the_certificate)
{
	struct identity other = issue("Other CA", NULL, 86400, NULL);
	struct {
		struct identity identity;
		bool ok;
		const char *why;
	} cases[] = {
		{ issue("leaf", "DNS:*.example.test", 86400, &ca), true, "" },
		{ issue(HOST, "DNS:a.test,DNS:" HOST, 86400, &ca), true, "" },
		{ issue(HOST, "DNS:example.test,DNS:*.test", 86400, &ca), false, HOST },
		{ issue(HOST, "DNS:a.test", 86400, &ca), false, HOST },
		{ issue("leaf", "DNS:" HOST, -3600, &ca), false, "expired" },
		{ issue("leaf", "DNS:" HOST, 86400, &other), false, "certificate" },
		{ issue("leaf", "DNS:" HOST, 86400, NULL), false, "certificate" },
		/* 3.3: DNS-IDs alone count, however well the CN fits. */
		{ issue(HOST, NULL, 86400, &ca), false, "DNS name" },
		{ issue(HOST, "email:a@example.test", 86400, &ca), false, "DNS name" },
		{ issue(HOST, "email:DNS:x@example.test", 86400, &ca), false, "DNS name" },
	};
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct server server = { .identity = cases[i].identity, .answer = OK_ANSWER };

		ck_assert_msg(ask(&server, &body, detail) == cases[i].ok, "%zu: %s", i, detail);
		ck_assert_msg(strstr(detail, cases[i].why) != NULL, "%zu: %s", i, detail);
	}
	identity_free(&other);
	buf_free(&body);
}
END_TEST

START_TEST(wants_tls_1_2)
{
	struct server old = { .identity = good_identity(),
			      .answer = OK_ANSWER,
			      .max_version = TLS1_1_VERSION };
	struct server enough = { .identity = good_identity(),
				 .answer = OK_ANSWER,
				 .max_version = TLS1_2_VERSION };
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	ck_assert(!ask(&old, &body, detail));
	ck_assert_msg(ask(&enough, &body, detail), "%s", detail);
	buf_free(&body);
}
END_TEST

START_TEST(bounds_what_it_reads)
{
	static const struct {
		const char *answer;
		const char *more;
		const char *why;
	} cases[] = {
		{ OK_HEAD "\r\n", POLICY, "longer than 65536 bytes" },
		{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", "5\r\nabcd\n\r\n", "longer than" },
		{ OK_HEAD, "X-Header: and so on\r\n", "headers are longer than" },
		{ "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
		  "headers are longer than" },
	};
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct server server = { .identity = good_identity(),
					 .manner = FLOOD,
					 .answer = cases[i].answer,
					 .more = cases[i].more };

		ck_assert_msg(!ask(&server, &body, detail), "%zu", i);
		ck_assert_msg(strstr(detail, cases[i].why) != NULL, "%zu: %s", i, detail);
		ck_assert_uint_eq(body.len, 0);
	}
	buf_free(&body);
}
END_TEST

/* Of an answer that was heard to its end, or as far as we listen; else it is not known. */
START_TEST(tells_the_status)
{
	static const struct {
		enum manner manner;
		const char *answer, *more;
		long status;
	} cases[] = {
		{ ANSWER, "HTTP/1.1 200 OK\r\n\r\n" POLICY, NULL, 200 },
		{ ANSWER, "HTTP/1.1 404 Not Found\r\n\r\n", NULL, 404 },
		{ ANSWER, "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", NULL, 302 },
		{ FLOOD, OK_HEAD "\r\n", POLICY, 200 },
		{ ANSWER, OK_HEAD "Content-Length: 38\r\n\r\n" POLICY, NULL, 0 },
		{ ANSWER, "220 mx.example.test ESMTP\r\n", NULL, 0 },
	};
	const struct ipaddr loopback = address("127.0.0.1");
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	for (size_t i = 0; i <= ARRAY_LEN(cases); i++) {
		bool named = i < ARRAY_LEN(cases);
		struct server server = { .identity = named ? good_identity()
							   : issue("leaf", "DNS:x.test", 9, &ca),
					 .manner = named ? cases[i].manner : ANSWER,
					 .answer = named ? cases[i].answer : OK_ANSWER,
					 .more = named ? cases[i].more : NULL };
		struct https_request request;
		long status = -1;

		start(&server);
		request = question(&server, &loopback);
		request.media_type = NULL;
		request.status = &status;
		ck_assert(https_get(&request, &body, detail) == (i == 0));
		ck_assert_msg(status == (named ? cases[i].status : 0), "%zu: %ld", i, status);
		stop(&server);
	}
	buf_free(&body);
}
END_TEST

/* That these calls come back at all is what is tested: their servers never end. */
static void never_connects(struct server *server)
{
	const struct ipaddr loopback = address("127.0.0.1");
	struct https_request request;
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	start(server);
	request = question(server, &loopback);
	request.connect_ms = 500;
	ck_assert(!https_get(&request, &body, detail));
	ck_assert_msg(strstr(detail, "timed out") != NULL || strstr(detail, "timeout") != NULL,
		      "%s", detail);
	stop(server);
	buf_free(&body);
}

START_TEST(bounds_how_long_it_waits)
{
	struct ipaddr loopback = address("127.0.0.1");
	struct server stalled = { .identity = good_identity(),
				  .answer = "HTTP/1.1 ",
				  .manner = DRIP };
	struct server slow = { .identity = good_identity(),
			       .answer = OK_HEAD "\r\n",
			       .manner = DRIP };
	struct server mute = { .identity = good_identity(), .manner = MUTE };
	struct server no_hello = { .identity = good_identity(), .manner = NO_HELLO };
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];
	struct https_request request;

	start(&stalled);
	request = question(&stalled, &loopback);
	request.stall_seconds = 1;
	ck_assert(!https_get(&request, &body, detail));
	ck_assert_msg(strstr(detail, "too slow") != NULL, "%s", detail);
	stop(&stalled);

	start(&slow);
	request = question(&slow, &loopback);
	request.timeout_ms = 500;
	ck_assert(!https_get(&request, &body, detail));
	ck_assert_msg(strstr(detail, "timed out") != NULL, "%s", detail);
	ck_assert_uint_eq(body.len, 0);
	stop(&slow);

	never_connects(&mute);
	never_connects(&no_hello);
	buf_free(&body);
}
END_TEST

START_TEST(goes_to_the_given_addresses_only)
{
	struct ipaddr addresses[] = { address("127.0.0.2"), address("::1"), address("127.0.0.1") };
	struct server server = { .identity = good_identity(), .answer = OK_ANSWER };
	struct https_request request;
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	start(&server);
	request = question(&server, addresses);
	request.address_count = 0;
	ck_assert(!https_get(&request, &body, detail));
	ck_assert_str_eq(detail, "it has no address");

	/* Private ones are not even connected to. */
	request.address_count = ARRAY_LEN(addresses);
	request.allow_private = false;
	ck_assert(!https_get(&request, &body, detail));
	ck_assert_str_eq(detail, "it has private addresses only");
	ck_assert_str_eq(server.sni, "");

	/* Where the first ones do not answer, the next one is tried. */
	request.allow_private = true;
	ck_assert_msg(https_get(&request, &body, detail), "%s", detail);
	ck_assert_str_eq(buf_cstr(&body), POLICY);
	stop(&server);
	buf_free(&body);
}
END_TEST

START_TEST(believes_the_named_authorities_only)
{
	/* The system's store does not know ours, and a missing file is not "none needed". */
	static const char *const files[] = { "", "/nonexistent/ca.pem" };
	struct ipaddr loopback = address("127.0.0.1");
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct server server = { .identity = good_identity(), .answer = OK_ANSWER };
		struct https_request request;

		start(&server);
		request = question(&server, &loopback);
		request.ca_file = files[i];
		ck_assert(!https_get(&request, &body, detail));
		ck_assert_msg(strstr(detail, "certificate") != NULL, "%zu: %s", i, detail);
		stop(&server);
	}
	buf_free(&body);
}
END_TEST

#define THREADS 8

static void *ask_in_thread(void *context)
{
	struct ipaddr loopback = address("127.0.0.1");
	struct https_request request = question(context, &loopback);
	struct buf body = { 0 };
	char detail[DETAIL_SIZE];
	bool ok = https_get(&request, &body, detail) && strcmp(buf_cstr(&body), POLICY) == 0;

	buf_free(&body);
	return ok ? context : NULL;
}

START_TEST(serves_many_threads)
{
	struct server servers[THREADS];
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		servers[i] = (struct server){ .identity = good_identity(), .answer = OK_ANSWER };
		start(&servers[i]);
	}
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_in_thread, &servers[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		ck_assert_ptr_eq(result, &servers[i]);
		stop(&servers[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("https");
	TCase *tcase = tcase_create("https");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_unchecked_fixture(tcase, make_authority, drop_authority);
	tcase_add_test(tcase, fetches_a_policy);
	tcase_add_test(tcase, tells_the_server_nothing_of_us);
	tcase_add_test(tcase, refuses_an_answer_that_is_none);
	tcase_add_test(tcase, tells_the_status);
	tcase_add_test(tcase, judges_the_certificate);
	tcase_add_test(tcase, wants_tls_1_2);
	tcase_add_test(tcase, bounds_what_it_reads);
	tcase_add_test(tcase, bounds_how_long_it_waits);
	tcase_add_test(tcase, goes_to_the_given_addresses_only);
	tcase_add_test(tcase, believes_the_named_authorities_only);
	tcase_add_test(tcase, serves_many_threads);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
