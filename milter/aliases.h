/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aliases - asks the socketmap server, as Postfix asks it, about a secure alias and its mail: map
 * `transport`: is the alias switched on, and at which level; `alias`: its mailbox; `otherwise`:
 * what becomes of its mail where the level cannot be met; `exception`: may a sender write to it
 * without TLS; `deliverable-LEVEL`: can a next hop meet the level?
 */
#ifndef POSTSEAL_MILTER_ALIASES_H
#define POSTSEAL_MILTER_ALIASES_H

#include "core/policy/reply.h"
#include "core/secure/secure.h"

/*
 * Blocks for a few seconds at most. What is not answered is LOOKUP_ERROR, and logged. `writer`
 * writes to the alias (exception_sender_of); "" if no exception can be for them.
 */
void aliases_look_up(struct secure_record *record, const struct settings *settings,
		     const struct mailaddr *alias, const char *writer);

/* FOUND: mail from this alias is sealed where its level cannot be met. Blocks as above. */
enum lookup aliases_ask_otherwise(const struct settings *settings, const struct mailaddr *alias);

struct aliases_prospect {
	enum prospect prospect;   /* UNKNOWN also when there is no answer, which is logged */
	char reason[REASON_SIZE]; /* NONE: a sentence for people */
};

/*
 * Can mail to `nexthop` be sent as strictly as `level` demands? If the prober never looked there,
 * blocks until it has, but not beyond `deadline` (clock_mono_ms()).
 */
void aliases_ask_prospect(struct aliases_prospect *prospect, const struct settings *settings,
			  enum alias_level level, const char *nexthop, int64_t deadline);

#endif
