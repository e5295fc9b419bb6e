/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LMDB for test_mailbox_abuse: it is full as long as the file $FULL_STORE is there, and takes
 * nothing at all, as on a disk that became read-only, as long as the file $SHUT_STORE is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int put_fn(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags);

typedef int commit_fn(MDB_txn *txn);

int mdb_txn_commit(MDB_txn *txn)
{
	const char *path = getenv("SHUT_STORE");
	void *symbol = dlsym(RTLD_NEXT, "mdb_txn_commit");
	commit_fn *commit;

	if (path != NULL && access(path, F_OK) == 0) {
		mdb_txn_abort(txn);
		return EROFS;
	}
	memcpy(&commit, &symbol, sizeof(commit));
	return commit(txn);
}

int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags)
{
	const char *path = getenv("FULL_STORE");
	void *symbol = dlsym(RTLD_NEXT, "mdb_put");
	put_fn *put;

	if (path != NULL && access(path, F_OK) == 0)
		return MDB_MAP_FULL;
	memcpy(&put, &symbol, sizeof(put));
	return put(txn, dbi, key, data, flags);
}
