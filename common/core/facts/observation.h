/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observation - one fact about TLS, from one source, at one time.
 *
 * It is the only thing that is ever learned; see fold.h for what becomes of
 * it. "Unreachable" and "failed" are not "plain": only a completed greeting
 * and EHLO whose answer lacks STARTTLS is.
 */
#ifndef POSTSEAL_CORE_OBSERVATION_H
#define POSTSEAL_CORE_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>

enum observed {
	OBSERVED_NOTHING = 0,    /* never looked */
	OBSERVED_TLS = 1,        /* handshake completed */
	OBSERVED_PLAIN = 2,      /* greeting and EHLO completed, no STARTTLS offered */
	OBSERVED_TLS_FAILED = 3, /* STARTTLS offered, refused or handshake failed */
	OBSERVED_UNREACHABLE = 4 /* no conversation: connect, greeting or EHLO failed */
};

enum source { SOURCE_PROBE = 1, SOURCE_DELIVERY = 2, SOURCE_ADMIN = 3 };

/* How the certificate stood up. */
enum verified {
	VERIFIED_UNKNOWN = 0, /* not judged */
	VERIFIED_DANE = 1,    /* matches a usable TLSA record (RFC 7672) */
	VERIFIED_NAME = 2,    /* chain to a known CA, and the host's name is in it */
	VERIFIED_CHAIN = 3,   /* chain to a known CA, but for other names */
	VERIFIED_NOT = 4,     /* neither */
	/* Matches DANE-TA, and bears no name but that of a next hop (RFC 7672 3.2.2): so it
	 * proves the host to that next hop alone, which `detail` names. */
	VERIFIED_NEXTHOP = 5
};

#define SPKI_SIZE 32    /* SHA-256 of the certificate's SubjectPublicKeyInfo */
#define CIPHER_SIZE 64  /* an OpenSSL or Postfix cipher name and its NUL */
#define DETAIL_SIZE 160 /* one printable sentence and its NUL */

struct observation {
	int64_t time; /* seconds since 1970 */
	enum source source;
	enum observed observed;
	/* The rest only with OBSERVED_TLS, but for detail. */
	uint16_t version; /* as on the wire: 0x0301 TLSv1 .. 0x0304 TLSv1.3 */
	char cipher[CIPHER_SIZE];
	bool has_spki;
	uint8_t spki[SPKI_SIZE];
	enum verified verified;
	/* What went wrong, printable; empty if nothing. With VERIFIED_NEXTHOP a domain. */
	char detail[DETAIL_SIZE];
};

/* "TLSv1.3" and so on, as Postfix and OpenSSL write it; "" for 0, "?" for others. */
const char *tls_version_name(uint16_t version);
/* The reverse; 0 for a name that is none. */
uint16_t tls_version_parse(const char *name);
const char *observed_name(enum observed observed); /* "tls", "plain", "tls-failed", ... */
/* "dane", "name", "chain", "no", "next-hop", "" */
const char *verified_name(enum verified verified);
/* Does DANE prove the server to mail for that next hop? */
bool observation_by_dane(const struct observation *seen, const char *next_hop);
const char *source_name(enum source source); /* "probe", "delivery", "admin" */

#endif
