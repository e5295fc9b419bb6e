/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notes - the mails that postseal-mailbox writes by itself: link mails, receipts, notices. A note
 * is a whole message; the caller decides from whom and to whom it is sent.
 *
 * No note has the content or the subject of a letter. A link mail has no PIN, and a receipt has
 * no link.
 */
#ifndef POSTSEAL_CORE_MAILBOX_NOTES_H
#define POSTSEAL_CORE_MAILBOX_NOTES_H

#include <stdint.h>

#include "base/buf.h"
#include "core/mailbox/code.h"
#include "core/mailbox/mbox.h"
#include "core/settings/settings.h"

enum note {
	/* To the recipient. */
	NOTE_LINK,      /* with a secret; both languages */
	NOTE_ARRIVED,   /* in an open mailbox; no secret */
	NOTE_WARN,      /* the mailbox ends on `date` */
	NOTE_RESTARTED, /* the mailbox begins anew */
	NOTE_USE_LINK,  /* in answer to a reply to a link mail */
	/* To the sender. */
	NOTE_RECEIPT,      /* with the PIN, if one is to be given */
	NOTE_RECEIPT_PGP,  /* it went out encrypted with OpenPGP */
	NOTE_LOCKED,       /* too many wrong PINs */
	NOTE_OPENED,       /* the mailbox was opened for the first time */
	NOTE_UNOPENED,     /* it ended, and nobody had opened it */
	NOTE_LINK_BOUNCED, /* the link mail could not be delivered */
	NOTE_SENDER_RESTARTED,
	NOTE_UNREAD,     /* it was open and ended, and a letter in it was never read */
	NOTE_REPLY_LOST, /* the guest's reply came back */
	NOTE_COUNT
};

struct note_facts {
	const char *site;            /* whose pages these are, for people */
	const char *url;             /* https://host */
	const char *from;            /* mailbox_from */
	const char *to;              /* whom the note is to */
	const char *sender;          /* of the letter: address */
	const char *name;            /* of the sender, or "" */
	const char *recipient;       /* of the letter: address */
	const char *message_id;      /* of this note, with brackets */
	const char *in_reply_to;     /* the letter's, or "" */
	const unsigned char *secret; /* of the link, or NULL */
	const char *pin;             /* to be given to the recipient; "" if none is needed */
	bool pin_replaced;           /* there was another one before */
	bool pin_needed;             /* NOTE_LINK and NOTE_ARRIVED: a PIN is still to be entered */
	bool opening_is_told; /* NOTE_RECEIPT: the first opening is still to come, and told */
	bool own_link;        /* NOTE_OPENED: with a link of this sender */
	enum mbox_language language;
	int64_t now, date;
};

/*
 * NULL if mailbox_from can be the sender of notes and replies, in the envelope too. Else the
 * reason, as a sentence that follows the name of the setting.
 */
const char *note_from_fault(const struct settings *settings);

/* Appends the message. */
void note_write(struct buf *out, enum note note, const struct note_facts *facts);

#endif
