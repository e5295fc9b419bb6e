/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secure - what the secure alias allows and forbids (DESIGN.md section 7): an
 * address that nobody can write to, or from, in the clear.
 *
 * The milter reports what it saw; all that can be argued about is decided here. One rule stands
 * above the others: what was not understood, not seen or not found out counts as forbidden.
 */
#ifndef POSTSEAL_CORE_SECURE_H
#define POSTSEAL_CORE_SECURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lookup.h"
#include "base/span.h"
#include "core/secure/alias.h"
#include "core/secure/authors.h"
#include "core/secure/exceptions.h"
#include "core/names/mailaddr.h"
#include "core/settings/settings.h"

enum secure_kind {
	SECURE_ORDINARY, /* goes elsewhere, for certain */
	SECURE_ALIAS,    /* at one of secure_domains */
	SECURE_UNSURE    /* could be a secure alias: treated as one */
};

struct secure_address {
	enum secure_kind kind;
	/* ALIAS: which one; the MTA's view, if that is one. UNSURE: the alias it would be if
	 * its local part is, or is not, a route; all zero if it would be none either way. */
	struct mailaddr alias;
};

enum secure_role { SECURE_SENDER, SECURE_RECIPIENT };

/*
 * What an envelope address is to us. `argument` is what stood in MAIL FROM or
 * RCPT TO; `rewritten` is what the MTA made of it (Postfix: {mail_addr},
 * {rcpt_addr}), NULL or "" if it did not say. Either of them can make the
 * address a secure one, and only both together an ordinary one:
 *
 *   - me+list@here is me@here, by recipient_delimiter.
 *   - At a secure domain is everything there, "postmaster" included. Only the
 *     domain itself counts, not its subdomains. The domain is compared as Postfix
 *     compares it, too: sharp s is "ss" there (domain_fold_2003).
 *   - What cannot be parsed is what the MTA says it is, unless a secure domain
 *     is written anywhere in it (me@here@secure.example), in any way
 *     (secure_mention); then, and if the MTA does not say, UNSURE.
 *   - Routes inside the local part (me%secure.example@here) are followed as far
 *     as the MTA says it does; if it does not say, UNSURE.
 *   - A literal that we are asked to take mail for is our own address, and
 *     me@[ours] may be the mailbox me: UNSURE. So is a local part alone.
 *   - A sender by such a route to an alias is UNSURE, too: the mail could leave less strictly
 * than that alias demands.
 *   - A sender is only what it claims to be: a literal, a local part alone, or
 *     what neither we nor the MTA make sense of, are ORDINARY if the MTA showed
 *     its view and no secure domain is written anywhere.
 *   - "postmaster" alone, or at a literal, is ORDINARY unless the MTA puts it
 *     into a secure domain: RFC 5321 4.5.1 wants it reachable.
 *   - The null address, "<>", is nobody's: ORDINARY. Mail that it sends to a
 *     secure alias (bounces, receipts) must come over TLS like any other, and no
 *     exception is ever for it: a bounce quotes what it returns.
 */
void secure_classify(struct secure_address *address, const struct settings *settings,
		     enum secure_role role, const char *argument, const char *rewritten);

/* What the MTA's macros say about the connection between the client and it. */
enum secure_tls {
	SECURE_TLS_HIDDEN, /* the MTA does not show us; never taken for TLS */
	SECURE_TLS_NONE,
	SECURE_TLS_USED
};

struct secure_client {
	bool local; /* in local_networks */
	enum secure_tls tls;
	uint16_t version; /* USED only: as on the wire; 0, less than any, for an unknown name */
};

bool secure_client_is_local(const struct settings *settings, const struct ipaddr *addr);

#define SECURE_TEXT_SIZE 480
#define SECURE_CAUSE_SIZE 160

struct secure_answer {
	bool refused; /* for good, or for now */
	/* All of these only when refused. */
	const char *code;              /* "550", or "451": could not tell, so it waits */
	const char *status;            /* RFC 3463; "5.7.10" is Encryption Needed, RFC 5248 */
	char text[SECURE_TEXT_SIZE];   /* for the sender and their admin; one line, no '%' */
	char cause[SECURE_CAUSE_SIZE]; /* for our log: what was seen */
	bool our_fault;                /* something an admin on our side has to mend */
};

/*
 * What is on file of an alias. Whether that matters is not known beforehand:
 * decide with secure_not_asked; only where the answer is "451" could it change
 * anything to look.
 */
struct secure_record {
	enum lookup enabled;    /* FOUND: switched on, */
	enum alias_level level; /* and this is how strictly its mail is sealed */
	enum lookup owned;      /* FOUND: `mailbox` is whose it is */
	char mailbox[ALIAS_ADDRESS_SIZE];
	/* Of recipients. FOUND: who writes this message is bound to TLS, as all are; ABSENT:
	 * but for an exception (exceptions.h), which ends at `until`, for the log. */
	enum lookup bound;
	char until[UTC_SIZE];
};

extern const struct secure_record secure_not_asked; /* LOOKUP_ERROR; `bound` FOUND */

/* FOUND: the rules below are for this address; ERROR: it depends on what is on file. */
enum lookup secure_is_sealed(const struct settings *settings, const struct secure_address *address,
			     const struct secure_record *record);

/*
 * May this client write to this recipient? It may over TLS, from this machine, or by an exception
 * for the sender; but never by an exception if TLS is hidden from us, since then we cannot rely
 * on what we see. If it is not known whether there is an exception, the mail waits.
 */
void secure_decide_recipient(struct secure_answer *answer, const struct settings *settings,
			     const struct secure_client *client,
			     const struct secure_address *recipient,
			     const struct secure_record *record);

/* Of an accepted recipient: would it be refused without the exception? */
bool secure_let_in_by_exception(const struct settings *settings, const struct secure_client *client,
				const struct secure_address *recipient,
				const struct secure_record *record);

/*
 * May this client write as this sender? It may if it is logged in as the owner, over TLS. It may
 * from this machine without a login; with a login, only as the owner. `login` is the SASL
 * login name, NULL or "" without one. The owner is who logs in as
 *   - the alias (me@secure.example.com) or its mailbox (me@example.com), or
 *   - the bare name of the mailbox (me), or of the alias where it has none.
 * Its mailbox is that of core/secure/alias.h: on file, or by a pair of `secure_owner`.
 * A login is a name, and not an address: it is compared byte by byte, but for the
 * domain's case. "ME@example.com" and "<me@example.com>" are other accounts.
 * Mail of others that was forwarded to us with a secure alias as its sender is
 * refused as well: it cannot be told from a forgery.
 */
void secure_decide_sender(struct secure_answer *answer, const struct settings *settings,
			  const struct secure_client *client, const char *login,
			  const struct secure_address *sender, const struct secure_record *record);

/* Does `login` write this mailbox, as above? `domain` "": its bare name. */
bool secure_login_is(const char *login, const char *local, const char *domain);

/*
 * How does mail for a recipient leave? `mailer` is what the MTA says (Postfix: {rcpt_mailer}, the
 * service of master.cf), or NULL.
 */
enum secure_way {
	SECURE_WAY_SEALED, /* a transport of secure aliases: *level is the one it sees to */
	SECURE_WAY_OPEN,   /* "smtp": somebody's transport_maps have precedence */
	SECURE_WAY_OTHER   /* any other, such as "local", or unknown: not judged here */
};
enum secure_way secure_way(enum alias_level *level, const char *mailer);

/*
 * It is known beforehand that the next hop cannot do what the alias's level demands. Mail of an
 * accepted sender to this recipient is then refused, rather than taken and returned. `recipient` and `rewritten` as for secure_classify; next hop
 * and reason as in core/policy/reply.h. With `mailbox_domain` it says how to seal it instead.
 */
void secure_refuse_destination(struct secure_answer *answer, const struct settings *settings,
			       const char *recipient, const char *rewritten, const char *nexthop,
			       const char *reason);

/*
 * Should Authentication-Results (core/secure/authres.h) be added for this accepted recipient, and
 * forged ones removed? Yes for a secure alias, if the mail came from the network. Mail that is
 * handed on locally was treated when it came in.
 */
bool secure_tells_tls(const struct secure_client *client, const struct secure_address *recipient);

/*
 * The answer at DATA where the MTA will not show us the headers of a message that cannot be
 * judged without them: it waits until an admin has changed that.
 */
void secure_refuse_unseen(struct secure_answer *answer);
/* The answer to a message that the MTA does not let us edit as it must be: it waits. */
void secure_put_off_edit(struct secure_answer *answer);

/*
 * Does this header ask for delivery without TLS (RFC 8689 section 5)? Its only defined value is
 * "No"; no other value could be better.
 */
bool secure_header_waives_tls(const char *name);
/* The answer to mail with such a header, from such a sender. */
void secure_refuse_waiver(struct secure_answer *answer);

/*
 * Whom the headers name as author (core/secure/authors.h). What seals mail is the sender of
 * its envelope, so mail that is submitted in the name of a secure alias, but with
 * another envelope, would leave in the clear; and it may be by another person.
 *
 * The rule: in what a client that has logged in submits, each address there that is a
 * secure alias is that of the envelope's sender, but for its extension. Otherwise the
 * whole message is refused. The null sender is no exception: a receipt goes by the
 * ordinary way, too.
 *
 *   - Without a login the headers are left alone, whatever they name: lists and
 *     forwarders rightly send on in their own envelope what others wrote, and it comes
 *     from local clients (content filters, lists, vacation) as well as from the network.
 *   - The MTA does not say what it makes of a header. An address that cannot be understood, that
 * has a route in its local part or no domain, is UNSURE if a secure domain is written in it in
 * any way, and so never the sender's; otherwise ORDINARY.
 *
 * The next address in the walk that is, or could be, an alias other than the sender;
 * false: there is none. Whether it is switched on is asked as of any other.
 */
bool secure_next_stranger(struct secure_address *stranger, struct authors *walk,
			  const struct settings *settings, const struct secure_address *sender);

/*
 * The answer to mail in whose header, spelt as authors_header does, `stranger` stands.
 * `sealed` of it: FOUND, or ERROR, and it waits.
 */
void secure_refuse_author(struct secure_answer *answer, const char *header,
			  const struct secure_address *stranger, enum lookup sealed);

/* The answer to mail with more forged headers than can be removed. */
void secure_refuse_forgery(struct secure_answer *answer);

/*
 * For the files of this room: the two ways to refuse. They empty the answer; the caller then
 * writes text and cause. One is for good: 550 and `status`, a constant. The other is for now: 451
 * 4.7.1, since something could not be found out.
 */
void secure_answer_refuse(struct secure_answer *answer, const char *status);
void secure_answer_put_off(struct secure_answer *answer);

/*
 * Is a secure domain written in text that nobody could make sense of?
 *
 * Wider than any parser: at any place, in any case, with blanks, quotes, backslashes
 * and comments between its letters (RFC 5322 3.2.2), after "@" also as a U-label.
 * Somebody will read it so. Other domains are found as well that begin with one
 * (secure.example.community); what is no address has no claim to be taken for a
 * harmless one.
 */
bool secure_mention(const struct settings *settings, struct span in);

#endif
