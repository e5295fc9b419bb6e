/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Against vectors of others: RFC 5869 A.3 (HKDF with an empty salt), RFC 9180 A.3 (the
 * KEM), and what another implementation (@hpke/core 1.9.0) makes of the same inputs
 * with AES-256-GCM, for which the RFC prints none.
 */
#include "io/crypto/crypto.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t hex(unsigned char *out, const char *text)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++) {
		unsigned value;

		ck_assert_int_eq(sscanf(text + 2 * i, "%2x", &value), 1);
		out[i] = (unsigned char)value;
	}
	return len;
}

START_TEST(hkdf_as_rfc_5869)
{
	unsigned char ikm[22], okm[42], prk[32], want[42];

	memset(ikm, 0x0b, sizeof(ikm));
	crypto_extract(prk, NULL, 0, ikm, sizeof(ikm));
	hex(want, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
	ck_assert_mem_eq(prk, want, sizeof(prk));
	crypto_expand(okm, sizeof(okm), prk, "", 0);
	hex(want, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		  "9d201395faa4b61a96c8");
	ck_assert_mem_eq(okm, want, sizeof(okm));
}
END_TEST

START_TEST(pair_as_rfc_9180)
{
	unsigned char ikm[32], private_key[32], public_key[65], want[65];

	hex(ikm, "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550");
	hpke_derive_pair(private_key, public_key, ikm, sizeof(ikm));
	hex(want, "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2");
	ck_assert_mem_eq(private_key, want, 32);
	hex(want, "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8"
		  "a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0");
	ck_assert_mem_eq(public_key, want, 65);
	ck_assert(hpke_is_public(public_key));
	public_key[64] ^= 1;
	ck_assert(!hpke_is_public(public_key));
	memset(public_key, 0, sizeof(public_key));
	ck_assert(!hpke_is_public(public_key));
}
END_TEST

static const char sealed_by_another[] = "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e6"
					"7b325ac98536d7b61a1af4b78e5b7f951c"
					"0900be863c403ce65c9bfcb9382657222d18c4"
					"518c46e6810fbc55362f7d5995b0f54339d93664ca44e5c74d0f289c4f"
					"7983b4781b193de04ad3319f177244de";

START_TEST(seals_as_another_does)
{
	unsigned char ikm_r[32], ikm_e[32], private_key[32], public_key[65];
	unsigned char out[65 + 29 + 16], want[65 + 29 + 16], back[45];

	hex(ikm_r, "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550");
	hex(ikm_e, "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e");
	hpke_derive_pair(private_key, public_key, ikm_r, sizeof(ikm_r));
	ck_assert(hpke_seal_from(out, ikm_e, sizeof(ikm_e), public_key, "Ode on a Grecian Urn", 20,
				 "Count-0", 7, "Beauty is truth, truth beauty", 29));
	ck_assert_uint_eq(hex(want, sealed_by_another), sizeof(want));
	ck_assert_mem_eq(out, want, sizeof(want));
	ck_assert(hpke_open(back, private_key, public_key, "Ode on a Grecian Urn", 20, "Count-0", 7,
			    out, sizeof(out)));
	ck_assert_mem_eq(back, "Beauty is truth, truth beauty", 29);
	for (size_t i = 0; i < sizeof(out); i++) {
		out[i] ^= 1;
		ck_assert(!hpke_open(back, private_key, public_key, "Ode on a Grecian Urn", 20,
				     "Count-0", 7, out, sizeof(out)));
		out[i] ^= 1;
	}
	ck_assert(!hpke_open(back, private_key, public_key, "Ode", 3, "Count-0", 7, out,
			     sizeof(out)));
	ck_assert(!hpke_open(back, private_key, public_key, "Ode on a Grecian Urn", 20, "Count-1",
			     7, out, sizeof(out)));
	ck_assert(!hpke_open(back, private_key, public_key, "Ode on a Grecian Urn", 20, "Count-0",
			     7, out, 65 + 15));
}
END_TEST

START_TEST(seals_to_no_wrong_key)
{
	unsigned char public_key[65] = { 4 }, out[65 + 16];

	ck_assert(!hpke_seal(out, public_key, "x", "", 0, "", 0));
}
END_TEST

START_TEST(opens_nothing_that_was_touched)
{
	const unsigned char key[32] = { 1 }, nonce[12] = { 2 };
	unsigned char sealed[16 + 3], back[3];

	crypto_seal(sealed, key, nonce, "aad", 3, "abc", 3);
	ck_assert(crypto_open(back, key, nonce, "aad", 3, sealed, sizeof(sealed)));
	ck_assert_mem_eq(back, "abc", 3);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 0x80;
		ck_assert(!crypto_open(back, key, nonce, "aad", 3, sealed, sizeof(sealed)));
		sealed[i] ^= 0x80;
	}
	ck_assert(!crypto_open(back, key, nonce, "aae", 3, sealed, sizeof(sealed)));
	ck_assert(!crypto_open(back, key, nonce, "aad", 3, sealed, 15));
}
END_TEST

/* The file that the pages are tested with is what the program writes. */
START_TEST(vectors_are_as_they_are_written)
{
	const char *build = getenv("POSTSEAL_BUILD");
	char command[512];

	snprintf(command, sizeof(command), "%s/mailbox/vectors | cmp - tests/mailbox/vectors.json",
		 build != NULL ? build : "build");
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crypto");
	TCase *tcase = tcase_create("crypto");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, hkdf_as_rfc_5869);
	tcase_add_test(tcase, pair_as_rfc_9180);
	tcase_add_test(tcase, seals_as_another_does);
	tcase_add_test(tcase, seals_to_no_wrong_key);
	tcase_add_test(tcase, opens_nothing_that_was_touched);
	tcase_add_test(tcase, vectors_are_as_they_are_written);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
