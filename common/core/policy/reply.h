/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply - a decision in the words of socketmap_table(5) and of
 * smtp_tls_policy_maps (postconf(5)).
 *
 * Postfix defers mail (4.7.5) on any attribute it does not know, and `match=`
 * is illegal below level `verify` or when empty, so every attribute here is one
 * that the named Postfix version reads.
 */
#ifndef POSTSEAL_CORE_REPLY_H
#define POSTSEAL_CORE_REPLY_H

#include "base/buf.h"
#include "core/policy/decide.h"

/* Appends "OK encrypt", "NOTFOUND ", "TEMP reason" and so on; no framing. */
void reply_policy(struct buf *out, const struct decision *decision, const struct facts *facts,
		  bool tlsrpt);
/*
 * decide_prospect's answer: "OK yes", or "OK no REASON" or "OK unknown REASON",
 * REASON being a sentence ("nossl.example does not accept TLS").
 */
void reply_prospect(struct buf *out, enum prospect prospect, const struct decision *decision,
		    const struct facts *facts);
/*
 * The reverse of what follows the "OK ". *reason points into `value`; it is ""
 * where there is none, or it holds what does not belong into an SMTP reply:
 * anything but printable ASCII, or a '%'. False for what is none of these.
 */
bool reply_read_prospect(enum prospect *prospect, const char **reason, const char *value);
void reply_not_found(struct buf *out);
void reply_temporary(struct buf *out, const char *reason);
void reply_permanent(struct buf *out, const char *reason);
void reply_ok(struct buf *out, const char *value);

#endif
