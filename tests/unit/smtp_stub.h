/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smtp_stub - an SMTP server that says what it must: greeting, EHLO, with
 * STARTTLS or without, as the test has it at the moment. One thread, one
 * connection at a time.
 */
#ifndef POSTSEAL_TESTS_SMTP_STUB_H
#define POSTSEAL_TESTS_SMTP_STUB_H

#include <arpa/inet.h>
#include <check.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct smtp_stub {
	int fd;
	in_port_t port;
	SSL_CTX *ctx;
	pthread_t thread;
	atomic_bool tls;           /* offer STARTTLS */
	atomic_bool silent;        /* as long as it is true, greet nobody */
	atomic_size_t connections; /* that came */
};

static inline SSL_CTX *smtp_stub_ctx(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	ck_assert_int_eq(SSL_CTX_use_certificate(ctx, certificate), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return ctx;
}

static inline bool smtp_stub_say(int fd, SSL *ssl, const char *text)
{
	size_t len = strlen(text);

	return ssl != NULL ? SSL_write(ssl, text, (int)len) == (int)len
			   : send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static inline bool smtp_stub_hear(int fd, SSL *ssl, char line[128])
{
	size_t len = 0;

	memset(line, 0, 128);
	while (len < 127) {
		ssize_t n = ssl != NULL ? SSL_read(ssl, line + len, 1) : recv(fd, line + len, 1, 0);

		if (n != 1)
			return false;
		if (line[len++] == '\n')
			return true;
	}
	return false;
}

/* Until it may greet; false when the other side has given up. */
static inline bool smtp_stub_wait(struct smtp_stub *stub, int fd)
{
	struct pollfd gone = { fd, POLLIN | POLLRDHUP, 0 };

	while (atomic_load(&stub->silent)) {
		if (poll(&gone, 1, 10) > 0)
			return false;
	}
	return true;
}

static inline void smtp_stub_talk(struct smtp_stub *stub, int fd, SSL **ssl)
{
	char line[128];

	if (!smtp_stub_wait(stub, fd) || !smtp_stub_say(fd, *ssl, "220 stub ESMTP\r\n"))
		return;
	while (smtp_stub_hear(fd, *ssl, line)) {
		if (strncasecmp(line, "EHLO", 4) == 0) {
			smtp_stub_say(fd, *ssl,
				      atomic_load(&stub->tls) && *ssl == NULL
					      ? "250-stub\r\n250 STARTTLS\r\n"
					      : "250 stub\r\n");
		} else if (strncasecmp(line, "STARTTLS", 8) == 0) {
			smtp_stub_say(fd, *ssl, "220 go\r\n");
			*ssl = SSL_new(stub->ctx);
			SSL_set_fd(*ssl, fd);
			if (SSL_accept(*ssl) != 1)
				return;
		} else {
			smtp_stub_say(fd, *ssl, "221 bye\r\n");
			return;
		}
	}
}

static inline void *smtp_stub_serve(void *argument)
{
	struct smtp_stub *stub = argument;
	int fd;

	while ((fd = accept(stub->fd, NULL, NULL)) >= 0) {
		SSL *ssl = NULL;

		atomic_fetch_add(&stub->connections, 1);
		smtp_stub_talk(stub, fd, &ssl);
		SSL_free(ssl);
		close(fd);
	}
	return NULL;
}

/* On `ip`, at `port` or, with 0, any port that is free. */
static inline void smtp_stub_start(struct smtp_stub *stub, const char *ip, in_port_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t len = sizeof(addr);
	int one = 1;

	memset(stub, 0, sizeof(*stub));
	signal(SIGPIPE, SIG_IGN);
	stub->ctx = smtp_stub_ctx();
	stub->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(stub->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ck_assert_int_eq(inet_pton(AF_INET, ip, &addr.sin_addr), 1);
	ck_assert_int_eq(bind(stub->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(getsockname(stub->fd, (struct sockaddr *)&addr, &len), 0);
	ck_assert_int_eq(listen(stub->fd, 64), 0);
	stub->port = ntohs(addr.sin_port);
	ck_assert_int_eq(pthread_create(&stub->thread, NULL, smtp_stub_serve, stub), 0);
}

static inline void smtp_stub_stop(struct smtp_stub *stub)
{
	shutdown(stub->fd, SHUT_RDWR);
	pthread_join(stub->thread, NULL);
	close(stub->fd);
	SSL_CTX_free(stub->ctx);
}

#endif
