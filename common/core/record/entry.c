/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/entry.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/names/ipaddr.h"

const char *entry_kind_name(enum entry_kind kind)
{
	static const char *const names[ENTRY_KINDS] = {
		[ENTRY_HEADER] = "header",
		[ENTRY_DOMAIN] = "domain",
		[ENTRY_HOST] = "host",
		[ENTRY_OVERRIDE] = "override",
		[ENTRY_PINS] = "pins",
		[ENTRY_ALIAS] = "alias",
		[ENTRY_EXCEPTIONS] = "exceptions",
		[ENTRY_JOURNAL] = "journal",
		[ENTRY_END] = "end",
	};

	return names[kind];
}

bool entry_is_record(enum entry_kind kind)
{
	return kind > ENTRY_HEADER && kind < ENTRY_END;
}

/*
 * Keys.
 */

/* The member that is the key; NULL if the kind has none. */
static const struct member *key_member(enum entry_kind kind)
{
	const struct member *first = entry_members(kind);

	return first->offset == offsetof(struct entry, key) ? first : NULL;
}

void entry_key(char dst[ENTRY_KEY_SIZE], const struct entry *entry)
{
	_Static_assert(HOST_KEY_SIZE <= ENTRY_KEY_SIZE, "hosts' keys must fit");
	if (entry->kind == ENTRY_HOST)
		record_host_key(dst, entry->key, entry->port);
	else
		str_copy(dst, ENTRY_KEY_SIZE, entry->key);
}

/* "mx.example.com:25", "[2001:db8::1]:25": what is not spelled so is found out later. */
static bool take_host_key(struct entry *entry, const char *key)
{
	const char *colon = strrchr(key, ':');
	bool brackets = key[0] == '[' && colon != NULL && colon > key + 1 && colon[-1] == ']';
	size_t skip = brackets ? 1 : 0;
	uint64_t port;

	if (colon == NULL || !str_number(colon + 1, strlen(colon + 1), UINT16_MAX, &port) ||
	    port == 0)
		return false;
	entry->port = (uint16_t)port;
	return str_copy_n(entry->key, DOMAIN_SIZE, key + skip, (size_t)(colon - key) - 2 * skip);
}

bool entry_take_key(struct entry *entry, const char *key)
{
	const struct member *member = key_member(entry->kind);
	char again[ENTRY_KEY_SIZE];

	if (member == NULL)
		return false;
	if (entry->kind == ENTRY_HOST ? !take_host_key(entry, key)
				      : !str_copy(entry->key, ENTRY_KEY_SIZE, key))
		return false;
	entry_key(again, entry);
	return member_takes(member, entry->key) && strcmp(again, key) == 0;
}

/*
 * Records.
 */

void entry_put_record(struct buf *out, const struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_DOMAIN:
		record_put_domain(out, &entry->of.domain);
		break;
	case ENTRY_HOST:
		record_put_host(out, &entry->of.host);
		break;
	case ENTRY_OVERRIDE:
		record_put_override(out, &entry->of.override);
		break;
	case ENTRY_PINS:
		record_put_pins(out, &entry->of.pins);
		break;
	case ENTRY_ALIAS:
		record_put_alias(out, &entry->of.alias);
		break;
	case ENTRY_EXCEPTIONS:
		record_put_exceptions(out, &entry->of.exceptions);
		break;
	case ENTRY_JOURNAL:
		record_put_journal(out, &entry->of.journal);
		break;
	case ENTRY_HEADER:
	case ENTRY_END:
	case ENTRY_KINDS:
		break;
	}
}

static bool decodes(enum entry_kind kind, const struct buf *bytes)
{
	struct entry again;

	switch (kind) {
	case ENTRY_DOMAIN:
		return record_get_domain(&again.of.domain, bytes->data, bytes->len);
	case ENTRY_HOST:
		return record_get_host(&again.of.host, bytes->data, bytes->len);
	case ENTRY_OVERRIDE:
		return record_get_override(&again.of.override, bytes->data, bytes->len);
	case ENTRY_PINS:
		return record_get_pins(&again.of.pins, bytes->data, bytes->len);
	case ENTRY_ALIAS:
		return record_get_alias(&again.of.alias, bytes->data, bytes->len);
	case ENTRY_EXCEPTIONS:
		return record_get_exceptions(&again.of.exceptions, bytes->data, bytes->len);
	case ENTRY_JOURNAL:
		return record_get_journal(&again.of.journal, bytes->data, bytes->len);
	case ENTRY_HEADER:
	case ENTRY_END:
	case ENTRY_KINDS:
		break;
	}
	return false;
}

bool entry_is_sound(const struct entry *entry)
{
	struct buf bytes = { 0 };
	bool sound;

	entry_put_record(&bytes, entry);
	sound = decodes(entry->kind, &bytes);
	buf_free(&bytes);
	return sound;
}

const char *entry_rule(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_DOMAIN:
		return "MX hosts by preference, then name, none twice; addresses among them only "
		       "in "
		       "state literal; an id of letters and digits";
	case ENTRY_HOST:
		return "a source wherever something was observed";
	case ENTRY_PINS:
		return "pins ascending, none twice";
	case ENTRY_EXCEPTIONS:
		return "senders ascending, none twice; each expires after it was set, at most 366 "
		       "days";
	default:
		return "";
	}
}

/*
 * Texts.
 */

static bool is_name(const char *text)
{
	char folded[DOMAIN_SIZE];

	return domain_fold(folded, text, strlen(text)) && strcmp(folded, text) == 0;
}

static bool is_ipaddr(const char *text)
{
	struct ipaddr addr;
	char canonical[IPADDR_SIZE];

	return ipaddr_parse(&addr, text, strlen(text)) &&
	       strcmp(ipaddr_format(canonical, &addr), text) == 0;
}

static bool is_nexthop(const char *text)
{
	struct nexthop nexthop;

	return nexthop_parse(&nexthop, text, strlen(text)) == NEXTHOP_OK &&
	       strcmp(nexthop.key, text) == 0;
}

static bool is_mail_address(const char *text)
{
	char key[ALIAS_ADDRESS_SIZE];
	struct mailaddr addr;

	/* Which extensions there are is for the settings to say, and not kept with it. */
	return mailaddr_parse(&addr, text, strlen(text), "") == MAILADDR_OK &&
	       alias_key(key, &addr) && strcmp(key, text) == 0;
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (!str_is_print(*text))
			return false;
	return true;
}

bool member_takes(const struct member *member, const char *text)
{
	if (strlen(text) >= member->size)
		return false;
	switch (member->type) {
	case MEMBER_TEXT:
		return is_printable(text);
	case MEMBER_NAME:
		return text[0] == '\0' || is_name(text);
	case MEMBER_HOST:
		return is_name(text) || is_ipaddr(text);
	case MEMBER_PATTERN:
		return is_name(strncmp(text, "*.", 2) == 0 ? text + 2 : text);
	case MEMBER_NEXTHOP:
		return is_nexthop(text);
	case MEMBER_ADDRESS:
		return is_mail_address(text);
	case MEMBER_SENDER:
		return exception_names_sender(text);
	default:
		return false;
	}
}

/*
 * Words for what may stand where.
 */

static void expect_words(char dst[MEMBER_EXPECTED_SIZE], const struct member *member)
{
	bool null = false;
	size_t used = 0;

	dst[0] = '\0';
	for (int64_t i = member->min; i <= member->max; i++) {
		const char *word = member->word((int)i);

		if (word[0] == '\0')
			null = true;
		else if (used < MEMBER_EXPECTED_SIZE)
			used += (size_t)snprintf(dst + used, MEMBER_EXPECTED_SIZE - used,
						 "%s\"%s\"", used > 0 ? ", " : "", word);
	}
	if (null && used < MEMBER_EXPECTED_SIZE)
		snprintf(dst + used, MEMBER_EXPECTED_SIZE - used, ", or null");
}

static const char *expected_text(enum member_type type)
{
	switch (type) {
	case MEMBER_NAME:
		return "a domain name in lower case, or null";
	case MEMBER_HOST:
		return "a host's name in lower case, or an address";
	case MEMBER_PATTERN:
		return "a domain name in lower case, or *. and one";
	case MEMBER_NEXTHOP:
		return "a next hop as postseal spells it: example.com, [mx.example.com]:587";
	case MEMBER_ADDRESS:
		return "a mail address in lower case, without extension";
	case MEMBER_SENDER:
		return "a mail address in lower case, or @ and a domain name";
	case MEMBER_DIGEST:
		return "64 hexadecimal digits in lower case";
	case MEMBER_BOOL:
		return "true or false";
	case MEMBER_COUNT:
		return "a whole number, not negative";
	case MEMBER_DATE:
		return "a date like 2026-01-02T03:04:05Z, or null";
	case MEMBER_VERSION:
		return "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, the number of another version, or null";
	default:
		return "an object";
	}
}

char *member_expected(char dst[MEMBER_EXPECTED_SIZE], const struct member *member)
{
	switch (member->type) {
	case MEMBER_NUMBER:
		snprintf(dst, MEMBER_EXPECTED_SIZE, "a whole number from %d to 65535",
			 (int)member->min);
		break;
	case MEMBER_DATES:
		snprintf(dst, MEMBER_EXPECTED_SIZE,
			 "a list of at most %d dates, ascending, one a %s", TIMESET_MAX,
			 member->bucket > 1 ? "day" : "second");
		break;
	case MEMBER_LIST:
		snprintf(dst, MEMBER_EXPECTED_SIZE, "a list of at most %zu",
			 member->size / member->stride);
		break;
	case MEMBER_TEXT:
		snprintf(dst, MEMBER_EXPECTED_SIZE,
			 "1 to %zu characters of printable ASCII, or null", member->size - 1);
		break;
	case MEMBER_WORD:
		expect_words(dst, member);
		break;
	default:
		snprintf(dst, MEMBER_EXPECTED_SIZE, "%s%s", expected_text(member->type),
			 member->type == MEMBER_DIGEST && member->count != MEMBER_ALWAYS
				 ? ", or null"
				 : "");
	}
	return dst;
}
