/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of postseal-mailbox-api(5) up to the login, and of the session itself. */
#include "mailbox/api.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/pin.h"
#include "io/crypto/crypto.h"
#include "io/local/metrics_file.h"
#include "mailbox/api_json.h"
#include "mailbox/outbox.h"
#include "mailbox/vault.h"

#define PASSWORD_MIN 12
#define ARGON_MEMORY 65536
#define ARGON_PASSES 3
#define ARGON_LANES 1
#define SALT_SIZE 16
#define DAY INT64_C(86400)

static void malformed(struct api_call *call)
{
	api_error(call, 400, "malformed", "The request is not as it has to be.");
}

static void gone(struct api_call *call)
{
	network_count(call->portal->sessions, call->client, NETWORK_WRONG);
	api_error(call, 404, "gone", "There is no such thing, or not any more.");
}

void api_site(struct api_call *call)
{
	const struct home *home = call->portal->home;
	const struct settings *settings = home->settings;
	json_t *json = json_object();

	api_set(json, "name", json_string(home->site));
	api_set(json, "logo",
		pages_find(call->portal->pages, "/logo") != NULL ? json_string("/logo")
								 : json_null());
	api_set(json, "language", json_string("en"));
	api_set(json, "pin_length", json_integer((json_int_t)settings->mailbox_pin_length));
	api_set(json, "password_min", json_integer(PASSWORD_MIN));
	api_set(json, "session_idle", json_integer(settings->mailbox_session_idle));
	api_set(json, "reply_size", json_integer((json_int_t)home_message_max(home)));
	api_set(json, "expire", json_integer(settings->mailbox_expire * DAY));
	api_answer(call, 200, json);
}

static json_t *argon2_json(const struct home *home, const char *address,
			   const struct mbox_mailbox *box)
{
	unsigned char hash[CRYPTO_HASH_SIZE];
	struct store_key key = store_key_address(address);
	json_t *json = json_object();

	crypto_hmac(hash, home->server.bytes, sizeof(home->server.bytes), "postseal v1 salt", 16,
		    key.bytes, key.len);
	api_set(json, "salt", api_b64(hash, SALT_SIZE));
	api_set(json, "memory", json_integer(box != NULL ? box->memory : ARGON_MEMORY));
	api_set(json, "passes", json_integer(box != NULL ? box->passes : ARGON_PASSES));
	api_set(json, "lanes", json_integer(box != NULL ? box->lanes : ARGON_LANES));
	return json;
}

enum lookup api_find_link(struct store_txn *txn, const unsigned char id[32], struct mbox_link *link)
{
	unsigned char hash[CRYPTO_HASH_SIZE];
	struct store_key key;
	struct span pair;
	enum lookup found;

	crypto_sha256(hash, id, 32);
	key = store_key(hash, sizeof(hash), "", 0);
	found = store_get(txn, STORE_LINK_ID, &key, &pair);
	if (found != LOOKUP_FOUND)
		return found;
	key = store_key(pair.at, pair.len, "", 0);
	return store_get_link(txn, &key, link);
}

/* What a link is for. */
struct linked {
	struct mbox_link link;
	struct mbox_mailbox box;
	struct mbox_gate gate;
};

static enum lookup find_linked(struct store_txn *txn, const unsigned char id[32],
			       struct linked *linked)
{
	struct store_key key;
	enum lookup found = api_find_link(txn, id, &linked->link);

	if (found == LOOKUP_FOUND) {
		key = store_key_handle(&linked->link.mailbox);
		found = store_get_mailbox(txn, &key, &linked->box);
	}
	if (found == LOOKUP_FOUND) {
		key = store_key_gate(&linked->link.mailbox, linked->link.sender);
		found = store_get_gate(txn, &key, &linked->gate);
	}
	return found;
}

/* Letters that a link opens. */
struct openable {
	const struct handle *link;
	const struct seal_key *vault; /* NULL: count alone */
	json_t *list;
	size_t count;
	bool good;
};

static bool see_openable(void *context, const struct store_key *key, struct span value)
{
	struct openable *openable = context;
	struct mbox_letter *letter = mem_alloc(sizeof(*letter));
	struct handle handle;

	memcpy(handle.bytes, key->bytes + HANDLE_SIZE, HANDLE_SIZE);
	openable->good = mbox_get_letter(letter, value.at, value.len);
	for (size_t i = 0; openable->good && i < letter->links; i++) {
		unsigned char sealed[SEALED_KEY_SIZE];
		json_t *one;

		if (!handle_same(&letter->link[i].link, openable->link))
			continue;
		openable->count++;
		if (openable->vault == NULL)
			continue;
		openable->good = vault_unseal(sealed, openable->vault, "key", &handle,
					      letter->link[i].key, sizeof(letter->link[i].key));
		if (!openable->good)
			break;
		one = json_object();
		api_set(one, "id", api_b64(handle.bytes, HANDLE_SIZE));
		api_set(one, "key", api_b64(sealed, sizeof(sealed)));
		json_array_append_new(openable->list, one);
	}
	free(letter);
	return openable->good && openable->count < API_LIST_MAX;
}

static bool see_all(struct store_txn *txn, const struct mbox_link *link, struct openable *openable)
{
	struct store_key prefix = store_key_handle(&link->mailbox);

	openable->link = &link->handle;
	openable->good = true;
	return store_each(txn, STORE_LETTER, &prefix, false, see_openable, openable) &&
	       openable->good;
}

static json_t *sender_json(const char *name, const char *address)
{
	json_t *json = json_object();
	json_t *text = json_string(name);

	api_set(json, "name", text != NULL ? text : json_string(""));
	api_set(json, "address", json_string(address));
	return json;
}

void api_link(struct api_call *call)
{
	unsigned char id[32];
	const struct api_field fields[] = { { "id", API_OCTETS, id, sizeof(id), NULL } };
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields)), *json;
	size_t most = call->portal->home->settings->mailbox_pin_tries;
	struct linked linked;
	struct openable openable = { .vault = NULL };
	struct store_txn *txn;
	enum lookup found;

	if (body == NULL) {
		malformed(call);
		return;
	}
	json_decref(body);
	network_count(call->portal->sessions, call->client, NETWORK_ASK);
	txn = store_begin(call->portal->home->store, false);
	found = txn != NULL ? find_linked(txn, id, &linked) : LOOKUP_ERROR;
	if (found == LOOKUP_FOUND && !see_all(txn, &linked.link, &openable))
		found = LOOKUP_ERROR;
	store_abort(txn);
	if (found != LOOKUP_FOUND) {
		if (found == LOOKUP_ABSENT)
			gone(call);
		else
			api_error_later(call);
		return;
	}
	json = json_object();
	api_set(json, "link", api_b64(linked.link.handle.bytes, HANDLE_SIZE));
	api_set(json, "state", json_string(linked.box.opened != 0 ? "open" : "closed"));
	api_set(json, "address", json_string(linked.box.address));
	api_set(json, "sender", sender_json(linked.link.name, linked.link.sender));
	api_set(json, "date", json_integer(linked.link.date));
	api_set(json, "letters", json_integer((json_int_t)openable.count));
	api_set(json, "pin", json_boolean(!linked.gate.open));
	api_set(json, "locked", json_boolean(life_is_locked(&linked.gate, most)));
	api_answer(call, 200, json);
}

bool api_change_gate(struct home *home, const struct handle *mailbox, const char *sender,
		     void (*change)(struct mbox_gate *gate))
{
	struct store_key key = store_key_gate(mailbox, sender);
	struct store_txn *txn = store_begin(home->store, true);
	struct mbox_gate gate;

	if (txn == NULL)
		return false;
	if (store_get_gate(txn, &key, &gate) == LOOKUP_FOUND) {
		change(&gate);
		if (store_put_gate(txn, &key, &gate))
			return store_commit(txn);
	}
	store_abort(txn);
	return false;
}

static bool is_right(const struct seal_key *vault, const struct handle *mailbox,
		     const struct mbox_gate *gate, const char *pin)
{
	unsigned char kept[PIN_DIGITS_MAX], typed[PIN_DIGITS_MAX] = { 0 };
	bool right;

	if (!gate->has_pin ||
	    !vault_unseal(kept, vault, "pin", mailbox, gate->pin, sizeof(gate->pin)))
		return false;
	memcpy(typed, pin, strlen(pin));
	right = crypto_same(kept, typed, sizeof(kept));
	crypto_wipe(kept, sizeof(kept));
	crypto_wipe(typed, sizeof(typed));
	return right;
}

/* The tries are used up: in the same transaction the sender is told. */
static bool tell_locked(struct home *home, struct store_txn *txn, const struct handle *mailbox,
			struct mbox_gate *gate)
{
	struct store_key key = store_key_handle(mailbox);
	struct mbox_mailbox *box = mem_alloc(sizeof(*box));
	bool good = store_get_mailbox(txn, &key, box) == LOOKUP_FOUND;
	struct note_facts facts = { .sender = gate->sender,
				    .recipient = box->address,
				    .date = clock_wall() };
	struct handle random;
	char id[HANDLE_HEX_SIZE];

	handle_make(&random);
	good = good && tell_sender(home, txn, NOTE_LOCKED, facts, handle_hex(id, &random));
	gate->told = true;
	metrics_count(M_MAILBOX_LOCKED);
	free(box);
	return good;
}

enum tried {
	TRIED_LATER, /* it could not be written; nothing was counted */
	TRIED_GONE,  /* there is no gate */
	TRIED_RIGHT, /* or none is needed */
	TRIED_WRONG,
	TRIED_LOCKED /* by this try, or before it */
};

/* One try, and all that comes of it, in one transaction; nobody hears of it before it is on
 * disk. */
static enum tried put_try(struct home *home, struct store_txn *txn, const struct handle *mailbox,
			  const struct seal_key *vault, const char *sender, const char *pin,
			  struct mbox_gate *gate)
{
	size_t most = home->settings->mailbox_pin_tries;
	struct store_key key = store_key_gate(mailbox, sender);
	enum lookup found = store_get_gate(txn, &key, gate);
	enum tried tried = TRIED_WRONG;

	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? TRIED_GONE : TRIED_LATER;
	switch (life_begin_try(gate, most)) {
	case LIFE_FREE:
		return TRIED_RIGHT;
	case LIFE_LOCKED:
		return TRIED_LOCKED;
	case LIFE_TRY:
		break;
	}
	if (is_right(vault, mailbox, gate, pin)) {
		metrics_count(METRIC1(PINS, METRIC_PIN_RIGHT));
		life_give_back_try(gate);
		tried = TRIED_RIGHT;
	} else if (life_is_locked(gate, most)) {
		tried = TRIED_LOCKED;
		if (!gate->told && !tell_locked(home, txn, mailbox, gate))
			return TRIED_LATER;
	}
	return store_put_gate(txn, &key, gate) ? tried : TRIED_LATER;
}

bool api_try_pin(struct api_call *call, const struct handle *mailbox, const struct seal_key *vault,
		 const char *sender, const char *pin)
{
	struct home *home = call->portal->home;
	struct store_txn *txn = store_begin(home->store, true);
	struct mbox_gate gate = { .open = false };
	enum tried tried = TRIED_LATER;

	network_count(call->portal->sessions, call->client, NETWORK_ASK);
	if (txn != NULL)
		tried = put_try(home, txn, mailbox, vault, sender, pin, &gate);
	if (tried == TRIED_LATER || tried == TRIED_GONE)
		store_abort(txn);
	else if (!store_commit(txn))
		tried = TRIED_LATER;
	switch (tried) {
	case TRIED_RIGHT:
		return true;
	case TRIED_GONE:
		gone(call);
		break;
	case TRIED_LOCKED:
		metrics_count(METRIC1(PINS, METRIC_PIN_LOCKED));
		log_warning("sender=%s too many wrong PINs: locked", gate.sender);
		api_error(call, 423, "locked", "Too many wrong PINs; the sender has been told.");
		break;
	case TRIED_WRONG:
		metrics_count(METRIC1(PINS, METRIC_PIN_WRONG));
		api_error_with(call, 403, "pin", "That is not the PIN.", "tries_left",
			       life_tries_left(&gate, home->settings->mailbox_pin_tries));
		break;
	case TRIED_LATER:
		api_error_later(call);
		break;
	}
	return false;
}

static void answer_ticket(struct api_call *call, const struct linked *linked,
			  const struct seal_key *vault)
{
	struct home *home = call->portal->home;
	struct session_info info = { .mailbox = linked->link.mailbox, .link = linked->link.handle };
	struct openable openable = { .vault = vault, .list = json_array() };
	struct store_txn *txn = store_begin(home->store, false);
	char token[SESSION_TOKEN_SIZE];
	json_t *json;
	bool good = txn != NULL && see_all(txn, &linked->link, &openable);

	store_abort(txn);
	if (!good) {
		json_decref(openable.list);
		api_error_later(call);
		return;
	}
	str_copy(info.sender, sizeof(info.sender), linked->link.sender);
	session_make(call->portal->sessions, &info, true, token);
	json = json_object();
	api_set(json, "ticket", json_string(token));
	api_set(json, "seconds", json_integer(TICKET_SECONDS));
	api_set(json, "mailbox", api_b64(linked->link.mailbox.bytes, HANDLE_SIZE));
	api_set(json, "address", json_string(linked->box.address));
	api_set(json, "argon2", argon2_json(home, linked->box.address, NULL));
	api_set(json, "public", api_b64(linked->link.public_key, HPKE_PUBLIC_SIZE));
	api_set(json, "letters", openable.list);
	crypto_wipe(token, sizeof(token));
	api_answer(call, 200, json);
}

void api_ticket(struct api_call *call)
{
	unsigned char id[32];
	const char *pin = "";
	bool has_pin;
	const struct api_field fields[] = { { "id", API_OCTETS, id, sizeof(id), NULL },
					    { "pin", API_TEXT, &pin, 0, &has_pin } };
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields));
	struct home *home = call->portal->home;
	struct linked linked = { 0 };
	struct seal_key vault;
	struct store_txn *txn;
	enum lookup found;

	if (body == NULL || (has_pin && !pin_is_digits(pin))) {
		json_decref(body);
		malformed(call);
		return;
	}
	txn = store_begin(home->store, false);
	found = txn != NULL ? find_linked(txn, id, &linked) : LOOKUP_ERROR;
	store_abort(txn);
	if (found == LOOKUP_ABSENT)
		gone(call);
	else if (found == LOOKUP_ERROR ||
		 !vault_read(&vault, home->settings->mailbox_keys, &linked.link.mailbox))
		api_error_later(call);
	else if (linked.box.opened != 0)
		api_error(call, 409, "open", "The mailbox has a password.");
	else if (!linked.gate.open && !has_pin)
		malformed(call);
	else if (api_try_pin(call, &linked.link.mailbox, &vault, linked.link.sender, pin))
		answer_ticket(call, &linked, &vault);
	crypto_wipe(&vault, sizeof(vault));
	json_decref(body);
}

/* {"id", "address", ...} of an open mailbox. NULL: its key does not open what it keeps. */
static json_t *api_mailbox_json(const struct home *home, const struct api_user *user)
{
	unsigned char wrapped[WRAPPED_KEY_SIZE];
	const struct mbox_mailbox *box = &user->box;
	json_t *json;

	if (!vault_unseal(wrapped, &user->vault, "wrapped", &user->mailbox, box->wrapped,
			  sizeof(box->wrapped)))
		return NULL;
	json = json_object();
	api_set(json, "id", api_b64(user->mailbox.bytes, HANDLE_SIZE));
	api_set(json, "address", json_string(box->address));
	api_set(json, "language", json_string(box->language == MBOX_LANGUAGE_DE ? "de" : "en"));
	api_set(json, "public", api_b64(box->public_key, sizeof(box->public_key)));
	api_set(json, "wrapped", api_b64(wrapped, sizeof(wrapped)));
	api_set(json, "opened", json_integer(box->opened));
	api_set(json, "expires", json_integer(life_ends(home->settings, box)));
	api_set(json, "retired", json_boolean(box->retired));
	api_set(json, "replies_left",
		json_integer(life_replies_left(home->settings, box, clock_wall())));
	return json;
}

static void answer_session(struct api_call *call, int status, const struct api_user *user)
{
	struct session_info info = { .mailbox = user->mailbox };
	json_t *mailbox = api_mailbox_json(call->portal->home, user), *json;
	const struct session_info *made;
	char token[SESSION_TOKEN_SIZE];
	int64_t left;

	if (mailbox == NULL) {
		log_error("mailbox=%s its key file does not fit", user->box.address);
		api_error_later(call);
		return;
	}
	session_make(call->portal->sessions, &info, false, token);
	made = session_find(call->portal->sessions, token, false, false, &left);
	json = json_object();
	api_set(json, "session", json_string(token));
	api_set(json, "share", api_b64(made->share, sizeof(made->share)));
	api_set(json, "idle", json_integer(call->portal->home->settings->mailbox_session_idle));
	api_set(json, "mailbox", mailbox);
	crypto_wipe(token, sizeof(token));
	api_answer(call, status, json);
}

struct opening {
	unsigned char public_key[HPKE_PUBLIC_SIZE], wrapped[WRAPPED_KEY_SIZE], auth[32];
	const char *language;
	json_t *letters;
};

/* K of each letter in the list that this link opens, sealed anew. */
static bool put_new_keys(struct store_txn *txn, const struct session_info *ticket,
			 const struct seal_key *vault, json_t *letters, bool *shape)
{
	struct mbox_letter *letter = mem_alloc(sizeof(*letter));
	bool good = true;
	size_t i;
	json_t *one;

	json_array_foreach(letters, i, one)
	{
		struct handle id;
		unsigned char key[SEALED_KEY_SIZE];
		const struct api_field fields[] = { { "id", API_OCTETS, id.bytes, sizeof(id.bytes),
						      NULL },
						    { "key", API_OCTETS, key, sizeof(key), NULL } };
		struct store_key at;
		enum lookup found;

		*shape = api_read_object(one, fields, ARRAY_LEN(fields));
		if (!*shape)
			break;
		at = store_key_pair(&ticket->mailbox, &id);
		found = store_get_letter(txn, &at, letter);
		if (found == LOOKUP_ERROR)
			good = false;
		if (found != LOOKUP_FOUND || letter->has_key ||
		    !store_same_address(letter->sender, ticket->sender))
			continue;
		letter->has_key = true;
		vault_seal(letter->key, vault, "key", &id, key, sizeof(key));
		good = good && store_put_letter(txn, &at, letter);
	}
	free(letter);
	return good && *shape;
}

struct opened {
	struct home *home;
	struct store_txn *txn;
	const struct mbox_mailbox *box;
	const char *by; /* the sender whose link it was */
	bool good;
};

static bool tell_of_opening(void *context, const struct store_key *key, struct span value)
{
	struct opened *opened = context;
	struct note_facts facts = { .recipient = opened->box->address,
				    .date = opened->box->opened };
	struct handle random;
	struct mbox_gate gate;
	char id[HANDLE_HEX_SIZE];

	(void)key;
	handle_make(&random);
	opened->good = mbox_get_gate(&gate, value.at, value.len);
	facts.sender = gate.sender;
	facts.own_link = opened->good && store_same_address(gate.sender, opened->by);
	opened->good = opened->good && tell_sender(opened->home, opened->txn, NOTE_OPENED, facts,
						   handle_hex(id, &random));
	return opened->good;
}

/* All who have written to it: each receipt has promised it. */
static bool tell_opened(struct home *home, struct store_txn *txn, const struct session_info *ticket,
			const struct mbox_mailbox *box)
{
	struct opened opened = {
		.home = home, .txn = txn, .box = box, .by = ticket->sender, .good = true
	};
	struct store_key prefix = store_key_handle(&ticket->mailbox);

	return store_each(txn, STORE_GATE, &prefix, false, tell_of_opening, &opened) && opened.good;
}

/* The status to answer with; 0: the store failed. */
static int put_opening(struct home *home, struct store_txn *txn, const struct session_info *ticket,
		       const struct opening *opening, struct api_user *user)
{
	struct store_key key = store_key_handle(&ticket->mailbox);
	struct store_key gate_key = store_key_gate(&ticket->mailbox, ticket->sender);
	unsigned char hash[CRYPTO_HASH_SIZE];
	struct mbox_mailbox *box = &user->box;
	struct mbox_gate gate;
	bool again, shape = true;

	switch (store_get_mailbox(txn, &key, box)) {
	case LOOKUP_ABSENT:
		return 404;
	case LOOKUP_ERROR:
		return 0;
	case LOOKUP_FOUND:
		break;
	}
	crypto_sha256(hash, opening->auth, sizeof(opening->auth));
	again = box->opened != 0;
	if (again && (memcmp(box->public_key, opening->public_key, HPKE_PUBLIC_SIZE) != 0 ||
		      !crypto_same(box->auth_hash, hash, sizeof(hash))))
		return 409;
	if (!again) {
		box->opened = box->active = clock_wall();
		box->language =
			strcmp(opening->language, "de") == 0 ? MBOX_LANGUAGE_DE : MBOX_LANGUAGE_EN;
		memcpy(box->public_key, opening->public_key, sizeof(box->public_key));
		memcpy(box->auth_hash, hash, sizeof(box->auth_hash));
		vault_seal(box->wrapped, &user->vault, "wrapped", &user->mailbox, opening->wrapped,
			   sizeof(opening->wrapped));
		box->memory = ARGON_MEMORY;
		box->passes = ARGON_PASSES;
		box->lanes = ARGON_LANES;
		if (store_get_gate(txn, &gate_key, &gate) != LOOKUP_FOUND)
			return 0;
		life_open_gate(&gate);
		if (!store_put_gate(txn, &gate_key, &gate) || !store_put_mailbox(txn, &key, box))
			return 0;
	}
	if (!put_new_keys(txn, ticket, &user->vault, opening->letters, &shape))
		return shape ? 0 : 400;
	if (!again && home->settings->mailbox_notify_opened && !tell_opened(home, txn, ticket, box))
		return 0;
	return again ? 200 : 201;
}

static void open_mailbox(struct api_call *call, const struct session_info *ticket,
			 const struct opening *opening)
{
	struct home *home = call->portal->home;
	struct api_user user = { .mailbox = ticket->mailbox };
	struct session_info held = *ticket;
	struct store_txn *txn;
	int status = 0;

	if (vault_read(&user.vault, home->settings->mailbox_keys, &ticket->mailbox) &&
	    (txn = store_begin(home->store, true)) != NULL) {
		status = put_opening(home, txn, &held, opening, &user);
		if (status != 200 && status != 201)
			store_abort(txn);
		else if (!store_commit(txn))
			status = 0;
	}
	if (status == 0)
		api_error_later(call);
	else if (status == 400)
		malformed(call);
	else if (status == 404)
		gone(call);
	else if (status == 409)
		api_error(call, 409, "open", "The mailbox was opened with another key.");
	else
		answer_session(call, status, &user);
	if (status == 201) {
		log_info("mailbox=%s opened for the first time", user.box.address);
		metrics_count(M_OPENED);
		fresh_forget(home->fresh, &user.mailbox);
	}
	crypto_wipe(&user.vault, sizeof(user.vault));
}

void api_open(struct api_call *call)
{
	struct opening opening;
	const struct api_field fields[] = {
		{ "public", API_OCTETS, opening.public_key, sizeof(opening.public_key), NULL },
		{ "wrapped", API_OCTETS, opening.wrapped, sizeof(opening.wrapped), NULL },
		{ "auth", API_OCTETS, opening.auth, sizeof(opening.auth), NULL },
		{ "language", API_TEXT, &opening.language, 0, NULL },
		{ "letters", API_LIST, &opening.letters, API_LIST_MAX, NULL }
	};
	int64_t left;
	const struct session_info *ticket =
		session_find(call->portal->sessions, call->token, true, false, &left);
	json_t *body;

	if (ticket == NULL) {
		api_error(call, 401, "ticket", "There is no ticket, or it has ended.");
		return;
	}
	body = api_read(call->body, fields, ARRAY_LEN(fields));
	if (body == NULL || !hpke_is_public(opening.public_key) ||
	    (strcmp(opening.language, "de") != 0 && strcmp(opening.language, "en") != 0))
		malformed(call);
	else
		open_mailbox(call, ticket, &opening);
	json_decref(body);
	crypto_wipe(&opening, sizeof(opening));
}

void api_salt(struct api_call *call)
{
	const char *address;
	const struct api_field fields[] = { { "address", API_TEXT, &address, 0, NULL } };
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields)), *json;
	char key[SEAL_ADDRESS_SIZE];

	if (body == NULL || !seal_address_key(key, address, strlen(address))) {
		json_decref(body);
		malformed(call);
		return;
	}
	network_count(call->portal->sessions, call->client, NETWORK_ASK);
	json = json_object();
	api_set(json, "argon2", argon2_json(call->portal->home, key, NULL));
	json_decref(body);
	api_answer(call, 200, json);
}

struct login {
	const char *address;
	unsigned char hash[CRYPTO_HASH_SIZE];
	struct api_user *user;
	enum lookup found;
};

/* The mailbox of this address with this password; a retired one has another. */
static enum lookup find_user(struct store_txn *txn, const struct login *login,
			     struct store_key *key)
{
	struct api_user *user = login->user;
	struct mbox_address all;
	enum lookup found;

	*key = store_key_address(login->address);
	found = store_get_address(txn, key, &all);
	if (found != LOOKUP_FOUND)
		return found;
	for (size_t i = all.count; i-- > 0;) {
		*key = store_key_handle(&all.mailbox[i]);
		found = store_get_mailbox(txn, key, &user->box);
		if (found == LOOKUP_ERROR)
			return found;
		if (found == LOOKUP_FOUND && user->box.opened != 0 &&
		    crypto_same(user->box.auth_hash, login->hash, CRYPTO_HASH_SIZE)) {
			user->mailbox = all.mailbox[i];
			return LOOKUP_FOUND;
		}
	}
	return LOOKUP_ABSENT;
}

/* So that who does not know the password waits for no disk, nor lets others wait. */
static enum lookup knows_user(struct store *store, const struct login *login)
{
	struct store_txn *txn = store_begin(store, false);
	struct store_key key;
	enum lookup found = txn != NULL ? find_user(txn, login, &key) : LOOKUP_ERROR;

	store_abort(txn);
	return found;
}

static bool log_in(struct store_txn *txn, void *context)
{
	struct login *login = context;
	struct store_key key;

	login->found = find_user(txn, login, &key);
	if (login->found != LOOKUP_FOUND)
		return false;
	life_login(&login->user->box, clock_wall());
	return store_put_mailbox(txn, &key, &login->user->box);
}

void api_login(struct api_call *call)
{
	const char *address;
	unsigned char auth[32];
	const struct api_field fields[] = { { "address", API_TEXT, &address, 0, NULL },
					    { "auth", API_OCTETS, auth, sizeof(auth), NULL } };
	json_t *body = api_read(call->body, fields, ARRAY_LEN(fields));
	struct home *home = call->portal->home;
	struct api_user user = { 0 };
	struct login login = { .user = &user, .found = LOOKUP_ERROR };
	enum lookup found;

	if (body == NULL) {
		malformed(call);
		return;
	}
	login.address = address;
	crypto_sha256(login.hash, auth, sizeof(auth));
	found = knows_user(home->store, &login);
	if (found == LOOKUP_FOUND && !store_change(home->store, log_in, &login))
		found = login.found != LOOKUP_FOUND ? login.found : LOOKUP_ERROR;
	json_decref(body);
	if (found == LOOKUP_ABSENT) {
		network_count(call->portal->sessions, call->client, NETWORK_WRONG);
		metrics_count(METRIC1(LOGINS, METRIC_LOGIN_WRONG));
		api_error(call, 403, "password", "No mailbox of this address has this password.");
	} else if (found == LOOKUP_ERROR ||
		   !vault_read(&user.vault, home->settings->mailbox_keys, &user.mailbox)) {
		api_error_later(call);
	} else {
		metrics_count(METRIC1(LOGINS, METRIC_LOGIN_RIGHT));
		answer_session(call, 201, &user);
		crypto_wipe(&user.vault, sizeof(user.vault));
	}
	crypto_wipe(auth, sizeof(auth));
}

static bool find_session(struct api_call *call, struct api_user *user, bool touch)
{
	struct home *home = call->portal->home;
	struct store_txn *txn;
	struct store_key key;
	enum lookup found;

	user->info = session_find(call->portal->sessions, call->token, false, touch, &user->idle);
	if (user->info == NULL) {
		api_error(call, 401, "session", "There is no session, or it has ended.");
		return false;
	}
	user->mailbox = user->info->mailbox;
	key = store_key_handle(&user->mailbox);
	txn = store_begin(home->store, false);
	found = txn != NULL ? store_get_mailbox(txn, &key, &user->box) : LOOKUP_ERROR;
	store_abort(txn);
	if (found == LOOKUP_ABSENT) {
		session_end(call->portal->sessions, call->token);
		api_error(call, 401, "session", "The mailbox is gone.");
		return false;
	}
	if (found == LOOKUP_FOUND &&
	    vault_read(&user->vault, home->settings->mailbox_keys, &user->mailbox))
		return true;
	api_error_later(call);
	return false;
}

bool api_user(struct api_call *call, struct api_user *user)
{
	return find_session(call, user, true);
}

void api_session(struct api_call *call)
{
	struct api_user user;
	json_t *json, *mailbox;

	if (!find_session(call, &user, false))
		return;
	mailbox = api_mailbox_json(call->portal->home, &user);
	crypto_wipe(&user.vault, sizeof(user.vault));
	if (mailbox == NULL) {
		api_error_later(call);
		return;
	}
	json = json_object();
	api_set(json, "idle", json_integer(user.idle));
	api_set(json, "share", api_b64(user.info->share, sizeof(user.info->share)));
	api_set(json, "mailbox", mailbox);
	api_answer(call, 200, json);
}

void api_keep(struct api_call *call)
{
	json_t *body = api_read(call->body, NULL, 0), *json;
	int64_t left;

	if (body == NULL) {
		malformed(call);
		return;
	}
	json_decref(body);
	if (session_find(call->portal->sessions, call->token, false, true, &left) == NULL) {
		api_error(call, 401, "session", "There is no session, or it has ended.");
		return;
	}
	json = json_object();
	api_set(json, "idle", json_integer(left));
	api_answer(call, 200, json);
}

void api_logout(struct api_call *call)
{
	session_end(call->portal->sessions, call->token);
	api_answer(call, 204, NULL);
}
