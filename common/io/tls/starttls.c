/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/tls/starttls.h"

#include <errno.h>
#include <netdb.h>
#include <resolv.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/names/domain.h"
#include "core/protocol/smtp_reply.h"
#include "io/net/stream.h"

#define OWN_NAME_S 1 /* a name server may take this long, once, to tell this machine's full name */
#define SUBMISSIONS_PORT 465
#define INPUT_SIZE 4096
#define COMMAND_SIZE (STARTTLS_NAME_SIZE + 16)
/* QUIT may take this long. It changes nothing, so a server gets only a moment. */
#define QUIT_MS INT64_C(2000)

/* One connection to one address. */
struct starttls_talk {
	const struct starttls_config *config;
	const struct starttls_target *target;
	struct observation seen; /* of this address */
	int fd;
	struct tls_session *session; /* NULL before the handshake */
	bool polite;                 /* the server awaits a command: QUIT is in place */
	int64_t end;                 /* of it all, clock_mono_ms */
	struct smtp_reply reply;     /* the latest */
	char input[INPUT_SIZE];      /* read and not yet understood */
	size_t input_len;
};

static int64_t step_deadline(const struct starttls_talk *talk)
{
	int64_t step = clock_mono_ms() + talk->config->step_ms;

	return step < talk->end ? step : talk->end;
}

/* What this address shows. */
__attribute__((format(printf, 3, 4))) static void
settle(struct starttls_talk *talk, enum observed observed, const char *fmt, ...)
{
	va_list args;

	talk->seen.observed = observed;
	va_start(args, fmt);
	vsnprintf(talk->seen.detail, sizeof(talk->seen.detail), fmt, args);
	va_end(args);
}

static ssize_t read_some(struct starttls_talk *talk, int64_t deadline)
{
	return talk->session != NULL
		       ? tls_read(talk->session, talk->input, sizeof(talk->input), deadline)
		       : stream_read(talk->fd, talk->input, sizeof(talk->input), deadline);
}

/* NULL, or what was wrong; the words go on after "the server". */
static const char *read_reply(struct starttls_talk *talk, int64_t deadline)
{
	struct smtp_reply *reply = &talk->reply;

	*reply = (struct smtp_reply){ 0 };
	talk->polite = false;
	for (;;) {
		size_t used;
		enum smtp_reply_state state =
			smtp_reply_feed(reply, talk->input, talk->input_len, &used);
		ssize_t n;

		talk->input_len -= used;
		memmove(talk->input, talk->input + used, talk->input_len);
		if (state == SMTP_REPLY_ENDLESS)
			return "sent a reply without end";
		if (state == SMTP_REPLY_DONE)
			break;
		if (clock_mono_ms() >= deadline)
			return "did not reply in time";
		n = read_some(talk, deadline);
		if (n == 0)
			return "closed the connection";
		if (n < 0)
			return errno == ETIMEDOUT ? "did not reply in time"
						  : "broke the connection";
		talk->input_len = (size_t)n;
	}
	/* After 421 the server closes (RFC 5321 3.8). */
	talk->polite = reply->code != 421;
	return NULL;
}

static const char *command_until(struct starttls_talk *talk, const char *verb, const char *argument,
				 int64_t deadline)
{
	char line[COMMAND_SIZE];
	int len = snprintf(line, sizeof(line), "%s%s%s\r\n", verb, argument[0] != '\0' ? " " : "",
			   argument);
	bool sent;

	/* A reply that came before its command is the reply to something else. */
	talk->polite = talk->polite && talk->input_len == 0;
	if (talk->input_len > 0)
		return "spoke out of turn";
	sent = talk->session != NULL ? tls_write(talk->session, line, (size_t)len, deadline)
				     : stream_write(talk->fd, line, (size_t)len, deadline);
	if (!sent)
		return "broke the connection";
	return read_reply(talk, deadline);
}

static const char *command(struct starttls_talk *talk, const char *verb, const char *argument)
{
	return command_until(talk, verb, argument, step_deadline(talk));
}

static bool positive(const struct starttls_talk *talk)
{
	return talk->reply.code / 100 == 2;
}

static bool greeted(struct starttls_talk *talk)
{
	const char *wrong = read_reply(talk, step_deadline(talk));

	if (wrong != NULL)
		settle(talk, OBSERVED_UNREACHABLE, "instead of a greeting the server %s", wrong);
	else if (!positive(talk))
		settle(talk, OBSERVED_UNREACHABLE, "greeting: %03u %s", talk->reply.code,
		       talk->reply.text);
	return wrong == NULL && positive(talk);
}

/*
 * Says EHLO. Like Postfix, it says HELO if the greeting is blanked out (`masked`), or after a
 * refusal other than 421. NULL: one of them was answered with 2xx, and *extended says whether
 * that was EHLO. Else: what was wrong; the words go on after "the server".
 */
static const char *say_hello(struct starttls_talk *talk, bool masked, bool *extended)
{
	const char *name = talk->config->ehlo_name;
	const char *wrong;

	*extended = !masked;
	if (!masked) {
		wrong = command(talk, "EHLO", name);
		if (wrong != NULL || positive(talk))
			return wrong;
		if (talk->reply.code == 421)
			return "refused EHLO";
		*extended = false;
	}
	wrong = command(talk, "HELO", name);
	return wrong != NULL ? wrong : positive(talk) ? NULL : "refused HELO";
}

/* Adds what the server said, if there was a reply, to what say_hello said. */
static void settle_hello(struct starttls_talk *talk, enum observed observed, const char *when,
			 const char *wrong)
{
	if (talk->polite || talk->reply.code == 421)
		settle(talk, observed, "%s the server %s: %03u %s", when, wrong, talk->reply.code,
		       talk->reply.text);
	else
		settle(talk, observed, "%s the server %s", when, wrong);
}

/* True when STARTTLS is offered; otherwise all is settled. */
static bool offered(struct starttls_talk *talk)
{
	bool masked = talk->config->pix_workarounds && talk->reply.masked;
	bool extended;
	const char *wrong = say_hello(talk, masked, &extended);

	if (wrong != NULL)
		settle_hello(talk, OBSERVED_UNREACHABLE, "after the greeting", wrong);
	else if (masked)
		settle(talk, OBSERVED_PLAIN, "the greeting is blanked out, so Postfix says HELO");
	else if (!extended)
		settle(talk, OBSERVED_PLAIN, "the server knows only HELO");
	else if (!talk->reply.starttls)
		settle(talk, OBSERVED_PLAIN, "%s", "");
	else
		return true;
	return false;
}

/* True when the server is ready for the handshake; otherwise all is settled. */
static bool ready_for_tls(struct starttls_talk *talk)
{
	const char *wrong = command(talk, "STARTTLS", "");

	if (wrong != NULL)
		settle(talk, OBSERVED_TLS_FAILED, "after STARTTLS the server %s", wrong);
	else if (!positive(talk))
		settle(talk, OBSERVED_TLS_FAILED, "STARTTLS: %03u %s", talk->reply.code,
		       talk->reply.text);
	/* CVE-2011-0411, seen from the client: this would be taken for a reply inside TLS. */
	else if (talk->input_len > 0)
		settle(talk, OBSERVED_TLS_FAILED,
		       "bytes in the clear after the reply to STARTTLS: an attempt at injection");
	else
		return true;
	return false;
}

static bool shake_hands(struct starttls_talk *talk)
{
	const struct starttls_target *target = talk->target;
	struct tls_request request = {
		.fd = talk->fd,
		.host = target->host,
		.sni = talk->config->servername ? target->host : NULL,
		.tlsa = target->tlsa,
		.tlsa_base = target->tlsa_base,
		.name_count = target->name_count,
	};

	memcpy(request.names, target->names, sizeof(request.names));
	talk->polite = false;
	talk->session =
		tls_handshake(talk->config->tls, &request, step_deadline(talk), &talk->seen);
	if (talk->session == NULL)
		talk->seen.observed = OBSERVED_TLS_FAILED;
	return talk->session != NULL;
}

/* Only now is it certain that mail could go this way. The result of the handshake is kept. */
static void hello_within_tls(struct starttls_talk *talk)
{
	bool extended;
	const char *wrong = say_hello(talk, false, &extended);

	if (wrong == NULL)
		talk->seen.observed = OBSERVED_TLS;
	else
		settle_hello(talk, OBSERVED_TLS_FAILED, "after the handshake", wrong);
}

static void converse(struct starttls_talk *talk)
{
	int on = 1;

	/* EHLO follows the end of the handshake at once, and is not to wait for its
	 * acknowledgement. */
	setsockopt(talk->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (talk->target->port != SUBMISSIONS_PORT) {
		if (greeted(talk) && offered(talk) && ready_for_tls(talk) && shake_hands(talk))
			hello_within_tls(talk);
	} else if (shake_hands(talk)) {
		/* RFC 8314 3.3: TLS from the first byte, then what SMTP begins with. */
		if (greeted(talk))
			hello_within_tls(talk);
		else
			talk->seen.observed = OBSERVED_TLS_FAILED;
	}
}

/* RFC 5321 4.1.1.10. */
void starttls_leave(struct starttls_talk *talk)
{
	if (talk == NULL)
		return;
	if (talk->polite && talk->fd >= 0) {
		int64_t step = talk->config->step_ms < QUIT_MS ? talk->config->step_ms : QUIT_MS;

		command_until(talk, "QUIT", "", clock_mono_ms() + step);
	}
	tls_close(talk->session);
	if (talk->fd >= 0)
		close(talk->fd);
	free(talk);
}

/* Tries one address; `end` is that of the host. End it with starttls_leave. */
static struct starttls_talk *try_address(const struct starttls_config *config,
					 const struct starttls_target *target,
					 const struct ipaddr *ip, int64_t end)
{
	struct starttls_talk *talk = mem_zero(1, sizeof(*talk));
	struct sockaddr_storage addr;
	socklen_t len = stream_address(&addr, ip, target->port);
	char shown[IPADDR_SIZE];

	talk->config = config;
	talk->target = target;
	talk->end = end;
	talk->fd = stream_connect((const struct sockaddr *)&addr, len, step_deadline(talk));
	if (talk->fd < 0)
		settle(talk, OBSERVED_UNREACHABLE, "connect to %s: %m", ipaddr_format(shown, ip));
	else
		converse(talk);
	return talk;
}

/* Does what this address showed count for more than what an earlier one did? */
static bool outweighs(const struct observation *seen, const struct observation *before)
{
	static const int weight[] = {
		[OBSERVED_NOTHING] = 0,    [OBSERVED_UNREACHABLE] = 1, [OBSERVED_PLAIN] = 2,
		[OBSERVED_TLS_FAILED] = 3, [OBSERVED_TLS] = 4,
	};

	return weight[seen->observed] > weight[before->observed];
}

/* The host's observation keeps its time and source. */
static void adopt(struct observation *seen, const struct observation *of_address)
{
	int64_t time = seen->time;

	*seen = *of_address;
	seen->time = time;
	seen->source = SOURCE_PROBE;
}

static size_t addresses_max(const struct starttls_target *target)
{
	return target->connections_max != 0 && target->connections_max < STARTTLS_ADDRESSES_MAX
		       ? target->connections_max
		       : STARTTLS_ADDRESSES_MAX;
}

struct starttls_talk *starttls_probe(const struct starttls_config *config,
				     const struct starttls_target *target, struct observation *seen)
{
	int64_t end = clock_mono_ms() + STARTTLS_STEPS_MAX * config->step_ms;
	size_t most = addresses_max(target);
	struct starttls_talk *talk = NULL;
	size_t tried = 0, left = 0;

	*seen = (struct observation){ .time = clock_wall(), .source = SOURCE_PROBE };
	str_copy(seen->detail, sizeof(seen->detail), "the host has no address");
	for (size_t i = 0; i < target->address_count && seen->observed != OBSERVED_TLS; i++) {
		const struct ipaddr *ip = &target->addresses[i];
		char shown[IPADDR_SIZE];

		if (!config->probe_private && ipaddr_is_private(ip)) {
			if (tried == 0)
				snprintf(seen->detail, sizeof(seen->detail),
					 "%s is not a public address (probe_private)",
					 ipaddr_format(shown, ip));
			continue;
		}
		if (tried == most || clock_mono_ms() >= end) {
			left++;
			continue;
		}
		tried++;
		starttls_leave(talk);
		talk = try_address(config, target, ip, end);
		if (outweighs(&talk->seen, seen))
			adopt(seen, &talk->seen);
	}
	if (seen->observed == OBSERVED_NOTHING)
		seen->observed = OBSERVED_UNREACHABLE;
	/* A limit is no evidence: another address may have it. */
	if (seen->observed == OBSERVED_PLAIN && left > 0) {
		seen->observed = OBSERVED_UNREACHABLE;
		snprintf(seen->detail, sizeof(seen->detail),
			 "no STARTTLS at %zu addresses; %zu more were not tried", tried, left);
	}
	return talk;
}

/*
 * A name with a dot will do. Else the full name is looked up, in /etc/hosts and then in the DNS.
 * The DNS may be dead: a daemon that starts must not wait for it for long.
 */
static void complete_name(char name[STARTTLS_NAME_SIZE])
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char folded[DOMAIN_SIZE];

	if (strchr(name, '.') != NULL)
		return;
	if (res_init() == 0) {
		_res.retrans = OWN_NAME_S;
		_res.retry = 1;
	}
	if (getaddrinfo(name, NULL, &hints, &found) == 0 && found->ai_canonname != NULL &&
	    domain_fold(folded, found->ai_canonname, strlen(found->ai_canonname)))
		str_copy(name, STARTTLS_NAME_SIZE, folded);
	if (found != NULL)
		freeaddrinfo(found);
}

void starttls_own_name(char dst[STARTTLS_NAME_SIZE], const struct settings *settings)
{
	char folded[DOMAIN_SIZE];

	if (settings->ehlo_name[0] != '\0' &&
	    str_copy(dst, STARTTLS_NAME_SIZE, settings->ehlo_name))
		return;
	if (gethostname(dst, STARTTLS_NAME_SIZE) < 0)
		dst[0] = '\0';
	dst[STARTTLS_NAME_SIZE - 1] = '\0';
	complete_name(dst);
	if (!domain_fold(folded, dst, strlen(dst)))
		str_copy(dst, STARTTLS_NAME_SIZE, "localhost");
}
