/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logbatch - what a log has proved of hosts and domains since it was last written down.
 *
 * Most of a log is about a few hosts. All that it says of a host is folded here first, and
 * then, once, into what is known of that host. Folding is commutative, so the outcome is the
 * same (fold.h). A host is either
 * all TLS or all PLAIN in here, so that no downgrade goes by unseen.
 */
#ifndef POSTSEAL_CORE_LOGBATCH_H
#define POSTSEAL_CORE_LOGBATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/facts/facts.h"
#include "core/log/logfold.h"

/* Hosts. Writing this many takes about a tenth of a second. */
#define LOGBATCH_MAX 8192

struct logbatch_host {
	char host[DOMAIN_SIZE]; /* or the text of an address */
	uint16_t port;
	enum observed observed; /* TLS or PLAIN */
	struct history history;
};

/* Mail for a domain that went over TLS to one host, whichever it was (fold_delivery). */
struct logbatch_domain {
	char domain[DOMAIN_SIZE];
	char host[DOMAIN_SIZE];
	uint16_t port;
	struct history history;
};

struct logbatch; /* opaque */

struct logbatch *logbatch_new(void);
void logbatch_free(struct logbatch *batch); /* NULL is allowed */

/* What one proof says of its host, which is to be folded. */
void logbatch_host_of(struct logbatch_host *host, const struct logfold_proof *proof);

/*
 * False, and nothing is added, when all that is here must be written down before
 * this: there is no room, or the host has changed between TLS and PLAIN.
 */
bool logbatch_add(struct logbatch *batch, const struct logfold_proof *proof);

/* The same of a delivery over TLS; false when there is no room. */
bool logbatch_add_delivery(struct logbatch *batch, const struct logfold_proof *proof);
void logbatch_domain_of(struct logbatch_domain *domain, const struct logfold_proof *proof);

size_t logbatch_count(const struct logbatch *batch); /* hosts, and domains with a host */

/* All of them in the order of their keys; false as soon as `visit` says so. */
bool logbatch_each(struct logbatch *batch,
		   bool (*visit)(void *context, const struct logbatch_host *host), void *context);

/* The same for domains, once for each host that mail for one went to. */
bool logbatch_each_domain(struct logbatch *batch,
			  bool (*visit)(void *context, const struct logbatch_domain *domain),
			  void *context);

void logbatch_clear(struct logbatch *batch);

#endif
