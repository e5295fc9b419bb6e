/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of postseal-mailbox-api(5) that read: letters, their bodies, and what opens them. */
#include "mailbox/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/pin.h"
#include "io/crypto/crypto.h"
#include "mailbox/api_json.h"
#include "mailbox/body.h"

#define BODY_MOST (16 * (uint64_t)FRAME_CHUNK)

static void malformed(struct api_call *call)
{
	api_error(call, 400, "malformed", "The request is not as it has to be.");
}

static void gone(struct api_call *call)
{
	api_error(call, 404, "gone", "There is no such thing, or not any more.");
}

/* The gate of a letter's sender; one that is not on file is closed. */
static enum lookup gate_of(struct store_txn *txn, const struct handle *mailbox,
			   const struct mbox_letter *letter, struct mbox_gate *gate)
{
	struct store_key key = store_key_gate(mailbox, letter->sender);
	enum lookup found;

	*gate = (struct mbox_gate){ .open = letter->box == MBOX_SENT };
	if (letter->box == MBOX_SENT)
		return LOOKUP_FOUND;
	found = store_get_gate(txn, &key, gate);
	return found == LOOKUP_ERROR ? found : LOOKUP_FOUND;
}

static json_t *key_json(const struct api_user *user, const struct handle *letter,
			const unsigned char key[MBOX_KEY_SIZE])
{
	unsigned char sealed[SEALED_KEY_SIZE];

	if (!vault_unseal(sealed, &user->vault, "key", letter, key, MBOX_KEY_SIZE)) {
		log_error("mailbox=%s a key does not fit its key file", user->box.address);
		return json_null();
	}
	return api_b64(sealed, sizeof(sealed));
}

static json_t *summary_json(const struct api_user *user, const struct handle *handle,
			    const struct mbox_letter *letter)
{
	unsigned char plain[MBOX_SUMMARY_MAX];

	if (!vault_unseal(plain, &user->vault, "summary", handle, letter->summary,
			  letter->summary_len))
		return json_null();
	return api_b64(plain, letter->summary_len - VAULT_EXTRA);
}

static json_t *links_json(struct store_txn *txn, const struct api_user *user,
			  const struct handle *handle, const struct mbox_letter *letter, bool open)
{
	json_t *list = json_array();
	struct mbox_link *link = mem_alloc(sizeof(*link));

	for (size_t i = 0; i < letter->links; i++) {
		struct store_key key = store_key_pair(&user->mailbox, &letter->link[i].link);
		json_t *one;

		if (store_get_link(txn, &key, link) != LOOKUP_FOUND)
			continue;
		one = json_object();
		api_set(one, "link", api_b64(link->handle.bytes, HANDLE_SIZE));
		api_set(one, "date", json_integer(link->date));
		api_set(one, "public", api_b64(link->public_key, HPKE_PUBLIC_SIZE));
		api_set(one, "key",
			open ? key_json(user, handle, letter->link[i].key) : json_null());
		json_array_append_new(list, one);
	}
	free(link);
	return list;
}

/* NULL when the store failed. */
static json_t *letter_json(struct store_txn *txn, const struct home *home,
			   const struct api_user *user, const struct handle *handle,
			   const struct mbox_letter *letter)
{
	static const char *const names[] = { "open", "pin", "link" };
	json_t *json, *sender, *name = json_string(letter->name);
	struct mbox_gate gate;
	enum life_access access;

	if (gate_of(txn, &user->mailbox, letter, &gate) != LOOKUP_FOUND)
		return NULL;
	access = life_access(letter, &gate);
	json = json_object();
	sender = json_object();
	api_set(json, "id", api_b64(handle->bytes, HANDLE_SIZE));
	api_set(json, "box", json_string(letter->box == MBOX_SENT ? "sent" : "inbox"));
	api_set(sender, "name", name != NULL ? name : json_string(""));
	api_set(sender, "address", json_string(letter->sender));
	api_set(json, "sender", sender);
	api_set(json, "date", json_integer(letter->date));
	api_set(json, "expires", json_integer(life_ends(home->settings, &user->box)));
	api_set(json, "size", json_integer((json_int_t)letter->size));
	api_set(json, "read", json_boolean(letter->read));
	api_set(json, "access", json_string(names[access]));
	api_set(json, "released", json_boolean(gate.open));
	api_set(json, "locked",
		json_boolean(life_is_locked(&gate, home->settings->mailbox_pin_tries)));
	api_set(json, "key",
		access == LIFE_OPEN ? key_json(user, handle, letter->key) : json_null());
	api_set(json, "summary", gate.open ? summary_json(user, handle, letter) : json_null());
	api_set(json, "links", links_json(txn, user, handle, letter, gate.open));
	api_set(json, "confirmed", json_boolean(letter->links == 0));
	return json;
}

struct listing {
	struct store_txn *txn;
	const struct home *home;
	const struct api_user *user;
	enum mbox_box box;
	const char *sender; /* NULL: all */
	bool waiting;       /* until `after` was seen */
	struct handle after;
	size_t limit;
	json_t *list;
	bool more, good;
};

static bool list_one(void *context, const struct store_key *key, struct span value)
{
	struct listing *listing = context;
	struct mbox_letter *letter = mem_alloc(sizeof(*letter));
	struct handle handle;
	json_t *json;

	memcpy(handle.bytes, key->bytes + HANDLE_SIZE, HANDLE_SIZE);
	if (listing->waiting) {
		listing->waiting = memcmp(handle.bytes, listing->after.bytes, HANDLE_SIZE) >= 0;
		if (listing->waiting) {
			free(letter);
			return true;
		}
	}
	listing->good = mbox_get_letter(letter, value.at, value.len);
	if (listing->good && letter->box == listing->box &&
	    (listing->sender == NULL || store_same_address(listing->sender, letter->sender))) {
		listing->more = json_array_size(listing->list) == listing->limit;
		if (!listing->more) {
			json = letter_json(listing->txn, listing->home, listing->user, &handle,
					   letter);
			listing->good =
				json != NULL && json_array_append_new(listing->list, json) == 0;
		}
	}
	free(letter);
	return listing->good && !listing->more;
}

static bool list_letters(struct api_call *call, const struct api_user *user,
			 struct listing *listing)
{
	struct store_key prefix = store_key_handle(&user->mailbox);

	listing->txn = store_begin(call->portal->home->store, false);
	listing->home = call->portal->home;
	listing->user = user;
	listing->list = json_array();
	listing->good = listing->txn != NULL;
	listing->good = listing->good &&
			store_each(listing->txn, STORE_LETTER, &prefix, true, list_one, listing) &&
			listing->good;
	store_abort(listing->txn);
	if (listing->good)
		return true;
	json_decref(listing->list);
	api_error_later(call);
	return false;
}

/* "box=inbox&after=ID&limit=N" */
static bool read_query(struct span query, struct listing *listing)
{
	bool more = query.len > 0, has_box = false;

	listing->limit = 50;
	while (more) {
		struct span word = span_cut(&query, "&", &more);
		uint64_t limit;

		if (span_is(word, "box=inbox") || span_is(word, "box=sent")) {
			listing->box = span_is(word, "box=sent") ? MBOX_SENT : MBOX_INBOX;
			has_box = true;
		} else if (span_skip(&word, "after=")) {
			listing->waiting = true;
			if (!api_handle(word, &listing->after))
				return false;
		} else if (span_skip(&word, "limit=")) {
			if (!str_number(word.at, word.len, 100, &limit) || limit == 0)
				return false;
			listing->limit = limit;
		} else {
			return false;
		}
	}
	return has_box;
}

void api_letters(struct api_call *call)
{
	struct listing listing = { 0 };
	struct api_user user;
	json_t *json;

	if (!read_query(call->query, &listing)) {
		malformed(call);
		return;
	}
	if (!api_user(call, &user))
		return;
	if (list_letters(call, &user, &listing)) {
		json = json_object();
		api_set(json, "letters", listing.list);
		api_set(json, "more", json_boolean(listing.more));
		api_answer(call, 200, json);
	}
	crypto_wipe(&user.vault, sizeof(user.vault));
}

/* The letter that the path names, and its gate. False: it was answered. */
static bool find_letter(struct api_call *call, const struct api_user *user, struct handle *handle,
			struct mbox_letter *letter, struct mbox_gate *gate)
{
	struct store_txn *txn;
	struct store_key key;
	enum lookup found;

	if (!api_handle(call->segment[1], handle)) {
		gone(call);
		return false;
	}
	key = store_key_pair(&user->mailbox, handle);
	txn = store_begin(call->portal->home->store, false);
	found = txn != NULL ? store_get_letter(txn, &key, letter) : LOOKUP_ERROR;
	if (found == LOOKUP_FOUND)
		found = gate_of(txn, &user->mailbox, letter, gate);
	store_abort(txn);
	if (found == LOOKUP_ABSENT)
		gone(call);
	else if (found == LOOKUP_ERROR)
		api_error_later(call);
	return found == LOOKUP_FOUND;
}

/* What a handler of one letter works with. */
struct one_letter {
	struct api_user user;
	struct handle handle;
	struct mbox_letter letter;
	struct mbox_gate gate;
};

static struct one_letter *begin_letter(struct api_call *call, bool has_to_be_open)
{
	struct one_letter *one = mem_zero(1, sizeof(*one));

	if (api_user(call, &one->user)) {
		if (find_letter(call, &one->user, &one->handle, &one->letter, &one->gate)) {
			if (!has_to_be_open || life_access(&one->letter, &one->gate) == LIFE_OPEN)
				return one;
			api_error(call, 403, "withheld", "The letter's gate is closed.");
		}
		crypto_wipe(&one->user.vault, sizeof(one->user.vault));
	}
	free(one);
	return NULL;
}

static void end_letter(struct one_letter *one)
{
	crypto_wipe(&one->user.vault, sizeof(one->user.vault));
	free(one);
}

void api_letter(struct api_call *call)
{
	struct one_letter *one = begin_letter(call, false);
	struct store_txn *txn;
	json_t *json = NULL;

	if (one == NULL)
		return;
	txn = store_begin(call->portal->home->store, false);
	if (txn != NULL)
		json = letter_json(txn, call->portal->home, &one->user, &one->handle, &one->letter);
	store_abort(txn);
	if (json != NULL)
		api_answer(call, 200, json);
	else
		api_error_later(call);
	end_letter(one);
}

/* "bytes=A-B" or "bytes=A-"; *to is one after the last. */
static bool read_range(const char *text, uint64_t size, uint64_t *from, uint64_t *to)
{
	struct span rest = span_of(text);
	uint64_t last = size - 1;

	if (!span_skip(&rest, "bytes=") || !span_number(&rest, INT64_MAX, from) ||
	    !span_skip(&rest, "-"))
		return false;
	if (rest.len > 0 && (!span_number(&rest, INT64_MAX, &last) || rest.len > 0))
		return false;
	if (*from >= size || last < *from)
		return false;
	*to = (last < size - 1 ? last : size - 1) + 1;
	if (*to - *from > BODY_MOST)
		*to = *from + BODY_MOST;
	return true;
}

/* Takes the octets over. */
static void answer_octets(struct api_call *call, int status, struct buf *octets)
{
	http_reply_header(call->request, "Cache-Control", "no-store");
	http_reply_header(call->request, "X-Content-Type-Options", "nosniff");
	http_reply_header(call->request, "Accept-Ranges", "bytes");
	http_reply_given(call->request, status, "application/octet-stream", octets->data,
			 octets->len);
	*octets = (struct buf){ 0 };
}

void api_body(struct api_call *call)
{
	struct one_letter *one = begin_letter(call, false);
	struct home *home = call->portal->home;
	uint64_t from = 0, to;
	const char *range;
	struct buf octets = { 0 };
	char shown[96];
	bool has_range;

	if (one == NULL)
		return;
	/* Who still needs the body to seal it anew has passed the gate. */
	if (!one->gate.open) {
		api_error(call, 403, "withheld", "The letter's gate is closed.");
		end_letter(one);
		return;
	}
	to = one->letter.size;
	has_range = http_request_header(call->request, "Range", &range) == LOOKUP_FOUND;
	if (has_range ? !read_range(range, one->letter.size, &from, &to) : to > BODY_MOST) {
		snprintf(shown, sizeof(shown), "bytes */%llu",
			 (unsigned long long)one->letter.size);
		http_reply_header(call->request, "Content-Range", shown);
		api_error(call, 416, "range", "Ask for a range of at most 16 chunks.");
	} else if (!body_read(&octets, home->store, &one->user.vault, &one->user.mailbox,
			      &one->handle, one->letter.size, from, to)) {
		api_error_later(call);
	} else {
		snprintf(shown, sizeof(shown), "bytes %llu-%llu/%llu", (unsigned long long)from,
			 (unsigned long long)to - 1, (unsigned long long)one->letter.size);
		if (has_range)
			http_reply_header(call->request, "Content-Range", shown);
		answer_octets(call, has_range ? 206 : 200, &octets);
	}
	buf_free(&octets);
	end_letter(one);
}

void api_read_mark(struct api_call *call)
{
	json_t *body = api_read(call->body, NULL, 0);
	struct one_letter *one;
	struct store_txn *txn;
	struct store_key key;
	bool good = false;

	if (body == NULL) {
		malformed(call);
		return;
	}
	json_decref(body);
	one = begin_letter(call, true);
	if (one == NULL)
		return;
	key = store_key_pair(&one->user.mailbox, &one->handle);
	txn = store_begin(call->portal->home->store, true);
	if (txn != NULL && store_get_letter(txn, &key, &one->letter) == LOOKUP_FOUND) {
		one->letter.read = true;
		if (store_put_letter(txn, &key, &one->letter)) {
			good = store_commit(txn);
			txn = NULL;
		}
	}
	store_abort(txn);
	if (good)
		api_answer(call, 204, NULL);
	else
		api_error_later(call);
	end_letter(one);
}

void api_delete_letter(struct api_call *call)
{
	struct one_letter *one = begin_letter(call, true);
	struct home *home = call->portal->home;
	struct store_txn *txn;
	struct store_key key;
	bool good = false;

	if (one == NULL)
		return;
	key = store_key_pair(&one->user.mailbox, &one->handle);
	txn = store_begin(home->store, true);
	if (txn != NULL) {
		good = store_drop(txn, STORE_LETTER, &key);
		good = store_end(txn, good);
	}
	if (good) {
		body_remove(home->store, &one->user.mailbox, &one->handle);
		api_answer(call, 204, NULL);
	} else {
		api_error_later(call);
	}
	end_letter(one);
}

/* Whose gate it is: by a letter, or by a link to this mailbox. */
static enum lookup find_sender(struct home *home, const struct api_user *user, bool by_letter,
			       const struct handle *letter_id, const unsigned char link_id[32],
			       char sender[SEAL_ADDRESS_SIZE])
{
	struct store_txn *txn = store_begin(home->store, false);
	struct mbox_letter *letter = mem_alloc(sizeof(*letter));
	struct mbox_link *link = mem_alloc(sizeof(*link));
	struct store_key key = store_key_pair(&user->mailbox, letter_id);
	enum lookup found = LOOKUP_ERROR;

	if (txn != NULL && by_letter) {
		found = store_get_letter(txn, &key, letter);
		/* Sealed to links alone: who cannot name a link's id cannot spend tries. */
		if (found == LOOKUP_FOUND && (letter->box != MBOX_INBOX || !letter->has_key))
			found = LOOKUP_ABSENT;
		if (found == LOOKUP_FOUND)
			str_copy(sender, SEAL_ADDRESS_SIZE, letter->sender);
	} else if (txn != NULL) {
		found = api_find_link(txn, link_id, link);
		if (found == LOOKUP_FOUND && !handle_same(&link->mailbox, &user->mailbox))
			found = LOOKUP_ABSENT;
		if (found == LOOKUP_FOUND)
			str_copy(sender, SEAL_ADDRESS_SIZE, link->sender);
	}
	store_abort(txn);
	free(letter);
	free(link);
	return found;
}

void api_release(struct api_call *call)
{
	const char *pin = "";
	struct handle letter = { { 0 } };
	unsigned char id[32] = { 0 };
	bool has_pin, has_letter, has_id;
	const struct api_field fields[] = { { "pin", API_TEXT, &pin, 0, &has_pin },
					    { "letter", API_OCTETS, letter.bytes,
					      sizeof(letter.bytes), &has_letter },
					    { "id", API_OCTETS, id, sizeof(id), &has_id } };
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields)), *json;
	struct home *home = call->portal->home;
	struct listing listing = { .box = MBOX_INBOX, .limit = API_LIST_MAX };
	char sender[SEAL_ADDRESS_SIZE];
	struct api_user user;
	enum lookup found;

	if (body == NULL || has_letter == has_id || (has_pin && !pin_is_digits(pin))) {
		json_decref(body);
		malformed(call);
		return;
	}
	if (!api_user(call, &user)) {
		json_decref(body);
		return;
	}
	found = find_sender(home, &user, has_letter, &letter, id, sender);
	if (found == LOOKUP_ABSENT) {
		network_count(call->portal->sessions, call->client, NETWORK_WRONG);
		gone(call);
	} else if (found == LOOKUP_ERROR) {
		api_error_later(call);
	} else if (api_try_pin(call, &user.mailbox, &user.vault, sender, pin)) {
		listing.sender = sender;
		if (!api_change_gate(home, &user.mailbox, sender, life_open_gate)) {
			api_error_later(call);
		} else if (list_letters(call, &user, &listing)) {
			log_info("mailbox=%s sender=%s released by PIN", user.box.address, sender);
			json = json_object();
			api_set(json, "letters", listing.list);
			api_answer(call, 200, json);
		}
	}
	crypto_wipe(&user.vault, sizeof(user.vault));
	json_decref(body);
}

/* ABSENT: there is no such letter. Each letter has a gate. */
static enum lookup letter_and_gate(struct store_txn *txn, const struct api_user *user,
				   const struct store_key *at, struct mbox_letter *letter,
				   struct mbox_gate *gate)
{
	enum lookup found = store_get_letter(txn, at, letter);

	if (found == LOOKUP_FOUND && gate_of(txn, &user->mailbox, letter, gate) != LOOKUP_FOUND)
		return LOOKUP_ERROR;
	return found;
}

/* 0: the store failed; else a status. */
static int reseal_one(struct store_txn *txn, const struct api_user *user, json_t *item,
		      struct mbox_letter *letter, size_t *sealed)
{
	struct handle id;
	unsigned char key[SEALED_KEY_SIZE];
	const struct api_field fields[] = { { "id", API_OCTETS, id.bytes, sizeof(id.bytes), NULL },
					    { "key", API_OCTETS, key, sizeof(key), NULL } };
	struct store_key at;
	struct mbox_gate gate;
	enum lookup found;

	if (!api_read_object(item, fields, ARRAY_LEN(fields)))
		return 400;
	at = store_key_pair(&user->mailbox, &id);
	found = letter_and_gate(txn, user, &at, letter, &gate);
	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? 404 : 0;
	if (!gate.open)
		return 403;
	if (letter->has_key)
		return 200;
	letter->has_key = true;
	vault_seal(letter->key, &user->vault, "key", &id, key, sizeof(key));
	(*sealed)++;
	return store_put_letter(txn, &at, letter) ? 200 : 0;
}

static int confirm_one(struct store_txn *txn, const struct api_user *user, json_t *item,
		       struct mbox_letter *letter, size_t *confirmed)
{
	struct handle id;
	struct store_key at;
	struct mbox_gate gate;
	enum lookup found;

	if (!json_is_string(item) ||
	    !api_handle((struct span){ json_string_value(item), json_string_length(item) }, &id))
		return 400;
	at = store_key_pair(&user->mailbox, &id);
	found = letter_and_gate(txn, user, &at, letter, &gate);
	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? 404 : 0;
	if (life_access(letter, &gate) != LIFE_OPEN)
		return 403;
	(*confirmed)++;
	if (letter->links == 0)
		return 200;
	letter->links = 0;
	return store_put_letter(txn, &at, letter) ? 200 : 0;
}

typedef int change_fn(struct store_txn *txn, const struct api_user *user, json_t *item,
		      struct mbox_letter *letter, size_t *count);

/* All of the list in one transaction, or nothing. */
static void change_letters(struct api_call *call, change_fn *change, const char *name)
{
	json_t *letters, *item, *json;
	const struct api_field fields[] = { { "letters", API_LIST, &letters, API_LIST_MAX, NULL } };
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields));
	struct mbox_letter *letter;
	struct api_user user;
	struct store_txn *txn;
	size_t i, count = 0;
	int status = 200;

	if (body == NULL) {
		malformed(call);
		return;
	}
	if (!api_user(call, &user)) {
		json_decref(body);
		return;
	}
	letter = mem_alloc(sizeof(*letter));
	txn = store_begin(call->portal->home->store, true);
	status = txn != NULL ? 200 : 0;
	json_array_foreach(letters, i, item)
	{
		if (status == 200)
			status = change(txn, &user, item, letter, &count);
	}
	if (status != 200)
		store_abort(txn);
	else if (!store_commit(txn))
		status = 0;
	if (status == 200) {
		json = json_object();
		api_set(json, name, json_integer((json_int_t)count));
		api_answer(call, 200, json);
	} else if (status == 400) {
		malformed(call);
	} else if (status == 403) {
		api_error(call, 403, "withheld", "The letter's gate is closed.");
	} else if (status == 404) {
		gone(call);
	} else {
		api_error_later(call);
	}
	crypto_wipe(&user.vault, sizeof(user.vault));
	free(letter);
	json_decref(body);
}

void api_reseal(struct api_call *call)
{
	change_letters(call, reseal_one, "sealed");
}

void api_confirm(struct api_call *call)
{
	change_letters(call, confirm_one, "confirmed");
}
