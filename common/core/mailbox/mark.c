/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/span.h"
#include "base/str.h"
#include "core/mailbox/pin.h"
#include "core/secure/alias.h"
#include "core/secure/authors.h"

bool mark_stays_here(const char *mailer)
{
	/* Postfix's own services, and those that its documents use as examples of delivery
	 * into mailboxes. */
	static const char *const known[] = { "local", "virtual", "lmtp",  "dovecot", "maildrop",
					     "cyrus", "error",   "retry", "discard", "procmail" };

	for (size_t i = 0; mailer != NULL && i < ARRAY_LEN(known); i++)
		if (strcmp(mailer, known[i]) == 0)
			return true;
	return false;
}

enum mark_place mark_place(char address[SEAL_ADDRESS_SIZE], const struct settings *settings,
			   const char *argument, const char *rewritten, const char *mailer)
{
	const char *views[] = { argument, rewritten };

	for (size_t i = 0; i < (rewritten != NULL ? 2 : 1) && settings->mailbox_domain[0] != '\0';
	     i++) {
		enum lookup found = seal_address_decode(address, views[i], strlen(views[i]),
							settings->mailbox_domain);

		if (found != LOOKUP_ABSENT)
			return found == LOOKUP_FOUND ? MARK_SEALED : MARK_NOBODY;
	}
	if (!seal_address_take(address, argument, strlen(argument)) && rewritten != NULL)
		seal_address_take(address, rewritten, strlen(rewritten));
	return mark_stays_here(mailer) ? MARK_HERE : MARK_OUTSIDE;
}

/*
 * Headers.
 */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span in)
{
	while (in.len > 0 && is_blank(in.at[0]))
		in = (struct span){ in.at + 1, in.len - 1 };
	while (in.len > 0 && is_blank(in.at[in.len - 1]))
		in.len--;
	return in;
}

static bool is_word(struct span in, const char *word)
{
	return in.len == strlen(word) && str_starts_nocase_n(in.at, in.len, word);
}

/* Blanks in front of the colon count for nothing. */
static bool is_header(const char *name, const char *wanted)
{
	return is_word(trim(span_of(name)), wanted);
}

bool mark_read_pin(struct token_recipient *pin, const char *value)
{
	struct span in = trim(span_of(value)), address = in;
	size_t digits = 0;

	while (digits < in.len && !is_blank(in.at[in.len - 1 - digits]))
		digits++;
	address.len -= digits;
	address = trim(address);
	return address.len > 0 && seal_address_take(pin->address, address.at, address.len) &&
	       str_copy_n(pin->pin, PIN_SIZE, in.at + in.len - digits, digits) &&
	       pin_is_digits(pin->pin);
}

static bool same_address(const char *a, const char *b)
{
	char one[SEAL_ADDRESS_SIZE], other[SEAL_ADDRESS_SIZE];

	return seal_address_key(one, a, strlen(a)) && seal_address_key(other, b, strlen(b)) &&
	       strcmp(one, other) == 0;
}

/* The same header twice counts once. Two PINs for one address are a mistake. */
static bool take_pin(struct mark *mark, const char *value)
{
	struct token_recipient pin;

	if (!mark_read_pin(&pin, value))
		return false;
	for (size_t i = 0; i < mark->pin_count; i++)
		if (same_address(mark->pins[i].address, pin.address))
			return strcmp(mark->pins[i].pin, pin.pin) == 0;
	if (mark->pin_count == TOKEN_RECIPIENTS_MAX)
		return false;
	mark->pins = mem_resize(mark->pins, mark->pin_count + 1, sizeof(pin));
	mark->pins[mark->pin_count++] = pin;
	return true;
}

static void note_name(struct mark *mark, struct span name)
{
	struct mark_header header = { .index = 1 };

	if (mark->header_count < MARK_HEADERS_MAX &&
	    str_copy_n(header.name, sizeof(header.name), name.at, name.len)) {
		for (size_t i = 0; i < mark->header_count; i++)
			header.index += str_equal_nocase(mark->headers[i].name, header.name);
		mark->headers[mark->header_count++] = header;
	} else {
		mark->header_count = MARK_HEADERS_MAX + 1; /* some could not be removed */
	}
}

static void take_ours(struct mark *mark, struct span name, const char *value)
{
	note_name(mark, name);
	if (is_word(name, MARK_PREFIX "Seal")) {
		mark->seal = true;
		mark->malformed |= !is_word(trim(span_of(value)), "yes");
	} else if (is_word(name, MARK_PREFIX "PIN")) {
		mark->malformed |= !take_pin(mark, value);
	} else if (is_word(name, TOKEN_HEADER)) {
		mark->token = true;
	} else {
		mark->malformed = true;
	}
}

static void take_author(struct mark *mark, const struct settings *settings,
			const struct mailaddr *sender, const char *value)
{
	struct authors walk;
	struct author author;

	authors_begin(&walk, value);
	while (authors_next(&author, &walk)) {
		struct mailaddr named;

		mark->authors++;
		mark->author_is_sender =
			mailaddr_parse(&named, author.text, strlen(author.text),
				       settings->recipient_delimiter) == MAILADDR_OK &&
			!named.domain_is_literal && strcmp(named.local, sender->local) == 0 &&
			strcmp(named.domain, sender->domain) == 0;
	}
}

/* RFC 3834 5, RFC 2919, and the headers that lists used before these RFCs. */
static bool is_automatic(const char *name, const char *value)
{
	struct span said = trim(span_of(value));

	if (is_header(name, "Auto-Submitted"))
		return !(str_starts_nocase_n(said.at, said.len, "no") &&
			 (said.len == 2 || strchr("; \t(", said.at[2]) != NULL));
	if (is_header(name, "Precedence"))
		return is_word(said, "bulk") || is_word(said, "list") || is_word(said, "junk");
	return is_header(name, "List-Id") || is_header(name, "List-Post");
}

void mark_take_header(struct mark *mark, const struct settings *settings,
		      const struct mailaddr *sender, const char *name, const char *value)
{
	if (str_starts_nocase(name, MARK_PREFIX))
		take_ours(mark, trim(span_of(name)), value);
	else if (is_header(name, "From"))
		take_author(mark, settings, sender, value);
	else if (is_header(name, "Content-Type"))
		mark->encrypted = mark->types++ == 0 && mark_is_encrypted(value);
	else if (is_automatic(name, value))
		mark->automatic = true;
}

void mark_free(struct mark *mark)
{
	free(mark->pins);
	*mark = (struct mark){ 0 };
}

/*
 * Content-Type (RFC 2045 5.1).
 */

/* Skips blanks and comments between its words. False: a comment has no end. */
static bool skip_comments(struct span *in)
{
	size_t depth = 0;

	for (; in->len > 0; in->at++, in->len--) {
		if (in->at[0] == '\\' && depth > 0 && in->len > 1)
			in->at++, in->len--;
		else if (in->at[0] == '(')
			depth++;
		else if (in->at[0] == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !is_blank(in->at[0]))
			break;
	}
	return depth == 0;
}

/* A token, or the inside of a quoted string without a backslash. */
static bool take_word(struct span *word, struct span *in)
{
	bool quoted;

	if (!skip_comments(in) || in->len == 0)
		return false;
	quoted = in->at[0] == '"';
	if (quoted)
		in->at++, in->len--;
	*word = (struct span){ in->at, 0 };
	while (word->len < in->len &&
	       (quoted ? in->at[word->len] != '"' && in->at[word->len] != '\\'
		       : !is_blank(in->at[word->len]) &&
				 strchr("()<>@,;:\\\"/[]?=", in->at[word->len]) == NULL))
		word->len++;
	in->at += word->len;
	in->len -= word->len;
	if (!quoted)
		return word->len > 0;
	if (in->len == 0 || in->at[0] != '"')
		return false;
	in->at++, in->len--;
	return true;
}

static bool take_sign(struct span *in, char sign)
{
	if (!skip_comments(in) || in->len == 0 || in->at[0] != sign)
		return false;
	in->at++, in->len--;
	return true;
}

bool mark_is_encrypted(const char *content_type)
{
	struct span in = span_of(content_type), type, subtype, name, value;
	bool encrypted = false;

	if (!take_word(&type, &in) || !take_sign(&in, '/') || !take_word(&subtype, &in))
		return false;
	if (is_word(type, "multipart"))
		return is_word(subtype, "encrypted");
	if (!is_word(type, "application") ||
	    !(is_word(subtype, "pkcs7-mime") || is_word(subtype, "x-pkcs7-mime")))
		return false;
	while (take_sign(&in, ';')) {
		if (!take_word(&name, &in) || !take_sign(&in, '=') || !take_word(&value, &in))
			return false;
		if (is_word(name, "smime-type"))
			encrypted = is_word(value, "enveloped-data") ||
				    is_word(value, "authEnveloped-data");
	}
	return encrypted && skip_comments(&in) && in.len == 0;
}

/*
 * What becomes of the mail.
 */

static bool has_login(const char *login)
{
	return login != NULL && login[0] != '\0';
}

static bool is_null(const struct mailaddr *sender)
{
	return sender->local[0] == '\0';
}

static void refuse(struct secure_answer *answer, const char *status, const char *text,
		   const char *cause)
{
	secure_answer_refuse(answer, status);
	snprintf(answer->text, SECURE_TEXT_SIZE, "%s", text);
	snprintf(answer->cause, SECURE_CAUSE_SIZE, "%s", cause);
}

static void refuse_stranger(struct secure_answer *answer)
{
	refuse(answer, "5.7.1",
	       "Only users who have logged in can send sealed mail from here. Let your mail "
	       "program or webmail log in, then send again.",
	       "marked to be sealed, but not logged in");
}

static void refuse_tls(struct secure_answer *answer)
{
	refuse(answer, "5.7.10",
	       "Mail that is to be sealed is accepted over encrypted connections only. Let your "
	       "mail program use TLS, then send again.",
	       "marked to be sealed, but without TLS");
}

static bool good_tls(const struct settings *settings, const struct secure_client *client)
{
	return client->local ||
	       (client->tls == SECURE_TLS_USED && client->version >= settings->secure_min_tls);
}

bool mark_login_owns(const char *login, const struct mailaddr *mailbox, bool local)
{
	bool bare;

	if (!has_login(login) || is_null(mailbox) || mailbox->domain_is_literal)
		return false;
	bare = strchr(login, '@') == NULL;
	return (local || !bare) &&
	       secure_login_is(login, mailbox->local, bare ? "" : mailbox->domain);
}

void mark_decide_recipient(struct secure_answer *answer, const struct secure_client *client,
			   const char *login, bool null_sender, enum mark_place place)
{
	answer->refused = false;
	if (place != MARK_SEALED && place != MARK_NOBODY)
		return;
	if (!has_login(login) && !client->local)
		refuse_stranger(answer);
	else if (place == MARK_NOBODY)
		refuse(answer, "5.1.3",
		       "To seal mail to bob@example.net, write bob=example.net in front of the "
		       "\"@\" of this domain. This address stands for nobody.",
		       "an address of mailbox_domain that stands for nobody");
	else if (has_login(login) && null_sender)
		refuse(answer, "5.7.1",
		       "Sealed mail needs a sender, who can be told what becomes of it.",
		       "sealed mail of the null sender");
}

/* Why can the mark of a user who has logged in not be obeyed? */
static bool is_refused(struct secure_answer *answer, const struct settings *settings,
		       const struct mark *mark, const struct mark_facts *facts)
{
	if (settings->mailbox_domain[0] == '\0')
		refuse(answer, "5.7.1", "Mail cannot be sealed here: sealing is switched off.",
		       "marked to be sealed, but mailbox_domain is empty");
	else if (!good_tls(settings, &facts->client))
		refuse_tls(answer);
	else if (mark->malformed)
		refuse(answer, "5.6.0",
		       "This mail is marked to be sealed in a way that cannot be understood. Write "
		       "\"X-Postseal-Seal: yes\", or \"X-Postseal-PIN:\" with one recipient and "
		       "one PIN of digits.",
		       "a header of sealed mail that cannot be understood");
	else if (mark->automatic || is_null(facts->sender) ||
		 strcmp(facts->sender->local, "mailer-daemon") == 0)
		refuse(answer, "5.7.1", "Automatic mail and mail of lists is not sealed.",
		       "marked to be sealed, but automatic, or of a list");
	else
		return false;
	return true;
}

static const char *pin_fault(const struct settings *settings, const struct mark *mark,
			     const struct mark_facts *facts)
{
	for (size_t i = 0; i < mark->pin_count; i++) {
		const char *weakness =
			pin_weakness(mark->pins[i].pin, settings->mailbox_pin_length);
		bool known = false;

		if (weakness != NULL)
			return weakness;
		for (size_t j = 0; j < facts->count && !known; j++)
			known = same_address(facts->recipients[j].address, mark->pins[i].address);
		if (!known)
			return "is for an address that this mail does not go to";
	}
	return NULL;
}

/* Of mail that is not encrypted already. */
static bool cannot_be_sealed(struct secure_answer *answer, const struct settings *settings,
			     const struct mark *mark, const struct mark_facts *facts)
{
	const char *fault = pin_fault(settings, mark, facts);
	bool owned = facts->sender_is_alias ||
		     (facts->sender_here &&
		      mark_login_owns(facts->login, facts->sender, facts->sender_local));

	if (!owned)
		refuse(answer, "5.7.1",
		       "Sealed mail is sent from an address of this host that is yours: answers "
		       "and notices come to it. Set your mail program to send with such an "
		       "envelope sender.",
		       "sealed mail from an address that is not the login's, or not of this host");
	else if (mark->authors != 1 || !mark->author_is_sender)
		refuse(answer, "5.7.1",
		       "Sealed mail names one author, in the header \"From\": the address that it "
		       "is sent from. Set your mail program so, and send again.",
		       "sealed mail whose From: is not its envelope sender");
	else if (facts->unsealable || facts->count > TOKEN_RECIPIENTS_MAX)
		refuse(answer, "5.1.3",
		       "One of the recipients has an address that mail cannot be sealed to. Write "
		       "it as name@domain, and send again.",
		       "sealed mail to an address that cannot be written as name=domain");
	else if (fault != NULL) {
		secure_answer_refuse(answer, "5.7.1");
		snprintf(answer->text, SECURE_TEXT_SIZE,
			 "The PIN %s. Choose another, or none: then one is made up.", fault);
		snprintf(answer->cause, SECURE_CAUSE_SIZE, "a PIN of sealed mail %s", fault);
	} else
		return false;
	return true;
}

/* Without a login. */
static enum mark_verdict decide_stranger(struct secure_answer *answer, const struct mark *mark,
					 const struct mark_facts *facts, bool header)
{
	/* A filter on this machine hands back mail that was marked when it came in, and has had a
	 * token since then; */
	bool handed_back = facts->client.local && !header && mark->token;
	/* bounces come to the address from which a marked mail was sent. */
	bool returned = facts->client.local && !header && is_null(facts->sender);
	/* It comes in, or bears no mark. */
	bool means_nothing =
		!facts->client.local && !facts->to_sealed && !(header && facts->leaves);

	if (handed_back || returned || means_nothing)
		return MARK_PASS;
	refuse_stranger(answer);
	return MARK_REFUSE;
}

/*
 * It was marked here, came to somebody here, and a program sends it on in another's name: so it
 * does not go to the intake (a redirect of Sieve, RFC 5228 4.2, may do so). Whoever has logged
 * in and sends it on decides that himself.
 */
static bool is_sent_on(const struct settings *settings, const struct mark *mark,
		       const struct mark_facts *facts)
{
	return mark->token && facts->leaves && settings->mailbox_domain[0] != '\0' &&
	       !has_login(facts->login) &&
	       strcmp(facts->sender->domain, settings->mailbox_domain) != 0;
}

enum mark_verdict mark_decide(struct secure_answer *answer, const struct settings *settings,
			      const struct mark *mark, const struct mark_facts *facts)
{
	bool header = mark->seal || mark->malformed || mark->pin_count > 0;

	answer->refused = false;
	if (mark->header_count > MARK_HEADERS_MAX) {
		refuse(answer, "5.6.0",
		       "This mail has too many headers that begin with \"X-Postseal-\". Send it "
		       "without them.",
		       "too many headers " MARK_PREFIX);
		return MARK_REFUSE;
	}
	if (is_sent_on(settings, mark, facts)) {
		refuse(answer, "5.7.1",
		       "This is sealed mail, which would leave in the clear. Send it on with the "
		       "envelope sender that it came with.",
		       "sealed mail that is sent on in another name");
		return MARK_REFUSE;
	}
	if (!header && !facts->to_sealed && !facts->otherwise)
		return MARK_PASS;
	if (!has_login(facts->login))
		return decide_stranger(answer, mark, facts, header);
	if (is_refused(answer, settings, mark, facts))
		return MARK_REFUSE;
	if (mark->encrypted && !facts->otherwise)
		return MARK_ENCRYPTED;
	return cannot_be_sealed(answer, settings, mark, facts) ? MARK_REFUSE : MARK_SEAL;
}

void mark_refuse_length(struct secure_answer *answer)
{
	refuse(answer, "5.5.3",
	       "This mail goes to so many recipients that it cannot be sealed in one piece. Send "
	       "it "
	       "to some of them at a time.",
	       "sealed mail to too many recipients");
}

bool mark_strips(const struct mark_facts *facts)
{
	return has_login(facts->login) || !facts->client.local;
}
