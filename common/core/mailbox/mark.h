/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mark - how a sender marks a mail to be sealed, and what follows from that (MAILBOX.md section
 * 1). The milter collects what it sees of a message; here is decided what becomes of it.
 *
 * A mail is marked by
 *   - an address of `mailbox_domain` among its recipients: bob=example.net@sealed.example.com,
 *   - a header X-Postseal-Seal: yes, or X-Postseal-PIN: bob@example.net 47110815,
 *   - a secure alias that was switched on with `--otherwise mailbox`, where a recipient's
 *     provider is known not to meet its level.
 *
 * A mark holds for the whole mail: all its recipients elsewhere are sealed, or none. A mark is
 * obeyed, or the mail is refused; a mark is never ignored while the mail is sent. Only mail that
 * comes in from the world, where nobody has logged in, loses its marks: they mean nothing there.
 * Mail of a client that may send mail out without a login, as a machine of the same network may,
 * is refused.
 */
#ifndef POSTSEAL_CORE_MAILBOX_MARK_H
#define POSTSEAL_CORE_MAILBOX_MARK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/mailbox/token.h"
#include "core/names/mailaddr.h"
#include "core/names/seal_address.h"
#include "core/secure/secure.h"
#include "core/settings/settings.h"

#define MARK_PREFIX "X-Postseal-"
/* More headers with that prefix, and the mail is refused. */
#define MARK_HEADERS_MAX 64
#define MARK_HEADER_NAME_SIZE 64

/* Where mail to a recipient goes. */
enum mark_place {
	MARK_HERE,    /* into a mailbox or a program of this host */
	MARK_OUTSIDE, /* to another host, or it is not known */
	MARK_SEALED,  /* to an address of mailbox_domain */
	MARK_NOBODY   /* to one of mailbox_domain that stands for nobody */
};

/*
 * `mailer` is the service that the MTA would use (Postfix's {rcpt_mailer}, {mail_mailer}; NULL if
 * it does not say). Only mail that is known to stay here is MARK_HERE: Postfix's
 * local, virtual and lmtp, and the usual names of services that deliver into mailboxes.
 */
bool mark_stays_here(const char *mailer);

/*
 * `argument` is that of RCPT, and `rewritten` is what the MTA made of it, or NULL. `address`
 * becomes the recipient's address as seal_address_take spells it, for MARK_SEALED the real one;
 * "" if it cannot be told, as for a literal. Without mailbox_domain there is no MARK_SEALED.
 */
enum mark_place mark_place(char address[SEAL_ADDRESS_SIZE], const struct settings *settings,
			   const char *argument, const char *rewritten, const char *mailer);

struct mark_header {
	char name[MARK_HEADER_NAME_SIZE];
	int index; /* among those of its name, from 1 */
};

/* What a message's headers say. Zero it at first, and end it with mark_free. */
struct mark {
	bool seal;      /* X-Postseal-Seal: yes */
	bool token;     /* there is a X-Postseal-Seal-Token */
	bool malformed; /* a mark with a value that it must not have, or that is not known */
	size_t pin_count;
	struct token_recipient *pins; /* owned; each address once */
	/* All headers with our prefix, in their order; more than MAX are counted only. */
	size_t header_count;
	struct mark_header headers[MARK_HEADERS_MAX];
	/* Of the author: how many are named in From:, and whether it is the sender. */
	int authors;
	bool author_is_sender;
	bool automatic; /* Auto-Submitted, or a list */
	int types;      /* headers Content-Type */
	bool encrypted; /* and the only one says so */
};

/* Look at one header. `sender`: that of the envelope. */
void mark_take_header(struct mark *mark, const struct settings *settings,
		      const struct mailaddr *sender, const char *name, const char *value);
void mark_free(struct mark *mark); /* leaves it zeroed */

/* The value of X-Postseal-PIN, an address and digits; false for any other. */
bool mark_read_pin(struct token_recipient *pin, const char *value);

/*
 * Does a Content-Type say that only the recipient can read it? multipart/encrypted, and
 * application/pkcs7-mime with smime-type=enveloped-data or authEnveloped-data (RFC 1847,
 * 8551, 5083); what is signed and opaque is not encrypted.
 */
bool mark_is_encrypted(const char *content_type);

/* The other things that the decision depends on. */
struct mark_facts {
	struct secure_client client;
	const char *login;             /* NULL or "": none */
	const struct mailaddr *sender; /* all zero: the null sender, or not understood */
	bool sender_is_alias;          /* a secure alias, which the login owns */
	bool sender_here;              /* an address that is delivered here, */
	bool sender_local;             /* and by local(8) */
	bool to_sealed;                /* a recipient is MARK_SEALED or MARK_NOBODY, */
	bool leaves;                   /* or MARK_OUTSIDE */
	bool otherwise;                /* a recipient is to be sealed for the alias's sake */
	bool unsealable;               /* a recipient elsewhere has no address to seal to */
	const struct token_recipient *recipients; /* those elsewhere, and sealed ones */
	size_t count;
};

enum mark_verdict {
	MARK_PASS,      /* as it is, but for its marks (mark_strips) */
	MARK_SEAL,      /* to the intake, with a token */
	MARK_ENCRYPTED, /* to the real addresses: it is encrypted already */
	MARK_REFUSE     /* *answer says why */
};

enum mark_verdict mark_decide(struct secure_answer *answer, const struct settings *settings,
			      const struct mark *mark, const struct mark_facts *facts);

/* Its addresses together are too long for a token. */
void mark_refuse_length(struct secure_answer *answer);

/* Are its headers with our prefix removed? Yes, except from a filter on this machine that
 * hands mail back. */
bool mark_strips(const struct mark_facts *facts);

/* At RCPT, to an address of mailbox_domain: refused at once, if it can be. */
void mark_decide_recipient(struct secure_answer *answer, const struct secure_client *client,
			   const char *login, bool null_sender, enum mark_place place);

/* Does this login name own that mailbox of this host? `local`: it is delivered by local(8), where
 * the bare name of an account is the same mailbox at each domain. */
bool mark_login_owns(const char *login, const struct mailaddr *mailbox, bool local);

#endif
