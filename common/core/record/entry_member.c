/* SPDX-License-Identifier: BSD-2-Clause */
/* What may stand in a member (entry.h). */
#include "core/record/entry.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/names/ipaddr.h"

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

bool member_takes(const struct member *member, const char *text)
{
	if (strlen(text) >= member->size)
		return false;
	switch (member->type) {
	case MEMBER_TEXT:
		return str_all_print(text, strlen(text));
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
