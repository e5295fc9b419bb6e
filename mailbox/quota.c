/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/quota.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/life.h"
#include "io/local/metrics_file.h"

#define MIB(n) ((uint64_t)(n) << 20)

struct sum {
	uint64_t octets;
	size_t damaged;
	struct mbox_letter letter;
};

static bool add(void *context, const struct store_key *key, struct span value)
{
	struct sum *sum = context;

	(void)key;
	if (mbox_get_letter(&sum->letter, value.at, value.len))
		sum->octets += sum->letter.size;
	else
		sum->damaged++;
	return true;
}

/* `damaged`: so many letters are not in it. */
static bool sum_up(struct store_txn *txn, const struct store_key *prefix, uint64_t *octets,
		   size_t *damaged)
{
	struct sum *sum = mem_zero(1, sizeof(*sum));
	bool good = store_each(txn, STORE_LETTER, prefix, false, add, sum);

	*octets = sum->octets;
	*damaged = sum->damaged;
	free(sum);
	return good;
}

enum lookup quota_has_room(const struct home *home, struct store_txn *txn,
			   const struct handle *mailbox, uint64_t more)
{
	struct store_key prefix = store_key_handle(mailbox);
	uint64_t octets;
	size_t damaged;

	if (atomic_load(&home->used) + more > MIB(home->settings->mailbox_store_quota)) {
		log_error("mailbox_store_quota is reached: mail to be sealed waits");
		return LOOKUP_ABSENT;
	}
	if (!sum_up(txn, &prefix, &octets, &damaged))
		return LOOKUP_ERROR;
	if (damaged > 0) {
		log_error("store: a damaged record of letter");
		return LOOKUP_ERROR;
	}
	return octets + more <= MIB(home->settings->mailbox_quota) ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

bool quota_count(struct home *home)
{
	struct store_key all = store_key("", 0, "", 0);
	struct store_txn *txn = store_begin(home->store, false);
	uint64_t octets;
	size_t damaged;
	bool good = txn != NULL && sum_up(txn, &all, &octets, &damaged);

	store_abort(txn);
	/* Their mailboxes stand still; all others go on. */
	if (good && damaged > 0)
		log_error("store: %zu damaged records of letter", damaged);
	if (good)
		atomic_store(&home->used, octets);
	return good;
}

struct census {
	const struct home *home;
	uint64_t boxes[METRIC_VALUES_BOX], letters[METRIC_VALUES_LETTER], locked;
	/* Work space. */
	union {
		struct mbox_mailbox box;
		struct mbox_letter letter;
		struct mbox_gate gate;
	} of;
};

static bool count_box(void *context, const struct store_key *key, struct span value)
{
	struct census *census = context;
	const struct mbox_mailbox *box = &census->of.box;

	(void)key;
	if (mbox_get_mailbox(&census->of.box, value.at, value.len))
		census->boxes[box->retired       ? METRIC_BOX_RETIRED
			      : box->opened != 0 ? METRIC_BOX_OPEN
						 : METRIC_BOX_CLOSED]++;
	return true;
}

static bool count_letter(void *context, const struct store_key *key, struct span value)
{
	struct census *census = context;
	const struct mbox_letter *letter = &census->of.letter;

	(void)key;
	if (mbox_get_letter(&census->of.letter, value.at, value.len))
		census->letters[letter->box != MBOX_INBOX ? METRIC_LETTER_SENT
				: letter->read            ? METRIC_LETTER_READ
							  : METRIC_LETTER_UNREAD]++;
	return true;
}

static bool count_gate(void *context, const struct store_key *key, struct span value)
{
	struct census *census = context;

	(void)key;
	if (mbox_get_gate(&census->of.gate, value.at, value.len))
		census->locked +=
			life_is_locked(&census->of.gate, census->home->settings->mailbox_pin_tries);
	return true;
}

static void show(const struct census *census)
{
	const struct home *home = census->home;

	for (size_t i = 0; i < ARRAY_LEN(census->boxes); i++)
		metrics_set(METRIC1(BOXES, i), census->boxes[i]);
	for (size_t i = 0; i < ARRAY_LEN(census->letters); i++)
		metrics_set(METRIC1(LETTERS, i), census->letters[i]);
	metrics_set(M_LOCKED, census->locked);
	metrics_set(M_KEPT, home->used);
	metrics_set(M_KEPT_MOST, (uint64_t)home->settings->mailbox_store_quota << 20);
}

void census_take(const struct home *home)
{
	struct store_key all = store_key("", 0, "", 0);
	struct store_txn *txn = store_begin(home->store, false);
	struct census *census = mem_zero(1, sizeof(*census));

	census->home = home;
	if (txn != NULL && store_each(txn, STORE_MAILBOX, &all, false, count_box, census) &&
	    store_each(txn, STORE_LETTER, &all, false, count_letter, census) &&
	    store_each(txn, STORE_GATE, &all, false, count_gate, census))
		show(census);
	store_abort(txn);
	free(census);
}
