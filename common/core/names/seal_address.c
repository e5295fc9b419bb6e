/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/seal_address.h"

#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

#include "base/str.h"

struct parts {
	char local[SEAL_LOCAL_MAX + 1]; /* without quotes */
	char known[SEAL_LOCAL_MAX + 1]; /* the same in the spelling by which it is known */
	char domain[DOMAIN_SIZE];       /* folded */
};

/* RFC 5321 atext and dots, and what is beyond ASCII. */
static bool is_plain(char c)
{
	return !str_is_control(c) && strchr(" ()<>[]:;@\\,\"", c) == NULL;
}

/* A quoted string at text[0..len) to its end; how long it is, 0 if it is none. */
static size_t unquote(char *dst, size_t size, const char *text, size_t len)
{
	size_t used = 0, at = 1;

	while (at < len && text[at] != '"') {
		if (text[at] == '\\')
			at++;
		if (at >= len || str_is_control(text[at]) || used + 1 >= size)
			return 0;
		dst[used++] = text[at++];
	}
	dst[used] = '\0';
	return at < len ? at + 1 : 0;
}

static size_t take_local(char *dst, size_t size, const char *text, size_t len)
{
	size_t used = 0;

	if (len > 0 && text[0] == '"')
		return unquote(dst, size, text, len);
	while (used < len && text[used] != '@') {
		if (!is_plain(text[used]) || used + 1 >= size)
			return 0;
		used++;
	}
	str_copy_n(dst, size, text, used);
	return used;
}

/* Text is UTF-8, brought to NFC in its place. False if it has no room there. */
static bool compose(char text[SEAL_LOCAL_MAX + 1])
{
	uint8_t octets[SEAL_LOCAL_MAX];
	size_t len = sizeof(octets);
	uint8_t *made =
		u8_normalize(UNINORM_NFC, (const uint8_t *)text, strlen(text), octets, &len);
	bool fits;

	/* Another spelling would be another mailbox: so there is no way on without memory. */
	if (made == NULL)
		abort();
	fits = str_copy_n(text, SEAL_LOCAL_MAX + 1, (const char *)made, len);
	if (made != octets)
		free(made);
	return fits;
}

static bool is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

/*
 * NFC first: the E of a decomposed E with an accent is no ASCII letter. NFC again: h and a line
 * below are one letter, H and a line below are two.
 */
static bool settle_known(struct parts *parts)
{
	bool ascii = is_ascii(parts->local);

	str_copy(parts->known, sizeof(parts->known), parts->local);
	if (!ascii && !compose(parts->known))
		return false;
	str_lower(parts->known);
	return ascii || compose(parts->known);
}

static bool parse(struct parts *parts, const char *text, size_t len)
{
	size_t local;

	if (len >= 2 && text[0] == '<' && text[len - 1] == '>') {
		text++;
		len -= 2;
	}
	local = take_local(parts->local, sizeof(parts->local), text, len);
	return domain_is_utf8(text, len) && local > 0 && parts->local[0] != '\0' && local < len &&
	       text[local] == '@' &&
	       domain_fold(parts->domain, text + local + 1, len - local - 1) && settle_known(parts);
}

/* A dot string needs no quotes: no dot at either end, no two together. */
static bool needs_quotes(const char *local)
{
	size_t len = strlen(local);

	for (size_t i = 0; i < len; i++) {
		if (!is_plain(local[i]))
			return true;
	}
	return local[0] == '.' || local[len - 1] == '.' || strstr(local, "..") != NULL;
}

static bool write_address(char dst[SEAL_ADDRESS_SIZE], const char *local, const char *domain)
{
	char quoted[2 * SEAL_LOCAL_MAX + 3];
	size_t used = 0;

	if (!needs_quotes(local))
		return str_join(dst, SEAL_ADDRESS_SIZE, local, "@", domain, NULL);
	quoted[used++] = '"';
	for (; *local != '\0'; local++) {
		if (*local == '"' || *local == '\\')
			quoted[used++] = '\\';
		quoted[used++] = *local;
	}
	quoted[used++] = '"';
	quoted[used] = '\0';
	return str_join(dst, SEAL_ADDRESS_SIZE, quoted, "@", domain, NULL);
}

bool seal_address_take(char dst[SEAL_ADDRESS_SIZE], const char *text, size_t len)
{
	struct parts parts;

	dst[0] = '\0';
	return parse(&parts, text, len) && write_address(dst, parts.local, parts.domain);
}

bool seal_address_key(char dst[SEAL_ADDRESS_SIZE], const char *text, size_t len)
{
	struct parts parts;

	dst[0] = '\0';
	return parse(&parts, text, len) && write_address(dst, parts.known, parts.domain);
}

const char *seal_address_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL ? at + 1 : address;
}

bool seal_address_encode(char dst[SEAL_ADDRESS_SIZE], const char *text, size_t len,
			 const char *mailbox_domain)
{
	struct parts parts;
	char local[SEAL_LOCAL_MAX + 1];

	dst[0] = '\0';
	return parse(&parts, text, len) &&
	       str_join(local, sizeof(local), parts.local, "=", parts.domain, NULL) &&
	       write_address(dst, local, mailbox_domain);
}

enum lookup seal_address_decode(char real[SEAL_ADDRESS_SIZE], const char *text, size_t len,
				const char *mailbox_domain)
{
	struct parts parts;
	char domain[DOMAIN_SIZE];
	char *equals;

	real[0] = '\0';
	if (!parse(&parts, text, len) || strcmp(parts.domain, mailbox_domain) != 0)
		return LOOKUP_ABSENT;
	equals = strrchr(parts.local, '=');
	if (equals == NULL || equals == parts.local ||
	    !domain_fold(domain, equals + 1, strlen(equals + 1)) ||
	    strcmp(domain, mailbox_domain) == 0)
		return LOOKUP_ERROR;
	*equals = '\0';
	return write_address(real, parts.local, domain) ? LOOKUP_FOUND : LOOKUP_ERROR;
}
