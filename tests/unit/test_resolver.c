/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/dns/resolver.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "dns_stub.h"

#define SOA "test. 900 IN SOA ns.test. root.test. 1 3600 600 86400 700"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define MX LDNS_RR_TYPE_MX
#define A LDNS_RR_TYPE_A
#define AAAA LDNS_RR_TYPE_AAAA
#define TLSA LDNS_RR_TYPE_TLSA
#define SRV LDNS_RR_TYPE_SRV
#define CNAME LDNS_RR_TYPE_CNAME
#define TXT LDNS_RR_TYPE_TXT
#define OK LDNS_RCODE_NOERROR
#define NX LDNS_RCODE_NXDOMAIN
#define FAIL LDNS_RCODE_SERVFAIL

static const struct stub_answer zone[] = {
	{ "two.test.", MX, OK, STUB_AD,
	  "two.test. 3600 IN MX 20 B.two.test.\ntwo.test. 600 IN MX 10 a.two.test.\n"
	  "two.test. 3600 IN MX 10 0.two.test.\ntwo.test. 3600 IN MX 30 a.two.test.\n"
	  "other.test. 5 IN MX 1 evil.test.",
	  NULL },
	{ "unsigned.test.", MX, OK, 0, "unsigned.test. 3600 IN MX 0 mx.unsigned.test.", NULL },
	{ "implicit.test.", MX, OK, STUB_AD, NULL, SOA },
	{ "gone.test.", MX, NX, STUB_AD, NULL, SOA },
	{ "null.test.", MX, OK, STUB_AD, "null.test. 3600 IN MX 0 .", NULL },
	{ "halfnull.test.", MX, OK, 0,
	  "halfnull.test. 3600 IN MX 0 .\nhalfnull.test. 3600 IN MX 9 mx.test.", NULL },
	{ "odd.test.", MX, OK, 0,
	  "odd.test. 3600 IN MX 1 192.0.2.1.\nodd.test. 3600 IN MX 2 a\\032b.test.\n"
	  "odd.test. 3600 IN MX 3 -x.test.\nodd.test. 3600 IN MX 4 mx.test.\n"
	  "odd.test. 3600 IN MX 5 *.w.test.\nodd.test. 3600 IN MX 6 2001:DB8::1.",
	  NULL },
	{ "address.test.", MX, OK, 0, "address.test. 3600 IN MX 1 192.0.2.1.", NULL },
	{ "useless.test.", MX, OK, 0, "useless.test. 3600 IN MX 1 *.w.test.", NULL },
	{ "_smtp._tcp.srv.test.", SRV, OK, STUB_AD,
	  "_smtp._tcp.srv.test. 60 IN SRV 20 0 25 b.test.\n"
	  "_smtp._tcp.srv.test. 60 IN SRV 10 5 25 a.test.",
	  NULL },
	{ "_smtp._tcp.port.test.", SRV, OK, STUB_AD,
	  "_smtp._tcp.port.test. 60 IN SRV 20 0 25 b.test.\n"
	  "_smtp._tcp.port.test. 60 IN SRV 10 5 2525 a.test.",
	  NULL },
	{ "_smtp._tcp.none.test.", SRV, OK, 0, "_smtp._tcp.none.test. 60 IN SRV 0 0 0 .", NULL },
	{ "_smtp._tcp.lost.test.", SRV, FAIL, 0, NULL, NULL },
	{ "_smtp._tcp.two.test.", SRV, NX, STUB_AD, NULL, SOA },
	{ "alias.test.", MX, OK, STUB_AD,
	  "alias.test. 300 IN CNAME two.test.\ntwo.test. 3600 IN MX 10 a.two.test.", NULL },
	{ "loop.test.", MX, OK, STUB_AD,
	  "loop.test. 300 IN CNAME pool.test.\npool.test. 300 IN CNAME loop.test.", NULL },
	{ "broken.test.", MX, FAIL, 0, NULL, NULL },
	{ "refused.test.", MX, LDNS_RCODE_REFUSED, 0, NULL, NULL },
	{ "referral.test.", MX, OK, STUB_NO_RA, NULL, "test. 60 IN NS ns.test." },
	{ "garbage.test.", MX, OK, STUB_GARBAGE, "garbage.test. 60 IN MX 1 mx.test.", NULL },
	{ "liar.test.", MX, NX, 0, "liar.test. 60 IN MX 1 mx.test.", NULL },
	{ "forged.test.", MX, OK, 0, "forged.test. 3600 IN MX 1 honest.test.", NULL },
	{ "strange.test.", MX, OK, STUB_OTHER_NAME, "strange.test. 60 IN MX 1 mx.test.", NULL },
	{ "big.test.", MX, OK, STUB_AD | STUB_TRUNCATED, "big.test. 3600 IN MX 1 mx.test.", NULL },
	{ "silent.test.", MX, OK, STUB_SILENT, NULL, NULL },
	{ "late.test.", MX, OK, STUB_LATE, "late.test. 3600 IN MX 1 mx.test.", NULL },

	{ "both.test.", A, OK, STUB_AD,
	  "both.test. 3600 IN A 192.0.2.1\nboth.test. 3600 IN A 192.0.2.2", NULL },
	{ "both.test.", AAAA, OK, STUB_AD, "both.test. 1800 IN AAAA 2001:db8::1", NULL },
	{ "four.test.", A, OK, STUB_AD, "four.test. 3600 IN A 192.0.2.1", NULL },
	{ "four.test.", AAAA, OK, STUB_AD, NULL, SOA },
	{ "sixfails.test.", A, OK, STUB_AD, "sixfails.test. 3600 IN A 192.0.2.1", NULL },
	{ "sixfails.test.", AAAA, FAIL, 0, NULL, NULL },
	{ "fourfails.test.", A, FAIL, 0, NULL, NULL },
	{ "fourfails.test.", AAAA, OK, 0, "fourfails.test. 3600 IN AAAA 2001:db8::1", NULL },
	{ "nothing.test.", A, OK, STUB_AD, NULL, SOA },
	{ "nothing.test.", AAAA, OK, STUB_AD, NULL, SOA },
	{ "neither.test.", A, OK, STUB_AD, NULL, SOA },
	{ "neither.test.", AAAA, FAIL, 0, NULL, NULL },
	{ "chain.test.", A, OK, STUB_AD,
	  "chain.test. 60 IN CNAME Mid.test.\nmid.test. 70 IN CNAME end.test.\n"
	  "end.test. 3600 IN A 192.0.2.9\nchain.test. 60 IN A 192.0.2.66",
	  NULL },
	{ "chain.test.", AAAA, OK, STUB_AD,
	  "chain.test. 60 IN CNAME mid.test.\nmid.test. 70 IN CNAME end.test.", SOA },
	{ "outward.test.", A, OK, 0,
	  "outward.test. 60 IN CNAME mx.elsewhere.\nmx.elsewhere. 3600 IN A 192.0.2.9", NULL },
	{ "outward.test.", AAAA, OK, 0, "outward.test. 60 IN CNAME mx.elsewhere.", NULL },
	{ "outward.test.", CNAME, OK, STUB_AD, "outward.test. 60 IN CNAME mx.elsewhere.", NULL },
	{ "weird.test.", A, OK, 0, "weird.test. 60 IN CNAME a\\032b.test.\n", NULL },
	{ "weird.test.", AAAA, OK, 0, "weird.test. 60 IN CNAME a\\032b.test.\n", NULL },

	{ "_25._tcp.both.test.", TLSA, OK, STUB_AD,
	  "_25._tcp.both.test. 1200 IN TLSA 3 1 1 " DIGEST "\n"
	  "_25._tcp.both.test. 1200 IN TLSA 1 1 1 " DIGEST "\n"
	  "_25._tcp.both.test. 1200 IN TLSA 3 1 2 " DIGEST "\n"
	  "_25._tcp.both.test. 1200 IN TLSA 2 0 2 " DIGEST DIGEST,
	  NULL },
	{ "_587._tcp.both.test.", TLSA, OK, STUB_AD,
	  "_587._tcp.both.test. 1200 IN TLSA 0 0 1 " DIGEST, NULL },
	{ "_26._tcp.both.test.", TLSA, FAIL, 0, NULL, NULL },
	{ "_27._tcp.both.test.", TLSA, OK, 0, "_27._tcp.both.test. 1200 IN TLSA 3 1 1 " DIGEST,
	  NULL },
	{ "_28._tcp.both.test.", TLSA, OK, STUB_AD, NULL, SOA },
	{ "_29._tcp.both.test.", TLSA, OK, STUB_AD,
	  "_29._tcp.both.test. 100 IN CNAME tlsa.test.\n"
	  "tlsa.test. 1200 IN TLSA 3 1 1 " DIGEST,
	  NULL },
	{ "_25._tcp.end.test.", TLSA, OK, STUB_AD, "_25._tcp.end.test. 1200 IN TLSA 3 1 1 " DIGEST,
	  NULL },
	{ "_25._tcp.chain.test.", TLSA, OK, STUB_AD,
	  "_25._tcp.chain.test. 1200 IN TLSA 3 1 1 " DIGEST, NULL },
	{ "_26._tcp.end.test.", TLSA, NX, STUB_AD, NULL, SOA },
	{ "_26._tcp.chain.test.", TLSA, OK, STUB_AD,
	  "_26._tcp.chain.test. 1200 IN TLSA 3 1 1 " DIGEST, NULL },
	{ "_27._tcp.end.test.", TLSA, FAIL, 0, NULL, NULL },
	{ "_27._tcp.chain.test.", TLSA, OK, STUB_AD,
	  "_27._tcp.chain.test. 1200 IN TLSA 3 1 1 " DIGEST, NULL },
	{ "_25._tcp.outward.test.", TLSA, OK, STUB_AD,
	  "_25._tcp.outward.test. 1200 IN TLSA 3 1 1 " DIGEST, NULL },

	{ "txt.test.", TXT, OK, 0,
	  "txt.test. 60 IN TXT \"v=STSv1; \" \"id=1;\"\ntxt.test. 60 IN TXT \"a\\000b\"\n"
	  "txt.test. 60 IN TXT \"\"",
	  NULL },
	{ "notxt.test.", TXT, OK, STUB_AD, NULL, SOA },
	{ "txtfails.test.", TXT, FAIL, 0, NULL, NULL },
};

static struct stub stub;
static struct settings settings;
static struct resolver *resolver;

static void set_servers(const char *first, const char *second)
{
	char error[RESOLVER_ERROR_SIZE];

	settings_init(&settings);
	settings.resolver.count = second != NULL ? 2 : 1;
	settings.resolver.items = mem_zero(2, sizeof(char *));
	settings.resolver.items[0] = mem_strdup(first);
	if (second != NULL)
		settings.resolver.items[1] = mem_strdup(second);
	resolver = resolver_new(&settings, error);
	ck_assert_ptr_nonnull(resolver);
}

static void set_up(void)
{
	stub_start(&stub, zone, ARRAY_LEN(zone), "127.0.0.1", 0);
	set_servers(stub.address, NULL);
}

static void tear_down(void)
{
	resolver_free(resolver);
	settings_free(&settings);
	stub_stop(&stub);
	ck_assert(!atomic_load(&stub.bad_question));
}

START_TEST(finds_mail_exchangers)
{
	static const struct {
		const char *domain;
		enum mx_state state;
		bool secure;
		int64_t ttl;
		const char *refs;
		bool truncated;
	} cases[] = {
		{ "two.test", MX_FOUND, true, 600, "10 0.two.test, 10 a.two.test, 20 b.two.test, ",
		  false },
		{ "unsigned.test", MX_FOUND, false, 3600, "0 mx.unsigned.test, ", false },
		{ "implicit.test", MX_IMPLICIT, true, 700, "0 implicit.test, ", false },
		{ "gone.test", MX_NXDOMAIN, true, 700, "", false },
		{ "nowhere.test", MX_NXDOMAIN, false, 0, "", false },
		{ "null.test", MX_NULL, true, 3600, "", false },
		{ "halfnull.test", MX_FOUND, false, 3600, "9 mx.test, ", false },
		/* none is dropped in silence: Postfix connects to addresses */
		{ "odd.test", MX_FOUND, false, 3600, "1 192.0.2.1, 4 mx.test, 6 2001:db8::1, ",
		  true },
		{ "address.test", MX_FOUND, false, 3600, "1 192.0.2.1, ", false },
		{ "useless.test", MX_FOUND, false, 3600, "", true },
		{ "alias.test", MX_FOUND, true, 300, "10 a.two.test, ", false },
		{ "forged.test", MX_FOUND, false, 3600, "1 honest.test, ", false },
		{ "big.test", MX_FOUND, true, 3600, "1 mx.test, ", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mx_answer answer;
		struct buf refs = { 0 };

		ck_assert_msg(resolver_mx(resolver, cases[i].domain, &answer), "%s: %s",
			      cases[i].domain, resolver_trouble(resolver));
		for (size_t r = 0; r < answer.facts.count; r++)
			buf_printf(&refs, "%u %s, ", (unsigned)answer.facts.refs[r].preference,
				   answer.facts.refs[r].host);
		ck_assert_msg(answer.facts.state == cases[i].state, "%s", cases[i].domain);
		ck_assert_msg(answer.facts.secure == cases[i].secure, "%s", cases[i].domain);
		ck_assert_msg(answer.ttl == cases[i].ttl, "%s: %ld", cases[i].domain,
			      (long)answer.ttl);
		ck_assert_str_eq(buf_cstr(&refs), cases[i].refs);
		ck_assert(answer.facts.truncated == cases[i].truncated);
		buf_free(&refs);
	}
	ck_assert_uint_eq(atomic_load(&stub.by_tcp), 1);
}
END_TEST

/* An answer that cannot be had is not an answer that says no. */
START_TEST(says_when_it_cannot_tell)
{
	static const struct {
		const char *domain;
		const char *trouble;
	} cases[] = {
		{ "broken.test", "SERVFAIL for MX broken.test" }, { "refused.test", "REFUSED" },
		{ "referral.test", "does not recurse" },          { "garbage.test", "malformed" },
		{ "liar.test", "a denial with records" },         { "loop.test", "endless chain" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mx_answer answer;

		ck_assert_msg(!resolver_mx(resolver, cases[i].domain, &answer), "%s",
			      cases[i].domain);
		ck_assert_int_eq(answer.facts.state, MX_UNKNOWN);
		ck_assert_msg(strstr(resolver_trouble(resolver), cases[i].trouble) != NULL,
			      "%s: %s", cases[i].domain, resolver_trouble(resolver));
	}
}
END_TEST

START_TEST(gives_up_on_silence)
{
	struct mx_answer answer;

	ck_assert(!resolver_mx(resolver, "silent.test", &answer));
	ck_assert_uint_eq(atomic_load(&stub.questions), 3);
	ck_assert_ptr_nonnull(strstr(resolver_trouble(resolver), "no answer for MX silent.test"));
}
END_TEST

START_TEST(passes_over_what_it_did_not_ask)
{
	struct mx_answer answer;

	ck_assert(!resolver_mx(resolver, "strange.test", &answer));
	ck_assert_ptr_nonnull(strstr(resolver_trouble(resolver), "no answer"));
}
END_TEST

START_TEST(asks_again)
{
	struct mx_answer answer;

	ck_assert(resolver_mx(resolver, "late.test", &answer));
	ck_assert_uint_eq(atomic_load(&stub.questions), 2);
}
END_TEST

/* 240 exchangers, in an answer that is too long for UDP. */
static void find_many_exchangers(unsigned flags, struct mx_answer *answer)
{
	static char records[16384];
	struct stub_answer many = { "many.test.", MX, OK, STUB_TRUNCATED | flags, records, NULL };
	size_t at = 0;

	stub_stop(&stub);
	for (int i = 240; i > 0; i--)
		at += (size_t)snprintf(records + at, sizeof(records) - at,
				       "many.test. 60 IN MX %d mx%d.test.\n", i, i);
	ck_assert_uint_lt(at, sizeof(records));
	stub_start(&stub, &many, 1, "127.0.0.1", stub.port);
	ck_assert(resolver_mx(resolver, "many.test", answer));
	ck_assert(answer->facts.truncated);
	ck_assert_uint_eq(answer->facts.count, MX_MAX);
}

START_TEST(keeps_the_most_preferred_of_many)
{
	struct mx_answer answer;

	find_many_exchangers(0, &answer);
	ck_assert_str_eq(answer.facts.refs[0].host, "mx1.test");
	ck_assert_uint_eq(answer.facts.refs[MX_MAX - 1].preference, MX_MAX);
}
END_TEST

/* Longer than 6 s: found from outside, where mail then waited for ever. */
START_TEST(waits_for_a_slow_look_up_of_many)
{
	struct mx_answer answer;

	find_many_exchangers(STUB_AD | STUB_SLOW, &answer);
	ck_assert(answer.facts.secure);
}
END_TEST

START_TEST(finds_addresses)
{
	static const struct {
		const char *host;
		enum lookup status;
		bool secure, alias;
		const char *expanded;
		int64_t ttl;
		const char *addresses;
	} cases[] = {
		{ "both.test", LOOKUP_FOUND, true, false, "both.test", 1800,
		  "2001:db8::1 192.0.2.1 192.0.2.2 " },
		{ "four.test", LOOKUP_FOUND, true, false, "four.test", 700, "192.0.2.1 " },
		{ "sixfails.test", LOOKUP_FOUND, true, false, "sixfails.test", 0, "192.0.2.1 " },
		{ "fourfails.test", LOOKUP_FOUND, false, false, "fourfails.test", 0,
		  "2001:db8::1 " },
		{ "nothing.test", LOOKUP_ABSENT, false, false, "", 700, "" },
		{ "nowhere.test", LOOKUP_ABSENT, false, false, "", 0, "" },
		{ "neither.test", LOOKUP_ERROR, false, false, "", 0, "" },
		{ "chain.test", LOOKUP_FOUND, true, true, "end.test", 60, "192.0.2.9 " },
		{ "outward.test", LOOKUP_FOUND, false, true, "mx.elsewhere", 0, "192.0.2.9 " },
		{ "weird.test", LOOKUP_ERROR, false, false, "", 0, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address_answer answer;
		struct buf shown = { 0 };
		char text[IPADDR_SIZE];
		enum lookup status = resolver_addresses(resolver, cases[i].host, &answer);

		for (size_t a = 0; a < answer.count; a++)
			buf_printf(&shown, "%s ", ipaddr_format(text, &answer.address[a]));
		ck_assert_msg(status == cases[i].status, "%s", cases[i].host);
		ck_assert_msg(answer.secure == cases[i].secure, "%s", cases[i].host);
		ck_assert_msg(answer.alias == cases[i].alias, "%s", cases[i].host);
		ck_assert_str_eq(answer.expanded, cases[i].expanded);
		if (status != LOOKUP_ERROR && cases[i].ttl != 0)
			ck_assert_int_eq(answer.ttl, cases[i].ttl);
		ck_assert_str_eq(buf_cstr(&shown), cases[i].addresses);
		buf_free(&shown);
	}
}
END_TEST

/* RFC 7672 2.1.3, 2.2.2 and 3.1.3, and what Postfix makes of them. */
START_TEST(finds_tlsa_records)
{
	static const struct {
		const char *host;
		uint16_t port;
		enum lookup status;
		size_t usable, unusable;
		const char *base;
	} cases[] = {
		{ "both.test", 25, LOOKUP_FOUND, 2, 2, "both.test" },
		{ "both.test", 587, LOOKUP_FOUND, 0, 1, "both.test" },
		{ "both.test", 26, LOOKUP_ERROR, 0, 0, "" },
		{ "both.test", 27, LOOKUP_ABSENT, 0, 0, "" }, /* insecure */
		{ "both.test", 28, LOOKUP_ABSENT, 0, 0, "" },
		{ "both.test", 29, LOOKUP_FOUND, 1, 0, "both.test" }, /* by CNAME */
		{ "both.test", 30, LOOKUP_ABSENT, 0, 0, "" },         /* insecure denial */
		/* an alias: where it ends first, then itself, unless nobody can tell */
		{ "chain.test", 25, LOOKUP_FOUND, 1, 0, "end.test" },
		{ "chain.test", 26, LOOKUP_FOUND, 1, 0, "chain.test" },
		{ "chain.test", 27, LOOKUP_ERROR, 0, 0, "" },
		/* a secure alias of an insecure host */
		{ "outward.test", 25, LOOKUP_FOUND, 1, 0, "outward.test" },
		/* a host whose address is not secure is not even asked about */
		{ "fourfails.test", 25, LOOKUP_ABSENT, 0, 0, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address_answer addresses;
		struct tlsa_answer answer;
		enum lookup status;

		ck_assert_int_eq(resolver_addresses(resolver, cases[i].host, &addresses),
				 LOOKUP_FOUND);
		status = resolver_tlsa(resolver, cases[i].host, cases[i].port, &addresses, &answer);
		ck_assert_msg(status == cases[i].status, "%s:%u", cases[i].host, cases[i].port);
		ck_assert_uint_eq(answer.set.count, cases[i].usable);
		ck_assert_uint_eq(answer.set.unusable, cases[i].unusable);
		ck_assert_str_eq(answer.base, cases[i].base);
		tlsa_set_free(&answer.set);
	}
}
END_TEST

START_TEST(an_alias_that_vanishes_is_no_denial)
{
	const struct address_answer addresses = { .alias = true, .expanded = "mx.elsewhere" };
	struct tlsa_answer answer;

	ck_assert_int_eq(resolver_tlsa(resolver, "four.test", 25, &addresses, &answer),
			 LOOKUP_ERROR);
}
END_TEST

START_TEST(puts_txt_strings_together)
{
	struct txt_answer answer;

	ck_assert_int_eq(resolver_txt(resolver, "txt.test", &answer), LOOKUP_FOUND);
	ck_assert_uint_eq(answer.count, 3);
	ck_assert_int_eq(answer.ttl, 60);
	ck_assert_str_eq(buf_cstr(&answer.text[0]), "v=STSv1; id=1;");
	ck_assert_uint_eq(answer.text[1].len, 3);
	ck_assert_mem_eq(answer.text[1].data, "a\0b", 3);
	ck_assert_uint_eq(answer.text[2].len, 0);
	txt_answer_free(&answer);
	ck_assert_int_eq(resolver_txt(resolver, "notxt.test", &answer), LOOKUP_ABSENT);
	ck_assert_int_eq(answer.ttl, 700);
	txt_answer_free(&answer);
	ck_assert_int_eq(resolver_txt(resolver, "txtfails.test", &answer), LOOKUP_ERROR);
	txt_answer_free(&answer);
}
END_TEST

/* A second server: asked when the first says nothing, not when it says "bogus". */
START_TEST(does_not_shop_around_for_answers)
{
	static const struct stub_answer second[] = {
		{ "silent.test.", MX, OK, 0, "silent.test. 3600 IN MX 1 mx.test.", NULL },
		{ "broken.test.", MX, OK, 0, "broken.test. 3600 IN MX 1 evil.test.", NULL },
		{ "refused.test.", MX, OK, 0, "refused.test. 3600 IN MX 1 mx.test.", NULL },
	};
	struct stub other;
	struct mx_answer answer;

	stub_start(&other, second, ARRAY_LEN(second), "127.0.0.2", 0);
	resolver_free(resolver);
	settings_free(&settings);
	set_servers(stub.address, other.address);
	ck_assert(!resolver_mx(resolver, "broken.test", &answer));
	ck_assert_uint_eq(atomic_load(&other.questions), 0);
	ck_assert(resolver_mx(resolver, "refused.test", &answer));
	ck_assert_uint_eq(atomic_load(&other.questions), 1);
	ck_assert(resolver_mx(resolver, "silent.test", &answer));
	ck_assert_str_eq(answer.facts.refs[0].host, "mx.test");
	stub_stop(&other);
}
END_TEST

/*
 * To ask a server whose AD is not believed, because one that is believed says nothing
 * just now, would turn "cannot tell" into "insecure". (0.0.0.0 is this host, too, and
 * not an address on loopback.)
 */
START_TEST(asks_no_stranger_while_there_is_a_friend)
{
	static const struct stub_answer second[] = {
		{ "silent.test.", MX, OK, STUB_AD, "silent.test. 3600 IN MX 1 mx.test.", NULL },
	};
	struct stub other;
	struct mx_answer answer;
	char stranger[64];

	stub_start(&other, second, ARRAY_LEN(second), "127.0.0.1", 0);
	snprintf(stranger, sizeof(stranger), "0.0.0.0:%u", (unsigned)other.port);
	resolver_free(resolver);
	settings_free(&settings);
	set_servers(stub.address, stranger);
	ck_assert(!resolver_mx(resolver, "silent.test", &answer));
	ck_assert_uint_eq(atomic_load(&other.questions), 0);
	resolver_free(resolver);
	settings_free(&settings);
	set_servers(stranger, NULL);
	/* And alone, it cannot say that something is unsigned. */
	ck_assert(!resolver_mx(resolver, "silent.test", &answer));
	ck_assert_ptr_nonnull(strstr(resolver_trouble(resolver), "resolver_trust_ad"));
	resolver_free(resolver);
	settings_free(&settings);
	set_servers(stranger, stub.address);
	ck_assert(resolver_mx(resolver, "two.test", &answer));
	ck_assert(answer.facts.secure);
	stub_stop(&other);
}
END_TEST

/*
 * A resolver that does not validate says nothing of DNSSEC, whatever it answers: "unsigned"
 * and "no such records" would erase what is known of who has DANE.
 */
START_TEST(believes_unsigned_only_from_who_validates)
{
	static const struct stub_answer iterator[] = {
		{ "org.", MX, OK, 0, NULL, SOA }, /* the canary, not proven */
		{ "dane.test.", MX, OK, 0, "dane.test. 60 IN MX 1 both.test.", NULL },
		{ "both.test.", A, OK, 0, "both.test. 60 IN A 192.0.2.1", NULL },
		{ "both.test.", AAAA, OK, 0, NULL, SOA },
		{ "empty.test.", A, OK, 0, NULL, SOA },
		{ "empty.test.", AAAA, OK, 0, NULL, SOA },
		{ "txt.test.", TXT, OK, 0, "txt.test. 60 IN TXT \"v=STSv1; id=1;\"", NULL },
		{ "signed.test.", MX, OK, STUB_AD, "signed.test. 60 IN MX 1 both.test.", NULL },
	};
	struct address_answer addresses = { .secure = true, .expanded = "both.test" };
	struct tlsa_answer tlsa;
	struct txt_answer txt;
	struct mx_answer answer;

	ck_assert_int_eq(resolver_check(resolver), LOOKUP_FOUND);
	stub_stop(&stub);
	stub_start(&stub, iterator, ARRAY_LEN(iterator), "127.0.0.1", stub.port);
	ck_assert_int_eq(resolver_check(resolver), LOOKUP_ABSENT);
	ck_assert(!resolver_mx(resolver, "dane.test", &answer));
	ck_assert_ptr_nonnull(strstr(resolver_trouble(resolver), "does not validate DNSSEC"));
	ck_assert(!resolver_mx(resolver, "nowhere.test", &answer));
	ck_assert_int_eq(resolver_tlsa(resolver, "both.test", 25, &addresses, &tlsa), LOOKUP_ERROR);
	ck_assert_int_eq(resolver_addresses(resolver, "both.test", &addresses), LOOKUP_ERROR);
	ck_assert_int_eq(resolver_addresses(resolver, "empty.test", &addresses), LOOKUP_ERROR);
	/* What is proven is proven, and what needs no proof is as it was. */
	ck_assert(resolver_mx(resolver, "signed.test", &answer));
	ck_assert_int_eq(resolver_txt(resolver, "txt.test", &txt), LOOKUP_FOUND);
	txt_answer_free(&txt);
}
END_TEST

/* Unbound says SERVFAIL at first where a name above the one asked for does not exist. */
START_TEST(asks_once_more_after_servfail)
{
	static const struct stub_answer hesitant[] = {
		{ "late.test.", MX, OK, STUB_FAILS_ONCE, "late.test. 60 IN MX 1 mx.test.", NULL },
		{ "broken.test.", MX, FAIL, 0, NULL, NULL },
	};
	struct mx_answer answer;

	stub_stop(&stub);
	stub_start(&stub, hesitant, ARRAY_LEN(hesitant), "127.0.0.1", stub.port);
	ck_assert(resolver_mx(resolver, "late.test", &answer));
	ck_assert_uint_eq(atomic_load(&stub.questions), 2);
	ck_assert(!resolver_mx(resolver, "broken.test", &answer));
	ck_assert_uint_eq(atomic_load(&stub.questions), 4);
}
END_TEST

START_TEST(finds_hosts_by_srv_records)
{
	static const struct {
		const char *domain;
		enum lookup status;
		enum mx_state state;
		bool secure;
		const char *refs;
	} cases[] = {
		{ "srv.test", LOOKUP_FOUND, MX_FOUND, true, "10 a.test, 20 b.test, " },
		{ "none.test", LOOKUP_FOUND, MX_NULL, false, "" },
		{ "two.test", LOOKUP_ABSENT, MX_UNKNOWN, true, "" },
		{ "port.test", LOOKUP_ERROR, MX_FOUND, true, "10 a.test, 20 b.test, " },
		{ "lost.test", LOOKUP_ERROR, MX_UNKNOWN, false, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mx_answer answer;
		struct buf refs = { 0 };

		ck_assert_msg(resolver_srv(resolver, cases[i].domain, "smtp", 25, &answer) ==
				      cases[i].status,
			      "%s", cases[i].domain);
		for (size_t r = 0; r < answer.facts.count; r++)
			buf_printf(&refs, "%u %s, ", (unsigned)answer.facts.refs[r].preference,
				   answer.facts.refs[r].host);
		ck_assert_int_eq(answer.facts.state, cases[i].state);
		ck_assert(answer.facts.secure == cases[i].secure);
		ck_assert_str_eq(buf_cstr(&refs), cases[i].refs);
		buf_free(&refs);
	}
}
END_TEST

/* Postfix looks for addresses of the families in inet_protocols only. */
START_TEST(asks_for_the_families_of_postfix)
{
	struct address_answer answer;

	settings.inet_protocols = INET_IPV4;
	resolver_free(resolver);
	resolver = resolver_new(&settings, (char[RESOLVER_ERROR_SIZE]){ "" });
	ck_assert_int_eq(resolver_addresses(resolver, "both.test", &answer), LOOKUP_FOUND);
	ck_assert_uint_eq(answer.count, 2);
	ck_assert_uint_eq(answer.address[0].len, 4);
	ck_assert_uint_eq(atomic_load(&stub.questions), 1);
	ck_assert_int_eq(resolver_addresses(resolver, "fourfails.test", &answer), LOOKUP_ERROR);
}
END_TEST

/*
 * A host below a signed DNAME into an unsigned zone: Unbound answers a question for its
 * CNAME with SERVFAIL for ever, and there is nothing to learn from it.
 */
START_TEST(follows_a_dname_out_of_a_signed_zone)
{
	static const struct stub_answer redirected[] = {
		{ "mx.moved.test.", A, OK, 0,
		  "moved.test. 60 IN DNAME unsigned.test.\n"
		  "mx.moved.test. 60 IN CNAME mx.unsigned.test.\nmx.unsigned.test. 60 IN A "
		  "192.0.2.1",
		  NULL },
		{ "mx.moved.test.", AAAA, OK, 0,
		  "moved.test. 60 IN DNAME unsigned.test.\n"
		  "mx.moved.test. 60 IN CNAME mx.unsigned.test.",
		  SOA },
		{ "mx.moved.test.", CNAME, FAIL, 0, NULL, NULL },
		{ "_25._tcp.mx.moved.test.", TLSA, OK, 0,
		  "moved.test. 60 IN DNAME unsigned.test.\n"
		  "_25._tcp.mx.moved.test. 60 IN CNAME _25._tcp.mx.unsigned.test.",
		  SOA },
	};
	struct address_answer addresses;
	struct tlsa_answer tlsa;

	stub_stop(&stub);
	stub_start(&stub, redirected, ARRAY_LEN(redirected), "127.0.0.1", stub.port);
	ck_assert_int_eq(resolver_addresses(resolver, "mx.moved.test", &addresses), LOOKUP_FOUND);
	ck_assert(addresses.alias && addresses.redirected && !addresses.secure);
	ck_assert_int_eq(resolver_tlsa(resolver, "mx.moved.test", 25, &addresses, &tlsa),
			 LOOKUP_ABSENT);
	tlsa_set_free(&tlsa.set);
}
END_TEST

/* Of more than 16 records the one that counts may be any. */
START_TEST(reads_all_txt_records)
{
	static char records[4096];
	struct stub_answer many = { "many.test.", TXT, OK, STUB_TRUNCATED, records, NULL };
	struct txt_answer answer;
	size_t at = 0;

	stub_stop(&stub);
	for (int i = 0; i < 40; i++)
		at += (size_t)snprintf(records + at, sizeof(records) - at,
				       "many.test. 60 IN TXT \"%d\"\n", i);
	stub_start(&stub, &many, 1, "127.0.0.1", stub.port);
	ck_assert_int_eq(resolver_txt(resolver, "many.test", &answer), LOOKUP_FOUND);
	ck_assert_uint_eq(answer.count, 40);
	ck_assert_str_eq(buf_cstr(&answer.text[39]), "39");
	txt_answer_free(&answer);
}
END_TEST

START_TEST(goes_on_at_once_when_nobody_listens)
{
	struct mx_answer answer;
	char nobody[64];

	/* A port that was just free on another address. */
	snprintf(nobody, sizeof(nobody), "127.0.0.3:%u", (unsigned)stub.port);
	resolver_free(resolver);
	settings_free(&settings);
	set_servers(nobody, stub.address);
	ck_assert(resolver_mx(resolver, "unsigned.test", &answer));
	resolver_free(resolver);
	settings_free(&settings);
	set_servers(nobody, NULL);
	ck_assert(!resolver_mx(resolver, "unsigned.test", &answer));
	ck_assert_ptr_nonnull(strstr(resolver_trouble(resolver), "no connection"));
}
END_TEST

START_TEST(refuses_settings_that_are_no_servers)
{
	static const char *const cases[] = {
		"",     "localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
		"[::1", "[::1]53",   "127.0.0.1.", "256.0.0.1"
	};
	char error[RESOLVER_ERROR_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings bad;

		settings_init(&bad);
		bad.resolver.count = 1;
		bad.resolver.items = mem_zero(1, sizeof(char *));
		bad.resolver.items[0] = mem_strdup(cases[i]);
		ck_assert_msg(resolver_new(&bad, error) == NULL, "\"%s\"", cases[i]);
		ck_assert_ptr_nonnull(strstr(error, "resolver: "));
		settings_free(&bad);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolver");
	TCase *tcase = tcase_create("look-ups");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, finds_mail_exchangers);
	tcase_add_test(tcase, says_when_it_cannot_tell);
	tcase_add_test(tcase, gives_up_on_silence);
	tcase_add_test(tcase, passes_over_what_it_did_not_ask);
	tcase_add_test(tcase, asks_again);
	tcase_add_test(tcase, keeps_the_most_preferred_of_many);
	tcase_add_test(tcase, waits_for_a_slow_look_up_of_many);
	tcase_add_test(tcase, finds_addresses);
	tcase_add_test(tcase, finds_tlsa_records);
	tcase_add_test(tcase, an_alias_that_vanishes_is_no_denial);
	tcase_add_test(tcase, puts_txt_strings_together);
	tcase_add_test(tcase, does_not_shop_around_for_answers);
	tcase_add_test(tcase, asks_no_stranger_while_there_is_a_friend);
	tcase_add_test(tcase, believes_unsigned_only_from_who_validates);
	tcase_add_test(tcase, asks_once_more_after_servfail);
	tcase_add_test(tcase, finds_hosts_by_srv_records);
	tcase_add_test(tcase, asks_for_the_families_of_postfix);
	tcase_add_test(tcase, follows_a_dname_out_of_a_signed_zone);
	tcase_add_test(tcase, reads_all_txt_records);
	tcase_add_test(tcase, goes_on_at_once_when_nobody_listens);
	tcase_add_test(tcase, refuses_settings_that_are_no_servers);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
