/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nexthop - what Postfix asks about: the next hop of a delivery, in the forms
 * of transport(5), and its one canonical spelling, which is the ledger's key.
 *
 *   example.com            MX look-up
 *   example.com:submission the same, another port (a history of its own)
 *   [mx.example.com]:587   that host only, no MX look-up
 *   [192.0.2.1]            that address only
 *   [IPv6:2001:db8::1]     the same; [2001:db8::1] and 192.0.2.1 are understood too
 *   .example.com           a parent, asked after NOTFOUND
 *
 * Canonical spelling: folded name, port as a number, and no port where it is
 * 25, which Postfix uses when none is named.
 */
#ifndef POSTSEAL_CORE_NEXTHOP_H
#define POSTSEAL_CORE_NEXTHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/names/domain.h"
#include "core/names/ipaddr.h"

enum nexthop_kind {
	NEXTHOP_DOMAIN,  /* name, found by MX */
	NEXTHOP_HOST,    /* [name] */
	NEXTHOP_ADDRESS, /* [address] */
	NEXTHOP_PARENT   /* .name */
};

enum nexthop_error {
	NEXTHOP_OK,
	NEXTHOP_MALFORMED, /* no next hop Postfix could ever use */
	/* Postfix may well use these, and what they name cannot be told here: */
	NEXTHOP_UNKNOWN_SERVICE, /* a service that is not one of mail's; or none, "host:" */
	NEXTHOP_UNKNOWN_NAME     /* domain_may_exist */
};

/* "[", a name, "]:65535" and the NUL. */
#define NEXTHOP_SIZE (DOMAIN_SIZE + 8)

struct nexthop {
	enum nexthop_kind kind;
	char name[DOMAIN_SIZE]; /* folded; the address's text for ADDRESS */
	struct ipaddr address;  /* ADDRESS only */
	uint16_t port;          /* 0: not named, that is the default port */
	char key[NEXTHOP_SIZE]; /* canonical spelling */
};

/*
 * As smtp(8) takes it apart (host_port(3)): also an address without brackets, and what
 * follows the last colon is the service. On an error *nexthop is undefined.
 */
enum nexthop_error nexthop_parse(struct nexthop *nexthop, const char *text, size_t len);

/* The port to go to: the one named, or `default_port`. */
uint16_t nexthop_port(const struct nexthop *nexthop, uint16_t default_port);

/*
 * What people ask about: a next hop, or a mail address, which stands for the next hop that its
 * mail goes to by default.
 */
struct subject {
	bool is_address;
	struct nexthop nexthop;
};

/* False, and *subject undefined, when text[0..len) is neither. */
bool subject_parse(struct subject *subject, const char *text, size_t len);

#endif
