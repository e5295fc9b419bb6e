/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle - what Postfix does under an answer, by its manuals, and what comes of it when
 * an attacker chooses all that can be chosen from then on. It knows nothing of how
 * answers are decided, and shares no code with what decides: it reads a reply as Postfix
 * does, and the rules are those of
 *
 *   postconf(5)   smtp_tls_security_level, smtp_tls_policy_maps,
 *                 smtp_tls_dane_insecure_mx_policy, smtp_dns_support_level
 *   TLS_README    "Opportunistic DANE", "Mandatory DANE", "Secure channel"
 *   RFC 7672      2.1.1 (a failed look-up skips the host), 2.2, 3.1.3
 *
 * The attacker owns the network between Postfix and every server, so he answers in the
 * place of each, with or without STARTTLS, with certificates of his own; owns unsigned
 * DNS, so he names any MX host there, also one with TLSA records of his; and has any
 * look-up fail. He can't sign what is signed, nor have a certificate for a name that
 * a policy lists, nor one with a pinned key.
 */
#ifndef POSTSEAL_TESTS_ORACLE_H
#define POSTSEAL_TESTS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

/* The worst that can become of mail. */
enum oracle_end {
	ORACLE_HELD = 0,     /* it waits, or gets to who has proven to be meant */
	ORACLE_STRANGER = 1, /* over TLS, to whoever answers */
	ORACLE_PLAIN = 2     /* in the clear */
};

/* What a host's owner has published, signed; a set of what it may be. */
#define ORACLE_USABLE 1u
#define ORACLE_UNUSABLE 2u
#define ORACLE_NONE 4u
#define ORACLE_ANY (ORACLE_USABLE | ORACLE_UNUSABLE | ORACLE_NONE)

#define ORACLE_HOSTS 4

struct oracle_world {
	bool by_mx;     /* MX records name the hosts; else the next hop is the host */
	bool mx_signed; /* who they are cannot be forged */
	size_t hosts;
	unsigned tlsa[ORACLE_HOSTS];
};

/*
 * `reply` is that of a policy map (socketmap_table(5)); `main` is
 * smtp_tls_security_level of main.cf: "may" or "dane". False, and *end untouched, where
 * Postfix would not know what to make of the reply.
 */
bool oracle_worst(enum oracle_end *end, const char *reply, const char *main,
		  const struct oracle_world *world);

/*
 * Is there an owner, of one of the hosts, whom Postfix alone would serve better at level
 * `dane`? That is a host for which the reply allows a worse end. (No one is where the
 * MX records are unsigned: then the attacker has his own host under either.)
 */
bool oracle_worse_than_dane(const char *reply, const struct oracle_world *world);

#endif
