/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/milter_packet.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"

static uint32_t number_at(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

size_t milter_packet_read(struct milter_packet *packet, size_t *needs, const char *bytes,
			  size_t len)
{
	size_t length;

	*needs = MILTER_LENGTH_SIZE;
	if (len < MILTER_LENGTH_SIZE)
		return 0;
	length = number_at(bytes);
	if (length < 1 || length > MILTER_PACKET_MAX)
		return SIZE_MAX;
	*needs = MILTER_LENGTH_SIZE + length;
	if (len < *needs)
		return 0;
	packet->command = bytes[MILTER_LENGTH_SIZE];
	packet->data = (struct span){ bytes + MILTER_LENGTH_SIZE + 1, length - 1 };
	return *needs;
}

static void skip(struct span *in, size_t len)
{
	in->at += len;
	in->len -= len;
}

bool milter_next_string(const char **string, struct span *strings)
{
	const char *end = strings->len > 0 ? memchr(strings->at, '\0', strings->len) : NULL;

	if (end == NULL)
		return false;
	*string = strings->at;
	skip(strings, (size_t)(end - strings->at) + 1);
	return true;
}

/* C strings to the last byte. */
static bool are_strings(struct span in)
{
	return in.len == 0 || in.at[in.len - 1] == '\0';
}

bool milter_read_offer(struct milter_offer *offer, struct span data)
{
	if (data.len < 3 * sizeof(uint32_t))
		return false;
	*offer = (struct milter_offer){ number_at(data.at), number_at(data.at + 4),
					number_at(data.at + 8) };
	return true;
}

bool milter_read_macros(char *command, struct span *pairs, struct span data)
{
	const char *name, *value;
	struct span rest;

	if (data.len < 1)
		return false;
	*command = data.at[0];
	skip(&data, 1);
	*pairs = rest = data;
	while (rest.len > 0)
		if (!milter_next_string(&name, &rest) || !milter_next_string(&value, &rest))
			return false;
	return true;
}

static struct span bare_name(const char *name)
{
	struct span bare = span_of(name);

	if (bare.len > 2 && bare.at[0] == '{' && bare.at[bare.len - 1] == '}')
		bare = (struct span){ bare.at + 1, bare.len - 2 };
	return bare;
}

const char *milter_macro(struct span pairs, const char *name)
{
	struct span wanted = bare_name(name);
	const char *found, *value;

	while (milter_next_string(&found, &pairs) && milter_next_string(&value, &pairs)) {
		struct span bare = bare_name(found);

		if (bare.len == wanted.len && memcmp(bare.at, wanted.at, bare.len) == 0)
			return value;
	}
	return NULL;
}

/* A name, a family, and but for an unknown one a port and an address. */
bool milter_read_connect(struct ipaddr *addr, bool *known, struct span data)
{
	const char *string;
	char family;

	*known = false;
	if (!milter_next_string(&string, &data) || data.len < 1)
		return false;
	family = data.at[0];
	skip(&data, 1);
	if (family == 'U')
		return data.len == 0;
	if (strchr("46L", family) == NULL || family == '\0' || data.len < 2)
		return false;
	skip(&data, 2);
	if (!milter_next_string(&string, &data) || data.len != 0)
		return false;
	if (str_starts_nocase(string, "IPv6:"))
		string += strlen("IPv6:");
	*known = family != 'L' && ipaddr_parse(addr, string, strlen(string));
	return true;
}

bool milter_read_envelope(const char **address, struct span *parameters, struct span data)
{
	if (!are_strings(data) || !milter_next_string(address, &data))
		return false;
	*parameters = data;
	return true;
}

bool milter_read_header(const char **name, const char **value, struct span data)
{
	return milter_next_string(name, &data) && milter_next_string(value, &data) && data.len == 0;
}

static void write_number(char *bytes, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (char)(number >> (24 - 8 * i) & 0xff);
}

size_t milter_begin(struct buf *out, char command)
{
	size_t begun = out->len;

	milter_put_number(out, 0);
	buf_append(out, &command, 1);
	return begun;
}

void milter_put_number(struct buf *out, uint32_t number)
{
	char bytes[4];

	write_number(bytes, number);
	buf_append(out, bytes, sizeof(bytes));
}

void milter_put_string(struct buf *out, const char *string)
{
	buf_append(out, string, strlen(string) + 1);
}

void milter_end(struct buf *out, size_t begun)
{
	write_number(out->data + begun, (uint32_t)(out->len - begun - MILTER_LENGTH_SIZE));
}

void milter_write(struct buf *out, int command, ...)
{
	size_t begun = milter_begin(out, (char)command);
	const char *string;
	va_list strings;

	va_start(strings, command);
	while ((string = va_arg(strings, const char *)) != NULL)
		milter_put_string(out, string);
	va_end(strings);
	milter_end(out, begun);
}

void milter_write_header(struct buf *out, char command, uint32_t index, const char *name,
			 const char *value)
{
	size_t begun = milter_begin(out, command);

	milter_put_number(out, index);
	milter_put_string(out, name);
	milter_put_string(out, value);
	milter_end(out, begun);
}
