/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life - the rules of the temporary mailbox: who may see what, how tries of a PIN count, when
 * something ends. Records, settings and the time go in, an answer comes out.
 */
#ifndef POSTSEAL_CORE_MAILBOX_LIFE_H
#define POSTSEAL_CORE_MAILBOX_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mailbox/mbox.h"
#include "core/mailbox/token.h"
#include "core/settings/settings.h"

/* Can somebody who is logged in to an open mailbox read a letter, and how? */
enum life_access {
	LIFE_OPEN, /* K is sealed to the mailbox, and the gate is open */
	LIFE_PIN,  /* the same, but the gate is closed: withheld */
	LIFE_LINK  /* K is sealed to links alone */
};

enum life_access life_access(const struct mbox_letter *letter, const struct mbox_gate *gate);

/* May this mailbox send a reply to this letter? */
enum life_reply {
	LIFE_REPLY_YES,
	LIFE_REPLY_WITHHELD,
	LIFE_REPLY_RETIRED,
	LIFE_REPLY_NOT_INBOX,
	LIFE_REPLY_QUOTA
};
enum life_reply life_may_reply(const struct settings *settings, const struct mbox_mailbox *mailbox,
			       const struct mbox_letter *letter, const struct mbox_gate *gate,
			       int64_t now);
/* How many replies are left; and one of them is used. */
uint32_t life_replies_left(const struct settings *settings, const struct mbox_mailbox *mailbox,
			   int64_t now);
void life_count_reply(struct mbox_mailbox *mailbox, int64_t now);
/* If none is left: seconds until one more is possible. */
int64_t life_reply_wait(const struct mbox_mailbox *mailbox, int64_t now);

/*
 * A PIN is tried. The try is counted first and the PIN compared then: the result of
 * life_begin_try must be on disk before anybody is told whether the PIN was right.
 *   LIFE_TRY    one try has been counted; compare
 *   LIFE_LOCKED no more tries
 *   LIFE_FREE   the gate needs none
 */
enum life_try { LIFE_TRY, LIFE_LOCKED, LIFE_FREE };
enum life_try life_begin_try(struct mbox_gate *gate, size_t most);
bool life_is_locked(const struct mbox_gate *gate, size_t most);
uint32_t life_tries_left(const struct mbox_gate *gate, size_t most);
/* The PIN was right: the try costs nothing. */
void life_give_back_try(struct mbox_gate *gate);
/* The gate is open from now on, and the PIN is gone. */
void life_open_gate(struct mbox_gate *gate);

/* What becomes of a gate when a new letter comes. */
enum life_pin {
	LIFE_PIN_NONE,     /* none is needed, now or ever */
	LIFE_PIN_PASSED,   /* none is needed any more: the gate is open */
	LIFE_PIN_NEW,      /* there was none: put in the one that was chosen, or make one */
	LIFE_PIN_REPLACED, /* put in the one that was chosen in place of another */
	LIFE_PIN_KEPT      /* the one that is there holds */
};
/*
 * `exists`: there was a gate. `chosen`: the mail names a PIN. `required`: the
 * token says that one is needed.
 */
enum life_pin life_pin_for(const struct settings *settings, const struct mbox_mailbox *mailbox,
			   bool exists, const struct mbox_gate *gate, bool chosen, bool required);

/*
 * May the recipient's key be looked for by WKD? Not where a PIN guards the mail: whoever answers
 * for the domain's web server would get around it. So not for a mail that names or needs a
 * PIN, and not where this sender's letters wait for one; nor where the mailbox is open. `mailbox`,
 * `gate`: NULL where there is none.
 */
bool life_may_look_up(const struct mbox_mailbox *mailbox, const struct mbox_gate *gate, bool chosen,
		      bool required);

/* When a mailbox ends, if nothing happens until then. */
int64_t life_ends(const struct settings *settings, const struct mbox_mailbox *mailbox);
bool life_has_ended(const struct settings *settings, const struct mbox_mailbox *mailbox,
		    int64_t now);
/* Is the recipient to be warned now? Only of an open mailbox, once. */
bool life_warn_is_due(const struct settings *settings, const struct mbox_mailbox *mailbox,
		      int64_t now);

/* Somebody logged in; a letter came. */
void life_login(struct mbox_mailbox *mailbox, int64_t now);
void life_letter(struct mbox_mailbox *mailbox, int64_t now);

/* May a token of this time be taken? */
bool life_token_is_fresh(int64_t time, int64_t now);

#endif
