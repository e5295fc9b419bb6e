/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of an export: what they look like, that they come back, and what is refused. */
#include <check.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/mem.h"
#include "entry_samples.h"
#include "io/json/entry_json.h"

static struct entry entry, again;
static char error[ENTRY_ERROR_SIZE];

/* Static storage, or memory of `line` until it is reused. */
static const char *write_line(const struct entry *e)
{
	static struct buf line;

	line.len = 0;
	entry_json_append(&line, e);
	return buf_cstr(&line);
}

static bool read_line(const char *text)
{
	memset(error, 0, sizeof(error));
	return entry_json_read(&again, text, strlen(text), ENTRY_SCHEMA, error);
}

static void must_come_back(const struct entry *e)
{
	struct buf before = { 0 }, after = { 0 };
	char *line = mem_strdup(write_line(e));

	ck_assert_msg(read_line(line), "%s: %s", line, error);
	ck_assert_int_eq(again.kind, e->kind);
	ck_assert_str_eq(again.key, e->key);
	ck_assert_int_eq(again.port, e->port);
	ck_assert_str_eq(write_line(&again), line);
	entry_put_record(&before, e);
	entry_put_record(&after, &again);
	ck_assert_uint_eq(before.len, after.len);
	ck_assert_msg(before.len == 0 || memcmp(before.data, after.data, before.len) == 0, "%s",
		      line);
	buf_free(&before);
	buf_free(&after);
	free(line);
}

START_TEST(what_is_written_can_be_read)
{
	for (enum entry_kind kind = ENTRY_HEADER; kind < ENTRY_KINDS; kind++) {
		sample_entry(&entry, kind);
		must_come_back(&entry);
		/* has a level and a mailbox, a sender and an end, always */
		if (kind != ENTRY_ALIAS && kind != ENTRY_EXCEPTION) {
			memset(&entry.of, 0, sizeof(entry.of));
			if (kind == ENTRY_HEADER)
				entry.of.schema = ENTRY_SCHEMA;
			must_come_back(&entry);
		}
	}
}
END_TEST

START_TEST(random_records_come_back)
{
	uint64_t state = 5;

	for (int i = 0; i < 2000; i++) {
		some_entry(&entry, ENTRY_DOMAIN + (enum entry_kind)(i % 6), &state);
		must_come_back(&entry);
	}
}
END_TEST

/*
 * Each byte of a record is in its line: change one, and if a record is still
 * there its line is another. So no field can be forgotten when one is added.
 */
START_TEST(no_field_is_left_out)
{
	struct buf bytes = { 0 };
	char *line;

	sample_entry(&entry, (enum entry_kind)_i);
	line = mem_strdup(write_line(&entry));
	entry_put_record(&bytes, &entry);
	for (size_t i = 0; i < bytes.len; i++) {
		bool got = false;

		again = entry;
		bytes.data[i] ^= 1;
		got = entry_get_record(&again, bytes.data, bytes.len);
		if (got)
			ck_assert_msg(strcmp(line, write_line(&again)) != 0,
				      "%s: byte %zu is not in %s", entry_kind_name(entry.kind), i,
				      line);
		bytes.data[i] ^= 1;
	}
	buf_free(&bytes);
	free(line);
}
END_TEST

START_TEST(odd_values_come_back)
{
	sample_entry(&entry, ENTRY_HOST);
	entry.of.host.last.version = 0x7f1c;
	entry.of.host.last.time = INT64_C(253402300799);
	entry.of.host.last_expires = INT64_C(253402300800);
	entry.of.host.addr_fresh.checked = INT64_MAX;
	entry.of.host.addr_fresh.failed = 1;
	must_come_back(&entry);
	ck_assert_ptr_nonnull(strstr(write_line(&entry), "\"tls_version\":32540,"));
	ck_assert_ptr_nonnull(strstr(write_line(&entry), "\"time\":\"9999-12-31T23:59:59Z\""));
	ck_assert_ptr_nonnull(strstr(write_line(&entry), "\"next\":253402300800"));
	sample_entry(&entry, ENTRY_DOMAIN);
	entry.of.domain.mx.state = MX_LITERAL;
	str_copy(entry.of.domain.mx.refs[0].host, DOMAIN_SIZE, "192.0.2.1");
	must_come_back(&entry);
}
END_TEST

/* The shape that postseal-ledger(5) promises, to the letter. */
START_TEST(looks_as_documented)
{
	static const struct {
		enum entry_kind kind;
		const char *line;
	} cases[] = {
		{ ENTRY_HEADER, "{\"postseal\":\"ledger\",\"schema\":2}" },
		{ ENTRY_DOMAIN,
		  "{\"record\":\"domain\",\"nexthop\":\"[mx.example.com]:587\",\"mx_lookup\":{"
		  "\"checked\":\"2026-01-02T03:02:25Z\",\"expires\":\"2026-01-02T03:07:25Z\","
		  "\"failing_since\":\"2026-01-02T03:04:05Z\",\"state\":\"found\",\"dnssec\":true,"
		  "\"truncated\":false,\"hosts\":[{\"host\":\"a.mx.example\",\"preference\":10},"
		  "{\"host\":\"_odd.a-host.xn--bcher-kva.example\",\"preference\":20}]},\"mta_"
		  "sts\":{"
		  "\"checked\":\"2026-01-02T03:03:16Z\",\"expires\":\"2026-01-02T03:04:55Z\","
		  "\"failing_since\":\"2026-01-02T03:04:04Z\",\"mode\":\"enforce\",\"id\":"
		  "\"20260101T00\","
		  "\"fetched\":\"2026-01-02T03:03:15Z\",\"until\":\"2026-01-09T03:03:15Z\","
		  "\"max_age\":604800,\"mx\":[\"mx.example\",\"*.mx.example\"],"
		  "\"detail\":\"it said \\\"no\\\" and C:\\\\\"},\"history\":{"
		  "\"first_tls\":\"2025-12-24T03:04:05Z\",\"last_tls\":\"2026-01-02T03:04:05Z\","
		  "\"last_plain\":\"2025-12-13T03:04:05Z\",\"best_version\":\"TLSv1.3\","
		  "\"last_version\":\"TLSv1.2\",\"last_cipher\":\"ECDHE-RSA-AES256-GCM-SHA384\","
		  "\"handshakes\":[\"2026-01-02T03:02:05Z\",\"2026-01-02T03:03:05Z\","
		  "\"2026-01-02T03:04:05Z\"],\"tls_days\":[\"2025-12-31T03:04:05Z\","
		  "\"2026-01-01T03:04:05Z\",\"2026-01-02T03:04:05Z\"],"
		  "\"plain_days\":[\"2025-12-13T03:04:05Z\"]},\"forgotten\":\"2025-12-03T03:04:"
		  "05Z\",\"any_host\":true}" },
		{ ENTRY_HOST,
		  "{\"record\":\"host\",\"host\":\"2001:db8::1\",\"port\":25,\"address\":{"
		  "\"checked\":\"2026-01-02T03:04:05Z\",\"expires\":\"2026-01-02T03:09:05Z\","
		  "\"failing_since\":\"2026-01-02T03:04:06Z\",\"state\":\"found\",\"dnssec\":true},"
		  "\"tlsa\":{"
		  "\"checked\":\"2026-01-02T03:04:07Z\",\"expires\":\"2026-01-02T03:09:07Z\","
		  "\"failing_since\":\"2026-01-02T03:04:08Z\",\"state\":\"usable\",\"usable\":2,"
		  "\"unusable\":1,\"base\":\"mx.example\"},\"probe\":{\"time\":\"2026-01-02T03:04:"
		  "09Z\","
		  "\"source\":\"probe\",\"observed\":\"tls\",\"tls_version\":\"TLSv1.3\","
		  "\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"spki_sha256\":"
		  "\"0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8\","
		  "\"verified\":\"dane\",\"detail\":\"all "
		  "well\",\"next\":\"2026-01-03T03:04:05Z\"},"
		  "\"history\":{\"first_tls\":\"2025-12-24T03:04:05Z\",\"last_tls\":\"2026-01-"
		  "02T03:04:05Z\","
		  "\"last_plain\":\"2025-12-13T03:04:05Z\",\"best_version\":\"TLSv1.3\","
		  "\"last_version\":\"TLSv1.2\",\"last_cipher\":\"ECDHE-RSA-AES256-GCM-SHA384\","
		  "\"handshakes\":[\"2026-01-02T03:02:05Z\",\"2026-01-02T03:03:05Z\","
		  "\"2026-01-02T03:04:05Z\"],\"tls_days\":[\"2025-12-31T03:04:05Z\","
		  "\"2026-01-01T03:04:05Z\",\"2026-01-02T03:04:05Z\"],"
		  "\"plain_days\":[\"2025-12-13T03:04:05Z\"]}}" },
		{ ENTRY_OVERRIDE,
		  "{\"record\":\"override\",\"nexthop\":\".bank.example\",\"kind\":\"minimum\","
		  "\"level\":\"dane-only\",\"set\":\"2026-01-02T03:04:05Z\","
		  "\"expires\":\"2026-01-03T03:04:05Z\",\"author\":\"ada\",\"reason\":"
		  "\"contract\"}" },
		{ ENTRY_PIN,
		  "{\"record\":\"pin\",\"nexthop\":\"example.com\",\"spki_sha256\":"
		  "\"3030303030303030303030303030303030303030303030303030303030303030\","
		  "\"removed\":false,\"set\":\"2026-01-02T03:04:05Z\",\"author\":\"ada\"}" },
		{ ENTRY_ALIAS,
		  "{\"record\":\"alias\",\"alias\":\"me@secure.example.com\",\"enabled\":true,"
		  "\"removed\":false,\"level\":\"authenticated\",\"mailbox\":\"me@example.com\","
		  "\"changed\":\"2026-01-02T03:04:05Z\",\"author\":\"bob\","
		  "\"otherwise\":\"mailbox\"}" },
		{ ENTRY_EXCEPTION,
		  "{\"record\":\"exception\",\"alias\":\"me@secure.example.com\","
		  "\"sender\":\"@old.example\",\"removed\":false,"
		  "\"set\":\"2026-01-02T03:04:05Z\",\"expires\":\"2026-02-01T03:04:05Z\","
		  "\"author\":\"ada\",\"reason\":\"no TLS yet\"}" },
		{ ENTRY_JOURNAL, "{\"record\":\"journal\",\"time\":\"2026-01-02T03:04:05Z\","
				 "\"subject\":\"example.com\","
				 "\"event\":\"override\",\"author\":\"ada\",\"detail\":\"why\"}" },
		{ ENTRY_END, "{\"record\":\"end\",\"records\":7}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		sample_entry(&entry, cases[i].kind);
		ck_assert_str_eq(write_line(&entry), cases[i].line);
	}
}
END_TEST

START_TEST(nothing_known_is_null)
{
	sample_entry(&entry, ENTRY_DOMAIN);
	memset(&entry.of, 0, sizeof(entry.of));
	ck_assert_str_eq(
		write_line(&entry),
		"{\"record\":\"domain\",\"nexthop\":\"[mx.example.com]:587\",\"mx_lookup\":{"
		"\"checked\":null,\"expires\":null,\"failing_since\":null,\"state\":\"unknown\","
		"\"dnssec\":false,\"truncated\":false,\"hosts\":[]},\"mta_sts\":{\"checked\":null,"
		"\"expires\":null,\"failing_since\":null,\"mode\":\"unknown\",\"id\":null,"
		"\"fetched\":null,\"until\":null,\"max_age\":0,\"mx\":[],\"detail\":null},"
		"\"history\":{\"first_tls\":null,\"last_tls\":null,\"last_plain\":null,"
		"\"best_version\":null,\"last_version\":null,\"last_cipher\":null,"
		"\"handshakes\":[],\"tls_days\":[],\"plain_days\":[]},\"forgotten\":null,"
		"\"any_host\":false}");
}
END_TEST

/*
 * Hostile lines: what of a good line is replaced by what, and what is said.
 */
static const struct {
	enum entry_kind kind;
	const char *from, *to;
	const char *said;
} hostile[] = {
	/* not even an entry */
	{ ENTRY_END, NULL, "", "is not JSON" },
	{ ENTRY_END, NULL, "rubbish", "is not JSON: byte " },
	{ ENTRY_END, NULL, "{\"record\":\"end\",\"records\":7", "is not JSON" },
	{ ENTRY_END, NULL, "{\"record\":\"end\",\"records\":7}{}", "is not JSON" },
	{ ENTRY_END, NULL, "{\"record\":\"end\",\"records\":7} x", "is not JSON" },
	{ ENTRY_END, NULL, "{\"record\":\"end\",\"records\":7,\"records\":7}", "is not JSON" },
	{ ENTRY_END, NULL, "[1]", "the line is a list of 1; expected an object" },
	{ ENTRY_END, NULL, "null", "the line is null; expected an object" },
	{ ENTRY_END, NULL, "\"\x1b[31m\"", "is not JSON" },
	{ ENTRY_END, NULL, "{}", "\"record\" is missing; expected \"domain\"" },
	{ ENTRY_END, NULL, "{\"record\":5}", "\"record\" is 5; expected \"domain\"" },
	{ ENTRY_END, NULL, "{\"record\":\"header\",\"schema\":1}", "\"record\" is \"header\"" },
	{ ENTRY_END, "\"end\"", "\"\\u001b[1m\"", "\"record\" is \"\\x1b[1m\"" },
	{ ENTRY_END, NULL, "{\"postseal\":\"x\",\"schema\":1}", "\"record\" is missing" },
	/* the frame */
	{ ENTRY_HEADER, "2}", "3}", "written by a newer postseal (schema 3; this one, " },
	{ ENTRY_HEADER, "2}", "3,\"new\":true}", "written by a newer postseal" },
	{ ENTRY_HEADER, "2}", "0}", "\"schema\" is 0; expected 1 or 2" },
	{ ENTRY_HEADER, "2}", "\"2\"}", "\"schema\" is \"2\"; expected a whole number" },
	{ ENTRY_HEADER, "2}", "2,\"record\":\"end\"}", "there is no member \"record\"" },
	{ ENTRY_HEADER, ",\"schema\":2", "", "\"schema\" is missing" },
	{ ENTRY_END, "7", "-1", "\"records\" is -1; expected a whole number, not negative" },
	{ ENTRY_END, "7", "7.0", "\"records\" is 7; expected a whole number" },
	{ ENTRY_END, "7", "99999999999999999999", "is not JSON" },
	/* members */
	{ ENTRY_JOURNAL, "\"event\"", "\"evnt\"",
	  "\"event\" is missing; expected 1 to 31 characters" },
	{ ENTRY_JOURNAL, "}", ",\"x\\u001b\":1}", "there is no member \"x\\x1b\"" },
	{ ENTRY_HOST, "\"usable\":2", "\"usable\":2,\"more\":2",
	  "there is no member \"tlsa.more\"" },
	{ ENTRY_HOST, "\"usable\":2,", "", "\"tlsa.usable\" is missing" },
	{ ENTRY_HOST, "\"usable\":2", "\"usable\":65536",
	  "\"tlsa.usable\" is 65536; expected a whole number "
	  "from 0 to 65535" },
	{ ENTRY_HOST, "\"usable\":2", "\"usable\":null", "\"tlsa.usable\" is null" },
	{ ENTRY_HOST, "\"usable\":2", "\"usable\":true", "\"tlsa.usable\" is true" },
	{ ENTRY_DOMAIN, "\"dnssec\":true", "\"dnssec\":1",
	  "\"mx_lookup.dnssec\" is 1; expected true or false" },
	{ ENTRY_DOMAIN, "\"dnssec\":true", "\"dnssec\":null", "\"mx_lookup.dnssec\" is null" },
	{ ENTRY_DOMAIN, "\"preference\":20", "\"preference\":\"20\"",
	  "\"mx_lookup.hosts[1].preference\" is \"20\"; expected a whole number from 0 to 65535" },
	{ ENTRY_DOMAIN, "{\"host\":\"a.mx.example\",\"preference\":10}", "\"a.mx.example\"",
	  "\"mx_lookup.hosts[0]\" is \"a.mx.example\"; expected an object" },
	{ ENTRY_DOMAIN, "[\"mx.example\",\"*.mx.example\"]", "\"mx.example\"",
	  "\"mta_sts.mx\" is \"mx.example\"; expected a list of at most 32" },
	{ ENTRY_DOMAIN, "[\"mx.example\",\"*.mx.example\"]",
	  "[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3]",
	  "\"mta_sts.mx\" is a list of 33; expected a list of at most 32" },
	{ ENTRY_DOMAIN, "\"history\":{", "\"history\":[{", "is not JSON" },
	/* words */
	{ ENTRY_DOMAIN, "\"found\"", "\"FOUND\"",
	  "\"mx_lookup.state\" is \"FOUND\"; expected \"unknown\", \"found\", \"implicit\"" },
	{ ENTRY_DOMAIN, "\"found\"", "null", "\"mx_lookup.state\" is null" },
	{ ENTRY_HOST, "\"verified\":\"dane\"", "\"verified\":\"\"",
	  "\"probe.verified\" is \"\"; expected \"dane\", \"name\", \"chain\", \"no\", "
	  "\"next-hop\", or null" },
	{ ENTRY_HOST, "\"source\":\"probe\"", "\"source\":null", "expected a source wherever" },
	{ ENTRY_ALIAS, "\"authenticated\"", "\"may\"",
	  "\"level\" is \"may\"; expected \"encrypt\"" },
	/* dates */
	{ ENTRY_OVERRIDE, "\"2026-01-02T03:04:05Z\"", "\"yesterday\"",
	  "\"set\" is \"yesterday\"; expected a date like 2026-01-02T03:04:05Z, or null" },
	{ ENTRY_OVERRIDE, "\"2026-01-02T03:04:05Z\"", "\"2026-02-30T03:04:05Z\"", "\"set\" is" },
	{ ENTRY_OVERRIDE, "\"2026-01-02T03:04:05Z\"", "\"2026-01-02T03:04:05+01:00\"",
	  "\"set\" is" },
	{ ENTRY_OVERRIDE, "\"2026-01-02T03:04:05Z\"", "\"1970-01-01T00:00:00Z\"", "\"set\" is" },
	{ ENTRY_OVERRIDE, "\"2026-01-02T03:04:05Z\"", "\"1969-12-31T23:59:59Z\"", "\"set\" is" },
	{ ENTRY_OVERRIDE, "\"2026-01-02T03:04:05Z\"", "1767323045", "\"set\" is 1767323045" },
	{ ENTRY_OVERRIDE, "\"2026-01-02T03:04:05Z\"", "\"\"", "\"set\" is \"\"" },
	{ ENTRY_HOST, "\"handshakes\":[\"2026-01-02T03:02:05Z\",\"2026-01-02T03:03:05Z\"",
	  "\"handshakes\":[\"2026-01-02T03:03:05Z\",\"2026-01-02T03:02:05Z\"",
	  "\"history.handshakes\" is a list of 3; expected a list of at most 32 dates, ascending, "
	  "one a second" },
	{ ENTRY_HOST, "\"tls_days\":[\"2025-12-31T03:04:05Z\"",
	  "\"tls_days\":[\"2026-01-01T00:00:00Z\"",
	  "\"history.tls_days\" is a list of 3; expected a list of at most 32 dates, ascending, "
	  "one a day" },
	{ ENTRY_HOST, "\"tls_days\":[\"2025-12-31T03:04:05Z\"", "\"tls_days\":[null",
	  "\"history.tls_days\"" },
	{ ENTRY_HOST, "\"plain_days\":[\"2025-12-13T03:04:05Z\"]", "\"plain_days\":null",
	  "\"history.plain_days\" is null" },
	/* versions, digests */
	{ ENTRY_HOST, "\"tls_version\":\"TLSv1.3\"", "\"tls_version\":\"SSLv3\"",
	  "\"probe.tls_version\" is" },
	{ ENTRY_HOST, "\"tls_version\":\"TLSv1.3\"", "\"tls_version\":772",
	  "\"probe.tls_version\" is 772" },
	{ ENTRY_HOST, "\"tls_version\":\"TLSv1.3\"", "\"tls_version\":0",
	  "\"probe.tls_version\" is 0" },
	{ ENTRY_HOST, "\"tls_version\":\"TLSv1.3\"", "\"tls_version\":\"\"",
	  "\"probe.tls_version\" is" },
	{ ENTRY_HOST, "\"tls_version\":\"TLSv1.3\"", "\"tls_version\":true",
	  "\"probe.tls_version\" is" },
	{ ENTRY_HOST, "f0f8\"", "f0f\"", "\"probe.spki_sha256\" is" },
	{ ENTRY_HOST, "f0f8\"", "F0F8\"", "64 hexadecimal digits in lower case, or null" },
	{ ENTRY_PIN, "\"3030", "\"zz30", "\"spki_sha256\" is" },
	{ ENTRY_PIN, "\"3030303030303030303030303030303030303030303030303030303030303030\"", "null",
	  "\"spki_sha256\" is null" },
	{ ENTRY_PIN, "\"removed\":false", "\"removed\":null", "\"removed\" is null" },
	/* what an older postseal wrote, under this header */
	{ ENTRY_PIN, "\"pin\"", "\"pins\"", "\"record\" is \"pins\"; expected \"domain\"" },
	{ ENTRY_EXCEPTION, "\"exception\"", "\"exceptions\"",
	  "\"record\" is \"exceptions\"; expected" },
	/* texts and names */
	{ ENTRY_OVERRIDE, "\"contract\"", "\"\"",
	  "\"reason\" is \"\"; expected 1 to 159 characters" },
	{ ENTRY_OVERRIDE, "\"contract\"", "\"a\\nb\"", "\"reason\" is \"a\\x0ab\"" },
	{ ENTRY_OVERRIDE, "\"contract\"", "\"a\\u0000b\"", "is not JSON" },
	{ ENTRY_OVERRIDE, "\"contract\"", "\"b\xc3\xbc\"", "\"reason\" is \"b\\xc3\\xbc\"" },
	{ ENTRY_OVERRIDE, "\"ada\"",
	  "\"0123456789012345678901234567890123456789012345678901234567890123\"",
	  "\"author\" is \"012" },
	{ ENTRY_OVERRIDE, "\"ada\"", "5", "\"author\" is 5" },
	{ ENTRY_OVERRIDE, "\".bank.example\"", "\".Bank.example\"",
	  "\"nexthop\" is \".Bank.example\"; expected a next hop as postseal spells it" },
	{ ENTRY_OVERRIDE, "\".bank.example\"", "\"bank.example:25\"", "\"nexthop\" is" },
	{ ENTRY_OVERRIDE, "\".bank.example\"", "\"[IPv6:2001:db8::1]\"", "\"nexthop\" is" },
	{ ENTRY_OVERRIDE, "\".bank.example\"", "null", "\"nexthop\" is null" },
	{ ENTRY_HOST, "\"2001:db8::1\"", "\"2001:0db8::1\"", "\"host\" is" },
	{ ENTRY_HOST, "\"2001:db8::1\"", "\"Mx.example\"", "\"host\" is" },
	{ ENTRY_HOST, "\"2001:db8::1\"", "\"\"", "\"host\" is" },
	{ ENTRY_HOST, "\"port\":25", "\"port\":0",
	  "\"port\" is 0; expected a whole number from 1 to 65535" },
	{ ENTRY_HOST, "\"base\":\"mx.example\"", "\"base\":\"mx..example\"", "\"tlsa.base\" is" },
	{ ENTRY_DOMAIN, "\"*.mx.example\"", "\"*mx.example\"", "\"mta_sts.mx[1]\" is" },
	{ ENTRY_DOMAIN, "\"a.mx.example\"", "\"192.0.2.01\"",
	  "\"mx_lookup.hosts[0].host\" is \"192.0.2.01\"" },
	{ ENTRY_DOMAIN, "\"preference\":20", "\"preference\":5", "MX hosts by preference" },
	{ ENTRY_DOMAIN, "\"_odd.a-host.xn--bcher-kva.example\"", "\"a.mx.example\"", "none twice" },
	{ ENTRY_DOMAIN, "\"20260101T00\"", "\"2026-01-01\"", "an id of letters and digits" },
	{ ENTRY_ALIAS, "\"removed\":false", "\"removed\":true", "enabled, or removed, or neither" },
	{ ENTRY_ALIAS, "\"me@secure.example.com\"", "\"Me@secure.example.com\"", "\"alias\" is" },
	{ ENTRY_ALIAS, "\"me@secure.example.com\"", "\"<me@secure.example.com>\"", "\"alias\" is" },
	{ ENTRY_ALIAS, "\"me@example.com\"", "\"me@example.com, you@example.com\"",
	  "\"mailbox\" is \"me@example.com, you@example.com\"; expected a mail address" },
	{ ENTRY_ALIAS, "\"me@example.com\"", "null", "\"mailbox\" is null" },
	{ ENTRY_EXCEPTION, "\"@old.example\"", "\"@Old.example\"",
	  "\"sender\" is \"@Old.example\"; expected a mail address in lower case, or @ and" },
	{ ENTRY_EXCEPTION, "\"@old.example\"", "\"<>\"", "\"sender\" is" },
	{ ENTRY_EXCEPTION, "\"@old.example\"", "null", "\"sender\" is null" },
	{ ENTRY_EXCEPTION, "\"@old.example\"", "\"@\"", "\"sender\" is" },
	{ ENTRY_EXCEPTION, "\"2026-02-01T03:04:05Z\"", "null", "expires after it was set" },
	{ ENTRY_EXCEPTION, "\"2026-02-01T03:04:05Z\"", "\"2027-01-03T03:04:06Z\"", "at most 366" },
	{ ENTRY_EXCEPTION, "\"2026-02-01T03:04:05Z\"", "\"2026-01-02T03:04:05Z\"",
	  "after it was set" },
	{ ENTRY_EXCEPTION, "\"removed\":false", "\"removed\":true", "that was removed" },
};

START_TEST(hostile_lines_are_refused)
{
	struct buf line = { 0 };

	if (hostile[_i].from == NULL) {
		buf_append_str(&line, hostile[_i].to);
	} else {
		const char *good, *at;

		sample_entry(&entry, hostile[_i].kind);
		good = write_line(&entry);
		at = strstr(good, hostile[_i].from);
		ck_assert_msg(at != NULL, "%s is not in %s", hostile[_i].from, good);
		buf_append(&line, good, (size_t)(at - good));
		buf_append_str(&line, hostile[_i].to);
		buf_append_str(&line, at + strlen(hostile[_i].from));
	}
	ck_assert_msg(!read_line(buf_cstr(&line)), "taken: %s", buf_cstr(&line));
	ck_assert_msg(strstr(error, hostile[_i].said) != NULL, "%s: %s", buf_cstr(&line), error);
	for (const char *p = error; *p != '\0'; p++)
		ck_assert(*p >= ' ' && *p <= '~');
	buf_free(&line);
}
END_TEST

/* Every member of every object: left out, or of a type that it cannot have. */
static void spoil(json_t *line, json_t *object)
{
	json_t *copy = json_copy(object), *value;
	const char *name;

	json_object_foreach(copy, name, value)
	{
		char *text;

		json_object_del(object, name);
		text = json_dumps(line, JSON_COMPACT);
		ck_assert_msg(!read_line(text), "taken without %s: %s", name, text);
		free(text);
		json_object_set_new(object, name, json_real(1.5));
		text = json_dumps(line, JSON_COMPACT);
		ck_assert_msg(!read_line(text), "taken: %s", text);
		free(text);
		json_object_set(object, name, value);
		if (json_is_object(value))
			spoil(line, value);
	}
	json_decref(copy);
}

START_TEST(every_member_is_needed)
{
	json_t *line;

	sample_entry(&entry, (enum entry_kind)_i);
	line = json_loads(write_line(&entry), 0, NULL);
	spoil(line, line);
	json_decref(line);
}
END_TEST

START_TEST(blanks_and_order_of_members_are_free)
{
	ck_assert(read_line(" { \"records\" : 7 ,\t\"record\" : \"end\" } \r"));
	ck_assert_int_eq(again.of.records, 7);
}
END_TEST

START_TEST(host_keys)
{
	static const char *const good[] = { "mx.example.com:25", "[2001:db8::1]:587",
					    "[192.0.2.1]:25" };
	static const char *const wrong[] = { "",
					     "mx.example.com",
					     ":25",
					     "mx.example.com:0",
					     "mx.example.com:65536",
					     "mx.example.com:025",
					     "2001:db8::1:25",
					     "192.0.2.1:25",
					     "[mx.example.com]:25",
					     "[]:25",
					     "[:25",
					     "Mx.example:25" };
	char key[ENTRY_KEY_SIZE];

	entry.kind = ENTRY_HOST;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_msg(entry_take_key(&entry, good[i]), "%s", good[i]);
		entry_key(key, &entry);
		ck_assert_str_eq(key, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		ck_assert_msg(!entry_take_key(&entry, wrong[i]), "%s", wrong[i]);
}
END_TEST

/*
 * The manual names them all.
 */
static char *read_manual(void)
{
	FILE *file = fopen("man/postseal-ledger.5", "r");
	char *text = mem_zero(1, 65536);

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_lt(fread(text, 1, 65535, file), 65535);
	fclose(file);
	return text;
}

static void must_be_documented(const char *manual, const struct member *members)
{
	for (const struct member *m = members; m->name != NULL; m++) {
		char item[64];

		snprintf(item, sizeof(item), ".It Cm %s", m->name);
		ck_assert_msg(strstr(manual, item) != NULL, "man/postseal-ledger.5 has no %s",
			      item);
		if (m->inner != NULL && m->inner->inner != NULL)
			must_be_documented(manual, m->inner->inner);
		else if (m->type == MEMBER_GROUP)
			must_be_documented(manual, m->inner);
		for (int64_t i = m->min; m->type == MEMBER_WORD && i <= m->max; i++)
			ck_assert_msg(strstr(manual, m->word((int)i)) != NULL, "%s of %s",
				      m->word((int)i), m->name);
	}
}

START_TEST(every_member_is_in_the_manual)
{
	char *manual = read_manual();

	for (enum entry_kind kind = ENTRY_HEADER; kind < ENTRY_KINDS; kind++)
		must_be_documented(manual, entry_members(kind));
	free(manual);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("entry");
	TCase *tc = tcase_create("entry");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, what_is_written_can_be_read);
	tcase_add_test(tc, random_records_come_back);
	tcase_add_loop_test(tc, no_field_is_left_out, ENTRY_DOMAIN, ENTRY_END);
	tcase_add_test(tc, odd_values_come_back);
	tcase_add_test(tc, looks_as_documented);
	tcase_add_test(tc, nothing_known_is_null);
	tcase_add_loop_test(tc, hostile_lines_are_refused, 0, (int)ARRAY_LEN(hostile));
	tcase_add_loop_test(tc, every_member_is_needed, ENTRY_HEADER, ENTRY_KINDS);
	tcase_add_test(tc, blanks_and_order_of_members_are_free);
	tcase_add_test(tc, host_keys);
	tcase_add_test(tc, every_member_is_in_the_manual);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
