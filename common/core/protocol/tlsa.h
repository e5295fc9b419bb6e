/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlsa - TLSA records (RFC 6698, RFC 7671) as SMTP may use them (RFC 7672 3.1).
 *
 * Of usages only DANE-TA(2) and DANE-EE(3) count: there is no agreed set of
 * public CAs to constrain for SMTP, so PKIX-TA(0) and PKIX-EE(1) are unusable
 * here (RFC 7672 3.1.3), as they are to Postfix.
 */
#ifndef POSTSEAL_CORE_TLSA_H
#define POSTSEAL_CORE_TLSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLSA_USAGE_DANE_TA 2
#define TLSA_USAGE_DANE_EE 3
#define TLSA_SELECTOR_CERT 0
#define TLSA_SELECTOR_SPKI 1
#define TLSA_MATCHING_FULL 0
#define TLSA_MATCHING_SHA256 1
#define TLSA_MATCHING_SHA512 2

/* Bytes of a certificate or key; nobody has larger ones in the DNS. */
#define TLSA_DATA_MAX 8192

struct tlsa {
	uint8_t usage;
	uint8_t selector;
	uint8_t matching;
	size_t len;    /* bytes of data */
	uint8_t *data; /* owned by the set, if it is in one */
};

/* All of a host's: the order in which DNS gives them says nothing. Zeroed it is empty. */
struct tlsa_set {
	size_t count;         /* usable ones, */
	struct tlsa *records; /* which are kept; owned */
	size_t room;
	size_t unusable; /* only counted */
};

/*
 * Can SMTP go by this record? Usage, selector and matching type are known, a
 * digest has the digest's length, and full data is at least one DER SEQUENCE
 * from end to end (whether it holds a certificate is for whoever has X.509).
 */
bool tlsa_usable(const struct tlsa *record);

/* Keep a copy, or count it as unusable. */
void tlsa_set_add(struct tlsa_set *set, const struct tlsa *record, bool usable);
void tlsa_set_free(struct tlsa_set *set); /* leaves an empty set */

#endif
