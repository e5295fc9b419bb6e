/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * act - a change to the ledger by an admin: one write transaction, with an entry in the journal
 * that says who did what, and when.
 */
#ifndef POSTSEAL_CLI_ACT_H
#define POSTSEAL_CLI_ACT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "io/ledger/ledger_entry.h"

#define ACT_AUTHOR_SIZE 64

/* A verb may have several acts ("set", "list"): the first argument names one. */
struct act_word {
	const char *name;
	enum cli_status (*run)(const struct cli *cli);
};

/*
 * Runs the act that the first argument names. USAGE, and says which acts there are, if there is
 * no such act.
 */
enum cli_status act_dispatch(const struct cli *cli, const struct act_word *words, size_t count);

/* False, and says so, if there are more words than this, the act's name included. */
bool act_takes(const struct cli *cli, int most);

/*
 * The act "list": `walk` goes through the records in a transaction and counts
 * those that it shows. NO where there was none; UNSURE when not all could be
 * read.
 */
struct act_listing {
	const struct cli *cli;
	const char *only; /* NULL: all */
	size_t shown;
};
enum cli_status act_list(const struct cli *cli, const char *only,
			 bool (*walk)(struct ledger_txn *txn, struct act_listing *listing));

/* The user who runs this, from sudo or else the password file. Printable. */
void act_author(char dst[ACT_AUTHOR_SIZE]);

struct act {
	const struct cli *cli;
	struct ledger *ledger;
	struct ledger_txn *txn;
};

/* False, and says why, when the ledger cannot be written, or this host shares and may not
 * act for the others. */
bool act_begin(struct act *act, const struct cli *cli);
/* The same for what concerns this host alone, and so is no act for its fleet. */
bool act_begin_here(struct act *act, const struct cli *cli);
/* Adds the journal's entry; its subject is cut where it is too long. */
__attribute__((format(printf, 4, 5))) bool act_note(struct act *act, const char *subject,
						    const char *event, const char *format, ...);
/* Writes the act itself, about this next hop or alias, and leaves its stamp in *entry. */
bool act_do(struct act *act, struct entry *entry, const char *key);
/*
 * Ends what act_begin began. Commits if `done`, else nothing changes. YES, or UNSURE and says
 * why.
 */
enum cli_status act_end(struct act *act, bool done);
/* Ends it without a word, and nothing changes: why was said, or will be. */
void act_drop(struct act *act);

/*
 * When something is to end, by --expires: a date (2026-12-31, 2026-12-31T00:00:00Z), or a span from
 * now ("2y", "8w", "90d", "12h", "30min"). False, and says so, when it is neither of these, in
 * the past, or after the year 9999.
 */
bool act_expiry(int64_t *when, const struct cli *cli);

#endif
