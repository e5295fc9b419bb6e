/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wkd - OpenPGP keys by Web Key Directory (draft-koch-openpgp-webkey-service): where the
 * key of an address stands, what a server's answer means, and what postseal-wkd(8) says of it.
 *
 *   advanced   https://openpgpkey.DOMAIN/.well-known/openpgpkey/DOMAIN/hu/HASH?l=LOCAL
 *   direct     https://DOMAIN/.well-known/openpgpkey/hu/HASH?l=LOCAL
 *
 * HASH is the SHA-1 of the local part in ASCII lower case, in z-base-32. The direct way is
 * for domains that have no address for the host "openpgpkey" (section 3.1).
 */
#ifndef POSTSEAL_CORE_WKD_H
#define POSTSEAL_CORE_WKD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "base/span.h"
#include "core/names/domain.h"
#include "core/names/seal_address.h"

#define WKD_KEY_MAX 65536 /* octets of what a server sends; binary or armored */
#define WKD_HASH_SIZE 20
#define WKD_REASON_SIZE 256

enum wkd_way { WKD_ADVANCED, WKD_DIRECT };

/*
 * An address, as seal_address_take writes it, in its two halves; `folded` is what is hashed.
 * False for a local part that has to be quoted: no key can be found by it.
 */
struct wkd_name {
	char local[SEAL_LOCAL_MAX + 1], folded[SEAL_LOCAL_MAX + 1];
	char domain[DOMAIN_SIZE];
};
bool wkd_name(struct wkd_name *name, const char *address);

/* False where "openpgpkey.DOMAIN" would be too long a name. */
bool wkd_host(char host[DOMAIN_SIZE], enum wkd_way way, const struct wkd_name *name);
/* Appended. `hash`: of name->folded. */
void wkd_path(struct buf *path, enum wkd_way way, const struct wkd_name *name,
	      const unsigned char hash[WKD_HASH_SIZE]);

/*
 * What a server's status says where it gave no key: ABSENT, there is none; a redirect says so,
 * too, since none is followed. ERROR: it cannot tell now. `status` 0: it has not answered.
 */
enum lookup wkd_judge_status(long status);

/*
 * What postseal-wkd says: one line, and of a key its octets behind it, and nothing else.
 *
 *   found LENGTH
 *   none REASON
 *   unsure REASON
 */
void wkd_answer_put(struct buf *out, enum lookup found, struct span key, const char *reason);
/*
 * FOUND: *key is within bytes[0..len). ABSENT and ERROR: `reason` says why, printable. What is
 * no whole answer is an ERROR.
 */
enum lookup wkd_answer_read(struct span *key, char reason[WKD_REASON_SIZE], const char *bytes,
			    size_t len);

#endif
