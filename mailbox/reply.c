/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/reply.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/life.h"
#include "core/mailbox/mime.h"
#include "io/crypto/crypto.h"
#include "mailbox/body.h"
#include "mailbox/quota.h"
#include "mailbox/submit.h"

/* A multiple of 57, so that base64 of the pieces joins. */
#define PIECE ((size_t)57 * 1024)

/* What is on file of a reply that is being sent. */
struct reply_facts {
	struct mbox_mailbox box;
	struct mbox_letter letter; /* that is answered */
	struct mbox_gate gate;
};

static void free_text(char *text)
{
	if (text != NULL)
		crypto_wipe(text, strlen(text));
	free(text);
}

void reply_free(struct reply *reply)
{
	free_text(reply->subject);
	free_text(reply->text);
	for (size_t i = 0; i < REPLY_ATTACHMENTS_MAX; i++) {
		free(reply->attachment[i].name);
		free(reply->attachment[i].type);
	}
	crypto_wipe(reply, sizeof(*reply));
	free(reply);
}

static struct store_key reply_key(const struct reply *reply)
{
	return store_key_pair(&reply->mailbox, &reply->id);
}

/* May it be sent? REPLY_SENT: yes. */
static enum reply_outcome judge(struct reply *reply, struct reply_facts *facts,
				struct store_txn *txn)
{
	struct store_key mailbox = store_key_handle(&reply->mailbox), done = reply_key(reply);
	struct store_key letter = store_key_pair(&reply->mailbox, &reply->letter), gate;
	struct span value;
	enum lookup found = store_get(txn, STORE_REPLY, &done, &value);

	if (found == LOOKUP_FOUND && value.len == sizeof(reply->sent)) {
		memcpy(&reply->sent, value.at, sizeof(reply->sent));
		return REPLY_SENT_BEFORE;
	}
	if (found == LOOKUP_ERROR)
		return REPLY_LATER;
	found = store_get_mailbox(txn, &mailbox, &facts->box);
	if (found == LOOKUP_FOUND)
		found = store_get_letter(txn, &letter, &facts->letter);
	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? REPLY_GONE : REPLY_LATER;
	gate = store_key_gate(&reply->mailbox, facts->letter.sender);
	if (store_get_gate(txn, &gate, &facts->gate) != LOOKUP_FOUND)
		return REPLY_WITHHELD;
	switch (life_may_reply(reply->home->settings, &facts->box, &facts->letter, &facts->gate,
			       clock_wall())) {
	case LIFE_REPLY_YES:
		return REPLY_SENT;
	case LIFE_REPLY_WITHHELD:
		return REPLY_WITHHELD;
	case LIFE_REPLY_RETIRED:
		return REPLY_RETIRED;
	case LIFE_REPLY_NOT_INBOX:
		return REPLY_GONE;
	case LIFE_REPLY_QUOTA:
	default:
		reply->wait = life_reply_wait(&facts->box, clock_wall());
		return REPLY_QUOTA;
	}
}

static void put_headers(struct buf *out, const struct reply *reply, const struct reply_facts *facts,
			int64_t now)
{
	char hex[HANDLE_HEX_SIZE], reply_to[SEAL_ADDRESS_SIZE], display[SEAL_ADDRESS_SIZE + 300];
	const char *guest = facts->box.address;
	const char *domain = reply->home->settings->mailbox_domain;

	/* The guest's address is always shown, and not a name that the guest chose. */
	str_join(display, sizeof(display), guest, " (", reply->home->site, ")", NULL);
	mime_put_address(out, "From", display, reply->home->from);
	mime_put_address(out, "To", "", facts->letter.sender);
	if (seal_address_encode(reply_to, guest, strlen(guest), domain))
		mime_put_address(out, "Reply-To", "", reply_to);
	mime_put_text(out, "Subject", reply->subject);
	mime_put_date(out, now);
	buf_printf(out, "Message-ID: <%s@%s>\r\n", handle_hex(hex, &reply->id),
		   seal_address_domain(reply->home->from));
	if (facts->letter.message_id[0] != '\0')
		buf_printf(out, "In-Reply-To: %s\r\nReferences: %s\r\n", facts->letter.message_id,
			   facts->letter.message_id);
	buf_append_str(out, "MIME-Version: 1.0\r\n");
}

static void put_text(struct buf *out, const struct reply *reply)
{
	buf_append_str(out, "Content-Type: text/plain; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	mime_put_quoted(out, reply->text, strlen(reply->text));
}

/* An upload, decrypted chunk by chunk, as base64. */
static bool put_upload(struct buf *out, const struct reply *reply,
		       const struct reply_attachment *attachment, uint64_t size)
{
	unsigned char key[FRAME_KEY_SIZE], aad[FRAME_AAD_MAX], nonce[FRAME_NONCE_SIZE];
	size_t aad_len = frame_aad(aad, &reply->mailbox, &attachment->upload, "upload");
	unsigned char *chunk = mem_alloc(FRAME_CHUNK);
	struct buf plain = { 0 };
	bool good = true;
	uint64_t number = 0;

	part_key(key, attachment->key, "upload");
	for (uint64_t at = 0; good && at < size; number++) {
		size_t len = size - at < FRAME_CHUNK ? (size_t)(size - at) : FRAME_CHUNK;

		frame_nonce(nonce, number, at + len == size);
		good = upload_read(reply->home->store, &reply->mailbox, &attachment->upload, at,
				   chunk, len) &&
		       crypto_open(chunk, key, nonce, aad, aad_len, chunk, len);
		if (good)
			buf_append(&plain, chunk, len - FRAME_TAG_SIZE);
		at += len;
		while (good && plain.len > PIECE) {
			mime_put_base64(out, plain.data, PIECE);
			buf_consume(&plain, PIECE);
		}
	}
	if (good)
		mime_put_base64(out, plain.data, plain.len);
	if (plain.cap > 0)
		crypto_wipe(plain.data, plain.cap);
	crypto_wipe(key, sizeof(key));
	crypto_wipe(chunk, FRAME_CHUNK);
	free(chunk);
	buf_free(&plain);
	return good;
}

/* The sizes of all uploads, before anything is read. */
static enum reply_outcome measure(const struct reply *reply, uint64_t sizes[REPLY_ATTACHMENTS_MAX])
{
	struct store_txn *txn = store_begin(reply->home->store, false);
	uint64_t total = strlen(reply->text), plain;
	enum reply_outcome outcome = txn != NULL ? REPLY_SENT : REPLY_LATER;

	for (size_t i = 0; outcome == REPLY_SENT && i < reply->attachments; i++) {
		struct store_key key =
			store_key_pair(&reply->mailbox, &reply->attachment[i].upload);
		struct mbox_upload upload;
		enum lookup found = store_get_upload(txn, &key, &upload);

		if (found == LOOKUP_ERROR)
			outcome = REPLY_LATER;
		else if (found == LOOKUP_ABSENT || upload.have != upload.size ||
			 !frame_plain_size(&plain, upload.size))
			outcome = REPLY_INCOMPLETE;
		else if ((total += plain) > home_message_max(reply->home))
			outcome = REPLY_TOO_LARGE;
		else
			sizes[i] = upload.size;
	}
	store_abort(txn);
	return outcome;
}

static enum reply_outcome compose(struct buf *out, const struct reply *reply,
				  const struct reply_facts *facts, int64_t now)
{
	uint64_t sizes[REPLY_ATTACHMENTS_MAX] = { 0 };
	char boundary[HANDLE_HEX_SIZE + 16], hex[HANDLE_HEX_SIZE];
	struct handle random;
	enum reply_outcome outcome = measure(reply, sizes);

	if (outcome != REPLY_SENT)
		return outcome;
	put_headers(out, reply, facts, now);
	if (reply->attachments == 0) {
		put_text(out, reply);
		return REPLY_SENT;
	}
	handle_make(&random);
	snprintf(boundary, sizeof(boundary), "=_%s", handle_hex(hex, &random));
	buf_printf(out, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", boundary,
		   boundary);
	put_text(out, reply);
	for (size_t i = 0; i < reply->attachments; i++) {
		const struct reply_attachment *attachment = &reply->attachment[i];

		buf_printf(out, "\r\n--%s\r\nContent-Type: %s", boundary, attachment->type);
		mime_put_parameter(out, "name", attachment->name);
		buf_append_str(out, "\r\nContent-Transfer-Encoding: base64\r\n"
				    "Content-Disposition: attachment");
		mime_put_parameter(out, "filename", attachment->name);
		buf_append_str(out, "\r\n\r\n");
		if (!put_upload(out, reply, attachment, sizes[i]))
			return REPLY_INCOMPLETE;
	}
	buf_printf(out, "\r\n--%s--\r\n", boundary);
	return REPLY_SENT;
}

static void put_summary(struct mbox_letter *sent, const struct reply *reply,
			const struct reply_facts *facts, const unsigned char k[FRAME_KEY_SIZE],
			int64_t now, size_t size)
{
	json_t *json = json_pack("{s:{s:s,s:s},s:{s:s,s:s},s:s,s:I,s:I}", "from", "name", "",
				 "address", facts->box.address, "to", "name", facts->letter.name,
				 "address", facts->letter.sender, "subject", reply->subject, "date",
				 (json_int_t)now, "size", (json_int_t)size);
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	struct buf plain = { 0 }, sealed = { 0 };

	buf_append_str(&plain, text != NULL ? text : "{}");
	while (plain.len % 256 != 0)
		buf_append_str(&plain, " ");
	part_seal(&sealed, k, "summary", &reply->mailbox, &reply->sent, plain.data, plain.len);
	sent->summary_len = sealed.len + VAULT_EXTRA;
	vault_seal(sent->summary, &reply->vault, "summary", &reply->sent, sealed.data, sealed.len);
	crypto_wipe(plain.data, plain.len);
	json_decref(json);
	free(text);
	buf_free(&plain);
	buf_free(&sealed);
}

/* The copy in Sent, as far as it is not in the store: sealed to the mailbox's own key. */
static bool seal_copy(struct mbox_letter *sent, struct reply *reply,
		      const struct reply_facts *facts, const struct buf *message, int64_t now)
{
	unsigned char k[FRAME_KEY_SIZE], aad[FRAME_AAD_MAX], key[SEALED_KEY_SIZE];
	struct body_writer *writer;
	size_t aad_len;
	bool good;

	handle_make_dated(&reply->sent, now);
	crypto_random(k, sizeof(k));
	*sent = (struct mbox_letter){
		.box = MBOX_SENT, .date = now, .read = true, .has_key = true
	};
	str_copy(sent->sender, sizeof(sent->sender), facts->letter.sender);
	str_copy(sent->name, sizeof(sent->name), facts->letter.name);
	aad_len = frame_aad(aad, &reply->mailbox, &reply->sent, "key to mailbox");
	good = hpke_seal(key, facts->box.public_key, FRAME_KEY_INFO, aad, aad_len, k, sizeof(k));
	vault_seal(sent->key, &reply->vault, "key", &reply->sent, key, sizeof(key));
	put_summary(sent, reply, facts, k, now, message->len);
	writer = good ? body_begin(reply->home->store, &reply->vault, &reply->mailbox, &reply->sent,
				   k)
		      : NULL;
	crypto_wipe(k, sizeof(k));
	if (writer == NULL)
		return false;
	if (body_write(writer, message->data, message->len))
		return body_finish(writer, &sent->size);
	body_abandon(writer);
	return false;
}

static enum reply_outcome check_room(const struct reply *reply, const struct mbox_letter *sent)
{
	struct store_txn *txn = store_begin(reply->home->store, false);
	enum lookup room = txn != NULL
				   ? quota_has_room(reply->home, txn, &reply->mailbox, sent->size)
				   : LOOKUP_ERROR;

	store_abort(txn);
	return room == LOOKUP_FOUND ? REPLY_SENT : room == LOOKUP_ABSENT ? REPLY_FULL : REPLY_LATER;
}

static bool put_records(const struct reply *reply, const struct mbox_letter *sent, int64_t now)
{
	struct store_key mailbox = store_key_handle(&reply->mailbox), done = reply_key(reply);
	struct store_key letter = store_key_pair(&reply->mailbox, &reply->sent);
	struct store_key draft = store_key_pair(&reply->mailbox, &reply->draft);
	struct store_txn *txn = store_begin(reply->home->store, true);
	struct mbox_mailbox *box = mem_alloc(sizeof(*box));
	struct buf value = { 0 };
	bool good = txn != NULL && store_get_mailbox(txn, &mailbox, box) == LOOKUP_FOUND;

	buf_append(&value, reply->sent.bytes, HANDLE_SIZE);
	if (good) {
		life_count_reply(box, now);
		good = store_put_mailbox(txn, &mailbox, box) &&
		       store_put_letter(txn, &letter, sent) &&
		       store_put(txn, STORE_REPLY, &done, &value) &&
		       (!reply->has_draft || store_drop(txn, STORE_DRAFT, &draft));
	}
	for (size_t i = 0; good && i < reply->attachments; i++) {
		struct store_key upload =
			store_key_pair(&reply->mailbox, &reply->attachment[i].upload);

		good = store_drop(txn, STORE_UPLOAD, &upload);
	}
	good = store_end(txn, good);
	free(box);
	buf_free(&value);
	return good;
}

static enum reply_outcome hand_over(const struct reply *reply, const struct reply_facts *facts,
				    const struct buf *message)
{
	switch (submit_mail(reply->home, reply->home->from, facts->letter.sender, message)) {
	case SUBMIT_DONE:
		return REPLY_SENT;
	case SUBMIT_REFUSED:
		return REPLY_REFUSED;
	case SUBMIT_LATER:
	case SUBMIT_NOBODY:
	default:
		return REPLY_LATER;
	}
}

static enum reply_outcome send_it(struct reply *reply, const struct reply_facts *facts)
{
	struct mbox_letter *sent = mem_alloc(sizeof(*sent));
	struct buf message = { 0 };
	int64_t now = clock_wall();
	enum reply_outcome outcome = compose(&message, reply, facts, now);

	if (outcome == REPLY_SENT && !seal_copy(sent, reply, facts, &message, now))
		outcome = REPLY_LATER;
	else if (outcome == REPLY_SENT) {
		outcome = check_room(reply, sent);
		if (outcome == REPLY_SENT)
			outcome = hand_over(reply, facts, &message);
		if (outcome == REPLY_SENT && !put_records(reply, sent, now))
			outcome = REPLY_LATER;
		if (outcome != REPLY_SENT)
			body_remove(reply->home->store, &reply->mailbox, &reply->sent);
	}
	if (message.cap > 0)
		crypto_wipe(message.data, message.cap);
	buf_free(&message);
	free(sent);
	return outcome;
}

/*
 * Replies that are being sent, one of each mailbox. Another waits for it. If it is the same, it
 * finds the first on file: so one leaves. If not, it finds the first counted: so no more leave
 * than may in a day.
 */
struct sending {
	const struct reply *reply;
	LIST_ENTRY(sending) next;
};
static LIST_HEAD(, sending) under_way = LIST_HEAD_INITIALIZER(under_way);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t fewer = PTHREAD_COND_INITIALIZER;

static bool is_under_way(const struct reply *reply)
{
	const struct sending *other;

	LIST_FOREACH(other, &under_way, next)
	{
		if (handle_same(&other->reply->mailbox, &reply->mailbox))
			return true;
	}
	return false;
}

static void begin_sending(struct sending *own)
{
	pthread_mutex_lock(&lock);
	while (is_under_way(own->reply))
		pthread_cond_wait(&fewer, &lock);
	LIST_INSERT_HEAD(&under_way, own, next);
	pthread_mutex_unlock(&lock);
}

static void end_sending(struct sending *own)
{
	pthread_mutex_lock(&lock);
	LIST_REMOVE(own, next);
	pthread_cond_broadcast(&fewer);
	pthread_mutex_unlock(&lock);
}

void reply_send(struct reply *reply)
{
	struct reply_facts *facts = mem_zero(1, sizeof(*facts));
	struct sending own = { .reply = reply };
	struct store_txn *txn;

	begin_sending(&own);
	txn = store_begin(reply->home->store, false);
	reply->outcome = txn != NULL ? judge(reply, facts, txn) : REPLY_LATER;
	store_abort(txn);
	if (reply->outcome == REPLY_SENT)
		reply->outcome = send_it(reply, facts);
	if (reply->outcome == REPLY_SENT) {
		for (size_t i = 0; i < reply->attachments; i++)
			upload_remove(reply->home->store, &reply->mailbox,
				      &reply->attachment[i].upload);
		log_info("mailbox=%s sender=%s answered", facts->box.address, facts->letter.sender);
	}
	end_sending(&own);
	free(facts);
}
