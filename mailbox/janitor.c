/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/home.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/life.h"
#include "io/crypto/crypto.h"
#include "io/local/metrics_file.h"
#include "mailbox/body.h"
#include "mailbox/grave.h"
#include "mailbox/quota.h"
#include "mailbox/outbox.h"
#include "mailbox/vault.h"

#define PAUSE_S 300
#define BATCH 1000
#define DAY INT64_C(86400)
/* Longer than tokens live: what was seen once is never sealed again. */
#define SEEN_LIFE (TOKEN_LIFE + 2 * DAY)

struct janitor {
	struct home *home;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
};

/* Keys of records, to be looked at one by one in transactions of their own. */
struct keys {
	size_t count;
	struct store_key key[BATCH];
	bool (*wanted)(void *context, const struct store_key *key, struct span value);
	void *context;
};

static bool collect(void *context, const struct store_key *key, struct span value)
{
	struct keys *keys = context;

	if (keys->wanted == NULL || keys->wanted(keys->context, key, value))
		keys->key[keys->count++] = *key;
	return keys->count < BATCH;
}

static bool collect_all(struct store *store, enum store_db db, const struct store_key *prefix,
			struct keys *keys)
{
	struct store_txn *txn = store_begin(store, false);
	bool good = txn != NULL && store_each(txn, db, prefix, false, collect, keys);

	store_abort(txn);
	return good;
}

static bool is_of_mailbox(void *context, const struct store_key *key, struct span value)
{
	(void)key;
	return value.len >= HANDLE_SIZE && memcmp(value.at, context, HANDLE_SIZE) == 0;
}

static bool drop_address(struct store_txn *txn, const struct handle *mailbox,
			 const struct mbox_mailbox *box)
{
	struct store_key key = store_key_address(box->address);
	struct mbox_address all, left = { 0 };
	enum lookup found = store_get_address(txn, &key, &all);

	if (found != LOOKUP_FOUND)
		return found == LOOKUP_ABSENT;
	for (size_t i = 0; i < all.count; i++) {
		if (!handle_same(&all.mailbox[i], mailbox))
			left.mailbox[left.count++] = all.mailbox[i];
	}
	return left.count > 0 ? store_put_address(txn, &key, &left)
			      : store_drop(txn, STORE_ADDRESS, &key);
}

/* Whose letters in a mailbox were never read, each once. */
struct senders {
	size_t count;
	char *address[BATCH];
};

static bool note_sender(void *context, const struct store_key *key, struct span value)
{
	struct senders *senders = context;
	struct mbox_letter *letter = mem_alloc(sizeof(*letter));
	bool wanted = mbox_get_letter(letter, value.at, value.len) && letter->box == MBOX_INBOX &&
		      !letter->read;

	(void)key;
	for (size_t i = 0; wanted && i < senders->count; i++)
		wanted = !store_same_address(senders->address[i], letter->sender);
	if (wanted)
		senders->address[senders->count++] = mem_strdup(letter->sender);
	free(letter);
	return senders->count < BATCH;
}

/*
 * It has ended: whose letters nobody has read is told. Before the letters are dropped. Of one that
 * was restarted all were told then.
 */
static bool tell_unread(struct home *home, struct store_txn *txn, const struct handle *mailbox,
			const struct mbox_mailbox *box)
{
	struct senders *senders = mem_zero(1, sizeof(*senders));
	struct store_key prefix = store_key_handle(mailbox);
	enum note note = box->opened == 0 ? NOTE_UNOPENED : NOTE_UNREAD;
	char id[HANDLE_HEX_SIZE];
	bool good =
		box->retired || store_each(txn, STORE_LETTER, &prefix, false, note_sender, senders);

	handle_hex(id, mailbox);
	for (size_t i = 0; i < senders->count; i++) {
		struct note_facts facts = { .sender = senders->address[i],
					    .recipient = box->address };

		good = good && tell_sender(home, txn, note, facts, id);
		free(senders->address[i]);
	}
	free(senders);
	return good;
}

/*
 * In one transaction: nothing of it is there any more, but a note of its grave. `now`, if
 * not 0: only if it has ended by then, for a letter or its owner may have come meanwhile.
 */
static bool drop_records(struct home *home, const struct handle *mailbox, int64_t now)
{
	static const enum store_db own[] = { STORE_LETTER, STORE_LINK,  STORE_GATE,
					     STORE_UPLOAD, STORE_DRAFT, STORE_REPLY };
	struct store_key key = store_key_handle(mailbox);
	struct keys *ids = mem_zero(1, sizeof(*ids));
	struct handle own_copy = *mailbox;
	struct store_txn *txn = store_begin(home->store, true);
	struct store_key all = store_key("", 0, "", 0);
	struct mbox_mailbox *box = mem_alloc(sizeof(*box));
	bool good = txn != NULL && store_get_mailbox(txn, &key, box) == LOOKUP_FOUND &&
		    (now == 0 || life_has_ended(home->settings, box, now)) &&
		    drop_address(txn, mailbox, box) && store_drop(txn, STORE_MAILBOX, &key) &&
		    grave_mark(txn, mailbox);

	if (good && now != 0)
		good = tell_unread(home, txn, mailbox, box);
	for (size_t i = 0; good && i < ARRAY_LEN(own); i++)
		good = store_drop_all(txn, own[i], &key);
	ids->wanted = is_of_mailbox;
	ids->context = own_copy.bytes;
	for (enum store_db db = STORE_LINK_ID; good && db <= STORE_BOUNCE; db++) {
		if (db != STORE_LINK_ID && db != STORE_BOUNCE)
			continue;
		do {
			ids->count = 0;
			good = store_each(txn, db, &all, false, collect, ids);
			for (size_t i = 0; good && i < ids->count; i++)
				good = store_drop(txn, db, &ids->key[i]);
		} while (good && ids->count == BATCH);
	}
	good = store_end(txn, good);
	free(box);
	free(ids);
	return good;
}

bool mailbox_end(struct home *home, const struct handle *mailbox)
{
	return drop_records(home, mailbox, 0) && grave_bury(home, mailbox);
}

/* True if it has ended. */
static bool end_unused(struct home *home, const struct handle *mailbox,
		       const struct mbox_mailbox *box, int64_t now)
{
	if (!drop_records(home, mailbox, now))
		return false;
	log_info("mailbox=%s deleted: %s", box->address,
		 box->opened == 0 ? "nobody has opened it" : "not used any more");
	return grave_bury(home, mailbox);
}

static void warn(struct home *home, const struct store_key *key, struct mbox_mailbox *box,
		 const struct handle *mailbox, int64_t now)
{
	struct store_txn *txn = store_begin(home->store, true);
	char id[HANDLE_HEX_SIZE + 24], hex[HANDLE_HEX_SIZE], number[STR_DECIMAL_SIZE];
	bool good = txn != NULL && store_get_mailbox(txn, key, box) == LOOKUP_FOUND &&
		    life_warn_is_due(home->settings, box, now);

	str_join(id, sizeof(id), handle_hex(hex, mailbox), ".",
		 str_decimal(number, (uint64_t)(now / DAY)), NULL);
	if (good) {
		struct note_facts facts = { .sender = home->from,
					    .recipient = box->address,
					    .language = box->language,
					    .date = life_ends(home->settings, box) };

		box->warned = now;
		good = store_put_mailbox(txn, key, box) &&
		       tell_recipient(home, txn, NOTE_WARN, facts, id);
	}
	if (store_end(txn, good))
		log_info("mailbox=%s warned of its end", box->address);
}

/* True if it has ended. */
static bool look_at(struct home *home, const struct store_key *key, int64_t now)
{
	struct store_txn *txn = store_begin(home->store, false);
	struct mbox_mailbox *box = mem_alloc(sizeof(*box));
	bool found = txn != NULL && store_get_mailbox(txn, key, box) == LOOKUP_FOUND;
	bool ended = false;
	struct handle mailbox;

	store_abort(txn);
	memcpy(mailbox.bytes, key->bytes, HANDLE_SIZE);
	if (found && life_has_ended(home->settings, box, now))
		ended = end_unused(home, &mailbox, box, now);
	else if (found && !box->retired && life_warn_is_due(home->settings, box, now))
		warn(home, key, box, &mailbox, now);
	free(box);
	return ended;
}

struct moment {
	const struct settings *settings;
	int64_t now;
};

/* Those alone with which something is to be done: a sweep has room for so many. */
static bool is_due(void *context, const struct store_key *key, struct span value)
{
	const struct moment *moment = context;
	struct mbox_mailbox *box = mem_alloc(sizeof(*box));
	bool due = mbox_get_mailbox(box, value.at, value.len) &&
		   (life_has_ended(moment->settings, box, moment->now) ||
		    (!box->retired && life_warn_is_due(moment->settings, box, moment->now)));

	(void)key;
	free(box);
	return due;
}

static bool is_old_seen(void *context, const struct store_key *key, struct span value)
{
	struct mbox_seen seen;

	(void)key;
	return !mbox_get_seen(&seen, value.at, value.len) ||
	       seen.date < *(const int64_t *)context - SEEN_LIFE;
}

static bool is_old_upload(void *context, const struct store_key *key, struct span value)
{
	struct mbox_upload upload;

	(void)key;
	return !mbox_get_upload(&upload, value.at, value.len) ||
	       upload.date < *(const int64_t *)context - DAY;
}

static bool has_young_draft(void *context, const struct store_key *key, struct span value)
{
	struct mbox_draft draft;

	(void)key;
	if (mbox_get_draft(&draft, value.at, value.len) &&
	    draft.date > ((int64_t *)context)[0] - DAY)
		((int64_t *)context)[1] = 1;
	return true;
}

static void sweep_uploads(struct home *home, int64_t now)
{
	struct store_key all = store_key("", 0, "", 0);
	struct keys *old = mem_zero(1, sizeof(*old));

	old->wanted = is_old_upload;
	old->context = &now;
	if (!collect_all(home->store, STORE_UPLOAD, &all, old))
		old->count = 0;
	for (size_t i = 0; i < old->count; i++) {
		struct store_key prefix = store_key(old->key[i].bytes, HANDLE_SIZE, "", 0);
		int64_t young[2] = { now, 0 };
		struct handle mailbox, upload;
		struct store_txn *txn = store_begin(home->store, true);

		if (txn == NULL ||
		    !store_each(txn, STORE_DRAFT, &prefix, false, has_young_draft, young) ||
		    young[1] != 0 || !store_drop(txn, STORE_UPLOAD, &old->key[i])) {
			store_abort(txn);
			continue;
		}
		memcpy(mailbox.bytes, old->key[i].bytes, HANDLE_SIZE);
		memcpy(upload.bytes, old->key[i].bytes + HANDLE_SIZE, HANDLE_SIZE);
		if (store_commit(txn))
			upload_remove(home->store, &mailbox, &upload);
	}
	free(old);
}

static void sweep_seen(struct home *home, int64_t now)
{
	struct store_key all = store_key("", 0, "", 0);
	struct keys *old = mem_zero(1, sizeof(*old));
	struct store_txn *txn;

	old->wanted = is_old_seen;
	old->context = &now;
	if (collect_all(home->store, STORE_SEEN, &all, old) && old->count > 0 &&
	    (txn = store_begin(home->store, true)) != NULL) {
		for (size_t i = 0; i < old->count; i++)
			store_drop(txn, STORE_SEEN, &old->key[i]);
		store_commit(txn);
	}
	free(old);
}

/*
 * Files of no record: what a crash left between the file and the transaction, or what came with
 * an older store. Such a file is older than this run of the daemon (what this run makes it
 * removes itself) and was not touched for a day, in which whoever restores something can see
 * that it was the wrong thing.
 */
struct lookout {
	struct home *home;
	int64_t now;
};

static bool is_there(struct home *home, enum store_db db, const struct store_key *key)
{
	struct store_txn *txn = store_begin(home->store, false);
	struct span value;
	/* What cannot be told is there. */
	bool there = txn == NULL || store_get(txn, db, key, &value) != LOOKUP_ABSENT;

	store_abort(txn);
	return there;
}

static bool is_left_over(void *context, const struct body_file *file)
{
	const struct lookout *lookout = context;
	struct store_key key = store_key_pair(&file->mailbox, &file->object);

	if (file->changed >= lookout->home->started || file->changed > lookout->now - DAY)
		return false;
	return file->kind == BODY_UNFINISHED ||
	       !is_there(lookout->home, file->kind == BODY_UPLOAD ? STORE_UPLOAD : STORE_LETTER,
			 &key);
}

/* An empty folder may be of a mailbox that is being made. */
static bool has_records(void *context, const struct handle *mailbox, int64_t changed)
{
	const struct lookout *lookout = context;
	struct store_key key = store_key_handle(mailbox);

	return changed >= lookout->home->started || is_there(lookout->home, STORE_MAILBOX, &key);
}

static void sweep_files(struct home *home)
{
	struct lookout lookout = { .home = home, .now = clock_wall() };

	body_sweep(home->store, is_left_over, has_records, &lookout);
}

size_t janitor_sweep(struct home *home)
{
	struct store_key all = store_key("", 0, "", 0);
	struct keys *boxes = mem_zero(1, sizeof(*boxes));
	int64_t now = clock_wall();
	struct moment moment = { .settings = home->settings, .now = now };
	size_t ended = 0;

	boxes->wanted = is_due;
	boxes->context = &moment;
	grave_sweep(home);
	if (collect_all(home->store, STORE_MAILBOX, &all, boxes)) {
		for (size_t i = 0; i < boxes->count; i++)
			ended += look_at(home, &boxes->key[i], now);
	}
	metrics_add(M_ENDED, ended);
	sweep_uploads(home, now);
	sweep_seen(home, now);
	quota_count(home);
	census_take(home);
	free(boxes);
	return ended;
}

static void *run(void *argument)
{
	struct janitor *janitor = argument;
	int64_t files_swept = 0;

	pthread_mutex_lock(&janitor->lock);
	while (!janitor->stopping) {
		struct timespec until;
		int64_t now = clock_mono_ms();

		pthread_mutex_unlock(&janitor->lock);
		janitor_sweep(janitor->home);
		if (files_swept == 0 || now - files_swept >= DAY * 1000) {
			sweep_files(janitor->home);
			files_swept = now;
		}
		pthread_mutex_lock(&janitor->lock);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += PAUSE_S;
		while (!janitor->stopping && pthread_cond_timedwait(&janitor->wake, &janitor->lock,
								    &until) != ETIMEDOUT) {
		}
	}
	pthread_mutex_unlock(&janitor->lock);
	return NULL;
}

struct janitor *janitor_start(struct home *home)
{
	struct janitor *janitor = mem_zero(1, sizeof(*janitor));
	pthread_condattr_t attributes;

	janitor->home = home;
	pthread_mutex_init(&janitor->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&janitor->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&janitor->thread, NULL, run, janitor) != 0)
		log_fatal("janitor: no thread");
	return janitor;
}

void janitor_stop(struct janitor *janitor)
{
	pthread_mutex_lock(&janitor->lock);
	janitor->stopping = true;
	pthread_cond_signal(&janitor->wake);
	pthread_mutex_unlock(&janitor->lock);
	pthread_join(janitor->thread, NULL);
	free(janitor);
}
