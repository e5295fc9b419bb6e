/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/pulse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "io/net/stream.h"

#define PATIENCE_MS 10000
/* The milter protocol: four bytes of length, a command, its data. */
#define NEGOTIATE 'O'
/* Room for the lists of macros that come with the answer. */
#define PACKET_MAX 4096
/* Version 6, of an MTA that takes every action and can leave out every step. */
static const char offer[] = "\0\0\0\15O\0\0\0\6\0\0\1\377\0\37\377\377";
static const char farewell[] = "\0\0\0\1Q";

/* To what is the MTA's business; but all of it is read, or closing would be a reset. */
static bool negotiates(int fd, int64_t deadline)
{
	uint32_t length;
	char packet[PACKET_MAX];

	if (!stream_write(fd, offer, sizeof(offer) - 1, deadline) ||
	    !stream_read_all(fd, &length, sizeof(length), deadline))
		return false;
	length = ntohl(length);
	errno = EPROTO;
	return length > 0 && length <= sizeof(packet) &&
	       stream_read_all(fd, packet, length, deadline) && packet[0] == NEGOTIATE;
}

static bool beats(const struct endpoint *endpoint)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	int fd = stream_connect_endpoint(endpoint, deadline), saved;
	bool good;

	if (fd < 0)
		return false;
	good = negotiates(fd, deadline);
	saved = errno;
	/* If this fails, closing will do as well. */
	(void)stream_write(fd, farewell, sizeof(farewell) - 1, deadline);
	close(fd);
	errno = saved;
	return good;
}

void pulse_take(const struct endpoint *endpoint)
{
	static bool felt, missed; /* ever; and the last time, which the log says */
	bool good = beats(endpoint);

	if (!good && !missed)
		log_warning(
			"milter_listen: no answer to a connection from here within %d s: %s; %s",
			PATIENCE_MS / 1000, strerror(errno),
			felt ? "the service manager will start the milter anew"
			     : "whether it hangs cannot be seen by the watchdog");
	if (good && missed)
		log_info("milter_listen: answers again");
	felt = felt || good;
	missed = !good;
	if (good || !felt)
		daemon_alive();
}
