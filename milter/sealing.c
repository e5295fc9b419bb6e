/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/sealing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/protocol/milter_packet.h"
#include "io/crypto/crypto.h"
#include "io/crypto/seal_token.h"

/* How a milter folds a header. */
#define FOLD "\n\t"

void sealing_begin(struct sealing *sealing, const struct settings *settings, const char *login,
		   const char *from, const char *mailer, bool shows_body)
{
	sealing_end(sealing);
	if (login != NULL && login[0] != '\0')
		sealing->login = mem_strdup(login);
	if (sealing->login != NULL && settings->mailbox_domain[0] != '\0' && shows_body)
		sealing->print = seal_print_new();
	/* An address that is not understood leaves it all zero. */
	mailaddr_parse(&sealing->sender, from, strlen(from), settings->recipient_delimiter);
	seal_address_take(sealing->address, from, strlen(from));
	sealing->sender_here = mark_stays_here(mailer);
	sealing->sender_local = mailer != NULL && strcmp(mailer, "local") == 0;
}

/* NOTIFY and ORCPT. Other parameters belong to the transaction, or to the address. */
static char *kept_parameters(struct span parameters)
{
	struct buf kept = { 0 };
	const char *parameter;
	char *text;

	while (milter_next_string(&parameter, &parameters))
		if (str_starts_nocase(parameter, "NOTIFY=") ||
		    str_starts_nocase(parameter, "ORCPT="))
			buf_printf(&kept, "%s%s", kept.len > 0 ? " " : "", parameter);
	text = mem_strdup(buf_cstr(&kept));
	buf_free(&kept);
	return text;
}

static void add(struct sealing *sealing, const struct sealing_recipient *recipient,
		const char *address)
{
	size_t count = sealing->count;

	sealing->recipients =
		mem_resize(sealing->recipients, count + 1, sizeof(*sealing->recipients));
	sealing->addresses = mem_resize(sealing->addresses, count + 1, sizeof(*sealing->addresses));
	sealing->recipients[count] = *recipient;
	sealing->addresses[count] = (struct token_recipient){ 0 };
	str_copy(sealing->addresses[count].address, SEAL_ADDRESS_SIZE, address);
	sealing->count++;
}

/*
 * The MTA finds a recipient that is to be replaced by RCPT's argument. Of one with a source route
 * it keeps another text, does not find it, and sends there as well.
 */
static bool is_kept_as_written(const struct sealing_recipient *recipient, const char *to)
{
	char own[SEAL_ADDRESS_SIZE];

	return recipient->place != MARK_OUTSIDE || seal_address_take(own, to, strlen(to));
}

void sealing_recipient(struct secure_answer *answer, struct sealing *sealing,
		       const struct settings *settings, const struct secure_client *client,
		       const struct sealing_route *route, const char *to)
{
	struct sealing_recipient recipient;
	char address[SEAL_ADDRESS_SIZE];

	answer->refused = false;
	if (settings->mailbox_domain[0] == '\0')
		return;
	recipient.place = mark_place(address, settings, to, route->rewritten, route->mailer);
	mark_decide_recipient(answer, client, sealing->login, sealing->sender.local[0] == '\0',
			      recipient.place);
	if (answer->refused || recipient.place == MARK_HERE)
		return;
	if (recipient.place == MARK_OUTSIDE)
		sealing->leaves = true;
	else
		sealing->to_sealed = true;
	/* Without a login nothing is sealed, so there is nothing to remember. */
	if (sealing->login == NULL)
		return;
	if (address[0] == '\0' || sealing->count >= TOKEN_RECIPIENTS_MAX ||
	    !is_kept_as_written(&recipient, to)) {
		sealing->unsealable = true;
		return;
	}
	recipient.argument = mem_strdup(to);
	recipient.parameters = kept_parameters(route->parameters);
	add(sealing, &recipient, address);
}

void sealing_header(struct sealing *sealing, const struct settings *settings, const char *name,
		    const char *value)
{
	mark_take_header(&sealing->mark, settings, &sealing->sender, name, value);
	if (sealing->print != NULL)
		seal_print_header(sealing->print, span_of(name), span_of(value));
}

bool sealing_body(struct sealing *sealing, struct span octets)
{
	const struct mark *mark = &sealing->mark;

	if (sealing->print == NULL ||
	    !(mark->seal || mark->pin_count > 0 || sealing->to_sealed || sealing->otherwise))
		return false;
	seal_print_body(sealing->print, octets);
	return true;
}

void sealing_end(struct sealing *sealing)
{
	for (size_t i = 0; i < sealing->count; i++) {
		free(sealing->recipients[i].argument);
		free(sealing->recipients[i].parameters);
	}
	free(sealing->recipients);
	free(sealing->addresses);
	free(sealing->login);
	seal_print_free(sealing->print);
	mark_free(&sealing->mark);
	*sealing = (struct sealing){ 0 };
}

/* From the last to the first: when one is removed, those of its name after it move up. */
static void strip(struct buf *edits, const struct mark *mark)
{
	for (size_t i = mark->header_count; i > 0; i--)
		milter_write_header(edits, MILTER_CHANGE_HEADER,
				    (uint32_t)mark->headers[i - 1].index, mark->headers[i - 1].name,
				    "");
}

static void replace(struct buf *edits, const struct sealing_recipient *recipient,
		    const char *address)
{
	char bracketed[SEAL_ADDRESS_SIZE + 2];

	snprintf(bracketed, sizeof(bracketed), "<%s>", address);
	milter_write(edits, MILTER_DELETE_RECIPIENT, recipient->argument, NULL);
	if (recipient->parameters[0] != '\0')
		milter_write(edits, MILTER_ADD_RECIPIENT, bracketed, recipient->parameters, NULL);
	else
		milter_write(edits, MILTER_ADD_RECIPIENT, bracketed, NULL);
}

static bool send_to_intake(struct buf *edits, const struct sealing *sealing,
			   const struct settings *settings)
{
	for (size_t i = 0; i < sealing->count; i++) {
		const char *address = sealing->addresses[i].address;
		char sealed[SEAL_ADDRESS_SIZE];

		if (sealing->recipients[i].place != MARK_OUTSIDE)
			continue;
		if (!seal_address_encode(sealed, address, strlen(address),
					 settings->mailbox_domain))
			return false;
		replace(edits, &sealing->recipients[i], sealed);
	}
	return true;
}

/* Puts each PIN to the address that it is for. */
static void spread_pins(struct token *token, const struct mark *mark)
{
	char key[SEAL_ADDRESS_SIZE], named[SEAL_ADDRESS_SIZE];

	for (size_t i = 0; i < token->count; i++) {
		struct token_recipient *to = &token->recipients[i];

		seal_address_key(key, to->address, strlen(to->address));
		for (size_t j = 0; j < mark->pin_count; j++) {
			const struct token_recipient *pin = &mark->pins[j];

			if (seal_address_key(named, pin->address, strlen(pin->address)) &&
			    strcmp(named, key) == 0)
				str_copy(to->pin, PIN_SIZE, pin->pin);
		}
	}
}

static bool write_token(struct buf *edits, const struct sealing *sealing,
			const struct seal_key *key)
{
	struct token token = { .time = clock_wall(),
			       .pin_required = sealing->otherwise,
			       .count = sealing->count };
	struct buf value = { 0 };
	bool good;

	if (!str_copy(token.login, sizeof(token.login), sealing->login) ||
	    !str_copy(token.sender, sizeof(token.sender), sealing->address))
		return false;
	crypto_random(token.random, sizeof(token.random));
	token.recipients = mem_zero(sealing->count + 1, sizeof(*token.recipients));
	for (size_t i = 0; i < sealing->count; i++)
		token.recipients[i] = sealing->addresses[i];
	spread_pins(&token, &sealing->mark);
	seal_print_write(sealing->print, &token);
	good = seal_token_write(&value, &token, key, FOLD);
	if (good)
		milter_write_header(edits, MILTER_INSERT_HEADER, 0, TOKEN_HEADER, buf_cstr(&value));
	crypto_wipe(token.recipients, token.count * sizeof(*token.recipients));
	token_free(&token);
	buf_free(&value);
	return good;
}

static bool change_from(struct buf *edits, const struct sealing *sealing,
			const struct settings *settings, const struct seal_key *key)
{
	char address[SEAL_ADDRESS_SIZE], bracketed[SEAL_ADDRESS_SIZE + 2];

	if (!seal_return_write(address, sealing->address, settings->mailbox_domain, key))
		return false;
	snprintf(bracketed, sizeof(bracketed), "<%s>", address);
	milter_write(edits, MILTER_CHANGE_FROM, bracketed, NULL);
	return true;
}

/* FOUND: it is sealed. ABSENT: it never can be. ERROR: not now; the log says why. */
static enum lookup seal(struct buf *edits, const struct sealing *sealing,
			const struct settings *settings)
{
	char error[SEAL_KEY_ERROR_SIZE] = "it does not exist; postseal-mailbox makes it";
	struct seal_key key;
	bool good;

	if (sealing->print == NULL) {
		log_error(
			"from=<%s> sealed mail waits: the MTA does not show this milter its body, "
			"as it was not asked to when it connected; reload Postfix",
			sealing->address);
		return LOOKUP_ERROR;
	}
	if (seal_key_read(&key, settings->mailbox_token_key, error) != LOOKUP_FOUND) {
		log_error("mailbox_token_key=%s sealed mail waits: %s", settings->mailbox_token_key,
			  error);
		return LOOKUP_ERROR;
	}
	good = change_from(edits, sealing, settings, &key) &&
	       send_to_intake(edits, sealing, settings) && write_token(edits, sealing, &key);
	crypto_wipe(&key, sizeof(key));
	return good ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

static uint32_t needs(enum mark_verdict verdict, bool strips)
{
	const uint32_t recipients = MILTER_MAY_DELETE_RECIPIENTS | MILTER_MAY_ADD_RECIPIENTS;
	uint32_t actions = strips ? MILTER_MAY_CHANGE_HEADERS : 0;

	if (verdict == MARK_ENCRYPTED)
		actions |= recipients;
	if (verdict == MARK_SEAL)
		actions |= recipients | MILTER_MAY_CHANGE_FROM | MILTER_MAY_ADD_HEADERS;
	return actions;
}

void sealing_finish(struct secure_answer *answer, enum mark_verdict *verdict, struct buf *edits,
		    const struct sealing *sealing, const struct settings *settings,
		    const struct secure_client *client, bool sender_is_alias, uint32_t actions)
{
	const struct mark_facts facts = {
		.client = *client,
		.login = sealing->login,
		.sender = &sealing->sender,
		.sender_is_alias = sender_is_alias,
		.sender_here = sealing->sender_here,
		.sender_local = sealing->sender_local,
		.to_sealed = sealing->to_sealed,
		.leaves = sealing->leaves,
		.otherwise = sealing->otherwise,
		.unsealable = sealing->unsealable || sealing->address[0] == '\0',
		.recipients = sealing->addresses,
		.count = sealing->count,
	};
	bool strips = mark_strips(&facts) && sealing->mark.header_count > 0;
	enum lookup sealed = LOOKUP_FOUND;
	uint32_t lacking;

	*verdict = mark_decide(answer, settings, &sealing->mark, &facts);
	if (*verdict == MARK_REFUSE)
		return;
	lacking = needs(*verdict, strips) & ~actions;
	if (strips)
		strip(edits, &sealing->mark); /* before a new token is put in */
	if (lacking != 0)
		log_error("the MTA does not let this milter change recipients, sender or headers");
	else if (*verdict == MARK_SEAL)
		sealed = seal(edits, sealing, settings);
	if (lacking != 0 || sealed == LOOKUP_ERROR)
		secure_put_off_edit(answer);
	else if (sealed == LOOKUP_ABSENT)
		mark_refuse_length(answer);
	/* What is encrypted for its recipients goes to themselves. */
	for (size_t i = 0; !answer->refused && *verdict == MARK_ENCRYPTED && i < sealing->count;
	     i++)
		if (sealing->recipients[i].place == MARK_SEALED)
			replace(edits, &sealing->recipients[i], sealing->addresses[i].address);
}
