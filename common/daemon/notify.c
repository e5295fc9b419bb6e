/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/notify.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

static int manager = -1; /* the socket we send from */
static struct sockaddr_un address;
static socklen_t address_len;
static long watchdog_ms;

/* A path, or "@name" for a socket in the abstract namespace (unix(7)). */
static bool set_address(const char *name)
{
	if ((name[0] != '/' && name[0] != '@') ||
	    !str_copy(address.sun_path, sizeof(address.sun_path), name))
		return false;
	address.sun_family = AF_UNIX;
	address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	else
		address_len++; /* the length of a path includes its NUL */
	return true;
}

static long read_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t value;

	if (usec == NULL || !str_number(usec, strlen(usec), LONG_MAX, &value))
		return 0;
	if (pid != NULL) { /* it may be meant for our parent */
		uint64_t meant;

		if (!str_number(pid, strlen(pid), INT_MAX, &meant) || meant != (uint64_t)getpid())
			return 0;
	}
	return value / 2000 > 0 ? (long)(value / 2000) : 1;
}

void notify_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");

	if (name == NULL)
		return;
	if (!set_address(name)) {
		log_warning("NOTIFY_SOCKET=%s is not a path or an @name, and is not used", name);
		return;
	}
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager < 0)
		log_fatal("socket=notify cannot be made: %s", strerror(errno));
	watchdog_ms = read_watchdog();
}

void notify_send(const char *message)
{
	ssize_t sent;

	if (manager < 0)
		return;
	do {
		sent = sendto(manager, message, strlen(message), MSG_NOSIGNAL,
			      (const struct sockaddr *)&address, address_len);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		log_warning("socket=notify %s cannot be sent: %s", message, strerror(errno));
}

long notify_watchdog_ms(void)
{
	return watchdog_ms;
}
