/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of a marked mail, one a line, "Name:value": whatever they say, the mail is
 * sealed, refused, or not marked at all, and each header of ours is known by name.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/mailbox/mark.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char domain[] = "sealed.example.com", plus[] = "+";
static struct settings settings = { .mailbox_domain = domain,
				    .recipient_delimiter = plus,
				    .mailbox_pin_length = 8 };

static bool is_marked(const char *name)
{
	return str_starts_nocase(name, "X-Postseal-Seal:") ||
	       str_starts_nocase(name, "X-Postseal-PIN:");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char alice[] = "alice@example.com";
	static const struct token_recipient bob = { .address = "bob@example.net" };
	char *text = malloc(len + 1), *rest = text, *line;
	char address[SEAL_ADDRESS_SIZE];
	struct mailaddr sender;
	struct mark mark = { 0 };
	struct mark_facts facts = { .client = { .local = true },
				    .login = alice,
				    .sender = &sender,
				    .sender_here = true,
				    .recipients = &bob,
				    .count = 1 };
	struct secure_answer answer;
	enum mark_verdict verdict;
	bool marked = false;

	memcpy(text, bytes, len);
	text[len] = '\0';
	assert(mailaddr_parse(&sender, alice, strlen(alice), "") == MAILADDR_OK);
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *colon = strchr(line, ':');

		if (colon == NULL) {
			mark_place(address, &settings, line, NULL, "smtp");
			continue;
		}
		marked = marked || is_marked(line);
		*colon = '\0';
		mark_take_header(&mark, &settings, &sender, line, colon + 1);
	}
	verdict = mark_decide(&answer, &settings, &mark, &facts);
	assert(answer.refused == (verdict == MARK_REFUSE));
	assert(!marked || verdict != MARK_PASS);
	if (verdict == MARK_SEAL)
		assert(mark.authors == 1 && mark.author_is_sender && mark.pin_count <= 1);
	mark_free(&mark);
	free(text);
	return 0;
}
