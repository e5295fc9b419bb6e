/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/submit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/protocol/smtp_reply.h"
#include "io/net/stream.h"

#define PATIENCE_MS 60000
#define INPUT_SIZE 4096

struct submit {
	const struct home *home;
	int fd; /* -1: not connected */
	int64_t deadline;
	char input[INPUT_SIZE];
	size_t have;
	struct smtp_reply reply;
};

/* The code of the next reply; 0: there was none, see errno. */
static unsigned next_reply(struct submit *talk)
{
	enum smtp_reply_state state;

	memset(&talk->reply, 0, sizeof(talk->reply));
	for (;;) {
		size_t used = 0;
		ssize_t n;

		state = smtp_reply_feed(&talk->reply, talk->input, talk->have, &used);
		memmove(talk->input, talk->input + used, talk->have - used);
		talk->have -= used;
		if (state == SMTP_REPLY_DONE)
			return talk->reply.code;
		errno = EPROTO;
		if (state == SMTP_REPLY_ENDLESS || talk->have == sizeof(talk->input))
			return 0;
		n = stream_read(talk->fd, talk->input + talk->have,
				sizeof(talk->input) - talk->have, talk->deadline);
		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return 0;
		talk->have += (size_t)n;
	}
}

static unsigned say(struct submit *talk, const struct buf *line)
{
	return stream_write(talk->fd, line->data, line->len, talk->deadline) ? next_reply(talk) : 0;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text > '~')
			return false;
	}
	return true;
}

/* Dots doubled at the start of lines, and the end. */
static bool send_text(struct submit *talk, const struct buf *message)
{
	struct buf out = { 0 };
	bool good, start = true;

	for (size_t at = 0; at < message->len;) {
		const char *end = memchr(message->data + at, '\n', message->len - at);
		size_t len =
			end != NULL ? (size_t)(end + 1 - message->data) - at : message->len - at;

		if (start && message->data[at] == '.')
			buf_append_str(&out, ".");
		buf_append(&out, message->data + at, len);
		start = end != NULL;
		at += len;
		if (out.len > 65536) {
			if (!stream_write(talk->fd, out.data, out.len, talk->deadline)) {
				buf_free(&out);
				return false;
			}
			out.len = 0;
		}
	}
	buf_append_str(&out, start ? ".\r\n" : "\r\n.\r\n");
	good = stream_write(talk->fd, out.data, out.len, talk->deadline);
	buf_free(&out);
	return good;
}

/* 250, or the code of what was said in its place; 0 where there was no reply. */
static unsigned greet(struct submit *talk)
{
	struct buf line = { 0 };
	unsigned code;

	talk->have = 0;
	talk->fd = stream_connect_endpoint(&talk->home->submit, talk->deadline);
	if (talk->fd < 0)
		return 0;
	code = next_reply(talk);
	if (code == 220) {
		buf_printf(&line, "EHLO %s\r\n", seal_address_domain(talk->home->from));
		code = say(talk, &line);
	}
	buf_free(&line);
	return code;
}

/* The code that ended it; 0 when nothing did. */
static unsigned converse(struct submit *talk, const char *from, const char *to,
			 const struct buf *message)
{
	struct buf line = { 0 };
	unsigned code;

	buf_printf(&line, "MAIL FROM:<%s> BODY=8BITMIME%s\r\n", from,
		   is_ascii(from) && is_ascii(to) ? "" : " SMTPUTF8");
	code = say(talk, &line);
	if (code == 250) {
		line.len = 0;
		buf_printf(&line, "RCPT TO:<%s>\r\n", to);
		code = say(talk, &line);
	}
	if (code == 250 || code == 251) {
		line.len = 0;
		buf_append_str(&line, "DATA\r\n");
		code = say(talk, &line);
	}
	if (code == 354)
		code = send_text(talk, message) ? next_reply(talk) : 0;
	buf_free(&line);
	return code;
}

static void hang_up(struct submit *talk)
{
	if (talk->fd < 0)
		return;
	(void)stream_write(talk->fd, "QUIT\r\n", 6, talk->deadline);
	close(talk->fd);
	talk->fd = -1;
}

struct submit *submit_new(const struct home *home)
{
	struct submit *submit = mem_zero(1, sizeof(*submit));

	submit->home = home;
	submit->fd = -1;
	return submit;
}

void submit_free(struct submit *submit)
{
	hang_up(submit);
	free(submit);
}

enum submitted submit_give(struct submit *submit, const char *from, const char *to,
			   const struct buf *message)
{
	unsigned code = 250;
	bool greeted;
	int why;

	submit->deadline = clock_mono_ms() + PATIENCE_MS;
	if (submit->fd < 0)
		code = greet(submit);
	greeted = code == 250;
	if (greeted)
		code = converse(submit, from, to, message);
	why = errno;
	if (code == 250)
		return SUBMIT_DONE;
	/* What was begun is void, whatever the other end thinks of it. */
	hang_up(submit);
	log_warning("to=%s mailbox_submit=%s mail was not taken: %u %s", to,
		    submit->home->settings->mailbox_submit, code,
		    code != 0 ? submit->reply.text : strerror(why));
	if (!greeted || code == 0 || code == 421)
		return SUBMIT_NOBODY;
	return code >= 500 ? SUBMIT_REFUSED : SUBMIT_LATER;
}

enum submitted submit_mail(const struct home *home, const char *from, const char *to,
			   const struct buf *message)
{
	struct submit *submit = submit_new(home);
	enum submitted result = submit_give(submit, from, to, message);

	submit_free(submit);
	return result;
}
