/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/settings/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "core/names/ipaddr.h"
#include "core/settings/settings_value.h"
#include "core/facts/timeset.h"

/* Room after `runtime` for the names of the sockets in it, of which this is the longest. */
#define SOCKET_MAX (ENDPOINT_PATH_SIZE - 1)
#define RUNTIME_MAX (ENDPOINT_PATH_SIZE - (int64_t)sizeof("/" MAILBOX_SOCKET))
#define PATH_MAX_BYTES 4000
/* A span that no sum of times can overflow with, and no admin can mean. */
#define DAYS_MAX 36500

/* In the order of the enumerations that they stand for. */
static const char *const first_contact_names[] = { "wait", "defer", "may", NULL };
static const char *const mixed_mx_names[] = { "strict", "lenient", NULL };
static const char *const secure_aliases_names[] = { "any", "enabled", NULL };
static const char *const mailbox_pin_names[] = { "require", "allow", "off", NULL };
static const char *const learn_from_names[] = { "probe", "delivery", NULL };
static const char *const inet_protocols_names[] = { "ipv4", "ipv6", NULL };
static const char *const servername_names[] = { "none", "hostname", NULL };
static const char *const srv_service_names[] = { "smtp", "submission", "submissions", NULL };
static const char *const log_level_names[] = { "error", "warning", "info", "debug", NULL };
static const char *const log_format_names[] = { "text", "json", NULL };
static const char *const tls_version_names[] = { "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL };

/* The parts of a row; `kind` names its functions in settings_value.h. */
#define FIELD(member)                                                 \
	.name = #member, .offset = offsetof(struct settings, member), \
	.size = sizeof(((struct settings *)0)->member)
#define KIND(kind) .put = setting_put_##kind
#define FIXED .fixed = true
#define STRING(kind) .type = SETTING_STRING, KIND(kind), .show = setting_show_string
#define PATH(kind, longest) \
	.type = SETTING_PATH, .max = (longest), KIND(kind), .show = setting_show_string
#define BOOL .type = SETTING_BOOL, KIND(bool), .show = setting_show_bool
#define NUMBER(least, most)                                                  \
	.type = SETTING_NUMBER, .min = (least), .max = (most), KIND(number), \
	.show = setting_show_number
#define CHOICE(names) \
	.type = SETTING_CHOICE, .choices = (names), KIND(choice), .show = setting_show_choice
#define LIST(kind) .type = SETTING_LIST, KIND(kind), .show = setting_show_list
#define SET(names) .type = SETTING_SET, .choices = (names), KIND(set), .show = setting_show_set

const struct setting settings_table[] = {
	{ FIELD(ledger), FIXED, PATH(path, PATH_MAX_BYTES), .defaults = { "/var/lib/postseal" },
	  .help = "Directory of the ledger, the LMDB environment in which postseal keeps what it "
		  "has learned. Back it up: without it, postseal no longer knows who can do TLS." },
	{ FIELD(runtime), FIXED, PATH(path, RUNTIME_MAX), .defaults = { "/run/postseal" },
	  .help = "Directory of the local sockets of the programs." },
	{ FIELD(socketmap_listen), FIXED, LIST(endpoints), .defaults = { "inet:127.0.0.1:7672" },
	  .help = "Where postseal-socketmap answers Postfix: inet:ADDRESS:PORT or unix:/PATH. "
		  "Debian runs smtp(8) chrooted, so a Unix socket has to lie under "
		  "/var/spool/postfix. Sockets that systemd hands over are used instead of these; "
		  "write them here as well, since postseal-milter and postseal connect to what is "
		  "written here." },
	{ FIELD(milter_listen), FIXED, STRING(endpoint), .defaults = { "inet:127.0.0.1:8689" },
	  .help = "Where postseal-milter answers Postfix: inet:ADDRESS:PORT or unix:/PATH." },
	{ FIELD(resolver), FIXED, LIST(resolvers),
	  .help = "DNS resolvers that postseal-prober asks: ADDRESS, ADDRESS:PORT or "
		  "[ADDRESS]:PORT. They have to validate DNSSEC. Empty: those of "
		  "/etc/resolv.conf. If one of them is on loopback, the others are asked only with "
		  "resolver_trust_ad." },
	{ FIELD(resolver_trust_ad), FIXED, BOOL, .defaults = { "false" },
	  .help = "Also trust the AD bit (\"this answer is validated\") of a resolver that is not "
		  "on loopback. Set it to true only if nobody can tamper with the way to it." },
	{ FIELD(ehlo_name), FIXED, STRING(name_or_none), .defaults = { "" },
	  .help = "Name that postseal-prober gives in EHLO. Empty: the fully qualified name of "
		  "this host." },
	{ FIELD(smtp_port), FIXED, NUMBER(1, 65535), .defaults = { "25" },
	  .help = "TCP port at which MX hosts are probed when the next hop names none." },
	{ FIELD(probe_private), FIXED, BOOL, .defaults = { "false" },
	  .help = "Also probe MX hosts, and fetch MTA-STS policies, at loopback, private and "
		  "link-local addresses. Leave it false on a host that is reachable from the "
		  "Internet: strangers choose these names and addresses." },
	{ FIELD(smtp_timeout), FIXED, NUMBER(1, 300), .unit = "seconds", .defaults = { "20" },
	  .help = "How long each step of a probe may take: connecting, the greeting, each reply, "
		  "the TLS handshake." },
	{ FIELD(inet_protocols), FIXED, .type = SETTING_SET, .choices = inet_protocols_names,
	  KIND(some), .show = setting_show_set, .defaults = { "ipv4", "ipv6" },
	  .help = "Address families in which MX hosts are looked up and probed. Has to match "
		  "postconf inet_protocols; both mean \"all\". With other families than Postfix's, "
		  "a probe would prove what Postfix never sees." },
	{ FIELD(smtp_min_tls), FIXED, .type = SETTING_CHOICE, .choices = tls_version_names,
	  KIND(tls_version), .show = setting_show_tls_version, .defaults = { "TLSv1" },
	  .help = "Lowest TLS version that counts in a probe. Has to match postconf "
		  "smtp_tls_mandatory_protocols: otherwise a provider could be held to a TLS "
		  "version that Postfix refuses, and mail to it would wait." },
	{ FIELD(smtp_ciphers), FIXED, STRING(ciphers),
	  .defaults = { "aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:"
			"!aDSS:!MD5:+RC4:@STRENGTH" },
	  .help = "Ciphers that a probe offers, as an OpenSSL cipher list. May have none that is "
		  "not in the list of the grade that postconf smtp_tls_mandatory_ciphers shows, "
		  "without those of smtp_tls_mandatory_exclude_ciphers and "
		  "smtp_tls_exclude_ciphers (:!NAME). As shipped: medium of Postfix 3.10, which "
		  "is within that of older ones." },
	{ FIELD(smtp_pix_workarounds), FIXED, BOOL, .defaults = { "true" },
	  .help = "Say HELO instead of EHLO to a server whose greeting a firewall has blanked out "
		  "(\"220 ****\"), as Postfix does where postconf smtp_pix_workarounds shows "
		  "disable_esmtp. Such a server gets no TLS." },
	{ FIELD(smtp_servername), FIXED, CHOICE(servername_names), .defaults = { "none" },
	  .help = "Server name (SNI) that a probe sends to a host without DANE. Has to match "
		  "postconf smtp_tls_servername; none means an empty value." },
	{ FIELD(use_srv_lookup), FIXED, SET(srv_service_names),
	  .help = "Services for which Postfix 3.8 and later looks for SRV records before MX "
		  "records. Has to match postconf use_srv_lookup: a probe of other hosts than "
		  "Postfix's proves nothing. Mail waits if an SRV record names another port than "
		  "the service's own." },
	{ FIELD(probe_workers), FIXED, NUMBER(1, 4096), .unit = "threads", .defaults = { "2048" },
	  .help = "How many look-ups and probes may run at the same time. Each is a thread that "
		  "waits for a name server or a mail server. It starts when it is needed, and ends "
		  "when there is nothing to do." },
	{ FIELD(ca_file), FIXED, PATH(path_or_none, PATH_MAX_BYTES), .defaults = { "" },
	  .help = "File with the certificates (PEM) of authorities. They are trusted for MTA-STS "
		  "hosts and for the certificates of MX hosts. Empty: those of the "
		  "system." },
	{ FIELD(first_contact), CHOICE(first_contact_names), .defaults = { "wait" },
	  .help = "What happens to mail for an unknown domain. wait: ask the prober, and answer "
		  "when the facts are there, or after first_contact_wait with what is known then. "
		  "defer: ask the prober, and let the mail wait in the queue meanwhile. may: "
		  "answer at once, as main.cf says, and then ask the prober; the first mail may "
		  "leave in the clear." },
	{ FIELD(first_contact_wait), NUMBER(1, 60), .unit = "seconds", .defaults = { "8" },
	  .help = "How long Postfix waits for the first facts about a domain." },
	{ FIELD(learn_from), SET(learn_from_names), .defaults = { "probe", "delivery" },
	  .help = "What counts as evidence that a provider can do TLS. probe: what "
		  "postseal-prober saw. delivery: what Postfix logged." },
	{ FIELD(learn_after_successes), NUMBER(1, TIMESET_MAX), .unit = "handshakes",
	  .defaults = { "1" },
	  .help = "Number of completed TLS handshakes after which TLS is required for ever." },
	{ FIELD(learn_after_days), NUMBER(0, TIMESET_MAX), .unit = "days", .defaults = { "0" },
	  .help = "Number of different days on which these handshakes have to be seen. 0: one day "
		  "is enough." },
	{ FIELD(history_max_age), NUMBER(0, DAYS_MAX), .unit = "days", .defaults = { "0" },
	  .help = "Number of days after which TLS is no longer required if it was not seen again. "
		  "0: it is required for ever." },
	{ FIELD(mixed_mx), CHOICE(mixed_mx_names), .defaults = { "strict" },
	  .help = "How to treat a domain if only some of its MX hosts can do TLS or DANE. strict: "
		  "require of all what the best one can do, since an attacker could otherwise "
		  "steer mail to the weakest; mail may wait while the good hosts are down. "
		  "lenient: require only what every reachable MX host can do." },
	{ FIELD(enforce), BOOL, .defaults = { "true" },
	  .help = "false: only observe. Map policy then answers what DANE and MTA-STS demand, what "
		  "an override says, and otherwise NOTFOUND. No mail waits because a domain is "
		  "unknown, and TLS is not required because it was seen before. The log, postseal "
		  "explain and postseal list show what would be answered. Secure aliases keep "
		  "their level." },
	{ FIELD(enforce_domains), LIST(domains),
	  .help = "Domains, each with all names below it, that are enforced even while enforce is "
		  "false." },
	{ FIELD(mta_sts), BOOL, .defaults = { "true" },
	  .help = "Look up and enforce MTA-STS policies (RFC 8461)." },
	{ FIELD(secure_domains), LIST(domains),
	  .help = "Domains of the secure aliases, such as secure.example.com. Mail to them is "
		  "accepted over TLS only." },
	{ FIELD(secure_aliases), CHOICE(secure_aliases_names), .defaults = { "any" },
	  .help = "Which addresses in secure_domains are secure aliases. any: all of them. "
		  "enabled: those that have been switched on with postseal alias enable." },
	{ FIELD(secure_owner), LIST(pairs),
	  .help = "Who owns secure aliases that are not on file, as pairs of domains, such as "
		  "secure.example.com=example.com: me@secure.example.com then belongs to the user "
		  "who logs in as me@example.com. A secure domain has at most one pair. An alias "
		  "on file always belongs to its mailbox." },
	{ FIELD(secure_min_tls), .type = SETTING_CHOICE, .choices = tls_version_names,
	  KIND(tls_version), .show = setting_show_tls_version, .defaults = { "TLSv1.2" },
	  .help = "Lowest TLS version over which mail to a secure alias is accepted." },
	{ FIELD(recipient_delimiter), STRING(delimiters), .defaults = { "+" },
	  .help = "Each of these characters separates an address from its extension: "
		  "me+list@secure.example.com belongs to me@secure.example.com. Has to match "
		  "postconf recipient_delimiter. Empty: addresses have no extensions." },
	{ FIELD(local_networks), .type = SETTING_LIST, KIND(networks),
	  .show = setting_show_networks, .defaults = { "127.0.0.0/8", "::1/128" },
	  .help = "Clients from these networks count as this site's own and need no TLS to reach "
		  "a secure alias. ADDRESS or ADDRESS/BITS." },
	{ FIELD(authserv_id), STRING(name_or_none), .defaults = { "" },
	  .help = "The name in the header Authentication-Results (RFC 8601) in which "
		  "postseal-milter notes the TLS over which mail to a secure alias came. Such "
		  "headers with that name that came with the mail are removed. Empty: Postfix's "
		  "myhostname." },
	{ FIELD(refusal_digest), BOOL, .defaults = { "false" },
	  .help = "Record which senders were refused at the secure aliases on file. postseal "
		  "digest then sends each owner a daily mail: who was refused, when, how often, "
		  "from where and why, but nothing of the content." },
	{ FIELD(mailbox_domain), STRING(name_or_none), .defaults = { "" },
	  .help = "Domain by which mail is sealed, such as sealed.example.com: a mail to "
		  "bob=example.net@sealed.example.com is sealed for bob@example.net. Write the "
		  "domain only into Postfix's transport_maps. Empty: no mail is sealed." },
	{ FIELD(mailbox_url), FIXED, STRING(url_or_none), .defaults = { "" },
	  .help = "Where recipients reach the temporary mailbox, such as "
		  "https://sealed.example.com: https, a host, perhaps a port, and no path. "
		  "postseal-mailbox does not start without it." },
	{ FIELD(mailbox_listen), FIXED, STRING(endpoint), .defaults = { "inet:127.0.0.1:8690" },
	  .help = "Where postseal-mailbox serves its pages by HTTP to the web server in front of "
		  "it: inet:ADDRESS:PORT or unix:/PATH. Loopback only: clients here are believed "
		  "when they say where a request is from." },
	{ FIELD(mailbox_intake), FIXED, STRING(endpoint), .defaults = { "inet:127.0.0.1:8691" },
	  .help = "Where postseal-mailbox takes mail from Postfix by LMTP: inet:ADDRESS:PORT or "
		  "unix:/PATH." },
	{ FIELD(mailbox_submit), FIXED, STRING(endpoint), .defaults = { "inet:127.0.0.1:8692" },
	  .help = "Where postseal-mailbox submits its own mail by SMTP: a listener of Postfix for "
		  "this machine only, without milters and without authentication." },
	{ FIELD(mailbox_store), FIXED, PATH(path, PATH_MAX_BYTES),
	  .defaults = { "/var/lib/postseal-mailbox" },
	  .help = "Directory of the sealed letters. Nothing in it can open them." },
	{ FIELD(mailbox_keys), FIXED, PATH(path, PATH_MAX_BYTES),
	  .defaults = { "/var/lib/postseal-mailbox-keys" },
	  .help = "Directory of the key files: one for each mailbox, which is shredded with it, "
		  "and the server's own. Back it up apart from mailbox_store, and keep each copy "
		  "for a few days only: a deleted letter is gone only when the last copy of its "
		  "key is. Without this directory the store is lost." },
	{ FIELD(mailbox_runtime), FIXED, PATH(path, RUNTIME_MAX),
	  .defaults = { "/run/postseal-mailbox" },
	  .help = "Directory of the socket by which postseal and postseal-webmail talk to "
		  "postseal-mailbox." },
	{ FIELD(mailbox_token_key), FIXED, PATH(path, PATH_MAX_BYTES),
	  .defaults = { "/var/lib/postseal-seal/token.key" },
	  .help = "File with the key that postseal-milter and postseal-mailbox share. "
		  "postseal-mailbox makes it if it is missing. If several hosts seal, all need the "
		  "same file." },
	{ FIELD(mailbox_pages), FIXED, PATH(path, PATH_MAX_BYTES),
	  .defaults = { "/usr/share/postseal/mailbox" },
	  .help = "Directory of the pages of the temporary mailbox." },
	{ FIELD(mailbox_name), FIXED, STRING(text), .defaults = { "" },
	  .help = "Your name on the pages and in mail to recipients: that of a practice, a law "
		  "firm, a provider. Empty: the host of mailbox_url." },
	{ FIELD(mailbox_logo), FIXED, PATH(path_or_none, PATH_MAX_BYTES), .defaults = { "" },
	  .help = "File with a logo for the pages, .svg or .png, of at most 256 KiB. Empty: "
		  "none." },
	{ FIELD(mailbox_from), FIXED, STRING(address_or_none), .defaults = { "" },
	  .help = "Sender of link mails, such as sealed@example.com. Mail to it has to be "
		  "delivered here, and it is not in mailbox_domain: receipts, notices and replies "
		  "that come back come to it. postseal-mailbox does not start without it." },
	{ FIELD(mailbox_bounce), STRING(address_or_none), .defaults = { "" },
	  .help = "Address to which undeliverable link mails bounce, such as "
		  "sealed-bounce@example.com; an extension is added. Postfix's transport_maps has "
		  "to lead it to mailbox_intake. Empty: link mails have an empty envelope sender, "
		  "and nobody learns that one was not delivered." },
	{ FIELD(mailbox_pin), CHOICE(mailbox_pin_names), .defaults = { "require" },
	  .help = "Whether a recipient needs a PIN from the sender. require: always; one is made "
		  "up if the sender chose none. allow: if the sender chose one. off: never; "
		  "whoever reads the link mail can read the letter." },
	{ FIELD(mailbox_pin_length), NUMBER(6, 16), .unit = "digits", .defaults = { "8" },
	  .help = "Length of PINs that are made up. PINs that senders choose must not be "
		  "shorter." },
	{ FIELD(mailbox_pin_tries), NUMBER(3, 20), .unit = "tries", .defaults = { "10" },
	  .help = "Number of wrong PINs after which a sender's letters are locked, and the sender "
		  "is told." },
	{ FIELD(mailbox_unopened), NUMBER(1, DAYS_MAX), .unit = "days", .defaults = { "90" },
	  .help = "How long a letter stays at least, and how long a mailbox stays that nobody has "
		  "opened." },
	{ FIELD(mailbox_expire), NUMBER(1, DAYS_MAX), .unit = "days", .defaults = { "90" },
	  .help = "Number of days after the last login and the last letter until a mailbox is "
		  "deleted." },
	{ FIELD(mailbox_warn), NUMBER(0, DAYS_MAX), .unit = "days", .defaults = { "14" },
	  .help = "Number of days before the end at which the recipient is warned. 0: no "
		  "warning." },
	{ FIELD(mailbox_message_size), NUMBER(1, 1024), .unit = "MiB", .defaults = { "25" },
	  .help = "Largest mail that is sealed, and largest reply." },
	{ FIELD(mailbox_quota), NUMBER(1, 1048576), .unit = "MiB", .defaults = { "250" },
	  .help = "How much one mailbox may hold." },
	{ FIELD(mailbox_store_quota), NUMBER(1, INT64_C(1) << 40), .unit = "MiB",
	  .defaults = { "20480" },
	  .help = "How much all mailboxes may hold together. Above that, mail waits in Postfix's "
		  "queue." },
	{ FIELD(mailbox_replies_per_day), NUMBER(0, 10000), .unit = "replies", .defaults = { "50" },
	  .help = "How many replies may leave one mailbox in 24 hours." },
	{ FIELD(mailbox_session_idle), NUMBER(60, 86400), .unit = "seconds", .defaults = { "1800" },
	  .help = "How long a recipient stays logged in without doing anything." },
	{ FIELD(mailbox_notify_opened), BOOL, .defaults = { "true" },
	  .help = "Tell the senders when a mailbox is opened for the first time. It is how a "
		  "sender learns that somebody else opened it." },
	{ FIELD(mailbox_wkd), PATH(path_or_none, SOCKET_MAX), .defaults = { "" },
	  .help = "Socket of postseal-wkd, as shipped /run/postseal-wkd.sock: where a recipient "
		  "has "
		  "neither a key on file nor a mailbox, an OpenPGP key is looked for by Web Key "
		  "Directory. A mail with a PIN never uses one. Empty: no key is looked for." },
	{ FIELD(mailbox_wkd_wait), NUMBER(0, 1440), .unit = "minutes", .defaults = { "30" },
	  .help = "How long a mail waits while such a look-up fails. After that it goes to a "
		  "temporary mailbox." },
	{ FIELD(webmail_listen), FIXED, STRING(endpoint),
	  .defaults = { "unix:/run/postseal/webmail.sock" },
	  .help = "Where postseal-webmail answers webmails. It has to be unix:/PATH: the kernel "
		  "says which local user is at the other end." },
	{ FIELD(webmail_clients), LIST(names),
	  .help = "Local users that postseal-webmail answers, by login name. They say who the "
		  "webmail's user is, and are believed, so name only the webmail's own user. "
		  "Empty: nobody. Not www-data, if other programs run as that user." },
	{ FIELD(webmail_rate), NUMBER(10, 100000), .unit = "requests", .defaults = { "300" },
	  .help = "How much each user of a webmail may ask of postseal-webmail in a minute. A "
		  "request counts as one, and as one more for each recipient it asks about." },
	{ FIELD(share), FIXED, STRING(label), .defaults = { "" },
	  .help = "Share what is learned with other hosts by postseal-share: the name of the "
		  "service, in libpq's service file, that leads to their PostgreSQL. Empty: this "
		  "host keeps its memory to itself." },
	{ FIELD(share_name), FIXED, STRING(label), .defaults = { "" },
	  .help = "Under which name this host shares: letters, digits, '.', '-' and '_', and no "
		  "two hosts have the same. Empty: the name of this machine." },
	{ FIELD(share_runtime), FIXED, PATH(path, RUNTIME_MAX),
	  .defaults = { "/run/postseal-share" },
	  .help = "Directory in which postseal-share keeps what it counts." },
	{ FIELD(alert_mail), STRING(ascii_address_or_none), .defaults = { "" },
	  .help = "Address that is told by mail when a provider no longer offers TLS, our own "
		  "network takes TLS away, the resolver stops validating, or too many wrong PINs "
		  "of sealed mail were tried: once per event, at most every 15 minutes, with what "
		  "to do. postseal alert tells, by postseal-alert.timer. Take one that is "
		  "delivered on this machine, or one that needs no provider in doubt. Empty: "
		  "nobody is." },
	{ FIELD(alert_command), LIST(words),
	  .help = "Program that is told the same, on its standard input: a line that says what "
		  "happened, an empty line, the text. The first value is its path, the others are "
		  "its arguments; there is no shell. It runs as user postseal, has a minute, "
		  "and no network: systemctl edit postseal-alert gives it one, with a line "
		  "IPAddressDeny= of section Service. "
		  "Empty: none." },
	{ FIELD(alert_summary), BOOL, .defaults = { "false" },
	  .help = "Also tell alert_mail and alert_command once a week what was written into the "
		  "journal." },
	{ FIELD(log_level), CHOICE(log_level_names), .defaults = { "info" },
	  .help = "The lowest severity that is logged. info logs what is learned, and answers to "
		  "Postfix for which mail waited, that make mail wait (TEMP), or whose facts are "
		  "being looked up again; debug logs all answers. postseal explain shows at any "
		  "time why a domain gets its answer." },
	{ FIELD(log_format), CHOICE(log_format_names), .defaults = { "text" },
	  .help = "How daemons, and postseal learn --follow, write a line of their log. text: what "
		  "it is about, then a sentence. json: an object with time, program, level, "
		  "subject (an object: domain, host and the like) and text, the same line." },
};
const size_t settings_table_count = ARRAY_LEN(settings_table);

const struct setting *settings_find(const char *name)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		if (strcmp(settings_table[i].name, name) == 0)
			return &settings_table[i];
	}
	return NULL;
}

bool setting_is_list(const struct setting *setting)
{
	return setting->type == SETTING_LIST || setting->type == SETTING_SET;
}

static bool differs(const struct settings *a, const struct settings *b, const struct setting *s)
{
	struct buf text_a = { 0 }, text_b = { 0 };
	bool different;

	s->show(a, s, &text_a);
	s->show(b, s, &text_b);
	different = strcmp(buf_cstr(&text_a), buf_cstr(&text_b)) != 0;
	buf_free(&text_a);
	buf_free(&text_b);
	return different;
}

/* What is owned is copied; all else is a plain value. */
static void copy_value(struct settings *to, const struct settings *from, const struct setting *s)
{
	const char *field = (const char *)from + s->offset;
	const struct string_list *list = (const void *)field;
	struct setting_fault fault;
	bool put = true;

	if (s->type == SETTING_LIST)
		put = s->put(to, s, (const char *const *)list->items, list->count, &fault);
	else if (s->type == SETTING_STRING || s->type == SETTING_PATH)
		put = s->put(to, s, (const char *const *)(const void *)field, 1, &fault);
	else
		memcpy((char *)to + s->offset, field, s->size);
	if (!put)
		abort(); /* it was taken once */
}

void settings_adopt(struct settings *fresh, const struct settings *old, settings_differ_fn *differ,
		    void *context)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *s = &settings_table[i];

		if (!differs(fresh, old, s))
			continue;
		differ(context, s);
		if (s->fixed)
			copy_value(fresh, old, s);
	}
}

/* Who goes by which settings, by what their names begin with. */
static const struct {
	const char *program;
	bool only; /* by these alone; else by all but these */
	const char *names[8];
} readers[] = {
	{ "prober", false, { "alert_", "mailbox_", "share", "webmail_" } },
	{ "socketmap", false, { "alert_", "share", "webmail_" } },
	{ "milter", false, { "alert_", "share", "webmail_" } },
	{ "webmail", false, { "alert_", "share" } },
	{ "mailbox", true, { "log_", "mailbox_", "recipient_delimiter" } },
	{ "share", true, { "ledger", "log_", "mixed_mx", "runtime", "share" } },
	{ "learn", true, { "learn_from", "ledger", "log_", "runtime" } },
};

static bool goes_by(const char *program, const struct setting *s)
{
	size_t reader = 0, i = 0;

	while (reader < ARRAY_LEN(readers) && strcmp(readers[reader].program, program) != 0)
		reader++;
	if (reader == ARRAY_LEN(readers))
		return true;
	while (readers[reader].names[i] != NULL &&
	       strncmp(s->name, readers[reader].names[i], strlen(readers[reader].names[i])) != 0)
		i++;
	return (readers[reader].names[i] != NULL) == readers[reader].only;
}

uint64_t settings_digest(const struct settings *settings, const char *program)
{
	struct buf text = { 0 };
	uint64_t digest;

	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *s = &settings_table[i];

		if (!goes_by(program, s))
			continue;
		buf_printf(&text, "%s = ", s->name);
		s->show(settings, s, &text);
		buf_append_str(&text, "\n");
	}
	digest = num_fnv(NUM_FNV, buf_cstr(&text), text.len);
	buf_free(&text);
	return digest != 0 ? digest : 1;
}

void settings_init(struct settings *settings)
{
	*settings = (struct settings){ 0 };
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *s = &settings_table[i];
		struct setting_fault fault;
		size_t count = 0;

		while (s->defaults[count] != NULL)
			count++;
		if (!s->put(settings, s, s->defaults, count, &fault))
			abort(); /* the table contradicts itself */
	}
}

void settings_free(struct settings *settings)
{
	free(settings->ledger);
	free(settings->runtime);
	string_list_free(&settings->socketmap_listen);
	free(settings->milter_listen);
	string_list_free(&settings->resolver);
	free(settings->ehlo_name);
	free(settings->smtp_ciphers);
	free(settings->ca_file);
	string_list_free(&settings->secure_domains);
	string_list_free(&settings->enforce_domains);
	free(settings->recipient_delimiter);
	free(settings->local_networks);
	free(settings->authserv_id);
	free(settings->mailbox_url);
	free(settings->mailbox_listen);
	free(settings->mailbox_intake);
	free(settings->mailbox_submit);
	free(settings->mailbox_store);
	free(settings->mailbox_keys);
	free(settings->share);
	free(settings->share_name);
	free(settings->share_runtime);
	free(settings->mailbox_runtime);
	free(settings->mailbox_token_key);
	free(settings->mailbox_pages);
	free(settings->mailbox_name);
	free(settings->mailbox_logo);
	free(settings->mailbox_domain);
	free(settings->mailbox_from);
	free(settings->mailbox_bounce);
	free(settings->mailbox_wkd);
	string_list_free(&settings->secure_owner);
	free(settings->webmail_listen);
	string_list_free(&settings->webmail_clients);
	free(settings->alert_mail);
	string_list_free(&settings->alert_command);
	*settings = (struct settings){ 0 };
}
