/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/returned.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/report.h"
#include "io/crypto/crypto.h"
#include "mailbox/outbox.h"

/* A reply, by the handle that its Message-ID has (reply.c). */
struct returned {
	struct handle id, mailbox, sent;
	enum lookup found;
	struct mbox_mailbox box;
	struct mbox_letter letter; /* its copy in Sent, whose `sender` is the addressee */
};

static bool see_reply(void *context, const struct store_key *key, struct span value)
{
	struct returned *returned = context;

	if (key->len != 2 * HANDLE_SIZE || value.len != HANDLE_SIZE ||
	    memcmp(key->bytes + HANDLE_SIZE, returned->id.bytes, HANDLE_SIZE) != 0)
		return true;
	memcpy(returned->mailbox.bytes, key->bytes, HANDLE_SIZE);
	memcpy(returned->sent.bytes, value.at, HANDLE_SIZE);
	returned->found = LOOKUP_FOUND;
	return false;
}

static enum lookup read_reply(struct store_txn *txn, struct returned *returned)
{
	struct store_key all = store_key("", 0, "", 0), key;

	returned->found = LOOKUP_ABSENT;
	if (!store_each(txn, STORE_REPLY, &all, false, see_reply, returned))
		return LOOKUP_ERROR;
	if (returned->found != LOOKUP_FOUND)
		return LOOKUP_ABSENT;
	key = store_key_handle(&returned->mailbox);
	returned->found = store_get_mailbox(txn, &key, &returned->box);
	key = store_key_pair(&returned->mailbox, &returned->sent);
	return returned->found == LOOKUP_FOUND ? store_get_letter(txn, &key, &returned->letter)
					       : returned->found;
}

/* All replies are looked at, for whoever sends us such a mail: nobody waits for that. */
static enum lookup find_reply(struct home *home, struct returned *returned)
{
	struct store_txn *txn = store_begin(home->store, false);
	enum lookup found = txn != NULL ? read_reply(txn, returned) : LOOKUP_ERROR;

	store_abort(txn);
	return found;
}

/* Once: the token's record of what was seen serves for it. */
static enum lookup tell_once(struct home *home, struct store_txn *txn, struct returned *returned)
{
	struct note_facts facts = { .sender = returned->letter.sender,
				    .name = returned->letter.name,
				    .recipient = returned->box.address };
	struct mbox_seen seen = { .date = clock_wall() };
	unsigned char hash[CRYPTO_HASH_SIZE];
	struct store_key key;
	char id[17];
	enum lookup found;

	crypto_hmac(hash, home->server.bytes, sizeof(home->server.bytes), "returned", 8,
		    returned->id.bytes, HANDLE_SIZE);
	key = store_key(hash, sizeof(hash), "", 0);
	found = store_get_seen(txn, &key, &seen);
	if (found != LOOKUP_ABSENT)
		return found == LOOKUP_FOUND ? LOOKUP_ABSENT : found;
	return store_put_seen(txn, &key, &seen) &&
			       tell_reply_lost(home, txn, facts, str_hex(id, hash, 8))
		       ? LOOKUP_FOUND
		       : LOOKUP_ERROR;
}

static enum lookup take(struct home *home, struct span message, struct returned *returned)
{
	enum lookup found = find_reply(home, returned);
	struct store_txn *txn;

	if (found == LOOKUP_FOUND && !report_is_failure(message, true, returned->letter.sender))
		found = LOOKUP_ABSENT;
	if (found != LOOKUP_FOUND)
		return found;
	txn = store_begin(home->store, true);
	found = txn != NULL ? tell_once(home, txn, returned) : LOOKUP_ERROR;
	if (found == LOOKUP_FOUND) {
		found = store_commit(txn) ? LOOKUP_FOUND : LOOKUP_ERROR;
		txn = NULL;
	}
	store_abort(txn);
	if (found == LOOKUP_FOUND)
		log_warning("mailbox=%s sender=%s a reply came back", returned->box.address,
			    returned->letter.sender);
	return found;
}

enum lookup returned_reply(struct home *home, struct span message)
{
	struct returned *returned = mem_zero(1, sizeof(*returned));
	enum lookup found = LOOKUP_ABSENT;

	if (report_returned_id(message, seal_address_domain(home->from), returned->id.bytes,
			       HANDLE_SIZE))
		found = take(home, message, returned);
	free(returned);
	return found;
}
