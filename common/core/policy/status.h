/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status - what people see beside a recipient (DESIGN.md section 8). Made from
 * the same facts and the same decision that Postfix is answered from, so the
 * symbol and the enforcement cannot disagree.
 */
#ifndef POSTSEAL_CORE_STATUS_H
#define POSTSEAL_CORE_STATUS_H

#include "core/policy/decide.h"

enum status_state {
	STATUS_UNKNOWN, /* "SSL ?", grey: nothing known yet */
	STATUS_PLAIN,   /* "no SSL", red */
	STATUS_TLS,     /* "SSL ok", green */
	STATUS_DANE     /* "DANE ok", green */
};

struct status_host {
	const char *host; /* points into the facts */
	bool tls;         /* latest probe or delivery used TLS */
	bool dane;        /* usable TLSA, and the latest probe matched it */
	uint16_t version; /* 0: none */
	const char *cipher;
};

struct status {
	enum status_state state;
	bool guaranteed;
	enum level level;
	const char *reason; /* points into the decision */
	uint16_t version;   /* best to show: of the latest TLS */
	const char *cipher;
	int64_t first_tls, last_tls;
	int64_t checked;         /* latest look at anything; 0: never */
	int64_t downgrade_since; /* 0: none */
	size_t hosts;
	struct status_host host[MX_MAX];
};

/* *status points into *facts and *decision, which must outlive it. */
void status_of(struct status *status, const struct facts *facts, const struct decision *decision);

const char *status_state_name(enum status_state state); /* "dane", "tls", "plain", "unknown" */
const char *status_label(enum status_state state);      /* "DANE ok", "SSL ok", "no SSL", "SSL ?" */

#endif
