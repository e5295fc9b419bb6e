/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/outbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/crypto/crypto.h"
#include "io/local/metrics_file.h"
#include "mailbox/submit.h"
#include "mailbox/vault.h"

#define BATCH 256
#define DAY INT64_C(86400)
/* Between two tries of a mail half of its age passes, within these bounds. */
#define PAUSE_LEAST_MS INT64_C(1000)
#define PAUSE_MOST_MS INT64_C(1800000)
/* The same where there is no Postfix, by how long it has been away. */
#define AWAY_LEAST_MS INT64_C(500)
#define AWAY_MOST_MS INT64_C(60000)

/* A key file. */
struct out_key {
	struct handle handle;
	int64_t made; /* clock_mono_ms */
	bool in_use;  /* something waits under it; as of the last count */
	UT_hash_handle hh;
};

/* What was tried in vain since the start. */
struct tried {
	struct handle mail;
	unsigned times;
	int64_t last; /* clock_mono_ms */
	bool sent;    /* Postfix has it, and the store did not let it go */
	UT_hash_handle hh;
};

struct outbox {
	struct home *home;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken, stopping;
	_Atomic uint64_t lost;
	/* Changed in transactions that write alone, of which there is one at a time. */
	struct out_key *keys;
	struct handle current; /* all zero: the next mail makes one */
	struct seal_key key;   /* of `current` */
	/* Of the thread alone. */
	struct tried *tried;
	size_t sent;        /* of them */
	int64_t away_since; /* clock_mono_ms; 0: Postfix answers */
};

static const struct handle nothing;

/*
 * Keys.
 */

static void add_key(void *context, const struct handle *handle)
{
	struct outbox *outbox = context;
	struct out_key *key = mem_zero(1, sizeof(*key));

	key->handle = *handle;
	key->made = clock_mono_ms();
	HASH_ADD(hh, outbox->keys, handle, sizeof(key->handle), key);
}

static void drop_key(struct outbox *outbox, struct out_key *key)
{
	HASH_DEL(outbox->keys, key);
	free(key);
}

/* The one that new mails are sealed under. */
static bool settle_key(struct outbox *outbox)
{
	const char *dir = outbox->home->settings->mailbox_keys;
	struct out_key *key;
	struct handle handle;

	HASH_FIND(hh, outbox->keys, &outbox->current, sizeof(outbox->current), key);
	if (key != NULL && clock_mono_ms() - key->made < OUTBOX_KEY_SECONDS * 1000)
		return true;
	handle_make(&handle);
	if (!vault_make(dir, &handle, VAULT_OUTBOX) ||
	    vault_find(&outbox->key, dir, &handle, VAULT_OUTBOX) != LOOKUP_FOUND)
		return false;
	add_key(outbox, &handle);
	outbox->current = handle;
	return true;
}

static bool note_use(void *context, const struct store_key *key, struct span value)
{
	struct outbox *outbox = context;
	struct mbox_outgoing mail;
	struct out_key *used = NULL;

	(void)key;
	if (mbox_get_outgoing(&mail, value.at, value.len))
		HASH_FIND(hh, outbox->keys, &mail.key, sizeof(mail.key), used);
	if (used != NULL)
		used->in_use = true;
	return true;
}

/*
 * Shreds the files under which nothing waits. In a transaction that writes, though it
 * writes nothing: nobody is about to seal a mail then, and what had been put in is there.
 */
static void shred_keys(struct outbox *outbox)
{
	const char *dir = outbox->home->settings->mailbox_keys;
	struct store_key all = store_key("", 0, "", 0);
	struct store_txn *txn = store_begin(outbox->home->store, true);
	struct out_key *key, *next;
	int64_t now = clock_mono_ms();

	if (txn == NULL)
		return;
	for (key = outbox->keys; key != NULL; key = key->hh.next)
		key->in_use = false;
	if (store_each(txn, STORE_OUTBOX, &all, false, note_use, outbox)) {
		HASH_ITER(hh, outbox->keys, key, next)
		{
			bool current = handle_same(&key->handle, &outbox->current);

			if (key->in_use || (current && now - key->made < OUTBOX_KEY_SECONDS * 1000))
				continue;
			if (current) {
				outbox->current = nothing;
				crypto_wipe(&outbox->key, sizeof(outbox->key));
			}
			if (vault_shred(dir, &key->handle, VAULT_OUTBOX))
				drop_key(outbox, key);
		}
	}
	store_abort(txn);
}

/*
 * In.
 */

static void wake(struct outbox *outbox)
{
	pthread_mutex_lock(&outbox->lock);
	outbox->woken = true;
	pthread_cond_signal(&outbox->wake);
	pthread_mutex_unlock(&outbox->lock);
}

bool outbox_put(struct outbox *outbox, struct store_txn *txn, const struct outbox_news *news,
		const struct buf *message)
{
	struct mbox_outgoing mail = { .date = clock_wall(), .note = (uint8_t)news->note };
	struct store_key key;
	struct handle handle;
	struct buf sealed = { 0 };
	bool good;

	if (message->len > MBOX_OUTGOING_MAX - VAULT_EXTRA || !settle_key(outbox)) {
		log_error("to=%s note=%d cannot be put into the outbox", news->to, (int)news->note);
		return false;
	}
	handle_make_dated(&handle, mail.date);
	key = store_key_handle(&handle);
	str_copy(mail.from, sizeof(mail.from), news->from);
	str_copy(mail.to, sizeof(mail.to), news->to);
	if (news->mailbox != NULL) {
		mail.mailbox = *news->mailbox;
		mail.letter = *news->letter;
	}
	mail.key = outbox->current;
	mail.len = message->len + VAULT_EXTRA;
	mail.body = (unsigned char *)buf_reserve(&sealed, mail.len);
	vault_seal(mail.body, &outbox->key, "outbox", &handle, message->data, message->len);
	good = store_put_outgoing(txn, &key, &mail);
	buf_free(&sealed);
	/* The thread looks in a transaction that writes: so not before this one has ended. */
	wake(outbox);
	return good;
}

/*
 * Out.
 */

static void forget_tries(struct outbox *outbox, struct tried *tried)
{
	if (tried == NULL)
		return;
	HASH_DEL(outbox->tried, tried);
	free(tried);
}

static struct tried *find_tries(struct outbox *outbox, const struct store_key *key)
{
	struct tried *tried;

	HASH_FIND(hh, outbox->tried, key->bytes, HANDLE_SIZE, tried);
	return tried;
}

static void note_try(struct outbox *outbox, const struct store_key *key)
{
	struct tried *tried = find_tries(outbox, key);

	if (tried == NULL) {
		tried = mem_zero(1, sizeof(*tried));
		memcpy(tried->mail.bytes, key->bytes, HANDLE_SIZE);
		HASH_ADD(hh, outbox->tried, mail, sizeof(tried->mail), tried);
	}
	tried->times++;
	tried->last = clock_mono_ms();
}

static bool drop_mail(struct outbox *outbox, const struct store_key *key)
{
	struct store_txn *txn = store_begin(outbox->home->store, true);

	if (!store_end(txn, txn != NULL && store_drop(txn, STORE_OUTBOX, key)))
		return false;
	forget_tries(outbox, find_tries(outbox, key));
	return true;
}

static bool has_letter(const struct mbox_outgoing *mail)
{
	return !handle_same(&mail->mailbox, &nothing);
}

/* It will never leave: that is known from now on to the log and, of a link mail, to the sender. */
static void give_up(struct outbox *outbox, const struct store_key *key,
		    const struct mbox_outgoing *mail, const char *why)
{
	struct store_txn *txn = store_begin(outbox->home->store, true);
	bool good = txn != NULL && store_drop(txn, STORE_OUTBOX, key);

	if (good && has_letter(mail))
		good = tell_link_lost(outbox->home, txn, &mail->mailbox, &mail->letter);
	if (!store_end(txn, good))
		return;
	forget_tries(outbox, find_tries(outbox, key));
	atomic_fetch_add(&outbox->lost, 1);
	metrics_count(M_NOTES_LOST);
	log_error("to=%s note=%u is lost: %s", mail->to, mail->note, why);
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* Milliseconds until it is to be tried; 0: now. */
static int64_t due_in(struct outbox *outbox, const struct store_key *key, int64_t date)
{
	const struct tried *tried = find_tries(outbox, key);
	int64_t age = clock_wall() - date, next;

	if (tried == NULL)
		return 0;
	age = within(age, 0, DAY * 1000);
	next = tried->last + within(age * 1000 / 2, PAUSE_LEAST_MS, PAUSE_MOST_MS);
	next -= clock_mono_ms();
	return next > 0 ? next : 0;
}

enum mail_state {
	MAIL_READY, /* `message` is what is to be sent */
	MAIL_ENDED, /* what it speaks of has ended */
	MAIL_SHUT,  /* its key file was shredded: it was sent, and the store is older than that */
	MAIL_UNSURE
};

static enum mail_state open_mail(struct outbox *outbox, struct store_txn *txn,
				 const struct store_key *key, struct mbox_outgoing *mail,
				 struct buf *message)
{
	struct store_key letter;
	struct handle handle;
	struct seal_key own;
	struct span value;
	enum lookup found = store_get_outgoing(txn, key, mail);

	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? MAIL_ENDED : MAIL_UNSURE;
	letter = store_key_pair(&mail->mailbox, &mail->letter);
	found = has_letter(mail) ? store_get(txn, STORE_LETTER, &letter, &value) : LOOKUP_FOUND;
	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? MAIL_ENDED : MAIL_UNSURE;
	found = vault_find(&own, outbox->home->settings->mailbox_keys, &mail->key, VAULT_OUTBOX);
	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT ? MAIL_SHUT : MAIL_UNSURE;
	memcpy(handle.bytes, key->bytes, HANDLE_SIZE);
	if (!vault_unseal((unsigned char *)buf_reserve(message, mail->len), &own, "outbox", &handle,
			  mail->body, mail->len))
		return MAIL_SHUT;
	message->len = mail->len - VAULT_EXTRA;
	crypto_wipe(&own, sizeof(own));
	return MAIL_READY;
}

/* It was tried in vain. */
static void put_off(struct outbox *outbox, const struct store_key *key,
		    const struct mbox_outgoing *mail)
{
	note_try(outbox, key);
	if (find_tries(outbox, key)->times >= OUTBOX_TRIES &&
	    clock_wall() - mail->date > OUTBOX_DAYS * DAY)
		give_up(outbox, key, mail, "tried for days");
}

/* Postfix has it. It leaves the store with others, or with the next try where that fails. */
static void note_sent(struct outbox *outbox, const struct store_key *key)
{
	struct tried *tried;

	note_try(outbox, key);
	tried = find_tries(outbox, key);
	outbox->sent += !tried->sent;
	tried->sent = true;
}

/* In one transaction: each of its own would cost two waits for the disk, which mail that comes in
 * needs more. */
static void drop_sent(struct outbox *outbox)
{
	struct store_txn *txn = outbox->sent > 0 ? store_begin(outbox->home->store, true) : NULL;
	struct tried *tried, *next;
	bool good = txn != NULL;

	for (tried = outbox->tried; good && tried != NULL; tried = tried->hh.next) {
		struct store_key key = store_key_handle(&tried->mail);

		good = !tried->sent || store_drop(txn, STORE_OUTBOX, &key);
	}
	if (!good)
		store_abort(txn);
	if (!good || !store_commit(txn))
		return;
	HASH_ITER(hh, outbox->tried, tried, next)
	{
		if (tried->sent)
			forget_tries(outbox, tried);
	}
	outbox->sent = 0;
}

/* False: Postfix is away, and so for all others, too. */
static bool give(struct outbox *outbox, struct submit *submit, const struct store_key *key,
		 const struct mbox_outgoing *mail, const struct buf *message)
{
	enum submitted result = submit_give(submit, mail->from, mail->to, message);

	switch (result) {
	case SUBMIT_DONE:
		log_info("to=%s note=%u sent", mail->to, mail->note);
		note_sent(outbox, key);
		break;
	case SUBMIT_REFUSED:
		note_try(outbox, key);
		give_up(outbox, key, mail, "Postfix refuses it");
		break;
	case SUBMIT_LATER:
	case SUBMIT_NOBODY:
		put_off(outbox, key, mail);
		break;
	}
	return result != SUBMIT_NOBODY;
}

static bool handle_mail(struct outbox *outbox, struct submit *submit, const struct store_key *key)
{
	const struct tried *tried = find_tries(outbox, key);
	struct mbox_outgoing mail = { 0 };
	struct buf message = { 0 };
	struct store_txn *txn;
	enum mail_state state;
	bool answers = true;

	if (tried != NULL && tried->sent) {
		note_sent(outbox, key);
		return true;
	}
	txn = store_begin(outbox->home->store, false);
	state = txn != NULL ? open_mail(outbox, txn, key, &mail, &message) : MAIL_UNSURE;
	store_abort(txn);
	mail.body = NULL; /* was the transaction's */
	switch (state) {
	case MAIL_READY:
		answers = give(outbox, submit, key, &mail, &message);
		break;
	case MAIL_ENDED:
		log_info("to=%s note=%u is not sent: its letter is gone", mail.to, mail.note);
		drop_mail(outbox, key);
		break;
	case MAIL_SHUT:
		note_try(outbox, key);
		give_up(outbox, key, &mail, "its key file is gone");
		break;
	case MAIL_UNSURE:
		log_error("to=%s note=%u waits: the store or its key file cannot be read", mail.to,
			  mail.note);
		note_try(outbox, key);
		break;
	}
	if (message.cap > 0)
		crypto_wipe(message.data, message.cap);
	buf_free(&message);
	return answers;
}

/* What is due, oldest first. */
struct due {
	struct outbox *outbox;
	size_t count;
	struct store_key key[BATCH];
	int64_t next; /* milliseconds until something else is */
};

static bool see_mail(void *context, const struct store_key *key, struct span value)
{
	struct due *due = context;
	struct mbox_outgoing mail;
	int64_t in = 0;

	if (mbox_get_outgoing(&mail, value.at, value.len))
		in = due_in(due->outbox, key, mail.date);
	else
		in = PAUSE_MOST_MS; /* damaged, and told by who reads it */
	if (in == 0)
		due->key[due->count++] = *key;
	else if (in < due->next)
		due->next = in;
	return due->count < BATCH;
}

static bool is_stopping(struct outbox *outbox)
{
	bool stopping;

	pthread_mutex_lock(&outbox->lock);
	stopping = outbox->stopping;
	pthread_mutex_unlock(&outbox->lock);
	return stopping;
}

/* Gives what is due; milliseconds until there is something to do again. */
static int64_t give_all(struct outbox *outbox)
{
	struct store_key all = store_key("", 0, "", 0);
	struct store_txn *txn = store_begin(outbox->home->store, false);
	struct due *due = mem_zero(1, sizeof(*due));
	struct submit *submit = submit_new(outbox->home);
	int64_t next;
	bool answers = true;

	due->outbox = outbox;
	due->next = PAUSE_MOST_MS;
	if (txn == NULL || !store_each(txn, STORE_OUTBOX, &all, false, see_mail, due))
		due->next = PAUSE_LEAST_MS;
	store_abort(txn);
	for (size_t i = 0; answers && i < due->count && !is_stopping(outbox); i++) {
		answers = handle_mail(outbox, submit, &due->key[i]);
		if (outbox->sent >= OUTBOX_TOGETHER)
			drop_sent(outbox);
	}
	drop_sent(outbox);
	next = due->count > 0 ? 0 : due->next;
	if (answers) {
		outbox->away_since = 0;
	} else {
		int64_t now = clock_mono_ms();

		if (outbox->away_since == 0)
			outbox->away_since = now;
		next = within((now - outbox->away_since) / 2, AWAY_LEAST_MS, AWAY_MOST_MS);
	}
	submit_free(submit);
	free(due);
	return next;
}

/* After something was put in, or `ms`; while Postfix is away, after `ms` alone. */
static void rest(struct outbox *outbox, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!outbox->stopping && (!outbox->woken || outbox->away_since != 0) &&
	       pthread_cond_timedwait(&outbox->wake, &outbox->lock, &until) != ETIMEDOUT) {
	}
	outbox->woken = false;
}

/* Waits until nobody writes: what was put in is there, or was given up. */
static void await_writer(struct outbox *outbox, bool *has_keys)
{
	struct store_txn *txn = store_begin(outbox->home->store, true);

	*has_keys = txn == NULL || outbox->keys != NULL;
	store_abort(txn);
}

static void *run(void *argument)
{
	struct outbox *outbox = argument;
	struct outbox_state state;
	int64_t shredded = -OUTBOX_KEY_SECONDS * 1000;

	pthread_mutex_lock(&outbox->lock);
	while (!outbox->stopping) {
		int64_t pause, now = clock_mono_ms();
		bool has_keys;

		pthread_mutex_unlock(&outbox->lock);
		await_writer(outbox, &has_keys);
		pause = give_all(outbox);
		if (outbox_look(outbox, &state))
			metrics_set(M_NOTES, state.waiting);
		if (has_keys && now - shredded >= OUTBOX_KEY_SECONDS * 1000) {
			shred_keys(outbox);
			shredded = now;
		}
		if (has_keys && pause > OUTBOX_KEY_SECONDS * 1000)
			pause = OUTBOX_KEY_SECONDS * 1000;
		pthread_mutex_lock(&outbox->lock);
		rest(outbox, pause);
	}
	pthread_mutex_unlock(&outbox->lock);
	return NULL;
}

struct outbox *outbox_open(struct home *home)
{
	struct outbox *outbox = mem_zero(1, sizeof(*outbox));
	pthread_condattr_t attributes;

	outbox->home = home;
	pthread_mutex_init(&outbox->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&outbox->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	if (vault_each(home->settings->mailbox_keys, VAULT_OUTBOX, add_key, outbox))
		return outbox;
	outbox_close(outbox);
	return NULL;
}

void outbox_start(struct outbox *outbox)
{
	if (pthread_create(&outbox->thread, NULL, run, outbox) != 0)
		log_fatal("outbox: no thread");
}

void outbox_stop(struct outbox *outbox)
{
	pthread_mutex_lock(&outbox->lock);
	outbox->stopping = true;
	pthread_cond_signal(&outbox->wake);
	pthread_mutex_unlock(&outbox->lock);
	pthread_join(outbox->thread, NULL);
}

void outbox_close(struct outbox *outbox)
{
	if (outbox == NULL)
		return;
	while (outbox->keys != NULL)
		drop_key(outbox, outbox->keys);
	while (outbox->tried != NULL)
		forget_tries(outbox, outbox->tried);
	crypto_wipe(&outbox->key, sizeof(outbox->key));
	pthread_cond_destroy(&outbox->wake);
	pthread_mutex_destroy(&outbox->lock);
	free(outbox);
}

static bool count_mail(void *context, const struct store_key *key, struct span value)
{
	struct outbox_state *state = context;
	struct mbox_outgoing mail;

	(void)key;
	if (mbox_get_outgoing(&mail, value.at, value.len) &&
	    (state->oldest == 0 || mail.date < state->oldest))
		state->oldest = mail.date;
	state->waiting++;
	return true;
}

bool outbox_look(const struct outbox *outbox, struct outbox_state *state)
{
	struct store_key all = store_key("", 0, "", 0);
	struct store_txn *txn = store_begin(outbox->home->store, false);
	bool good;

	*state = (struct outbox_state){ .lost = atomic_load(&outbox->lost) };
	good = txn != NULL && store_each(txn, STORE_OUTBOX, &all, false, count_mail, state);
	store_abort(txn);
	return good;
}
