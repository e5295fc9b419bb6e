/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of postseal-mailbox-api(5) that write: uploads, drafts, and replies. */
#include "mailbox/api.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypto/crypto.h"
#include "io/local/metrics_file.h"
#include "mailbox/api_json.h"
#include "mailbox/body.h"
#include "mailbox/reply.h"
#include "mailbox/work.h"

#define DRAFTS_MAX 16
#define UPLOADS_MAX 256
/* All uploads of a mailbox together: so many times what one reply may hold. */
#define UPLOADS_ROOM 4

static void malformed(struct api_call *call)
{
	api_error(call, 400, "malformed", "The request is not as it has to be.");
}

static void gone(struct api_call *call)
{
	api_error(call, 404, "gone", "There is no such thing, or not any more.");
}

/* One change in one transaction: the status, 0 when the store failed. */
typedef int change_fn(struct store_txn *txn, const struct api_user *user, void *context);

static int change(struct api_call *call, const struct api_user *user, change_fn *fn, void *context)
{
	struct store_txn *txn = store_begin(call->portal->home->store, true);
	int status = txn != NULL ? fn(txn, user, context) : 0;

	if (status < 200 || status > 299)
		store_abort(txn);
	else if (!store_commit(txn))
		status = 0;
	return status;
}

static bool count_one(void *context, const struct store_key *key, struct span value)
{
	(void)key;
	(void)value;
	return ++*(size_t *)context < DRAFTS_MAX;
}

static size_t count_drafts(struct store_txn *txn, const struct handle *mailbox)
{
	struct store_key prefix = store_key_handle(mailbox);
	size_t count = 0;

	store_each(txn, STORE_DRAFT, &prefix, false, count_one, &count);
	return count;
}

struct sum {
	size_t count;
	uint64_t octets;
	bool good;
};

static bool add_upload(void *context, const struct store_key *key, struct span value)
{
	struct sum *sum = context;
	struct mbox_upload upload;

	(void)key;
	sum->good = mbox_get_upload(&upload, value.at, value.len);
	sum->count++;
	sum->octets += sum->good ? upload.size : 0;
	return sum->good;
}

struct new_upload {
	struct handle id;
	uint64_t size, room;
};

static int put_upload(struct store_txn *txn, const struct api_user *user, void *context)
{
	const struct new_upload *new_upload = context;
	struct store_key key = store_key_pair(&user->mailbox, &new_upload->id);
	struct store_key prefix = store_key_handle(&user->mailbox);
	struct sum sum = { .good = true };
	struct mbox_upload upload;

	switch (store_get_upload(txn, &key, &upload)) {
	case LOOKUP_FOUND:
		return upload.size == new_upload->size ? 200 : 409;
	case LOOKUP_ERROR:
		return 0;
	case LOOKUP_ABSENT:
		break;
	}
	if (!store_each(txn, STORE_UPLOAD, &prefix, false, add_upload, &sum) || !sum.good)
		return 0;
	if (sum.count >= UPLOADS_MAX || sum.octets + new_upload->size > new_upload->room)
		return 507;
	upload = (struct mbox_upload){ .date = clock_wall(), .size = new_upload->size };
	return store_put_upload(txn, &key, &upload) ? 201 : 0;
}

void api_upload_new(struct api_call *call)
{
	struct new_upload upload;
	const struct api_field fields[] = { { "id", API_OCTETS, upload.id.bytes,
					      sizeof(upload.id.bytes), NULL },
					    { "size", API_NUMBER, &upload.size, 0, NULL } };
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields));
	uint64_t plain;
	struct api_user user;
	int status;

	if (body == NULL || !frame_plain_size(&plain, upload.size)) {
		json_decref(body);
		malformed(call);
		return;
	}
	json_decref(body);
	if (!api_user(call, &user))
		return;
	crypto_wipe(&user.vault, sizeof(user.vault));
	if (plain > home_message_max(call->portal->home)) {
		api_error_with(call, 413, "size", "Too large.", "limit",
			       (int64_t)home_message_max(call->portal->home));
		return;
	}
	upload.room = UPLOADS_ROOM * frame_sealed_size(home_message_max(call->portal->home));
	status = change(call, &user, put_upload, &upload);
	if (status == 200 || status == 201)
		api_answer(call, status, json_object());
	else if (status == 409)
		api_error(call, 409, "differs", "This handle is of another upload.");
	else if (status == 507)
		api_error(call, 507, "full", "Too many uploads.");
	else
		api_error_later(call);
}

struct chunk {
	struct handle id;
	uint64_t offset, have;
	struct span octets;
	const struct store *store;
};

/* Octets first, and then the record that says that they are there. */
static int put_chunk(struct store_txn *txn, const struct api_user *user, void *context)
{
	struct chunk *chunk = context;
	struct store_key key = store_key_pair(&user->mailbox, &chunk->id);
	struct mbox_upload upload;
	enum lookup found = store_get_upload(txn, &key, &upload);

	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? 404 : 0;
	chunk->have = upload.have;
	if (chunk->offset + chunk->octets.len <= upload.have)
		return 204;
	if (chunk->offset != upload.have || chunk->offset + chunk->octets.len > upload.size)
		return 409;
	if (!upload_write(chunk->store, &user->mailbox, &chunk->id, chunk->offset, chunk->octets.at,
			  chunk->octets.len))
		return 0;
	upload.have += chunk->octets.len;
	return store_put_upload(txn, &key, &upload) ? 204 : 0;
}

void api_upload_put(struct api_call *call)
{
	struct chunk chunk = { .octets = call->body, .store = call->portal->home->store };
	struct api_user user;
	int status;

	if (!api_handle(call->segment[1], &chunk.id) ||
	    !str_number(call->segment[2].at, call->segment[2].len, INT64_MAX / 2, &chunk.offset) ||
	    call->body.len == 0) {
		malformed(call);
		return;
	}
	if (!api_user(call, &user))
		return;
	crypto_wipe(&user.vault, sizeof(user.vault));
	status = change(call, &user, put_chunk, &chunk);
	if (status == 204)
		api_answer(call, 204, NULL);
	else if (status == 404)
		gone(call);
	else if (status == 409)
		api_error_with(call, 409, "offset", "The upload goes on elsewhere.", "have",
			       (int64_t)chunk.have);
	else
		api_error_later(call);
}

void api_upload_get(struct api_call *call)
{
	struct mbox_upload upload;
	struct api_user user;
	struct handle id;
	struct store_txn *txn;
	struct store_key key;
	enum lookup found;
	json_t *json;

	if (!api_user(call, &user))
		return;
	crypto_wipe(&user.vault, sizeof(user.vault));
	if (!api_handle(call->segment[1], &id)) {
		gone(call);
		return;
	}
	key = store_key_pair(&user.mailbox, &id);
	txn = store_begin(call->portal->home->store, false);
	found = txn != NULL ? store_get_upload(txn, &key, &upload) : LOOKUP_ERROR;
	store_abort(txn);
	if (found == LOOKUP_ABSENT) {
		gone(call);
	} else if (found == LOOKUP_ERROR) {
		api_error_later(call);
	} else {
		json = json_object();
		api_set(json, "size", json_integer((json_int_t)upload.size));
		api_set(json, "have", json_integer((json_int_t)upload.have));
		api_answer(call, 200, json);
	}
}

struct drop {
	enum store_db db;
	struct handle id;
};

static int drop_one(struct store_txn *txn, const struct api_user *user, void *context)
{
	const struct drop *drop = context;
	struct store_key key = store_key_pair(&user->mailbox, &drop->id);

	return store_drop(txn, drop->db, &key) ? 204 : 0;
}

static void drop_by_path(struct api_call *call, enum store_db db)
{
	struct drop drop = { .db = db };
	struct api_user user;

	if (!api_user(call, &user))
		return;
	crypto_wipe(&user.vault, sizeof(user.vault));
	if (!api_handle(call->segment[1], &drop.id)) {
		gone(call);
		return;
	}
	if (change(call, &user, drop_one, &drop) != 204) {
		api_error_later(call);
		return;
	}
	if (db == STORE_UPLOAD)
		upload_remove(call->portal->home->store, &user.mailbox, &drop.id);
	api_answer(call, 204, NULL);
}

void api_upload_delete(struct api_call *call)
{
	drop_by_path(call, STORE_UPLOAD);
}

void api_draft_delete(struct api_call *call)
{
	drop_by_path(call, STORE_DRAFT);
}

struct drafts {
	const struct api_user *user;
	json_t *list;
};

static bool list_draft(void *context, const struct store_key *key, struct span value)
{
	struct drafts *drafts = context;
	struct mbox_draft draft;
	struct handle id;
	unsigned char sealed[SEALED_KEY_SIZE];
	struct buf body = { 0 };
	json_t *json;

	memcpy(id.bytes, key->bytes + HANDLE_SIZE, HANDLE_SIZE);
	if (!mbox_get_draft(&draft, value.at, value.len) ||
	    !vault_unseal(sealed, &drafts->user->vault, "key", &id, draft.key, sizeof(draft.key)) ||
	    !vault_unseal((unsigned char *)buf_reserve(&body, draft.len), &drafts->user->vault,
			  "draft", &id, draft.body, draft.len)) {
		buf_free(&body);
		return true;
	}
	json = json_object();
	api_set(json, "id", api_b64(id.bytes, HANDLE_SIZE));
	api_set(json, "letter", api_b64(draft.letter.bytes, HANDLE_SIZE));
	api_set(json, "date", json_integer(draft.date));
	api_set(json, "key", api_b64(sealed, sizeof(sealed)));
	api_set(json, "body", api_b64(body.data, draft.len - VAULT_EXTRA));
	json_array_append_new(drafts->list, json);
	buf_free(&body);
	return true;
}

void api_drafts(struct api_call *call)
{
	struct drafts drafts;
	struct api_user user;
	struct store_key prefix;
	struct store_txn *txn;
	json_t *json;
	bool good;

	if (!api_user(call, &user))
		return;
	drafts = (struct drafts){ .user = &user, .list = json_array() };
	prefix = store_key_handle(&user.mailbox);
	txn = store_begin(call->portal->home->store, false);
	good = txn != NULL && store_each(txn, STORE_DRAFT, &prefix, false, list_draft, &drafts);
	store_abort(txn);
	crypto_wipe(&user.vault, sizeof(user.vault));
	if (!good) {
		json_decref(drafts.list);
		api_error_later(call);
		return;
	}
	json = json_object();
	api_set(json, "drafts", drafts.list);
	api_answer(call, 200, json);
}

struct new_draft {
	struct handle id;
	struct mbox_draft draft;
};

static int put_draft(struct store_txn *txn, const struct api_user *user, void *context)
{
	const struct new_draft *new_draft = context;
	struct store_key key = store_key_pair(&user->mailbox, &new_draft->id);
	struct store_key letter = store_key_pair(&user->mailbox, &new_draft->draft.letter);
	struct span value;
	enum lookup found = store_get(txn, STORE_LETTER, &letter, &value);

	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? 404 : 0;
	found = store_get(txn, STORE_DRAFT, &key, &value);
	if (found == LOOKUP_ERROR)
		return 0;
	if (found == LOOKUP_ABSENT && count_drafts(txn, &user->mailbox) >= DRAFTS_MAX)
		return 507;
	return store_put_draft(txn, &key, &new_draft->draft) ? 204 : 0;
}

void api_draft_put(struct api_call *call)
{
	struct new_draft new_draft = { .draft = { .date = clock_wall() } };
	unsigned char key[SEALED_KEY_SIZE];
	const char *text;
	const struct api_field fields[] = { { "letter", API_OCTETS, new_draft.draft.letter.bytes,
					      HANDLE_SIZE, NULL },
					    { "key", API_OCTETS, key, sizeof(key), NULL },
					    { "body", API_TEXT, &text, 0, NULL } };
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields));
	struct buf octets = { 0 }, sealed = { 0 };
	struct api_user user;
	int status;

	if (body == NULL || !api_handle(call->segment[1], &new_draft.id) ||
	    !b64_get(&octets, text, strlen(text)) || octets.len > MBOX_DRAFT_MAX) {
		json_decref(body);
		buf_free(&octets);
		malformed(call);
		return;
	}
	json_decref(body);
	if (!api_user(call, &user)) {
		buf_free(&octets);
		return;
	}
	vault_seal(new_draft.draft.key, &user.vault, "key", &new_draft.id, key, sizeof(key));
	new_draft.draft.len = octets.len + VAULT_EXTRA;
	new_draft.draft.body = (unsigned char *)buf_reserve(&sealed, new_draft.draft.len);
	vault_seal(new_draft.draft.body, &user.vault, "draft", &new_draft.id,
		   octets.data != NULL ? octets.data : "", octets.len);
	crypto_wipe(&user.vault, sizeof(user.vault));
	status = change(call, &user, put_draft, &new_draft);
	if (status == 204)
		api_answer(call, 204, NULL);
	else if (status == 404)
		gone(call);
	else if (status == 507)
		api_error(call, 507, "full", "There are 16 drafts already.");
	else
		api_error_later(call);
	buf_free(&octets);
	buf_free(&sealed);
}

static bool is_line(const char *text, size_t most)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (str_is_control(text[i]))
			return false;
	}
	return len <= most;
}

static bool is_text(const char *text, size_t most)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (str_is_control(text[i]) && text[i] != '\t' && text[i] != '\n')
			return false;
	}
	return len <= most;
}

static bool is_media_type(const char *type)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789!#$&^_.+-";
	size_t first = strspn(type, letters), second;

	if (first == 0 || type[first] != '/' || strlen(type) > 127)
		return false;
	second = strspn(type + first + 1, letters);
	return second > 0 && type[first + 1 + second] == '\0';
}

static bool read_attachments(json_t *list, struct reply *reply)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		struct reply_attachment *attachment = &reply->attachment[i];
		const char *name, *type;
		const struct api_field fields[] = {
			{ "upload", API_OCTETS, attachment->upload.bytes, HANDLE_SIZE, NULL },
			{ "key", API_OCTETS, attachment->key, sizeof(attachment->key), NULL },
			{ "name", API_TEXT, &name, 0, NULL },
			{ "type", API_TEXT, &type, 0, NULL }
		};

		if (!api_read_object(item, fields, ARRAY_LEN(fields)) || !is_line(name, 255) ||
		    strchr(name, '/') != NULL || !is_media_type(type))
			return false;
		attachment->name = mem_strdup(name);
		attachment->type = mem_strdup(type);
		reply->attachments++;
	}
	return true;
}

static void answer_reply(struct reply *reply)
{
	struct api_call *call = reply->context;
	json_t *json;

	switch (reply->outcome) {
	case REPLY_SENT:
		metrics_count(M_REPLIES);
		/* fall through */
	case REPLY_SENT_BEFORE:
		json = json_object();
		api_set(json, "letter", api_b64(reply->sent.bytes, HANDLE_SIZE));
		api_answer(call, reply->outcome == REPLY_SENT ? 201 : 200, json);
		break;
	case REPLY_GONE:
		gone(call);
		break;
	case REPLY_WITHHELD:
		api_error(call, 403, "withheld", "The letter's gate is closed.");
		break;
	case REPLY_RETIRED:
		api_error(call, 403, "retired", "The mailbox was restarted; it can only be read.");
		break;
	case REPLY_QUOTA:
		api_error_wait(call, "quota", "No more replies today.", reply->wait);
		break;
	case REPLY_INCOMPLETE:
		api_error(call, 409, "incomplete", "An upload is not complete, or does not open.");
		break;
	case REPLY_TOO_LARGE:
		api_error_with(call, 413, "size", "Too large.", "limit",
			       (int64_t)home_message_max(reply->home));
		break;
	case REPLY_FULL:
		api_error(call, 507, "full", "There is no room for it.");
		break;
	case REPLY_REFUSED:
		api_error(call, 409, "refused", "The mail system does not take it for the sender.");
		break;
	case REPLY_LATER:
		api_error_later(call);
		break;
	}
	free(call);
	reply_free(reply);
}

static void on_reply_done(void *job)
{
	answer_reply(job);
}

static void run_reply(void *job)
{
	reply_send(job);
}

void api_reply(struct api_call *call)
{
	struct reply *reply = mem_zero(1, sizeof(*reply));
	const char *subject, *text;
	json_t *attachments;
	const struct api_field fields[] = {
		{ "id", API_OCTETS, reply->id.bytes, HANDLE_SIZE, NULL },
		{ "letter", API_OCTETS, reply->letter.bytes, HANDLE_SIZE, NULL },
		{ "subject", API_TEXT, &subject, 0, NULL },
		{ "text", API_TEXT, &text, 0, NULL },
		{ "attachments", API_LIST, &attachments, REPLY_ATTACHMENTS_MAX, NULL },
		{ "draft", API_OCTETS, reply->draft.bytes, HANDLE_SIZE, &reply->has_draft }
	};
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields));
	struct api_user user;

	if (body == NULL || !is_line(subject, 998) || !is_text(text, 524288) ||
	    !read_attachments(attachments, reply)) {
		json_decref(body);
		reply_free(reply);
		malformed(call);
		return;
	}
	reply->subject = mem_strdup(subject);
	reply->text = mem_strdup(text);
	json_decref(body);
	if (!api_user(call, &user)) {
		reply_free(reply);
		return;
	}
	reply->home = call->portal->home;
	reply->mailbox = user.mailbox;
	reply->vault = user.vault;
	crypto_wipe(&user.vault, sizeof(user.vault));
	reply->context = mem_alloc(sizeof(*call));
	memcpy(reply->context, call, sizeof(*call));
	if (work_add(call->portal->work, run_reply, on_reply_done, reply))
		return;
	reply->outcome = REPLY_LATER;
	answer_reply(reply);
}
