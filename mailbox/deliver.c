/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/deliver.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/code.h"
#include "core/mailbox/life.h"
#include "core/mailbox/mime.h"
#include "core/mailbox/pin.h"
#include "core/mailbox/report.h"
#include "io/crypto/crypto.h"
#include "io/local/metrics_file.h"
#include "mailbox/body.h"
#include "mailbox/grave.h"
#include "mailbox/keydir.h"
#include "mailbox/openpgp.h"
#include "mailbox/quota.h"
#include "mailbox/submit.h"
#include "mailbox/outbox.h"

#define SUMMARY_STEP 256
#define SUBJECT_MAX 998
#define DAY INT64_C(86400)
#define TRIES 5 /* where another thread is faster */

/* All that is known of one delivery. */
struct delivery {
	struct home *home;
	const struct token *token;
	const char *recipient; /* as it was written */
	struct span message;
	int64_t now;
	struct store_key seen_key;
	unsigned char bounce[DELIVER_BOUNCE_OCTETS];
	unsigned char secret[CODE_SECRET_SIZE], link_id[CRYPTO_HASH_SIZE];
	unsigned char link_public[HPKE_PUBLIC_SIZE];
	unsigned char k[FRAME_KEY_SIZE];
	struct handle mailbox, letter_handle;
	struct seal_key vault;
	struct mbox_mailbox box;
	struct mbox_gate gate;
	struct mbox_letter letter;
	char pin[PIN_SIZE]; /* to be told to the sender; "" if none */
	bool pin_replaced;
};

/* What Postfix gives again, as it may after any answer, is known by this key. */
static void settle_seen_key(struct delivery *d)
{
	unsigned char seed[TOKEN_RANDOM_SIZE + CRYPTO_HASH_SIZE], hash[CRYPTO_HASH_SIZE];
	struct store_key address = store_key_address(d->recipient);

	memcpy(seed, d->token->random, TOKEN_RANDOM_SIZE);
	memcpy(seed + TOKEN_RANDOM_SIZE, address.bytes, CRYPTO_HASH_SIZE);
	crypto_sha256(hash, seed, sizeof(seed));
	d->seen_key = store_key(hash, sizeof(hash), "", 0);
}

static void make_link(struct delivery *d)
{
	unsigned char ikm[CRYPTO_HASH_SIZE], private_key[HPKE_PRIVATE_SIZE];

	crypto_random(d->bounce, sizeof(d->bounce));
	crypto_random(d->secret, sizeof(d->secret));
	crypto_hkdf(d->link_id, d->secret, sizeof(d->secret), "postseal v1 link id");
	crypto_hkdf(ikm, d->secret, sizeof(d->secret), "postseal v1 link key");
	hpke_derive_pair(private_key, d->link_public, ikm, sizeof(ikm));
	crypto_wipe(private_key, sizeof(private_key));
	crypto_wipe(ikm, sizeof(ikm));
}

/* The mailbox that mail to this address goes to. */
static enum lookup find_mailbox(struct store_txn *txn, const char *recipient, struct handle *handle,
				struct mbox_mailbox *box)
{
	struct store_key key = store_key_address(recipient);
	struct mbox_address address;
	enum lookup found = store_get_address(txn, &key, &address);

	if (found != LOOKUP_FOUND)
		return found;
	if (address.count == 0)
		return LOOKUP_ABSENT;
	*handle = address.mailbox[address.count - 1];
	key = store_key_handle(handle);
	found = store_get_mailbox(txn, &key, box);
	if (found == LOOKUP_FOUND && box->retired)
		return LOOKUP_ABSENT;
	return found == LOOKUP_ABSENT ? LOOKUP_ERROR : found;
}

static bool put_new_mailbox(struct store_txn *txn, struct delivery *d)
{
	struct store_key key = store_key_address(d->recipient);
	struct mbox_address address = { 0 };
	enum lookup found = store_get_address(txn, &key, &address);

	/* The janitor may have taken it for one that was left over. */
	if (found == LOOKUP_ERROR || address.count == MBOX_PER_ADDRESS_MAX ||
	    !grave_fill(txn, &d->mailbox))
		return false;
	address.mailbox[address.count++] = d->mailbox;
	d->box = (struct mbox_mailbox){ .created = d->now };
	str_copy(d->box.address, sizeof(d->box.address), d->recipient);
	return store_put_address(txn, &key, &address);
}

/* FOUND: it was there, and its key, too. ABSENT: a handle and a key file were made for it. */
static enum lookup settle_mailbox(struct delivery *d)
{
	const char *keys = d->home->settings->mailbox_keys;
	struct store_txn *txn = store_begin(d->home->store, false);
	enum lookup found =
		txn != NULL ? find_mailbox(txn, d->recipient, &d->mailbox, &d->box) : LOOKUP_ERROR;

	store_abort(txn);
	if (found == LOOKUP_ABSENT) {
		handle_make(&d->mailbox);
		if (!grave_dig(d->home->store, &d->mailbox))
			return LOOKUP_ERROR;
		if (!vault_make(keys, &d->mailbox, VAULT_MAILBOX) ||
		    !vault_read(&d->vault, keys, &d->mailbox)) {
			grave_bury(d->home, &d->mailbox);
			return LOOKUP_ERROR;
		}
	} else if (found == LOOKUP_FOUND && !vault_read(&d->vault, keys, &d->mailbox)) {
		return LOOKUP_ERROR;
	}
	return found;
}

static void json_text(json_t *object, const char *name, const char *text, size_t len)
{
	json_object_set_new(object, name, json_stringn(text, len));
}

static json_t *address_json(struct span value)
{
	struct buf name = { 0 };
	char address[SEAL_ADDRESS_SIZE];
	json_t *object = json_object();

	mime_first_address(value, address, &name);
	json_text(object, "name", buf_cstr(&name), name.len);
	json_text(object, "address", address, strlen(address));
	buf_free(&name);
	return object;
}

static void put_summary(struct delivery *d)
{
	json_t *summary = json_object();
	struct span value = { "", 0 };
	struct buf subject = { 0 }, plain = { 0 }, sealed = { 0 };
	int64_t date = d->now;
	char *text;

	if (mime_find_header(d->message, "Subject", &value))
		mime_decode(&subject, value, SUBJECT_MAX);
	json_text(summary, "subject", buf_cstr(&subject), subject.len);
	value = (struct span){ "", 0 };
	mime_find_header(d->message, "From", &value);
	json_object_set_new(summary, "from", address_json(value));
	value = (struct span){ "", 0 };
	mime_find_header(d->message, "To", &value);
	json_object_set_new(summary, "to", address_json(value));
	if (mime_find_header(d->message, "Date", &value))
		mime_parse_date(value, &date);
	json_object_set_new(summary, "date", json_integer(date));
	json_object_set_new(summary, "size", json_integer((json_int_t)d->message.len));
	text = json_dumps(summary, JSON_COMPACT);
	if (text != NULL)
		buf_append_str(&plain, text);
	while (plain.len % SUMMARY_STEP != 0 || plain.len == 0)
		buf_append_str(&plain, " ");
	part_seal(&sealed, d->k, "summary", &d->mailbox, &d->letter_handle, plain.data, plain.len);
	d->letter.summary_len = sealed.len + VAULT_EXTRA;
	vault_seal(d->letter.summary, &d->vault, "summary", &d->letter_handle, sealed.data,
		   sealed.len);
	crypto_wipe(plain.data, plain.len);
	json_decref(summary);
	free(text);
	buf_free(&subject);
	buf_free(&plain);
	buf_free(&sealed);
}

/* The body on disk, and the letter's record but for its keys. */
static bool seal_letter(struct delivery *d)
{
	struct body_writer *writer;
	struct span value = { "", 0 };
	struct buf name = { 0 };
	char address[SEAL_ADDRESS_SIZE];

	handle_make_dated(&d->letter_handle, d->now);
	crypto_random(d->k, sizeof(d->k));
	d->letter.box = MBOX_INBOX;
	d->letter.date = d->now;
	str_copy(d->letter.sender, sizeof(d->letter.sender), d->token->sender);
	if (mime_find_header(d->message, "From", &value)) {
		mime_first_address(value, address, &name);
		str_copy_n(d->letter.name, sizeof(d->letter.name), buf_cstr(&name), name.len);
		buf_free(&name);
	}
	if (mime_find_header(d->message, "Message-ID", &value))
		mime_message_id(d->letter.message_id, sizeof(d->letter.message_id), value);
	put_summary(d);
	writer = body_begin(d->home->store, &d->vault, &d->mailbox, &d->letter_handle, d->k);
	if (writer == NULL)
		return false;
	if (body_write(writer, d->message.at, d->message.len))
		return body_finish(writer, &d->letter.size);
	body_abandon(writer);
	return false;
}

/* K to a public key, and that under the key file. */
static bool seal_key_to(unsigned char out[MBOX_KEY_SIZE], const struct seal_key *vault,
			const unsigned char public_key[HPKE_PUBLIC_SIZE], const char *kind,
			const struct handle *mailbox, const struct handle *letter,
			const unsigned char k[FRAME_KEY_SIZE])
{
	unsigned char aad[FRAME_AAD_MAX], sealed[SEALED_KEY_SIZE];
	size_t aad_len = frame_aad(aad, mailbox, letter, kind);

	if (!hpke_seal(sealed, public_key, FRAME_KEY_INFO, aad, aad_len, k, FRAME_KEY_SIZE))
		return false;
	vault_seal(out, vault, "key", letter, sealed, sizeof(sealed));
	return true;
}

struct links {
	const struct delivery *d;
	struct mbox_letter *letter;
	const struct handle *handle;
	const unsigned char *k;
	bool good;
};

static bool same_sender(const char *a, const char *b)
{
	struct store_key one = store_key_address(a), two = store_key_address(b);

	return memcmp(one.bytes, two.bytes, one.len) == 0;
}

/* A link of this sender to this mailbox: K is sealed to it, too. */
static bool seal_to_link(void *context, const struct store_key *key, struct span value)
{
	struct links *links = context;
	const struct delivery *d = links->d;
	struct mbox_letter *letter = links->letter;
	struct mbox_link *link = mem_alloc(sizeof(*link));

	(void)key;
	if (mbox_get_link(link, value.at, value.len) &&
	    same_sender(link->sender, d->token->sender) && letter->links < MBOX_LINKS_MAX) {
		struct mbox_link_key *own = &letter->link[letter->links];
		bool has = false;

		for (size_t i = 0; i < letter->links; i++)
			has = has || handle_same(&letter->link[i].link, &link->handle);
		if (!has) {
			own->link = link->handle;
			links->good =
				seal_key_to(own->key, &d->vault, link->public_key, "key to link",
					    &d->mailbox, links->handle, links->k);
			letter->links += links->good;
		}
	}
	free(link);
	return links->good;
}

static bool seal_to_links(struct store_txn *txn, const struct delivery *d,
			  struct mbox_letter *letter, const struct handle *handle,
			  const unsigned char k[FRAME_KEY_SIZE])
{
	struct links links = { .d = d, .letter = letter, .handle = handle, .k = k, .good = true };
	struct store_key prefix = store_key_handle(&d->mailbox);

	return store_each(txn, STORE_LINK, &prefix, true, seal_to_link, &links) && links.good;
}

static bool put_link(struct store_txn *txn, const struct delivery *d)
{
	unsigned char hash[CRYPTO_HASH_SIZE];
	struct mbox_link *link = mem_zero(1, sizeof(*link));
	struct store_key pair, id_key;
	struct buf value = { 0 };
	bool good;

	crypto_sha256(hash, d->link_id, sizeof(d->link_id));
	link->mailbox = d->mailbox;
	/* Dated, so that the newest are first where there are more than a letter can have. */
	handle_make_dated(&link->handle, d->now);
	str_copy(link->sender, sizeof(link->sender), d->token->sender);
	str_copy(link->name, sizeof(link->name), d->letter.name);
	link->date = d->now;
	memcpy(link->public_key, d->link_public, sizeof(link->public_key));
	pair = store_key_pair(&d->mailbox, &link->handle);
	id_key = store_key(hash, sizeof(hash), "", 0);
	buf_append(&value, pair.bytes, pair.len);
	good = store_put_link(txn, &pair, link) && store_put(txn, STORE_LINK_ID, &id_key, &value);
	buf_free(&value);
	free(link);
	return good;
}

struct earlier {
	size_t count;
	struct handle handle[MBOX_LINKS_MAX];
};

static bool note_letter(void *context, const struct store_key *key, struct span value)
{
	struct earlier *earlier = context;

	(void)value;
	if (earlier->count == ARRAY_LEN(earlier->handle) || key->len != 2 * sizeof(struct handle))
		return false;
	memcpy(earlier->handle[earlier->count++].bytes, key->bytes + HANDLE_SIZE, HANDLE_SIZE);
	return true;
}

/* Earlier letters of this sender, as long as their keys are in memory, open with this link too. */
static bool seal_earlier(struct store_txn *txn, const struct delivery *d)
{
	struct earlier earlier = { 0 };
	struct store_key prefix = store_key_handle(&d->mailbox);
	struct mbox_letter *letter = mem_alloc(sizeof(*letter));
	bool good = store_each(txn, STORE_LETTER, &prefix, true, note_letter, &earlier);

	for (size_t i = 0; good && i < earlier.count; i++) {
		struct store_key key = store_key_pair(&d->mailbox, &earlier.handle[i]);
		unsigned char k[FRAME_KEY_SIZE];

		if (!fresh_find(d->home->fresh, &earlier.handle[i], k))
			continue;
		if (store_get_letter(txn, &key, letter) == LOOKUP_FOUND &&
		    same_sender(letter->sender, d->token->sender))
			good = seal_to_links(txn, d, letter, &earlier.handle[i], k) &&
			       store_put_letter(txn, &key, letter);
		crypto_wipe(k, sizeof(k));
	}
	free(letter);
	return good;
}

static void set_pin(struct delivery *d, const char *pin)
{
	char filled[PIN_DIGITS_MAX] = { 0 };

	memcpy(filled, pin, strlen(pin));
	vault_seal(d->gate.pin, &d->vault, "pin", &d->mailbox, filled, sizeof(filled));
	crypto_wipe(filled, sizeof(filled));
	d->gate.has_pin = true;
	d->gate.open = false;
	d->gate.tries = 0;
	d->gate.told = false;
}

static void make_pin(char pin[PIN_SIZE], size_t length)
{
	unsigned char octets[PIN_DIGITS_MAX];

	do
		crypto_random(octets, sizeof(octets));
	while (!pin_make(pin, length, octets));
}

/* What the sender is to be told: the PIN of the gate as it is now. */
static bool recall_pin(struct delivery *d)
{
	unsigned char filled[PIN_DIGITS_MAX];

	d->pin[0] = '\0';
	if (d->gate.open || !d->gate.has_pin)
		return true;
	if (!vault_unseal(filled, &d->vault, "pin", &d->mailbox, d->gate.pin, sizeof(d->gate.pin)))
		return false;
	memcpy(d->pin, filled, PIN_DIGITS_MAX);
	d->pin[PIN_DIGITS_MAX] = '\0';
	crypto_wipe(filled, sizeof(filled));
	return true;
}

static bool settle_gate(struct store_txn *txn, struct delivery *d)
{
	struct store_key key = store_key_gate(&d->mailbox, d->token->sender);
	enum lookup found = store_get_gate(txn, &key, &d->gate);
	const char *chosen = token_pin(d->token, d->recipient);
	char pin[PIN_SIZE];

	if (found == LOOKUP_ERROR)
		return false;
	if (found == LOOKUP_ABSENT) {
		d->gate = (struct mbox_gate){ .open = true };
		str_copy(d->gate.sender, sizeof(d->gate.sender), d->token->sender);
	}
	switch (life_pin_for(d->home->settings, &d->box, found == LOOKUP_FOUND, &d->gate,
			     chosen[0] != '\0', d->token->pin_required)) {
	case LIFE_PIN_NEW:
		if (chosen[0] != '\0')
			str_copy(pin, sizeof(pin), chosen);
		else
			make_pin(pin, d->home->settings->mailbox_pin_length);
		set_pin(d, pin);
		break;
	case LIFE_PIN_REPLACED:
		d->pin_replaced = true;
		set_pin(d, chosen);
		break;
	case LIFE_PIN_NONE:
	case LIFE_PIN_PASSED:
	case LIFE_PIN_KEPT:
		break;
	}
	crypto_wipe(pin, sizeof(pin));
	return store_put_gate(txn, &key, &d->gate) && recall_pin(d);
}

static bool put_seen(struct store_txn *txn, const struct delivery *d)
{
	struct mbox_seen seen = { .date = d->now };

	return store_put_seen(txn, &d->seen_key, &seen);
}

static bool put_keys(struct store_txn *txn, struct delivery *d)
{
	if (d->box.opened != 0) {
		d->letter.has_key =
			seal_key_to(d->letter.key, &d->vault, d->box.public_key, "key to mailbox",
				    &d->mailbox, &d->letter_handle, d->k);
		return d->letter.has_key;
	}
	return put_link(txn, d) && seal_to_links(txn, d, &d->letter, &d->letter_handle, d->k) &&
	       seal_earlier(txn, d);
}

static bool put_bounce(struct store_txn *txn, const struct delivery *d)
{
	struct store_key key = store_key(d->bounce, sizeof(d->bounce), "", 0);
	struct store_key pair = store_key_pair(&d->mailbox, &d->letter_handle);
	struct buf value = { 0 };
	bool good;

	buf_append(&value, pair.bytes, pair.len);
	good = store_put(txn, STORE_BOUNCE, &key, &value);
	buf_free(&value);
	return good;
}

/* The link or the news for the recipient, and the receipt for the sender. */
static bool tell_both(struct store_txn *txn, struct delivery *d)
{
	char bounce[2 * DELIVER_BOUNCE_OCTETS + 1];
	struct note_facts facts = {
		.sender = d->token->sender,
		.name = d->letter.name,
		.recipient = d->recipient,
		.pin = d->pin,
		.pin_needed = d->pin[0] != '\0',
		.pin_replaced = d->pin_replaced,
		.opening_is_told = d->box.opened == 0 && d->home->settings->mailbox_notify_opened,
		.language = d->box.language,
		/* So long at least; the mailbox may last longer. */
		.date = d->now + d->home->settings->mailbox_unopened * DAY,
	};

	str_hex(bounce, d->bounce, DELIVER_BOUNCE_OCTETS);
	facts.secret = d->letter.has_key ? NULL : d->secret;
	if (!tell_letter(d->home, txn, d->letter.has_key ? NOTE_ARRIVED : NOTE_LINK, facts, bounce,
			 &d->mailbox, &d->letter_handle))
		return false;
	facts.secret = NULL;
	facts.in_reply_to = d->letter.message_id;
	return tell_sender(d->home, txn, NOTE_RECEIPT, facts, bounce);
}

/* A delivery as it is before its records are made, which may be tried twice. */
struct keeping {
	struct delivery *d;
	struct delivery before;
	bool new_mailbox;
	enum lookup kept; /* ABSENT: another thread was faster, begin anew */
};

static bool put_all(struct store_txn *txn, struct delivery *d, bool new_mailbox)
{
	struct store_key letter = store_key_pair(&d->mailbox, &d->letter_handle);
	struct store_key mailbox = store_key_handle(&d->mailbox);

	if ((new_mailbox && !put_new_mailbox(txn, d)) || !settle_gate(txn, d) ||
	    !put_keys(txn, d) || !store_put_letter(txn, &letter, &d->letter) ||
	    !put_bounce(txn, d) || !put_seen(txn, d) || !tell_both(txn, d))
		return false;
	life_letter(&d->box, d->now);
	if (!store_put_mailbox(txn, &mailbox, &d->box))
		return false;
	/* Before others can write: who opens the mailbox forgets the keys after that. */
	if (d->box.opened == 0)
		fresh_keep(d->home->fresh, &d->mailbox, &d->letter_handle, d->k);
	return true;
}

static bool put_records(struct store_txn *txn, void *context)
{
	struct keeping *keeping = context;
	struct delivery *d = keeping->d;
	struct handle now_there;
	struct mbox_seen seen;
	enum lookup found;

	*d = keeping->before;
	keeping->kept = LOOKUP_ERROR;
	found = find_mailbox(txn, d->recipient, &now_there, &d->box);
	if (found == LOOKUP_ERROR)
		return false;
	if (store_get_seen(txn, &d->seen_key, &seen) != LOOKUP_ABSENT ||
	    (found == LOOKUP_FOUND) == keeping->new_mailbox ||
	    (!keeping->new_mailbox && !handle_same(&now_there, &d->mailbox))) {
		keeping->kept = LOOKUP_ABSENT;
		return false;
	}
	if (quota_has_room(d->home, txn, &d->mailbox, d->letter.size) != LOOKUP_FOUND) {
		log_warning("mailbox=%s has no room for %zu octets more", d->recipient,
			    d->message.len);
		return false;
	}
	if (!put_all(txn, d, keeping->new_mailbox))
		return false;
	keeping->kept = LOOKUP_FOUND;
	return true;
}

/* All records in one transaction. ABSENT: begin anew. */
static enum lookup keep_records(struct delivery *d, bool new_mailbox)
{
	struct keeping *keeping = mem_zero(1, sizeof(*keeping));
	enum lookup kept;

	keeping->d = d;
	keeping->before = *d;
	keeping->new_mailbox = new_mailbox;
	if (store_change(d->home->store, put_records, keeping))
		atomic_fetch_add(&d->home->used, d->letter.size);
	else if (keeping->kept == LOOKUP_FOUND)
		keeping->kept = LOOKUP_ERROR;
	kept = keeping->kept;
	crypto_wipe(keeping, sizeof(*keeping));
	free(keeping);
	return kept;
}

/* It left, encrypted: the token is done with, and the sender is told. */
static bool put_encrypted(struct delivery *d)
{
	struct note_facts facts = { .sender = d->token->sender, .recipient = d->recipient };
	char id[2 * DELIVER_BOUNCE_OCTETS + 1], message_id[MBOX_ID_SIZE] = "";
	struct store_txn *txn = store_begin(d->home->store, true);
	struct span value;

	if (mime_find_header(d->message, "Message-ID", &value))
		mime_message_id(message_id, sizeof(message_id), value);
	facts.in_reply_to = message_id;
	return store_end(txn, txn != NULL && put_seen(txn, d) &&
				      tell_sender(d->home, txn, NOTE_RECEIPT_PGP, facts,
						  str_hex(id, d->bounce, DELIVER_BOUNCE_OCTETS)));
}

/* FOUND: the recipient's key may be looked for by WKD; ABSENT: it may not. */
static enum lookup may_look_up(struct delivery *d)
{
	struct store_txn *txn = store_begin(d->home->store, false);
	struct handle handle;
	struct mbox_mailbox *box = NULL;
	struct mbox_gate *gate = NULL;
	enum lookup found =
		txn != NULL ? find_mailbox(txn, d->recipient, &handle, &d->box) : LOOKUP_ERROR;

	if (found == LOOKUP_FOUND) {
		struct store_key key = store_key_gate(&handle, d->token->sender);

		box = &d->box;
		found = store_get_gate(txn, &key, &d->gate);
		gate = found == LOOKUP_FOUND ? &d->gate : NULL;
	}
	store_abort(txn);
	if (found == LOOKUP_ERROR)
		return LOOKUP_ERROR;
	return life_may_look_up(box, gate, token_pin(d->token, d->recipient)[0] != '\0',
				d->token->pin_required)
		       ? LOOKUP_FOUND
		       : LOOKUP_ABSENT;
}

/* FOUND: the message, encrypted with a key that WKD has, appended to *out. */
static enum lookup seal_by_wkd(struct delivery *d, const struct settings *settings, struct buf *out)
{
	struct buf key = { 0 };
	enum lookup found = may_look_up(d);

	if (found == LOOKUP_FOUND)
		found = keydir_find(d->home->keydir, settings, d->recipient, d->token->time, &key);
	if (found == LOOKUP_FOUND)
		found = openpgp_seal_to(d->home, d->recipient,
					(struct span){ buf_cstr(&key), key.len }, d->message, out);
	buf_free(&key);
	return found;
}

/*
 * FOUND: it went out encrypted with OpenPGP. ABSENT: there is no key for it. A key on file that
 * is of no use (any more) is not replaced by what WKD says.
 */
static enum lookup send_encrypted(struct delivery *d)
{
	const struct settings *settings = d->home->settings;
	struct buf out = { 0 };
	enum lookup sealed = openpgp_find(d->home, d->recipient);

	if (sealed == LOOKUP_FOUND)
		sealed = openpgp_seal(d->home, d->recipient, d->message, &out);
	else if (sealed == LOOKUP_ABSENT && settings->mailbox_wkd[0] != '\0')
		sealed = seal_by_wkd(d, settings, &out);
	if (sealed == LOOKUP_FOUND &&
	    (submit_mail(d->home, d->token->sender, d->recipient, &out) != SUBMIT_DONE ||
	     !put_encrypted(d)))
		sealed = LOOKUP_ERROR;
	buf_free(&out);
	return sealed;
}

/* FOUND: kept. ABSENT: begin anew. */
static enum lookup keep(struct delivery *d)
{
	enum lookup there = settle_mailbox(d), kept = LOOKUP_ERROR;
	bool made = there == LOOKUP_ABSENT;

	if (there == LOOKUP_ERROR)
		return LOOKUP_ERROR;
	if (seal_letter(d))
		kept = keep_records(d, made);
	if (kept != LOOKUP_FOUND) {
		if (made)
			grave_bury(d->home, &d->mailbox);
		else
			body_remove(d->home->store, &d->mailbox, &d->letter_handle);
	}
	return kept;
}

static void reply_later(char reply[DELIVER_REPLY_SIZE])
{
	str_copy(reply, DELIVER_REPLY_SIZE,
		 "451 4.3.0 it cannot be kept now; see postseal-mailbox's log");
}

/* Was this token taken for this recipient already? */
static enum lookup recall(const struct delivery *d)
{
	struct store_txn *txn = store_begin(d->home->store, false);
	struct mbox_seen seen;
	enum lookup found = txn != NULL ? store_get_seen(txn, &d->seen_key, &seen) : LOOKUP_ERROR;

	store_abort(txn);
	return found;
}

static void run(struct delivery *d, char reply[DELIVER_REPLY_SIZE])
{
	enum lookup seen = recall(d), sent = seen, kept = LOOKUP_ABSENT;

	if (seen == LOOKUP_ABSENT)
		sent = send_encrypted(d);
	if (seen == LOOKUP_ABSENT && sent == LOOKUP_FOUND) {
		log_info("recipient=%s sender=%s encrypted with OpenPGP", d->recipient,
			 d->token->sender);
		metrics_count(METRIC1(SEALED_BY, METRIC_WAY_OPENPGP));
		str_copy(reply, DELIVER_REPLY_SIZE, "250 2.0.0 encrypted");
		return;
	}
	for (int tries = 0; tries < TRIES && sent == LOOKUP_ABSENT && seen == LOOKUP_ABSENT &&
			    kept == LOOKUP_ABSENT;
	     tries++) {
		kept = keep(d);
		if (kept == LOOKUP_ABSENT)
			seen = recall(d);
	}
	if (seen == LOOKUP_FOUND) {
		str_copy(reply, DELIVER_REPLY_SIZE, "250 2.0.0 it is sealed already");
	} else if (kept == LOOKUP_FOUND) {
		log_info("mailbox=%s sender=%s sealed, %zu octets%s", d->box.address,
			 d->token->sender, d->message.len,
			 d->letter.has_key ? "" : ", with a link");
		metrics_count(METRIC1(SEALED_BY, METRIC_WAY_MAILBOX));
		str_copy(reply, DELIVER_REPLY_SIZE, "250 2.0.0 sealed");
	} else {
		reply_later(reply);
	}
}

void deliver(struct home *home, const struct token *token, const char *recipient,
	     struct span message, char reply[DELIVER_REPLY_SIZE])
{
	struct delivery *d = mem_zero(1, sizeof(*d));

	d->home = home;
	d->token = token;
	d->recipient = recipient;
	d->message = message;
	d->now = clock_wall();
	settle_seen_key(d);
	make_link(d);
	run(d, reply);
	crypto_wipe(d, sizeof(*d));
	free(d);
}

/* ABSENT: it is no failure. */
static enum lookup read_report(struct store_txn *txn, const struct handle *mailbox,
			       struct span message, bool null_sender)
{
	struct store_key key = store_key_handle(mailbox);
	struct mbox_mailbox *box = mem_alloc(sizeof(*box));
	enum lookup found = store_get_mailbox(txn, &key, box);

	if (found == LOOKUP_FOUND && !report_is_failure(message, null_sender, box->address))
		found = LOOKUP_ABSENT;
	free(box);
	return found;
}

void deliver_bounce(struct home *home, const char *extension, struct span message, bool null_sender,
		    char reply[DELIVER_REPLY_SIZE])
{
	struct store_txn *txn = store_begin(home->store, true);
	unsigned char octets[DELIVER_BOUNCE_OCTETS];
	enum lookup found = txn != NULL ? LOOKUP_ABSENT : LOOKUP_ERROR;
	const char *nothing = "250 2.0.0 nobody is waiting for this";
	struct handle mailbox, letter;
	struct store_key key;
	struct span value = { NULL, 0 };

	if (found == LOOKUP_ABSENT && strlen(extension) == 2 * DELIVER_BOUNCE_OCTETS &&
	    str_hex_read(octets, DELIVER_BOUNCE_OCTETS, extension)) {
		key = store_key(octets, DELIVER_BOUNCE_OCTETS, "", 0);
		found = store_get(txn, STORE_BOUNCE, &key, &value);
	}
	if (found == LOOKUP_FOUND && value.len == 2 * HANDLE_SIZE) {
		memcpy(mailbox.bytes, value.at, HANDLE_SIZE);
		memcpy(letter.bytes, value.at + HANDLE_SIZE, HANDLE_SIZE);
		nothing = "250 2.0.0 nothing to be told of";
		found = read_report(txn, &mailbox, message, null_sender);
		/* Once: what comes back to one link mail twice tells nothing new. */
		if (found == LOOKUP_FOUND && (!store_drop(txn, STORE_BOUNCE, &key) ||
					      !tell_link_lost(home, txn, &mailbox, &letter)))
			found = LOOKUP_ERROR;
	}
	if (found == LOOKUP_FOUND) {
		found = store_commit(txn) ? LOOKUP_FOUND : LOOKUP_ERROR;
		txn = NULL;
	}
	store_abort(txn);
	if (found == LOOKUP_ERROR)
		reply_later(reply);
	else
		str_copy(reply, DELIVER_REPLY_SIZE,
			 found == LOOKUP_FOUND ? "250 2.0.0 the sender is told" : nothing);
}
