/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/link/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/names/ipaddr.h"
#include "io/net/stream.h"

#define READ_SIZE 65536

/* A member. Quotes, backslashes and controls are escaped (RFC 8259 7); UTF-8 stays. */
static void put_member(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, "%s\"%s\":\"", out->len > 1 ? "," : "", name);
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\' || c < 0x20)
			buf_printf(out, "\\u%04x", c);
		else
			buf_append(out, value, 1);
	}
	buf_append_str(out, "\"");
}

static bool read_line(int fd, int64_t deadline, struct buf *answer)
{
	while (answer->len < MAILBOX_ANSWER_MAX) {
		ssize_t n = stream_read(fd, buf_reserve(answer, READ_SIZE), READ_SIZE, deadline);

		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return false;
		answer->len += (size_t)n;
		if (answer->data[answer->len - 1] == '\n') {
			answer->len--;
			return true;
		}
	}
	errno = EMSGSIZE;
	return false;
}

void mailbox_client_endpoint(struct endpoint *endpoint, const struct settings *settings)
{
	*endpoint = (struct endpoint){ .is_unix = true };
	/* It fits: RUNTIME_MAX of the settings. */
	str_join(endpoint->path, sizeof(endpoint->path), settings->mailbox_runtime,
		 "/" MAILBOX_SOCKET, NULL);
}

void mailbox_client_line(struct buf *line, const struct mailbox_question *question)
{
	buf_append_str(line, "{");
	put_member(line, "do", question->act);
	put_member(line, "mailbox", question->mailbox);
	put_member(line, "sender", question->sender);
	put_member(line, "as", question->as);
	put_member(line, "key", question->key);
	buf_append_str(line, "}\n");
}

void mailbox_client_failed(char error[MAILBOX_CLIENT_ERROR_SIZE], const struct endpoint *endpoint,
			   int why)
{
	snprintf(error, MAILBOX_CLIENT_ERROR_SIZE,
		 "postseal-mailbox at %s does not answer: %s; is it running? (systemctl status "
		 "postseal-mailbox)",
		 endpoint->path, strerror(why));
}

bool mailbox_client_ask(const struct settings *settings, const struct mailbox_question *question,
			int64_t deadline, struct buf *answer, char error[MAILBOX_CLIENT_ERROR_SIZE])
{
	struct endpoint endpoint;
	struct buf line = { 0 };
	bool good = false;
	int fd, why;

	mailbox_client_endpoint(&endpoint, settings);
	mailbox_client_line(&line, question);
	fd = stream_connect_endpoint(&endpoint, deadline);
	if (fd >= 0)
		good = stream_write(fd, line.data, line.len, deadline) &&
		       read_line(fd, deadline, answer);
	why = errno;
	if (fd >= 0)
		close(fd);
	buf_free(&line);
	if (!good)
		mailbox_client_failed(error, &endpoint, why);
	return good;
}
