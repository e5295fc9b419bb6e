/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/logline.h"

#include <string.h>

#include "base/str.h"

/* One word of graphic characters and the blank after it. */
static bool take_word(struct span *rest, struct span *word)
{
	bool found;

	*word = span_cut(rest, " ", &found);
	return found && word->len > 0 && str_all_graph(word->at, word->len);
}

/* A host has a name, or, for [192.0.2.1] as next hop, its address for one. */
static bool fold_host_name(char dst[DOMAIN_SIZE], struct span name)
{
	struct ipaddr addr;

	if (name.len == 0)
		return false;
	if (ipaddr_parse_numeric(&addr, name.at, name.len)) {
		char text[IPADDR_SIZE];

		return str_copy(dst, DOMAIN_SIZE, ipaddr_format(text, &addr));
	}
	return domain_fold(dst, name.at, name.len);
}

/* "mx.example.com[192.0.2.1]:25" */
static bool take_peer(struct logline *line, struct span *rest)
{
	struct span name, addr;
	uint64_t port;
	bool found;

	name = span_cut(rest, "[", &found);
	if (!found || !fold_host_name(line->host, name))
		return false;
	addr = span_cut(rest, "]:", &found);
	if (!found || addr.len == 0 || !ipaddr_parse(&line->addr, addr.at, addr.len))
		return false;
	if (!span_number(rest, UINT16_MAX, &port) || port == 0)
		return false;
	line->port = (uint16_t)port;
	return true;
}

static bool take_trust(enum logline_trust *trust, struct span *rest)
{
	static const char *const words[] = {
		[LOGLINE_ANONYMOUS] = "Anonymous ",
		[LOGLINE_UNTRUSTED] = "Untrusted ",
		[LOGLINE_TRUSTED] = "Trusted ",
		[LOGLINE_VERIFIED] = "Verified ",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (span_skip(rest, words[i])) {
			*trust = (enum logline_trust)i;
			return true;
		}
	}
	return false;
}

static bool take_version(uint16_t *version, struct span *rest)
{
	char name[16];
	struct span word;

	if (!take_word(rest, &word) || !str_copy_n(name, sizeof(name), word.at, word.len))
		return false;
	*version = tls_version_parse(name);
	return *version != 0;
}

/* "(256/256 bits)" and what TLS 1.3 has to add, or nothing. */
static bool bits_and_tail(struct span rest)
{
	uint64_t bits;

	return span_skip(&rest, "(") && span_number(&rest, UINT16_MAX, &bits) &&
	       span_skip(&rest, "/") && span_number(&rest, UINT16_MAX, &bits) &&
	       span_skip(&rest, " bits)") &&
	       (rest.len == 0 || span_starts(rest, " key-exchange ") ||
		span_starts(rest, " server-signature ") || span_starts(rest, " client-signature "));
}

/* tls_log_summary() of Postfix */
static bool parse_tls(struct logline *line, struct span rest)
{
	struct span cipher;

	if (!take_trust(&line->trust, &rest) || !span_skip(&rest, "TLS connection "))
		return false;
	line->kind = LOGLINE_TLS;
	line->reused = span_skip(&rest, "reused to ");
	if (!line->reused && !span_skip(&rest, "established to "))
		return false;
	return take_peer(line, &rest) && span_skip(&rest, ": ") &&
	       take_version(&line->version, &rest) && span_skip(&rest, "with cipher ") &&
	       take_word(&rest, &cipher) &&
	       str_copy_n(line->cipher, sizeof(line->cipher), cipher.at, cipher.len) &&
	       bits_and_tail(rest);
}

static bool queue_id_valid(struct span id)
{
	for (size_t i = 0; i < id.len; i++) {
		char c = str_lower_char(id.at[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			return false;
	}
	return id.len > 0 && id.len <= 32;
}

/*
 * `to` is all between "to=<" and ">, relay=": one address, or two with ">,
 * orig_to=<" between them. Before 3.5, and with info_log_address_format =
 * internal, addresses are not quoted, so only this much is certain of one:
 * its domain comes after its last "@".
 */
static void fold_recipient_domain(char domain[DOMAIN_SIZE], struct span to)
{
	struct span address;
	size_t at;
	bool found;

	domain[0] = '\0';
	address = span_cut(&to, ">, orig_to=<", &found);
	if (span_find(to, ">, orig_to=<") != NULL)
		return;
	for (at = address.len; at > 0 && address.at[at - 1] != '@'; at--)
		;
	if (at > 0 && at < address.len)
		domain_fold(domain, address.at + at, address.len - at);
}

/* Take `label`, and then one or more characters out of `set`. */
static bool take_field(struct span *rest, const char *label, const char *set, struct span *value)
{
	struct span all;

	if (!span_skip(rest, label))
		return false;
	all = *rest;
	while (rest->len > 0 && rest->at[0] != '\0' && strchr(set, rest->at[0]) != NULL) {
		rest->at++;
		rest->len--;
	}
	*value = (struct span){ all.at, all.len - rest->len };
	return value->len > 0;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* From after the relay: no one else has written any of this before the last field's "(". */
static bool parse_outcome(struct logline *line, struct span rest)
{
	struct span value;

	if (span_starts(rest, ", conn_use=") && !take_field(&rest, ", conn_use=", DIGITS, &value))
		return false;
	if (!take_field(&rest, ", delay=", DIGITS ".", &value) ||
	    !take_field(&rest, ", delays=", DIGITS "./", &value))
		return false;
	if (span_starts(rest, ", tls=") &&
	    !take_field(&rest, ", tls=", LOWER DIGITS "-+/:!?", &line->tls))
		return false;
	if (!take_field(&rest, ", dsn=", DIGITS ".", &value) ||
	    !take_field(&rest, ", status=", LOWER, &value))
		return false;
	line->sent = span_is(value, "sent");
	/*
	 * smtp_proto.c, after an EHLO that was answered. Words of a server stand
	 * after "(host NAME said: ", so none can put these at the start.
	 */
	line->no_starttls =
		!line->sent && span_starts(rest, " (TLS is required, but was not offered by host ");
	return span_starts(rest, " (") && span_ends(rest, ")");
}

/* log_adhoc() of Postfix */
static bool parse_delivery(struct logline *line, struct span rest)
{
	static const char relay[] = ">, relay=";
	struct span id, to;
	bool found;

	id = span_cut(&rest, ": ", &found);
	if (!found || !queue_id_valid(id) || !span_skip(&rest, "to=<"))
		return false;
	line->kind = LOGLINE_DELIVERY;
	line->queue_id = id;
	to = span_cut(&rest, relay, &found);
	/* A recipient or a server that writes such a thing wants to be misread. */
	if (!found || span_find(rest, relay) != NULL)
		return false;
	fold_recipient_domain(line->domain, to);
	return take_peer(line, &rest) && parse_outcome(line, rest);
}

bool logline_parse(struct logline *line, const char *bytes, size_t len)
{
	struct span rest = { bytes, len };

	/* Most lines are other programs': they cost no more than a look for this. */
	if (span_find(rest, "/smtp") == NULL)
		return false;
	memset(line, 0, offsetof(struct logline, unwrapped));
	if (!logline_take_head(line, &rest) || rest.len >= LOGLINE_TEXT_MAX)
		return false;
	line->queue_id = line->tls = (struct span){ bytes, 0 };
	return parse_tls(line, rest) || parse_delivery(line, rest);
}

bool logline_is_strange(const char *bytes, size_t len)
{
	struct span rest = { bytes, len };
	struct logline line;

	if (span_find(rest, "/smtp") == NULL ||
	    (span_find(rest, " TLS connection ") == NULL && span_find(rest, ", status=") == NULL))
		return false;
	/* Other programs of Postfix write such lines, too: smtpd(8), local(8). */
	if (span_find(rest, "/smtp[") == NULL && span_find(rest, "/smtp ") == NULL)
		return false;
	return !logline_take_head(&line, &rest);
}
