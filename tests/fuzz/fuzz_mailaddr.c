/* SPDX-License-Identifier: BSD-2-Clause */
/* An argument of MAIL or RCPT, and behind a newline what the MTA made of it. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "core/names/mailaddr.h"
#include "core/secure/secure.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char secure_domain[] = "secure.example.com";
static char *secure_domains[] = { secure_domain };
static char delimiter[] = "+";
static const struct settings settings = { .secure_domains = { 1, secure_domains },
					  .recipient_delimiter = delimiter };

/* The same address in one fixed spelling: all of its local part in quotes. */
static size_t spell(char *out, const struct mailaddr *addr)
{
	const char *parts[] = { addr->local, addr->extension };
	char *at = out;

	*at++ = '"';
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (i > 0 && *parts[i] != '\0')
			*at++ = '+';
		for (const char *c = parts[i]; *c != '\0'; c++) {
			*at++ = '\\';
			*at++ = *c;
		}
	}
	*at++ = '"';
	if (addr->domain[0] != '\0') {
		*at++ = '@';
		if (addr->domain_is_literal)
			*at++ = '[';
		at = stpcpy(at, addr->domain);
		if (addr->domain_is_literal)
			*at++ = ']';
	}
	return (size_t)(at - out);
}

static void check_parsed(const struct mailaddr *addr)
{
	char text[4 * LOCALPART_SIZE + DOMAIN_SIZE + 8], folded[DOMAIN_SIZE];
	struct mailaddr again;
	size_t len = spell(text, addr);

	assert(addr->local[0] != '\0');
	assert(mailaddr_parse(&again, text, len, "+") == MAILADDR_OK);
	assert(memcmp(addr, &again, sizeof(again)) == 0);
	if (addr->domain_is_literal || addr->domain[0] == '\0')
		return;
	assert(domain_fold(folded, addr->domain, strlen(addr->domain)));
	assert(strcmp(folded, addr->domain) == 0);
}

static bool is_secure(const char *text)
{
	struct mailaddr addr;

	return mailaddr_parse(&addr, text, strlen(text), "+") == MAILADDR_OK &&
	       !addr.domain_is_literal && strcmp(addr.domain, secure_domain) == 0;
}

static bool understood(const char *text)
{
	struct mailaddr addr;

	return mailaddr_parse(&addr, text, strlen(text), "+") != MAILADDR_MALFORMED;
}

static void check_kind(enum secure_role role, const char *argument, const char *rewritten)
{
	struct secure_address address;

	secure_classify(&address, &settings, role, argument, rewritten);
	assert(address.kind != SECURE_ALIAS || strcmp(address.alias.domain, secure_domain) == 0);
	assert(address.kind != SECURE_ORDINARY || !is_secure(argument));
	/* Nobody understood it, so where it goes cannot be known. */
	if (role == SECURE_RECIPIENT && !understood(argument) &&
	    (rewritten == NULL || !understood(rewritten)))
		assert(address.kind == SECURE_UNSURE);
	/* What the MTA itself puts there is there, whatever the client wrote; but a sender
	 * who came by a route may be UNSURE. */
	if (rewritten != NULL && is_secure(rewritten) &&
	    strspn(argument, "<> \t") < strlen(argument))
		assert(address.kind == SECURE_ALIAS ||
		       (role == SECURE_SENDER && address.kind == SECURE_UNSURE));
}

static void check_both_roles(char *text)
{
	char *rewritten = strchr(text, '\n');

	if (rewritten != NULL)
		*rewritten++ = '\0';
	check_kind(SECURE_SENDER, text, rewritten);
	check_kind(SECURE_RECIPIENT, text, rewritten);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct mailaddr addr;
	char text[2048];
	enum mailaddr_error error = mailaddr_parse(&addr, (const char *)bytes, len, "+");

	if (error == MAILADDR_OK) {
		assert(memchr(bytes, '\0', len) == NULL);
		check_parsed(&addr);
	} else {
		assert(addr.local[0] == '\0' && addr.domain[0] == '\0');
	}
	if (len < sizeof(text)) {
		memcpy(text, bytes, len);
		text[len] = '\0';
		check_both_roles(text);
	}
	return 0;
}
