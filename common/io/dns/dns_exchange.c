/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/dns/dns_exchange.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/names/ipaddr.h"
#include "io/net/stream.h"

#define DNS_PORT "53"
#define HEADER_LEN 12
#define QUESTION_TAIL 4 /* type and class */
#define FLAG_QR 0x80    /* third byte of the header */
#define FLAG_TC 0x02

static bool is_loopback(const struct sockaddr_storage *addr)
{
	struct ipaddr ip = { 0 };

	if (addr->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, addr, sizeof(in));
		ipaddr_from_bytes(&ip, &in.sin_addr, sizeof(in.sin_addr));
	} else {
		struct sockaddr_in6 in6;

		memcpy(&in6, addr, sizeof(in6));
		ipaddr_from_bytes(&ip, &in6.sin6_addr, sizeof(in6.sin6_addr));
	}
	return ipaddr_is_loopback(&ip);
}

/* getaddrinfo(3) because it knows about scopes ("fe80::1%eth0"). */
static bool resolve_numeric(struct dns_server *server, const char *host, const char *port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *found;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	memcpy(&server->addr, found->ai_addr, found->ai_addrlen);
	server->addr_len = found->ai_addrlen;
	server->loopback = is_loopback(&server->addr);
	freeaddrinfo(found);
	return true;
}

/* Split "[host]:port", "host:port" or a host alone, in place; NULL: malformed. */
static char *split_port(char *text, const char **port)
{
	char *colon = strrchr(text, ':');
	char *close;

	*port = DNS_PORT;
	if (text[0] == '[') {
		close = strchr(text, ']');
		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return NULL;
		if (close[1] == ':')
			*port = close + 2;
		*close = '\0';
		return text + 1;
	}
	if (colon != NULL && strchr(text, ':') == colon) {
		*colon = '\0';
		*port = colon + 1;
	}
	return text;
}

bool dns_server_parse(struct dns_server *server, const char *text)
{
	char copy[DNS_SERVER_TEXT];
	const char *port;
	const char *host;
	uint64_t number;

	*server = (struct dns_server){ 0 };
	if (!str_copy(server->text, sizeof(server->text), text))
		return false;
	str_copy(copy, sizeof(copy), text);
	host = split_port(copy, &port);
	return host != NULL && str_number(port, strlen(port), UINT16_MAX, &number) && number > 0 &&
	       resolve_numeric(server, host, port);
}

static bool read_line(struct dns_server *server, char *line)
{
	char *rest = NULL;
	const char *word = strtok_r(line, " \t\r\n", &rest);
	const char *value = strtok_r(NULL, " \t\r\n", &rest);

	/* An address with a port is no address there. */
	return word != NULL && value != NULL && strcmp(word, "nameserver") == 0 &&
	       str_copy(server->text, sizeof(server->text), value) &&
	       resolve_numeric(server, value, DNS_PORT);
}

size_t dns_servers_read(struct dns_server servers[DNS_SERVERS_MAX], const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256];
	size_t count = 0;

	memset(servers, 0, DNS_SERVERS_MAX * sizeof(servers[0]));
	while (file != NULL && count < DNS_SERVERS_MAX && fgets(line, sizeof(line), file) != NULL)
		if (read_line(&servers[count], line))
			count++;
	if (file != NULL)
		fclose(file);
	if (count == 0 && dns_server_parse(&servers[0], "127.0.0.1"))
		count = 1;
	return count;
}

/* Bytes of the one question after the header; 0 if there is none. */
static size_t question_len(const uint8_t *message, size_t len)
{
	size_t at = HEADER_LEN;

	while (at < len && message[at] != 0)
		at += 1 + (size_t)message[at];
	at += 1 + QUESTION_TAIL;
	return at <= len ? at - HEADER_LEN : 0;
}

/* Names are compared without case: some servers answer in their own. */
static bool same_question(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t name_len = len - QUESTION_TAIL;

	for (size_t i = 0; i < name_len; i++)
		if (str_lower_char((char)a[i]) != str_lower_char((char)b[i]))
			return false;
	return memcmp(a + name_len, b + name_len, QUESTION_TAIL) == 0;
}

bool dns_is_reply(const uint8_t *query, size_t query_len, const uint8_t *reply, size_t len)
{
	size_t question = question_len(query, query_len);

	return question > 0 && len >= HEADER_LEN + question && memcmp(query, reply, 2) == 0 &&
	       (reply[2] & FLAG_QR) != 0 && reply[4] == 0 && reply[5] == 1 &&
	       same_question(query + HEADER_LEN, reply + HEADER_LEN, question);
}

/* A message that is not a reply to this question is passed over: it may be forged. */
static ssize_t receive(int fd, const uint8_t *query, size_t len, uint8_t *reply, int64_t deadline)
{
	ssize_t n;

	do
		n = stream_read(fd, reply, DNS_MESSAGE_MAX, deadline);
	while (n >= 0 && !dns_is_reply(query, len, reply, (size_t)n) && clock_mono_ms() < deadline);
	if (n >= 0 && !dns_is_reply(query, len, reply, (size_t)n)) {
		errno = ETIMEDOUT;
		return -1;
	}
	return n;
}

int dns_send(const struct dns_server *server, uint8_t *query, size_t len)
{
	int fd;

	if (getrandom(query, 2, 0) != 2)
		return -1;
	fd = socket(server->addr.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&server->addr, server->addr_len) == 0 &&
	    send(fd, query, len, MSG_NOSIGNAL) == (ssize_t)len)
		return fd;
	stream_close(fd);
	return -1;
}

/* Each message has its length in front (RFC 1035 4.2.2). */
static ssize_t converse(int fd, const uint8_t *query, size_t len, uint8_t *reply, int64_t deadline)
{
	uint8_t prefix[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	size_t reply_len;

	if (!stream_write(fd, prefix, sizeof(prefix), deadline) ||
	    !stream_write(fd, query, len, deadline) ||
	    !stream_read_all(fd, prefix, sizeof(prefix), deadline))
		return -1;
	reply_len = (size_t)prefix[0] << 8 | prefix[1];
	if (!stream_read_all(fd, reply, reply_len, deadline))
		return -1;
	if (!dns_is_reply(query, len, reply, reply_len)) {
		errno = EBADMSG;
		return -1;
	}
	return (ssize_t)reply_len;
}

static ssize_t by_tcp(const struct dns_server *server, const uint8_t *query, size_t len,
		      uint8_t *reply, int64_t deadline)
{
	int fd = stream_connect((const struct sockaddr *)&server->addr, server->addr_len, deadline);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = converse(fd, query, len, reply, deadline);
	stream_close(fd);
	return n;
}

ssize_t dns_receive(const struct dns_server *server, int fd, const uint8_t *query, size_t len,
		    int64_t deadline, int64_t timeout_ms, uint8_t reply[DNS_MESSAGE_MAX])
{
	ssize_t n;

	if (fd < 0)
		return -1;
	n = receive(fd, query, len, reply, deadline);
	stream_close(fd);
	if (n >= 0 && (reply[2] & FLAG_TC) != 0)
		n = by_tcp(server, query, len, reply, clock_mono_ms() + timeout_ms);
	return n;
}

ssize_t dns_exchange(const struct dns_server *server, uint8_t *query, size_t len,
		     int64_t timeout_ms, uint8_t reply[DNS_MESSAGE_MAX])
{
	int64_t deadline = clock_mono_ms() + timeout_ms;

	return dns_receive(server, dns_send(server, query, len), query, len, deadline, timeout_ms,
			   reply);
}
