/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aliases - what the socketmap server knows of a secure alias and of where its
 * mail goes, asked as Postfix asks: map `transport` for whether the alias is
 * switched on and its level, `alias` for its mailbox, `otherwise` for what becomes of
 * its mail where that level cannot be met, `exception` for whether a sender may write
 * to it without TLS, `deliverable-LEVEL` for whether a next hop
 * can do what the level demands.
 */
#ifndef POSTSEAL_MILTER_ALIASES_H
#define POSTSEAL_MILTER_ALIASES_H

#include "core/policy/reply.h"
#include "core/secure/secure.h"

/*
 * Blocks, for a few seconds at most; what cannot be had is LOOKUP_ERROR, and logged.
 * `writer` as of exception_sender_of, who writes to the alias: "" for one that no
 * exception can be for.
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
 * Can mail to `nexthop` be sent as strictly as `level`? Blocks until the prober has
 * looked there if it never did, but not beyond `deadline` (clock_mono_ms()).
 */
void aliases_ask_prospect(struct aliases_prospect *prospect, const struct settings *settings,
			  enum alias_level level, const char *nexthop, int64_t deadline);

#endif
