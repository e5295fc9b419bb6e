/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/tls/starttls.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/names/domain.h"
#include "core/protocol/smtp_reply.h"
#include "io/net/stream.h"

#define SUBMISSIONS_PORT 465
#define INPUT_SIZE (2 * SMTP_LINE_MAX)
#define COMMAND_SIZE (STARTTLS_NAME_SIZE + 16)

/* One connection to one address. */
struct talk {
	const struct starttls_config *config;
	const struct starttls_target *target;
	struct observation *seen;
	int fd;
	struct tls_session *session; /* NULL before the handshake */
	int64_t end;                 /* of it all, clock_mono_ms */
	char input[INPUT_SIZE];      /* read and not yet understood */
	size_t input_len;
};

static int64_t step_deadline(const struct talk *talk)
{
	int64_t step = clock_mono_ms() + talk->config->step_ms;

	return step < talk->end ? step : talk->end;
}

__attribute__((format(printf, 3, 4))) static void settle(struct talk *talk, enum observed observed,
							 const char *fmt, ...)
{
	va_list args;

	talk->seen->observed = observed;
	va_start(args, fmt);
	vsnprintf(talk->seen->detail, sizeof(talk->seen->detail), fmt, args);
	va_end(args);
}

static ssize_t read_some(struct talk *talk, int64_t deadline)
{
	char *room = talk->input + talk->input_len;
	size_t size = sizeof(talk->input) - talk->input_len;

	return talk->session != NULL ? tls_read(talk->session, room, size, deadline)
				     : stream_read(talk->fd, room, size, deadline);
}

static void drop_input(struct talk *talk, size_t used)
{
	talk->input_len -= used;
	memmove(talk->input, talk->input + used, talk->input_len);
}

/* NULL, or what was wrong, in words that go behind "the server". */
static const char *read_reply(struct talk *talk, struct smtp_reply *reply)
{
	int64_t deadline = step_deadline(talk);

	*reply = (struct smtp_reply){ 0 };
	for (;;) {
		size_t used;
		enum smtp_reply_state state =
			smtp_reply_feed(reply, talk->input, talk->input_len, &used);
		ssize_t n;

		drop_input(talk, used);
		if (state == SMTP_REPLY_MALFORMED)
			return "sent something that is no SMTP reply";
		if (state == SMTP_REPLY_DONE)
			return NULL;
		/* There is room: an incomplete line is shorter than SMTP_LINE_MAX. */
		if (clock_mono_ms() >= deadline)
			return "did not reply in time";
		n = read_some(talk, deadline);
		if (n == 0)
			return "closed the connection";
		if (n < 0)
			return errno == ETIMEDOUT ? "did not reply in time"
						  : "broke the connection";
		talk->input_len += (size_t)n;
	}
}

static const char *command(struct talk *talk, struct smtp_reply *reply, const char *verb,
			   const char *argument)
{
	char line[COMMAND_SIZE];
	int64_t deadline = step_deadline(talk);
	int len = snprintf(line, sizeof(line), "%s%s%s\r\n", verb, argument[0] != '\0' ? " " : "",
			   argument);
	bool sent;

	/* A reply that came before its command is the reply to something else. */
	if (talk->input_len > 0)
		return "spoke out of turn";
	sent = talk->session != NULL ? tls_write(talk->session, line, (size_t)len, deadline)
				     : stream_write(talk->fd, line, (size_t)len, deadline);
	if (!sent)
		return "broke the connection";
	return read_reply(talk, reply);
}

/* RFC 5321 4.1.1.10. Politeness only: what it says changes nothing. */
static void quit(struct talk *talk)
{
	struct smtp_reply reply;

	command(talk, &reply, "QUIT", "");
}

static bool greeted(struct talk *talk)
{
	struct smtp_reply reply;
	const char *wrong = read_reply(talk, &reply);

	if (wrong != NULL) {
		settle(talk, OBSERVED_UNREACHABLE, "instead of a greeting the server %s", wrong);
		return false;
	}
	if (reply.code != 220) {
		settle(talk, OBSERVED_UNREACHABLE, "greeting: %u %s", reply.code, reply.text);
		quit(talk);
		return false;
	}
	return true;
}

/* A server from before 1993 offers no extension, so no STARTTLS either. */
static void try_helo(struct talk *talk, unsigned ehlo_code)
{
	struct smtp_reply reply;
	const char *wrong = command(talk, &reply, "HELO", talk->config->ehlo_name);

	if (wrong == NULL && reply.code == 250)
		settle(talk, OBSERVED_PLAIN, "the server knows only HELO (EHLO: %u)", ehlo_code);
	else if (wrong == NULL)
		settle(talk, OBSERVED_UNREACHABLE, "EHLO: %u; HELO: %u %s", ehlo_code, reply.code,
		       reply.text);
	else
		settle(talk, OBSERVED_UNREACHABLE, "EHLO: %u; after HELO the server %s", ehlo_code,
		       wrong);
}

/* True when STARTTLS is offered; otherwise all is settled. */
static bool offered(struct talk *talk)
{
	struct smtp_reply reply;
	const char *wrong = command(talk, &reply, "EHLO", talk->config->ehlo_name);

	if (wrong != NULL)
		settle(talk, OBSERVED_UNREACHABLE, "after EHLO the server %s", wrong);
	else if (reply.code == 500 || reply.code == 502)
		try_helo(talk, reply.code);
	else if (reply.code != 250)
		settle(talk, OBSERVED_UNREACHABLE, "EHLO: %u %s", reply.code, reply.text);
	else if (!reply.starttls)
		settle(talk, OBSERVED_PLAIN, "%s", "");
	else
		return true;
	return false;
}

/* True when the server is ready for the handshake; otherwise all is settled. */
static bool ready_for_tls(struct talk *talk)
{
	struct smtp_reply reply;
	const char *wrong = command(talk, &reply, "STARTTLS", "");

	if (wrong != NULL)
		settle(talk, OBSERVED_TLS_FAILED, "after STARTTLS the server %s", wrong);
	else if (reply.code / 100 != 2)
		settle(talk, OBSERVED_TLS_FAILED, "STARTTLS: %u %s", reply.code, reply.text);
	/* CVE-2011-0411 seen from the client: a reply to be taken for one inside TLS. */
	else if (talk->input_len > 0)
		settle(talk, OBSERVED_TLS_FAILED,
		       "bytes in the clear behind the reply to STARTTLS: an attempt at injection");
	else
		return true;
	return false;
}

static void shake_hands(struct talk *talk)
{
	struct tls_request request = {
		.fd = talk->fd,
		.host = talk->target->host,
		.tlsa = talk->target->tlsa,
		.tlsa_base = talk->target->tlsa_base,
	};

	talk->session = tls_handshake(talk->config->tls, &request, step_deadline(talk), talk->seen);
	talk->seen->observed = talk->session != NULL ? OBSERVED_TLS : OBSERVED_TLS_FAILED;
}

/* RFC 8314 3.3: TLS from the first byte. Whatever SMTP says within is of no interest. */
static void converse_within_tls(struct talk *talk)
{
	struct smtp_reply greeting;

	shake_hands(talk);
	if (talk->session != NULL && read_reply(talk, &greeting) == NULL)
		quit(talk);
}

static void converse(struct talk *talk)
{
	/* What an earlier address had to say is of no interest any more. */
	talk->seen->detail[0] = '\0';
	if (talk->target->port == SUBMISSIONS_PORT) {
		converse_within_tls(talk);
		return;
	}
	if (!greeted(talk))
		return;
	if (!offered(talk)) {
		if (talk->seen->observed == OBSERVED_PLAIN)
			quit(talk);
		return;
	}
	if (!ready_for_tls(talk))
		return;
	shake_hands(talk);
	if (talk->session != NULL)
		quit(talk);
}

/* One address; false when nobody talked there and another may. */
static bool try_address(const struct starttls_config *config, const struct starttls_target *target,
			const struct ipaddr *ip, int64_t end, struct observation *seen)
{
	struct talk talk = {
		.config = config,
		.target = target,
		.seen = seen,
		.end = end,
	};
	struct sockaddr_storage addr;
	socklen_t len = stream_address(&addr, ip, target->port);
	char shown[IPADDR_SIZE];
	char reason[96];

	talk.fd = stream_connect((const struct sockaddr *)&addr, len, step_deadline(&talk));
	if (talk.fd < 0) {
		settle(&talk, OBSERVED_UNREACHABLE, "connect to %s: %s", ipaddr_format(shown, ip),
		       strerror_r(errno, reason, sizeof(reason)));
		return false;
	}
	converse(&talk);
	tls_close(talk.session);
	close(talk.fd);
	return seen->observed != OBSERVED_UNREACHABLE;
}

void starttls_probe(const struct starttls_config *config, const struct starttls_target *target,
		    struct observation *seen)
{
	int64_t end = clock_mono_ms() + STARTTLS_STEPS_MAX * config->step_ms;
	size_t tried = 0;

	*seen = (struct observation){
		.time = clock_wall(),
		.source = SOURCE_PROBE,
		.observed = OBSERVED_UNREACHABLE,
		.detail = "the host has no address",
	};
	for (size_t i = 0; i < target->address_count && tried < STARTTLS_ADDRESSES_MAX; i++) {
		const struct ipaddr *ip = &target->addresses[i];
		char shown[IPADDR_SIZE];

		if (!config->probe_private && ipaddr_is_private(ip)) {
			if (tried == 0)
				snprintf(seen->detail, sizeof(seen->detail),
					 "%s is no public address (probe_private)",
					 ipaddr_format(shown, ip));
			continue;
		}
		tried++;
		if (try_address(config, target, ip, end, seen))
			return;
	}
}

void starttls_own_name(char dst[STARTTLS_NAME_SIZE], const struct settings *settings)
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char folded[DOMAIN_SIZE];

	if (settings->ehlo_name[0] != '\0' &&
	    str_copy(dst, STARTTLS_NAME_SIZE, settings->ehlo_name))
		return;
	if (gethostname(dst, STARTTLS_NAME_SIZE) < 0)
		dst[0] = '\0';
	dst[STARTTLS_NAME_SIZE - 1] = '\0';
	if (getaddrinfo(dst, NULL, &hints, &found) == 0 && found->ai_canonname != NULL &&
	    domain_fold(folded, found->ai_canonname, strlen(found->ai_canonname)))
		str_copy(dst, STARTTLS_NAME_SIZE, folded);
	if (found != NULL)
		freeaddrinfo(found);
	if (!domain_fold(folded, dst, strlen(dst)))
		str_copy(dst, STARTTLS_NAME_SIZE, "localhost");
}
