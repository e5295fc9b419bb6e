/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain - a DNS name in the one form that everything here compares.
 *
 * That form is lower-case A-labels without a trailing dot (RFC 5891), so
 * "Bücher.Example." and "xn--bcher-kva.example" are the same name. Labels may
 * hold letters, digits, hyphens and underscores ("_dmarc" and hosts named by
 * careless people do exist); each is 1 to 63 bytes, the whole at most 253.
 */
#ifndef POSTSEAL_CORE_DOMAIN_H
#define POSTSEAL_CORE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#define DOMAIN_SIZE 254 /* the longest name and its NUL */

/* Well-formed UTF-8 (RFC 3629), ASCII included. */
bool domain_is_utf8(const char *text, size_t len);

/*
 * Fold text[0..len) (ASCII or UTF-8) into dst. False, and dst empty, when it
 * is no domain name: empty, too long, a bad label, invalid UTF-8, an embedded
 * NUL. A name whose last label is all digits is refused, and what getaddrinfo(3) takes for
 * an address (ipaddr_parse_numeric), such as "0x7f.0x1": Postfix takes it for one, too.
 */
bool domain_fold(char dst[DOMAIN_SIZE], const char *text, size_t len);

/*
 * Of what domain_fold refuses: could Postfix take it for a name, and look it up? Its
 * valid_hostname(3) lets the last label be all digits, and its IDN library (ICU) takes
 * U-labels that libidn2 refuses, such as a symbol's. In other than ASCII, an address is such
 * a name, too: only Postfix's library tells which one it is.
 */
bool domain_may_exist(const char *text, size_t len);

/*
 * What a folded name is to those who fold as IDNA 2003 did, or as Unicode folds case: sharp
 * s is "ss", a final sigma is a sigma, joiners are not there (RFC 5894 7.2, UTS 46 section
 * 7). Postfix compares domains so (casefold.c), whatever it asks DNS for. Two names that
 * are one in this form may be one to it. Returns dst; most names stay as they are.
 */
const char *domain_fold_2003(char dst[DOMAIN_SIZE], const char *folded);

/* Copy a name that is folded already; false, and dst empty, for any other text. */
bool domain_take(char dst[DOMAIN_SIZE], const char *text, size_t len);

#endif
