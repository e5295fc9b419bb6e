/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/secure.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define TLS_1_0 0x0301
#define TLS_1_1 0x0302
#define TLS_1_2 0x0303
#define TLS_1_3 0x0304

static char ascii_domain[] = "secure.example.com";
static char idn_domain[] = "xn--bcher-kva.example";
static char *secure_domains[] = { ascii_domain, idn_domain };
static char plus[] = "+", minus_or_plus[] = "-+", nothing[] = "";
static struct ipnet networks[2];
static struct settings settings;

static void setup(void)
{
	ck_assert(ipnet_parse(&networks[0], "127.0.0.0/8"));
	ck_assert(ipnet_parse(&networks[1], "2001:db8::/32"));
	memset(&settings, 0, sizeof(settings));
	settings.secure_domains = (struct string_list){ ARRAY_LEN(secure_domains), secure_domains };
	settings.secure_aliases = SECURE_ALIASES_ANY;
	settings.secure_min_tls = TLS_1_2;
	settings.recipient_delimiter = plus;
	settings.local_networks = networks;
	settings.local_networks_count = ARRAY_LEN(networks);
}

static const char *const kinds[] = { "ordinary", "alias", "unsure" };

struct kind_case {
	const char *argument;
	const char *rewritten;
	enum secure_kind kind;
};

static void check_kind(enum secure_role role, const struct kind_case *want)
{
	const char *rewritten = want->rewritten;
	struct secure_address address;

	secure_classify(&address, &settings, role, want->argument, rewritten);
	ck_assert_msg(address.kind == want->kind, "%s, made %s: %s, not %s", want->argument,
		      rewritten != NULL ? rewritten : "(hidden)", kinds[address.kind],
		      kinds[want->kind]);
}

#define NONE NULL

START_TEST(classifies_recipients)
{
	static const struct kind_case cases[] = {
		/* plain */
		{ "<me@secure.example.com>", "me@secure.example.com", SECURE_ALIAS },
		{ "<me@example.com>", "me@example.com", SECURE_ORDINARY },
		/* the domain itself, nothing above, beside or below it */
		{ "<me@sub.secure.example.com>", "me@sub.secure.example.com", SECURE_ORDINARY },
		{ "<me@insecure.example.com>", "me@insecure.example.com", SECURE_ORDINARY },
		{ "<me@secure.example.community>", "me@secure.example.community", SECURE_ORDINARY },
		/* either view is enough to make it secure */
		{ "<me@secure.example.com>", NONE, SECURE_ALIAS },
		{ "<me@secure.example.com>", "", SECURE_ALIAS },
		{ "<me@secure.example.com>", "me@elsewhere.example", SECURE_ALIAS },
		{ "<me@elsewhere.example>", "me@secure.example.com", SECURE_ALIAS },
		{ "<me@secure.example.com>", "b@@d", SECURE_ALIAS },
		/* spellings */
		{ "<ME@SECURE.EXAMPLE.COM>", NONE, SECURE_ALIAS },
		{ "<me@secure.example.com.>", NONE, SECURE_ALIAS },
		{ "me@secure.example.com", NONE, SECURE_ALIAS },
		{ "<me+x@secure.example.com>", NONE, SECURE_ALIAS },
		{ "<\"me\"@secure.example.com>", NONE, SECURE_ALIAS },
		{ "<@a,@b:me@secure.example.com>", NONE, SECURE_ALIAS },
		{ "<me%example.net@secure.example.com>", "me@example.net", SECURE_ALIAS },
		{ "<example.net!me@secure.example.com>", "me@example.net", SECURE_ALIAS },
		{ "<example.net!me@secure.example.com>", NONE, SECURE_UNSURE },
		{ "<me%secure.example.com@secure.example.com>", NONE, SECURE_UNSURE },
		{ "<me@b\xc3\xbc"
		  "cher.example>",
		  NONE, SECURE_ALIAS },
		{ "<me@xn--bcher-kva.example>", NONE, SECURE_ALIAS },
		{ "<postmaster@secure.example.com>", NONE, SECURE_ALIAS },
		/* routes that Postfix follows, and then says so */
		{ "<me%secure.example.com@example.com>", "me@secure.example.com", SECURE_ALIAS },
		{ "<secure.example.com!me>", "me@secure.example.com", SECURE_ALIAS },
		{ "<\"me@secure.example.com\"@example.com>", "me@secure.example.com",
		  SECURE_ALIAS },
		{ "<me%secure.example.com@example.com>", "me%secure.example.com@example.com",
		  SECURE_ORDINARY },
		/* and when it does not say */
		{ "<me%secure.example.com@example.com>", NONE, SECURE_UNSURE },
		{ "<secure.example.com!me@example.com>", NONE, SECURE_UNSURE },
		{ "<\"me@secure.example.com\"@example.com>", NONE, SECURE_UNSURE },
		{ "<me+%secure.example.com@example.com>", NONE, SECURE_UNSURE },
		{ "<me%secure.example.com>", NONE, SECURE_UNSURE },
		/* not understood: what Postfix makes of it counts */
		{ "<me@secure(c).example.com>", "me@secure.example.com", SECURE_ALIAS },
		{ "<me@example.com(c)>", "me@example.com", SECURE_ORDINARY },
		{ "<me@example.com(c)>", NONE, SECURE_UNSURE },
		{ "<me@example.com(c)>", "", SECURE_UNSURE },
		{ "<me@example.com(c)>", "me@example.com(c)", SECURE_UNSURE },
		{ "<me@example.com@secure.example.com>", "me@example.com", SECURE_UNSURE },
		{ "<me@example.com@Secure.Example.Com.>", "me@example.com", SECURE_UNSURE },
		{ "<me@example.com@secure(c).\"example\".com>", "me@example.com", SECURE_UNSURE },
		{ "<me@example.com@example.net>", "me@example.com", SECURE_ORDINARY },
		{ "", NONE, SECURE_UNSURE },
		{ "<>", NONE, SECURE_ORDINARY },
		{ "<me@example.com>", "<>", SECURE_ORDINARY },
		/* no domain, or our own address */
		{ "<me>", "me@example.com", SECURE_ORDINARY },
		{ "<me>", "me@secure.example.com", SECURE_ALIAS },
		{ "<me>", "me", SECURE_UNSURE },
		{ "<me>", NONE, SECURE_UNSURE },
		{ "<me@[192.0.2.1]>", "me@[192.0.2.1]", SECURE_UNSURE },
		{ "<me@[192.0.2.1]>", NONE, SECURE_UNSURE },
		{ "<me@[192.0.2.1]>", "me@example.com", SECURE_ORDINARY },
		{ "<me@[secure.example.com]>", "me@[secure.example.com]", SECURE_UNSURE },
		/* postmaster is reachable, RFC 5321 4.5.1 */
		{ "<postmaster>", NONE, SECURE_ORDINARY },
		{ "<Postmaster>", "Postmaster", SECURE_ORDINARY },
		{ "<postmaster>", "postmaster@example.com", SECURE_ORDINARY },
		{ "<postmaster>", "postmaster@secure.example.com", SECURE_ALIAS },
		{ "<postmaster@[192.0.2.1]>", NONE, SECURE_ORDINARY },
		{ "<postmaster@[192.0.2.1]>", "postmaster@[192.0.2.1]", SECURE_ORDINARY },
		{ "<postmaster%secure.example.com>", NONE, SECURE_UNSURE },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_kind(SECURE_RECIPIENT, &cases[i]);
}
END_TEST

START_TEST(classifies_senders)
{
	static const struct kind_case cases[] = {
		{ "<me@secure.example.com>", "me@secure.example.com", SECURE_ALIAS },
		{ "<\"me\"@Secure.Example.Com.>", NONE, SECURE_ALIAS },
		{ "<me@secure(c).example.com>", "me@secure.example.com", SECURE_ALIAS },
		{ "<me>", "me@secure.example.com", SECURE_ALIAS },
		{ "<me+a%b@secure.example.com>", "\"me+a%b\"@secure.example.com", SECURE_ALIAS },
		/* by a route, which his mail's way out is not chosen by */
		{ "<me%secure.example.com@example.com>", "me@secure.example.com", SECURE_UNSURE },
		{ "<secure.example.com!me>", "me@secure.example.com", SECURE_UNSURE },
		{ "<me%secure.example.com@secure.example.com>", "me@secure.example.com",
		  SECURE_UNSURE },
		{ "<\"me@secure.example.com\"@example.com>", "me@secure.example.com",
		  SECURE_UNSURE },
		{ "<me@secure.example.com@example.com>", "me@secure.example.com", SECURE_UNSURE },
		{ "<me(c)%secure.example.com@example.com>", "me@secure.example.com",
		  SECURE_UNSURE },
		{ "<you@example.net>", "you@example.net", SECURE_ORDINARY },
		{ "<you@example.net>", NONE, SECURE_ORDINARY },
		/* nobody's */
		{ "<>", "", SECURE_ORDINARY },
		{ "<>", NONE, SECURE_ORDINARY },
		/* what would be doubtful in a recipient claims nothing in a sender */
		{ "<root>", "root@example.com", SECURE_ORDINARY },
		{ "<root>", "root", SECURE_ORDINARY },
		{ "<root>", NONE, SECURE_ORDINARY },
		{ "<root@[192.0.2.1]>", "root@[192.0.2.1]", SECURE_ORDINARY },
		{ "<root@192.0.2.1>", "root@192.0.2.1", SECURE_ORDINARY },
		{ "<you@-odd-.example>", "you@-odd-.example", SECURE_ORDINARY },
		{ "<you@exa(c)mple.net>", "you@example.net", SECURE_ORDINARY },
		/* but for a secure domain written in it, or nobody's view to go by */
		{ "<me@secure.example.com@example.net>", "x@example.net", SECURE_UNSURE },
		{ "<me@sec ure.example.com@example.net>", "x@example.net", SECURE_UNSURE },
		{ "<you@-odd-.example>", "you@-odd-.secure.example.com.x y", SECURE_UNSURE },
		{ "<you@-odd-.example>", NONE, SECURE_UNSURE },
		{ "<me%secure.example.com@example.net>", NONE, SECURE_UNSURE },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_kind(SECURE_SENDER, &cases[i]);
}
END_TEST

START_TEST(says_which_alias)
{
	struct secure_address address;

	secure_classify(&address, &settings, SECURE_RECIPIENT,
			"<@a:\"Me+list\"@Secure.Example.Com.>", NULL);
	ck_assert_str_eq(address.alias.local, "me");
	ck_assert_str_eq(address.alias.extension, "list");
	ck_assert_str_eq(address.alias.domain, "secure.example.com");
	secure_classify(&address, &settings, SECURE_RECIPIENT,
			"<you%secure.example.com@example.com>", "you@secure.example.com");
	ck_assert_str_eq(address.alias.local, "you");
	secure_classify(&address, &settings, SECURE_RECIPIENT,
			"<me%secure.example.com@secure.example.com>", "me@secure.example.com");
	ck_assert_str_eq(address.alias.local, "me");
	secure_classify(&address, &settings, SECURE_RECIPIENT, "<me@secure.example.com>",
			"me@example.net");
	ck_assert_str_eq(address.alias.local, "me");
	secure_classify(&address, &settings, SECURE_RECIPIENT, "<me@example.com>", NULL);
	ck_assert_str_eq(address.alias.local, "");
}
END_TEST

START_TEST(obeys_the_delimiter)
{
	static const struct {
		char *delimiter;
		const char *argument, *local, *extension;
	} cases[] = {
		{ plus, "<me+list@secure.example.com>", "me", "list" },
		{ plus, "<me-list@secure.example.com>", "me-list", "" },
		{ minus_or_plus, "<me-list+x@secure.example.com>", "me", "list+x" },
		{ minus_or_plus, "<me+list-x@secure.example.com>", "me", "list-x" },
		{ minus_or_plus, "<owner-list@secure.example.com>", "owner-list", "" },
		{ nothing, "<me+list@secure.example.com>", "me+list", "" },
	};
	struct secure_address address;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		settings.recipient_delimiter = cases[i].delimiter;
		secure_classify(&address, &settings, SECURE_SENDER, cases[i].argument, NULL);
		ck_assert_int_eq(address.kind, SECURE_ALIAS);
		ck_assert_str_eq(address.alias.local, cases[i].local);
		ck_assert_str_eq(address.alias.extension, cases[i].extension);
	}
}
END_TEST

START_TEST(without_secure_domains_all_is_ordinary)
{
	static const char *const cases[] = { "<me@example.com>", "<me@exa(c)mple.com>", "",
					     "<me>" };
	struct secure_address address;

	settings.secure_domains.count = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		secure_classify(&address, &settings, SECURE_RECIPIENT, cases[i], NULL);
		ck_assert_msg(address.kind == SECURE_ORDINARY, "%s", cases[i]);
	}
}
END_TEST

START_TEST(knows_local_clients)
{
	static const struct {
		const char *addr;
		bool local;
	} cases[] = {
		{ "127.0.0.1", true },  { "127.255.255.255", true }, { "::ffff:127.0.0.1", true },
		{ "128.0.0.1", false }, { "2001:db8::5", true },     { "::1", false },
	};
	static const struct ipaddr nobody;
	struct ipaddr addr;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert(ipaddr_parse(&addr, cases[i].addr, strlen(cases[i].addr)));
		ck_assert_msg(secure_client_is_local(&settings, &addr) == cases[i].local, "%s",
			      cases[i].addr);
	}
	ck_assert(!secure_client_is_local(&settings, &nobody));
}
END_TEST

START_TEST(decides_about_recipients)
{
	static const struct {
		enum secure_kind kind;
		struct secure_client client;
		bool refused;
	} cases[] = {
		/* ordinary recipients are nobody's business */
		{ SECURE_ORDINARY, { false, SECURE_TLS_NONE, 0 }, false },
		{ SECURE_ORDINARY, { false, SECURE_TLS_HIDDEN, 0 }, false },
		{ SECURE_ORDINARY, { false, SECURE_TLS_USED, TLS_1_0 }, false },
		/* the rest needs TLS, and enough of it */
		{ SECURE_ALIAS, { false, SECURE_TLS_NONE, 0 }, true },
		{ SECURE_ALIAS, { false, SECURE_TLS_HIDDEN, 0 }, true },
		{ SECURE_ALIAS, { false, SECURE_TLS_HIDDEN, TLS_1_3 }, true },
		{ SECURE_ALIAS, { false, SECURE_TLS_NONE, TLS_1_3 }, true },
		{ SECURE_ALIAS, { false, SECURE_TLS_USED, 0 }, true },
		{ SECURE_ALIAS, { false, SECURE_TLS_USED, TLS_1_0 }, true },
		{ SECURE_ALIAS, { false, SECURE_TLS_USED, TLS_1_1 }, true },
		{ SECURE_ALIAS, { false, SECURE_TLS_USED, TLS_1_2 }, false },
		{ SECURE_ALIAS, { false, SECURE_TLS_USED, TLS_1_3 }, false },
		{ SECURE_UNSURE, { false, SECURE_TLS_NONE, 0 }, true },
		{ SECURE_UNSURE, { false, SECURE_TLS_HIDDEN, 0 }, true },
		{ SECURE_UNSURE, { false, SECURE_TLS_USED, TLS_1_1 }, true },
		{ SECURE_UNSURE, { false, SECURE_TLS_USED, TLS_1_2 }, false },
		/* unless it comes from here */
		{ SECURE_ALIAS, { true, SECURE_TLS_NONE, 0 }, false },
		{ SECURE_ALIAS, { true, SECURE_TLS_HIDDEN, 0 }, false },
		{ SECURE_UNSURE, { true, SECURE_TLS_NONE, 0 }, false },
	};
	struct secure_answer answer;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secure_address address = { .kind = cases[i].kind };

		secure_decide_recipient(&answer, &settings, &cases[i].client, &address,
					&secure_not_asked);
		ck_assert_msg(answer.refused == cases[i].refused, "case %zu", i);
	}
}
END_TEST

START_TEST(looks_at_the_record_only_where_told_to)
{
	static const struct {
		enum secure_aliases aliases;
		enum secure_kind kind;
		enum lookup enabled;
		const char *code; /* NULL: accepted */
	} cases[] = {
		{ SECURE_ALIASES_ANY, SECURE_ALIAS, LOOKUP_ABSENT, "550" },
		{ SECURE_ALIASES_ANY, SECURE_ALIAS, LOOKUP_ERROR, "550" },
		{ SECURE_ALIASES_ENABLED, SECURE_ALIAS, LOOKUP_FOUND, "550" },
		{ SECURE_ALIASES_ENABLED, SECURE_ALIAS, LOOKUP_ERROR, "451" },
		{ SECURE_ALIASES_ENABLED, SECURE_ALIAS, LOOKUP_ABSENT, NULL },
		{ SECURE_ALIASES_ENABLED, SECURE_UNSURE, LOOKUP_ABSENT, "550" },
		{ SECURE_ALIASES_ENABLED, SECURE_ORDINARY, LOOKUP_FOUND, NULL },
		{ SECURE_ALIASES_ENABLED, SECURE_ORDINARY, LOOKUP_ERROR, NULL },
	};
	static const struct secure_client plain = { false, SECURE_TLS_NONE, 0 };
	static const struct secure_client tls = { false, SECURE_TLS_USED, TLS_1_3 };
	struct secure_answer answer;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secure_address address = { .kind = cases[i].kind };
		struct secure_record record = { cases[i].enabled, ALIAS_ENCRYPT,
						LOOKUP_ERROR,     "",
						LOOKUP_FOUND,     "" };
		const char *code = cases[i].code;

		settings.secure_aliases = cases[i].aliases;
		secure_decide_recipient(&answer, &settings, &plain, &address, &record);
		ck_assert_msg(answer.refused == (code != NULL), "case %zu", i);
		ck_assert_msg(code == NULL || strcmp(answer.code, code) == 0, "case %zu", i);
		secure_decide_recipient(&answer, &settings, &tls, &address, &record);
		ck_assert_msg(!answer.refused, "case %zu", i);
	}
}
END_TEST

/* By whom else one gets in; and what is not known waits, or is refused as if it were not. */
START_TEST(lets_exceptions_in)
{
	static const struct secure_client plain = { false, SECURE_TLS_NONE, 0 };
	static const struct secure_client old = { false, SECURE_TLS_USED, TLS_1_0 };
	static const struct secure_client hidden = { false, SECURE_TLS_HIDDEN, 0 };
	static const struct secure_client local = { true, SECURE_TLS_NONE, 0 };
	static const struct secure_client tls = { false, SECURE_TLS_USED, TLS_1_3 };
	static const struct {
		const struct secure_client *client;
		enum secure_kind kind;
		enum secure_aliases aliases;
		enum lookup enabled, bound;
		const char *code; /* NULL: accepted, */
		bool by_exception;
	} cases[] = {
		{ &plain, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_ERROR, LOOKUP_ABSENT, NULL,
		  true },
		{ &plain, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_ERROR, LOOKUP_FOUND, "550",
		  false },
		{ &plain, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ERROR, "451",
		  false },
		{ &plain, SECURE_ALIAS, SECURE_ALIASES_ENABLED, LOOKUP_FOUND, LOOKUP_ABSENT, NULL,
		  true },
		{ &plain, SECURE_ALIAS, SECURE_ALIASES_ENABLED, LOOKUP_FOUND, LOOKUP_FOUND, "550",
		  false },
		{ &plain, SECURE_ALIAS, SECURE_ALIASES_ENABLED, LOOKUP_FOUND, LOOKUP_ERROR, "451",
		  false },
		/* not known whether there is anything to make an exception from */
		{ &plain, SECURE_ALIAS, SECURE_ALIASES_ENABLED, LOOKUP_ERROR, LOOKUP_ABSENT, "451",
		  false },
		{ &plain, SECURE_ALIAS, SECURE_ALIASES_ENABLED, LOOKUP_ABSENT, LOOKUP_ERROR, NULL,
		  false },
		{ &old, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ABSENT, NULL, true },
		{ &old, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ERROR, "451",
		  false },
		{ &hidden, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ABSENT, "550",
		  false },
		{ &hidden, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ERROR, "550",
		  false },
		{ &plain, SECURE_UNSURE, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ABSENT, "550",
		  false },
		/* who needs none */
		{ &local, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ABSENT, NULL,
		  false },
		{ &tls, SECURE_ALIAS, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ABSENT, NULL,
		  false },
		{ &plain, SECURE_ORDINARY, SECURE_ALIASES_ANY, LOOKUP_FOUND, LOOKUP_ABSENT, NULL,
		  false },
	};
	struct secure_answer answer;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secure_address address = { .kind = cases[i].kind };
		struct secure_record record = { cases[i].enabled, ALIAS_ENCRYPT,
						LOOKUP_ERROR,     "",
						cases[i].bound,   "" };
		const char *code = cases[i].code;

		settings.secure_aliases = cases[i].aliases;
		secure_decide_recipient(&answer, &settings, cases[i].client, &address, &record);
		ck_assert_msg(answer.refused == (code != NULL), "case %zu", i);
		ck_assert_msg(code == NULL || strcmp(answer.code, code) == 0, "case %zu", i);
		if (!answer.refused)
			ck_assert_msg(secure_let_in_by_exception(&settings, cases[i].client,
								 &address,
								 &record) == cases[i].by_exception,
				      "case %zu", i);
	}
}
END_TEST

START_TEST(obeys_the_minimum)
{
	static const uint16_t versions[] = { TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 };
	static const struct secure_address alias = { .kind = SECURE_ALIAS };
	struct secure_answer answer;

	for (size_t least = 0; least < ARRAY_LEN(versions); least++)
		for (size_t used = 0; used < ARRAY_LEN(versions); used++) {
			struct secure_client client = { false, SECURE_TLS_USED, versions[used] };

			settings.secure_min_tls = versions[least];
			secure_decide_recipient(&answer, &settings, &client, &alias,
						&secure_not_asked);
			ck_assert_msg(answer.refused == (used < least), "%zu under %zu", used,
				      least);
		}
}
END_TEST

START_TEST(says_what_to_do)
{
	static const struct {
		const char *text;
		const char *cause;
		struct secure_client client;
		bool our_fault;
	} cases[] = {
		{ "did not use STARTTLS. Let it use TLSv1.2 or newer",
		  "no TLS",
		  { false, SECURE_TLS_NONE, 0 },
		  false },
		{ "used TLSv1.1. Let it use TLSv1.2 or newer",
		  "TLSv1.1 is less than secure_min_tls, TLSv1.2",
		  { false, SECURE_TLS_USED, TLS_1_1 },
		  false },
		{ "unknown here. Let it use TLSv1.2",
		  "unknown here is less than secure_min_tls",
		  { false, SECURE_TLS_USED, 0 },
		  false },
		{ "please tell its postmaster",
		  "does not show {tls_version}",
		  { false, SECURE_TLS_HIDDEN, 0 },
		  true },
	};
	static const struct secure_address alias = { .kind = SECURE_ALIAS };
	struct secure_answer answer;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		secure_decide_recipient(&answer, &settings, &cases[i].client, &alias,
					&secure_not_asked);
		ck_assert_str_eq(answer.code, "550");
		ck_assert_str_eq(answer.status, "5.7.10");
		ck_assert_msg(strstr(answer.text, cases[i].text) != NULL, "%s", answer.text);
		ck_assert_msg(strstr(answer.cause, cases[i].cause) != NULL, "%s", answer.cause);
		ck_assert(answer.our_fault == cases[i].our_fault);
		/* RFC 5321 4.5.3.1.5, and libmilter's way with '%' */
		ck_assert_uint_lt(strlen(answer.text), 512 - strlen("550 5.7.10 \r\n"));
		ck_assert(strpbrk(answer.text, "%\r\n") == NULL);
	}
}
END_TEST

#define ALIAS "<me@secure.example.com>"
#define OTHER "<you@example.net>"

START_TEST(decides_about_senders)
{
	static const struct {
		const char *from;
		const char *login;
		const char *mailbox; /* what the ledger says */
		struct secure_client client;
		const char *status; /* of the refusal; NULL: accepted */
	} cases[] = {
		/* other senders are nobody's business */
		{ OTHER, NULL, NULL, { false, SECURE_TLS_NONE, 0 }, NULL },
		{ OTHER, "me", NULL, { false, SECURE_TLS_HIDDEN, 0 }, NULL },
		{ "<>", NULL, NULL, { false, SECURE_TLS_NONE, 0 }, NULL },
		/* nobody in particular */
		{ ALIAS, NULL, NULL, { false, SECURE_TLS_USED, TLS_1_3 }, "5.7.1" },
		{ ALIAS, "", NULL, { false, SECURE_TLS_USED, TLS_1_3 }, "5.7.1" },
		{ ALIAS, NULL, NULL, { false, SECURE_TLS_NONE, 0 }, "5.7.1" },
		{ ALIAS, NULL, NULL, { false, SECURE_TLS_HIDDEN, 0 }, "5.7.10" },
		/* its owner */
		{ ALIAS, "me@secure.example.com", NULL, { false, SECURE_TLS_USED, TLS_1_3 }, NULL },
		{ ALIAS, "me@Secure.Example.COM", NULL, { false, SECURE_TLS_USED, TLS_1_2 }, NULL },
		{ ALIAS, "me", NULL, { false, SECURE_TLS_USED, TLS_1_3 }, NULL },
		{ ALIAS,
		  "me@example.com",
		  "me@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  NULL },
		{ ALIAS,
		  "you@example.com",
		  "you@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  NULL },
		{ ALIAS, "you", "you@example.com", { false, SECURE_TLS_USED, TLS_1_3 }, NULL },
		{ ALIAS,
		  "me@secure.example.com",
		  "you@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  NULL },
		{ "<me+list@secure.example.com>",
		  "me@secure.example.com",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  NULL },
		{ "<me+list@secure.example.com>",
		  "me@example.com",
		  "me@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  NULL },
		/* somebody else */
		{ ALIAS,
		  "you@secure.example.com",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS, "me@example.com", NULL, { false, SECURE_TLS_USED, TLS_1_3 }, "5.7.1" },
		{ ALIAS,
		  "me@example.com",
		  "you@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS,
		  "me@example.net",
		  "me@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS, "me", "you@example.com", { false, SECURE_TLS_USED, TLS_1_3 }, "5.7.1" },
		{ ALIAS,
		  "me+x@secure.example.com",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS,
		  "me@[secure.example.com]",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS, "me@", NULL, { false, SECURE_TLS_USED, TLS_1_3 }, "5.7.1" },
		{ ALIAS, "<>", NULL, { false, SECURE_TLS_USED, TLS_1_3 }, "5.7.1" },
		{ ALIAS, "me", "not an address", { false, SECURE_TLS_USED, TLS_1_3 }, "4.7.1" },
		{ "<me@secure.example.com@x>",
		  "me",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		/* a login is a name: these are other accounts, in any case of the mailbox's domain */
		{ ALIAS,
		  "ME@secure.example.com",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS, "ME", NULL, { false, SECURE_TLS_USED, TLS_1_3 }, "5.7.1" },
		{ ALIAS,
		  "\"me\"@secure.example.com",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS, "\"me\"", NULL, { false, SECURE_TLS_USED, TLS_1_3 }, "5.7.1" },
		{ ALIAS,
		  "<me@secure.example.com>",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS,
		  " me@secure.example.com",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS,
		  "@x:me@secure.example.com",
		  NULL,
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS,
		  "Me@example.com",
		  "me@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS,
		  "\"me\"@example.com",
		  "me@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  "5.7.1" },
		{ ALIAS,
		  "me@EXAMPLE.com.",
		  "me@example.com",
		  { false, SECURE_TLS_USED, TLS_1_3 },
		  NULL },
		/* its owner, but in the clear or nearly so */
		{ ALIAS, "me", NULL, { false, SECURE_TLS_NONE, 0 }, "5.7.10" },
		{ ALIAS, "me", NULL, { false, SECURE_TLS_HIDDEN, 0 }, "5.7.10" },
		{ ALIAS, "me", NULL, { false, SECURE_TLS_USED, TLS_1_1 }, "5.7.10" },
		/* from here */
		{ ALIAS, NULL, NULL, { true, SECURE_TLS_NONE, 0 }, NULL },
		{ ALIAS, NULL, NULL, { true, SECURE_TLS_HIDDEN, 0 }, NULL },
		{ ALIAS, "me", NULL, { true, SECURE_TLS_NONE, 0 }, NULL },
		{ ALIAS, "you", NULL, { true, SECURE_TLS_NONE, 0 }, "5.7.1" },
	};
	struct secure_answer answer;
	struct secure_address sender;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secure_record record = { LOOKUP_FOUND, ALIAS_ENCRYPT, LOOKUP_ABSENT,
						"",           LOOKUP_FOUND,  "" };
		const char *status = cases[i].status;

		if (cases[i].mailbox != NULL) {
			record.owned = LOOKUP_FOUND;
			str_copy(record.mailbox, sizeof(record.mailbox), cases[i].mailbox);
		}
		secure_classify(&sender, &settings, SECURE_SENDER, cases[i].from, NULL);
		secure_decide_sender(&answer, &settings, &cases[i].client, cases[i].login, &sender,
				     &record);
		ck_assert_msg(answer.refused == (status != NULL), "case %zu", i);
		ck_assert_msg(status == NULL || strcmp(answer.status, status) == 0, "case %zu: %s",
			      i, answer.text);
	}
}
END_TEST

/* secure_owner: whose what is not on file is. The file comes first. */
START_TEST(pairs_say_whose_an_alias_is)
{
	static char pair[] = "secure.example.com=example.com";
	static char *pairs[] = { pair };
	static const struct {
		const char *login;
		const char *mailbox; /* what the ledger says */
		bool taken;
	} cases[] = {
		{ "me@example.com", NULL, true },
		{ "me@Example.COM", NULL, true },
		{ "me", NULL, true },
		{ "me@secure.example.com", NULL, true },
		{ "me@other.example", NULL, false },
		{ "you@example.com", NULL, false },
		{ "Me@example.com", NULL, false },
		{ "me@example.com", "you@example.com", false },
		{ "you@example.com", "you@example.com", true },
	};
	static const struct secure_client client = { false, SECURE_TLS_USED, TLS_1_3 };
	struct secure_answer answer;
	struct secure_address sender;

	settings.secure_owner = (struct string_list){ ARRAY_LEN(pairs), pairs };
	secure_classify(&sender, &settings, SECURE_SENDER, ALIAS, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secure_record record = secure_not_asked;

		record.owned = cases[i].mailbox != NULL ? LOOKUP_FOUND : LOOKUP_ABSENT;
		if (cases[i].mailbox != NULL)
			str_copy(record.mailbox, sizeof(record.mailbox), cases[i].mailbox);
		secure_decide_sender(&answer, &settings, &client, cases[i].login, &sender, &record);
		ck_assert_msg(answer.refused != cases[i].taken, "case %zu", i);
	}
}
END_TEST

/* Postfix takes sharp s for "ss" and a final sigma for a sigma, and so for the same domain. */
START_TEST(compares_domains_as_postfix_does)
{
	static char sharp[] = "xn--strae-oqa.test", sigma[] = "xn--0xagbn4a.test";
	static char double_s[] = "secure.boss.example";
	static char *domains[] = { sharp, sigma, double_s };
	static const struct {
		const char *argument;
		const char *domain; /* NULL: ordinary */
	} cases[] = {
		{ "<me@stra\xc3\x9f"
		  "e.test>",
		  sharp },
		{ "<me@strasse.test>", sharp },
		{ "<me@STRASSE.test>", sharp },
		{ "<me@STRA\xe1\xba\x9e"
		  "E.test>",
		  sharp },
		{ "<me@xn--strae-oqa.test>", sharp },
		{ "<me@\xcf\x83\xce\xbf\xcf\x86\xcf\x8c\xcf\x82.test>", sigma },
		{ "<me@\xcf\x83\xce\xbf\xcf\x86\xcf\x8c\xcf\x83.test>", sigma },
		{ "<me@\xce\xa3\xce\x9f\xce\xa6\xce\x8c\xce\xa3.test>", sigma },
		{ "<me@secure.bo\xc3\x9f.example>", double_s },
		{ "<me@secure.boss.example>", double_s },
		{ "<me@strase.test>", NULL },
		{ "<me@secure.bos.example>", NULL },
		{ "<me@secure.b\xc3\xb6ss.example>", NULL },
	};
	struct secure_address address;

	settings.secure_domains = (struct string_list){ ARRAY_LEN(domains), domains };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int role = SECURE_SENDER; role <= SECURE_RECIPIENT; role++) {
			secure_classify(&address, &settings, (enum secure_role)role,
					cases[i].argument, NULL);
			ck_assert_msg(address.kind == (cases[i].domain != NULL ? SECURE_ALIAS
									       : SECURE_ORDINARY),
				      "%s: %s", cases[i].argument, kinds[address.kind]);
			if (cases[i].domain != NULL)
				ck_assert_str_eq(address.alias.domain, cases[i].domain);
		}
	}
	/* and in what nobody can make sense of */
	secure_classify(&address, &settings, SECURE_SENDER, "<a@b@strasse.test>", "a@b.test");
	ck_assert_int_eq(address.kind, SECURE_UNSURE);
	secure_classify(&address, &settings, SECURE_SENDER, "<a@b@secure.bo\xc3\x9f.example>",
			"a@b.test");
	ck_assert_int_eq(address.kind, SECURE_UNSURE);
}
END_TEST

START_TEST(waits_where_the_record_would_tell)
{
	static const struct {
		const char *login;
		const char *status; /* NULL: accepted */
		enum secure_aliases aliases;
		struct secure_client client;
	} cases[] = {
		/* whose it is */
		{ "me@example.com",
		  "4.7.1",
		  SECURE_ALIASES_ANY,
		  { false, SECURE_TLS_USED, TLS_1_3 } },
		{ "me", "4.7.1", SECURE_ALIASES_ANY, { false, SECURE_TLS_USED, TLS_1_3 } },
		{ "me", "4.7.1", SECURE_ALIASES_ANY, { true, SECURE_TLS_NONE, 0 } },
		{ "me@secure.example.com",
		  NULL,
		  SECURE_ALIASES_ANY,
		  { false, SECURE_TLS_USED, TLS_1_3 } },
		/* not needed to know that it cannot be */
		{ NULL, "5.7.1", SECURE_ALIASES_ANY, { false, SECURE_TLS_USED, TLS_1_3 } },
		{ "me", "5.7.10", SECURE_ALIASES_ANY, { false, SECURE_TLS_NONE, 0 } },
		/* whether it is switched on */
		{ NULL, "4.7.1", SECURE_ALIASES_ENABLED, { false, SECURE_TLS_NONE, 0 } },
		{ "me", "4.7.1", SECURE_ALIASES_ENABLED, { false, SECURE_TLS_NONE, 0 } },
		{ NULL, NULL, SECURE_ALIASES_ENABLED, { true, SECURE_TLS_NONE, 0 } },
		{ "me@secure.example.com",
		  NULL,
		  SECURE_ALIASES_ENABLED,
		  { false, SECURE_TLS_USED, TLS_1_3 } },
	};
	struct secure_answer answer;
	struct secure_address sender;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *status = cases[i].status;

		settings.secure_aliases = cases[i].aliases;
		secure_classify(&sender, &settings, SECURE_SENDER, ALIAS, NULL);
		secure_decide_sender(&answer, &settings, &cases[i].client, cases[i].login, &sender,
				     &secure_not_asked);
		ck_assert_msg(answer.refused == (status != NULL), "case %zu", i);
		ck_assert_msg(status == NULL || strcmp(answer.status, status) == 0, "case %zu: %s",
			      i, answer.text);
		ck_assert_msg(status == NULL || answer.code[0] == status[0], "case %zu", i);
	}
}
END_TEST

START_TEST(leaves_senders_alone_that_are_switched_off)
{
	static const struct secure_record off = { LOOKUP_ABSENT, ALIAS_ENCRYPT,
						  LOOKUP_ERROR,  "",
						  LOOKUP_FOUND,  "" };
	static const struct secure_client plain = { false, SECURE_TLS_NONE, 0 };
	struct secure_answer answer;
	struct secure_address sender;

	secure_classify(&sender, &settings, SECURE_SENDER, ALIAS, NULL);
	secure_decide_sender(&answer, &settings, &plain, NULL, &sender, &off);
	ck_assert(answer.refused);
	ck_assert_int_eq(secure_is_sealed(&settings, &sender, &off), LOOKUP_FOUND);
	settings.secure_aliases = SECURE_ALIASES_ENABLED;
	secure_decide_sender(&answer, &settings, &plain, NULL, &sender, &off);
	ck_assert(!answer.refused);
	ck_assert_int_eq(secure_is_sealed(&settings, &sender, &off), LOOKUP_ABSENT);
}
END_TEST

START_TEST(tells_senders_what_to_do)
{
	static const struct secure_record off_file = { LOOKUP_FOUND, ALIAS_ENCRYPT, LOOKUP_ABSENT,
						       "",           LOOKUP_FOUND,  "" };
	static const struct secure_client plain = { false, SECURE_TLS_NONE, 0 };
	struct secure_answer answer;
	struct secure_address sender;

	secure_classify(&sender, &settings, SECURE_SENDER, ALIAS, NULL);
	secure_decide_sender(&answer, &settings, &plain, "me", &sender, &secure_not_asked);
	ck_assert_ptr_nonnull(strstr(answer.text, "Your mail program did not use STARTTLS."));
	secure_decide_sender(&answer, &settings, &plain, NULL, &sender, &secure_not_asked);
	ck_assert_ptr_nonnull(strstr(answer.text, "has to log in"));
	secure_decide_sender(&answer, &settings, &plain, "you%d", &sender, &off_file);
	ck_assert_ptr_nonnull(strstr(answer.text, "not known as yours"));
	ck_assert_str_eq(answer.cause, "login=<you%d> does not own it");
	ck_assert_ptr_null(strchr(answer.text, '%'));
}
END_TEST

START_TEST(knows_the_way_out)
{
	static const struct {
		const char *mailer;
		enum secure_way way;
		enum alias_level level;
	} cases[] = {
		{ "postseal-encrypt", SECURE_WAY_SEALED, ALIAS_ENCRYPT },
		{ "postseal-authenticated", SECURE_WAY_SEALED, ALIAS_AUTHENTICATED },
		{ "postseal-verify", SECURE_WAY_SEALED, ALIAS_VERIFY },
		{ "postseal-dane-only", SECURE_WAY_SEALED, ALIAS_DANE_ONLY },
		{ "smtp", SECURE_WAY_OPEN, 0 },
		{ "local", SECURE_WAY_OTHER, 0 },
		{ "relay", SECURE_WAY_OTHER, 0 },
		{ "lmtp", SECURE_WAY_OTHER, 0 },
		{ "error", SECURE_WAY_OTHER, 0 },
		{ "postseal", SECURE_WAY_OTHER, 0 },
		{ "postseal-encrypt:", SECURE_WAY_SEALED, ALIAS_ENCRYPT },
		{ "postseal-encrypt:[192.0.2.1]", SECURE_WAY_OTHER, 0 },
		{ "postseal-encrypted", SECURE_WAY_OTHER, 0 },
		{ "", SECURE_WAY_OTHER, 0 },
		{ NULL, SECURE_WAY_OTHER, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum alias_level level = 0;

		ck_assert_msg(secure_way(&level, cases[i].mailer) == cases[i].way, "case %zu", i);
		ck_assert_msg(level == cases[i].level, "case %zu", i);
	}
}
END_TEST

START_TEST(tells_where_mail_cannot_go)
{
	static const struct {
		const char *recipient, *rewritten, *nexthop, *reason, *begins;
	} cases[] = {
		{ "<x@nossl.example>", "x@nossl.example", "nossl.example",
		  "nossl.example does not accept TLS", "nossl.example does not accept TLS; " },
		{ "<x@NoSSL.Example.>", NULL, "nossl.example", "nossl.example has none",
		  "nossl.example has none; " },
		{ "<x@nossl.example>", "", "[nossl.example]:587", "[nossl.example]:587 has none",
		  "[nossl.example]:587 has none; " },
		{ "<x@nossl.example>", "x@nossl.example", "[relay.example.net]:587",
		  "[relay.example.net]:587 does not accept TLS",
		  "Mail for nossl.example goes by a relay here: [relay.example.net]:587 does not "
		  "accept TLS; " },
		{ "<x@a%b>", NULL, "c", "c does not accept TLS", "c does not accept TLS; " },
	};
	struct secure_answer answer;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		secure_refuse_destination(&answer, &settings, cases[i].recipient,
					  cases[i].rewritten, cases[i].nexthop, cases[i].reason);
		ck_assert(answer.refused && !answer.our_fault);
		ck_assert_str_eq(answer.code, "550");
		ck_assert_str_eq(answer.status, "5.7.10");
		ck_assert_msg(strncmp(answer.text, cases[i].begins, strlen(cases[i].begins)) == 0,
			      "case %zu: %s", i, answer.text);
		ck_assert_ptr_nonnull(
			strstr(answer.text, "; mail from a secure address cannot go there. Write"));
		ck_assert_ptr_null(strchr(answer.text, '%'));
		ck_assert_str_eq(answer.cause, cases[i].reason);
	}
}
END_TEST

START_TEST(says_how_to_seal_instead)
{
	static char domain[] = "sealed.example.com";
	static const struct {
		const char *recipient, *how;
	} cases[] = {
		{ "<bob@nossl.example>", "there. To seal it, write to "
					 "bob=nossl.example@sealed.example.com. Or write from" },
		{ "<\"b%\"@nossl.example>",
		  "there. To seal it, write to NAME=DOMAIN@sealed.example.com. Or write from" },
		{ "<bob@[192.0.2.1]>",
		  "there. To seal it, write to NAME=DOMAIN@sealed.example.com. Or write from" },
	};
	char reason[400];
	struct secure_answer answer;

	settings.mailbox_domain = domain;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		secure_refuse_destination(&answer, &settings, cases[i].recipient, NULL,
					  "nossl.example", "nossl.example does not accept TLS");
		ck_assert_msg(strstr(answer.text, cases[i].how) != NULL, "%s", answer.text);
	}
	/* at its longest it still ends */
	memset(reason, 'x', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	secure_refuse_destination(&answer, &settings,
				  "<bob@a-name-that-is-quite-long.nossl.example>", NULL,
				  "[relay.example.net]:587", reason);
	ck_assert_msg(strstr(answer.text, "or ask your postmaster.") != NULL, "%s", answer.text);
}
END_TEST

START_TEST(knows_the_waiver)
{
	static const char *const waivers[] = { "TLS-Required", "tls-required", "TLS-REQUIRED ",
					       "TLS-Required\t " };
	static const char *const others[] = { "",
					      "TLS",
					      "TLS-Require",
					      "TLS-Required-Not",
					      "X-TLS-Required",
					      " TLS-Required",
					      "TLS-Required x",
					      "Require-TLS" };
	struct secure_answer answer;

	for (size_t i = 0; i < ARRAY_LEN(waivers); i++)
		ck_assert_msg(secure_header_waives_tls(waivers[i]), "%s", waivers[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		ck_assert_msg(!secure_header_waives_tls(others[i]), "%s", others[i]);
	secure_refuse_waiver(&answer);
	ck_assert(answer.refused && !answer.our_fault);
	ck_assert_str_eq(answer.status, "5.7.10");
	ck_assert_ptr_nonnull(strstr(answer.text, "without that header"));
}
END_TEST

/* Only mail that came from the network, to a secure alias, over TLS that we were shown. */
START_TEST(tells_tls_of_what_came_over_it)
{
	static const struct {
		enum secure_kind kind;
		enum secure_tls tls;
		bool local, told;
	} cases[] = {
		{ SECURE_ALIAS, SECURE_TLS_USED, false, true },
		{ SECURE_ALIAS, SECURE_TLS_USED, true, false },
		{ SECURE_ALIAS, SECURE_TLS_NONE, false, false },
		{ SECURE_ALIAS, SECURE_TLS_HIDDEN, false, false },
		{ SECURE_UNSURE, SECURE_TLS_USED, false, false },
		{ SECURE_ORDINARY, SECURE_TLS_USED, false, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct secure_client client = { .local = cases[i].local,
						      .tls = cases[i].tls };
		const struct secure_address recipient = { .kind = cases[i].kind };

		ck_assert_msg(secure_tells_tls(&client, &recipient) == cases[i].told, "%zu", i);
	}
}
END_TEST

START_TEST(refuses_more_forgeries_than_it_can_remove)
{
	struct secure_answer answer;

	secure_refuse_forgery(&answer);
	ck_assert(answer.refused && !answer.our_fault);
	ck_assert_str_eq(answer.status, "5.7.1");
	ck_assert_ptr_nonnull(strstr(answer.text, "too many headers \"Authentication-Results\""));
	ck_assert_ptr_nonnull(strstr(answer.cause, "too many forged"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("secure");
	Suite *suite = suite_create("secure");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, classifies_recipients);
	tcase_add_test(tests, classifies_senders);
	tcase_add_test(tests, says_which_alias);
	tcase_add_test(tests, obeys_the_delimiter);
	tcase_add_test(tests, without_secure_domains_all_is_ordinary);
	tcase_add_test(tests, knows_local_clients);
	tcase_add_test(tests, decides_about_recipients);
	tcase_add_test(tests, looks_at_the_record_only_where_told_to);
	tcase_add_test(tests, lets_exceptions_in);
	tcase_add_test(tests, obeys_the_minimum);
	tcase_add_test(tests, says_what_to_do);
	tcase_add_test(tests, decides_about_senders);
	tcase_add_test(tests, pairs_say_whose_an_alias_is);
	tcase_add_test(tests, compares_domains_as_postfix_does);
	tcase_add_test(tests, waits_where_the_record_would_tell);
	tcase_add_test(tests, leaves_senders_alone_that_are_switched_off);
	tcase_add_test(tests, tells_senders_what_to_do);
	tcase_add_test(tests, knows_the_way_out);
	tcase_add_test(tests, tells_where_mail_cannot_go);
	tcase_add_test(tests, says_how_to_seal_instead);
	tcase_add_test(tests, knows_the_waiver);
	tcase_add_test(tests, tells_tls_of_what_came_over_it);
	tcase_add_test(tests, refuses_more_forgeries_than_it_can_remove);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
