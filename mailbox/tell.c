/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/tell.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

static enum submitted send_note(const struct home *home, enum note note, struct note_facts *facts,
				const char *id, const char *from, const char *to)
{
	struct buf message = { 0 };
	char message_id[MBOX_ID_SIZE];
	enum submitted result;

	snprintf(message_id, sizeof(message_id), "<%s.%d@%s>", id, (int)note,
		 seal_address_domain(home->from));
	facts->site = home->site;
	facts->url = home->settings->mailbox_url;
	facts->from = home->from;
	facts->to = to;
	facts->message_id = message_id;
	facts->now = clock_wall();
	if (facts->in_reply_to == NULL)
		facts->in_reply_to = "";
	if (facts->name == NULL)
		facts->name = "";
	if (facts->pin == NULL)
		facts->pin = "";
	note_write(&message, note, facts);
	result = submit_mail(home, from, to, &message);
	if (result == SUBMIT_DONE)
		log_info("to=%s note=%d sent", to, (int)note);
	facts->message_id = "";
	buf_free(&message);
	return result;
}

enum submitted tell_sender(const struct home *home, enum note note, struct note_facts facts,
			   const char *id)
{
	return send_note(home, note, &facts, id, home->from, facts.sender);
}

/* "sealed-bounce@example.com" with an extension, by the first delimiter that Postfix has. */
static void bounce_address(char dst[SEAL_ADDRESS_SIZE], const struct home *home,
			   const char *extension)
{
	const char *whole = home->settings->mailbox_bounce;
	const char *at = strrchr(whole, '@');
	char local[SEAL_LOCAL_MAX], delimiter[2] = { home->settings->recipient_delimiter[0], '\0' };

	dst[0] = '\0';
	if (at == NULL || extension[0] == '\0' || delimiter[0] == '\0' ||
	    !str_copy_n(local, sizeof(local), whole, (size_t)(at - whole)))
		return;
	str_join(dst, SEAL_ADDRESS_SIZE, local, delimiter, extension, at, NULL);
}

enum submitted tell_recipient(const struct home *home, enum note note, struct note_facts facts,
			      const char *id, const char *bounce)
{
	char from[SEAL_ADDRESS_SIZE];

	bounce_address(from, home, bounce);
	return send_note(home, note, &facts, id, from, facts.recipient);
}
