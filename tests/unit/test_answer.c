/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and their answers, from a real ledger, without a socket. */
#include "core/policy/decide.h"
#include "io/local/metrics_file.h"
#include "socketmap/answer.h"

#include <jansson.h>
#include <lmdb.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "tests/unit/fork.h"
#include "tests/unit/metrics_case.h"
#include "tests/unit/socketmap_case.h"

#define T INT64_C(1767323045) /* 2026-01-02T03:04:05Z */

/* Instead of base/clock.c: opening the ledger is tried again after a while. */
static int64_t mono_ms = 1000000;

int64_t clock_mono_ms(void)
{
	return mono_ms;
}

int64_t clock_mono_us(void)
{
	return mono_ms * 1000;
}

int64_t clock_wall(void)
{
	return T;
}

static const struct sort sorts[] = {
	{ "sealed.test", MX_FOUND, true, OBSERVED_TLS, TLSA_USABLE, 0 },
	{ "tls.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0 },
	{ "plain.test", MX_FOUND, false, OBSERVED_PLAIN, TLSA_ABSENT, 0 },
	{ "unseen.test", MX_FOUND, false, OBSERVED_NOTHING, TLSA_ABSENT, 0 },
	{ "null.test", MX_NULL, true, OBSERVED_NOTHING, TLSA_UNKNOWN, 0 },
	{ "gone.test", MX_NXDOMAIN, true, OBSERVED_NOTHING, TLSA_UNKNOWN, 0 },
	{ "oldtls.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 60 },
	{ "oldplain.test", MX_FOUND, false, OBSERVED_PLAIN, TLSA_ABSENT, 60 },
	{ "xn--bcher-kva.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0 },
};

static struct settings settings;
static struct answerer *answerer;
static struct question question;
static struct buf reply;

static void set_up(void)
{
	make_dir();
	settings_init(&settings);
	free(settings.ledger);
	settings.ledger = mem_strdup(ledger_dir);
	put_sorts(sorts, ARRAY_LEN(sorts), T);
	answerer = answerer_new(&settings);
}

static void tear_down(void)
{
	answerer_free(answerer);
	settings_free(&settings);
	buf_free(&reply);
	remove_dir();
}

/* The ledger must be closed while this process writes to it. */
static void write_then_reopen(void (*write)(struct ledger_txn *txn))
{
	char error[LEDGER_ERROR_SIZE];
	struct ledger *ledger;
	struct ledger_txn *txn;

	answerer_free(answerer);
	ledger = ledger_open(ledger_dir, LEDGER_WRITE, error);
	ck_assert_msg(ledger != NULL, "%s", error);
	txn = ledger_begin_write(ledger);
	write(txn);
	ck_assert(ledger_commit(txn));
	ledger_close(ledger);
	answerer = answerer_new(&settings);
}

static enum answer ask_bytes(const char *payload, size_t len)
{
	reply.len = 0;
	return answer_request(answerer, payload, len, T, &question, &reply);
}

static enum answer ask(const char *payload)
{
	return ask_bytes(payload, strlen(payload));
}

struct expectation {
	const char *payload;
	enum answer answer;
	const char *reply;
};

static void expect_all(const struct expectation *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(ask(cases[i].payload) == cases[i].answer, "%s", cases[i].payload);
		ck_assert_msg(strcmp(buf_cstr(&reply), cases[i].reply) == 0, "%s: \"%s\"",
			      cases[i].payload, buf_cstr(&reply));
	}
}

START_TEST(answers_by_the_facts)
{
	static const struct expectation cases[] = {
		{ "policy sealed.test", ANSWER_GIVEN, "OK dane-only" },
		{ "policy tls.test", ANSWER_GIVEN, "OK encrypt" },
		{ "policy plain.test", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy null.test", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy gone.test", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy+tlsrpt tls.test", ANSWER_GIVEN,
		  "OK encrypt policy_type=no-policy-found policy_domain=tls.test" },
		{ "policy+tlsrpt sealed.test", ANSWER_GIVEN, "OK dane-only" },
		{ "policy-encrypt plain.test", ANSWER_GIVEN, "OK encrypt" },
		{ "policy-dane-only tls.test", ANSWER_GIVEN, "OK dane-only" },
		{ "policy-authenticated tls.test", ANSWER_GIVEN, "OK dane-only" },
	};

	expect_all(cases, ARRAY_LEN(cases));
}
END_TEST

static uint64_t answers(enum map map, unsigned answer)
{
	return metrics_cells[METRIC2(ANSWERS, map, answer)];
}

START_TEST(counts_answers)
{
	static const char *const requests[] = {
		"policy sealed.test",
		"policy tls.test",
		"policy tls.test",
		"policy plain.test",
		"policy-encrypt tls.test",
		"policy .test",
		"policy tls.test:nosuch",
		"policy a..b",
		"status tls.test",
		"status me@tls.test",
		"transport me@tls.test",
		"transport ",
		"deliverable-encrypt tls.test",
		"nosuch tls.test",
		"policy",
	};

	begin_counts();
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		ask(requests[i]);
	ck_assert_uint_eq(answers(MAP_POLICY, LEVEL_DANE_ONLY), 1);
	ck_assert_uint_eq(answers(MAP_POLICY, LEVEL_ENCRYPT), 2);
	ck_assert_uint_eq(answers(MAP_POLICY, LEVEL_NONE), 3); /* plain, .test, a..b */
	ck_assert_uint_eq(answers(MAP_POLICY, METRIC_ANSWER_TEMP), 1);
	ck_assert_uint_eq(answers(MAP_POLICY_ENCRYPT, LEVEL_ENCRYPT), 1);
	ck_assert_uint_eq(answers(MAP_STATUS, METRIC_ANSWER_OK), 2);
	ck_assert_uint_eq(answers(MAP_TRANSPORT, LEVEL_NONE), 2);
	ck_assert_uint_eq(answers(MAP_DELIVERABLE_ENCRYPT, METRIC_ANSWER_OK), 1);
	ck_assert_uint_eq(metrics_cells[METRIC1(RULES, RULE_FLOOR - 1)], 3);
	ck_assert_uint_eq(metrics_cells[METRIC1(RULES, RULE_DANE_ALL - 1)], 1);
	ck_assert_uint_eq(metrics_cells[METRIC1(REFUSED, METRIC_REFUSED_KEY)], 1);
	ck_assert_uint_eq(metrics_cells[METRIC1(REFUSED, METRIC_REFUSED_MAP)], 1);
	ck_assert_uint_eq(metrics_cells[METRIC1(REFUSED, METRIC_REFUSED_MALFORMED)], 1);
}
END_TEST

/* What waits is no answer yet; and what waited in vain is one. */
START_TEST(counts_no_answer_that_is_not_given)
{
	begin_counts();
	ck_assert_int_eq(ask("policy new.test"), ANSWER_PARK);
	ck_assert_uint_eq(answers(MAP_POLICY, METRIC_ANSWER_TEMP), 0);
	answer_question(answerer, &question, true, T, &reply);
	ck_assert_uint_eq(answers(MAP_POLICY, METRIC_ANSWER_TEMP), 1);
	ck_assert_uint_eq(metrics_cells[METRIC1(RULES, RULE_NOTHING - 1)], 1);
}
END_TEST

START_TEST(folds_every_form_of_key)
{
	static const struct expectation cases[] = {
		{ "policy TLS.Test", ANSWER_GIVEN, "OK encrypt" },
		{ "policy tls.test.", ANSWER_GIVEN, "OK encrypt" },
		{ "policy tls.test:25", ANSWER_GIVEN, "OK encrypt" },
		{ "policy tls.test:smtp", ANSWER_GIVEN, "OK encrypt" },
		{ "policy B\xc3\xbc"
		  "cher.test",
		  ANSWER_GIVEN, "OK encrypt" },
		{ "policy xn--bcher-kva.test", ANSWER_GIVEN, "OK encrypt" },
		/* Another port, or one host of it, has a history of its own. */
		{ "policy tls.test:587", ANSWER_PARK, "" },
		{ "policy tls.test:submission", ANSWER_PARK, "" },
		{ "policy [tls.test]", ANSWER_PARK, "" },
		{ "policy [192.0.2.1]", ANSWER_PARK, "" },
		{ "policy [IPv6:2001:db8::1]:587", ANSWER_PARK, "" },
	};

	expect_all(cases, ARRAY_LEN(cases));
	ck_assert_str_eq(question.nexthop.key, "[2001:db8::1]:587");
}
END_TEST

START_TEST(tells_beforehand_what_cannot_be_met)
{
	static const struct expectation cases[] = {
		{ "deliverable-encrypt tls.test", ANSWER_GIVEN, "OK yes" },
		{ "deliverable-encrypt plain.test", ANSWER_GIVEN,
		  "OK no plain.test does not accept TLS" },
		{ "deliverable-dane-only sealed.test", ANSWER_GIVEN, "OK yes" },
		{ "deliverable-dane-only tls.test", ANSWER_GIVEN,
		  "OK no tls.test publishes no DANE records, which would prove its server" },
		{ "deliverable-authenticated tls.test:25", ANSWER_GIVEN,
		  "OK no tls.test publishes neither DANE nor MTA-STS, which would prove its "
		  "server" },
		{ "deliverable-verify new.test", ANSWER_GIVEN,
		  "OK no new.test has no certificate on file here" },
		{ "deliverable-encrypt null.test", ANSWER_GIVEN,
		  "OK unknown null.test may meet it or not; delivery will tell" },
		{ "deliverable-encrypt oldtls.test", ANSWER_REFRESH, "OK yes" },
		{ "deliverable-encrypt oldplain.test", ANSWER_PARK, "" },
		{ "deliverable-encrypt new.test", ANSWER_PARK, "" },
		{ "deliverable-encrypt .test", ANSWER_GIVEN, "NOTFOUND " },
		{ "deliverable-encrypt a@b", ANSWER_GIVEN, "NOTFOUND " },
	};

	expect_all(cases, ARRAY_LEN(cases));
	ask("deliverable-encrypt new.test");
	ck_assert_int_eq(question.map, MAP_DELIVERABLE_ENCRYPT);
	ck_assert_int_eq(answer_question(answerer, &question, false, T, &reply), ANSWER_PARK);
	ck_assert_int_eq(answer_question(answerer, &question, true, T, &reply), ANSWER_REFRESH);
	ck_assert_str_eq(buf_cstr(&reply),
			 "OK unknown new.test may meet it or not; delivery will tell");
	settings.first_contact = FIRST_CONTACT_DEFER;
	ck_assert_int_eq(ask("deliverable-encrypt new.test"), ANSWER_REFRESH);
}
END_TEST

START_TEST(parks_what_is_not_known)
{
	ck_assert_int_eq(ask("policy-encrypt+tlsrpt new.test"), ANSWER_PARK);
	ck_assert_uint_eq(reply.len, 0);
	ck_assert_int_eq(question.map, MAP_POLICY_ENCRYPT);
	ck_assert(question.tlsrpt);
	ck_assert_str_eq(question.nexthop.key, "new.test");
	ck_assert_int_eq(ask("policy unseen.test"), ANSWER_PARK);
	/* Old news that TLS was not offered: it might be by now. */
	ck_assert_int_eq(ask("policy oldplain.test"), ANSWER_PARK);
}
END_TEST

START_TEST(answers_what_has_waited)
{
	ask("policy new.test");
	ck_assert_int_eq(answer_question(answerer, &question, false, T, &reply), ANSWER_PARK);
	ck_assert_uint_eq(reply.len, 0);
	ck_assert_int_eq(answer_question(answerer, &question, true, T, &reply), ANSWER_REFRESH);
	ck_assert_str_eq(buf_cstr(&reply), "TEMP new.test: nothing is known about it yet");
	ask("policy oldplain.test");
	ck_assert_int_eq(answer_question(answerer, &question, true, T, &reply), ANSWER_GIVEN);
	ck_assert_str_eq(buf_cstr(&reply), "NOTFOUND ");
}
END_TEST

START_TEST(answers_stale_but_safe_at_once)
{
	static const struct expectation cases[] = {
		{ "policy oldtls.test", ANSWER_REFRESH, "OK encrypt" },
	};

	expect_all(cases, ARRAY_LEN(cases));
	ck_assert_str_eq(question.nexthop.key, "oldtls.test");
}
END_TEST

START_TEST(does_not_wait_if_told_so)
{
	static const struct expectation deferred[] = {
		{ "policy new.test", ANSWER_REFRESH,
		  "TEMP new.test: nothing is known about it yet" },
	};
	static const struct expectation allowed[] = {
		{ "policy new.test", ANSWER_REFRESH, "NOTFOUND " },
	};

	settings.first_contact = FIRST_CONTACT_DEFER;
	expect_all(deferred, ARRAY_LEN(deferred));
	settings.first_contact = FIRST_CONTACT_MAY;
	expect_all(allowed, ARRAY_LEN(allowed));
}
END_TEST

static void put_overrides(struct ledger_txn *txn)
{
	struct override override = {
		.kind = OVERRIDE_EXACT,
		.level = LEVEL_ENCRYPT,
		.set = T - 60,
	};

	str_copy(override.author, sizeof(override.author), "admin");
	ck_assert(ledger_put_override(txn, ".partners.test", &override));
	override.expires = T - 1;
	ck_assert(ledger_put_override(txn, ".expired.test", &override));
}

static void put_keys(struct ledger_txn *txn)
{
	const struct override override = {
		.kind = OVERRIDE_EXACT, .level = LEVEL_FINGERPRINT, .author = "admin", .set = T - 1
	};
	struct pin_act pin = { .set = T - 1 };

	memset(pin.spki, 0xab, sizeof(pin.spki));
	ck_assert(ledger_put_pin(txn, "plain.test", &pin));
	ck_assert(ledger_put_pin(txn, "tls.test", &pin));
	ck_assert(ledger_put_override(txn, "tls.test", &override));
}

/* They are looked for only where they count: in map `policy` by an override alone. */
START_TEST(answers_with_keys_on_file)
{
#define AB8 "AB:AB:AB:AB:AB:AB:AB:AB"
	static const char keys[] = "OK fingerprint match=" AB8 ":" AB8 ":" AB8 ":" AB8;
	const struct expectation cases[] = {
		{ "policy tls.test", ANSWER_GIVEN, keys },
		{ "policy plain.test", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy-verify plain.test", ANSWER_GIVEN, keys },
		{ "policy-verify tls.test", ANSWER_GIVEN, keys },
	};

	write_then_reopen(put_keys);
	expect_all(cases, ARRAY_LEN(cases));
}
END_TEST

START_TEST(answers_parents_from_overrides_only)
{
	static const struct expectation before[] = {
		{ "policy .com", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy .partners.test", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy-dane-only .com", ANSWER_GIVEN, "NOTFOUND " },
	};
	static const struct expectation after[] = {
		{ "policy .com", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy .partners.test", ANSWER_GIVEN, "OK encrypt" },
		{ "policy .expired.test", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy host.partners.test", ANSWER_GIVEN, "OK encrypt" },
	};

	expect_all(before, ARRAY_LEN(before));
	write_then_reopen(put_overrides);
	expect_all(after, ARRAY_LEN(after));
}
END_TEST

/* Its MX look-up has failed for two days, and was to be repeated in one. */
static void put_failing(struct ledger_txn *txn)
{
	struct domain_facts domain = { .mx.fresh = { .failed = T - 2 * 86400,
						     .expires = T + 80000 } };

	ck_assert(ledger_put_domain(txn, "failing.test", &domain));
}

START_TEST(has_it_looked_into_why_mail_waits)
{
	static const struct expectation cases[] = {
		{ "policy failing.test", ANSWER_REFRESH,
		  "TEMP failing.test: its MX look-up fails" },
		{ "policy-encrypt failing.test", ANSWER_GIVEN, "OK encrypt" },
	};

	write_then_reopen(put_failing);
	expect_all(cases, ARRAY_LEN(cases));
	/* It has just looked. */
	ask("policy failing.test");
	ck_assert_int_eq(answer_question(answerer, &question, true, T, &reply), ANSWER_GIVEN);
}
END_TEST

/* One host with TLSA records, and one without that nobody has spoken to. */
static void put_half_known(struct ledger_txn *txn)
{
	const struct freshness fresh = { .checked = T - 60, .expires = T + 3600 };
	struct host_facts host = { .addr = ADDR_FOUND,
				   .addr_secure = true,
				   .addr_fresh = fresh,
				   .tlsa = TLSA_ABSENT,
				   .tlsa_fresh = fresh };
	struct domain_facts domain = {
		.mx = { .state = MX_FOUND,
			.fresh = fresh,
			.count = 2,
			.refs = { { 10, "a.half.test" }, { 20, "b.half.test" } } },
		.sts = { .mode = STS_NONE, .fresh = fresh },
	};

	ck_assert(ledger_put_host(txn, "b.half.test", 25, &host));
	host.tlsa = TLSA_USABLE;
	host.last = (struct observation){ .time = T - 60,
					  .source = SOURCE_PROBE,
					  .observed = OBSERVED_TLS_FAILED };
	host.last_expires = T + 3600;
	ck_assert(ledger_put_host(txn, "a.half.test", 25, &host));
	ck_assert(ledger_put_domain(txn, "half.test", &domain));
}

START_TEST(says_that_a_probe_is_waited_for)
{
	write_then_reopen(put_half_known);
	ck_assert_int_eq(ask("policy half.test"), ANSWER_PARK);
	ck_assert_int_eq(answer_question(answerer, &question, true, T, &reply), ANSWER_REFRESH);
	ck_assert_str_eq(buf_cstr(&reply), "TEMP half.test: not all is known about it yet");
}
END_TEST

START_TEST(knows_impossible_keys)
{
	static const struct expectation cases[] = {
		{ "policy ", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy a b", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy [", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy example..com", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy example.com:0", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy /var/run/lmtp.sock", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy \xff\xfe", ANSWER_GIVEN, "NOTFOUND " },
		{ "status @", ANSWER_GIVEN, "NOTFOUND " },
		{ "status joe@", ANSWER_GIVEN, "NOTFOUND " },
		{ "status .com", ANSWER_GIVEN, "NOTFOUND " },
		{ "policy tls.test:gopher", ANSWER_GIVEN,
		  "TEMP tls.test:gopher: not a mail service; write the port as a number" },
	};

	expect_all(cases, ARRAY_LEN(cases));
}
END_TEST

/* As all that a client can cause over and over. */
START_TEST(warns_of_an_unknown_service_once_in_a_while)
{
	char path[96], line[512];
	int saved = dup(STDERR_FILENO), lines = 0;
	FILE *log;

	snprintf(path, sizeof(path), "%s/log", dir);
	ck_assert_ptr_nonnull(freopen(path, "w", stderr));
	for (int i = 0; i < 30; i++) {
		ask("policy tls.test:gopher");
		mono_ms += 500;
	}
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	log = fopen(path, "r");
	ck_assert_ptr_nonnull(log);
	while (fgets(line, sizeof(line), log) != NULL)
		lines++;
	fclose(log);
	ck_assert_int_eq(lines, 2);
	ck_assert_ptr_nonnull(strstr(line, "(19 more like it before)"));
}
END_TEST

#define MAPS                                                                                  \
	"maps are policy, policy-encrypt, policy-authenticated, policy-verify, "              \
	"policy-dane-only (each also with +tlsrpt), transport, alias, exception, otherwise, " \
	"status, mailbox, "                                                                   \
	"deliverable-encrypt, deliverable-authenticated, deliverable-verify, "                \
	"deliverable-dane-only"

START_TEST(refuses_unknown_maps)
{
	static const struct expectation cases[] = {
		{ "nosuch key", ANSWER_GIVEN, "PERM unknown map nosuch; " MAPS },
		{ "a\nb key", ANSWER_GIVEN, "PERM unknown map a\\x0ab; " MAPS },
		{ "policy", ANSWER_GIVEN, "PERM malformed request; expected \"MAP KEY\"" },
		{ "", ANSWER_GIVEN, "PERM malformed request; expected \"MAP KEY\"" },
	};
	static char longest[REQUEST_MAX];

	expect_all(cases, ARRAY_LEN(cases));
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 2] = ' ';
	ck_assert_int_eq(ask_bytes(longest, sizeof(longest)), ANSWER_GIVEN);
	ck_assert_ptr_eq(strstr(buf_cstr(&reply), "PERM unknown map xxx"), reply.data);
	ck_assert_int_eq(ask_bytes("policy tls\0.test", 16), ANSWER_GIVEN);
	ck_assert_str_eq(buf_cstr(&reply), "PERM malformed request; expected \"MAP KEY\"");
}
END_TEST

/* The status of `key`, as its JSON object; the caller's to end. */
static json_t *status(const char *key, enum answer expected)
{
	char payload[256];
	json_t *json;

	snprintf(payload, sizeof(payload), "status %s", key);
	ck_assert_msg(ask(payload) == expected, "%s", key);
	ck_assert_msg(strncmp(buf_cstr(&reply), "OK {", 4) == 0, "%s", reply.data);
	for (size_t i = 0; i < reply.len; i++)
		ck_assert_msg(reply.data[i] >= ' ' && reply.data[i] <= '~', "%s", reply.data);
	json = json_loads(reply.data + 3, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(json);
	return json;
}

static void expect_member(const json_t *json, const char *name, const char *value)
{
	const char *found = json_string_value(json_object_get(json, name));

	if (value == NULL)
		ck_assert_msg(json_is_null(json_object_get(json, name)), "%s", name);
	else
		ck_assert_msg(found != NULL && strcmp(found, value) == 0, "%s: %s", name,
			      found != NULL ? found : "not a string");
}

START_TEST(tells_the_status)
{
	json_t *json = status("Joe@Sealed.Test", ANSWER_GIVEN);
	const json_t *mx = json_array_get(json_object_get(json, "mx"), 0);

	expect_member(json, "address", "Joe@Sealed.Test");
	expect_member(json, "domain", "sealed.test");
	expect_member(json, "state", "dane");
	expect_member(json, "label", "DANE ok");
	expect_member(json, "level", "dane-only");
	expect_member(json, "tls_version", "TLSv1.3");
	expect_member(json, "cipher", "TLS_AES_256_GCM_SHA384");
	expect_member(json, "first_tls", "2026-01-02T03:03:05Z");
	expect_member(json, "last_tls", "2026-01-02T03:03:05Z");
	expect_member(json, "checked", "2026-01-02T03:03:05Z");
	expect_member(json, "downgrade_since", NULL);
	ck_assert(json_is_true(json_object_get(json, "guaranteed")));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "mx")), 1);
	expect_member(mx, "host", "mx.sealed.test");
	expect_member(mx, "tls_version", "TLSv1.3");
	ck_assert(json_is_true(json_object_get(mx, "tls")));
	ck_assert(json_is_true(json_object_get(mx, "dane")));
	json_decref(json);
}
END_TEST

START_TEST(tells_the_other_states)
{
	static const struct {
		const char *key;
		enum answer answer;
		const char *state;
		const char *label;
	} cases[] = {
		{ "tls.test", ANSWER_GIVEN, "tls", "SSL ok" },
		{ "plain.test", ANSWER_GIVEN, "plain", "no SSL" },
		/* Never parked: the prober looks behind the answer. */
		{ "new.test", ANSWER_REFRESH, "unknown", "SSL ?" },
		{ "oldplain.test", ANSWER_REFRESH, "plain", "no SSL" },
		{ "oldtls.test", ANSWER_REFRESH, "tls", "SSL ok" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *json = status(cases[i].key, cases[i].answer);

		expect_member(json, "address", NULL);
		expect_member(json, "domain", cases[i].key);
		expect_member(json, "state", cases[i].state);
		expect_member(json, "label", cases[i].label);
		json_decref(json);
	}
	ck_assert_str_eq(question.nexthop.key, "oldtls.test");
}
END_TEST

START_TEST(takes_odd_addresses)
{
	static const struct {
		const char *key;
		enum answer answer;
		const char *address;
		const char *domain;
	} cases[] = {
		{ "\"a b@c\"@tls.test", ANSWER_GIVEN, "\"a b@c\"@tls.test", "tls.test" },
		{ "joe@[192.0.2.1]", ANSWER_REFRESH, "joe@[192.0.2.1]", "[192.0.2.1]" },
		{ "joe@[IPv6:2001:db8::1]", ANSWER_REFRESH, "joe@[IPv6:2001:db8::1]",
		  "[2001:db8::1]" },
		{ "j\xc3\xb6@B\xc3\xbc"
		  "cher.test",
		  ANSWER_GIVEN,
		  "j\xc3\xb6@B\xc3\xbc"
		  "cher.test",
		  "xn--bcher-kva.test" },
		/* Bytes that are no UTF-8 cannot stand in JSON. */
		{ "j\xf6@tls.test", ANSWER_GIVEN, "j\\xf6@tls.test", "tls.test" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *json = status(cases[i].key, cases[i].answer);

		expect_member(json, "address", cases[i].address);
		expect_member(json, "domain", cases[i].domain);
		json_decref(json);
	}
}
END_TEST

#define NO_LEDGER(key) "TEMP " key ": postseal cannot read its ledger; its log says why"

/* As the prober would, from a process of its own. */
static void learn_elsewhere(const struct sort *sort)
{
	pid_t pid = must_fork();
	int status;

	if (pid == 0) {
		put_sorts(sort, 1, T);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(holds_a_snapshot)
{
	static const struct sort late = {
		"late.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0
	};
	static const struct expectation before[] = {
		{ "policy tls.test", ANSWER_GIVEN, "OK encrypt" },
		{ "policy late.test", ANSWER_PARK, "" },
	};
	static const struct expectation after[] = {
		{ "policy late.test", ANSWER_GIVEN, "OK encrypt" },
	};

	answerer_hold(answerer);
	learn_elsewhere(&late);
	expect_all(before, ARRAY_LEN(before));
	answerer_release(answerer);
	expect_all(after, ARRAY_LEN(after));
	answerer_hold(answerer);
	expect_all(after, ARRAY_LEN(after));
	answerer_release(answerer);
}
END_TEST

START_TEST(waits_for_a_ledger)
{
	static const struct expectation without[] = {
		{ "policy tls.test", ANSWER_GIVEN, NO_LEDGER("tls.test") },
		{ "policy .com", ANSWER_GIVEN, NO_LEDGER(".com") },
		{ "status joe@tls.test", ANSWER_GIVEN, NO_LEDGER("tls.test") },
	};
	static const struct expectation with[] = {
		{ "policy tls.test", ANSWER_GIVEN, "OK encrypt" },
	};

	remove_dir();
	answerer_hold(answerer);
	expect_all(without, ARRAY_LEN(without));
	answerer_release(answerer);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	put_sorts(sorts, ARRAY_LEN(sorts), T);
	/* Not at every question, but soon. */
	expect_all(without, 1);
	mono_ms += 1000;
	expect_all(with, ARRAY_LEN(with));
}
END_TEST

/* As the log says of one that is damaged: move it away, and restart the prober. */
START_TEST(takes_up_a_ledger_that_was_replaced)
{
	static const struct sort other[] = {
		{ "tls.test", MX_FOUND, true, OBSERVED_TLS, TLSA_USABLE, 0 },
		{ "another.test", MX_FOUND, false, OBSERVED_TLS, TLSA_ABSENT, 0 },
	};
	static const struct expectation before[] = {
		{ "policy tls.test", ANSWER_GIVEN, "OK encrypt" },
		{ "policy another.test", ANSWER_PARK, "" },
	};
	static const struct expectation after[] = {
		{ "policy tls.test", ANSWER_GIVEN, "OK dane-only" },
		{ "policy another.test", ANSWER_GIVEN, "OK encrypt" },
	};
	char data[96], away[96];

	expect_all(before, ARRAY_LEN(before));
	snprintf(data, sizeof(data), "%s/data.mdb", ledger_dir);
	snprintf(away, sizeof(away), "%s/data.mdb.damaged", ledger_dir);
	ck_assert_int_eq(rename(data, away), 0);
	mono_ms += 1000;
	/* There is nothing better yet. */
	expect_all(before, ARRAY_LEN(before));
	learn_elsewhere(&other[0]);
	learn_elsewhere(&other[1]);
	mono_ms += 1000;
	answerer_hold(answerer);
	expect_all(after, ARRAY_LEN(after));
	answerer_release(answerer);
	expect_all(after, ARRAY_LEN(after));
	/* Without its readers the next writer would take the pages that are being read. */
	snprintf(data, sizeof(data), "%s/lock.mdb", ledger_dir);
	ck_assert_int_eq(unlink(data), 0);
	learn_elsewhere(&sorts[1]); /* tls.test */
	mono_ms += 1000;
	expect_all(before, 1);
}
END_TEST

/* As a bad disk would, behind the ledger's back. */
static void damage_record(const char *db, const char *key)
{
	char copy[64];
	MDB_val name = { .mv_size = strlen(key), .mv_data = copy };
	MDB_val value = { .mv_size = 7, .mv_data = copy };
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	memcpy(copy, key, strlen(key));
	ck_assert_int_eq(mdb_env_create(&env), 0);
	ck_assert_int_eq(mdb_env_set_maxdbs(env, 16), 0);
	ck_assert_int_eq(mdb_env_open(env, ledger_dir, 0, 0600), 0);
	ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	ck_assert_int_eq(mdb_dbi_open(txn, db, 0, &dbi), 0);
	ck_assert_int_eq(mdb_put(txn, dbi, &name, &value, 0), 0);
	ck_assert_int_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* "Don't know" is not "no": mail waits. */
START_TEST(fails_safe_on_a_damaged_record)
{
	static const struct expectation cases[] = {
		{ "policy tls.test", ANSWER_GIVEN, NO_LEDGER("tls.test") },
		{ "policy-dane-only tls.test", ANSWER_GIVEN, NO_LEDGER("tls.test") },
		{ "policy sealed.test", ANSWER_GIVEN, NO_LEDGER("sealed.test") },
		{ "status tls.test", ANSWER_GIVEN, NO_LEDGER("tls.test") },
		{ "policy plain.test", ANSWER_GIVEN, "NOTFOUND " },
	};

	damage_record("domain", "tls.test");
	damage_record("host", "mx.sealed.test:25");
	expect_all(cases, ARRAY_LEN(cases));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tcase = tcase_create("answer");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, answers_by_the_facts);
	tcase_add_test(tcase, counts_answers);
	tcase_add_test(tcase, counts_no_answer_that_is_not_given);
	tcase_add_test(tcase, folds_every_form_of_key);
	tcase_add_test(tcase, parks_what_is_not_known);
	tcase_add_test(tcase, tells_beforehand_what_cannot_be_met);
	tcase_add_test(tcase, answers_what_has_waited);
	tcase_add_test(tcase, answers_stale_but_safe_at_once);
	tcase_add_test(tcase, does_not_wait_if_told_so);
	tcase_add_test(tcase, answers_with_keys_on_file);
	tcase_add_test(tcase, answers_parents_from_overrides_only);
	tcase_add_test(tcase, has_it_looked_into_why_mail_waits);
	tcase_add_test(tcase, says_that_a_probe_is_waited_for);
	tcase_add_test(tcase, knows_impossible_keys);
	tcase_add_test(tcase, warns_of_an_unknown_service_once_in_a_while);
	tcase_add_test(tcase, refuses_unknown_maps);
	tcase_add_test(tcase, tells_the_status);
	tcase_add_test(tcase, tells_the_other_states);
	tcase_add_test(tcase, takes_odd_addresses);
	tcase_add_test(tcase, holds_a_snapshot);
	tcase_add_test(tcase, waits_for_a_ledger);
	tcase_add_test(tcase, fails_safe_on_a_damaged_record);
	tcase_add_test(tcase, takes_up_a_ledger_that_was_replaced);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
