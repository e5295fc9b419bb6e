/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/authres.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define METHOD "x-tls"
#define VALUE_MAX 63

/* RFC 2045 5.1: anything but controls, blanks and tspecials. */
static bool is_token_char(char c)
{
	return c > ' ' && c <= '~' && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static bool is_token(const char *text)
{
	size_t len = 0;

	while (is_token_char(text[len]))
		len++;
	return len > 0 && len <= VALUE_MAX && text[len] == '\0';
}

/* "NAME=VALUE", or nothing. */
static void put_property(char dst[AUTHRES_SIZE], const char *name, const char *value)
{
	size_t used = strlen(dst);

	if (value != NULL && is_token(value))
		snprintf(dst + used, AUTHRES_SIZE - used, "%s=%s", name, value);
}

void authres_tls(char dst[AUTHRES_SIZE], const char *id, const struct authres_tls *tls)
{
	snprintf(dst, AUTHRES_SIZE, "%s; " METHOD "=%s", id, tls != NULL ? "pass" : "none");
	if (tls == NULL)
		return;
	put_property(dst, " smtp.version", tls->version);
	put_property(dst, "\n\tsmtp.cipher", tls->cipher);
	put_property(dst, " smtp.bits", tls->bits);
}

bool authres_is_header(const char *name)
{
	size_t len = strlen(AUTHRES_HEADER);

	return str_starts_nocase(name, AUTHRES_HEADER) &&
	       name[len + strspn(name + len, " \t")] == '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What comes after the comment that begins here (RFC 5322 3.2.2); NULL: it has no end. */
static const char *skip_comment(const char *p)
{
	size_t depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
	}
	return NULL;
}

/* NULL: not to be understood. */
static const char *skip_blanks_and_comments(const char *p)
{
	while (p != NULL && (is_blank(*p) || *p == '('))
		p = *p == '(' ? skip_comment(p) : p + 1;
	return p;
}

/* With SMTPUTF8 it may be a U-label. */
static bool is_id_char(char c)
{
	return is_token_char(c) || (unsigned char)c >= 0x80;
}

/* The authserv-id, RFC 8601 2.2: a token or a quoted string. NULL, or what comes after it. */
static const char *take_id(char *id, size_t size, const char *p)
{
	bool quoted = *p == '"';
	size_t len = 0;

	p += quoted;
	while (*p != '\0' && len + 1 < size && (quoted ? *p != '"' : is_id_char(*p))) {
		if (quoted && *p == '\\' && p[1] != '\0')
			p++;
		id[len++] = *p++;
	}
	id[len] = '\0';
	if (len == 0 || (quoted && *p != '"'))
		return NULL;
	return p + quoted;
}

static bool same_id(const char *a, const char *b)
{
	char folded[DOMAIN_SIZE];

	return str_equal_nocase(a, b) ||
	       (domain_fold(folded, a, strlen(a)) && strcmp(folded, b) == 0);
}

/* After the id comes nothing, or a version, and then the results. */
static bool is_end_of_id(const char *p)
{
	p = skip_blanks_and_comments(p);
	while (p != NULL && *p >= '0' && *p <= '9')
		p++;
	p = skip_blanks_and_comments(p);
	return p != NULL && (*p == ';' || *p == '\0');
}

static bool mentions_method(const char *value)
{
	for (; *value != '\0'; value++)
		if (str_starts_nocase(value, METHOD))
			return true;
	return false;
}

bool authres_claims_tls(const char *value, const char *id)
{
	char whose[4 * DOMAIN_SIZE];
	const char *p;

	if (!mentions_method(value))
		return false;
	p = skip_blanks_and_comments(value);
	if (p != NULL)
		p = take_id(whose, sizeof(whose), p);
	return p == NULL || !is_end_of_id(p) || same_id(whose, id);
}
