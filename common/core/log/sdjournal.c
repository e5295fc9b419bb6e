/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/sdjournal.h"

#include <string.h>

#include "base/str.h"

#define LENGTH_BYTES 8
#define MICROSECONDS 1000000
#define NAME_MAX_LEN 64

_Static_assert(SDJOURNAL_FIELD_SIZE - sizeof("MESSAGE=") >= LOGLINE_TEXT_MAX,
	       "a message that is cut off has to be too long for its place");

static bool copy_word(char *dst, size_t size, struct span value)
{
	return str_all_graph(value.at, value.len) && str_copy_n(dst, size, value.at, value.len);
}

static void copy_message(struct sdjournal_entry *entry, struct span value)
{
	if (value.len >= sizeof(entry->message))
		return;
	memcpy(entry->message, value.at, value.len);
	entry->len = value.len;
}

static void copy_time(struct sdjournal_entry *entry, struct span value)
{
	uint64_t microseconds;

	if (str_number(value.at, value.len, INT64_MAX, &microseconds))
		entry->time = (int64_t)(microseconds / MICROSECONDS);
}

/* SYSLOG_PID comes from the sender; where there is one it wins, in whichever order they come. */
static void copy_pid(struct sdjournal_entry *entry, struct span value, bool sender)
{
	uint64_t pid;

	if ((sender || entry->pid == 0) && str_number(value.at, value.len, UINT32_MAX, &pid))
		entry->pid = (uint32_t)pid;
}

static void put_field(struct sdjournal_entry *entry, struct span name, struct span value)
{
	if (span_is(name, "__CURSOR"))
		copy_word(entry->cursor, sizeof(entry->cursor), value);
	else if (span_is(name, "__REALTIME_TIMESTAMP"))
		copy_time(entry, value);
	else if (span_is(name, "_HOSTNAME"))
		copy_word(entry->machine, sizeof(entry->machine), value);
	else if (span_is(name, "SYSLOG_IDENTIFIER"))
		copy_word(entry->tag, sizeof(entry->tag), value);
	else if (span_is(name, "SYSLOG_PID"))
		copy_pid(entry, value, true);
	else if (span_is(name, "_PID"))
		copy_pid(entry, value, false);
	else if (span_is(name, "MESSAGE"))
		copy_message(entry, value);
}

static void keep(struct sdjournal *reader, char c)
{
	if (reader->used < sizeof(reader->field))
		reader->field[reader->used++] = c;
}

static bool name_valid(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return name.len > 0 && name.len <= NAME_MAX_LEN;
}

static void end_field(struct sdjournal *reader)
{
	struct span value = { reader->field, reader->used };
	bool found;
	struct span name = span_cut(&value, "=", &found);

	if (!found || !name_valid(name))
		reader->malformed = true;
	else
		put_field(&reader->entry, name, value);
	reader->state = SDJOURNAL_TEXT;
	reader->used = 0;
}

/* A name alone: a binary value follows. It is kept as if it were text. */
static void begin_binary(struct sdjournal *reader)
{
	if (!name_valid((struct span){ reader->field, reader->used }))
		reader->malformed = true;
	keep(reader, '=');
	reader->state = SDJOURNAL_LENGTH;
	reader->remaining = LENGTH_BYTES;
	reader->length = 0;
}

/* True when this newline ends an entry. */
static bool take_newline(struct sdjournal *reader)
{
	if (reader->used == 0)
		return true;
	if (memchr(reader->field, '=', reader->used) != NULL)
		end_field(reader);
	else
		begin_binary(reader);
	return false;
}

static void take_length(struct sdjournal *reader, unsigned char c)
{
	reader->length |= (uint64_t)c << 8 * (LENGTH_BYTES - reader->remaining);
	if (--reader->remaining > 0)
		return;
	reader->remaining = reader->length;
	reader->state = reader->length > 0 ? SDJOURNAL_BINARY : SDJOURNAL_END;
}

/* One byte; true when it ends an entry. */
static bool take(struct sdjournal *reader, char c)
{
	switch (reader->state) {
	case SDJOURNAL_TEXT:
		if (c == '\n')
			return take_newline(reader);
		keep(reader, c);
		break;
	case SDJOURNAL_LENGTH:
		take_length(reader, (unsigned char)c);
		break;
	case SDJOURNAL_BINARY:
		keep(reader, c);
		if (--reader->remaining == 0)
			reader->state = SDJOURNAL_END;
		break;
	case SDJOURNAL_END:
		if (c == '\n')
			end_field(reader);
		else
			reader->malformed = true;
		break;
	}
	return false;
}

enum sdjournal_result sdjournal_read(struct sdjournal *reader, const char *bytes, size_t len,
				     size_t *used, struct sdjournal_entry *entry)
{
	for (size_t i = 0; i < len && !reader->malformed; i++) {
		if (!take(reader, bytes[i]))
			continue;
		*used = i + 1;
		*entry = reader->entry;
		*reader = (struct sdjournal){ 0 };
		return SDJOURNAL_ENTRY;
	}
	*used = len;
	return reader->malformed ? SDJOURNAL_MALFORMED : SDJOURNAL_MORE;
}
