/* SPDX-License-Identifier: BSD-2-Clause */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypto/crypto.h"
#include "mailbox/outbox.h"
#include "mailbox/vault.h"

static bool put_note(struct home *home, struct store_txn *txn, struct outbox_news *news,
		     struct note_facts *facts, const char *id)
{
	struct buf message = { 0 };
	char message_id[MBOX_ID_SIZE];
	bool good;

	snprintf(message_id, sizeof(message_id), "<%s.%d@%s>", id, (int)news->note,
		 seal_address_domain(home->from));
	facts->site = home->site;
	facts->url = home->settings->mailbox_url;
	facts->from = home->from;
	facts->to = news->to;
	facts->message_id = message_id;
	facts->now = clock_wall();
	if (facts->in_reply_to == NULL)
		facts->in_reply_to = "";
	if (facts->name == NULL)
		facts->name = "";
	if (facts->pin == NULL)
		facts->pin = "";
	note_write(&message, news->note, facts);
	good = outbox_put(home->outbox, txn, news, &message);
	facts->message_id = "";
	crypto_wipe(message.data, message.cap);
	buf_free(&message);
	return good;
}

bool tell_sender(struct home *home, struct store_txn *txn, enum note note, struct note_facts facts,
		 const char *id)
{
	struct outbox_news news = { .note = note, .from = home->from, .to = facts.sender };

	return put_note(home, txn, &news, &facts, id);
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

bool tell_letter(struct home *home, struct store_txn *txn, enum note note, struct note_facts facts,
		 const char *bounce, const struct handle *mailbox, const struct handle *letter)
{
	char from[SEAL_ADDRESS_SIZE];
	struct outbox_news news = { .note = note,
				    .from = from,
				    .to = facts.recipient,
				    .mailbox = mailbox,
				    .letter = letter };

	bounce_address(from, home, bounce);
	return put_note(home, txn, &news, &facts, bounce);
}

bool tell_recipient(struct home *home, struct store_txn *txn, enum note note,
		    struct note_facts facts, const char *id)
{
	struct outbox_news news = { .note = note, .from = "", .to = facts.recipient };

	return put_note(home, txn, &news, &facts, id);
}

/* With no sender no transport is chosen for it: it says nothing that needs one. */
bool tell_reply_lost(struct home *home, struct store_txn *txn, struct note_facts facts,
		     const char *id)
{
	struct outbox_news news = { .note = NOTE_REPLY_LOST, .from = "", .to = facts.sender };

	return put_note(home, txn, &news, &facts, id);
}

bool tell_link_lost(struct home *home, struct store_txn *txn, const struct handle *mailbox,
		    const struct handle *letter)
{
	struct store_key box_key = store_key_handle(mailbox);
	struct store_key letter_key = store_key_pair(mailbox, letter);
	struct mbox_mailbox *box = mem_alloc(sizeof(*box));
	struct mbox_letter *lost = mem_alloc(sizeof(*lost));
	enum lookup found = store_get_letter(txn, &letter_key, lost);
	char id[HANDLE_HEX_SIZE];
	bool good;

	if (found == LOOKUP_FOUND)
		found = store_get_mailbox(txn, &box_key, box);
	good = found == LOOKUP_ABSENT;
	if (found == LOOKUP_FOUND) {
		struct note_facts facts = { .sender = lost->sender,
					    .name = lost->name,
					    .recipient = box->address,
					    .in_reply_to = lost->message_id };

		good = tell_sender(home, txn, NOTE_LINK_BOUNCED, facts, handle_hex(id, letter));
	}
	free(box);
	free(lost);
	return good;
}
