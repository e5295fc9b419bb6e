/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/protocol/milter_packet.h"
#include "io/net/stream.h"
#include "milter/session.h"

/*
 * Between two packets an MTA may wait for its client, which has 5 minutes for a command and 10
 * for the message's end (RFC 5321 4.5.3.2). If an MTA is gone, the socket says so.
 */
#define IDLE_MS (2 * INT64_C(3600) * 1000)
/* The rest of a packet that has begun, and an answer. */
#define PACKET_MS 60000
#define READ_SIZE 4096
/* Version 2 has all that is used here. An MTA that speaks a newer one also speaks this. */
#define VERSION_OLDEST 2
#define VERSION_NEWEST 6

/*
 * The macros wanted at each stage. Postfix then sends only these.
 *
 * {tls_version} only at MAIL: Postfix fills it in from the connection as it is at that moment,
 * while what was said at EHLO is void after STARTTLS. {client_port} is the witness: Postfix
 * always has it, but does not send it by default. So where it is seen, our list was honoured, and
 * a missing {tls_version} means no TLS.
 */
#define WITNESS "{client_port}"
#define QUEUE_ID "i"
static const struct {
	uint32_t stage;
	const char *macros;
} wanted[] = {
	{ MILTER_AT_HELO, WITNESS },
	{ MILTER_AT_MAIL, WITNESS " {tls_version} {auth_authen} {mail_addr} {mail_mailer} "
				  "{cipher} {cipher_bits} j" },
	{ MILTER_AT_RECIPIENT, WITNESS " {rcpt_addr} {rcpt_mailer} {rcpt_host}" },
	{ MILTER_AT_DATA, WITNESS " " QUEUE_ID },
};

/*
 * Steps that are not needed, switched off: each costs a round trip, or the whole body. The body
 * is needed where mail can be sealed, since a token is for one mail (io/crypto/seal_token.h): of
 * mail that is not marked one piece comes, and no more (SKIP). DATA stays on: without it Postfix
 * still sends its macros, nothing answers them, and over TCP the headers after them wait for a
 * delayed acknowledgement, 40 ms a message (RFC 896, RFC 9293 3.8.6.3). The answer to DATA
 * carries it at once.
 */
#define STEPS_OFF (MILTER_NO_HELO | MILTER_NO_END_OF_HEADERS | MILTER_NO_BODY | MILTER_NO_UNKNOWN)
/* Steps without an answer: it is given at a later step. */
#define STEPS_SILENT (MILTER_SILENT_CONNECT | MILTER_SILENT_HEADER)
/* The edits: of headers, for secure aliases; of all of these, for sealed mail. */
#define EDITS                                                                          \
	(MILTER_MAY_ADD_HEADERS | MILTER_MAY_CHANGE_HEADERS | MILTER_MAY_CHANGE_FROM | \
	 MILTER_MAY_ADD_RECIPIENTS | MILTER_MAY_DELETE_RECIPIENTS)

struct mta_connection {
	int fd;
	const struct settings *_Atomic *settings;
	struct buf in, out;
	uint32_t actions, steps;        /* as negotiated */
	struct milter_session *session; /* NULL before the client is known */
	/*
	 * Pairs as milter_read_macros reads them. Those of the connection and of HELO hold until
	 * they are sent again. Those of other steps hold for the next command only, so that one
	 * message knows nothing of another.
	 */
	struct buf at_connect, at_helo, at_step;
	char step; /* the command that at_step is for; '\0': there are none */
};

static struct span span_of_buf(const struct buf *buf)
{
	return (struct span){ buf->data, buf->len };
}

/* Its value at `command`. An MTA that chooses by itself may have sent it earlier. */
static const char *macro(const struct mta_connection *c, char command, const char *name)
{
	const char *value = NULL;

	if (c->step == command)
		value = milter_macro(span_of_buf(&c->at_step), name);
	if (value == NULL)
		value = milter_macro(span_of_buf(&c->at_helo), name);
	if (value == NULL)
		value = milter_macro(span_of_buf(&c->at_connect), name);
	return value;
}

static bool keep_macros(struct mta_connection *c, struct span data)
{
	struct buf *to = &c->at_step;
	struct span pairs;
	char command;

	if (!milter_read_macros(&command, &pairs, data))
		return false;
	if (command == MILTER_CONNECT)
		to = &c->at_connect;
	else if (command == MILTER_HELO)
		to = &c->at_helo;
	else
		c->step = command;
	to->len = 0;
	buf_append(to, pairs.at, pairs.len);
	return true;
}

static void go_on(struct mta_connection *c)
{
	milter_write(&c->out, MILTER_CONTINUE, NULL);
}

static void try_later(struct mta_connection *c)
{
	milter_write(&c->out, MILTER_REPLY, "451 4.7.1 Service unavailable - try again later",
		     NULL);
}

static void answer(struct mta_connection *c, const struct secure_answer *said)
{
	char text[SECURE_TEXT_SIZE + 16];

	if (!said->refused) {
		go_on(c);
		return;
	}
	snprintf(text, sizeof(text), "%s %s %s", said->code, said->status, said->text);
	milter_write(&c->out, MILTER_REPLY, text, NULL);
}

static bool on_negotiate(struct mta_connection *c, struct span data)
{
	struct milter_offer offer;
	size_t begun;

	if (!milter_read_offer(&offer, data) || offer.version < VERSION_OLDEST)
		return false;
	c->actions = offer.actions & (EDITS | MILTER_MAY_CHOOSE_MACROS);
	c->steps = offer.steps & (STEPS_OFF | STEPS_SILENT);
	if ((*c->settings)->mailbox_domain[0] != '\0')
		c->steps = (c->steps & ~MILTER_NO_BODY) | (offer.steps & MILTER_MAY_SKIP);
	begun = milter_begin(&c->out, MILTER_NEGOTIATE);
	milter_put_number(&c->out, offer.version < VERSION_NEWEST ? offer.version : VERSION_NEWEST);
	milter_put_number(&c->out, c->actions);
	milter_put_number(&c->out, c->steps);
	if ((c->actions & MILTER_MAY_CHOOSE_MACROS) == 0)
		log_warning("the MTA does not let this milter choose macros");
	for (size_t i = 0; i < ARRAY_LEN(wanted) && (c->actions & MILTER_MAY_CHOOSE_MACROS) != 0;
	     i++) {
		milter_put_number(&c->out, wanted[i].stage);
		milter_put_string(&c->out, wanted[i].macros);
	}
	milter_end(&c->out, begun);
	return true;
}

/* Also when the MTA starts a new session on the same connection. */
static void drop_session(struct mta_connection *c)
{
	session_free(c->session);
	c->session = NULL;
	c->step = '\0';
	c->at_helo.len = 0;
}

static bool on_connect(struct mta_connection *c, struct span data)
{
	struct ipaddr addr;
	bool known;

	if (!milter_read_connect(&addr, &known, data))
		return false;
	drop_session(c);
	c->session = session_new(*c->settings, c->actions, (c->steps & MILTER_NO_BODY) == 0,
				 known ? &addr : NULL);
	if ((c->steps & MILTER_SILENT_CONNECT) == 0)
		go_on(c);
	return true;
}

static bool on_mail(struct mta_connection *c, struct span data)
{
	const struct session_macros macros = {
		.tls_version = macro(c, MILTER_MAIL, "tls_version"),
		.login = macro(c, MILTER_MAIL, "auth_authen"),
		.rewritten = macro(c, MILTER_MAIL, "mail_addr"),
		.mailer = macro(c, MILTER_MAIL, "mail_mailer"),
		.witness = macro(c, MILTER_MAIL, WITNESS),
		.cipher = macro(c, MILTER_MAIL, "cipher"),
		.cipher_bits = macro(c, MILTER_MAIL, "cipher_bits"),
		.mta = macro(c, MILTER_MAIL, "j"),
	};
	struct secure_answer said;
	struct span parameters;
	const char *from;

	if (!milter_read_envelope(&from, &parameters, data))
		return false;
	if (c->session == NULL) {
		try_later(c);
		return true;
	}
	session_begin(&said, c->session, *c->settings, &macros, from);
	answer(c, &said);
	return true;
}

static bool on_recipient(struct mta_connection *c, struct span data)
{
	struct session_route route = {
		.rewritten = macro(c, MILTER_RECIPIENT, "rcpt_addr"),
		.mailer = macro(c, MILTER_RECIPIENT, "rcpt_mailer"),
		.nexthop = macro(c, MILTER_RECIPIENT, "rcpt_host"),
	};
	struct secure_answer said;
	const char *to;

	if (!milter_read_envelope(&to, &route.parameters, data))
		return false;
	if (c->session == NULL) {
		try_later(c);
		return true;
	}
	session_recipient(&said, c->session, &route, to);
	answer(c, &said);
	return true;
}

/*
 * Postfix has a queue id from the first recipient on. If it has none, it hands the message to a
 * filter before the queue (smtpd_proxy_filter), and shows no milter any header.
 */
static bool on_data(struct mta_connection *c)
{
	bool hidden =
		macro(c, MILTER_DATA, WITNESS) != NULL && macro(c, MILTER_DATA, QUEUE_ID) == NULL;
	struct secure_answer said;

	if (c->session == NULL) {
		try_later(c);
		return true;
	}
	session_data(&said, c->session, hidden);
	answer(c, &said);
	return true;
}

static bool on_header(struct mta_connection *c, struct span data)
{
	const char *name, *value;

	if (!milter_read_header(&name, &value, data))
		return false;
	if (c->session != NULL)
		session_header(c->session, name, value);
	if ((c->steps & MILTER_SILENT_HEADER) == 0)
		go_on(c);
	return true;
}

static void on_body(struct mta_connection *c, struct span octets)
{
	bool more = c->session != NULL && session_body(c->session, octets);

	if (!more && (c->steps & MILTER_MAY_SKIP) != 0)
		milter_write(&c->out, MILTER_SKIP, NULL);
	else
		go_on(c);
}

static bool on_message(struct mta_connection *c)
{
	struct secure_answer said;
	size_t before = c->out.len;

	if (c->session == NULL) {
		try_later(c);
		return true;
	}
	session_finish(&said, &c->out, c->session);
	if (said.refused)
		c->out.len = before;
	answer(c, &said);
	return true;
}

/* False: the connection is over. */
static bool take(struct mta_connection *c, const struct milter_packet *packet)
{
	bool good = true;

	switch (packet->command) {
	case MILTER_MACROS:
		return keep_macros(c, packet->data);
	case MILTER_NEGOTIATE:
		return on_negotiate(c, packet->data);
	case MILTER_CONNECT:
		return on_connect(c, packet->data);
	case MILTER_MAIL:
		good = on_mail(c, packet->data);
		break;
	case MILTER_RECIPIENT:
		good = on_recipient(c, packet->data);
		break;
	case MILTER_DATA:
		good = on_data(c);
		break;
	case MILTER_HEADER:
		good = on_header(c, packet->data);
		break;
	case MILTER_BODY:
		on_body(c, packet->data);
		break;
	case MILTER_END_OF_MESSAGE:
		good = on_message(c);
		break;
	case MILTER_HELO:
	case MILTER_END_OF_HEADERS:
	case MILTER_UNKNOWN:
		go_on(c); /* the MTA is too old to leave it out */
		break;
	case MILTER_ABORT:
		if (c->session != NULL)
			session_end(c->session);
		break;
	case MILTER_QUIT_NEW:
		drop_session(c);
		break;
	default: /* QUIT, and unknown commands */
		return false;
	}
	c->step = '\0';
	return good;
}

/* Takes all packets that have arrived whole. */
static bool take_all(struct mta_connection *c, size_t *needs)
{
	struct milter_packet packet;
	size_t done = 0, len;

	while ((len = milter_packet_read(&packet, needs, c->in.data + done, c->in.len - done)) >
	       0) {
		if (len == SIZE_MAX || !take(c, &packet))
			return false;
		done += len;
	}
	buf_consume(&c->in, done);
	return true;
}

static bool say(struct mta_connection *c)
{
	bool good = c->out.len == 0 ||
		    stream_write(c->fd, c->out.data, c->out.len, clock_mono_ms() + PACKET_MS);

	c->out.len = 0;
	return good;
}

static bool hear(struct mta_connection *c, size_t needs)
{
	int64_t patience = c->in.len > 0 ? PACKET_MS : IDLE_MS;
	size_t size = needs > c->in.len + READ_SIZE ? needs - c->in.len : READ_SIZE;
	char *into = buf_reserve(&c->in, size);
	ssize_t n = stream_read(c->fd, into, size, clock_mono_ms() + patience);

	if (n <= 0)
		return false;
	c->in.len += (size_t)n;
	return true;
}

void connection_serve(int fd, const struct settings *_Atomic *settings)
{
	struct mta_connection c = { .fd = fd, .settings = settings };
	size_t needs = MILTER_LENGTH_SIZE;

	while (hear(&c, needs) && take_all(&c, &needs) && say(&c))
		continue;
	session_free(c.session);
	buf_free(&c.in);
	buf_free(&c.out);
	buf_free(&c.at_connect);
	buf_free(&c.at_helo);
	buf_free(&c.at_step);
}
