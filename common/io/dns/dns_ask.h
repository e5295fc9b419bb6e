/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_ask - asks the configured name servers until one answers, and tells whether an unproven
 * answer may be believed.
 *
 * Servers are those of the setting `resolver`, or those of resolv.conf(5), which is
 * read again when it changes. They are asked in their order, all questions of a call
 * at the same time; then once more, and again, with more patience each time.
 *
 * DNSSEC is the server's work. An answer is authentic when its AD bit is set and the
 * server is on loopback, or `resolver_trust_ad` says so. If the AD of one server is believed,
 * those whose AD is not believed are never asked.
 *
 * An answer without AD says "unsigned" only if the server validates. So each question whose
 * answer has to be proven takes a canary along: DNS_CANARY, which is certainly signed. If the
 * canary's answer is not authentic, another answer that is not authentic is an error: it could be
 * unsigned, or not validated.
 *
 * After SERVFAIL the same server is asked once more: Unbound's second answer can be right where
 * its first was not (NXDOMAIN for a name above the one asked for). No other server is asked: the
 * name may be bogus, and the other server may not know that.
 */
#ifndef POSTSEAL_IO_DNS_ASK_H
#define POSTSEAL_IO_DNS_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/settings/settings.h"
#include "io/dns/dns_answer.h"

#define DNS_CANARY "org"
/* Questions in one call. */
#define DNS_ASK_MAX 3
/* Milliseconds that one call waits for one server at most, in all. */
#define DNS_ASK_TIMEOUT_MS 15000
#define DNS_ASK_ERROR_SIZE 256

struct dns_asker; /* opaque; belongs to one thread */

struct dns_question {
	const char *name; /* folded */
	enum dns_type type;
	bool proof;               /* the answer counts only from a server that validates */
	struct dns_answer answer; /* end with dns_answer_free, whatever came of it */
	/* dns_ask's own: */
	unsigned servfails;
	const void *failed_at; /* the server that said SERVFAIL */
};

/* NULL, and what is wrong with the setting in `error`. */
struct dns_asker *dns_asker_new(const struct settings *settings, char error[DNS_ASK_ERROR_SIZE]);
void dns_asker_free(struct dns_asker *asker); /* NULL is allowed */

/* Blocks until all are answered or given up. Sets each question's answer. */
void dns_ask(struct dns_asker *asker, struct dns_question *questions, size_t count);

/* Why the latest question without an answer has none; printable. */
const char *dns_asker_trouble(const struct dns_asker *asker);
/* Sets that text, where an answer turns out to be of no use. */
void dns_asker_note(struct dns_asker *asker, const struct dns_question *question, const char *what);

#endif
