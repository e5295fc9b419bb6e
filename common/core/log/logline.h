/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logline - what a line of Postfix's log says about TLS (3.4 to 3.12, written
 * by smtp(8)). Two kinds of line are of use:
 *
 *   Untrusted TLS connection established to mx.example.com[192.0.2.1]:25:
 *     TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) ...
 *   4F1B2C3D: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25,
 *     delay=1, delays=0/0/0.5/0.5, tls=may, dsn=2.0.0, status=sent (250 ok)
 *
 * before which stand a time, a machine and "postfix/smtp[123]:", in one of the forms
 * that logline_head.c lists. Any syslog_name will do, also of instances and transports
 * ("postfix-out/relay/smtp").
 *
 * Others write parts of these lines: recipients, and in the brackets at the end
 * whatever the remote server said. A line that could be read in two ways, or
 * may have been cut short, is none of ours: nothing is learned from it.
 */
#ifndef POSTSEAL_CORE_LOGLINE_H
#define POSTSEAL_CORE_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/names/domain.h"
#include "core/names/ipaddr.h"
#include "core/facts/observation.h"
#include "base/span.h"

/* A time as it was written. */
struct logline_stamp {
	int year;       /* 0: not written */
	int month, day; /* from 1 */
	int hour, minute, second;
	bool zoned;
	int offset; /* seconds east of UTC, if zoned */
};

enum logline_kind { LOGLINE_TLS, LOGLINE_DELIVERY };

/* Postfix's judgement of the peer (TLS_README). */
enum logline_trust { LOGLINE_ANONYMOUS, LOGLINE_UNTRUSTED, LOGLINE_TRUSTED, LOGLINE_VERIFIED };

/* From this length on a message may have been cut (MSG_SYSLOG_RECLEN of Postfix). */
#define LOGLINE_TEXT_MAX 2000

/* Spans point into the line, or into `unwrapped`: do not copy it. */
struct logline {
	struct logline_stamp stamp;
	struct span process; /* "mail postfix/smtp[123]": one process on one machine */
	enum logline_kind kind;
	char host[DOMAIN_SIZE]; /* folded; the text of the address where it has no name */
	struct ipaddr addr;
	uint16_t port;
	/* TLS */
	bool reused; /* a connection made earlier is used again */
	enum logline_trust trust;
	uint16_t version; /* as on the wire */
	char cipher[CIPHER_SIZE];
	/* DELIVERY */
	struct span queue_id;
	char domain[DOMAIN_SIZE]; /* of the recipient, folded; "" where there is none */
	struct span tls;          /* "may", "dane:none", "!secure/requiretls?"; empty before 3.11 */
	bool sent;                /* status=sent */
	bool no_starttls;         /* not sent: TLS was required, and the host did not offer it */
	/* The line inside of one that is JSON. Last, and not cleared. */
	char unwrapped[LOGLINE_TEXT_MAX + 512];
};

/* line[0..len) without its newline. False for all other lines, and most are. */
bool logline_parse(struct logline *line, const char *bytes, size_t len);

/*
 * Of a line that logline_parse does not take: is it about a delivery or TLS by smtp(8),
 * in a form that is not known? Such lines an admin is told of.
 */
bool logline_is_strange(const char *bytes, size_t len);

/* Seconds by which local time is ahead of UTC, at a moment given in UTC. */
typedef int64_t logline_zone_fn(int64_t utc);

/* Lines from further in the future than this are not believed. Seconds. */
#define LOGLINE_FUTURE INT64_C(86400)

/*
 * Seconds since 1970 of a time as written. A missing year is the latest that
 * does not lead into the future as seen from `reference`: the present for
 * fresh lines, the file's last change for old ones. A missing zone is that of
 * `zone`. 0 where that is no time, or in the future.
 */
int64_t logline_time(const struct logline_stamp *stamp, int64_t reference, logline_zone_fn *zone);

/*
 * For logline.c. A time from the start of *rest; and all that stands before the message,
 * which sets stamp and process. False, and *rest anything, where it is not that.
 */
bool logline_take_stamp(struct logline_stamp *stamp, struct span *rest);
bool logline_take_head(struct logline *line, struct span *rest);

#endif
