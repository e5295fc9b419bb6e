/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/milter_packet.h"

#include <check.h>
#include <stdlib.h>

#include "base/str.h"

/* Of a string constant, NULs and all. */
#define BYTES(text) ((struct span){ text, sizeof(text) - 1 })

START_TEST(takes_one_packet_after_the_other)
{
	static const char two[] = "\0\0\0\3Mab\0\0\0\1Q";
	struct milter_packet packet;
	size_t needs, len;

	for (len = 0; len < 7; len++) {
		ck_assert_uint_eq(milter_packet_read(&packet, &needs, two, len), 0);
		ck_assert_uint_eq(needs, len < 4 ? 4 : 7);
	}
	ck_assert_uint_eq(milter_packet_read(&packet, &needs, two, sizeof(two) - 1), 7);
	ck_assert_int_eq(packet.command, 'M');
	ck_assert(span_is(packet.data, "ab"));
	ck_assert_uint_eq(milter_packet_read(&packet, &needs, two + 7, 5), 5);
	ck_assert_int_eq(packet.command, 'Q');
	ck_assert_uint_eq(packet.data.len, 0);
}
END_TEST

START_TEST(keeps_its_limits)
{
	struct milter_packet packet;
	size_t needs;

	ck_assert_uint_eq(milter_packet_read(&packet, &needs, "\0\0\0\0M", 5), SIZE_MAX);
	ck_assert_uint_eq(milter_packet_read(&packet, &needs, "\0\x10\0\1M", 5), SIZE_MAX);
	ck_assert_uint_eq(milter_packet_read(&packet, &needs, "\xff\xff\xff\xffM", 5), SIZE_MAX);
	ck_assert_uint_eq(milter_packet_read(&packet, &needs, "\0\x10\0\0M", 5), 0);
	ck_assert_uint_eq(needs, 4 + MILTER_PACKET_MAX);
}
END_TEST

START_TEST(macros_are_pairs)
{
	static const struct {
		struct span data;
		bool good;
	} cases[] = {
		{ BYTES(""), false },
		{ BYTES("M"), true },
		{ BYTES("Mj\0mx\0"), true },
		{ BYTES("Mj\0mx\0i\0"), false }, /* a name without a value */
		{ BYTES("Mj\0"), false },
		{ BYTES("Mj"), false },
		{ BYTES("Mj\0mx"), false }, /* without an end */
		{ BYTES("M\0\0"), true },
		{ BYTES("M\0"), false },
	};
	struct span pairs;
	char command;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(milter_read_macros(&command, &pairs, cases[i].data) == cases[i].good,
			      "case %zu", i);
	ck_assert(milter_read_macros(&command, &pairs,
				     BYTES("Rj\0mx\0{rcpt_addr}\0j\0i\0\0j\0other\0")));
	ck_assert_int_eq(command, 'R');
	ck_assert_str_eq(milter_macro(pairs, "j"), "mx");
	ck_assert_str_eq(milter_macro(pairs, "{j}"), "mx");
	ck_assert_str_eq(milter_macro(pairs, "rcpt_addr"), "j");
	ck_assert_str_eq(milter_macro(pairs, "i"), "");
	/* a value is not a name */
	ck_assert_ptr_null(milter_macro(pairs, "mx"));
	ck_assert_ptr_null(milter_macro(pairs, "other"));
	ck_assert_ptr_null(milter_macro((struct span){ NULL, 0 }, "j"));
}
END_TEST

START_TEST(a_client_has_an_address_or_none)
{
	static const struct {
		struct span data;
		bool good;
		const char *addr; /* NULL: not known */
	} cases[] = {
		{ BYTES("host\0"
			"4\4\322"
			"192.0.2.1\0"),
		  true, "192.0.2.1" },
		{ BYTES("host\0"
			"6\4\322"
			"2001:db8::1\0"),
		  true, "2001:db8::1" },
		{ BYTES("host\0"
			"6\4\322"
			"IPv6:2001:db8::1\0"),
		  true, "2001:db8::1" },
		{ BYTES("host\0U"), true, NULL },
		{ BYTES("host\0L\0\0/run/socket\0"), true, NULL },
		{ BYTES("host\0"
			"4\4\322"
			"nonsense\0"),
		  true, NULL },
		{ BYTES("host\0U\0"), false, NULL },
		{ BYTES("host\0"
			"4\4\322"
			"192.0.2.1"),
		  false, NULL },
		{ BYTES("host\0"
			"4\4\322"
			"192.0.2.1\0x"),
		  false, NULL },
		{ BYTES("host\0"
			"4\4"),
		  false, NULL },
		{ BYTES("host\0"
			"4"),
		  false, NULL },
		{ BYTES("host\0X\4\322"
			"192.0.2.1\0"),
		  false, NULL },
		{ BYTES("host\0\0\4\322"
			"192.0.2.1\0"),
		  false, NULL },
		{ BYTES("host\0"), false, NULL },
		{ BYTES("host"), false, NULL },
		{ BYTES(""), false, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char shown[IPADDR_SIZE];
		struct ipaddr addr;
		bool known;

		ck_assert_msg(milter_read_connect(&addr, &known, cases[i].data) == cases[i].good,
			      "case %zu", i);
		if (!cases[i].good)
			continue;
		ck_assert_msg(known == (cases[i].addr != NULL), "case %zu", i);
		if (known)
			ck_assert_str_eq(ipaddr_format(shown, &addr), cases[i].addr);
	}
}
END_TEST

START_TEST(strings_end)
{
	const char *name, *value;
	struct span rest;

	ck_assert(milter_read_envelope(&name, &rest, BYTES("<a@b>\0NOTIFY=NEVER\0")));
	ck_assert_str_eq(name, "<a@b>");
	ck_assert(milter_next_string(&value, &rest));
	ck_assert_str_eq(value, "NOTIFY=NEVER");
	ck_assert(!milter_next_string(&value, &rest));
	ck_assert(milter_read_envelope(&name, &rest, BYTES("\0")));
	ck_assert(!milter_read_envelope(&name, &rest, BYTES("")));
	ck_assert(!milter_read_envelope(&name, &rest, BYTES("<a@b>")));
	ck_assert(!milter_read_envelope(&name, &rest, BYTES("<a@b>\0SIZE=1")));

	ck_assert(milter_read_header(&name, &value, BYTES("From\0me\0")));
	ck_assert_str_eq(value, "me");
	ck_assert(!milter_read_header(&name, &value, BYTES("From\0")));
	ck_assert(!milter_read_header(&name, &value, BYTES("From\0me")));
	ck_assert(!milter_read_header(&name, &value, BYTES("From\0me\0more\0")));
	ck_assert(!milter_read_header(&name, &value, BYTES("")));
}
END_TEST

START_TEST(an_offer_has_three_numbers)
{
	struct milter_offer offer;

	ck_assert(milter_read_offer(&offer, BYTES("\0\0\0\6\0\0\1\377\0\37\377\377")));
	ck_assert_uint_eq(offer.version, 6);
	ck_assert_uint_eq(offer.actions, 0x1ff);
	ck_assert_uint_eq(offer.steps, 0x1fffff);
	ck_assert(!milter_read_offer(&offer, BYTES("\0\0\0\6\0\0\1\377\0\37\377")));
}
END_TEST

START_TEST(writes)
{
	static const char wanted[] = "\0\0\0\1c\0\0\0\5yabc\0\0\0\0\15m\0\0\1\2Name\0va\0"
				     "\0\0\0\3"
				     "2\0\0";
	struct buf out = { 0 };

	milter_write(&out, MILTER_CONTINUE, NULL);
	milter_write(&out, MILTER_REPLY, "abc", NULL);
	milter_write_header(&out, MILTER_CHANGE_HEADER, 258, "Name", "va");
	milter_write(&out, MILTER_ADD_RECIPIENT, "", "", NULL);
	ck_assert_uint_eq(out.len, sizeof(wanted) - 1);
	ck_assert_mem_eq(out.data, wanted, out.len);
	buf_free(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("milter_packet");
	TCase *tcase = tcase_create("milter_packet");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, takes_one_packet_after_the_other);
	tcase_add_test(tcase, keeps_its_limits);
	tcase_add_test(tcase, macros_are_pairs);
	tcase_add_test(tcase, a_client_has_an_address_or_none);
	tcase_add_test(tcase, strings_end);
	tcase_add_test(tcase, an_offer_has_three_numbers);
	tcase_add_test(tcase, writes);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
