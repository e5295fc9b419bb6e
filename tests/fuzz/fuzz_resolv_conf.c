/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolv.conf, and the setting `resolver`: whatever is in it, there is a server to
 * ask, and who counts as loopback is.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/dns/dns_exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_server(const struct dns_server *server)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&server->addr;

	assert(server->text[0] != '\0' && memchr(server->text, '\0', DNS_SERVER_TEXT) != NULL);
	assert(server->addr.ss_family == AF_INET || server->addr.ss_family == AF_INET6);
	assert(server->addr_len > 0 && server->addr_len <= sizeof(server->addr));
	assert(v4->sin_port != 0);
	if (server->addr.ss_family == AF_INET)
		assert(server->loopback == (ntohl(v4->sin_addr.s_addr) >> 24 == 127));
}

static void check_file(const uint8_t *bytes, size_t len)
{
	struct dns_server servers[DNS_SERVERS_MAX];
	int fd = memfd_create("resolv.conf", MFD_CLOEXEC);
	char path[32];
	size_t count;

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	count = dns_servers_read(servers, path);
	close(fd);
	assert(count >= 1 && count <= DNS_SERVERS_MAX);
	for (size_t i = 0; i < count; i++)
		check_server(&servers[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_strndup((const char *)bytes, len);
	struct dns_server server;

	if (dns_server_parse(&server, text))
		check_server(&server);
	check_file(bytes, len);
	free(text);
	return 0;
}
