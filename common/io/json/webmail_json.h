/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * webmail_json - the bodies that postseal-webmail(8) takes and gives. Reading is strict:
 * an unknown, missing or repeated member, or a value of another type, is refused, with a
 * sentence for people. What is written is printable ASCII, whatever an address holds.
 */
#ifndef POSTSEAL_IO_WEBMAIL_JSON_H
#define POSTSEAL_IO_WEBMAIL_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "core/secure/alias.h"
#include "core/webmail/webmail_request.h"

#define WEBMAIL_JSON_ERROR_SIZE 160

/*
 * PUT /v1/aliases/ADDRESS: {"enabled": true, "level": "encrypt", "otherwise": "refuse"}; all
 * but the first may be missing.
 */
struct webmail_change {
	bool enabled;
	bool has_level, has_otherwise;
	enum alias_level level;
	enum alias_otherwise otherwise;
};
bool webmail_json_read_change(struct webmail_change *change, const char *body, size_t len,
			      char error[WEBMAIL_JSON_ERROR_SIZE]);

/* {"error": word, "text": sentence} */
void webmail_json_error(struct buf *out, const char *word, const char *sentence);

/* A recipient of whom there is no status: {"address": ..., "error": ..., "text": ...}. */
void webmail_json_no_status(struct buf *out, const char *address, const char *word,
			    const char *sentence);

/* A user's alias; `alias` NULL: it is not on file. */
void webmail_json_alias(struct buf *out, const char *key, const struct alias *alias, bool sealed);

/*
 * How mail is sealed here: {"domain", "pin", "pin_length", "pin_proposal"}, or null where it is not
 * set up. `proposal`: a PIN that the user may take.
 */
void webmail_json_seal(struct buf *out, const struct settings *settings, const char *proposal);

/*
 * What postseal-mailbox(8) answers at its control socket: is it done? Else its word and
 * sentence, or our own for what is no such answer.
 */
#define WEBMAIL_JSON_WORD_SIZE 32
bool webmail_json_done(const char *answer, char word[WEBMAIL_JSON_WORD_SIZE],
		       char sentence[WEBMAIL_JSON_ERROR_SIZE]);

/*
 * A sender's letters to one recipient, made of the answers to "show" and "pin" (NULL: not
 * asked). False, and nothing appended, where `show` is not of a mailbox.
 */
bool webmail_json_sealed(struct buf *out, const char *sender, const char *show, const char *pin);

/* The user's name, as JSON text with its quotes, and the names of the levels as a list. */
void webmail_json_text(struct buf *out, const char *text);
void webmail_json_levels(struct buf *out);

#endif
