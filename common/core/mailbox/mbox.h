/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mbox - what postseal-mailbox keeps on file, as octets: mailboxes, letters, links,
 * gates, and what has been seen already. Numbers and strings as in wire.h, after a
 * kind and a version.
 *
 * `sealed` means: encrypted to a recipient's key, and then once more under the mailbox's key file
 * (mailbox/vault.h); here these are octets. Decoding is strict: a record that is not exactly
 * right is refused.
 */
#ifndef POSTSEAL_CORE_MAILBOX_MBOX_H
#define POSTSEAL_CORE_MAILBOX_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/mailbox/frame.h"
#include "core/names/seal_address.h"

/* The encryption by the key file adds a nonce and a tag. */
#define VAULT_EXTRA (FRAME_NONCE_SIZE + FRAME_TAG_SIZE)
#define MBOX_HASH_SIZE 32
#define MBOX_NAME_SIZE 256 /* of a person; UTF-8 */
#define MBOX_ID_SIZE 512   /* of a message, with its brackets */
#define MBOX_SUMMARY_MAX 8192
#define MBOX_LINKS_MAX 64 /* for one letter */
#define MBOX_DRAFT_MAX 524288
#define MBOX_PER_ADDRESS_MAX 16

enum mbox_language { MBOX_LANGUAGE_NONE, MBOX_LANGUAGE_DE, MBOX_LANGUAGE_EN };

struct mbox_mailbox {
	char address[SEAL_ADDRESS_SIZE]; /* as it was written first */
	int64_t created;
	int64_t opened;      /* 0: closed */
	int64_t active;      /* last login; 0: none */
	int64_t last_letter; /* when one last came */
	int64_t warned;      /* of its end; 0: not since it was last active */
	bool retired;        /* restarted: can still be read with its password */
	enum mbox_language language;
	/* From here on: once it is open. */
	unsigned char public_key[HPKE_PUBLIC_SIZE];
	unsigned char auth_hash[MBOX_HASH_SIZE];
	unsigned char wrapped[WRAPPED_KEY_SIZE + VAULT_EXTRA]; /* sealed */
	uint32_t memory, passes, lanes;                        /* of Argon2id */
	int64_t reply_day;                                     /* since when `replies` counts */
	uint32_t replies;
};

enum mbox_box { MBOX_INBOX, MBOX_SENT };

#define MBOX_KEY_SIZE (SEALED_KEY_SIZE + VAULT_EXTRA)

struct mbox_link_key {
	struct handle link;
	unsigned char key[MBOX_KEY_SIZE]; /* sealed */
};

struct mbox_letter {
	enum mbox_box box;
	char sender[SEAL_ADDRESS_SIZE]; /* in Sent: to whom */
	char name[MBOX_NAME_SIZE];
	char message_id[MBOX_ID_SIZE]; /* "<...>", or "" */
	int64_t date;
	uint64_t size; /* of the sealed body */
	bool read;
	bool has_key; /* sealed to the mailbox's key */
	unsigned char key[MBOX_KEY_SIZE];
	size_t links;
	struct mbox_link_key link[MBOX_LINKS_MAX];
	size_t summary_len;
	unsigned char summary[MBOX_SUMMARY_MAX]; /* sealed */
};

struct mbox_link {
	struct handle mailbox, handle;
	char sender[SEAL_ADDRESS_SIZE];
	char name[MBOX_NAME_SIZE];
	int64_t date;
	unsigned char public_key[HPKE_PUBLIC_SIZE];
};

#define MBOX_PIN_SIZE (16 + VAULT_EXTRA)

struct mbox_gate {
	char sender[SEAL_ADDRESS_SIZE];
	bool open;
	uint32_t tries;                   /* wrong ones, since it was last unlocked */
	bool told;                        /* the sender was told that it is locked */
	bool has_pin;                     /* and pin is one; erased when the gate opens */
	unsigned char pin[MBOX_PIN_SIZE]; /* sealed; filled up with NUL */
};

/* The mail of a token was sealed for a recipient, or sent encrypted: the token's random
 * number, and the recipient. */
struct mbox_seen {
	int64_t date;
};

struct mbox_upload {
	int64_t date;
	uint64_t size, have; /* sealed */
};

struct mbox_draft {
	int64_t date;
	struct handle letter;
	unsigned char key[MBOX_KEY_SIZE]; /* sealed */
	size_t len;
	unsigned char *body; /* sealed; where it stands in the record */
};

#define MBOX_OUTGOING_MAX 262144

/* A mail of our own that Postfix has not taken yet. */
struct mbox_outgoing {
	int64_t date;                 /* when it was written */
	uint8_t note;                 /* core/mailbox/notes.h */
	char from[SEAL_ADDRESS_SIZE]; /* of the envelope, "" for the empty one */
	char to[SEAL_ADDRESS_SIZE];
	struct handle mailbox, letter; /* that it brings the news of; all zero: of none */
	struct handle key;             /* whose file opens it */
	size_t len;
	unsigned char *body; /* sealed; where it stands in the record */
};

/* Mailboxes of one address: the last one is the one that mail goes to. */
struct mbox_address {
	size_t count;
	struct handle mailbox[MBOX_PER_ADDRESS_MAX];
};

/* Appends. */
void mbox_put_mailbox(struct buf *out, const struct mbox_mailbox *mailbox);
void mbox_put_letter(struct buf *out, const struct mbox_letter *letter);
void mbox_put_link(struct buf *out, const struct mbox_link *link);
void mbox_put_gate(struct buf *out, const struct mbox_gate *gate);
void mbox_put_seen(struct buf *out, const struct mbox_seen *seen);
void mbox_put_upload(struct buf *out, const struct mbox_upload *upload);
void mbox_put_draft(struct buf *out, const struct mbox_draft *draft);
void mbox_put_outgoing(struct buf *out, const struct mbox_outgoing *outgoing);
void mbox_put_address(struct buf *out, const struct mbox_address *address);

/* *out is undefined where they are false. */
bool mbox_get_mailbox(struct mbox_mailbox *out, const void *octets, size_t len);
bool mbox_get_letter(struct mbox_letter *out, const void *octets, size_t len);
bool mbox_get_link(struct mbox_link *out, const void *octets, size_t len);
bool mbox_get_gate(struct mbox_gate *out, const void *octets, size_t len);
bool mbox_get_seen(struct mbox_seen *out, const void *octets, size_t len);
bool mbox_get_upload(struct mbox_upload *out, const void *octets, size_t len);
/* `body` points into octets. */
bool mbox_get_draft(struct mbox_draft *out, const void *octets, size_t len);
/* The same. */
bool mbox_get_outgoing(struct mbox_outgoing *out, const void *octets, size_t len);
bool mbox_get_address(struct mbox_address *out, const void *octets, size_t len);

#endif
