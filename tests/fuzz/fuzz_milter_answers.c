/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the milter hears from who should be postseal-socketmap: "no" and "don't know"
 * stay apart, and what goes into an SMTP reply is fit for it. Each byte 0xff ends
 * what is heard in answer to one request.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "core/secure/alias.h"
#include "io/net/stream.h"
#include "milter/aliases.h"

#define REQUEST_ENDS 0xff

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/*
 * The world: what the other side says, and nobody who wants to read a log.
 */

static const uint8_t *said;
static size_t left;

int stream_connect_endpoint(const struct endpoint *endpoint, int64_t deadline)
{
	(void)endpoint;
	(void)deadline;
	return dup(STDERR_FILENO);
}

ssize_t stream_read(int fd, void *bytes, size_t size, int64_t deadline)
{
	size_t n = 0;

	(void)fd;
	(void)deadline;
	while (n < left && n < size && said[n] != REQUEST_ENDS)
		n++;
	memcpy(bytes, said, n);
	said += n;
	left -= n;
	return (ssize_t)n;
}

/* A request: the answer to the one before is over. */
bool stream_write(int fd, const void *bytes, size_t len, int64_t deadline)
{
	(void)fd;
	(void)bytes;
	(void)len;
	(void)deadline;
	while (left > 0 && *said != REQUEST_ENDS)
		said++, left--;
	if (left > 0)
		said++, left--;
	return true;
}

void log_error(const char *fmt, ...)
{
	(void)fmt;
}

void log_warning(const char *fmt, ...)
{
	(void)fmt;
}

void log_info(const char *fmt, ...)
{
	(void)fmt;
}

void log_fatal(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

/*
 * The answers.
 */

static void check_text(const char *text, size_t size)
{
	assert(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		assert(*text >= ' ' && *text <= '~' && *text != '%');
}

static void check_record(const struct settings *settings)
{
	static const char alias[] = "me@secure.example.com";
	struct secure_record record;
	struct mailaddr addr;

	assert(mailaddr_parse(&addr, alias, strlen(alias), "") == MAILADDR_OK);
	aliases_look_up(&record, settings, &addr, "you@example.net");
	assert(record.enabled <= LOOKUP_ERROR && record.owned <= LOOKUP_ERROR);
	/* Without an answer to the first question the second is not even asked. */
	assert(record.enabled != LOOKUP_ERROR || record.owned == LOOKUP_ERROR);
	if (record.enabled == LOOKUP_FOUND)
		assert(record.level <= ALIAS_DANE_ONLY);
	if (record.bound == LOOKUP_ABSENT)
		assert(memchr(record.until, '\0', sizeof(record.until)) != NULL);
	if (record.owned == LOOKUP_FOUND)
		assert(memchr(record.mailbox, '\0', sizeof(record.mailbox)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char endpoint[] = "unix:/nowhere";
	static char *endpoints[] = { endpoint };
	static struct settings settings = { .socketmap_listen = { .count = 1,
								  .items = endpoints } };
	struct aliases_prospect prospect;

	said = bytes;
	left = len;
	check_record(&settings);
	said = bytes;
	left = len;
	aliases_ask_prospect(&prospect, &settings, ALIAS_ENCRYPT, "example.com", 0);
	assert(prospect.prospect <= PROSPECT_NONE);
	assert(prospect.reason[0] != '\0');
	check_text(prospect.reason, sizeof(prospect.reason));
	return 0;
}
