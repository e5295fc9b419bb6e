/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/mime.h"

#include <string.h>

#include "base/str.h"
#include "base/utc.h"

#define ENCODED_OCTETS 42 /* in one encoded word: 56 letters and its frame are 68 */
#define LINE 76

/* Length of the line at text[at..), and where the next one begins. */
static size_t line_at(struct span text, size_t at, size_t *next)
{
	const char *end = memchr(text.at + at, '\n', text.len - at);
	size_t stop = end != NULL ? (size_t)(end - text.at) : text.len;

	*next = end != NULL ? stop + 1 : text.len;
	if (stop > at && text.at[stop - 1] == '\r')
		stop--;
	return stop - at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool mime_next_header(struct span message, size_t *at, struct span *name, struct span *value)
{
	while (*at < message.len) {
		size_t start = *at, next, len = line_at(message, start, &next), end;
		const char *colon;

		if (len == 0)
			return false;
		end = start + len;
		while (next < message.len && is_blank(message.at[next])) {
			size_t from = next;

			end = from + line_at(message, from, &next);
		}
		*at = next;
		colon = memchr(message.at + start, ':', len);
		if (colon == NULL || is_blank(message.at[start]))
			continue; /* no header; Postfix would have ended the section here */
		*name = span_trim(
			(struct span){ message.at + start, (size_t)(colon - message.at) - start });
		value->at = colon + 1;
		value->len = end - (size_t)(colon + 1 - message.at);
		return true;
	}
	return false;
}

static bool is_named(struct span name, const char *wanted)
{
	return name.len == strlen(wanted) && str_starts_nocase_n(name.at, name.len, wanted);
}

bool mime_find_header(struct span message, const char *wanted, struct span *value)
{
	struct span name;
	size_t at = 0;

	while (mime_next_header(message, &at, &name, value)) {
		if (is_named(name, wanted))
			return true;
	}
	return false;
}

size_t mime_count_header(struct span message, const char *wanted)
{
	struct span name, value;
	size_t at = 0, count = 0;

	while (mime_next_header(message, &at, &name, &value))
		count += is_named(name, wanted);
	return count;
}

size_t mime_body(struct span message)
{
	size_t at = 0, next;

	while (at < message.len) {
		if (line_at(message, at, &next) == 0)
			return next;
		at = next;
	}
	return message.len;
}

bool mime_is_ours(struct span name)
{
	return str_starts_nocase_n(name.at, name.len, "X-Postseal-");
}

bool mime_is_utf8(const char *text, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = str_utf8_length(text + at, len - at);
		if (n == 0 || text[at] == '\0')
			return false;
	}
	return true;
}

/* Appends whole characters, controls and the malformed as '?', while they fit. */
static void put_clean(struct buf *out, const char *text, size_t len, size_t limit)
{
	for (size_t at = 0, n; at < len; at += n) {
		const unsigned char *c = (const unsigned char *)text + at;

		n = str_utf8_length((const char *)c, len - at);
		if (out->len + (n == 0 ? 1 : n) > limit)
			return;
		/* C1 controls are two octets, and so are some that turn text around: three. */
		if (n == 0 || *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0) ||
		    (n == 3 && c[0] == 0xe2 &&
		     ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
		      (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9))))
			buf_append_str(out, "?");
		else
			buf_append(out, text + at, n);
		if (n == 0)
			n = 1;
	}
}

static int base64_value(char c)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(letters, c) : NULL;

	return at != NULL ? (int)(at - letters) : -1;
}

static void decode_base64(struct buf *out, struct span text)
{
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < text.len; i++) {
		int value = base64_value(text.at[i]);

		if (value < 0)
			continue;
		bits = bits << 6 | (unsigned)value;
		have += 6;
		if (have >= 8) {
			char octet = (char)(bits >> (have - 8));

			have -= 8;
			buf_append(out, &octet, 1);
		}
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = str_lower_char(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode_q(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i] == '_' ? ' ' : text.at[i];

		if (c == '=' && i + 2 < text.len && hex_value(text.at[i + 1]) >= 0 &&
		    hex_value(text.at[i + 2]) >= 0) {
			c = (char)(hex_value(text.at[i + 1]) * 16 + hex_value(text.at[i + 2]));
			i += 2;
		}
		buf_append(out, &c, 1);
	}
}

/* 0x80 to 0x9f of Windows-1252; '?' where nothing stands. */
static const uint16_t of_windows[] = { 0x20ac, '?',    0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
				       0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, '?',
				       0x017d, '?',    '?',    0x2018, 0x2019, 0x201c, 0x201d,
				       0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
				       0x0153, '?',    0x017e, 0x0178 };

/* What ISO-8859-15 has in another way than ISO-8859-1. */
static const uint16_t of_latin9[][2] = { { 0xa4, 0x20ac }, { 0xa6, 0x0160 }, { 0xa8, 0x0161 },
					 { 0xb4, 0x017d }, { 0xb8, 0x017e }, { 0xbc, 0x0152 },
					 { 0xbd, 0x0153 }, { 0xbe, 0x0178 } };

static void put_character(struct buf *out, unsigned code)
{
	char octets[3] = { (char)code };
	size_t len = 1;

	if (code >= 0x800) {
		octets[0] = (char)(0xe0 | code >> 12);
		octets[1] = (char)(0x80 | (code >> 6 & 0x3f));
		octets[2] = (char)(0x80 | (code & 0x3f));
		len = 3;
	} else if (code >= 0x80) {
		octets[0] = (char)(0xc0 | code >> 6);
		octets[1] = (char)(0x80 | (code & 0x3f));
		len = 2;
	}
	buf_append(out, octets, len);
}

/* Who writes controls of ISO-8859-1 means Windows-1252 (encoding.spec.whatwg.org 4.2). */
static void put_latin(struct buf *out, const struct buf *octets, bool latin9)
{
	for (size_t i = 0; i < octets->len; i++) {
		unsigned code = (unsigned char)octets->data[i];

		if (!latin9 && code >= 0x80 && code <= 0x9f)
			code = of_windows[code - 0x80];
		for (size_t j = 0; latin9 && j < ARRAY_LEN(of_latin9); j++) {
			if (of_latin9[j][0] == code) {
				code = of_latin9[j][1];
				break;
			}
		}
		put_character(out, code);
	}
}

/* "=?charset?B?text?=" at text[0..): its length if it was decoded, else 0. */
static size_t encoded_word(struct buf *out, struct span text)
{
	struct span rest = text, charset, encoding, inside;
	struct buf octets = { 0 };
	bool found, utf8, latin1, latin9;

	if (!span_skip(&rest, "=?"))
		return 0;
	charset = span_cut(&rest, "?", &found);
	if (!found)
		return 0;
	encoding = span_cut(&rest, "?", &found);
	if (!found || encoding.len != 1)
		return 0;
	/* Its text has no "?" (RFC 2047 2): to look for the end beyond one would take a second
	 * where a value is full of beginnings. */
	inside = span_cut(&rest, "?", &found);
	if (!found || !span_skip(&rest, "=") || memchr(inside.at, ' ', inside.len) != NULL)
		return 0;
	if (memchr(charset.at, '*', charset.len) != NULL) /* RFC 2231 5: a language */
		charset.len =
			(size_t)((const char *)memchr(charset.at, '*', charset.len) - charset.at);
	utf8 = is_named(charset, "utf-8") || is_named(charset, "us-ascii");
	latin1 = is_named(charset, "iso-8859-1") || is_named(charset, "windows-1252") ||
		 is_named(charset, "cp1252");
	latin9 = is_named(charset, "iso-8859-15");
	if (!utf8 && !latin1 && !latin9)
		return 0;
	if (encoding.at[0] == 'B' || encoding.at[0] == 'b')
		decode_base64(&octets, inside);
	else if (encoding.at[0] == 'Q' || encoding.at[0] == 'q')
		decode_q(&octets, inside);
	else
		return 0;
	if (utf8)
		buf_append(out, octets.data, octets.len);
	else
		put_latin(out, &octets, latin9);
	buf_free(&octets);
	return (size_t)(rest.at - text.at);
}

/* Unfolded, words decoded; blanks between two encoded words are not there (RFC 2047 6.2). */
static void decode_raw(struct buf *out, struct span value)
{
	bool after_word = false;
	size_t at = 0;

	while (at < value.len) {
		size_t blanks = at, n;

		while (blanks < value.len && strchr(" \t\r\n", value.at[blanks]) != NULL &&
		       value.at[blanks] != '\0')
			blanks++;
		if (blanks < value.len && value.at[blanks] == '=') {
			size_t kept = out->len;

			if (!after_word && blanks > at)
				buf_append_str(out, " ");
			n = encoded_word(out,
					 (struct span){ value.at + blanks, value.len - blanks });
			if (n > 0) {
				at = blanks + n;
				after_word = true;
				continue;
			}
			out->len = kept;
		}
		if (blanks > at)
			buf_append_str(out, " ");
		if (blanks < value.len)
			buf_append(out, value.at + blanks, 1);
		at = blanks + 1;
		after_word = false;
	}
}

void mime_decode(struct buf *out, struct span value, size_t most)
{
	struct buf raw = { 0 };
	struct span trimmed;

	if (value.len > 65536)
		value.len = 65536;
	decode_raw(&raw, value);
	trimmed = span_trim((struct span){ buf_cstr(&raw), raw.len });
	put_clean(out, trimmed.at, trimmed.len, out->len + most);
	buf_free(&raw);
}

/* Where a quoted string or a comment that begins at `at` ends; text.len if it does not. */
static size_t skip_enclosed(struct span text, size_t at, char close)
{
	int depth = 1;

	for (at++; at < text.len; at++) {
		if (text.at[at] == '\\')
			at++;
		else if (text.at[at] == close && --depth == 0)
			return at + 1;
		else if (close == ')' && text.at[at] == '(')
			depth++;
	}
	return text.len;
}

/* An encoded word that is left is of a charset that is not known here: no name for people. */
static void drop_unread(struct buf *name)
{
	const char *word = strstr(buf_cstr(name), "=?");

	if (word != NULL && strstr(word, "?=") != NULL)
		name->len = 0;
}

static void put_phrase(struct buf *out, struct span phrase)
{
	phrase = span_trim(phrase);
	if (phrase.len >= 2 && phrase.at[0] == '"' && phrase.at[phrase.len - 1] == '"') {
		struct buf plain = { 0 };

		for (size_t i = 1; i + 1 < phrase.len; i++) {
			if (phrase.at[i] == '\\' && i + 2 < phrase.len)
				i++;
			buf_append(&plain, phrase.at + i, 1);
		}
		mime_decode(out, (struct span){ buf_cstr(&plain), plain.len }, 255);
		buf_free(&plain);
		return;
	}
	mime_decode(out, phrase, 255);
}

bool mime_first_address(struct span value, char address[SEAL_ADDRESS_SIZE], struct buf *name)
{
	size_t at = 0, start = 0;

	address[0] = '\0';
	while (at < value.len && value.at[at] != ',' && value.at[at] != '<') {
		if (value.at[at] == '"')
			at = skip_enclosed(value, at, '"');
		else if (value.at[at] == '(')
			at = skip_enclosed(value, at, ')');
		else if (value.at[at] == ':') /* a group's name is not a person's */
			start = ++at;
		else
			at++;
	}
	if (at < value.len && value.at[at] == '<') {
		const char *end = memchr(value.at + at, '>', value.len - at);

		if (end == NULL ||
		    !seal_address_take(address, value.at + at, (size_t)(end + 1 - (value.at + at))))
			return false;
		put_phrase(name, (struct span){ value.at + start, at - start });
		drop_unread(name);
		return true;
	}
	{
		struct buf flat = { 0 };
		struct span only;
		bool good;

		for (size_t i = start; i < at; i++) {
			if (strchr("\r\n", value.at[i]) == NULL || value.at[i] == '\0')
				buf_append(&flat, value.at + i, 1);
		}
		only = span_trim((struct span){ buf_cstr(&flat), flat.len });
		good = seal_address_take(address, only.at, only.len);
		buf_free(&flat);
		return good;
	}
}

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static void skip_blanks(struct span *rest)
{
	while (rest->len > 0 &&
	       (is_blank(rest->at[0]) || rest->at[0] == '\r' || rest->at[0] == '\n')) {
		rest->at++;
		rest->len--;
	}
}

static bool take_number(struct span *rest, uint64_t max, int64_t *value)
{
	uint64_t n;

	skip_blanks(rest);
	if (!span_number(rest, max, &n))
		return false;
	*value = (int64_t)n;
	return true;
}

static bool take_month(struct span *rest, int64_t *month)
{
	skip_blanks(rest);
	for (size_t i = 0; i < ARRAY_LEN(months); i++) {
		if (str_starts_nocase_n(rest->at, rest->len, months[i])) {
			rest->at += 3;
			rest->len -= 3;
			*month = (int64_t)i + 1;
			return true;
		}
	}
	return false;
}

bool mime_parse_date(struct span rest, int64_t *seconds)
{
	struct utc_date date = { 0 };
	const char *comma = memchr(rest.at, ',', rest.len);
	int64_t zone = 0, sign;

	if (comma != NULL) {
		rest.len -= (size_t)(comma + 1 - rest.at);
		rest.at = comma + 1;
	}
	if (!take_number(&rest, 31, &date.day) || !take_month(&rest, &date.month) ||
	    !take_number(&rest, 9999, &date.year) || !take_number(&rest, 23, &date.hour) ||
	    !span_skip(&rest, ":") || !take_number(&rest, 59, &date.minute))
		return false;
	if (span_skip(&rest, ":") && !take_number(&rest, 60, &date.second))
		return false;
	if (date.second == 60)
		date.second = 59;
	if (!utc_from_date(seconds, &date))
		return false;
	skip_blanks(&rest);
	sign = span_skip(&rest, "+") ? -1 : span_skip(&rest, "-") ? 1 : 0;
	if (sign != 0 && take_number(&rest, 9999, &zone))
		*seconds += sign * (zone / 100 * 3600 + zone % 100 * 60);
	return true;
}

void mime_message_id(char *dst, size_t size, struct span value)
{
	const char *open = memchr(value.at, '<', value.len);
	const char *close =
		open != NULL ? memchr(open, '>', value.len - (size_t)(open - value.at)) : NULL;

	if (size > 0)
		dst[0] = '\0';
	if (close == NULL)
		return;
	for (const char *at = open; at <= close; at++) {
		if (*at <= ' ' || *at > '~')
			return;
	}
	str_copy_n(dst, size, open, (size_t)(close + 1 - open));
}

static bool is_plain_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

/* Encoded words of whole characters, a line each. */
static void put_encoded(struct buf *out, const char *text)
{
	size_t len = strlen(text), at = 0;

	while (at < len) {
		size_t end = at, n;

		while (end < len) {
			n = str_utf8_length(text + end, len - end);
			n = n == 0 ? 1 : n;
			if (end + n - at > ENCODED_OCTETS)
				break;
			end += n;
		}
		if (at > 0)
			buf_append_str(out, "\r\n ");
		buf_append_str(out, "=?utf-8?B?");
		mime_put_base64(out, text + at, end - at);
		out->len -= 2; /* the line end of base64 */
		buf_append_str(out, "?=");
		at = end;
	}
}

/* At blanks, so that no line is longer than it needs to be. */
static void put_folded(struct buf *out, const char *text, size_t column)
{
	while (*text != '\0') {
		size_t word = strcspn(text + 1, " ") + 1;

		if (column + word > LINE && *text == ' ' && text[word - 1] != ' ') {
			buf_append_str(out, "\r\n");
			column = 0;
		}
		buf_append(out, text, word);
		column += word;
		text += word;
	}
}

void mime_put_text(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s: ", name);
	if (is_plain_text(value) && strstr(value, "=?") == NULL && strlen(value) < 900)
		put_folded(out, value, strlen(name) + 2);
	else
		put_encoded(out, value);
	buf_append_str(out, "\r\n");
}

void mime_put_address(struct buf *out, const char *name, const char *display, const char *address)
{
	buf_printf(out, "%s: ", name);
	if (display[0] == '\0') {
		buf_printf(out, "%s\r\n", address);
		return;
	}
	if (is_plain_text(display) && strpbrk(display, "\"\\") == NULL && strlen(display) < 60 &&
	    strstr(display, "=?") == NULL)
		buf_printf(out, "\"%s\"", display);
	else
		put_encoded(out, display);
	buf_printf(out, "\r\n <%s>\r\n", address);
}

void mime_put_date(struct buf *out, int64_t seconds)
{
	char date[UTC_MAIL_SIZE];

	buf_printf(out, "Date: %s\r\n", utc_format_mail(date, seconds));
}

void mime_put_parameter(struct buf *out, const char *name, const char *value)
{
	bool plain = is_plain_text(value) && strpbrk(value, "\"\\") == NULL && strlen(value) < 60;
	size_t len = strlen(value), part = 0;

	if (plain) {
		buf_printf(out, ";\r\n %s=\"%s\"", name, value);
		return;
	}
	/* RFC 2231 3 and 4: percent, in parts that keep lines short. */
	for (size_t at = 0; at < len || part == 0; part++) {
		buf_printf(out, ";\r\n %s*%zu*=%s", name, part, part == 0 ? "utf-8''" : "");
		for (size_t room = 0; room < 18 && at < len; room++, at++) {
			char c = value[at];

			if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-')
				buf_append(out, &c, 1);
			else
				buf_printf(out, "%%%02X", (unsigned char)c);
		}
	}
}

void mime_put_quoted(struct buf *out, const char *text, size_t len)
{
	size_t column = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool last = i + 1 == len || text[i + 1] == '\n' ||
			    (text[i + 1] == '\r' && i + 2 < len && text[i + 2] == '\n');

		if (c == '\n' || (c == '\r' && i + 1 < len && text[i + 1] == '\n')) {
			i += c == '\r';
			buf_append_str(out, "\r\n");
			column = 0;
			continue;
		}
		if (column >= LINE - 4) {
			buf_append_str(out, "=\r\n");
			column = 0;
		}
		/* "From " and "." at the start of a line are what some mailers change. */
		if (c == '=' || c > '~' || (c < ' ' && c != '\t') ||
		    ((c == ' ' || c == '\t') && last) || (column == 0 && (c == '.' || c == 'F'))) {
			buf_printf(out, "=%02X", c);
			column += 3;
		} else {
			buf_append(out, text + i, 1);
			column++;
		}
	}
	if (column > 0)
		buf_append_str(out, "\r\n");
}

void mime_put_base64(struct buf *out, const void *octets, size_t len)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = octets;
	size_t column = 0;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		unsigned bits = (unsigned)in[i] << 16 | (n > 1 ? (unsigned)in[i + 1] << 8 : 0) |
				(n > 2 ? in[i + 2] : 0);
		char four[4] = { letters[bits >> 18], letters[bits >> 12 & 63],
				 n > 1 ? letters[bits >> 6 & 63] : '=',
				 n > 2 ? letters[bits & 63] : '=' };

		buf_append(out, four, sizeof(four));
		column += 4;
		if (column == LINE || i + 3 >= len) {
			buf_append_str(out, "\r\n");
			column = 0;
		}
	}
}
