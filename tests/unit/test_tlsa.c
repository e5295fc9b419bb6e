/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/tlsa.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static uint8_t digest[65];

/* SEQUENCE { 4 bytes } and what is wrong with it. */
static uint8_t der[] = { 0x30, 0x04, 1, 2, 3, 4 };
static uint8_t der_set[] = { 0x31, 0x04, 1, 2, 3, 4 };
static uint8_t der_short[] = { 0x30, 0x05, 1, 2, 3, 4 };
static uint8_t der_trailing[] = { 0x30, 0x03, 1, 2, 3, 4 };
static uint8_t der_indefinite[] = { 0x30, 0x80, 1, 2, 0, 0 };
static uint8_t der_long_form[] = { 0x30, 0x81, 0x03, 1, 2, 3 };
static uint8_t der_no_length[] = { 0x30, 0x82, 0x01 };
static uint8_t der_tag[] = { 0x30 };
static uint8_t der_huge[] = { 0x30, 0x84, 0, 0, 0, 1, 7 };

START_TEST(knows_what_smtp_can_use)
{
	static const struct {
		uint8_t usage, selector, matching;
		uint8_t *data;
		size_t len;
		bool usable;
	} cases[] = {
		{ 3, 1, 1, digest, 32, true },
		{ 3, 0, 1, digest, 32, true },
		{ 3, 1, 2, digest, 64, true },
		{ 2, 0, 1, digest, 32, true },
		{ 2, 1, 2, digest, 64, true },
		{ 2, 0, 0, der, sizeof(der), true },
		{ 3, 1, 0, der, sizeof(der), true },
		/* RFC 7672 3.1.3 */
		{ 0, 0, 1, digest, 32, false },
		{ 1, 1, 1, digest, 32, false },
		{ 4, 1, 1, digest, 32, false },
		{ 255, 1, 1, digest, 32, false },
		{ 3, 2, 1, digest, 32, false },
		{ 3, 255, 1, digest, 32, false },
		{ 3, 1, 3, digest, 32, false },
		{ 3, 1, 255, digest, 32, false },
		/* digests of the wrong length */
		{ 3, 1, 1, digest, 31, false },
		{ 3, 1, 1, digest, 33, false },
		{ 3, 1, 1, digest, 64, false },
		{ 3, 1, 1, digest, 0, false },
		{ 3, 1, 2, digest, 32, false },
		{ 3, 1, 2, digest, 63, false },
		{ 3, 1, 2, digest, 65, false },
		/* what is no certificate or key at first sight */
		{ 3, 0, 0, NULL, 0, false },
		{ 3, 0, 0, digest, 32, false },
		{ 3, 0, 0, der_set, sizeof(der_set), false },
		{ 3, 0, 0, der_short, sizeof(der_short), false },
		{ 3, 0, 0, der_trailing, sizeof(der_trailing), false },
		{ 3, 0, 0, der_indefinite, sizeof(der_indefinite), false },
		{ 3, 0, 0, der_long_form, sizeof(der_long_form), false },
		{ 3, 0, 0, der_no_length, sizeof(der_no_length), false },
		{ 3, 0, 0, der_tag, sizeof(der_tag), false },
		{ 3, 0, 0, der_huge, sizeof(der_huge), false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct tlsa record = { cases[i].usage, cases[i].selector, cases[i].matching,
					     cases[i].len, cases[i].data };

		ck_assert_msg(tlsa_usable(&record) == cases[i].usable, "case %zu: %u %u %u len %zu",
			      i, record.usage, record.selector, record.matching, record.len);
	}
}
END_TEST

/* A SEQUENCE of `len` bytes in all, its length in the form that DER wants. */
static void fill_der(uint8_t *data, size_t len)
{
	memset(data, 0, len);
	data[0] = 0x30;
	if (len - 2 < 0x80) {
		data[1] = (uint8_t)(len - 2);
	} else if (len - 3 < 0x100) {
		data[1] = 0x81;
		data[2] = (uint8_t)(len - 3);
	} else {
		data[1] = 0x82;
		data[2] = (uint8_t)((len - 4) >> 8);
		data[3] = (uint8_t)(len - 4);
	}
}

START_TEST(takes_certificates_of_any_sensible_size)
{
	static const size_t sizes[] = { 2, 0x81, 0x83, 0x102, 0x104, 2000, TLSA_DATA_MAX };
	static uint8_t data[TLSA_DATA_MAX + 1];
	struct tlsa record = { .usage = 2, .data = data };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		record.len = sizes[i];
		fill_der(data, sizes[i]);
		ck_assert_msg(tlsa_usable(&record), "%zu bytes", sizes[i]);
	}
	record.len = TLSA_DATA_MAX + 1;
	fill_der(data, record.len);
	ck_assert(!tlsa_usable(&record));
}
END_TEST

/* Of 41 records any may be the one that fits, so none is left out. */
START_TEST(keeps_copies_of_all)
{
	struct tlsa_set set = { 0 };
	uint8_t data[32] = { 0 };
	const struct tlsa record = { 3, 1, 1, sizeof(data), data };

	for (uint8_t i = 0; i < 41; i++) {
		data[0] = i;
		tlsa_set_add(&set, &record, true);
	}
	tlsa_set_add(&set, &record, false);
	memset(data, 99, sizeof(data));
	ck_assert_uint_eq(set.count, 41);
	ck_assert_uint_eq(set.unusable, 1);
	for (uint8_t i = 0; i < 41; i++) {
		ck_assert_uint_eq(set.records[i].data[0], i);
		ck_assert_uint_eq(set.records[i].len, sizeof(data));
	}
	tlsa_set_free(&set);
	ck_assert_uint_eq(set.count, 0);
	ck_assert_uint_eq(set.unusable, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tlsa");
	TCase *tcase = tcase_create("tlsa");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, knows_what_smtp_can_use);
	tcase_add_test(tcase, takes_certificates_of_any_sensible_size);
	tcase_add_test(tcase, keeps_copies_of_all);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
