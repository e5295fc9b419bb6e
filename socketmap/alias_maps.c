/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/names/seal_address.h"
#include "core/secure/alias.h"
#include "core/secure/exceptions.h"
#include "core/policy/reply.h"
#include "core/secure/secure.h"

/* The level for a sender that is not understood but could be a secure alias. */
#define UNSURE_LEVEL ALIAS_ENCRYPT

/*
 * The key as a C string; false if it is not one address: a whole domain ("@example.com"), which
 * Postfix asks about last, the null sender, or a key with a NUL in it.
 */
static bool address_of(char *dst, size_t size, const struct request *request)
{
	if (request->key_len == 0 || request->key_len >= size || request->key[0] == '@' ||
	    memchr(request->key, '\0', request->key_len) != NULL)
		return false;
	memcpy(dst, request->key, request->key_len);
	dst[request->key_len] = '\0';
	return strcmp(dst, "<>") != 0;
}

static void classify(struct secure_address *address, const struct settings *settings,
		     const struct request *request)
{
	char text[REQUEST_MAX];

	*address = (struct secure_address){ .kind = SECURE_ORDINARY };
	if (address_of(text, sizeof(text), request))
		secure_classify(address, settings,
				request->map == MAP_TRANSPORT ? SECURE_SENDER : SECURE_RECIPIENT,
				text, NULL);
}

static void reply_level(struct buf *reply, enum alias_level level)
{
	char transport[64];

	snprintf(transport, sizeof(transport), "%s:", alias_transport(level));
	reply_ok(reply, transport);
}

static void answer_transport(const struct settings *settings, const struct secure_address *address,
			     enum lookup found, const struct alias *alias, struct buf *reply)
{
	enum alias_level level;

	/* What could be a route, me+a%b@, is held to the level of the alias in it. */
	if (!alias_sealed(settings, found, alias, &level) && address->kind != SECURE_UNSURE) {
		reply_not_found(reply);
		return;
	}
	log_debug("alias=%s@%s map=transport answer=%s:", address->alias.local,
		  address->alias.domain, alias_transport(level));
	reply_level(reply, level);
}

/* It needs no quotes, and Postfix cannot read it as a route (a%b, a!b). */
static bool is_plain_extension(const char *extension)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-._=+";

	return extension[0] != '\0' && extension[strspn(extension, plain)] == '\0';
}

/*
 * If a table has nothing for "me+list", Postfix asks it for "me", and adds the extension to what
 * it finds (virtual(5), propagate_unmatched_extensions). A socketmap is asked only for the whole
 * address, so we do the same here. A mailbox with an extension of its own keeps that one: it
 * could be an alias again.
 */
static void write_mailbox(struct buf *out, const struct settings *settings,
			  const struct alias *alias, const char *extension)
{
	const char *mailbox = alias->mailbox, *at = strrchr(mailbox, '@');
	struct mailaddr own;

	if (at != NULL && is_plain_extension(extension) &&
	    mailaddr_parse(&own, mailbox, strlen(mailbox), settings->recipient_delimiter) ==
		    MAILADDR_OK &&
	    own.extension[0] == '\0')
		buf_printf(out, "%.*s%c%s%s", (int)(at - mailbox), mailbox,
			   settings->recipient_delimiter[0], extension, at);
	else
		buf_append_str(out, mailbox);
}

static void answer_mailbox(const struct settings *settings, enum lookup found,
			   const struct alias *alias, const char *extension, struct buf *reply)
{
	enum alias_level level;
	struct buf mailbox = { 0 };

	if (found == LOOKUP_FOUND && alias_sealed(settings, found, alias, &level)) {
		write_mailbox(&mailbox, settings, alias, extension);
		reply_ok(reply, buf_cstr(&mailbox));
	} else {
		reply_not_found(reply);
	}
	buf_free(&mailbox);
}

static void answer_otherwise(const struct settings *settings, enum lookup found,
			     const struct alias *alias, struct buf *reply)
{
	enum alias_level level;

	if (found == LOOKUP_FOUND && alias_sealed(settings, found, alias, &level) &&
	    alias->otherwise == ALIAS_MAILBOX)
		reply_ok(reply, alias_otherwise_name(alias->otherwise));
	else
		reply_not_found(reply);
}

/*
 * False if there can be no exception: the milter would spell the key in another way, or it is of
 * another domain.
 */
static bool read_exception_key(char alias[ALIAS_ADDRESS_SIZE], char sender[ALIAS_ADDRESS_SIZE],
			       const struct settings *settings, const struct request *request)
{
	struct secure_address address;

	if (!exception_key_parse(alias, sender, request->key, request->key_len))
		return false;
	secure_classify(&address, settings, SECURE_RECIPIENT, alias, NULL);
	return address.kind == SECURE_ALIAS;
}

static void answer_exception(const struct settings *settings, struct ledger_txn *txn,
			     const struct request *request, int64_t now, struct buf *reply)
{
	char alias[ALIAS_ADDRESS_SIZE], sender[ALIAS_ADDRESS_SIZE], until[UTC_SIZE];
	const struct exception *exception;
	struct exceptions exceptions;
	enum lookup found = LOOKUP_ABSENT;

	if (read_exception_key(alias, sender, settings, request))
		found = ledger_get_exceptions(txn, alias, &exceptions);
	if (found == LOOKUP_ERROR) {
		reply_temporary(reply, "postseal cannot read its ledger; its log says why");
		return;
	}
	exception = found == LOOKUP_FOUND ? exceptions_find(&exceptions, sender, now) : NULL;
	if (exception == NULL)
		reply_not_found(reply);
	else
		reply_ok(reply, utc_format(until, exception->expires));
}

/*
 * A marked mail has an address of mailbox_domain as its envelope sender, so that all mail which
 * Postfix would send elsewhere in its name goes to the intake (MAILBOX.md section 1).
 */
static bool leads_to_intake(const struct settings *settings, const struct request *request,
			    struct buf *reply)
{
	char text[REQUEST_MAX], real[SEAL_ADDRESS_SIZE], transport[DOMAIN_SIZE + 8];

	if (request->map != MAP_TRANSPORT || settings->mailbox_domain[0] == '\0' ||
	    !address_of(text, sizeof(text), request) ||
	    seal_address_decode(real, text, strlen(text), settings->mailbox_domain) ==
		    LOOKUP_ABSENT)
		return false;
	snprintf(transport, sizeof(transport), "lmtp:%s", settings->mailbox_intake);
	reply_ok(reply, transport);
	return true;
}

bool alias_maps_answer_early(const struct settings *settings, const struct request *request,
			     struct buf *reply)
{
	struct secure_address address;

	if (request->map == MAP_EXCEPTION)
		return false;
	if (leads_to_intake(settings, request, reply))
		return true;
	classify(&address, settings, request);
	switch (address.kind) {
	case SECURE_ORDINARY:
		reply_not_found(reply);
		return true;
	case SECURE_UNSURE:
		if (request->map != MAP_TRANSPORT)
			reply_not_found(reply);
		else if (address.alias.domain[0] != '\0')
			return false;
		else
			reply_level(reply, UNSURE_LEVEL);
		return true;
	case SECURE_ALIAS:
		break;
	}
	return false;
}

void alias_maps_answer(const struct settings *settings, struct ledger_txn *txn,
		       const struct request *request, int64_t now, struct buf *reply)
{
	struct secure_address address;
	const char *from = settings->mailbox_from;
	char key[ALIAS_ADDRESS_SIZE];
	struct alias alias;
	enum lookup found = LOOKUP_ABSENT;

	if (request->map == MAP_EXCEPTION) {
		answer_exception(settings, txn, request, now, reply);
		return;
	}
	/*
	 * Receipts and replies hold PINs and answers. If a sender's mailbox is elsewhere, they go
	 * there over TLS or not at all.
	 */
	if (request->map == MAP_TRANSPORT && from[0] != '\0' && request->key_len == strlen(from) &&
	    str_starts_nocase_n(request->key, request->key_len, from)) {
		reply_level(reply, ALIAS_ENCRYPT);
		return;
	}
	classify(&address, settings, request);
	/* Where every address is a secure alias, so is one that cannot be on file. */
	if (alias_key(key, &address.alias))
		found = ledger_get_alias(txn, key, &alias);
	if (found == LOOKUP_ERROR)
		reply_temporary(reply, "postseal cannot read its ledger; its log says why");
	else if (request->map == MAP_TRANSPORT)
		answer_transport(settings, &address, found, &alias, reply);
	else if (request->map == MAP_OTHERWISE)
		answer_otherwise(settings, found, &alias, reply);
	else
		answer_mailbox(settings, found, &alias, address.alias.extension, reply);
}
