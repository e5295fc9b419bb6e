/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logline_head - what stands before the message: who wrapped the line, when, which
 * machine, which process. The forms, each seen in the world:
 *
 *   Nov 22 00:09:47 mail postfix/smtp[123]: ...             syslog (RFC 3164)
 *   Nov 22 00:09:47.123 mail postfix/smtp[123]: ...         journalctl -o short-precise
 *   2026-11-22T00:09:47.1+01:00 mail postfix/smtp[123]: ... rsyslog, syslog-ng, short-iso
 *   2026-11-22 00:09:47.123 mail postfix/smtp[123]: ...     with a blank; tabs for blanks
 *   Nov 22 00:09:47 mail mail.info postfix/smtp[123]: ...   busybox
 *   Nov 22 00:09:47 <mail.info> mail postfix/smtp[123]: ... FreeBSD, syslogd -v and -vv
 *   Nov 22 00:09:47 mail postfix/smtp[123]: [ID 197553 mail.info] ...      Solaris
 *   <22>1 2026-11-22T00:09:47Z mail postfix/smtp 123 - - ...               RFC 5424
 *   {"log":"...\n","stream":"stdout","time":"2026-..."}                    docker's files
 *   2026-11-22T00:09:47.1Z ...                              docker logs --timestamps
 *   mail-1  | ...                                           docker compose logs
 *   2026-11-22T00:09:47.1Z stdout F ...                     CRI (Kubernetes)
 *
 * A container's Postfix writes a line of syslog inside of these. The time outside has a
 * zone, so that it counts; a line without any time proves nothing about when, and is
 * not taken.
 */
#include <string.h>

#include "base/str.h"
#include "core/log/logline.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool take_blank(struct span *rest)
{
	if (rest->len == 0 || !is_blank(rest->at[0]))
		return false;
	rest->at++;
	rest->len--;
	return true;
}

/* One word of graphic characters and the blank after it. */
static bool take_word(struct span *rest, struct span *word)
{
	size_t len = 0;

	while (len < rest->len && !is_blank(rest->at[len])) {
		if (!str_is_graph(rest->at[len]))
			return false;
		len++;
	}
	*word = (struct span){ rest->at, len };
	rest->at += len;
	rest->len -= len;
	return len > 0 && take_blank(rest);
}

static bool take_stamp(struct logline_stamp *stamp, struct span *rest)
{
	struct span trial = *rest;

	if (!logline_take_stamp(stamp, &trial) || !take_blank(&trial))
		return false;
	*rest = trial;
	return true;
}

/*
 * Wrappings.
 */

static bool take_hex4(struct span *rest, unsigned *value)
{
	*value = 0;
	if (rest->len < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = str_lower_char(rest->at[i]);
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: 16;

		if (digit > 15)
			return false;
		*value = *value * 16 + digit;
	}
	rest->at += 4;
	rest->len -= 4;
	return true;
}

/* After a backslash (RFC 8259 7). What no line of ours holds becomes "?". */
static bool take_escape(struct span *rest, char *c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	unsigned code;

	if (rest->len == 0)
		return false;
	if (span_skip(rest, "u")) {
		if (!take_hex4(rest, &code))
			return false;
		*c = code > 0 && code < 0x80 ? (char)code : '?';
		return true;
	}
	at = memchr(from, rest->at[0], sizeof(from) - 1);
	if (at == NULL)
		return false;
	*c = to[at - from];
	rest->at++;
	rest->len--;
	return true;
}

/* A string of JSON up to its closing quote; *text is put into `room`. */
static bool take_string(struct span *rest, char *room, size_t size, struct span *text)
{
	size_t used = 0;

	if (!span_skip(rest, "\""))
		return false;
	while (rest->len > 0 && rest->at[0] != '"') {
		char c = rest->at[0];

		rest->at++;
		rest->len--;
		if ((unsigned char)c < 0x20 || (c == '\\' && !take_escape(rest, &c)) ||
		    used == size)
			return false;
		room[used++] = c;
	}
	*text = (struct span){ room, used };
	return span_skip(rest, "\"");
}

/* json-file of docker: members "log", "stream", perhaps "attrs", and "time", in this order. */
static bool unwrap_docker(struct logline *line, struct span *rest)
{
	static const char time_name[] = "\"time\":";
	struct span inner, text, all = *rest;
	char stamp[64];
	const char *at;

	if (!span_skip(&all, "{\"log\":") ||
	    !take_string(&all, line->unwrapped, sizeof(line->unwrapped), &inner))
		return false;
	at = span_find(all, time_name);
	if (at == NULL)
		return false;
	all.len -= (size_t)(at - all.at) + strlen(time_name);
	all.at = at + strlen(time_name);
	if (!take_string(&all, stamp, sizeof(stamp), &text) || !span_is(all, "}") ||
	    !logline_take_stamp(&line->stamp, &text) || text.len > 0 || !line->stamp.zoned)
		return false;
	/* Without its newline the line goes on in the next one. */
	if (!span_ends(inner, "\n"))
		return false;
	inner.len--;
	*rest = inner;
	return true;
}

/* "mail-1  | ": a word, and blanks for all services to have the bar in one column. */
static void skip_compose(struct span *rest)
{
	struct span trial = *rest, word;

	if (!take_word(&trial, &word))
		return;
	while (take_blank(&trial))
		;
	if (span_skip(&trial, "| "))
		*rest = trial;
}

/* "stdout F ", after a time with a zone; of a partial line ("P") the end is missing. */
static bool skip_cri(struct span *rest)
{
	if (!span_skip(rest, "stdout ") && !span_skip(rest, "stderr "))
		return true;
	return span_skip(rest, "F ");
}

/* What containers write around a line of syslog, and its time; false if there is none. */
static bool take_time(struct logline *line, struct span *rest)
{
	struct logline_stamp inner;

	if (span_starts(*rest, "{")) {
		if (!unwrap_docker(line, rest))
			return false;
	} else {
		skip_compose(rest);
		if (!take_stamp(&line->stamp, rest))
			return false;
	}
	if (!line->stamp.zoned)
		return true;
	if (!skip_cri(rest))
		return false;
	take_stamp(&inner, rest);
	return true;
}

/*
 * Machine and process.
 */

/* "mail.info", as busybox and FreeBSD name facility and level. */
static bool is_priority(struct span word)
{
	struct span facility;
	bool found;

	if (span_skip(&word, "<") && !(span_ends(word, ">") && word.len-- > 0))
		return false;
	facility = span_cut(&word, ".", &found);
	return found && (span_is(facility, "mail") || span_is(facility, "2")) && word.len > 0 &&
	       memchr(word.at, '[', word.len) == NULL;
}

/* "postfix-out/smtp[123]: ", or in RFC 5424 "postfix-out/smtp 123 - - ". */
static bool take_tag(struct span *process, struct span *rest, bool rfc5424)
{
	struct span tag, name, word;
	uint64_t pid;
	bool found;

	if (!take_word(rest, &tag))
		return false;
	process->len = (size_t)(tag.at + tag.len - process->at);
	if (rfc5424) {
		if (!span_ends(tag, "/smtp") || !take_word(rest, &word))
			return false;
		process->len = (size_t)(word.at + word.len - process->at);
		if (!span_number(&word, UINT32_MAX, &pid) || word.len > 0 ||
		    !take_word(rest, &word) || !span_skip(rest, "- "))
			return false;
		span_skip(rest, "\xef\xbb\xbf"); /* a byte order mark may come first (6.4) */
		return true;
	}
	name = span_cut(&tag, "[", &found);
	if (!found || !span_ends(name, "/smtp"))
		return false;
	process->len--; /* the colon */
	return span_number(&tag, UINT32_MAX, &pid) && span_is(tag, "]:");
}

/* "[ID 197553 mail.info] " */
static void skip_solaris(struct span *rest)
{
	struct span trial = *rest, word;
	uint64_t id;

	if (span_skip(&trial, "[ID ") && span_number(&trial, UINT32_MAX, &id) &&
	    span_skip(&trial, " ") && take_word(&trial, &word) && span_ends(word, "]"))
		*rest = trial;
}

/*
 * What a container writes need not name a machine, where the time comes from outside of
 * it, with a zone.
 */
static bool take_process(struct logline *line, struct span *rest, bool rfc5424)
{
	struct span trial = *rest, word, tag;

	line->process = (struct span){ rest->at, 0 };
	if (!take_word(&trial, &word))
		return false;
	if (span_starts(word, "<") && is_priority(word)) { /* FreeBSD: before the machine */
		*rest = trial;
		line->process = (struct span){ rest->at, 0 };
		if (!take_word(&trial, &word))
			return false;
	}
	if (span_starts(word, "<"))
		return false;
	tag = word;
	span_cut(&tag, "/smtp[", &(bool){ false });
	if (line->stamp.zoned && tag.len < word.len && span_ends(word, "]:"))
		return take_tag(&line->process, rest, rfc5424); /* no machine */
	*rest = trial;
	if (take_word(&trial, &word) && is_priority(word)) /* busybox: after it */
		*rest = trial;
	return take_tag(&line->process, rest, rfc5424);
}

/* "<22>1 ", the version being 1 for ever so far. */
static bool skip_rfc5424(struct span *rest)
{
	struct span trial = *rest;
	uint64_t priority;

	if (!span_skip(&trial, "<") || !span_number(&trial, 191, &priority) ||
	    !span_skip(&trial, ">1 "))
		return false;
	*rest = trial;
	return true;
}

bool logline_take_head(struct logline *line, struct span *rest)
{
	bool rfc5424, timed;

	if (span_ends(*rest, "\r"))
		rest->len--;
	rfc5424 = skip_rfc5424(rest);
	timed = rfc5424 ? take_stamp(&line->stamp, rest) && line->stamp.zoned
			: take_time(line, rest);
	if (!timed || !take_process(line, rest, rfc5424))
		return false;
	skip_solaris(rest);
	return true;
}
