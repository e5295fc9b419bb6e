/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An SMTP server that says what it likes, before the handshake and after it. The input's
 * first byte chooses the TLS version; then come, each up to a 0xff: the greeting, and the
 * replies to each command in turn. After the reply to STARTTLS the server shakes hands,
 * whatever it has said. When there is nothing left to say it closes the connection.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/tls/starttls.h"

#define INPUT_MAX 16384
#define STEP_MS 60 /* a server that has said its last is waited for so long */

static int listener;
static in_port_t port;
static SSL_CTX *ctx;
static struct tls *tls;
static sem_t go, done;
static const uint8_t *input, *input_end;

/* The fuzzer's own alarm may come in between. */
static void wait_for(sem_t *event)
{
	while (sem_wait(event) != 0)
		;
}

/* False where there is nothing left. */
static bool say_next(int fd, SSL *ssl)
{
	const uint8_t *end =
		input < input_end ? memchr(input, 0xff, (size_t)(input_end - input)) : NULL;
	size_t len = (size_t)((end != NULL ? end : input_end) - input);
	bool sent = input < input_end;

	if (len > 0)
		sent = ssl != NULL ? SSL_write(ssl, input, (int)len) > 0
				   : send(fd, input, len, MSG_NOSIGNAL) == (ssize_t)len;
	input += end != NULL ? len + 1 : len;
	return sent;
}

static bool hear(int fd, SSL *ssl, char line[600])
{
	size_t len = 0;

	while (len < 599) {
		if ((ssl != NULL ? SSL_read(ssl, line + len, 1)
				 : (int)recv(fd, line + len, 1, 0)) != 1)
			return false;
		if (line[len++] == '\n')
			break;
	}
	line[len] = '\0';
	return true;
}

static void talk(int fd)
{
	SSL *ssl = NULL;
	char line[600];

	while (say_next(fd, ssl) && hear(fd, ssl, line)) {
		if (strncasecmp(line, "STARTTLS", 8) != 0 || ssl != NULL)
			continue;
		if (!say_next(fd, NULL))
			break;
		ssl = SSL_new(ctx);
		SSL_set_fd(ssl, fd);
		/* EHLO comes next; what is said meanwhile has to be its reply. */
		if (SSL_accept(ssl) != 1 || !hear(fd, ssl, line))
			break;
	}
	if (ssl != NULL)
		SSL_shutdown(ssl);
	SSL_free(ssl);
}

static void *serve(void *argument)
{
	(void)argument;
	for (;;) {
		int fd;

		wait_for(&go);
		fd = accept(listener, NULL, NULL);
		if (fd >= 0) {
			talk(fd);
			close(fd);
		}
		sem_post(&done);
	}
	return NULL;
}

static void make_ctx(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	ctx = SSL_CTX_new(TLS_server_method());
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	assert(SSL_CTX_use_certificate(ctx, certificate) == 1);
	assert(SSL_CTX_use_PrivateKey(ctx, key) == 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void start(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	char error[TLS_ERROR_SIZE];
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	make_ctx();
	tls = tls_new(&(struct tls_setup){ 0 }, error);
	assert(tls != NULL);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(bind(listener, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	assert(getsockname(listener, (struct sockaddr *)&addr, &len) == 0);
	assert(listen(listener, 8) == 0);
	port = ntohs(addr.sin_port);
	sem_init(&go, 0, 0);
	sem_init(&done, 0, 0);
	assert(pthread_create(&thread, NULL, serve, NULL) == 0);
	pthread_detach(thread);
}

static void check(const struct observation *seen)
{
	bool shown = seen->observed == OBSERVED_TLS || seen->observed == OBSERVED_TLS_FAILED;

	assert(seen->observed >= OBSERVED_TLS && seen->observed <= OBSERVED_UNREACHABLE);
	assert(seen->observed != OBSERVED_TLS || seen->version >= TLS1_2_VERSION);
	assert(shown || seen->version == 0);
	assert(memchr(seen->detail, '\0', sizeof(seen->detail)) != NULL);
	for (const char *p = seen->detail; *p != '\0'; p++)
		assert(*p >= ' ' && *p <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ipaddr address;
	const struct starttls_target target = { .host = "mx.test",
						.addresses = &address,
						.address_count = 1 };
	struct starttls_target here = target;
	struct starttls_config config = { .ehlo_name = "me.test",
					  .step_ms = STEP_MS,
					  .probe_private = true,
					  .pix_workarounds = true };
	struct observation seen;

	if (len < 1 || len > INPUT_MAX)
		return 0;
	if (tls == NULL)
		start();
	SSL_CTX_set_max_proto_version(ctx, (bytes[0] & 1) != 0 ? TLS1_2_VERSION : 0);
	input = bytes + 1;
	input_end = bytes + len;
	ipaddr_parse(&address, "127.0.0.1", 9);
	here.port = port;
	config.tls = tls;
	sem_post(&go);
	starttls_leave(starttls_probe(&config, &here, &seen));
	wait_for(&done);
	check(&seen);
	return 0;
}
