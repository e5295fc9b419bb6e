/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger - what postseal remembers, in an LMDB environment.
 *
 * Many processes may have it open, one of them writes at a time. Reading never
 * waits for writing. A transaction is short: no network, no waiting for anyone
 * inside it. Open it after fork, once per process (an LMDB rule).
 *
 * Even those who only ask must be able to write lock.mdb, where LMDB keeps its readers. So
 * they are in the group of the files ("postseal").
 *
 * Databases: `meta` (schema version, places in logs), `domain` (by next-hop key), `host` (by
 * host and port), `override` (by next-hop key), `pin` (by next-hop key and pin), `alias` (by
 * address), `journal` (audit, by sequence number), `exception` (by address of an alias and
 * sender) and `refusal` (by address of an alias); of the fleet, those of ledger_fleet.h and
 * ledger_sighting.h. The records are those of
 * core/record/record.h. A record that does not decode is reported with its key, once per key,
 * and counts as LOOKUP_ERROR, never as absent. A record that would not decode is not written.
 *
 * From above: ledger_facts.h puts the records of a next hop together, ledger_entry.h takes
 * records of all kinds under one type, here each has its own. Below, ledger_store.h keeps
 * bytes under keys, ledger_names.h says what they are called, ledger_env.h opens it all.
 */
#ifndef POSTSEAL_IO_LEDGER_H
#define POSTSEAL_IO_LEDGER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/lookup.h"
#include "core/alert/alert.h"
#include "core/facts/facts.h"
#include "core/log/logplace.h"
#include "core/record/acts.h"
#include "core/secure/alias.h"
#include "core/secure/refusals.h"
#include "core/settings/settings.h"

struct ledger;     /* opaque; one per process */
struct ledger_txn; /* opaque; one thread at a time */

enum ledger_mode {
	LEDGER_READ,  /* for those who only ask; the ledger must exist */
	LEDGER_WRITE, /* the ledger must exist */
	/* Made if missing, directory and all (mode 0750, files 0660); one of an older postseal is
	 * brought up to date, of which a copy stays (ledger_env.h). */
	LEDGER_CREATE
};

#define LEDGER_ERROR_SIZE 512

/*
 * NULL, and what happened, where, and what to do in `error`, when it cannot be
 * opened: missing, no permission, foreign (not ours), damaged, or written by a
 * newer or an older postseal. errno is then EACCES for lack of permission, and only then.
 * Clears readers left by dead processes. Root acts as the directory's owner meanwhile.
 */
struct ledger *ledger_open(const char *dir, enum ledger_mode mode, char error[LEDGER_ERROR_SIZE]);
void ledger_close(struct ledger *ledger); /* NULL is allowed */

/*
 * Is there another ledger at its place, because an admin moved a file of it away? Then close
 * this one and open it anew: what it holds nobody else will ever see. Costs two looks at the
 * directory. False while its place is empty.
 */
bool ledger_is_replaced(const struct ledger *ledger);

/* Clears readers that dead processes left, whose snapshots would make the ledger grow.
 * Returns how many there were. For a daemon to call now and then. */
size_t ledger_clear_readers(struct ledger *ledger);

/* Bytes: of the file, of what is in use there, of what it may become. */
struct ledger_size {
	uint64_t file, used, most;
};
/* A few look-ups in LMDB's own tables. False, and *size undefined, if it cannot be told. */
bool ledger_measure(struct ledger *ledger, struct ledger_size *size);

/*
 * NULL on failure, which has been logged. A read transaction is a snapshot. One
 * after another they cost next to nothing: the last one is kept and renewed.
 */
struct ledger_txn *ledger_begin_read(struct ledger *ledger);
struct ledger_txn *ledger_begin_write(struct ledger *ledger);
/* Both end the transaction. After a failed commit nothing has changed. */
bool ledger_commit(struct ledger_txn *txn);
void ledger_abort(struct ledger_txn *txn); /* NULL is allowed */

/*
 * On ABSENT *out is zeroed; on ERROR it is undefined and the cause was logged.
 * On FOUND what has no meaning is undefined (record.h). Keys are canonical:
 * struct nexthop's `key`; hosts as in record_host_key.
 */
enum lookup ledger_get_domain(struct ledger_txn *txn, const char *key, struct domain_facts *out);
enum lookup ledger_get_host(struct ledger_txn *txn, const char *host, uint16_t port,
			    struct host_facts *out);
/* Of acts, what is in force or was: what was taken away is ABSENT. */
enum lookup ledger_get_override(struct ledger_txn *txn, const char *key, struct override *out);
enum lookup ledger_get_pins(struct ledger_txn *txn, const char *key, struct pins *out);
/* `address` as alias_key spells it. */
enum lookup ledger_get_alias(struct ledger_txn *txn, const char *address, struct alias *out);

enum lookup ledger_get_exceptions(struct ledger_txn *txn, const char *address,
				  struct exceptions *out);
enum lookup ledger_get_refusals(struct ledger_txn *txn, const char *address, struct refusals *out);

/* False on failure, which has been logged; then abort. Removing what is not there is no failure. */
bool ledger_put_domain(struct ledger_txn *txn, const char *key, const struct domain_facts *domain);
bool ledger_put_host(struct ledger_txn *txn, const char *host, uint16_t port,
		     const struct host_facts *facts);
/* Acts as they stand; an admin's go by ledger_act (ledger_entry.h). */
bool ledger_put_override(struct ledger_txn *txn, const char *key, const struct override *override);
bool ledger_put_pin(struct ledger_txn *txn, const char *key, const struct pin_act *pin);
bool ledger_put_alias(struct ledger_txn *txn, const char *address, const struct alias *alias);
bool ledger_put_exception(struct ledger_txn *txn, const char *address,
			  const struct exception_act *exception);
bool ledger_put_refusals(struct ledger_txn *txn, const char *address,
			 const struct refusals *refusals);
/* Its record alone: not override, pins, journal, nor its hosts. */
bool ledger_remove_domain(struct ledger_txn *txn, const char *key);
bool ledger_remove_refusals(struct ledger_txn *txn, const char *address);

/*
 * Walk through all records of a kind in key order. Return false from `visit` to
 * stop; it may read in the same transaction, but not write. False when the walk
 * broke (logged); undecodable records are logged and passed over, and make the
 * result false too.
 */
#define LEDGER_EACH(name, type)                                                                    \
	bool ledger_each_##name(struct ledger_txn *txn,                                            \
				bool (*visit)(void *context, const char *key, const type *record), \
				void *context)

/* Of acts what was taken away is passed over; pins and exceptions come by next hop or alias,
 * all of one at once. */
LEDGER_EACH(domain, struct domain_facts);
LEDGER_EACH(host, struct host_facts);
LEDGER_EACH(override, struct override);
LEDGER_EACH(pins, struct pins);
LEDGER_EACH(alias, struct alias);
LEDGER_EACH(exceptions, struct exceptions);
LEDGER_EACH(refusals, struct refusals);

/* The journal; an entry is never changed once written. */
bool ledger_add_journal(struct ledger_txn *txn, const struct journal_entry *entry);
/* Adds one that is made of these words, printable, and cut where they are too long. */
struct ledger_note {
	int64_t time; /* seconds since 1970 */
	const char *author, *subject, *event;
};
__attribute__((format(printf, 3, 4))) bool
ledger_note(struct ledger_txn *txn, const struct ledger_note *note, const char *format, ...);
bool ledger_vnote(struct ledger_txn *txn, const struct ledger_note *note, const char *format,
		  va_list args);
/* Oldest first; subject NULL: all. */
bool ledger_each_journal(struct ledger_txn *txn, const char *subject,
			 bool (*visit)(void *context, const struct journal_entry *entry),
			 void *context);
/* Those with this number and later ones, each with its number; the first is 1. */
bool ledger_each_journal_from(struct ledger_txn *txn, uint64_t number,
			      bool (*visit)(void *context, uint64_t number,
					    const struct journal_entry *entry),
			      void *context);

/*
 * Up to where a log has been read (core/log/logplace.h), kept in `meta` in the same
 * transaction as what was learned from it: so both are there, or neither is. `log` is an
 * absolute path, or "journal"; one with a longer name than this has no place.
 */
#define LEDGER_PLACE_NAME_MAX 400
/* On ABSENT *place is zeroed. */
enum lookup ledger_get_place(struct ledger_txn *txn, const char *log, struct logplace *place);
/* False on failure, which has been logged; then abort. */
bool ledger_put_place(struct ledger_txn *txn, const char *log, const struct logplace *place);

/* Up to where an admin has been told of the journal; in no export either. */
enum lookup ledger_get_alerts(struct ledger_txn *txn, struct alert_state *state);
bool ledger_put_alerts(struct ledger_txn *txn, const struct alert_state *state);

#endif
