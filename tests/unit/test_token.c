/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens, addresses of sealed mail, PINs, codes of links, base64url, chunks: tables. */
#include "core/mailbox/token.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/mailbox/b64.h"
#include "core/mailbox/code.h"
#include "core/mailbox/frame.h"
#include "core/mailbox/pin.h"
#include "io/crypto/seal_token.h"

#define DOMAIN "sealed.example.com"

START_TEST(address_is_encoded_and_back)
{
	static const struct {
		const char *real, *sealed;
	} cases[] = {
		{ "bob@example.net", "bob=example.net@" DOMAIN },
		{ "Bob.B+x@example.net", "Bob.B+x=example.net@" DOMAIN },
		{ "a=b@example.net", "a=b=example.net@" DOMAIN },
		{ "\"b ob\"@example.net", "\"b ob=example.net\"@" DOMAIN },
		{ "\"a\\\"\\\\b\"@example.net", "\"a\\\"\\\\b=example.net\"@" DOMAIN },
		{ "\"a@b\"@example.net", "\"a@b=example.net\"@" DOMAIN },
		{ "b\xc3\xbc@example.net", "b\xc3\xbc=example.net@" DOMAIN },
	};
	char text[SEAL_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *real = cases[i].real, *sealed = cases[i].sealed;

		ck_assert(seal_address_encode(text, real, strlen(real), DOMAIN));
		ck_assert_str_eq(text, sealed);
		ck_assert_int_eq(seal_address_decode(text, sealed, strlen(sealed), DOMAIN),
				 LOOKUP_FOUND);
		ck_assert_str_eq(text, real);
	}
}
END_TEST

START_TEST(address_that_stands_for_nobody)
{
	static const struct {
		const char *text;
		enum lookup is;
	} cases[] = {
		{ "bob@example.net", LOOKUP_ABSENT },
		{ "bob=example.net@other.example.com", LOOKUP_ABSENT },
		{ "bob", LOOKUP_ABSENT },
		{ "@" DOMAIN, LOOKUP_ABSENT },
		{ "bob@" DOMAIN, LOOKUP_ERROR },
		{ "=example.net@" DOMAIN, LOOKUP_ERROR },
		{ "bob=@" DOMAIN, LOOKUP_ERROR },
		{ "bob=exa mple@" DOMAIN, LOOKUP_ABSENT },
		{ "\"bob=exa mple\"@" DOMAIN, LOOKUP_ERROR },
		{ "bob=127.0.0.1@" DOMAIN, LOOKUP_ERROR },
		/* A circle. */
		{ "bob=" DOMAIN "@" DOMAIN, LOOKUP_ERROR },
		{ "bob=SEALED.example.com.@" DOMAIN, LOOKUP_ERROR },
	};
	char text[SEAL_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(seal_address_decode(text, cases[i].text, strlen(cases[i].text),
						  DOMAIN) == cases[i].is,
			      "%s", cases[i].text);
		ck_assert_str_eq(text, "");
	}
}
END_TEST

START_TEST(address_has_one_key)
{
	static const struct {
		const char *text, *key; /* NULL: none */
	} cases[] = {
		{ "<Bob@B\xc3\xbc"
		  "cher.Example.>",
		  "bob@xn--bcher-kva.example" },
		{ "\"Bob\"@example.net", "bob@example.net" },
		{ "Bob+Work@example.net", "bob+work@example.net" },
		{ "\"a b\"@example.net", "\"a b\"@example.net" },
		{ "a.@example.net", "\"a.\"@example.net" },
		{ "@a:bob@example.net", NULL },
		{ "bob@[192.0.2.1]", NULL },
		{ "bob@192.0.2.1", NULL },
		{ "\"bob@example.net", NULL },
		{ "bo\rb@example.net", NULL },
		{ "\"bo\nb\"@example.net", NULL },
		{ "a\"b\"@example.net", NULL },
		{ "\"\"@example.net", NULL },
		{ "a b@example.net", NULL },
		{ "a@b@example.net", NULL },
		{ "", NULL },
		{ "<>", NULL },
	};
	char key[SEAL_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool is = seal_address_key(key, cases[i].text, strlen(cases[i].text));

		ck_assert_msg(is == (cases[i].key != NULL), "%s", cases[i].text);
		ck_assert_str_eq(key, is ? cases[i].key : "");
	}
}
END_TEST

/*
 * From Unicode's NormalizationTest.txt (what is written, and its NFC) and Python's unicodedata, which
 * agree; and ASCII letters, which are small in a key.
 */
static const struct {
	const char *text, *key;
} spellings[] = {
	{ u8"D\u0307", u8"\u1e0a" },
	{ u8"D\u0307\u0323", u8"\u1e0c\u0307" },
	{ u8"D\u0323\u0307", u8"\u1e0c\u0307" },
	{ u8"\u1e0a\u0323", u8"\u1e0c\u0307" },
	{ u8"a\u0315\u0300\u05aeb", u8"\u00e0\u05ae\u0315b" },
	{ u8"\u0344", u8"\u0308\u0301" },
	/* Some letters of one code point are two in NFC, or another. */
	{ u8"\u0958", u8"\u0915\u093c" },
	{ u8"\U0001d160", u8"\U0001d158\U0001d165\U0001d16e" },
	{ u8"\ufb2c", u8"\u05e9\u05bc\u05c1" },
	{ u8"\u212b", u8"\u00c5" },
	{ u8"\u2126", u8"\u03a9" },
	{ u8"\uf900", u8"\u8c48" },
	{ u8"\U0002f800", u8"\u4e3d" },
	/* Hangul is reckoned, not looked up. */
	{ u8"\u1100\u1161", u8"\uac00" },
	{ u8"\u1100\u1161\u11a8", u8"\uac01" },
	{ u8"\u1100\uac00\u11a8", u8"\u1100\uac01" },
	{ u8"\u0b47\u0300\u0b3e", u8"\u0b47\u0300\u0b3e" },
	/* Of letters beyond ASCII case stays. */
	{ u8"Jose\u0301", u8"jos\u00e9" },
	{ u8"\u00c9ric", u8"\u00c9ric" },
	{ u8"E\u0301ric", u8"\u00c9ric" },
	/* Kelvin's sign is a K. */
	{ u8"\u212aim", u8"kim" },
	/* There is no capital letter of these two. */
	{ u8"H\u0331", u8"\u1e96" },
	/* Greek's question mark is a semicolon, which needs quotes. */
	{ u8"a\u037e", u8"\"a;\"" },
	{ u8"\"a e\u0301\"", u8"\"a \u00e9\"" },
};

START_TEST(address_is_known_in_nfc)
{
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		char text[64], wanted[64], key[SEAL_ADDRESS_SIZE], again[SEAL_ADDRESS_SIZE];

		snprintf(text, sizeof(text), "%s@example.net", spellings[i].text);
		snprintf(wanted, sizeof(wanted), "%s@example.net", spellings[i].key);
		ck_assert(seal_address_key(key, text, strlen(text)));
		ck_assert_str_eq(key, wanted);
		ck_assert(seal_address_key(again, key, strlen(key)));
		ck_assert_str_eq(again, key);
		/* Where the mail goes, is as it was written. */
		ck_assert(seal_address_take(again, text, strlen(text)));
		ck_assert_str_eq(again, text);
	}
}
END_TEST

/* An address that has no key would be known by none, or by that of another. */
START_TEST(address_that_has_no_room_in_nfc)
{
	char text[SEAL_LOCAL_MAX + 32], dst[SEAL_ADDRESS_SIZE];

	/* Four octets each, and in NFC twelve. */
	for (size_t count = 1; count <= SEAL_LOCAL_MAX / 4; count++) {
		bool fits = 12 * count <= SEAL_LOCAL_MAX;

		text[0] = '\0';
		for (size_t i = 0; i < count; i++)
			strcat(text, u8"\U0001d160");
		strcat(text, "@example.net");
		ck_assert(seal_address_key(dst, text, strlen(text)) == fits);
		ck_assert(seal_address_take(dst, text, strlen(text)) == fits);
	}
}
END_TEST

static struct token_recipient two[] = {
	{ .address = "Bob@example.net", .pin = "47110815" },
	{ .address = "\"c d\"@example.org", .pin = "" },
};

static struct token sample(void)
{
	struct token token = { .login = "alice",
			       .sender = "Alice@example.com",
			       .time = 1764000000,
			       .pin_required = true,
			       .count = 2,
			       .recipients = two };

	memset(token.random, 7, sizeof(token.random));
	return token;
}

START_TEST(token_there_and_back)
{
	struct token token = sample(), back;
	struct buf octets = { 0 };

	ck_assert(token_encode(&octets, &token));
	ck_assert(token_decode(&back, octets.data, octets.len));
	ck_assert_str_eq(back.login, "alice");
	ck_assert_str_eq(back.sender, "Alice@example.com");
	ck_assert_int_eq(back.time, 1764000000);
	ck_assert(back.pin_required);
	ck_assert_uint_eq(back.count, 2);
	ck_assert_str_eq(token_pin(&back, "bob@EXAMPLE.net"), "47110815");
	ck_assert_str_eq(token_pin(&back, "\"C d\"@example.org"), "");
	ck_assert_str_eq(token_pin(&back, "eve@example.net"), "");
	token_free(&back);
	/* Each octet less, and one more, is none. */
	for (size_t len = 0; len < octets.len; len++)
		ck_assert(!token_decode(&back, octets.data, len));
	buf_append(&octets, "", 1);
	ck_assert(!token_decode(&back, octets.data, octets.len));
	buf_free(&octets);
}
END_TEST

START_TEST(token_is_opened_by_its_key_alone)
{
	struct token token = sample(), back;
	struct seal_key key = { { 1 } }, other = { { 2 } };
	struct buf value = { 0 };

	ck_assert(seal_token_write(&value, &token, &key, "\n\t"));
	ck_assert(seal_token_read(&back, value.data, value.len, &key));
	ck_assert_str_eq(back.sender, token.sender);
	token_free(&back);
	ck_assert(!seal_token_read(&back, value.data, value.len, &other));
	for (size_t i = 0; i < value.len; i++) {
		char was = value.data[i];

		value.data[i] = was == 'A' ? 'B' : 'A';
		ck_assert(!seal_token_read(&back, value.data, value.len, &key));
		value.data[i] = was;
	}
	buf_free(&value);
}
END_TEST

START_TEST(token_of_many_is_folded)
{
	struct token token = sample(), back;
	struct seal_key key = { { 1 } };
	struct buf value = { 0 };

	token.count = 500;
	token.recipients = calloc(token.count, sizeof(*token.recipients));
	for (size_t i = 0; i < token.count; i++)
		snprintf(token.recipients[i].address, SEAL_ADDRESS_SIZE, "user%zu@example.net", i);
	ck_assert(seal_token_write(&value, &token, &key, "\r\n\t"));
	for (const char *at = buf_cstr(&value), *end; at != NULL; at = end) {
		end = strstr(at, "\r\n\t");
		ck_assert_uint_le(end != NULL ? (size_t)(end - at) : strlen(at), 990);
		end = end != NULL ? end + 3 : NULL;
	}
	ck_assert(seal_token_read(&back, value.data, value.len, &key));
	ck_assert_uint_eq(back.count, 500);
	ck_assert_str_eq(back.recipients[499].address, "user499@example.net");
	token_free(&back);
	free(token.recipients);
	buf_free(&value);
}
END_TEST

START_TEST(return_address_says_who)
{
	static const char *const senders[] = { "alice@example.com", "A.li+x@example.com",
					       "\"a b\"@example.com" };
	struct seal_key key = { { 1 } }, other = { { 2 } };
	char address[SEAL_ADDRESS_SIZE], sender[SEAL_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		ck_assert(seal_return_write(address, senders[i], DOMAIN, &key));
		ck_assert(seal_return_read(sender, address, strlen(address), DOMAIN, &key));
		ck_assert_str_eq(sender, senders[i]);
		ck_assert(!seal_return_read(sender, address, strlen(address), DOMAIN, &other));
		ck_assert_str_eq(sender, "");
	}
	ck_assert(!seal_return_read(sender, "bob=example.net@" DOMAIN, 34, DOMAIN, &key));
	ck_assert(!seal_return_read(sender, "return-=a.b@" DOMAIN, 30, DOMAIN, &key));
}
END_TEST

START_TEST(pin_weak_or_not)
{
	static const struct {
		const char *pin;
		bool good;
	} cases[] = {
		{ "47110815", true },   { "12345678", false }, { "87654321", false },
		{ "90123456", false },  { "11111111", false }, { "12121212", false },
		{ "12341234", false },  { "11112222", false }, { "24121998", false },
		{ "12241998", false },  { "19981224", false }, { "19982412", false },
		{ "24121860", true },   { "4711081", false },  { "471108150", true },
		{ "4711081a", false },  { "", false },         { "47110815471108154", false },
		{ "4711 0815", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg((pin_weakness(cases[i].pin, 8) == NULL) == cases[i].good, "%s",
			      cases[i].pin);
	ck_assert_ptr_null(pin_weakness("475208", 6));
	ck_assert_ptr_nonnull(pin_weakness("241298", 6));
}
END_TEST

START_TEST(pin_is_made_of_fair_digits)
{
	const unsigned char good[] = { 4, 17, 21, 31, 40, 8, 1, 5 };
	const unsigned char unfair[] = { 4, 250, 21, 31, 40, 8, 1, 5 };
	const unsigned char weak[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	char pin[PIN_SIZE];

	ck_assert(pin_make(pin, 8, good));
	ck_assert_str_eq(pin, "47110815");
	ck_assert(!pin_make(pin, 8, unfair));
	ck_assert(!pin_make(pin, 8, weak));
}
END_TEST

START_TEST(code_there_and_back)
{
	unsigned char secret[CODE_SECRET_SIZE], back[CODE_SECRET_SIZE];
	char code[CODE_SIZE], grouped[CODE_GROUPED_SIZE], wrong[CODE_SIZE];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (unsigned char)(i * 37 + 200);
	code_format(code, secret);
	ck_assert(code_parse(back, code, strlen(code)));
	ck_assert_mem_eq(back, secret, sizeof(secret));
	code_format_grouped(grouped, secret);
	ck_assert_uint_eq(strlen(grouped), CODE_GROUPED_SIZE - 1);
	str_lower(grouped);
	ck_assert(code_parse(back, grouped, strlen(grouped)));
	/* Each letter replaced by each other, and each two neighbours swapped. */
	for (size_t i = 0; i < CODE_LETTERS; i++) {
		for (const char *c = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; *c != '\0'; c++) {
			strcpy(wrong, code);
			wrong[i] = *c;
			ck_assert(code_parse(back, wrong, CODE_LETTERS) == (*c == code[i]));
		}
		if (i + 1 < CODE_LETTERS && code[i] != code[i + 1]) {
			strcpy(wrong, code);
			wrong[i] = code[i + 1];
			wrong[i + 1] = code[i];
			ck_assert(!code_parse(back, wrong, CODE_LETTERS));
		}
	}
	ck_assert(!code_parse(back, code, CODE_LETTERS - 1));
	ck_assert(!code_parse(back, "", 0));
}
END_TEST

START_TEST(code_as_typed)
{
	unsigned char zeros[CODE_SECRET_SIZE] = { 0 }, back[CODE_SECRET_SIZE];
	static const char *const typed[] = { "0000000000000000000000000000",
					     "v1.0000-0000-0000-0000-0000-0000-0000",
					     "V1.oOoO 0000 0000 0000 0000 0000 0000" };

	for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
		memset(back, 1, sizeof(back));
		ck_assert(code_parse(back, typed[i], strlen(typed[i])));
		ck_assert_mem_eq(back, zeros, sizeof(zeros));
	}
	ck_assert(!code_parse(back, "U000000000000000000000000000", 28));
	ck_assert(!code_parse(back, "80000000000000000000000000", 26));
}
END_TEST

START_TEST(b64_in_one_spelling)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *text;
	} cases[] = {
		{ "", 0, "" },
		{ "f", 1, "Zg" },
		{ "fo", 2, "Zm8" },
		{ "foo", 3, "Zm9v" },
		{ "\xfb\xff\xfe", 3, "-__-" },
	};
	static const char *const wrong[] = { "Z", "Zh", "Zm9", "Zg==", "Zm9v\n", "+//+", "Zm 9" };
	char text[16], back[16];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_str_eq(b64_text(text, cases[i].octets, cases[i].len), cases[i].text);
		ck_assert(b64_take(back, cases[i].len, text, strlen(text)));
		ck_assert_mem_eq(back, cases[i].octets, cases[i].len);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct buf out = { 0 };

		ck_assert_msg(!b64_get(&out, wrong[i], strlen(wrong[i])), "%s", wrong[i]);
		ck_assert_uint_eq(out.len, 0);
		buf_free(&out);
	}
	ck_assert(!b64_take(back, 2, "Zm9v", 4));
}
END_TEST

START_TEST(chunks_have_sizes)
{
	static const struct {
		uint64_t plain, sealed;
	} cases[] = {
		{ 0, 16 }, { 1, 17 }, { 65536, 65552 }, { 65537, 65569 }, { 131072, 131104 },
	};
	static const uint64_t wrong[] = { 0, 15, 65553, 65568 };
	uint64_t plain;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_uint_eq(frame_sealed_size(cases[i].plain), cases[i].sealed);
		ck_assert(frame_plain_size(&plain, cases[i].sealed));
		ck_assert_uint_eq(plain, cases[i].plain);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		ck_assert_msg(!frame_plain_size(&plain, wrong[i]), "%zu", (size_t)wrong[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");
	TCase *tcase = tcase_create("token");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, address_is_encoded_and_back);
	tcase_add_test(tcase, address_that_stands_for_nobody);
	tcase_add_test(tcase, address_has_one_key);
	tcase_add_test(tcase, address_is_known_in_nfc);
	tcase_add_test(tcase, address_that_has_no_room_in_nfc);
	tcase_add_test(tcase, token_there_and_back);
	tcase_add_test(tcase, token_is_opened_by_its_key_alone);
	tcase_add_test(tcase, token_of_many_is_folded);
	tcase_add_test(tcase, return_address_says_who);
	tcase_add_test(tcase, pin_weak_or_not);
	tcase_add_test(tcase, pin_is_made_of_fair_digits);
	tcase_add_test(tcase, code_there_and_back);
	tcase_add_test(tcase, code_as_typed);
	tcase_add_test(tcase, b64_in_one_spelling);
	tcase_add_test(tcase, chunks_have_sizes);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
