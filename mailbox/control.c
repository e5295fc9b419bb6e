/* SPDX-License-Identifier: BSD-2-Clause */

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/life.h"
#include "io/crypto/crypto.h"
#include "io/net/stream.h"
#include "mailbox/api_json.h"
#include "mailbox/body.h"
#include "mailbox/home.h"
#include "mailbox/openpgp.h"
#include "mailbox/outbox.h"
#include "mailbox/vault.h"

#define LINE_MAX_OCTETS 524288 /* a key is in one of them */
#define PATIENCE_MS 10000

struct control {
	struct home *home;
	int fd, stop_fd;
	pthread_t thread;
};

/* One request. */
struct wish {
	struct home *home;
	const char *mailbox; /* an address, or "" */
	const char *sender;  /* the same */
	const char *as;      /* whoever asks sees and does what concerns this sender alone; or "" */
	const char *key;     /* an OpenPGP key, armored */
	json_t *reply;
	struct handle handle;
	struct mbox_mailbox box;
};

static bool fail(struct wish *wish, const char *error, const char *text)
{
	json_object_set_new(wish->reply, "ok", json_false());
	json_object_set_new(wish->reply, "error", json_string(error));
	json_object_set_new(wish->reply, "text", json_string(text));
	return false;
}

static bool fail_later(struct wish *wish)
{
	return fail(wish, "later", "the store cannot be read or written now; see the log");
}

static bool same(const char *a, const char *b)
{
	struct store_key one = store_key_address(a), two = store_key_address(b);

	return memcmp(one.bytes, two.bytes, one.len) == 0;
}

/* The mailbox that mail to this address goes to. */
static bool find_mailbox(struct wish *wish, struct store_txn *txn)
{
	struct store_key key = store_key_address(wish->mailbox);
	struct mbox_address all;
	enum lookup found = store_get_address(txn, &key, &all);

	if (found == LOOKUP_FOUND && all.count > 0) {
		wish->handle = all.mailbox[all.count - 1];
		key = store_key_handle(&wish->handle);
		found = store_get_mailbox(txn, &key, &wish->box);
	}
	if (found == LOOKUP_FOUND)
		return true;
	return found == LOOKUP_ABSENT ? fail(wish, "gone", "there is no mailbox of this address")
				      : fail_later(wish);
}

/* For each letter and gate of a mailbox. */
struct seen_box {
	struct wish *wish;
	json_t *letters, *gates;
	size_t count, mine, others;
	bool good;
};

static bool see_letter(void *context, const struct store_key *key, struct span value)
{
	struct seen_box *seen = context;
	struct mbox_letter *letter = mem_alloc(sizeof(*letter));
	const char *as = seen->wish->as;

	(void)key;
	seen->good = mbox_get_letter(letter, value.at, value.len);
	if (seen->good && letter->box == MBOX_INBOX) {
		bool mine = as[0] == '\0' || same(as, letter->sender);

		seen->count++;
		seen->mine += mine;
		seen->others += !mine;
		if (mine && seen->letters != NULL)
			json_array_append_new(seen->letters,
					      json_pack("{s:s,s:I,s:I,s:b,s:b,s:s}", "sender",
							letter->sender, "date",
							(json_int_t)letter->date, "size",
							(json_int_t)letter->size, "read",
							letter->read, "openable", letter->has_key,
							"message_id", letter->message_id));
	}
	free(letter);
	return seen->good;
}

static bool see_gate(void *context, const struct store_key *key, struct span value)
{
	struct seen_box *seen = context;
	size_t most = seen->wish->home->settings->mailbox_pin_tries;
	struct mbox_gate gate;

	(void)key;
	seen->good = mbox_get_gate(&gate, value.at, value.len);
	if (seen->good && (seen->wish->as[0] == '\0' || same(seen->wish->as, gate.sender)))
		json_array_append_new(seen->gates,
				      json_pack("{s:s,s:b,s:b,s:b,s:I}", "sender", gate.sender,
						"open", gate.open, "has_pin", gate.has_pin,
						"locked", life_is_locked(&gate, most), "tries_left",
						(json_int_t)life_tries_left(&gate, most)));
	return seen->good;
}

static json_t *box_json(const struct home *home, const struct mbox_mailbox *box, size_t letters)
{
	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I}", "mailbox", box->address, "state",
			 box->retired       ? "retired"
			 : box->opened != 0 ? "open"
					    : "closed",
			 "created", (json_int_t)box->created, "opened", (json_int_t)box->opened,
			 "active", (json_int_t)box->active, "expires",
			 (json_int_t)life_ends(home->settings, box), "letters",
			 (json_int_t)letters);
}

struct list {
	struct wish *wish;
	struct store_txn *txn;
	json_t *array;
	bool good;
};

static bool list_box(void *context, const struct store_key *key, struct span value)
{
	struct list *list = context;
	struct mbox_mailbox *box = mem_alloc(sizeof(*box));
	struct seen_box seen = { .wish = list->wish, .good = true };

	list->good = mbox_get_mailbox(box, value.at, value.len) &&
		     store_each(list->txn, STORE_LETTER, key, false, see_letter, &seen) &&
		     seen.good;
	if (list->good && (list->wish->as[0] == '\0' || seen.mine > 0))
		json_array_append_new(list->array, box_json(list->wish->home, box, seen.mine));
	free(box);
	return list->good;
}

static bool do_list(struct wish *wish)
{
	struct list list = { .wish = wish, .array = json_array(), .good = true };
	struct store_key all = store_key("", 0, "", 0);
	bool good;

	list.txn = store_begin(wish->home->store, false);
	good = list.txn != NULL &&
	       store_each(list.txn, STORE_MAILBOX, &all, false, list_box, &list) && list.good;
	store_abort(list.txn);
	json_object_set_new(wish->reply, "mailboxes", list.array);
	return good || fail_later(wish);
}

/* FOUND and what concerns the asker, or it has failed already. */
static bool look(struct wish *wish, struct seen_box *seen)
{
	struct store_txn *txn = store_begin(wish->home->store, false);
	struct store_key prefix;
	bool good = false;

	*seen = (struct seen_box){
		.wish = wish, .letters = json_array(), .gates = json_array(), .good = true
	};
	if (txn == NULL) {
		fail_later(wish);
	} else if (find_mailbox(wish, txn)) {
		prefix = store_key_handle(&wish->handle);
		good = store_each(txn, STORE_LETTER, &prefix, false, see_letter, seen) &&
		       store_each(txn, STORE_GATE, &prefix, false, see_gate, seen) && seen->good;
		if (!good)
			fail_later(wish);
		else if (wish->as[0] != '\0' && seen->mine == 0)
			good = fail(wish, "gone", "there is no letter of yours to this address");
	}
	store_abort(txn);
	return good;
}

static bool do_show(struct wish *wish)
{
	struct seen_box seen;
	bool good = look(wish, &seen);

	if (good) {
		json_object_set_new(wish->reply, "box",
				    box_json(wish->home, &wish->box, seen.mine));
		json_object_set(wish->reply, "letters", seen.letters);
		json_object_set(wish->reply, "senders", seen.gates);
	}
	json_decref(seen.letters);
	json_decref(seen.gates);
	return good;
}

/* The gate of `sender`, in a transaction that writes; NULL: it has failed. */
static struct store_txn *begin_gate(struct wish *wish, struct store_key *key,
				    struct mbox_gate *gate)
{
	struct store_txn *txn = store_begin(wish->home->store, true);
	enum lookup found;

	if (wish->as[0] != '\0')
		wish->sender = wish->as;
	if (txn == NULL) {
		fail_later(wish);
		return NULL;
	}
	if (find_mailbox(wish, txn)) {
		*key = store_key_gate(&wish->handle, wish->sender);
		found = store_get_gate(txn, key, gate);
		if (found == LOOKUP_FOUND)
			return txn;
		if (found == LOOKUP_ABSENT)
			fail(wish, "gone", "this sender has no letter in this mailbox");
		else
			fail_later(wish);
	}
	store_abort(txn);
	return NULL;
}

static bool do_pin(struct wish *wish)
{
	struct store_key key;
	struct mbox_gate gate;
	struct store_txn *txn = begin_gate(wish, &key, &gate);
	unsigned char filled[PIN_DIGITS_MAX];
	char pin[PIN_SIZE] = "";
	struct seal_key vault;

	if (txn == NULL)
		return false;
	store_abort(txn);
	if (gate.open || !gate.has_pin)
		return fail(wish, "none", "no PIN is needed from this sender (any more)");
	if (!vault_read(&vault, wish->home->settings->mailbox_keys, &wish->handle) ||
	    !vault_unseal(filled, &vault, "pin", &wish->handle, gate.pin, sizeof(gate.pin)))
		return fail_later(wish);
	memcpy(pin, filled, PIN_DIGITS_MAX);
	json_object_set_new(wish->reply, "pin", json_string(pin));
	crypto_wipe(&vault, sizeof(vault));
	crypto_wipe(filled, sizeof(filled));
	crypto_wipe(pin, sizeof(pin));
	return true;
}

static bool do_unlock(struct wish *wish)
{
	struct store_key key;
	struct mbox_gate gate;
	struct store_txn *txn = begin_gate(wish, &key, &gate);

	if (txn == NULL)
		return false;
	gate.tries = 0;
	gate.told = false;
	if (!store_end(txn, store_put_gate(txn, &key, &gate)))
		return fail_later(wish);
	log_info("mailbox=%s sender=%s unlocked", wish->box.address, gate.sender);
	return true;
}

/* Ends a transaction that writes; false, and it has failed, if `good` is false or it cannot be. */
static bool finish(struct wish *wish, struct store_txn *txn, bool good)
{
	return store_end(txn, good) || fail_later(wish);
}

static bool do_resend(struct wish *wish)
{
	struct seen_box seen;
	bool good = look(wish, &seen);
	struct note_facts facts = { .sender = wish->as[0] != '\0' ? wish->as : wish->home->from,
				    .recipient = wish->box.address,
				    .language = wish->box.language };
	struct store_txn *txn;
	struct handle random;
	char id[HANDLE_HEX_SIZE];

	json_decref(seen.letters);
	json_decref(seen.gates);
	if (!good)
		return false;
	if (wish->box.opened == 0)
		return fail(wish, "closed",
			    "nobody has opened this mailbox, and the link is not known here: send "
			    "the mail again");
	facts.date = life_ends(wish->home->settings, &wish->box);
	handle_make(&random);
	txn = store_begin(wish->home->store, true);
	return finish(wish, txn,
		      txn != NULL && tell_recipient(wish->home, txn, NOTE_ARRIVED, facts,
						    handle_hex(id, &random)));
}

/* Some letters of a sender that nobody has read. */
struct mine {
	struct wish *wish;
	size_t count;
	struct store_key key[64];
	struct handle handle[64];
};

static bool note_unread(void *context, const struct store_key *key, struct span value)
{
	struct mine *mine = context;
	struct mbox_letter *letter = mem_alloc(sizeof(*letter));

	if (mbox_get_letter(letter, value.at, value.len) && letter->box == MBOX_INBOX &&
	    !letter->read && same(letter->sender, mine->wish->sender)) {
		mine->key[mine->count] = *key;
		memcpy(mine->handle[mine->count++].bytes, key->bytes + HANDLE_SIZE, HANDLE_SIZE);
	}
	free(letter);
	return mine->count < ARRAY_LEN(mine->key);
}

/* False: it has failed already, or nothing was done. */
static bool revoke_some(struct wish *wish, struct mine *mine)
{
	struct store_key key, prefix;
	struct mbox_gate gate;
	struct store_txn *txn = begin_gate(wish, &key, &gate);
	bool good;

	*mine = (struct mine){ .wish = wish };
	if (txn == NULL)
		return false;
	prefix = store_key_handle(&wish->handle);
	good = store_each(txn, STORE_LETTER, &prefix, false, note_unread, mine);
	for (size_t i = 0; good && i < mine->count; i++)
		good = store_drop(txn, STORE_LETTER, &mine->key[i]);
	good = store_end(txn, good);
	for (size_t i = 0; good && i < mine->count; i++)
		body_remove(wish->home->store, &wish->handle, &mine->handle[i]);
	return good || fail_later(wish);
}

static bool do_revoke(struct wish *wish)
{
	struct mine *mine = mem_alloc(sizeof(*mine));
	size_t revoked = 0;
	bool good;

	do {
		good = revoke_some(wish, mine);
		revoked += good ? mine->count : 0;
	} while (good && mine->count == ARRAY_LEN(mine->key));
	json_object_set_new(wish->reply, "revoked", json_integer((json_int_t)revoked));
	free(mine);
	return good;
}

static bool tell_restarted(struct wish *wish, struct store_txn *txn, json_t *gates)
{
	struct note_facts facts = { .sender = wish->as[0] != '\0' ? wish->as : wish->home->from,
				    .recipient = wish->box.address,
				    .language = wish->box.language };
	char id[HANDLE_HEX_SIZE];
	json_t *gate;
	size_t i;
	bool good;

	handle_hex(id, &wish->handle);
	good = tell_recipient(wish->home, txn, NOTE_RESTARTED, facts, id);
	json_array_foreach(gates, i, gate)
	{
		facts.sender = json_string_value(json_object_get(gate, "sender"));
		good = good && tell_sender(wish->home, txn, NOTE_SENDER_RESTARTED, facts, id);
	}
	return good;
}

static bool do_restart(struct wish *wish)
{
	struct seen_box seen;
	bool good = look(wish, &seen);
	struct store_key key = store_key_handle(&wish->handle);
	struct store_txn *txn;

	if (good && seen.others > 0)
		good = fail(
			wish, "others",
			"this mailbox holds letters of others, too: an administrator can do it");
	else if (good && wish->box.retired)
		good = fail(wish, "retired", "it was restarted already");
	else if (good && wish->box.opened == 0)
		good = fail(wish, "closed", "nobody has opened it: there is nothing to restart");
	else if (good) {
		txn = store_begin(wish->home->store, true);
		good = txn != NULL && store_get_mailbox(txn, &key, &wish->box) == LOOKUP_FOUND;
		wish->box.retired = true;
		good = finish(wish, txn,
			      good && store_put_mailbox(txn, &key, &wish->box) &&
				      tell_restarted(wish, txn, seen.gates));
	}
	json_decref(seen.letters);
	json_decref(seen.gates);
	return good;
}

static bool do_delete(struct wish *wish)
{
	struct store_txn *txn = store_begin(wish->home->store, false);
	bool found = txn != NULL && find_mailbox(wish, txn);

	store_abort(txn);
	if (txn == NULL)
		return fail_later(wish);
	if (!found)
		return false;
	if (wish->as[0] != '\0')
		return fail(wish, "others", "an administrator alone deletes mailboxes");
	if (!mailbox_end(wish->home, &wish->handle))
		return fail_later(wish);
	log_info("mailbox=%s deleted by an administrator", wish->box.address);
	return true;
}

static bool do_expire(struct wish *wish)
{
	if (wish->as[0] != '\0')
		return fail(wish, "others", "an administrator alone does this");
	json_object_set_new(wish->reply, "ended",
			    json_integer((json_int_t)janitor_sweep(wish->home)));
	return true;
}

/* What would become of mail to this address: for the symbol beside a recipient. */
static bool do_seal(struct wish *wish)
{
	struct store_txn *txn = store_begin(wish->home->store, false);
	bool found = txn != NULL && find_mailbox(wish, txn);
	const char *error = json_string_value(json_object_get(wish->reply, "error"));
	bool failed = txn == NULL || (!found && (error == NULL || strcmp(error, "gone") != 0));

	store_abort(txn);
	json_object_clear(wish->reply);
	if (failed)
		return fail_later(wish);
	json_object_set_new(wish->reply, "seal",
			    json_string(openpgp_find(wish->home, wish->mailbox) == LOOKUP_FOUND
						? "openpgp"
					: found && !wish->box.retired ? "mailbox"
								      : "new-mailbox"));
	return true;
}

static bool do_openpgp_add(struct wish *wish)
{
	char error[OPENPGP_ERROR_SIZE];

	if (wish->as[0] != '\0')
		return fail(wish, "others", "an administrator alone does this");
	return openpgp_add(wish->home, wish->mailbox, wish->key, strlen(wish->key), error) ||
	       fail(wish, "key", error);
}

static bool do_openpgp_remove(struct wish *wish)
{
	if (wish->as[0] != '\0')
		return fail(wish, "others", "an administrator alone does this");
	switch (openpgp_remove(wish->home, wish->mailbox)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_ABSENT:
		return fail(wish, "gone", "there is no key for this address");
	case LOOKUP_ERROR:
	default:
		return fail_later(wish);
	}
}

static void list_key(void *context, const char *address)
{
	json_array_append_new(context, json_string(address));
}

static bool do_openpgp_list(struct wish *wish)
{
	json_t *list = json_array();

	json_object_set_new(wish->reply, "keys", list);
	return openpgp_each(wish->home, list_key, list) || fail_later(wish);
}

/* Mails of our own that Postfix has not taken. */
static bool do_outbox(struct wish *wish)
{
	struct outbox_state state;

	if (wish->as[0] != '\0')
		return fail(wish, "others", "an administrator alone does this");
	if (!outbox_look(wish->home->outbox, &state))
		return fail_later(wish);
	json_object_set_new(wish->reply, "waiting", json_integer((json_int_t)state.waiting));
	json_object_set_new(wish->reply, "oldest", json_integer(state.oldest));
	json_object_set_new(wish->reply, "lost", json_integer((json_int_t)state.lost));
	return true;
}

static const struct {
	const char *word;
	bool needs_mailbox, needs_sender;
	bool (*fn)(struct wish *wish);
} acts[] = {
	{ "list", false, false, do_list },
	{ "show", true, false, do_show },
	{ "pin", true, true, do_pin },
	{ "unlock", true, true, do_unlock },
	{ "resend", true, false, do_resend },
	{ "revoke", true, true, do_revoke },
	{ "restart", true, false, do_restart },
	{ "delete", true, false, do_delete },
	{ "expire", false, false, do_expire },
	{ "seal", true, false, do_seal },
	{ "outbox", false, false, do_outbox },
	{ "openpgp-add", true, false, do_openpgp_add },
	{ "openpgp-remove", true, false, do_openpgp_remove },
	{ "openpgp-list", false, false, do_openpgp_list },
};

static void obey(struct home *home, struct span line, json_t *reply)
{
	struct wish wish = {
		.home = home, .mailbox = "", .sender = "", .as = "", .key = "", .reply = reply
	};
	const char *word;
	bool has_mailbox, has_sender, has_as, has_key;
	const struct api_field fields[] = { { "do", API_TEXT, &word, 0, NULL },
					    { "mailbox", API_TEXT, &wish.mailbox, 0, &has_mailbox },
					    { "sender", API_TEXT, &wish.sender, 0, &has_sender },
					    { "as", API_TEXT, &wish.as, 0, &has_as },
					    { "key", API_TEXT, &wish.key, 0, &has_key } };
	json_t *request = api_read(line, fields, ARRAY_LEN(fields));
	char key[SEAL_ADDRESS_SIZE];
	bool good = false;

	if (request == NULL ||
	    (has_mailbox && !seal_address_key(key, wish.mailbox, strlen(wish.mailbox))) ||
	    (has_sender && !seal_address_key(key, wish.sender, strlen(wish.sender))) ||
	    (has_as && !seal_address_key(key, wish.as, strlen(wish.as)))) {
		fail(&wish, "malformed", "the request cannot be understood");
		json_decref(request);
		return;
	}
	fail(&wish, "malformed", "there is no such act, or it needs a mailbox or a sender");
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		if (strcmp(acts[i].word, word) != 0 || (acts[i].needs_mailbox && !has_mailbox) ||
		    (acts[i].needs_sender && !has_sender && !has_as))
			continue;
		json_object_clear(reply);
		good = acts[i].fn(&wish);
		break;
	}
	if (good)
		json_object_set_new(reply, "ok", json_true());
	json_decref(request);
}

static void serve(struct control *control, int fd)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	struct buf in = { 0 };
	const char *end = NULL;
	json_t *reply;
	char *text;

	while (end == NULL && in.len < LINE_MAX_OCTETS) {
		ssize_t n = stream_read(fd, buf_reserve(&in, 4096), 4096, deadline);

		if (n <= 0)
			break;
		in.len += (size_t)n;
		end = memchr(in.data, '\n', in.len);
	}
	if (end != NULL) {
		reply = json_object();
		obey(control->home, (struct span){ in.data, (size_t)(end - in.data) }, reply);
		text = json_dumps(reply, JSON_COMPACT);
		in.len = 0;
		buf_append_str(&in, text != NULL ? text : "{}");
		buf_append_str(&in, "\n");
		deadline = clock_mono_ms() + PATIENCE_MS;
		if (!stream_write(fd, in.data, in.len, deadline))
			log_debug("control: a client left before its answer");
		free(text);
		json_decref(reply);
	}
	crypto_wipe(in.data, in.cap);
	buf_free(&in);
	close(fd);
}

static void *run(void *argument)
{
	struct control *control = argument;
	struct pollfd waiting[2] = { { .fd = control->fd, .events = POLLIN },
				     { .fd = control->stop_fd, .events = POLLIN } };

	for (;;) {
		int fd;

		if (poll(waiting, 2, -1) < 0 && errno != EINTR)
			log_fatal("control: %s", strerror(errno));
		if (waiting[1].revents != 0)
			return NULL;
		fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			serve(control, fd);
		else if (errno == EMFILE || errno == ENFILE)
			poll(NULL, 0,
			     1000); /* who waits still waits, and no loop spins meanwhile */
	}
}

struct control *control_start(struct home *home, int fd)
{
	struct control *control = mem_zero(1, sizeof(*control));

	control->home = home;
	control->fd = fd;
	control->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (control->stop_fd < 0 || pthread_create(&control->thread, NULL, run, control) != 0)
		log_fatal("control: cannot start: %s", strerror(errno));
	return control;
}

void control_stop(struct control *control)
{
	const uint64_t one = 1;

	if (write(control->stop_fd, &one, sizeof(one)) < 0)
		log_warning("control: %s", strerror(errno));
	pthread_join(control->thread, NULL);
	close(control->stop_fd);
	close(control->fd);
	free(control);
}
