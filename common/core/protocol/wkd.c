/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/wkd.h"

#include <string.h>

#include "base/str.h"

#define HASH_TEXT_SIZE 33
#define WELL_KNOWN "/.well-known/openpgpkey/"

bool wkd_name(struct wkd_name *name, const char *address)
{
	const char *domain = seal_address_domain(address);
	size_t len = (size_t)(domain - address);

	if (len < 2 || address[0] == '"' ||
	    !str_copy_n(name->local, sizeof(name->local), address, len - 1) ||
	    !str_copy(name->domain, sizeof(name->domain), domain))
		return false;
	str_copy(name->folded, sizeof(name->folded), name->local);
	str_lower(name->folded);
	return true;
}

/* z-base-32: 20 octets are 32 letters of five bits, and nothing is left over. */
static void hash_text(char text[HASH_TEXT_SIZE], const unsigned char hash[WKD_HASH_SIZE])
{
	static const char letters[] = "ybndrfg8ejkmcpqxot1uwisza345h769";

	for (size_t i = 0; i < HASH_TEXT_SIZE - 1; i++) {
		size_t bit = i * 5, at = bit / 8;
		unsigned two = (unsigned)hash[at] << 8 |
			       (at + 1 < WKD_HASH_SIZE ? (unsigned)hash[at + 1] : 0);

		text[i] = letters[two >> (11 - bit % 8) & 31];
	}
	text[HASH_TEXT_SIZE - 1] = '\0';
}

bool wkd_host(char host[DOMAIN_SIZE], enum wkd_way way, const struct wkd_name *name)
{
	return str_join(host, DOMAIN_SIZE, way == WKD_ADVANCED ? "openpgpkey." : "", name->domain,
			NULL);
}

static bool stands_for_itself(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void wkd_path(struct buf *path, enum wkd_way way, const struct wkd_name *name,
	      const unsigned char hash[WKD_HASH_SIZE])
{
	char text[HASH_TEXT_SIZE];

	hash_text(text, hash);
	buf_append_str(path, WELL_KNOWN);
	if (way == WKD_ADVANCED)
		buf_printf(path, "%s/", name->domain);
	buf_printf(path, "hu/%s?l=", text);
	for (const char *at = name->local; *at != '\0'; at++) {
		if (stands_for_itself(*at))
			buf_append(path, at, 1);
		else
			buf_printf(path, "%%%02X", (unsigned)(unsigned char)*at);
	}
}

enum lookup wkd_judge_status(long status)
{
	/* Time-out, too early, too many requests: ask again. */
	static const long passing[] = { 408, 425, 429 };

	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (status == passing[i])
			return LOOKUP_ERROR;
	return status >= 200 && status < 500 ? LOOKUP_ABSENT : LOOKUP_ERROR;
}

void wkd_answer_put(struct buf *out, enum lookup found, struct span key, const char *reason)
{
	char shown[WKD_REASON_SIZE];

	if (found == LOOKUP_FOUND) {
		buf_printf(out, "found %zu\n", key.len);
		buf_append(out, key.at, key.len);
		return;
	}
	buf_printf(out, "%s %s\n", found == LOOKUP_ABSENT ? "none" : "unsure",
		   str_printable(shown, sizeof(shown), reason, strlen(reason)));
}

static enum lookup fail(char reason[WKD_REASON_SIZE])
{
	str_copy(reason, WKD_REASON_SIZE, "postseal-wkd does not say it whole");
	return LOOKUP_ERROR;
}

enum lookup wkd_answer_read(struct span *key, char reason[WKD_REASON_SIZE], const char *bytes,
			    size_t len)
{
	struct span rest = { bytes, len }, line;
	uint64_t number;
	bool whole;

	reason[0] = '\0';
	line = span_cut(&rest, "\n", &whole);
	if (!whole)
		return fail(reason);
	if (span_skip(&line, "found ")) {
		if (!span_number(&line, WKD_KEY_MAX, &number) || line.len > 0 || number == 0 ||
		    number != rest.len)
			return fail(reason);
		*key = rest;
		return LOOKUP_FOUND;
	}
	whole = span_skip(&line, "none ");
	if ((!whole && !span_skip(&line, "unsure ")) || rest.len > 0 || line.len >= WKD_REASON_SIZE)
		return fail(reason);
	str_printable(reason, WKD_REASON_SIZE, line.at, line.len);
	return whole ? LOOKUP_ABSENT : LOOKUP_ERROR;
}
