/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger's records by name and type, and the facts put together from them. */
#include "io/ledger/ledger_hosts.h"
#include "io/ledger/ledger_store.h"

#include <string.h>

#include "base/log.h"
#include "core/policy/override.h"
#include "core/record/record.h"
#include "core/policy/survey.h"

/*
 * The codecs of core/record/record.h, one a database, under one type.
 */
#define CODEC(name, DB, type)                                                  \
	static void encode_##name(struct buf *out, const void *record)         \
	{                                                                      \
		record_put_##name(out, record);                                \
	}                                                                      \
	static bool decode_##name(void *record, const void *bytes, size_t len) \
	{                                                                      \
		return record_get_##name(record, bytes, len);                  \
	}                                                                      \
	static bool readable_##name(const void *bytes, size_t len)             \
	{                                                                      \
		type scratch;                                                  \
		return record_get_##name(&scratch, bytes, len);                \
	}                                                                      \
	static const struct codec codec_##name = {                             \
		.db = LEDGER_##DB,                                             \
		.size = sizeof(type),                                          \
		.encode = encode_##name,                                       \
		.decode = decode_##name,                                       \
		.readable = readable_##name,                                   \
	};

CODEC(domain, DOMAIN, struct domain_facts)
CODEC(host, HOST, struct host_facts)
CODEC(override, OVERRIDE, struct override)
CODEC(pins, PIN, struct pins)
CODEC(alias, ALIAS, struct alias)
CODEC(exceptions, EXCEPTION, struct exceptions)
CODEC(refusals, REFUSAL, struct refusals)
CODEC(journal, JOURNAL, struct journal_entry)

/* How domains and hosts are read for look-ups: as records of their own kind, never written. */
#define GIST(name, DB, type)                                                          \
	static bool decode_##name##_gist(void *record, const void *bytes, size_t len) \
	{                                                                             \
		return record_get_##name##_gist(record, bytes, len);                  \
	}                                                                             \
	static const struct codec codec_##name##_gist = {                             \
		.db = LEDGER_##DB,                                                    \
		.size = sizeof(type),                                                 \
		.decode = decode_##name##_gist,                                       \
	};

GIST(domain, DOMAIN, struct domain_facts)
GIST(host, HOST, struct host_facts)

enum lookup ledger_get_domain(struct ledger_txn *txn, const char *key, struct domain_facts *out)
{
	return ledger_load(txn, &codec_domain, key, out);
}

static enum lookup get_host(struct ledger_txn *txn, const struct codec *codec, const char *host,
			    uint16_t port, struct host_facts *out)
{
	char key[HOST_KEY_SIZE];

	if (!record_host_key(key, host, port)) {
		log_error("host=%s is too long for the ledger", host);
		return LOOKUP_ERROR;
	}
	return ledger_load(txn, codec, key, out);
}

enum lookup ledger_get_host(struct ledger_txn *txn, const char *host, uint16_t port,
			    struct host_facts *out)
{
	return get_host(txn, &codec_host, host, port, out);
}

enum lookup ledger_get_host_gist(struct ledger_txn *txn, const char *host, uint16_t port,
				 struct host_facts *out)
{
	return get_host(txn, &codec_host_gist, host, port, out);
}

enum lookup ledger_get_override(struct ledger_txn *txn, const char *key, struct override *out)
{
	return ledger_load(txn, &codec_override, key, out);
}

enum lookup ledger_get_pins(struct ledger_txn *txn, const char *key, struct pins *out)
{
	return ledger_load(txn, &codec_pins, key, out);
}

enum lookup ledger_get_alias(struct ledger_txn *txn, const char *address, struct alias *out)
{
	return ledger_load(txn, &codec_alias, address, out);
}

enum lookup ledger_get_exceptions(struct ledger_txn *txn, const char *address,
				  struct exceptions *out)
{
	return ledger_load(txn, &codec_exceptions, address, out);
}

enum lookup ledger_get_refusals(struct ledger_txn *txn, const char *address, struct refusals *out)
{
	return ledger_load(txn, &codec_refusals, address, out);
}

bool ledger_put_domain(struct ledger_txn *txn, const char *key, const struct domain_facts *domain)
{
	return ledger_store(txn, &codec_domain, key, domain);
}

bool ledger_put_host(struct ledger_txn *txn, const char *host, uint16_t port,
		     const struct host_facts *facts)
{
	char key[HOST_KEY_SIZE];

	if (!record_host_key(key, host, port)) {
		log_error("host=%s is too long for the ledger", host);
		return false;
	}
	return ledger_store(txn, &codec_host, key, facts);
}

bool ledger_put_override(struct ledger_txn *txn, const char *key, const struct override *override)
{
	return ledger_store(txn, &codec_override, key, override);
}

bool ledger_put_pins(struct ledger_txn *txn, const char *key, const struct pins *pins)
{
	return ledger_store(txn, &codec_pins, key, pins);
}

bool ledger_put_alias(struct ledger_txn *txn, const char *address, const struct alias *alias)
{
	return ledger_store(txn, &codec_alias, address, alias);
}

bool ledger_put_exceptions(struct ledger_txn *txn, const char *address,
			   const struct exceptions *exceptions)
{
	return ledger_store(txn, &codec_exceptions, address, exceptions);
}

bool ledger_put_refusals(struct ledger_txn *txn, const char *address,
			 const struct refusals *refusals)
{
	return ledger_store(txn, &codec_refusals, address, refusals);
}

bool ledger_remove_domain(struct ledger_txn *txn, const char *key)
{
	return ledger_delete(txn, &codec_domain, key);
}

bool ledger_remove_override(struct ledger_txn *txn, const char *key)
{
	return ledger_delete(txn, &codec_override, key);
}

bool ledger_remove_pins(struct ledger_txn *txn, const char *key)
{
	return ledger_delete(txn, &codec_pins, key);
}

bool ledger_remove_alias(struct ledger_txn *txn, const char *address)
{
	return ledger_delete(txn, &codec_alias, address);
}

bool ledger_remove_exceptions(struct ledger_txn *txn, const char *address)
{
	return ledger_delete(txn, &codec_exceptions, address);
}

bool ledger_remove_refusals(struct ledger_txn *txn, const char *address)
{
	return ledger_delete(txn, &codec_refusals, address);
}

/*
 * Walks: each puts its type back on what it is shown.
 */
#define EACH(name, type)                                                              \
	struct name##_walk {                                                          \
		bool (*visit)(void *context, const char *key, const type *record);    \
		void *context;                                                        \
	};                                                                            \
	static bool visit_##name(void *walk, const char *key, const void *record)     \
	{                                                                             \
		const struct name##_walk *w = walk;                                   \
		return w->visit(w->context, key, record);                             \
	}                                                                             \
	LEDGER_EACH(name, type)                                                       \
	{                                                                             \
		struct name##_walk walk = { visit, context };                         \
		type record;                                                          \
		return ledger_walk(txn, &codec_##name, &record, visit_##name, &walk); \
	}

EACH(domain, struct domain_facts)
EACH(host, struct host_facts)
EACH(override, struct override)
EACH(pins, struct pins)
EACH(alias, struct alias)
EACH(exceptions, struct exceptions)
EACH(refusals, struct refusals)

bool ledger_add_journal(struct ledger_txn *txn, const struct journal_entry *entry)
{
	return ledger_append(txn, &codec_journal, entry);
}

struct journal_walk {
	const char *subject;
	bool (*visit)(void *context, const struct journal_entry *entry);
	void *context;
};

static bool visit_journal(void *walk, const char *key, const void *record)
{
	const struct journal_walk *w = walk;
	const struct journal_entry *entry = record;

	(void)key;
	if (w->subject != NULL && strcmp(w->subject, entry->subject) != 0)
		return true;
	return w->visit(w->context, entry);
}

bool ledger_each_journal(struct ledger_txn *txn, const char *subject,
			 bool (*visit)(void *context, const struct journal_entry *entry),
			 void *context)
{
	struct journal_entry record;
	struct journal_walk walk = { subject, visit, context };

	return ledger_walk(txn, &codec_journal, &record, visit_journal, &walk);
}

/*
 * Facts.
 */

/* FOUND if either look-up found something; ERROR if either could not tell. */
static enum lookup either(enum lookup a, enum lookup b)
{
	if (a == LOOKUP_ERROR || b == LOOKUP_ERROR)
		return LOOKUP_ERROR;
	return a == LOOKUP_FOUND || b == LOOKUP_FOUND ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

/* The one that governs (core/policy/override.h). Most ledgers hold none. */
static enum lookup get_override(struct ledger_txn *txn, const struct nexthop *nexthop, int64_t now,
				struct override *out)
{
	enum lookup any = LOOKUP_ABSENT;
	struct override found;

	memset(out, 0, sizeof(*out));
	if (ledger_holds_none(txn, LEDGER_OVERRIDE))
		return LOOKUP_ABSENT;
	for (const char *key = override_key(nexthop, NULL); key != NULL;
	     key = override_key(nexthop, key)) {
		enum lookup got = ledger_get_override(txn, key, &found);

		any = either(any, got);
		if (got == LOOKUP_ERROR ||
		    (got == LOOKUP_FOUND && override_offer(out, &found, now)))
			break;
	}
	return any;
}

static enum lookup get_pins(struct ledger_txn *txn, const char *key, struct pins *out)
{
	if (!ledger_holds_none(txn, LEDGER_PIN))
		return ledger_get_pins(txn, key, out);
	memset(out, 0, sizeof(*out));
	return LOOKUP_ABSENT;
}

static enum lookup get_hosts(struct ledger_txn *txn, uint16_t port, struct facts *facts)
{
	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		if (ledger_get_host(txn, facts->domain.mx.refs[i].host, port, &facts->host[i]) ==
		    LOOKUP_ERROR)
			return LOOKUP_ERROR;
	}
	return LOOKUP_FOUND;
}

static enum lookup get_hosts_gist(struct ledger_txn *txn, struct ledger_hosts *hosts, uint16_t port,
				  struct facts *facts)
{
	if (survey_counts_moments(&facts->domain))
		return get_hosts(txn, port, facts);
	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		if (ledger_hosts_get(hosts, txn, facts->domain.mx.refs[i].host, port,
				     &facts->host[i]) == LOOKUP_ERROR)
			return LOOKUP_ERROR;
	}
	return LOOKUP_FOUND;
}

/* What else there is about a next hop, when its domain and hosts have been looked up. */
static enum lookup get_admins_word(struct ledger_txn *txn, const struct nexthop *nexthop,
				   int64_t now, enum lookup found, struct facts *out)
{
	found = either(found, get_override(txn, nexthop, now, &out->override));
	return either(found, get_pins(txn, nexthop->key, &out->pins));
}

enum lookup ledger_get_facts(struct ledger_txn *txn, const struct nexthop *nexthop,
			     uint16_t default_port, int64_t now, struct facts *out)
{
	enum lookup found;

	out->nexthop = *nexthop;
	found = ledger_get_domain(txn, nexthop->key, &out->domain);
	if (found == LOOKUP_FOUND)
		found = get_hosts(txn, nexthop_port(nexthop, default_port), out);
	return get_admins_word(txn, nexthop, now, found, out);
}

enum lookup ledger_get_gist(struct ledger_txn *txn, struct ledger_hosts *hosts,
			    const struct nexthop *nexthop, uint16_t default_port, int64_t now,
			    struct facts *out)
{
	enum lookup found;

	out->nexthop = *nexthop;
	found = ledger_load(txn, &codec_domain_gist, nexthop->key, &out->domain);
	if (found == LOOKUP_FOUND)
		found = get_hosts_gist(txn, hosts, nexthop_port(nexthop, default_port), out);
	return get_admins_word(txn, nexthop, now, found, out);
}
