/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secure - what the secure alias allows and forbids (DESIGN.md section 7): an
 * address that nobody can write to, or from, in the clear.
 *
 * The milter sees and carries; all that can be argued about is decided here,
 * from what it saw. The rule behind the rules: what was not understood, not
 * seen or not found out counts as if it were forbidden.
 */
#ifndef POSTSEAL_CORE_SECURE_H
#define POSTSEAL_CORE_SECURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lookup.h"
#include "core/mailaddr.h"
#include "core/settings.h"

/* Which character starts an extension: me+list@... is me@... */
#define SECURE_DELIMITERS "+"

enum secure_kind {
	SECURE_ORDINARY, /* goes elsewhere, for certain */
	SECURE_ALIAS,    /* at one of secure_domains */
	SECURE_UNSURE    /* could be a secure alias: treated as one */
};

struct secure_address {
	enum secure_kind kind;
	struct mailaddr alias; /* ALIAS only: which one */
};

/*
 * What an envelope address is to us. `argument` is what stood in MAIL FROM or
 * RCPT TO; `rewritten` is what the MTA made of it (Postfix: {rcpt_addr}), NULL
 * or "" if it did not say. Either of them can make the address a secure one,
 * and only both together an ordinary one:
 *
 *   - At a secure domain is everything there, "postmaster" included. Only the
 *     domain itself counts, not its subdomains.
 *   - What cannot be parsed is what the MTA says it is, unless a secure domain
 *     is written anywhere in it (me@here@secure.example); then, and if the MTA
 *     does not say, UNSURE.
 *   - Routes inside the local part (me%secure.example@here) are followed as far
 *     as the MTA says it does; if it does not say, UNSURE.
 *   - An address literal that we are asked to take is our own, and me@[ours]
 *     may be the mailbox me: UNSURE. So is a local part alone.
 *   - "postmaster" alone, or at a literal, is ORDINARY unless the MTA puts it
 *     into a secure domain: RFC 5321 4.5.1 wants it reachable.
 */
void secure_classify(struct secure_address *address, const struct settings *settings,
		     const char *argument, const char *rewritten);

/* What the MTA's macros say about the connection between the client and it. */
enum secure_tls {
	SECURE_TLS_HIDDEN, /* the MTA does not show us; never taken for TLS */
	SECURE_TLS_NONE,
	SECURE_TLS_USED
};

struct secure_client {
	bool local;         /* in local_networks */
	enum secure_tls tls;
	uint16_t version;   /* USED only: as on the wire; 0, less than any, for an unknown name */
};

bool secure_client_is_local(const struct settings *settings, const struct ipaddr *addr);

#define SECURE_TEXT_SIZE 400
#define SECURE_CAUSE_SIZE 160

struct secure_answer {
	bool refused;
	/* All of these only when refused. */
	const char *code;              /* "550" */
	const char *status;            /* "5.7.10", Encryption Needed (RFC 5248) */
	char text[SECURE_TEXT_SIZE];   /* for the sender and his admin; one line, printable, no '%' */
	char cause[SECURE_CAUSE_SIZE]; /* for our log: what was seen */
	bool our_fault;                /* something an admin on our side has to mend */
};

/*
 * May this client write to this recipient? `enabled` is what the ledger says
 * of the alias (FOUND: switched on); it is looked at only for an ALIAS under
 * `secure_aliases = "enabled"`, and ERROR, or nobody having looked, counts as
 * switched on.
 */
void secure_decide_recipient(struct secure_answer *answer, const struct settings *settings,
			     const struct secure_client *client,
			     const struct secure_address *recipient, enum lookup enabled);

#endif
