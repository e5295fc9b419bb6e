/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socketmap_case - what the tests of the socketmap server share: a directory for
 * each test, and domains of every sort in a ledger there. Included once by each
 * test program.
 */
#ifndef POSTSEAL_TESTS_SOCKETMAP_CASE_H
#define POSTSEAL_TESTS_SOCKETMAP_CASE_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/policy/fold.h"
#include "io/ledger/ledger.h"

static char dir[] = "/tmp/test_socketmap.XXXXXX";
static char ledger_dir[64];

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void make_dir(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(ledger_dir, sizeof(ledger_dir), "%s/ledger", dir);
}

static inline void remove_dir(void)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* What a domain's only MX host, mx.DOMAIN, showed; fresh for an hour from `now`. */
struct sort {
	const char *key;
	enum mx_state mx;
	bool mx_secure;
	enum observed observed; /* NOTHING: never spoken to */
	enum tlsa_state tlsa;
	int64_t stale; /* seconds by which all of it is overdue; 0: fresh */
};

static inline void put_sort(struct ledger_txn *txn, const struct sort *sort, int64_t now)
{
	struct freshness fresh = { .checked = now - 60, .expires = now + 3600 };
	struct domain_facts *domain = mem_zero(1, sizeof(*domain));
	struct host_facts *host = mem_zero(1, sizeof(*host));
	struct observation seen = {
		.time = now - 60,
		.source = SOURCE_PROBE,
		.observed = sort->observed,
	};

	if (sort->stale > 0)
		fresh = (struct freshness){ now - sort->stale - 3600, now - sort->stale, 0 };
	domain->mx =
		(struct mx_facts){ .state = sort->mx, .secure = sort->mx_secure, .fresh = fresh };
	domain->sts.mode = STS_NONE;
	domain->sts.fresh = fresh;
	if (sort->mx == MX_FOUND) {
		domain->mx.count = 1;
		snprintf(domain->mx.refs[0].host, DOMAIN_SIZE, "mx.%s", sort->key);
		host->addr = ADDR_FOUND;
		host->addr_secure = sort->mx_secure;
		host->tlsa = sort->tlsa;
		host->addr_fresh = host->tlsa_fresh = fresh;
		if (sort->tlsa == TLSA_USABLE) {
			host->tlsa_usable = 1;
			str_copy(host->tlsa_base, DOMAIN_SIZE, domain->mx.refs[0].host);
		}
		if (sort->observed == OBSERVED_TLS) {
			seen.version = 0x0304;
			str_copy(seen.cipher, CIPHER_SIZE, "TLS_AES_256_GCM_SHA384");
			seen.verified = sort->tlsa == TLSA_USABLE ? VERIFIED_DANE : VERIFIED_NOT;
		}
		if (sort->observed != OBSERVED_NOTHING)
			fold_host(host, &seen, fresh.expires, false);
		fold_history(&domain->history, &seen);
		ck_assert(ledger_put_host(txn, domain->mx.refs[0].host, 25, host));
	}
	ck_assert(ledger_put_domain(txn, sort->key, domain));
	free(domain);
	free(host);
}

/* Not while this process has the ledger open in another way (an LMDB rule). */
static inline void put_sorts(const struct sort *sorts, size_t count, int64_t now)
{
	char error[LEDGER_ERROR_SIZE];
	struct ledger *ledger = ledger_open(ledger_dir, LEDGER_CREATE, error);
	struct ledger_txn *txn;

	ck_assert_msg(ledger != NULL, "%s", error);
	txn = ledger_begin_write(ledger);
	ck_assert_ptr_nonnull(txn);
	for (size_t i = 0; i < count; i++)
		put_sort(txn, &sorts[i], now);
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
}

#endif
