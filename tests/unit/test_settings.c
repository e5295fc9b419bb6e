/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/settings/settings.h"

/* DESIGN.md section 9: what holds where nothing is set. */
static const struct {
	const char *name, *shown;
} defaults[] = {
	{ "ledger", "\"/var/lib/postseal\"" },
	{ "runtime", "\"/run/postseal\"" },
	{ "socketmap_listen", "{\"inet:127.0.0.1:7672\"}" },
	{ "milter_listen", "\"inet:127.0.0.1:8689\"" },
	{ "resolver", "{}" },
	{ "resolver_trust_ad", "false" },
	{ "ehlo_name", "\"\"" },
	{ "smtp_port", "25" },
	{ "probe_private", "false" },
	{ "smtp_timeout", "20" },
	{ "inet_protocols", "{\"ipv4\", \"ipv6\"}" },
	{ "smtp_min_tls", "TLSv1" },
	{ "smtp_ciphers", "\"aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:"
			  "!aDSS:!MD5:+RC4:@STRENGTH\"" },
	{ "smtp_pix_workarounds", "true" },
	{ "smtp_servername", "none" },
	{ "use_srv_lookup", "{}" },
	{ "probe_workers", "2048" },
	{ "ca_file", "\"\"" },
	{ "first_contact", "wait" },
	{ "first_contact_wait", "8" },
	{ "learn_from", "{\"probe\", \"delivery\"}" },
	{ "learn_after_successes", "1" },
	{ "learn_after_days", "0" },
	{ "history_max_age", "0" },
	{ "mixed_mx", "strict" },
	{ "enforce", "true" },
	{ "enforce_domains", "{}" },
	{ "mta_sts", "true" },
	{ "secure_domains", "{}" },
	{ "secure_aliases", "any" },
	{ "secure_owner", "{}" },
	{ "secure_min_tls", "TLSv1.2" },
	{ "recipient_delimiter", "\"+\"" },
	{ "local_networks", "{\"127.0.0.0/8\", \"::1/128\"}" },
	{ "authserv_id", "\"\"" },
	{ "refusal_digest", "false" },
	{ "mailbox_domain", "\"\"" },
	{ "mailbox_url", "\"\"" },
	{ "mailbox_listen", "\"inet:127.0.0.1:8690\"" },
	{ "mailbox_intake", "\"inet:127.0.0.1:8691\"" },
	{ "mailbox_submit", "\"inet:127.0.0.1:8692\"" },
	{ "mailbox_store", "\"/var/lib/postseal-mailbox\"" },
	{ "mailbox_keys", "\"/var/lib/postseal-mailbox-keys\"" },
	{ "mailbox_runtime", "\"/run/postseal-mailbox\"" },
	{ "mailbox_token_key", "\"/var/lib/postseal-seal/token.key\"" },
	{ "mailbox_pages", "\"/usr/share/postseal/mailbox\"" },
	{ "mailbox_name", "\"\"" },
	{ "mailbox_logo", "\"\"" },
	{ "mailbox_from", "\"\"" },
	{ "mailbox_bounce", "\"\"" },
	{ "mailbox_pin", "require" },
	{ "mailbox_pin_length", "8" },
	{ "mailbox_pin_tries", "10" },
	{ "mailbox_unopened", "90" },
	{ "mailbox_expire", "90" },
	{ "mailbox_warn", "14" },
	{ "mailbox_message_size", "25" },
	{ "mailbox_quota", "250" },
	{ "mailbox_store_quota", "20480" },
	{ "mailbox_replies_per_day", "50" },
	{ "mailbox_session_idle", "1800" },
	{ "mailbox_notify_opened", "true" },
	{ "mailbox_wkd", "\"\"" },
	{ "mailbox_wkd_wait", "30" },
	{ "webmail_listen", "\"unix:/run/postseal/webmail.sock\"" },
	{ "webmail_clients", "{}" },
	{ "webmail_rate", "300" },
	{ "share", "\"\"" },
	{ "share_name", "\"\"" },
	{ "share_runtime", "\"/run/postseal-share\"" },
	{ "alert_mail", "\"\"" },
	{ "alert_command", "{}" },
	{ "alert_summary", "false" },
	{ "log_level", "info" },
	{ "log_format", "text" },
};

/* Values that are taken, and how they are shown then. */
static const struct {
	const char *name, *values[4], *shown;
} taken[] = {
	{ "ledger", { "/" }, "\"/\"" },
	{ "ledger", { "/a \"b\\" }, "\"/a \\\"b\\\\\"" },
	{ "socketmap_listen", { "unix:/a", "inet:[::1]:1" }, "{\"unix:/a\", \"inet:[::1]:1\"}" },
	{ "socketmap_listen", { NULL }, "{}" },
	{ "secure_owner",
	  { "Secure.Example.COM=example.com", "sec.example=ex.example" },
	  "{\"secure.example.com=example.com\", \"sec.example=ex.example\"}" },
	{ "webmail_clients", { "roundcube", "_web.1-x" }, "{\"roundcube\", \"_web.1-x\"}" },
	{ "webmail_rate", { "10" }, "10" },
	{ "alert_mail", { "You@Example.COM" }, "\"You@example.com\"" },
	{ "alert_command", { "/bin/page", "a b", "" }, "{\"/bin/page\", \"a b\", \"\"}" },
	{ "milter_listen", { "inet:localhost:8689" }, "\"inet:localhost:8689\"" },
	{ "resolver",
	  { "127.0.0.1", "127.0.0.1:5353", "::1", "[2001:db8::1]:53" },
	  "{\"127.0.0.1\", \"127.0.0.1:5353\", \"::1\", \"[2001:db8::1]:53\"}" },
	{ "resolver_trust_ad", { "true" }, "true" },
	{ "resolver_trust_ad", { "YES" }, "true" },
	{ "resolver_trust_ad", { "On" }, "true" },
	{ "mta_sts", { "off" }, "false" },
	{ "mta_sts", { "no" }, "false" },
	{ "ehlo_name",
	  { "Mail.B\xc3\xbc"
	    "cher.example." },
	  "\"mail.xn--bcher-kva.example\"" },
	{ "ehlo_name", { "" }, "\"\"" },
	{ "authserv_id", { "MX.example.com" }, "\"mx.example.com\"" },
	{ "recipient_delimiter", { "" }, "\"\"" },
	{ "recipient_delimiter", { "-+" }, "\"-+\"" },
	{ "smtp_port", { "1" }, "1" },
	{ "smtp_port", { "65535" }, "65535" },
	{ "smtp_timeout", { "300" }, "300" },
	{ "inet_protocols", { "ipv6" }, "{\"ipv6\"}" },
	{ "smtp_min_tls", { "TLSv1.2" }, "TLSv1.2" },
	{ "smtp_ciphers", { "HIGH:!aNULL" }, "\"HIGH:!aNULL\"" },
	{ "smtp_servername", { "hostname" }, "hostname" },
	{ "use_srv_lookup", { "submission", "smtp" }, "{\"smtp\", \"submission\"}" },
	{ "probe_workers", { "4096" }, "4096" },
	{ "ca_file", { "/etc/ssl/ca.pem" }, "\"/etc/ssl/ca.pem\"" },
	{ "ca_file", { "" }, "\"\"" },
	{ "first_contact", { "defer" }, "defer" },
	{ "first_contact", { "MAY" }, "may" },
	{ "first_contact_wait", { "60" }, "60" },
	{ "learn_from", { "delivery" }, "{\"delivery\"}" },
	{ "learn_from", { "probe", "probe" }, "{\"probe\"}" },
	{ "learn_from", { NULL }, "{}" },
	{ "learn_after_successes", { "32" }, "32" },
	{ "learn_after_days", { "32" }, "32" },
	{ "history_max_age", { "36500" }, "36500" },
	{ "mixed_mx", { "lenient" }, "lenient" },
	{ "secure_domains",
	  { "Secure.Example", "b.example." },
	  "{\"secure.example\", \"b.example\"}" },
	{ "secure_aliases", { "enabled" }, "enabled" },
	{ "secure_min_tls", { "TLSv1" }, "TLSv1" },
	{ "secure_min_tls", { "tlsv1.3" }, "TLSv1.3" },
	{ "local_networks",
	  { "192.0.2.1", "2001:db8::/32" },
	  "{\"192.0.2.1/32\", \"2001:db8::/32\"}" },
	{ "local_networks", { NULL }, "{}" },
	{ "log_level", { "debug" }, "debug" },
};

/* Values that are refused: which of them, and what was expected. */
static const struct {
	const char *name, *values[3];
	size_t index;
	const char *expected;
} refused[] = {
	{ "ledger", { "var" }, 0, "an absolute path, such as /var/lib/postseal" },
	{ "ledger", { "" }, 0, "an absolute path, such as /var/lib/postseal" },
	{ "ledger", { "/a", "/b" }, 2, "exactly one value" },
	{ "ledger", { NULL }, 0, "exactly one value" },
	{ "ca_file", { "ca.pem" }, 0, "an absolute path, such as /var/lib/postseal" },
	{ "socketmap_listen",
	  { "inet:127.0.0.1:1", "7672" },
	  1,
	  "inet:ADDRESS:PORT or unix:/PATH" },
	{ "milter_listen", { "unix:relative" }, 0, "inet:ADDRESS:PORT or unix:/PATH" },
	{ "resolver", { "::1:53:zz" }, 0, "ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT" },
	{ "resolver", { "localhost:53" }, 0, "ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT" },
	{ "resolver", { "127.0.0.1:0" }, 0, "ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT" },
	{ "resolver", { "127.0.0.1:65536" }, 0, "ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT" },
	{ "resolver_trust_ad", { "1" }, 0, "true or false" },
	{ "ehlo_name", { "a..b" }, 0, "a host name, such as mail.example.com" },
	{ "smtp_port", { "0" }, 0, "a number from 1 to 65535" },
	{ "smtp_port", { "65536" }, 0, "a number from 1 to 65535" },
	{ "smtp_port", { "-1" }, 0, "a number from 1 to 65535" },
	{ "smtp_port", { "0x19" }, 0, "a number from 1 to 65535" },
	{ "smtp_port", { "25 " }, 0, "a number from 1 to 65535" },
	{ "smtp_port", { "" }, 0, "a number from 1 to 65535" },
	{ "smtp_port", { "99999999999999999999999" }, 0, "a number from 1 to 65535" },
	{ "inet_protocols", { "ipv5" }, 0, "one of ipv4, ipv6" },
	{ "inet_protocols", { NULL }, 0, "at least one value" },
	{ "smtp_min_tls", { "SSLv3" }, 0, "one of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3" },
	{ "smtp_ciphers", { "" }, 0, "an OpenSSL cipher list, such as HIGH:!aNULL" },
	{ "smtp_ciphers", { "HIGH;x" }, 0, "an OpenSSL cipher list, such as HIGH:!aNULL" },
	{ "use_srv_lookup", { "smtps" }, 0, "one of smtp, submission, submissions" },
	{ "smtp_timeout", { "0" }, 0, "a number of seconds from 1 to 300" },
	{ "smtp_timeout", { "301" }, 0, "a number of seconds from 1 to 300" },
	{ "probe_workers", { "0" }, 0, "a number of threads from 1 to 4096" },
	{ "probe_workers", { "4097" }, 0, "a number of threads from 1 to 4096" },
	{ "first_contact", { "never" }, 0, "one of wait, defer, may" },
	{ "first_contact_wait", { "0" }, 0, "a number of seconds from 1 to 60" },
	{ "first_contact_wait", { "61" }, 0, "a number of seconds from 1 to 60" },
	{ "learn_from", { "probe", "rumour" }, 1, "one of probe, delivery" },
	{ "learn_after_successes", { "0" }, 0, "a number of handshakes from 1 to 32" },
	{ "learn_after_successes", { "33" }, 0, "a number of handshakes from 1 to 32" },
	{ "learn_after_days", { "33" }, 0, "a number of days from 0 to 32" },
	{ "history_max_age", { "36501" }, 0, "a number of days from 0 to 36500" },
	{ "secure_domains",
	  { "ok.example", "x y" },
	  1,
	  "a domain name, such as secure.example.com" },
	{ "secure_domains", { "" }, 0, "a domain name, such as secure.example.com" },
	{ "secure_min_tls", { "SSLv3" }, 0, "one of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3" },
	{ "recipient_delimiter", { "+@" }, 0, "as in Postfix, one or more of +-=_.#~^&*/?" },
	{ "recipient_delimiter", { "x" }, 0, "as in Postfix, one or more of +-=_.#~^&*/?" },
	{ "recipient_delimiter", { "%" }, 0, "as in Postfix, one or more of +-=_.#~^&*/?" },
	{ "recipient_delimiter", { "+", "-" }, 2, "exactly one value" },
	{ "authserv_id", { "a b" }, 0, "a host name, such as mail.example.com" },
	{ "local_networks",
	  { "127.0.0.1/8" },
	  0,
	  "ADDRESS or ADDRESS/BITS, with no bits set behind the first BITS" },
	{ "secure_owner",
	  { "s.example" },
	  0,
	  "two domains, such as secure.example.com=example.com" },
	{ "secure_owner",
	  { "a.example=a.example" },
	  0,
	  "two domains, such as secure.example.com=example.com" },
	{ "secure_owner",
	  { "a.example=b.example=c.example" },
	  0,
	  "two domains, such as secure.example.com=example.com" },
	{ "secure_owner",
	  { "a.example=b.example", "A.example=c.example" },
	  1,
	  "one pair for each secure domain" },
	{ "webmail_clients", { "root", "" }, 1, "the login name of a local user" },
	{ "webmail_clients", { "a b" }, 0, "the login name of a local user" },
	{ "webmail_clients", { "-x" }, 0, "the login name of a local user" },
	{ "mailbox_url",
	  { "http://a.example" },
	  0,
	  "https, a host and perhaps a port, such as https://sealed.example.com" },
	{ "mailbox_url",
	  { "https://a.example/x" },
	  0,
	  "https, a host and perhaps a port, such as https://sealed.example.com" },
	{ "mailbox_from", { "nobody" }, 0, "a mail address, such as sealed@example.com" },
	{ "mailbox_name", { "two\nlines" }, 0, "at most 100 bytes of UTF-8 in one line" },
	{ "mailbox_name", { "\xff" }, 0, "at most 100 bytes of UTF-8 in one line" },
	{ "alert_mail", { "you" }, 0, "a mail address, such as sealed@example.com" },
	{ "alert_mail", { "\xc3\xa9@a.example" }, 0, "a mail address of ASCII characters alone" },
	{ "alert_command", { "page" }, 0, "a program's absolute path" },
	{ "alert_command",
	  { "/bin/page", "a\nb" },
	  1,
	  "at most 253 printable characters of ASCII" },
	{ "share_name", { "mx 1" }, 0, "at most 64 letters, digits, '.', '-' and '_'" },
	{ "share", { "a/b" }, 0, "at most 64 letters, digits, '.', '-' and '_'" },
	{ "share", { "a", "b" }, 2, "exactly one value" },
	{ "log_level", { "loud" }, 0, "one of error, warning, info, debug" },
};

/* Everything as text, to see whether anything changed. The caller frees it. */
static char *show_all(const struct settings *settings)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < settings_table_count; i++) {
		buf_printf(&out, "%s = ", settings_table[i].name);
		settings_table[i].show(settings, &settings_table[i], &out);
		buf_append_str(&out, "\n");
	}
	(void)buf_cstr(&out);
	return out.data;
}

static void assert_shown(const struct settings *settings, const char *name, const char *expected)
{
	const struct setting *setting = settings_find(name);
	struct buf out = { 0 };

	setting->show(settings, setting, &out);
	ck_assert_str_eq(buf_cstr(&out), expected);
	buf_free(&out);
}

static size_t count_values(const char *const *values, size_t max)
{
	size_t count = 0;

	while (count < max && values[count] != NULL)
		count++;
	return count;
}

START_TEST(defaults_are_the_designs)
{
	struct settings settings;

	settings_init(&settings);
	ck_assert_uint_eq(settings_table_count, ARRAY_LEN(defaults));
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		ck_assert_str_eq(settings_table[i].name, defaults[i].name);
		assert_shown(&settings, defaults[i].name, defaults[i].shown);
	}
	settings_free(&settings);
}
END_TEST

START_TEST(defaults_reach_their_fields)
{
	struct settings s;

	settings_init(&s);
	ck_assert_str_eq(s.ledger, "/var/lib/postseal");
	ck_assert_uint_eq(s.socketmap_listen.count, 1);
	ck_assert_str_eq(s.socketmap_listen.items[0], "inet:127.0.0.1:7672");
	ck_assert_uint_eq(s.resolver.count, 0);
	ck_assert(!s.resolver_trust_ad);
	ck_assert(s.mta_sts);
	ck_assert_uint_eq(s.smtp_port, 25);
	ck_assert_int_eq(s.smtp_timeout, 20);
	ck_assert_uint_eq(s.probe_workers, 2048);
	ck_assert_int_eq(s.first_contact, FIRST_CONTACT_WAIT);
	ck_assert_uint_eq(s.learn_from, LEARN_PROBE | LEARN_DELIVERY);
	ck_assert_int_eq(s.mixed_mx, MIXED_MX_STRICT);
	ck_assert_int_eq(s.secure_aliases, SECURE_ALIASES_ANY);
	ck_assert_uint_eq(s.secure_min_tls, 0x0303);
	ck_assert_uint_eq(s.local_networks_count, 2);
	ck_assert_int_eq(s.log_level, LOG_LEVEL_INFO);
	settings_free(&s);
}
END_TEST

static void put(struct settings *s, const char *name, const char *value)
{
	struct setting_fault fault;

	ck_assert(settings_find(name)->put(s, settings_find(name), &value, 1, &fault));
}

/* A choice is kept as its place in the list: the enumerations stand in that order. */
START_TEST(choices_are_their_enumerations)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = { { "error", LOG_LEVEL_ERROR },
		       { "warning", LOG_LEVEL_WARNING },
		       { "info", LOG_LEVEL_INFO },
		       { "debug", LOG_LEVEL_DEBUG } };
	struct settings s;

	settings_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		put(&s, "log_level", levels[i].name);
		ck_assert_int_eq(s.log_level, levels[i].level);
	}
	put(&s, "first_contact", "defer");
	ck_assert_int_eq(s.first_contact, FIRST_CONTACT_DEFER);
	put(&s, "first_contact", "may");
	ck_assert_int_eq(s.first_contact, FIRST_CONTACT_MAY);
	put(&s, "mixed_mx", "lenient");
	ck_assert_int_eq(s.mixed_mx, MIXED_MX_LENIENT);
	put(&s, "secure_aliases", "enabled");
	ck_assert_int_eq(s.secure_aliases, SECURE_ALIASES_ENABLED);
	put(&s, "learn_from", "probe");
	ck_assert_uint_eq(s.learn_from, LEARN_PROBE);
	put(&s, "learn_from", "delivery");
	ck_assert_uint_eq(s.learn_from, LEARN_DELIVERY);
	settings_free(&s);
}
END_TEST

START_TEST(good_values_are_taken)
{
	const struct setting *setting = settings_find(taken[_i].name);
	size_t count = count_values(taken[_i].values, ARRAY_LEN(taken[_i].values));
	struct setting_fault fault;
	struct settings settings;

	settings_init(&settings);
	ck_assert_msg(setting->put(&settings, setting, taken[_i].values, count, &fault),
		      "%s: expected %s", setting->name, fault.expected);
	assert_shown(&settings, setting->name, taken[_i].shown);
	settings_free(&settings);
}
END_TEST

START_TEST(bad_values_are_refused_and_change_nothing)
{
	const struct setting *setting = settings_find(refused[_i].name);
	size_t count = count_values(refused[_i].values, ARRAY_LEN(refused[_i].values));
	struct setting_fault fault;
	struct settings settings;
	char *before, *after;

	settings_init(&settings);
	before = show_all(&settings);
	ck_assert(!setting->put(&settings, setting, refused[_i].values, count, &fault));
	ck_assert_uint_eq(fault.index, refused[_i].index);
	ck_assert_str_eq(fault.expected, refused[_i].expected);
	after = show_all(&settings);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	settings_free(&settings);
}
END_TEST

START_TEST(paths_are_bounded)
{
	const struct setting *setting = settings_find("runtime");
	struct setting_fault fault;
	struct settings settings;
	char path[128];
	const char *value = path;

	/* "/", its letters, "/mailbox.sock" and a NUL have to fit in sun_path, 108 bytes. */
	settings_init(&settings);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[94] = '\0';
	ck_assert(setting->put(&settings, setting, &value, 1, &fault));
	path[94] = 'a';
	path[95] = '\0';
	ck_assert(!setting->put(&settings, setting, &value, 1, &fault));
	ck_assert_str_eq(fault.expected, "a path of at most 94 bytes");
	settings_free(&settings);
}
END_TEST

START_TEST(names_are_found)
{
	ck_assert_ptr_null(settings_find(""));
	ck_assert_ptr_null(settings_find("Ledger"));
	ck_assert_ptr_null(settings_find("ledger "));
	for (size_t i = 0; i < settings_table_count; i++)
		ck_assert_ptr_eq(settings_find(settings_table[i].name), &settings_table[i]);
}
END_TEST

START_TEST(free_leaves_nothing)
{
	static const struct settings zeroed;
	struct settings settings;

	settings_init(&settings);
	settings_free(&settings);
	ck_assert_mem_eq(&settings, &zeroed, sizeof(zeroed));
	settings_free(&settings); /* twice does no harm */
}
END_TEST

static void note_name(void *context, const struct setting *setting)
{
	struct buf *names = context;

	buf_printf(names, "%s%s ", setting->name, setting->fixed ? "!" : "");
}

static void put_text(struct settings *settings, const char *name, const char *value)
{
	const struct setting *setting = settings_find(name);
	struct setting_fault fault;

	ck_assert_ptr_nonnull(setting);
	ck_assert(setting->put(settings, setting, &value, 1, &fault));
}

START_TEST(a_reload_takes_what_can_be_taken)
{
	struct settings old, fresh;
	struct buf names = { 0 };

	settings_init(&old);
	settings_init(&fresh);
	put_text(&fresh, "ledger", "/elsewhere");
	put_text(&fresh, "resolver", "192.0.2.53");
	put_text(&fresh, "smtp_timeout", "7");
	put_text(&fresh, "mixed_mx", "lenient");
	put_text(&fresh, "secure_domains", "secure.example.com");
	put_text(&fresh, "local_networks", "192.0.2.0/24");
	settings_adopt(&fresh, &old, note_name, &names);
	ck_assert_str_eq(buf_cstr(&names), "ledger! resolver! smtp_timeout! mixed_mx "
					   "secure_domains local_networks ");
	ck_assert_str_eq(fresh.ledger, old.ledger);
	ck_assert_ptr_ne(fresh.ledger, old.ledger);
	ck_assert_uint_eq(fresh.resolver.count, 0);
	ck_assert_int_eq(fresh.smtp_timeout, old.smtp_timeout);
	ck_assert_int_eq(fresh.mixed_mx, MIXED_MX_LENIENT);
	ck_assert_str_eq(fresh.secure_domains.items[0], "secure.example.com");
	ck_assert_uint_eq(fresh.local_networks_count, 1);
	buf_free(&names);
	settings_free(&fresh);
	settings_free(&old);
}
END_TEST

START_TEST(a_reload_of_the_same_says_nothing)
{
	struct settings old, fresh;
	struct buf names = { 0 };

	settings_init(&old);
	settings_init(&fresh);
	settings_adopt(&fresh, &old, note_name, &names);
	ck_assert_uint_eq(names.len, 0);
	settings_free(&fresh);
	settings_free(&old);
}
END_TEST

/* Is a program told apart by this change from one that goes by the defaults? */
static bool tells(const char *program, const char *name, const char *value)
{
	struct settings fresh, old;
	bool differ;

	settings_init(&fresh);
	settings_init(&old);
	put_text(&fresh, name, value);
	differ = settings_digest(&fresh, program) != settings_digest(&old, program);
	settings_free(&fresh);
	settings_free(&old);
	return differ;
}

START_TEST(each_program_goes_by_its_own_settings)
{
	static const char *const programs[] = { "prober",  "socketmap", "milter", "webmail",
						"mailbox", "share",     "learn" };
	static const struct {
		const char *name, *value, *told; /* a letter for each program that has to know */
	} rows[] = {
		{ "log_level", "debug", "pscwmhl" },
		{ "alert_mail", "a@example.com", "" },
		{ "smtp_timeout", "7", "pscw" },
		{ "secure_domains", "secure.example.com", "pscw" },
		{ "ledger", "/elsewhere", "pscwhl" },
		{ "mixed_mx", "lenient", "pscwh" },
		{ "webmail_rate", "77", "w" },
		{ "mailbox_pin_length", "9", "scwm" },
		{ "share_name", "mx7", "h" },
		{ "learn_from", "probe", "pscwl" },
	};
	static const char letters[] = "pscwmhl";

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t j = 0; j < ARRAY_LEN(programs); j++)
			ck_assert_msg(tells(programs[j], rows[i].name, rows[i].value) ==
					      (strchr(rows[i].told, letters[j]) != NULL),
				      "%s, %s", programs[j], rows[i].name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = tcase_create("settings");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, defaults_are_the_designs);
	tcase_add_test(tcase, defaults_reach_their_fields);
	tcase_add_test(tcase, choices_are_their_enumerations);
	tcase_add_loop_test(tcase, good_values_are_taken, 0, ARRAY_LEN(taken));
	tcase_add_loop_test(tcase, bad_values_are_refused_and_change_nothing, 0,
			    ARRAY_LEN(refused));
	tcase_add_test(tcase, paths_are_bounded);
	tcase_add_test(tcase, names_are_found);
	tcase_add_test(tcase, a_reload_takes_what_can_be_taken);
	tcase_add_test(tcase, a_reload_of_the_same_says_nothing);
	tcase_add_test(tcase, each_program_goes_by_its_own_settings);
	tcase_add_test(tcase, free_leaves_nothing);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
