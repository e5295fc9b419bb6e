/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/mark.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static char sealed[] = "sealed.example.com", plus[] = "+", empty[] = "";
static struct settings settings;

static void setup(void)
{
	settings = (struct settings){ .mailbox_domain = sealed,
				      .recipient_delimiter = plus,
				      .secure_min_tls = 0x0303,
				      .mailbox_pin_length = 8 };
}

START_TEST(says_where_a_recipient_is)
{
	static const struct {
		const char *argument, *rewritten, *mailer;
		enum mark_place place;
		const char *address;
	} cases[] = {
		{ "<bob@example.net>", "bob@example.net", "smtp", MARK_OUTSIDE, "bob@example.net" },
		{ "<Bob+x@Example.NET>", NULL, "relay", MARK_OUTSIDE, "Bob+x@example.net" },
		{ "<bob@example.net>", NULL, NULL, MARK_OUTSIDE, "bob@example.net" },
		{ "<bob@example.net>", NULL, "postseal-encrypt", MARK_OUTSIDE, "bob@example.net" },
		{ "<bob@example.net>", NULL, "uucp", MARK_OUTSIDE, "bob@example.net" },
		{ "<me@example.com>", NULL, "local", MARK_HERE, "me@example.com" },
		{ "<me@example.com>", NULL, "virtual", MARK_HERE, "me@example.com" },
		{ "<me@example.com>", NULL, "lmtp", MARK_HERE, "me@example.com" },
		{ "<me>", "me@example.com", "local", MARK_HERE, "me@example.com" },
		{ "<\"b ob\"@example.net>", NULL, "smtp", MARK_OUTSIDE, "\"b ob\"@example.net" },
		/* nobody can be sealed to at a literal, or by a route */
		{ "<bob@[192.0.2.1]>", "bob@[192.0.2.1]", "smtp", MARK_OUTSIDE, "" },
		{ "<@a:bob@example.net>", "bob@example.net", "smtp", MARK_OUTSIDE,
		  "bob@example.net" },
		/* ours */
		{ "<bob=example.net@sealed.example.com>", NULL, "lmtp", MARK_SEALED,
		  "bob@example.net" },
		{ "<Bob=Example.net@Sealed.Example.Com.>", NULL, "smtp", MARK_SEALED,
		  "Bob@example.net" },
		{ "<a=b=example.net@sealed.example.com>", NULL, NULL, MARK_SEALED,
		  "a=b@example.net" },
		{ "<\"b ob=example.net\"@sealed.example.com>", NULL, NULL, MARK_SEALED,
		  "\"b ob\"@example.net" },
		{ "<@a:bob=example.net@sealed.example.com>", "bob=example.net@sealed.example.com",
		  "lmtp", MARK_SEALED, "bob@example.net" },
		{ "<bob@sealed.example.com>", NULL, "lmtp", MARK_NOBODY, "" },
		{ "<=example.net@sealed.example.com>", NULL, "lmtp", MARK_NOBODY, "" },
		{ "<bob=@sealed.example.com>", NULL, "lmtp", MARK_NOBODY, "" },
		{ "<bob=sealed.example.com@sealed.example.com>", NULL, "lmtp", MARK_NOBODY, "" },
		{ "<bob=example.net@example.com>", NULL, "local", MARK_HERE,
		  "bob=example.net@example.com" },
	};
	char address[SEAL_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(mark_place(address, &settings, cases[i].argument, cases[i].rewritten,
					 cases[i].mailer) == cases[i].place,
			      "%s", cases[i].argument);
		ck_assert_str_eq(address, cases[i].address);
	}
	settings.mailbox_domain = empty;
	ck_assert_int_eq(mark_place(address, &settings, "<bob=example.net@sealed.example.com>",
				    NULL, "smtp"),
			 MARK_OUTSIDE);
}
END_TEST

START_TEST(reads_pins)
{
	static const struct {
		const char *value, *address, *pin; /* pin NULL: none */
	} cases[] = {
		{ "bob@example.net 47110815", "bob@example.net", "47110815" },
		{ "  Bob@Example.NET\t 47110815 ", "Bob@example.net", "47110815" },
		{ "<bob@example.net>\r\n 47110815", "bob@example.net", "47110815" },
		{ "\"b ob\"@example.net 47110815", "\"b ob\"@example.net", "47110815" },
		{ "bob@example.net", "", NULL },
		{ "bob@example.net ", "", NULL },
		{ "47110815", "", NULL },
		{ "bob@example.net 4711x815", "", NULL },
		{ "bob@example.net 47110815 47110815", "", NULL },
		{ "bob@example.net, eve@example.net 47110815", "", NULL },
		{ "bob@example.net 12345678901234567", "", NULL },
		{ "bob 47110815", "", NULL },
		{ "", "", NULL },
	};
	struct token_recipient pin;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(mark_read_pin(&pin, cases[i].value) == (cases[i].pin != NULL), "%s",
			      cases[i].value);
		if (cases[i].pin == NULL)
			continue;
		ck_assert_str_eq(pin.address, cases[i].address);
		ck_assert_str_eq(pin.pin, cases[i].pin);
	}
}
END_TEST

START_TEST(knows_what_is_encrypted)
{
	static const struct {
		const char *type;
		bool encrypted;
	} cases[] = {
		{ "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x", true },
		{ "Multipart/Encrypted", true },
		{ " multipart (a (b) c) / encrypted", true },
		{ "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", true },
		{ "application/x-pkcs7-mime;name=\"smime.p7m\";\r\n\tsmime-type=Enveloped-Data",
		  true },
		{ "application/pkcs7-mime; smime-type=\"authEnveloped-data\"", true },
		/* signed and opaque */
		{ "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", false },
		{ "application/pkcs7-mime; name=smime.p7m", false },
		{ "application/pkcs7-mime; smime-type=enveloped-data; smime-type=signed-data",
		  false },
		{ "application/pkcs7-mime; smime-type=enveloped-data; junk", false },
		{ "application/pkcs7-mime; smime-type=\"enveloped-data", false },
		{ "application/pkcs7-mime; x=\"smime-type=enveloped-data\"", false },
		{ "application/pkcs7-mime (; smime-type=enveloped-data)", false },
		{ "multipart/signed; micalg=x", false },
		{ "multipart/mixed; x=\"multipart/encrypted\"", false },
		{ "text/plain", false },
		{ "multipart encrypted", false },
		{ "multipart/", false },
		{ "(", false },
		{ "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(mark_is_encrypted(cases[i].type) == cases[i].encrypted, "%s",
			      cases[i].type);
}
END_TEST

/*
 * The decision: alice@example.com, who has logged in over TLS, to bob@example.net; what a
 * case changes of that.
 */

struct scene {
	const char *name;
	const char *headers[5]; /* "Name: value" */
	const char *login;      /* "-": none */
	enum { TLS_GOOD, TLS_NOT, TLS_LOCAL } tls;
	const char *sender; /* NULL: alice@example.com; "": the null sender */
	bool elsewhere, alias, to_sealed, leaves, otherwise, unsealable, off;
	enum mark_verdict verdict;
	const char *status; /* REFUSE */
};

#define FROM "From: Alice <alice@example.com>"
#define SEAL "X-Postseal-Seal: yes"

static void play(const struct scene *scene)
{
	static const struct token_recipient bob = { .address = "bob@example.net" };
	const char *from = scene->sender != NULL ? scene->sender : "alice@example.com";
	struct mailaddr sender = { 0 };
	struct secure_answer answer = { 0 };
	struct mark mark = { 0 };
	struct mark_facts facts = {
		.client = { .local = scene->tls == TLS_LOCAL,
			    .tls = scene->tls == TLS_GOOD ? SECURE_TLS_USED : SECURE_TLS_NONE,
			    .version = scene->tls == TLS_GOOD ? 0x0304 : 0 },
		.login = scene->login == NULL             ? "alice@example.com"
			 : strcmp(scene->login, "-") == 0 ? NULL
							  : scene->login,
		.sender = &sender,
		.sender_is_alias = scene->alias,
		.sender_here = !scene->elsewhere,
		.to_sealed = scene->to_sealed,
		.leaves = scene->leaves,
		.otherwise = scene->otherwise,
		.unsealable = scene->unsealable,
		.recipients = &bob,
		.count = 1,
	};

	settings.mailbox_domain = scene->off ? empty : sealed;
	mailaddr_parse(&sender, from, strlen(from), "+");
	for (size_t i = 0; i < ARRAY_LEN(scene->headers) && scene->headers[i] != NULL; i++) {
		char name[64];
		const char *colon = strchr(scene->headers[i], ':');

		str_copy_n(name, sizeof(name), scene->headers[i],
			   (size_t)(colon - scene->headers[i]));
		mark_take_header(&mark, &settings, &sender, name, colon + 1);
	}
	ck_assert_msg(mark_decide(&answer, &settings, &mark, &facts) == scene->verdict, "%s: %s",
		      scene->name, answer.text);
	ck_assert_msg(answer.refused == (scene->verdict == MARK_REFUSE), "%s", scene->name);
	if (answer.refused)
		ck_assert_msg(strcmp(answer.status, scene->status) == 0, "%s: %s %s", scene->name,
			      answer.status, answer.text);
	ck_assert_msg(strchr(answer.text, '%') == NULL, "%s", answer.text);
	mark_free(&mark);
}

START_TEST(obeys_or_refuses)
{
	static const struct scene scenes[] = {
		{ "ordinary mail", { FROM }, .verdict = MARK_PASS },
		{ "no login, ordinary", { FROM }, .login = "-", .verdict = MARK_PASS },
		{ "a header", { FROM, SEAL }, .verdict = MARK_SEAL },
		{ "a header, after the author", { SEAL, FROM }, .verdict = MARK_SEAL },
		{ "in capitals", { FROM, "x-postseal-SEAL : Yes" }, .verdict = MARK_SEAL },
		{ "an address", { FROM }, .to_sealed = true, .verdict = MARK_SEAL },
		{ "a PIN alone",
		  { FROM, "X-Postseal-PIN: bob@example.net 47110815" },
		  .verdict = MARK_SEAL },
		{ "the same PIN twice",
		  { FROM, "X-Postseal-PIN: bob@example.net 47110815",
		    "X-Postseal-PIN: Bob@example.net 47110815" },
		  .verdict = MARK_SEAL },
		{ "a secure alias",
		  { "From: alice@example.com" },
		  .alias = true,
		  .otherwise = true,
		  .verdict = MARK_SEAL },
		{ "an alias is its owner's, wherever mail for it goes",
		  { "From: a@secure.example.com", SEAL },
		  .sender = "a@secure.example.com",
		  .alias = true,
		  .elsewhere = true,
		  .verdict = MARK_SEAL },
		{ "from this machine, logged in",
		  { FROM, SEAL },
		  .tls = TLS_LOCAL,
		  .verdict = MARK_SEAL },
		{ "an extension",
		  { FROM, SEAL },
		  .sender = "alice+x@example.com",
		  .verdict = MARK_SEAL },
		{ "a tag of another",
		  { FROM, SEAL, "X-Postseal-Seal-Token: forged" },
		  .verdict = MARK_SEAL },
		{ "encrypted",
		  { FROM, SEAL, "Content-Type: multipart/encrypted" },
		  .verdict = MARK_ENCRYPTED },
		{ "encrypted, somebody else's From:",
		  { "From: x@example.org", SEAL, "Content-Type: multipart/encrypted" },
		  .verdict = MARK_ENCRYPTED },
		{ "two types",
		  { FROM, SEAL, "Content-Type: multipart/encrypted",
		    "Content-Type: multipart/encrypted" },
		  .verdict = MARK_SEAL },
		{ "two types, the other way",
		  { FROM, SEAL, "Content-Type: text/plain", "Content-Type: multipart/encrypted" },
		  .verdict = MARK_SEAL },
		{ "encrypted, but the alias's level is not met",
		  { FROM, "Content-Type: multipart/encrypted" },
		  .otherwise = true,
		  .verdict = MARK_SEAL },

		/* what is not understood */
		{ "no",
		  { FROM, "X-Postseal-Seal: no" },
		  .verdict = MARK_REFUSE,
		  .status = "5.6.0" },
		{ "nothing",
		  { FROM, "X-Postseal-Seal:" },
		  .verdict = MARK_REFUSE,
		  .status = "5.6.0" },
		{ "yes and no",
		  { FROM, SEAL, "X-Postseal-Seal: no" },
		  .verdict = MARK_REFUSE,
		  .status = "5.6.0" },
		{ "a mark that nobody knows",
		  { FROM, "X-Postseal-Sealed: yes" },
		  .verdict = MARK_REFUSE,
		  .status = "5.6.0" },
		{ "a PIN of letters",
		  { FROM, SEAL, "X-Postseal-PIN: bob@example.net secret" },
		  .verdict = MARK_REFUSE,
		  .status = "5.6.0" },
		{ "two PINs for one",
		  { FROM, "X-Postseal-PIN: bob@example.net 47110815",
		    "X-Postseal-PIN: bob@example.net 47110816" },
		  .verdict = MARK_REFUSE,
		  .status = "5.6.0" },
		{ "a PIN for another",
		  { FROM, SEAL, "X-Postseal-PIN: eve@example.net 47110815" },
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "a weak PIN",
		  { FROM, SEAL, "X-Postseal-PIN: bob@example.net 12345678" },
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "a short PIN",
		  { FROM, SEAL, "X-Postseal-PIN: bob@example.net 4711" },
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },

		/* who may not */
		{ "switched off",
		  { FROM, SEAL },
		  .off = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "a PIN, switched off",
		  { FROM, "X-Postseal-PIN: bob@example.net 47110815" },
		  .off = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "without TLS",
		  { FROM, SEAL },
		  .tls = TLS_NOT,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.10" },
		{ "another's address",
		  { FROM, SEAL },
		  .login = "eve@example.com",
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "in another case",
		  { FROM, SEAL },
		  .login = "ALICE@example.com",
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "a bare login, not local(8)",
		  { FROM, SEAL },
		  .login = "alice",
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "an address of elsewhere",
		  { FROM, SEAL },
		  .elsewhere = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "another author",
		  { "From: bob@example.com", SEAL },
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "two authors",
		  { "From: alice@example.com, bob@example.com", SEAL },
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "two From:", { FROM, FROM, SEAL }, .verdict = MARK_REFUSE, .status = "5.7.1" },
		{ "no From:", { SEAL }, .verdict = MARK_REFUSE, .status = "5.7.1" },
		{ "an address that cannot be sealed to",
		  { FROM, SEAL },
		  .unsealable = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.1.3" },

		/* automatic */
		{ "auto-replied",
		  { FROM, SEAL, "Auto-Submitted: auto-replied" },
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "not automatic",
		  { FROM, SEAL, "Auto-Submitted: No; x=y" },
		  .verdict = MARK_SEAL },
		{ "a list",
		  { FROM, SEAL, "List-Id: <x.example.com>" },
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "bulk",
		  { FROM, SEAL, "Precedence: bulk" },
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "the null sender",
		  { FROM, SEAL },
		  .sender = "<>",
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "mailer-daemon",
		  { FROM, SEAL },
		  .sender = "MAILER-DAEMON@example.com",
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },

		/* nobody has logged in */
		{ "here: a header",
		  { FROM, SEAL },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "here: a PIN",
		  { FROM, "X-Postseal-PIN: bob@example.net 47110815" },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "here: nonsense",
		  { FROM, "X-Postseal-Seal: no" },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "here: an address",
		  { FROM },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .to_sealed = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "here: handed back by a filter",
		  { FROM, "X-Postseal-Seal-Token: x" },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .to_sealed = true,
		  .verdict = MARK_PASS },
		{ "here: a token, and a mark as well",
		  { FROM, SEAL, "X-Postseal-Seal-Token: x" },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "here: a bounce",
		  { FROM },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .sender = "<>",
		  .to_sealed = true,
		  .verdict = MARK_PASS },
		{ "here: a bounce with a mark",
		  { FROM, SEAL },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .sender = "<>",
		  .to_sealed = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "the world: a header", { FROM, SEAL }, .login = "-", .verdict = MARK_PASS },
		{ "the world: a header, and it is sent on",
		  { FROM, SEAL },
		  .login = "-",
		  .leaves = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "the world: nonsense, and it is sent on",
		  { FROM, "X-Postseal-PIN: 1" },
		  .login = "-",
		  .leaves = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "sealed mail, sent on in another name",
		  { FROM, "X-Postseal-Seal-Token: x" },
		  .login = "-",
		  .leaves = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "here: sealed mail, sent on in another name",
		  { FROM, "X-Postseal-Seal-Token: x" },
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .leaves = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "here: sealed mail, sent on as it came",
		  { FROM, "X-Postseal-Seal-Token: x" },
		  .sender = "return-x-alice=example.com@sealed.example.com",
		  .login = "-",
		  .tls = TLS_LOCAL,
		  .leaves = true,
		  .verdict = MARK_PASS },
		{ "sealed mail, sent on by its reader",
		  { FROM, "X-Postseal-Seal-Token: x" },
		  .leaves = true,
		  .verdict = MARK_PASS },
		{ "the world: an address",
		  { FROM },
		  .login = "-",
		  .to_sealed = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
		{ "the world: an address and a token",
		  { FROM, "X-Postseal-Seal-Token: x" },
		  .login = "-",
		  .to_sealed = true,
		  .verdict = MARK_REFUSE,
		  .status = "5.7.1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(scenes); i++)
		play(&scenes[i]);
}
END_TEST

START_TEST(notes_all_headers_of_ours)
{
	static const char *const names[] = { "X-Postseal-Seal",  "x-postseal-foo",
					     "X-Postseal-SEAL ", "X-Postsea",
					     "X-Postseal-",      "X-Postseal-PIN" };
	static const struct mark_header wanted[] = { { "X-Postseal-Seal", 1 },
						     { "x-postseal-foo", 1 },
						     { "X-Postseal-SEAL", 2 },
						     { "X-Postseal-", 1 },
						     { "X-Postseal-PIN", 1 } };
	static const struct mailaddr nobody;
	struct mark mark = { 0 };
	struct mark_facts facts = { .sender = &nobody };
	struct secure_answer answer;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		mark_take_header(&mark, &settings, &nobody, names[i], "yes");
	ck_assert_uint_eq(mark.header_count, ARRAY_LEN(wanted));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		ck_assert_str_eq(mark.headers[i].name, wanted[i].name);
		ck_assert_int_eq(mark.headers[i].index, wanted[i].index);
	}
	mark_free(&mark);
	/* more than could be removed, also in mail of the world */
	for (int i = 0; i < MARK_HEADERS_MAX; i++)
		mark_take_header(&mark, &settings, &nobody, "X-Postseal-Other", "x");
	ck_assert_int_eq(mark_decide(&answer, &settings, &mark, &facts), MARK_PASS);
	mark_take_header(&mark, &settings, &nobody, "X-Postseal-Other", "x");
	ck_assert_int_eq(mark_decide(&answer, &settings, &mark, &facts), MARK_REFUSE);
	mark_free(&mark);
	mark_take_header(&mark, &settings, &nobody,
			 "X-Postseal-a-name-that-is-longer-than-any-that-we-have-room-to-remember",
			 "x");
	ck_assert_int_eq(mark_decide(&answer, &settings, &mark, &facts), MARK_REFUSE);
	mark_free(&mark);
}
END_TEST

START_TEST(refuses_strangers_at_once)
{
	static const struct secure_client world = { false, SECURE_TLS_USED, 0x0304 };
	static const struct secure_client here = { .local = true };
	struct secure_answer answer;

	mark_decide_recipient(&answer, &world, NULL, false, MARK_SEALED);
	ck_assert(answer.refused);
	mark_decide_recipient(&answer, &world, NULL, true, MARK_NOBODY);
	ck_assert(answer.refused);
	mark_decide_recipient(&answer, &world, NULL, false, MARK_OUTSIDE);
	ck_assert(!answer.refused);
	mark_decide_recipient(&answer, &world, "alice", false, MARK_SEALED);
	ck_assert(!answer.refused);
	mark_decide_recipient(&answer, &world, "alice", true, MARK_SEALED);
	ck_assert(answer.refused);
	mark_decide_recipient(&answer, &world, "alice", false, MARK_NOBODY);
	ck_assert(answer.refused && strcmp(answer.status, "5.1.3") == 0);
	mark_decide_recipient(&answer, &here, NULL, true, MARK_SEALED);
	ck_assert(!answer.refused);
	mark_decide_recipient(&answer, &here, NULL, false, MARK_HERE);
	ck_assert(!answer.refused);
}
END_TEST

START_TEST(logins_own_their_mailboxes)
{
	static const struct {
		const char *login, *mailbox;
		bool local, owns;
	} cases[] = {
		{ "me@example.com", "me@example.com", true, true },
		{ "me@EXAMPLE.com", "me@example.com", false, true },
		{ "me@example.com", "Me+x@example.com", false, true },
		{ "me", "me@example.com", true, true },
		{ "me", "me@example.com", false, false },
		{ "me@other.example", "me@example.com", true, false },
		{ "ME", "me@example.com", true, false },
		{ "", "me@example.com", true, false },
		{ NULL, "me@example.com", true, false },
		{ "me", "me@[192.0.2.1]", true, false },
		{ "me", "<>", true, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mailaddr mailbox;

		mailaddr_parse(&mailbox, cases[i].mailbox, strlen(cases[i].mailbox), "+");
		ck_assert_msg(mark_login_owns(cases[i].login, &mailbox, cases[i].local) ==
				      cases[i].owns,
			      "case %zu", i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mark");
	TCase *tests = tcase_create("mark");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, says_where_a_recipient_is);
	tcase_add_test(tests, reads_pins);
	tcase_add_test(tests, knows_what_is_encrypted);
	tcase_add_test(tests, obeys_or_refuses);
	tcase_add_test(tests, notes_all_headers_of_ours);
	tcase_add_test(tests, refuses_strangers_at_once);
	tcase_add_test(tests, logins_own_their_mailboxes);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
