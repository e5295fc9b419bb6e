/* SPDX-License-Identifier: BSD-2-Clause */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/pin.h"
#include "core/secure/alias.h"
#include "io/json/webmail_json.h"
#include "io/ledger/ledger.h"
#include "io/ledger/ledger_entry.h"
#include "webmail/webmail.h"

/* Aliases on file for one mailbox; a person has a handful. */
#define LISTED_MAX 50

struct aliases {
	const struct settings *settings;
	struct ledger *ledger; /* NULL: not open now */
	bool told;             /* that it cannot be opened */
};

struct aliases *aliases_new(const struct settings *settings)
{
	struct aliases *aliases = mem_zero(1, sizeof(*aliases));

	aliases->settings = settings;
	return aliases;
}

void aliases_reload(struct aliases *aliases, const struct settings *settings)
{
	aliases->settings = settings;
}

void aliases_free(struct aliases *aliases)
{
	ledger_close(aliases->ledger);
	free(aliases);
}

/* The prober makes the ledger, perhaps after our start. An admin may put another one there. */
static struct ledger *ledger_now(struct aliases *aliases)
{
	char error[LEDGER_ERROR_SIZE];

	if (aliases->ledger != NULL && ledger_is_replaced(aliases->ledger)) {
		ledger_close(aliases->ledger);
		aliases->ledger = NULL;
	}
	if (aliases->ledger == NULL) {
		aliases->ledger = ledger_open(aliases->settings->ledger, LEDGER_WRITE, error);
		if (aliases->ledger == NULL && !aliases->told)
			log_error("%s", error);
		aliases->told = aliases->ledger == NULL;
	}
	return aliases->ledger;
}

static void answer_no_ledger(struct http_request *request)
{
	answer_error(request, 503, "not-now", "the ledger cannot be read or written just now");
}

/* FOUND: the alias is this user's; *found and *alias are what the ledger says of it. */
static enum lookup look_up(const struct aliases *aliases, struct ledger_txn *txn, const char *user,
			   const char *key, enum lookup *found, struct alias *alias)
{
	char mailbox[ALIAS_ADDRESS_SIZE];
	enum lookup owned;

	*found = LOOKUP_ABSENT;
	if (!alias_at_secure_domain(aliases->settings, key))
		return LOOKUP_ABSENT;
	*found = ledger_get_alias(txn, key, alias);
	owned = alias_owner(mailbox, aliases->settings, key, *found, alias);
	if (owned == LOOKUP_FOUND && strcmp(mailbox, user) != 0)
		return LOOKUP_ABSENT;
	return owned;
}

/*
 * The list.
 */

struct listing {
	const struct aliases *aliases;
	const char *user;
	struct buf out;
	size_t listed, most;
	char (*senders)[ALIAS_ADDRESS_SIZE]; /* NULL: they are listed in `out` */
};

static void list(struct listing *listing, const char *key, enum lookup found,
		 const struct alias *alias)
{
	enum alias_level level;

	if (listing->listed == listing->most)
		return;
	if (listing->senders != NULL) {
		str_copy(listing->senders[listing->listed++], ALIAS_ADDRESS_SIZE, key);
		return;
	}
	if (listing->listed++ > 0)
		buf_append_str(&listing->out, ",");
	webmail_json_alias(&listing->out, key, found == LOOKUP_FOUND ? alias : NULL,
			   alias_sealed(listing->aliases->settings, found, alias, &level));
}

static bool list_filed(void *context, const char *key, const struct alias *alias)
{
	struct listing *listing = context;

	if (strcmp(alias->mailbox, listing->user) == 0 &&
	    alias_at_secure_domain(listing->aliases->settings, key))
		list(listing, key, LOOKUP_FOUND, alias);
	return true;
}

/* Aliases by a pair that are not on file; list_filed lists the others. */
static bool list_paired(struct listing *listing, struct ledger_txn *txn)
{
	const struct settings *settings = listing->aliases->settings;
	char key[ALIAS_ADDRESS_SIZE];
	struct alias alias;
	enum lookup found;

	for (size_t i = 0; i < settings->secure_owner.count; i++) {
		if (!alias_of_owner(key, settings, i, listing->user))
			continue;
		switch (look_up(listing->aliases, txn, listing->user, key, &found, &alias)) {
		case LOOKUP_ERROR:
			return false;
		case LOOKUP_FOUND:
			if (found == LOOKUP_ABSENT)
				list(listing, key, found, &alias);
			break;
		case LOOKUP_ABSENT:
			break;
		}
	}
	return true;
}

static bool list_all(struct aliases *aliases, struct listing *listing)
{
	struct ledger *ledger = ledger_now(aliases);
	struct ledger_txn *txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
	bool whole = txn != NULL && list_paired(listing, txn) &&
		     ledger_each_alias(txn, list_filed, listing);

	ledger_abort(txn);
	return whole;
}

size_t aliases_senders(struct aliases *aliases, const char *user,
		       char senders[][ALIAS_ADDRESS_SIZE], size_t max)
{
	struct listing listing = {
		.aliases = aliases, .user = user, .most = max, .senders = senders
	};

	str_copy(senders[listing.listed++], ALIAS_ADDRESS_SIZE, user);
	return list_all(aliases, &listing) ? listing.listed : 0;
}

/* As postseal-mailbox makes them; what a webmail made up by itself could be too weak for it. */
static void propose_pin(char pin[PIN_SIZE], size_t length)
{
	unsigned char octets[PIN_DIGITS_MAX];

	do
		if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
			log_fatal("getrandom: %s", strerror(errno));
	while (!pin_make(pin, length, octets));
}

void aliases_answer_list(struct aliases *aliases, const char *user, struct http_request *request)
{
	struct listing listing = { .aliases = aliases, .user = user, .most = LISTED_MAX };
	char pin[PIN_SIZE];
	bool whole;

	propose_pin(pin, aliases->settings->mailbox_pin_length);
	buf_append_str(&listing.out, "{\"user\":");
	webmail_json_text(&listing.out, user);
	buf_append_str(&listing.out, ",\"levels\":");
	webmail_json_levels(&listing.out);
	buf_append_str(&listing.out, ",\"seal\":");
	webmail_json_seal(&listing.out, aliases->settings, pin);
	buf_append_str(&listing.out, ",\"aliases\":[");
	whole = list_all(aliases, &listing);
	buf_append_str(&listing.out, "]}");
	if (whole) {
		answer_json(request, &listing.out);
	} else {
		buf_free(&listing.out);
		answer_no_ledger(request);
	}
}

/*
 * A change.
 */

static bool note(struct ledger_txn *txn, const char *user, const char *key,
		 const struct alias *alias)
{
	const struct ledger_note note = { alias->changed, alias->author, key,
					  alias->enabled ? "alias-enabled" : "alias-disabled" };

	return ledger_note(txn, &note, "level %s%s, for %.100s", alias_level_name(alias->level),
			   alias->otherwise == ALIAS_MAILBOX ? ", otherwise sealed" : "", user);
}

static bool apply(struct alias *alias, enum lookup found, const struct webmail_change *change,
		  const char *user)
{
	if (found != LOOKUP_FOUND)
		*alias = (struct alias){ .level = ALIAS_ENCRYPT };
	alias->enabled = change->enabled;
	if (change->has_level)
		alias->level = change->level;
	if (change->has_otherwise)
		alias->otherwise = change->otherwise;
	snprintf(alias->author, sizeof(alias->author), "webmail:%.55s", user);
	return str_copy(alias->mailbox, sizeof(alias->mailbox), user);
}

static void change_alias(struct aliases *aliases, const char *user, const char *key,
			 const struct webmail_change *change, struct http_request *request)
{
	struct ledger *ledger = ledger_now(aliases);
	struct ledger_txn *txn = ledger != NULL ? ledger_begin_write(ledger) : NULL;
	struct entry act = { .kind = ENTRY_ALIAS };
	struct alias *alias = &act.of.alias;
	enum lookup found, owned;
	enum alias_level level;
	struct buf out = { 0 };
	bool done;

	if (txn == NULL) {
		answer_no_ledger(request);
		return;
	}
	owned = look_up(aliases, txn, user, key, &found, alias);
	if (owned != LOOKUP_FOUND) {
		ledger_abort(txn);
		if (owned == LOOKUP_ERROR)
			answer_no_ledger(request);
		else
			answer_error(request, 404, "no-such-alias", "this user has no such alias");
		return;
	}
	done = apply(alias, found, change, user) && entry_take_key(&act, key) &&
	       ledger_act(txn, &act, clock_wall()) && note(txn, user, key, alias);
	if (!done)
		ledger_abort(txn);
	else
		done = ledger_commit(txn);
	if (!done) {
		answer_no_ledger(request);
		return;
	}
	log_info("alias=%s user=%s switched it %s, level %s%s", key, user,
		 alias->enabled ? "on" : "off", alias_level_name(alias->level),
		 alias->otherwise == ALIAS_MAILBOX ? ", otherwise sealed" : "");
	webmail_json_alias(&out, key, alias,
			   alias_sealed(aliases->settings, LOOKUP_FOUND, alias, &level));
	answer_json(request, &out);
}

/* As the key of an alias. An address with an extension has no key: me+x@ is switched as me@. */
static bool read_key(const struct aliases *aliases, char key[ALIAS_ADDRESS_SIZE],
		     const char *address)
{
	struct mailaddr addr;

	return mailaddr_parse(&addr, address, strlen(address),
			      aliases->settings->recipient_delimiter) == MAILADDR_OK &&
	       addr.extension[0] == '\0' && alias_key(key, &addr);
}

void aliases_answer_change(struct aliases *aliases, const char *user, const char *address,
			   struct http_request *request)
{
	char key[ALIAS_ADDRESS_SIZE], error[WEBMAIL_JSON_ERROR_SIZE];
	struct webmail_change change;
	size_t len;
	const char *body = http_request_body(request, &len);

	if (!webmail_json_read_change(&change, body, len, error))
		answer_error(request, 400, "body", error);
	else if (!read_key(aliases, key, address))
		answer_error(request, 404, "no-such-alias", "this user has no such alias");
	else if (change.has_otherwise && change.otherwise == ALIAS_MAILBOX &&
		 aliases->settings->mailbox_domain[0] == '\0')
		answer_error(request, 503, "not-set-up",
			     "sealed mail is not set up on this server");
	else
		change_alias(aliases, user, key, &change, request);
}
