/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refusals - mail to a secure alias that was refused, noted until its owner has been told
 * (`postseal digest`): who wrote, how often, when last, from where, and why it was refused.
 * Nothing of the mail's text is kept. The words of a refusal are in secure.c, those of marked mail
 * in core/mailbox/mark.c, those of mail to be sealed in mailbox/intake.c, and those of mail that
 * cannot leave in postfix-examples/postseal-status-filter.
 *
 * Senders are strangers' words. There is room for REFUSALS_MAX of them at each
 * alias that is on file, and the rest is only counted, so that no stranger makes
 * the ledger grow.
 */
#ifndef POSTSEAL_CORE_REFUSALS_H
#define POSTSEAL_CORE_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/secure/alias.h"
#include "core/names/ipaddr.h"
#include "core/secure/secure.h"

enum refusal_cause {
	REFUSAL_NO_TLS = 1,
	REFUSAL_OLD_TLS = 2,   /* below secure_min_tls */
	REFUSAL_HIDDEN_TLS = 3 /* our own MTA does not show it */
};

#define REFUSAL_SENDER_SIZE 161

/* One of them. */
struct refusal {
	char alias[ALIAS_ADDRESS_SIZE]; /* as alias_key spells it */
	enum refusal_cause cause;
	char client[IPADDR_SIZE];         /* an address, or "unknown" */
	char sender[REFUSAL_SENDER_SIZE]; /* as it came, printable, cut; "": the null sender */
};

/*
 * What becomes of the milter's answer to a recipient. False where there is nothing to
 * tell: the mail waits, or it is for no alias that can be on file. `client_name` and
 * `from` as they are shown in the log, `from` without brackets.
 */
bool refusal_of(struct refusal *refusal, const struct secure_answer *answer,
		const struct secure_client *client, const struct secure_address *recipient,
		const char *client_name, const char *from);

/* In text: "ALIAS CAUSE CLIENT <SENDER>". One refusal has one spelling. */
#define REFUSAL_TEXT_SIZE (ALIAS_ADDRESS_SIZE + 16 + IPADDR_SIZE + REFUSAL_SENDER_SIZE + 4)
void refusal_format(char dst[REFUSAL_TEXT_SIZE], const struct refusal *refusal);
/* False, and *refusal undefined, for any other text. */
bool refusal_parse(struct refusal *refusal, const char *text, size_t len);

/* Is it an address in its one spelling, or "unknown"? */
bool refusal_is_client(const char *text);

const char *refusal_cause_name(enum refusal_cause cause); /* "no-tls", ... */

#define REFUSALS_MAX 20
#define REFUSALS_COUNT_MAX INT64_C(1000000000) /* where counting ends */

struct refused_sender {
	char sender[REFUSAL_SENDER_SIZE];
	char client[IPADDR_SIZE]; /* the latest, */
	enum refusal_cause cause; /* and what was amiss with it */
	int64_t last;
	int64_t count; /* at least 1 */
};

/* Those of one alias. */
struct refusals {
	int64_t told;   /* when its owner was last told; 0: never */
	int64_t others; /* how often senders were refused for whom there was no room */
	size_t count;
	struct refused_sender list[REFUSALS_MAX]; /* ascending by sender, none twice */
};

void refusals_add(struct refusals *refusals, const struct refusal *refusal, int64_t now);
bool refusals_any(const struct refusals *refusals);
/* The owner was told at `now` of all in *told; refusals that came since then stay. */
void refusals_tell(struct refusals *refusals, const struct refusals *told, int64_t now);

/* May an owner be told again? A clock that was set back holds nothing up. */
#define REFUSALS_PAUSE (23 * INT64_C(3600))
bool refusals_may_tell(int64_t told, int64_t now);

/*
 * The mail that tells the owner of secure aliases whose mail was refused
 * there (RFC 5322): It is 7-bit plain text, in lines that any MTA takes. Words of strangers in it
 * are printable, cut, and never on a line that could be a command.
 */
struct digest_part {
	char alias[ALIAS_ADDRESS_SIZE];
	struct refusals refusals;
};

/* An address as it stands in headers and as an argument of sendmail(1), quoted where need be. */
#define DIGEST_ADDRESS_SIZE (2 * ALIAS_ADDRESS_SIZE)
bool digest_address(char dst[DIGEST_ADDRESS_SIZE], const char *mailbox);

/*
 * Appends the mail to `mailbox`, header and body, lines ended by "\n". False, and
 * nothing appended, when the mailbox is no address that mail can be sent to.
 */
bool digest_append(struct buf *out, const char *mailbox, const struct digest_part *parts,
		   size_t count, int64_t now);

#endif
