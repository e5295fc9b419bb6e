/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/quota.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

#define MIB(n) ((uint64_t)(n) << 20)

struct sum {
	uint64_t octets;
	bool good;
	struct mbox_letter letter;
};

static bool add(void *context, const struct store_key *key, struct span value)
{
	struct sum *sum = context;

	(void)key;
	sum->good = mbox_get_letter(&sum->letter, value.at, value.len);
	sum->octets += sum->letter.size;
	return sum->good;
}

static bool sum_up(struct store_txn *txn, const struct store_key *prefix, uint64_t *octets)
{
	struct sum *sum = mem_zero(1, sizeof(*sum));
	bool good;

	sum->good = true;
	good = store_each(txn, STORE_LETTER, prefix, false, add, sum) && sum->good;
	*octets = sum->octets;
	free(sum);
	return good;
}

enum lookup quota_has_room(const struct home *home, struct store_txn *txn,
			   const struct handle *mailbox, uint64_t more)
{
	struct store_key prefix = store_key_handle(mailbox);
	uint64_t octets;

	if (atomic_load(&home->used) + more > MIB(home->settings->mailbox_store_quota)) {
		log_error("mailbox_store_quota is reached: mail to be sealed waits");
		return LOOKUP_ABSENT;
	}
	if (!sum_up(txn, &prefix, &octets))
		return LOOKUP_ERROR;
	return octets + more <= MIB(home->settings->mailbox_quota) ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

bool quota_count(struct home *home)
{
	struct store_key all = store_key("", 0, "", 0);
	struct store_txn *txn = store_begin(home->store, false);
	uint64_t octets;
	bool good = txn != NULL && sum_up(txn, &all, &octets);

	store_abort(txn);
	if (good)
		atomic_store(&home->used, octets);
	return good;
}
