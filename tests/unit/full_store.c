/* SPDX-License-Identifier: BSD-2-Clause */
/* LMDB for test_mailbox_abuse: it is full as long as the file $FULL_STORE is there. */
#include <dlfcn.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int put_fn(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags);

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
