/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/submit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/protocol/smtp_reply.h"
#include "io/net/stream.h"

#define PATIENCE_MS 60000
#define INPUT_SIZE 4096

struct talk {
	int fd;
	int64_t deadline;
	char input[INPUT_SIZE];
	size_t have;
	struct smtp_reply reply;
};

/* The code of the next reply; 0: there was none, see errno. */
static unsigned next_reply(struct talk *talk)
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

static unsigned say(struct talk *talk, const struct buf *line)
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
static bool send_text(struct talk *talk, const struct buf *message)
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

/* The code that ended it; 0 when nothing did. */
static unsigned converse(struct talk *talk, const struct home *home, const char *from,
			 const char *to, const struct buf *message)
{
	struct buf line = { 0 };
	unsigned code = next_reply(talk);

	if (code == 220) {
		buf_printf(&line, "EHLO %s\r\n", seal_address_domain(home->from));
		code = say(talk, &line);
	}
	if (code == 250) {
		line.len = 0;
		buf_printf(&line, "MAIL FROM:<%s> BODY=8BITMIME%s\r\n", from,
			   is_ascii(from) && is_ascii(to) ? "" : " SMTPUTF8");
		code = say(talk, &line);
	}
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

enum submitted submit_mail(const struct home *home, const char *from, const char *to,
			   const struct buf *message)
{
	struct talk talk = { .deadline = clock_mono_ms() + PATIENCE_MS };
	unsigned code = 0;
	int why = 0;

	talk.fd = stream_connect_endpoint(&home->submit, talk.deadline);
	why = errno;
	if (talk.fd >= 0) {
		code = converse(&talk, home, from, to, message);
		why = errno;
		if (code != 0)
			(void)stream_write(talk.fd, "QUIT\r\n", 6, talk.deadline);
		close(talk.fd);
	}
	if (code == 250)
		return SUBMIT_DONE;
	log_warning("to=%s mailbox_submit=%s mail was not taken: %u %s", to,
		    home->settings->mailbox_submit, code,
		    code != 0 ? talk.reply.text : strerror(why));
	return code >= 500 ? SUBMIT_REFUSED : SUBMIT_LATER;
}
