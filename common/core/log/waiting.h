/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waiting - mails in Postfix's queue that wait because of TLS, gathered by domain.
 *
 * Postfix says of each recipient why it waits (postqueue(1), delay_reason). What is said there
 * is in part a stranger's: it is only looked at for words that Postfix itself
 * writes (src/smtp/smtp_proto.c and smtp_tls_policy.c of Postfix 3.4 to 3.10).
 */
#ifndef POSTSEAL_CORE_WAITING_H
#define POSTSEAL_CORE_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/names/domain.h"

#define WAITING_DOMAINS_MAX 10000
#define WAITING_REASON_SIZE 200

enum waiting_cause {
	WAITING_OTHER, /* the network, the other server, nobody knows */
	WAITING_TLS,   /* TLS was required, and was not to be had as required */
	WAITING_POLICY /* the look-up of the policy had no answer: mail waits for that alone */
};
enum waiting_cause waiting_because(const char *reason);

/* A recipient in the queue, as postqueue(1) shows it; "" where it shows nothing. */
struct waiting_recipient {
	const char *address, *reason, *sender;
	int64_t arrival;
	uint64_t mail; /* a number for each mail, the same for all its recipients */
};

struct waiting_domain {
	char domain[DOMAIN_SIZE];
	uint64_t mails;
	int64_t oldest;                   /* when it arrived */
	int64_t returns;                  /* when the first of them is returned as undeliverable */
	bool policy;                      /* some of it waits for an answer of the policy map */
	bool sealed;                      /* some of it is from a secure alias */
	char reason[WAITING_REASON_SIZE]; /* of the oldest, printable */
	uint64_t last;                    /* mail that was counted */
};

struct waiting {
	/* Postfix's maximal_queue_lifetime and bounce_queue_lifetime, in seconds. */
	int64_t lifetime, bounce_lifetime;
	size_t count, room;
	struct waiting_domain *domains; /* owned, by name */
	uint64_t
		others; /* recipients without a domain, or of more domains than there is room for */
};

/* `sealed`: its sender is a secure alias. Who does not wait because of TLS is passed over. */
void waiting_add(struct waiting *waiting, const struct waiting_recipient *recipient, bool sealed);
void waiting_free(struct waiting *waiting);

/* Postfix's time value (postconf(5)): "5d", "3600s", "90m", "1w"; without a unit days. */
bool waiting_lifetime(int64_t *seconds, const char *text);

#endif
