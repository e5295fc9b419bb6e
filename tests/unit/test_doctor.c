/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What doctor thinks of what it finds: a sound machine, and each thing that may
 * be amiss with it, with the mend.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/doctor/doctor_judge.h"
#include "io/local/settings_file.h"

#define NOW INT64_C(1768046400)
#define SEALED "mailbox_domain = sealed.example.com\n"
#define WKD "mailbox_wkd = /run/postseal-wkd.sock\n"
#define URL SEALED "mailbox_url = https://post.example.com\n"

/*
 * A sound machine: postfix-examples on Debian, as postconf -x, -F and -Px print it.
 */

#define ROUTE "inline:{ sealed.example.com=lmtp:inet:127.0.0.1:8691 }"
#define DOOR "127.0.0.1:8692/inet"

#define MAIN_CF                                                                                   \
	"compatibility_level = 3.6\n"                                                             \
	"content_filter =\n"                                                                      \
	"message_size_limit = 26214400\n"                                                         \
	"myhostname = mail.example.com\n"                                                         \
	"config_directory = /etc/postfix\n"                                                       \
	"ignore_mx_lookup_error = no\n"                                                           \
	"mail_version = 3.7.11\n"                                                                 \
	"message_strip_characters = \\0\n"                                                        \
	"masquerade_domains =\n"                                                                  \
	"milter_default_action = accept\n"                                                        \
	"mydestination = mail.example.com\n"                                                      \
	"queue_directory = /var/spool/postfix\n"                                                  \
	"recipient_delimiter = +\n"                                                               \
	"relay_domains =\n"                                                                       \
	"sender_dependent_default_transport_maps = socketmap:inet:127.0.0.1:7672:transport\n"     \
	"smtp_dns_resolver_options =\n"                                                           \
	"smtp_dns_support_level = dnssec\n"                                                       \
	"smtp_fallback_relay =\n"                                                                 \
	"smtp_header_checks = regexp:/etc/postfix/postseal-sealed-headers\n"                      \
	"smtp_host_lookup = dns\n"                                                                \
	"smtp_pix_workarounds = disable_esmtp,delay_dotcrlf\n"                                    \
	"smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt\n"                                  \
	"smtp_tls_CApath =\n"                                                                     \
	"smtp_tls_dane_insecure_mx_policy = dane\n"                                               \
	"smtp_tls_fingerprint_digest = sha256\n"                                                  \
	"smtp_tls_loglevel = 1\n"                                                                 \
	"smtp_tls_policy_maps = socketmap:inet:127.0.0.1:7672:policy\n"                           \
	"smtp_tls_security_level = may\n"                                                         \
	"smtpd_milters = { inet:127.0.0.1:8689, default_action=tempfail, connect_timeout=10s }\n" \
	"tls_append_default_CA = no\n"                                                            \
	"transport_maps = " ROUTE "\n"                                                            \
	"virtual_alias_maps = hash:/etc/postfix/virtual socketmap:inet:127.0.0.1:7672:alias\n"

#define SERVICE(name, chroot, command) name "/chroot = " chroot "\n" name "/command = " command "\n"

#define MASTER_CF                                                                        \
	SERVICE("smtp/inet", "y", "smtpd")                                               \
	SERVICE("cleanup/unix", "y", "cleanup")                                          \
	SERVICE("rewrite/unix", "y", "trivial-rewrite")                                  \
	SERVICE("smtp/unix", "y", "smtp")                                                \
	SERVICE("pickup/unix", "y", "pickup")                                            \
	SERVICE(DOOR, "y", "smtpd")                                                      \
	SERVICE("relay/unix", "y", "smtp -o syslog_name=postfix/$service_name")          \
	SERVICE("postseal-encrypt/unix", "y", "smtp -o smtp_tls_security_level=encrypt") \
	SERVICE("postseal-authenticated/unix", "y", "smtp")                              \
	SERVICE("postseal-verify/unix", "y", "smtp")                                     \
	SERVICE("postseal-dane-only/unix", "y", "smtp")

#define WAY(level, fallback)                                                                 \
	"postseal-" level                                                                    \
	"/unix/smtp_tls_policy_maps = socketmap:inet:127.0.0.1:7672:policy-" level "\n"      \
	"postseal-" level "/unix/smtp_tls_security_level = " fallback "\n"                   \
	"postseal-" level "/unix/smtp_delivery_status_filter = regexp:/etc/postfix/filter\n" \
	"postseal-" level "/unix/tls_required_enable = no\n"

#define OVERRIDES                                                                                 \
	WAY("encrypt", "encrypt")                                                                 \
	WAY("authenticated", "dane-only")                                                         \
	WAY("verify", "fingerprint")                                                              \
	WAY("dane-only", "dane-only")                                                             \
	DOOR "/smtpd_milters =\n" DOOR "/cleanup_service_name = postseal-cleanup\n"               \
	     "postseal-cleanup/unix/non_smtpd_milters =\n"                                        \
	     "pickup/unix/cleanup_service_name = postseal-pickup\n"                               \
	     "postseal-pickup/unix/header_checks = regexp:/etc/postfix/postseal-marked-headers\n" \
	     "submission/inet/smtpd_sasl_auth_enable = yes\n"

/* What a case changes. Earlier lines hide later ones of the same name. */
struct sickness {
	const char *check;
	const char *settings; /* lines of postseal.conf */
	const char *main_cf;  /* lines put in front */
	const char *services;
	const char *overrides;
	void (*spoil)(struct patient *patient);
	enum health health;
	const char *found;
	const char *mend; /* NULL: nothing to mend */
};

static struct settings settings;
static struct patient *patient;

static void read_lines(struct postconf *postconf, const char *front, const char *lines)
{
	struct buf text = { 0 };

	buf_append_str(&text, front != NULL ? front : "");
	buf_append_str(&text, lines);
	ck_assert(postconf_read(postconf, buf_cstr(&text), text.len));
	buf_free(&text);
}

static void one_server(struct doctor_servers *servers, const char *source)
{
	str_copy(servers->source, sizeof(servers->source), source);
	servers->count = 1;
	servers->list[0] = (struct doctor_server){ .text = "127.0.0.1",
						   .loopback = true,
						   .signed_name = SIGNED_PROVEN,
						   .broken_name = BROKEN_REFUSED };
}

static void shares_well(struct patient *p)
{
	p->fleet = (struct doctor_fleet){
		.shares = true, .runs = true, .waiting = 3, .lag = 2, .members = 4, .live = 3
	};
	str_copy(p->fleet.state.name, sizeof(p->fleet.state.name), "mx1");
}

static void shares_late(struct patient *p)
{
	shares_well(p);
	p->fleet.lag = 4000;
}

static void shares_not(struct patient *p)
{
	shares_well(p);
	str_copy(p->fleet.state.trouble, sizeof(p->fleet.state.trouble),
		 "this machine's clock is 70 seconds ahead of the engine's");
}

static void relay_without_tls(struct patient *p)
{
	p->fallback.state = LOOKUP_ABSENT;
	str_copy(p->fallback.text, sizeof(p->fallback.text), "[relay.example.com]:587");
}

static void relay_unknown(struct patient *p)
{
	p->fallback.state = LOOKUP_ERROR;
	str_copy(p->fallback.text, sizeof(p->fallback.text), "no answer");
}

static void make_patient(const struct sickness *s)
{
	char error[SETTINGS_FILE_ERROR_SIZE];
	struct buf conf = { 0 };

	buf_append_str(&conf, s->settings != NULL
				      ? s->settings
				      : "secure_domains = {\"secure.example.com\"}\n" SEALED
					"mailbox_url = https://post.example.com\n"
					"mailbox_from = post@example.com\n"
					"mailbox_bounce = back@example.com\n");
	settings_init(&settings);
	ck_assert_msg(settings_file_parse(&settings, "conf", buf_cstr(&conf), conf.len, error),
		      "%s", error);
	buf_free(&conf);
	patient = mem_zero(1, sizeof(*patient));
	patient->settings = &settings;
	patient->settings_file = "/etc/postseal/postseal.conf";
	patient->now = NOW;
	one_server(&patient->ours, "/etc/resolv.conf");
	one_server(&patient->mta, "/etc/resolv.conf");
	one_server(&patient->chroot, "/var/spool/postfix/etc/resolv.conf");
	read_lines(&patient->postfix.values, s->main_cf, MAIN_CF);
	read_lines(&patient->postfix.written, s->main_cf, MAIN_CF);
	read_lines(&patient->postfix.services, s->services, MASTER_CF);
	read_lines(&patient->postfix.overrides, s->overrides, OVERRIDES);
	patient->ledger.spoken = 12;
	str_copy(patient->mailbox.route, sizeof(patient->mailbox.route),
		 "lmtp:inet:127.0.0.1:8691");
	str_copy(patient->mailbox.bounce_route, sizeof(patient->mailbox.bounce_route),
		 "lmtp:inet:127.0.0.1:8691");
	str_copy(patient->ledger.log, sizeof(patient->ledger.log), "the journal");
	str_copy(patient->cas_path, sizeof(patient->cas_path),
		 "/etc/ssl/certs/ca-certificates.crt");
	if (s->spoil != NULL)
		s->spoil(patient);
}

static void free_patient(void)
{
	postconf_free(&patient->postfix.values);
	postconf_free(&patient->postfix.written);
	postconf_free(&patient->postfix.services);
	postconf_free(&patient->postfix.overrides);
	free(patient);
	settings_free(&settings);
}

static const struct doctor_check *check_named(const char *name)
{
	for (size_t i = 0; i < doctor_checks_count; i++) {
		if (strcmp(doctor_checks[i].name, name) == 0)
			return &doctor_checks[i];
	}
	ck_abort_msg("there is no check %s", name);
	return NULL;
}

START_TEST(a_sound_machine_is_sound)
{
	const struct sickness none = { 0 };

	make_patient(&none);
	for (size_t i = 0; i < doctor_checks_count; i++) {
		struct finding finding;

		/* As shipped, the milter listens on a port of loopback. */
		if (strcmp(doctor_checks[i].name, "sealed-socket") == 0)
			continue;
		doctor_judge(patient, &doctor_checks[i], &finding);
		ck_assert_msg(finding.health == HEALTH_OK && finding.found.len > 0 &&
				      finding.mend.len == 0,
			      "%s: %s: %s", doctor_checks[i].name, health_word(finding.health),
			      buf_cstr(&finding.found));
		finding_free(&finding);
	}
	free_patient();
}
END_TEST

/*
 * Sick ones.
 */

static void note(struct doctor_thing *thing, enum lookup state, const char *text)
{
	thing->state = state;
	str_copy(thing->text, sizeof(thing->text), text);
}

static void silent(struct patient *p)
{
	p->ours.list[0].signed_name = SIGNED_SILENT;
	str_copy(p->ours.list[0].trouble, sizeof(p->ours.list[0].trouble), "Connection refused");
	p->mta.list[0] = p->ours.list[0];
}

static void off(struct patient *p)
{
	silent(p);
	p->unbound.installed = true;
}

static void failing(struct patient *p)
{
	off(p);
	p->unbound.failed = true;
}

static void keyless(struct patient *p)
{
	failing(p);
	p->unbound.keyless = true;
}

static void dead_socket(struct patient *p)
{
	note(&p->socket, LOOKUP_ABSENT, "postseal-socketmap.socket is enabled but not active");
}

static void no_door(struct patient *p)
{
	note(&p->door, LOOKUP_ERROR, "our own smtpd(8) does not answer on port 25");
}

static void plain_door(struct patient *p)
{
	note(&p->door, LOOKUP_ABSENT, "our own smtpd(8) does not offer STARTTLS");
}

static void no_snakeoil(struct patient *p)
{
	plain_door(p);
	p->has_certificate = true;
	note(&p->certificate, LOOKUP_ABSENT, "/etc/ssl/certs/ssl-cert-snakeoil.pem");
}

static void domain_of_nobody(struct patient *p)
{
	note(&p->domains, LOOKUP_ABSENT, "secure.example.com");
}

static void domain_in_a_dead_table(struct patient *p)
{
	note(&p->domains, LOOKUP_ERROR, "secure.example.com");
}

static void unproven(struct patient *p)
{
	p->ours.list[0].signed_name = SIGNED_UNPROVEN;
	p->mta.list[0] = p->ours.list[0];
}

static void credulous(struct patient *p)
{
	p->ours.list[0].broken_name = BROKEN_BELIEVED;
	p->mta.list[0] = p->ours.list[0];
}

static void cut_off(struct patient *p)
{
	p->ours.list[0].broken_name = BROKEN_SILENT;
	str_copy(p->ours.list[0].trouble, sizeof(p->ours.list[0].trouble), "no answer");
}

static void island(struct patient *p)
{
	p->ours.list[0].broken_name = BROKEN_ABSENT;
}

static void remote(struct patient *p)
{
	str_copy(p->ours.list[0].text, sizeof(p->ours.list[0].text), "192.0.2.53");
	p->ours.list[0].loopback = false;
	p->mta.list[0] = p->chroot.list[0] = p->ours.list[0];
}

static void second_is_remote(struct patient *p)
{
	p->ours.count = 2;
	p->ours.list[1] = p->ours.list[0];
	str_copy(p->ours.list[1].text, sizeof(p->ours.list[1].text), "192.0.2.53");
	p->ours.list[1].loopback = false;
}

static void second_is_bad(struct patient *p)
{
	p->ours.count = 2;
	p->ours.list[1] = p->ours.list[0];
	str_copy(p->ours.list[1].text, sizeof(p->ours.list[1].text), "127.0.0.53");
	p->ours.list[1].signed_name = SIGNED_UNPROVEN;
}

static void no_server(struct patient *p)
{
	p->ours.count = 0;
}

static void other_port(struct patient *p)
{
	str_copy(p->ours.list[0].text, sizeof(p->ours.list[0].text), "127.0.0.1:5353");
}

static void unreadable_mta(struct patient *p)
{
	p->mta.read = LOOKUP_ERROR;
}

static void old_chroot(struct patient *p)
{
	str_copy(p->chroot.list[0].text, sizeof(p->chroot.list[0].text), "192.0.2.53");
}

static void empty_chroot(struct patient *p)
{
	p->chroot.read = LOOKUP_ABSENT;
}

static void unreadable_chroot(struct patient *p)
{
	p->chroot.read = LOOKUP_ERROR;
}

static void no_postfix(struct patient *p)
{
	note(&p->postfix.ran, LOOKUP_ABSENT, "postconf cannot be run: No such file or directory");
}

static void has_pins(struct patient *p)
{
	p->ledger.pins = 1;
}

static void no_cas_of_mta(struct patient *p)
{
	note(&p->postfix.cas, LOOKUP_ABSENT, "No such file or directory");
}

static void path_cas(struct patient *p)
{
	p->postfix.path_cas = 130;
	p->postfix.path_cas_chrooted = true;
}

static void no_path_cas(struct patient *p)
{
	p->postfix.path_cas_chrooted = true;
}

static void no_filter(struct patient *p)
{
	p->postfix.filter[0].state = LOOKUP_ABSENT;
}

static void services_down(struct patient *p)
{
	note(&p->socketmap, LOOKUP_ABSENT, "cannot ask postseal-socketmap at inet:127.0.0.1:7672");
	note(&p->prober, LOOKUP_ABSENT, "cannot reach the prober");
	note(&p->milter, LOOKUP_ABSENT, "cannot reach postseal-milter");
}

static void services_barred(struct patient *p)
{
	note(&p->socketmap, LOOKUP_ERROR, "Permission denied");
	note(&p->prober, LOOKUP_ERROR, "Permission denied");
	note(&p->milter, LOOKUP_ERROR, "Permission denied");
}

static void no_ledger(struct patient *p)
{
	note(&p->ledger.opened, LOOKUP_ABSENT, "there is no ledger at /var/lib/postseal");
}

static void damaged_ledger(struct patient *p)
{
	note(&p->ledger.opened, LOOKUP_ERROR, "it is damaged");
}

static void denied_ledger(struct patient *p)
{
	note(&p->ledger.opened, LOOKUP_ERROR, "no permission; join that group");
	p->ledger.denied = true;
}

static void denied_ledger_and_pins(struct patient *p)
{
	denied_ledger(p);
	has_pins(p);
}

static void readable_by_all(struct patient *p)
{
	p->ledger.others = 04;
}

static void writable_by_all(struct patient *p)
{
	p->ledger.others = 06;
}

static void of_root(struct patient *p)
{
	str_copy(p->ledger.foreign_file, sizeof(p->ledger.foreign_file), "lock.mdb");
}

static void never_learned(struct patient *p)
{
	p->ledger.log[0] = '\0';
}

static void learns_first(struct patient *p)
{
	never_learned(p);
	p->learns = true;
}

static void learner_died(struct patient *p)
{
	note(&p->learn, LOOKUP_ABSENT, "postseal learn --follow, started at some time, has died");
}

static void changed_since(struct patient *p)
{
	p->stale[METRICS_PROBER] = p->stale[METRICS_SHARE] = true;
}

static void no_cas(struct patient *p)
{
	note(&p->cas, LOOKUP_ABSENT, "No such file or directory");
}

static void nobody_reached(struct patient *p)
{
	p->ledger.spoken = 0;
	p->ledger.silent = 3;
}

static void few_reached(struct patient *p)
{
	p->ledger.spoken = 0;
	p->ledger.silent = 2;
}

static void dane_alone(struct patient *p)
{
	p->ledger.spoken = 0;
	p->ledger.silent = 0;
	p->ledger.delivered = 2;
}

static void stripped(struct patient *p)
{
	p->ledger.stripping = NOW - UTC_DAY;
	p->ledger.stripping_ended = NOW - 2 * UTC_DAY;
}

static void stripping_over(struct patient *p)
{
	p->ledger.stripping = NOW - 2 * UTC_DAY;
	p->ledger.stripping_ended = NOW - UTC_DAY;
}

static void stripped_long_ago(struct patient *p)
{
	p->ledger.stripping = NOW - 8 * UTC_DAY;
}

static void unrouted(struct patient *p)
{
	note(&p->mailbox.routed, LOOKUP_ABSENT, "");
}

static void routed_elsewhere(struct patient *p)
{
	str_copy(p->mailbox.route, sizeof(p->mailbox.route), "smtp:[192.0.2.1]");
}

static void route_unknown(struct patient *p)
{
	note(&p->mailbox.routed, LOOKUP_ERROR, "ldap:/etc/postfix/transport");
}

static void no_bounce_route(struct patient *p)
{
	note(&p->mailbox.bounced, LOOKUP_ABSENT, "");
}

static void nothing_routed(struct patient *p)
{
	unrouted(p);
	no_bounce_route(p);
}

static void bounce_table_silent(struct patient *p)
{
	note(&p->mailbox.bounced, LOOKUP_ERROR, "ldap:/etc/postfix/transport");
}

static void bounce_unknown(struct patient *p)
{
	note(&p->mailbox.bounce_known, LOOKUP_ABSENT, "local_recipient_maps");
}

static void no_header_files(struct patient *p)
{
	note(&p->mailbox.sealed_headers, LOOKUP_ABSENT, "");
	note(&p->mailbox.marked_headers, LOOKUP_ABSENT, "");
}

static void no_logins(struct patient *p)
{
	char *value = p->postfix.overrides.entries[p->postfix.overrides.count - 1].value;

	ck_assert_str_eq(value, "yes");
	memcpy(value, "no", sizeof("no"));
}

static void one_reached(struct patient *p)
{
	p->ledger.spoken = 1;
}

static void nginx_alone(struct patient *p)
{
	note(&p->mailbox.proxy, LOOKUP_ABSENT, "Connection refused");
	p->mailbox.has_nginx = true;
}

static void no_address(struct patient *p)
{
	note(&p->mailbox.proxy, LOOKUP_ABSENT, "post.example.com has no address");
	p->mailbox.nameless = true;
	p->mailbox.has_nginx = true;
}

static void nginx_and_certificate(struct patient *p)
{
	nginx_alone(p);
	p->mailbox.has_certificate = true;
}

static void nginx_and_site(struct patient *p)
{
	nginx_and_certificate(p);
	p->mailbox.has_site = true;
}

static void open_to_all(struct patient *p)
{
	note(&p->mailbox.apart, LOOKUP_ABSENT, "relay_domains");
}

static void lists_unknown(struct patient *p)
{
	note(&p->mailbox.apart, LOOKUP_ERROR, "relay_domains");
}

static void no_record(struct patient *p)
{
	note(&p->mailbox.records, LOOKUP_ABSENT, "");
}

static void records_unknown(struct patient *p)
{
	note(&p->mailbox.records, LOOKUP_ERROR, "SERVFAIL");
}

static void leads_elsewhere(struct patient *p)
{
	str_copy(p->mailbox.elsewhere, sizeof(p->mailbox.elsewhere), "mx.example.net");
}

static void has_owners(struct patient *p)
{
	note(&p->mailbox.owners, LOOKUP_ABSENT, "owner-friends");
}

static void owners_unknown(struct patient *p)
{
	note(&p->mailbox.owners, LOOKUP_ERROR, "nis:mail.aliases");
}

static void no_mailbox(struct patient *p)
{
	note(&p->mailbox.runs, LOOKUP_ABSENT, "cannot reach postseal-mailbox");
	note(&p->mailbox.wkd, LOOKUP_ABSENT, "cannot reach postseal-wkd");
	note(&p->mailbox.gpg, LOOKUP_ABSENT, "gpg is not there");
	note(&p->mailbox.pages, LOOKUP_ERROR, "the pages cannot be fetched at mailbox_listen");
}

static void mailbox_barred(struct patient *p)
{
	note(&p->mailbox.runs, LOOKUP_ERROR, "Permission denied");
	note(&p->mailbox.wkd, LOOKUP_ERROR, "postseal-wkd: Permission denied");
	note(&p->mailbox.keys, LOOKUP_ERROR, "/var/lib/postseal-mailbox cannot be read");
}

static void other_pages(struct patient *p)
{
	note(&p->mailbox.pages, LOOKUP_ABSENT, "app/main.js, csp");
}

static void keys_in_store(struct patient *p)
{
	note(&p->mailbox.keys, LOOKUP_ABSENT, "");
}

static void no_proxy(struct patient *p)
{
	note(&p->mailbox.proxy, LOOKUP_ABSENT, "Connection refused");
	note(&p->mailbox.clock, LOOKUP_ABSENT, "");
}

static void proxy_unknown(struct patient *p)
{
	note(&p->mailbox.proxy, LOOKUP_ERROR, "post.example.com cannot be looked up: SERVFAIL");
	note(&p->mailbox.clock, LOOKUP_ERROR, "Operation not permitted");
}

static void proxy_lasts(struct patient *p)
{
	p->mailbox.certificate_ends = NOW + 14 * UTC_DAY;
}

static void proxy_ends(struct patient *p)
{
	p->mailbox.certificate_ends = NOW + 14 * UTC_DAY - 1;
}

static void no_folder(struct patient *p)
{
	note(&p->mailbox.folder, LOOKUP_ABSENT, "No such file or directory");
}

static void open_folder(struct patient *p)
{
	p->mailbox.folder_open = true;
}

static void unknown_folder(struct patient *p)
{
	note(&p->mailbox.folder, LOOKUP_ERROR, "Permission denied");
}

static void keys_for_all(struct patient *p)
{
	p->mailbox.others = 05;
}

#define SECURE "secure_domains = {\"secure.example.com\"}\n"
#define UNIX_MAP SECURE "socketmap_listen = {\"unix:/var/spool/postfix/postseal/map\"}\n"
#define FAR_MAP SECURE "socketmap_listen = {\"unix:/run/postseal/map\"}\n"
#define UNIX_MILTER SECURE "milter_listen = \"unix:/var/spool/postfix/postseal/milter\"\n"
#define FAR_MILTER SECURE "milter_listen = \"unix:/run/postseal/milter\"\n"
#define UNIX_SOCKET "milter_listen = \"unix:/var/spool/postfix/postseal/milter.sock\"\n"
#define POLICY "smtp_tls_policy_maps = "
#define OURS "socketmap:inet:127.0.0.1:7672:"

#define WRONG .health = HEALTH_WRONG
#define WARNING .health = HEALTH_WARNING
#define UNSURE .health = HEALTH_UNSURE
#define OK .health = HEALTH_OK

static const struct sickness sicknesses[] = {
	{ "nul-bytes", .main_cf = "message_strip_characters =\n", WARNING, "leaves NUL bytes in",
	  "postconf -e 'message_strip_characters = \\0'\npostfix reload\n" },
	{ "alias-map",
	  .main_cf = "virtual_alias_maps =\nvirtual_alias_domains = $virtual_alias_maps\n", WARNING,
	  "does not ask postseal", "postconf -e 'virtual_alias_domains = $virtual_alias_maps'\n" },
	{ "socket", .spoil = dead_socket, WARNING, "enabled but not active",
	  "systemctl restart postseal.target\n" },
	{ "own-tls", .spoil = no_door, UNSURE, "does not answer on port 25", NULL },
	{ "own-tls", .main_cf = "smtpd_tls_security_level =\n", .spoil = plain_door, WRONG,
	  "all mail to secure aliases is refused",
	  "postconf -e 'smtpd_tls_security_level = may'\napt install ssl-cert\n" },
	{ "own-tls", .main_cf = "smtpd_tls_security_level = may\n", .spoil = no_snakeoil, WRONG,
	  "ssl-cert-snakeoil.pem, is not there", "apt install ssl-cert\npostfix reload\n" },
	{ "own-tls", SECURE, .main_cf = "smtpd_tls_security_level = may\n", .spoil = plain_door,
	  WRONG, "it has no certificate", "smtpd_tls_key_file" },
	{ "secure-domains", .spoil = domain_of_nobody, WRONG, "is not in mydestination",
	  "postconf -e 'mydestination = mail.example.com, secure.example.com'\npostfix reload\n" },
	{ "secure-domains", .spoil = domain_in_a_dead_table, UNSURE, "cannot be asked", NULL },
	{ "resolver", .spoil = silent, WRONG, "127.0.0.1 does not answer: Connection refused",
	  "apt install unbound dns-root-data\nsystemctl enable --now unbound\n"
	  "# in /etc/resolv.conf: nameserver 127.0.0.1\n" },
	{ "resolver", .spoil = unproven, WRONG, "127.0.0.1 does not validate: no proof (AD)",
	  "nameserver 127.0.0.1\n" },
	{ "resolver", "resolver = {\"127.0.0.1\"}\n", .spoil = credulous, WRONG,
	  "it answers for dnssec-failed.org",
	  "# in /etc/postseal/postseal.conf: resolver = {\"127.0.0.1\"}\n"
	  "systemctl restart postseal-prober\n" },
	{ "resolver", .spoil = keyless, WRONG, "cannot start: it has no key of the DNS root",
	  "apt install dns-root-data\nsystemctl restart unbound\n" },
	{ "resolver", .spoil = failing, WRONG, "unbound is installed but does not start",
	  "journalctl -u unbound" },
	{ "resolver", .spoil = off, WRONG, "does not answer",
	  "systemctl enable --now unbound\n# in /etc" },
	{ "resolver", .spoil = second_is_bad, WRONG, "127.0.0.53 does not validate", "unbound" },
	{ "resolver", .spoil = no_server, WRONG, "/etc/resolv.conf names no resolver", "unbound" },
	{ "resolver", .spoil = cut_off, UNSURE, "dnssec-failed.org cannot be looked up", NULL },
	{ "resolver", .spoil = island, OK, "validates", NULL },
	{ "resolver-trust", .spoil = remote, WRONG, "192.0.2.53 is not on this machine",
	  "# in /etc/resolv.conf: nameserver 127.0.0.1\n" },
	{ "resolver-trust", .spoil = second_is_remote, OK,
	  "192.0.2.53 is on another machine and is never asked", NULL },
	{ "resolver-trust", "resolver_trust_ad = true\n", .spoil = remote, OK, "resolver_trust_ad",
	  NULL },
	{ "mta-resolver", .spoil = credulous, WRONG, "does not validate",
	  "nameserver 127.0.0.1\nsystemctl restart postfix\n" },
	{ "mta-resolver", .spoil = remote, WRONG, "192.0.2.53 is not on this machine, and Postfix",
	  "apt install unbound dns-root-data\nsystemctl enable --now unbound\n"
	  "# in /etc/resolv.conf: nameserver 127.0.0.1\nsystemctl restart postfix\n" },
	{ "mta-resolver", .spoil = other_port, OK, "Postfix and postseal ask different resolvers",
	  NULL },
	{ "mta-resolver", .spoil = unreadable_mta, UNSURE, "/etc/resolv.conf cannot be read",
	  NULL },
	{ "chroot-resolver", .spoil = old_chroot, WRONG, "still names 192.0.2.53",
	  "cp /etc/resolv.conf /var/spool/postfix/etc/resolv.conf\npostfix reload\n" },
	{ "chroot-resolver", .spoil = empty_chroot, WRONG, "there is no /var/spool",
	  "cp /etc/resolv.conf" },
	{ "chroot-resolver", .spoil = unreadable_chroot, UNSURE, "cannot be read", NULL },
	{ "chroot-resolver", .services = "smtp/unix/chroot = n\n", .spoil = old_chroot, OK,
	  "not chrooted", NULL },
	{ "chroot-resolver", .services = "smtp/unix/chroot = -\n", .spoil = old_chroot, OK,
	  "not chrooted", NULL },
	{ "chroot-resolver", .services = "smtp/unix/chroot = -\n",
	  .main_cf = "compatibility_level = 0\n", .spoil = old_chroot, WRONG, "still names",
	  "cp " },

	{ "postfix", .main_cf = "mail_version = 3.3.22\n", WRONG, "3.3.22 is too old",
	  "apt install postfix\n" },
	{ "postfix", .main_cf = "mail_version = 3.12-20260101\n", OK, "Postfix 3.12", NULL },
	{ "postfix", .main_cf = "mail_version = unknown\n", UNSURE, "is not a version", NULL },
	{ "postfix", .spoil = no_postfix, UNSURE, "postconf cannot be run", NULL },
	{ "transports", .spoil = no_postfix, UNSURE, "postconf cannot be run", NULL },
	{ "policy-map", .main_cf = POLICY "\n", WRONG, "is empty",
	  "postconf -e 'smtp_tls_policy_maps = " OURS "policy'\npostfix reload\n" },
	{ "policy-map", .main_cf = POLICY "socketmap:inet:127.0.0.1:8461:postfix\n", WRONG,
	  "that is not map `policy`",
	  "# this replaces: socketmap:inet:127.0.0.1:8461:postfix\npostconf -e" },
	{ "policy-map", .main_cf = POLICY OURS "status\n", WRONG, "that is not map `policy`",
	  OURS "policy'" },
	{ "policy-map", .main_cf = POLICY OURS "policy+tlsrpt\n", WRONG, "does not know",
	  OURS "policy'" },
	{ "policy-map", .main_cf = POLICY OURS "policy+tlsrpt\nmail_version = 3.10.1\n", OK,
	  "policy+tlsrpt", NULL },
	{ "policy-map", .main_cf = POLICY "socketmap:inet:localhost:7672:policy\n", OK, "localhost",
	  NULL },
	{ "policy-map", .main_cf = POLICY "proxy:" OURS "policy\n", OK, "proxy:", NULL },
	{ "policy-map", .main_cf = POLICY "hash:/etc/postfix/tls, " OURS "policy\n", WARNING,
	  "another table before postseal",
	  "# unless you want that:\npostconf -e 'smtp_tls_policy_maps = " OURS "policy'\n"
	  "# this replaces: hash:/etc/postfix/tls, " OURS "policy\npostfix reload\n" },
	{ "policy-map", .main_cf = POLICY "inline:{ a.test=may, b.test=none } " OURS "policy\n",
	  WARNING, "another table before postseal", "postconf -e" },
	{ "policy-map", .main_cf = POLICY OURS "policy hash:/etc/postfix/tls\n", OK, "hash", NULL },
	{ "policy-map", UNIX_MAP, .main_cf = POLICY "socketmap:unix:postseal/map:policy\n", OK,
	  "unix:", NULL },
	{ "policy-map", UNIX_MAP, .main_cf = POLICY "socketmap:unix:/postseal/map:policy\n", OK,
	  "unix:", NULL },
	{ "policy-map", UNIX_MAP,
	  .main_cf = POLICY "socketmap:unix:/var/spool/postfix/postseal/map:policy\n", WRONG,
	  "chrooted to /var/spool/postfix", "socketmap:unix:postseal/map:policy'" },
	{ "policy-map", UNIX_MAP,
	  .main_cf = POLICY "socketmap:unix:/var/spool/postfix/postseal/map:policy\n",
	  .services = "smtp/unix/chroot = n\n", OK, "unix:", NULL },
	{ "policy-map", UNIX_MAP, WRONG, "that is not map `policy`",
	  "socketmap:unix:postseal/map:policy'" },
	{ "policy-map", FAR_MAP, .main_cf = POLICY "socketmap:unix:/run/postseal/map:policy\n",
	  WRONG, "where there is no such path",
	  "# in /etc/postseal/postseal.conf: socketmap_listen = {\"inet:127.0.0.1:7672\"}\n"
	  "systemctl restart postseal-socketmap\n"
	  "postconf -e 'smtp_tls_policy_maps = socketmap:inet:127.0.0.1:7672:policy'\npostfix "
	  "reload\n" },

	{ "tls-level", .main_cf = "smtp_tls_security_level =\n", WRONG, "is empty",
	  "postconf -e 'smtp_tls_security_level = may'\npostfix reload\n" },
	{ "tls-level", .main_cf = "smtp_tls_security_level = none\n", WRONG, "= none", "= may'" },
	/* main.cf holds where the answer is NOTFOUND; the other answers may be less */
	{ "tls-level", .main_cf = "smtp_tls_security_level = encrypt\n", WARNING,
	  "smtp_tls_security_level = encrypt, and map `policy` also answers what is less than "
	  "that (`dane`): ",
	  "postconf -e 'smtp_tls_policy_maps = " OURS "policy-encrypt'\npostfix reload\n" },
	{ "tls-level", .main_cf = "smtp_tls_security_level = secure\n", WARNING,
	  "(`dane`, `encrypt`)", OURS "policy-authenticated'\n" },
	{ "tls-level", .main_cf = "smtp_tls_security_level = dane-only\n", WARNING,
	  "(`dane`, `encrypt`)", OURS "policy-dane-only'\n" },
	{ "tls-level", .main_cf = "smtp_tls_security_level = fingerprint\n", WARNING,
	  "(`dane`, `encrypt`)", OURS "policy-verify'\n" },
	{ "tls-level", .main_cf = "smtp_tls_security_level = dane\n", OK, "= dane", NULL },
	{ "tls-level",
	  .main_cf = "smtp_tls_security_level = encrypt\n"
		     "smtp_tls_policy_maps = " OURS "policy-encrypt\n",
	  OK, "= encrypt", NULL },
	{ "policy-map", .main_cf = "smtp_tls_policy_maps = " OURS "policy-encrypt\n", OK,
	  OURS "policy-encrypt", NULL },
	{ "dns-support", .main_cf = "smtp_dns_support_level =\n", WRONG, "is empty: without DNSSEC",
	  "postconf -e 'smtp_dns_support_level = dnssec'\npostfix reload\n" },
	{ "dns-support", .main_cf = "smtp_dns_support_level = enabled\n", WRONG, "enabled",
	  "dnssec" },
	{ "dane-switches", .main_cf = "smtp_host_lookup = native\n", WRONG,
	  "smtp_host_lookup = native", "postconf -e 'smtp_host_lookup = dns'\npostfix reload\n" },
	{ "dane-switches", .main_cf = "smtp_host_lookup = dns, native\n", OK,
	  "smtp_dns_resolver_options are right", NULL },
	{ "dane-switches", .main_cf = "ignore_mx_lookup_error = yes\n", WRONG, "= yes",
	  "postconf -e 'ignore_mx_lookup_error = no'\npostfix reload\n" },
	{ "dane-switches", .main_cf = "smtp_dns_resolver_options = res_dnsrch\n", WRONG,
	  "res_dnsrch", "postconf -e 'smtp_dns_resolver_options = '\npostfix reload\n" },
	{ "probe", OK, "match main.cf", NULL },
	{ "probe", .main_cf = "inet_protocols = ipv4\n", WRONG, "inet_protocols = ipv4",
	  "inet_protocols = {\"ipv4\"}\nsystemctl restart postseal-prober\n" },
	{ "probe", .main_cf = "inet_protocols = ipv6, ipv4\n", OK, "match main.cf", NULL },
	{ "probe", .main_cf = "smtp_tls_mandatory_protocols = >=TLSv1.2\n", WRONG, ">=TLSv1.2",
	  "smtp_min_tls = TLSv1.2\n" },
	{ "probe", .main_cf = "smtp_tls_mandatory_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1\n",
	  WRONG, "!TLSv1.1", "smtp_min_tls = TLSv1.2\n" },
	{ "probe", .main_cf = "smtp_tls_mandatory_protocols = !SSLv2, !SSLv3\n", OK,
	  "match main.cf", NULL },
	{ "probe", .main_cf = "smtp_tls_mandatory_protocols = TLSv1.3\n", WRONG, "TLSv1.3",
	  "smtp_min_tls = TLSv1.3\n" },
	{ "probe",
	  .main_cf = "smtp_tls_mandatory_ciphers = high\ntls_high_cipherlist = HIGH:@STRENGTH\n"
		     "smtp_tls_exclude_ciphers = aNULL, RC4\n",
	  WRONG, "= high", "smtp_ciphers = \"HIGH:@STRENGTH:!aNULL:!RC4\"\n" },
	{ "probe",
	  .main_cf = "smtp_tls_mandatory_ciphers = medium\n"
		     "tls_medium_cipherlist = aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH\n",
	  OK, "match main.cf", NULL },
	{ "probe",
	  .main_cf = "smtp_tls_mandatory_ciphers = medium\ntls_medium_cipherlist = HIGH:MEDIUM\n"
		     "smtp_tls_mandatory_exclude_ciphers = AES256\n",
	  WRONG, "smtp_tls_mandatory_ciphers", "smtp_ciphers = \"HIGH:MEDIUM:!AES256\"\n" },
	{ "probe", .main_cf = "smtp_pix_workarounds =\n", WRONG, "smtp_pix_workarounds",
	  "smtp_pix_workarounds = false\n" },
	{ "probe", .main_cf = "smtp_tls_servername = hostname\n", WRONG, "= hostname",
	  "smtp_servername = hostname\n" },
	{ "probe", .main_cf = "smtp_tls_servername = mx.example.com\n", WRONG,
	  "host's name or none", "postconf -e 'smtp_tls_servername = '\n" },
	{ "probe", .main_cf = "use_srv_lookup = submission, smtp\n", WRONG, "use_srv_lookup",
	  "use_srv_lookup = {\"smtp\", \"submission\"}\n" },
	{ "probe", .main_cf = "smtp_never_send_ehlo = yes\n", WRONG, "never uses TLS",
	  "postconf -e 'smtp_never_send_ehlo = no'\n" },
	{ "probe", .main_cf = "smtp_discard_ehlo_keywords = starttls, dsn\n", WRONG, "has starttls",
	  "postconf -e 'smtp_discard_ehlo_keywords = '\n" },
	{ "probe", .main_cf = "smtp_discard_ehlo_keyword_address_maps = hash:/etc/postfix/ehlo\n",
	  WARNING, "hash:/etc/postfix/ehlo: if that has starttls", "hands-off\n" },
	{ "destinations", OK, "the same names, hosts and port", NULL },
	{ "destinations", .main_cf = "enable_idna2003_compatibility = yes\n", WRONG,
	  "sends to another",
	  "postconf -e 'enable_idna2003_compatibility = no'\npostfix reload\n" },
	{ "destinations", .main_cf = "smtp_host_lookup = dns, native\n", WARNING, "/etc/hosts",
	  "override set '[HOST]' hands-off\n" },
	{ "destinations", .main_cf = "smtp_host_lookup = native\n", OK, "the same", NULL },
	{ "destinations", .main_cf = "smtp_tcp_port = smtp\n", OK, "the same", NULL },
	{ "destinations", .main_cf = "smtp_tcp_port = submission\n", WRONG, "looks at port 25",
	  "smtp_port = 587\n" },
	{ "insecure-mx", .main_cf = "smtp_tls_dane_insecure_mx_policy = may\n", WRONG, "= may",
	  "postconf -e 'smtp_tls_dane_insecure_mx_policy = dane'\npostfix reload\n" },
	{ "pin-digest", .main_cf = "smtp_tls_fingerprint_digest = md5\n", OK, "there are no pins",
	  NULL },
	{ "pin-digest", .main_cf = "smtp_tls_fingerprint_digest = md5\n", .spoil = has_pins, WRONG,
	  "= md5", "postconf -e 'smtp_tls_fingerprint_digest = sha256'\npostfix reload\n" },
	{ "pin-digest", .main_cf = "smtp_tls_fingerprint_digest = md5\n",
	  .spoil = denied_ledger_and_pins, UNSURE, "wrong if there are pins", NULL },
	{ "pin-digest", .spoil = denied_ledger, OK, "sha256", NULL },
	{ "mta-cas", .spoil = no_cas_of_mta, WRONG, "No such file",
	  "update-ca-certificates\npostfix reload\n" },
	{ "mta-cas", .main_cf = "smtp_tls_CAfile = /nowhere.pem\n", .spoil = no_cas_of_mta, WRONG,
	  "/nowhere.pem: No such file",
	  "postconf -e 'smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt'\npostfix reload\n" },
	{ "mta-cas", .main_cf = "smtp_tls_CAfile =\n", WRONG, "are empty",
	  "postconf -e 'smtp_tls_CAfile" },
	{ "mta-cas", .main_cf = "smtp_tls_CAfile =\ntls_append_default_CA = yes\n", OK,
	  "default_CA", NULL },
	{ "mta-cas", .main_cf = "smtp_tls_CAfile =\nsmtp_tls_CApath = /etc/ssl/certs\n",
	  .spoil = path_cas, OK, "130 certificates in the chroot", NULL },
	{ "mta-cas", .main_cf = "smtp_tls_CAfile =\nsmtp_tls_CApath = /etc/ssl/certs\n",
	  .spoil = no_path_cas, WRONG, "no certificates in the chroot",
	  "postconf -e 'smtp_tls_CAfile" },
	{ "mta-cas", "mta_sts = false\n", .main_cf = "smtp_tls_CAfile =\n", OK, "mta_sts = false",
	  NULL },
	{ "tls-log", .main_cf = "smtp_tls_loglevel = 0\n", WRONG, "= 0",
	  "postconf -e 'smtp_tls_loglevel = 1'\npostfix reload\n" },
	{ "tls-log", "learn_from = {\"probe\"}\n", .main_cf = "smtp_tls_loglevel = 0\n", OK,
	  "not needed", NULL },
	{ "fallback-relay", .main_cf = NULL, OK, "smtp_fallback_relay is empty" },
	{ "fallback-relay", .main_cf = "smtp_fallback_relay = [relay.example.com]\n", OK,
	  "TLS is required there" },
	{ "fallback-relay", .main_cf = "smtp_fallback_relay = a, [relay.example.com]:587\n",
	  .spoil = relay_without_tls, WRONG, "goes to [relay.example.com]:587",
	  "override set '[relay.example.com]:587' minimum encrypt" },
	{ "fallback-relay", .main_cf = "smtp_fallback_relay = a\n", .spoil = relay_unknown, UNSURE,
	  "does not say whether TLS is required there: no answer" },
	{ "fallback-relay", .main_cf = "smtp_fallback_relay = a\n",
	  .overrides = "smtp/unix/smtp_fallback_relay =\n", .spoil = relay_without_tls, OK,
	  "is empty" },
	{ "overrides", .overrides = "smtp/unix/smtp_tls_security_level = none\n", WRONG,
	  "smtp/unix has -o smtp_tls_security_level=none",
	  "postconf -PX smtp/unix/smtp_tls_security_level\npostfix reload\n" },
	{ "overrides", .overrides = "relay/unix/smtp_tls_policy_maps =\n", WRONG,
	  "relay/unix has -o smtp_tls_policy_maps=",
	  "postconf -PX relay/unix/smtp_tls_policy_maps\n" },
	{ "overrides", .overrides = "relay/unix/smtp_tls_policy_maps = " OURS "policy-encrypt\n",
	  OK, "no service that sends mail overrides", NULL },
	{ "overrides", .overrides = "postseal-encrypt/unix/smtp_tls_security_level = none\n", OK,
	  "no service that sends mail overrides", NULL },
	{ "overrides", .overrides = "postseal-encrypt2/unix/smtp_tls_security_level = none\n",
	  .services = SERVICE("postseal-encrypt2/unix", "n", "smtp"), WARNING, "postseal-encrypt2",
	  "-PX" },
	{ "overrides", .overrides = "lmtp/unix/smtp_tls_security_level = none\n",
	  .services = SERVICE("lmtp/unix", "n", "lmtp"), OK, "no service that sends mail overrides",
	  NULL },
	{ "overrides", .overrides = "filter/unix/smtp_dns_support_level =\n",
	  .services = SERVICE("filter/unix", "n", "smtp"), WARNING, "stays on this machine",
	  "# if its mail leaves this machine:\npostconf -PX filter/unix/smtp_dns_support_level\n" },

	/* the prober knows main.cf's */
	{ "overrides", .overrides = "smtp/unix/inet_protocols = ipv6\n", WRONG,
	  "smtp/unix has -o inet_protocols=ipv6, and the prober goes by main.cf",
	  "postconf -PX smtp/unix/inet_protocols\npostfix reload\n" },
	{ "overrides", .overrides = "relay/unix/smtp_tls_mandatory_protocols = >=TLSv1.3\n", WRONG,
	  "relay/unix has -o smtp_tls_mandatory_protocols=>=TLSv1.3", "-PX" },
	{ "overrides", .overrides = "postseal-encrypt/unix/smtp_tls_servername = hostname\n",
	  WARNING, "postseal-encrypt/unix has -o smtp_tls_servername=hostname", "-PX" },
	{ "overrides", .overrides = "slow/unix/smtp_pix_workarounds =\n",
	  .services = SERVICE("slow/unix", "n", "smtp"), WARNING, "slow/unix has -o", "-PX" },
	{ "overrides", .main_cf = "inet_protocols = ipv4\n",
	  .overrides = "smtp/unix/inet_protocols = ipv4\n", OK,
	  "no service that sends mail overrides", NULL },

	{ "milter", "\n", .main_cf = "smtpd_milters =\n", OK, "secure_domains is empty", NULL },
	{ "milter", .main_cf = "smtpd_milters =\n", WRONG, "smtpd_milters is empty",
	  "postconf -e 'postseal_milter = { inet:127.0.0.1:8689, default_action=tempfail, "
	  "connect_timeout=10s, command_timeout=30s }'\n"
	  "postconf -e 'smtpd_milters = $postseal_milter'\npostfix reload\n" },
	{ "milter", .main_cf = "smtpd_milters = inet:127.0.0.1:11332\n", WRONG, "none of these",
	  "postconf -e 'smtpd_milters = $postseal_milter, inet:127.0.0.1:11332'\n" },
	{ "milter", .main_cf = "smtpd_milters = inet:127.0.0.1:11332, inet:localhost:8689\n", OK,
	  "has postseal's milter", NULL },
	{ "milter", .main_cf = "smtpd_proxy_filter = 127.0.0.1:10025\n", WRONG,
	  "smtpd_proxy_filter = 127.0.0.1:10025: this hides headers",
	  "postconf -e 'smtpd_proxy_filter = '\npostfix reload\n" },
	{ "milter", .overrides = "submission/inet/smtpd_proxy_filter = 127.0.0.1:10025\n", WRONG,
	  "in master.cf submission/inet/smtpd_proxy_filter",
	  "postconf -PX submission/inet/smtpd_proxy_filter\npostfix reload\n" },
	{ "milter", .overrides = "submission/inet/smtpd_proxy_filter =\n", OK,
	  "has postseal's milter", NULL },
	{ "milter", .overrides = "smtp/inet/smtpd_milters =\n", WRONG,
	  "does not have postseal's milter",
	  "postconf -PX 'smtp/inet/smtpd_milters'\npostfix reload\n" },
	{ "milter", .overrides = "submission/inet/smtpd_milters = inet:127.0.0.1:11332\n", WRONG,
	  "submission/inet/smtpd_milters", "postconf -PX 'submission/inet/smtpd_milters'\n" },
	{ "milter", .overrides = "127.0.0.1:10025/inet/smtpd_milters =\n", OK,
	  "has postseal's milter", NULL },
	{ "milter", UNIX_MILTER, .main_cf = "smtpd_milters = unix:postseal/milter\n", OK,
	  "has postseal's milter", NULL },
	{ "milter", UNIX_MILTER, WRONG, "none of these",
	  "postseal_milter = { unix:postseal/milter, " },
	{ "milter", FAR_MILTER, .main_cf = "smtpd_milters = unix:/run/postseal/milter\n", WRONG,
	  "none of these",
	  "# in /etc/postseal/postseal.conf: milter_listen = \"inet:127.0.0.1:8689\"\n"
	  "systemctl restart postseal-milter\npostconf -e 'postseal_milter = { "
	  "inet:127.0.0.1:8689, " },
	{ "milter-action", .main_cf = "smtpd_milters = inet:127.0.0.1:8689\n", WRONG,
	  "milter_default_action = accept",
	  "postconf -e 'milter_default_action = tempfail'\npostfix reload\n" },
	{ "milter-action",
	  .main_cf = "smtpd_milters = inet:127.0.0.1:8689\nmilter_default_action = tempfail\n", OK,
	  "milter_default_action = tempfail", NULL },
	{ "milter-action",
	  .main_cf = "smtpd_milters = inet:127.0.0.1:8689\nmilter_default_action = reject\n",
	  WARNING, "rejected", "tempfail" },
	{ "milter-action",
	  .main_cf = "smtpd_milters = { inet:127.0.0.1:8689, default_action=accept }\n"
		     "milter_default_action = tempfail\n",
	  WRONG, "default_action = accept",
	  "postconf -e 'postseal_milter = { inet:127.0.0.1:8689, "
	  "default_action=tempfail" },
	{ "milter-action",
	  .main_cf = "smtpd_milters = { inet:127.0.0.1:8689, { default_action = quarantine } }\n",
	  WRONG, "default_action = quarantine", "postconf -e" },
	{ "milter-action", .main_cf = "smtpd_milters =\n", UNSURE, "does not ask", NULL },

	{ "transport-map", .main_cf = "sender_dependent_default_transport_maps =\n", WRONG,
	  "does not ask postseal",
	  "postconf -e 'sender_dependent_default_transport_maps = " OURS
	  "transport'\npostfix reload\n" },
	{ "transport-map",
	  .main_cf = "sender_dependent_default_transport_maps = hash:/a " OURS "transport\n", WRONG,
	  "asks another table before", "transport hash:/a " OURS "transport'\n" },
	{ "alias-map", .main_cf = "virtual_alias_maps = hash:/etc/postfix/virtual\n", WARNING,
	  "does not ask postseal",
	  "postconf -e 'virtual_alias_maps = hash:/etc/postfix/virtual " OURS
	  "alias'\npostfix reload\n" },
	{ "alias-map", FAR_MAP, WARNING, "does not ask postseal",
	  "# in /etc/postseal/postseal.conf: socketmap_listen = {\"inet:127.0.0.1:7672\"}\n" },
	{ "transports", .services = "postseal-encrypt/unix/smtp_x = y\n", OK, "all four", NULL },
	{ "transports", .overrides = "postseal-encrypt/unix/smtp_tls_security_level = dane\n",
	  WRONG, "postseal-encrypt: smtp_tls_security_level is too weak",
	  "postconf -P 'postseal-encrypt/unix/smtp_tls_security_level=encrypt'\npostfix reload\n" },
	{ "transports", .overrides = "postseal-encrypt/unix/smtp_tls_security_level = secure\n", OK,
	  "all four", NULL },
	{ "transports", .overrides = "postseal-encrypt/unix/smtp_tls_security_level = dane-only\n",
	  OK, "all four", NULL },
	{ "transports",
	  .overrides = "postseal-encrypt/unix/smtp_tls_security_level = fingerprint\n", OK,
	  "all four", NULL },
	{ "transports",
	  .overrides =
		  "postseal-encrypt/unix/smtp_tls_policy_maps = hash:/a " OURS "policy-encrypt\n",
	  WRONG, "postseal-encrypt: smtp_tls_policy_maps", "=" OURS "policy-encrypt'\n" },
	{ "transports", .overrides = "postseal-verify/unix/smtp_tls_security_level = encrypt\n",
	  WRONG, "postseal-verify: smtp_tls_security_level",
	  "postconf -P 'postseal-verify/unix/smtp_tls_security_level=fingerprint'\n" },
	{ "transports",
	  .overrides = "postseal-authenticated/unix/smtp_tls_security_level = secure\n", WRONG,
	  "postseal-authenticated: smtp_tls_security_level",
	  "smtp_tls_security_level=dane-only'\n" },
	{ "transports",
	  .overrides = "postseal-dane-only/unix/smtp_tls_policy_maps = " OURS "policy\n", WRONG,
	  "postseal-dane-only: smtp_tls_policy_maps does not ask",
	  "postconf -P 'postseal-dane-only/unix/smtp_tls_policy_maps=" OURS "policy-dane-only'\n" },
	{ "transports", .overrides = "postseal-verify/unix/smtp_delivery_status_filter =\n", WRONG,
	  "postseal-verify: smtp_delivery_status_filter is empty",
	  "postseal-status-filter /etc/postfix/\npostconf -P 'postseal-verify/unix/"
	  "smtp_delivery_status_filter=regexp:$config_directory/postseal-status-filter'\n" },
	{ "transports", .spoil = no_filter, WRONG, "regexp:/etc/postfix/filter does not exist",
	  "/examples/postfix/postseal-status-filter /etc/postfix/\npostfix reload\n" },
	{ "transports", .main_cf = "smtp_fallback_relay = [relay.test]\n", WRONG,
	  "postseal-encrypt: smtp_fallback_relay sends mail without the demanded TLS",
	  "postconf -P 'postseal-encrypt/unix/smtp_fallback_relay='\n" },
	{ "transports", .overrides = "postseal-encrypt/unix/tls_required_enable = yes\n", OK,
	  "all four", NULL },
	{ "transports", .overrides = "postseal-encrypt/unix/tls_required_enable = yes\n",
	  .main_cf = "mail_version = 3.10.0\n", WRONG,
	  "postseal-encrypt: tls_required_enable is on",
	  "postconf -P 'postseal-encrypt/unix/tls_required_enable=no'\n" },
	{ "ways-around", .main_cf = "transport_maps = hash:/etc/postfix/transport\n", WARNING,
	  "transport_maps", "# see \"Ways around a secure alias\"" },
	{ "ways-around", .main_cf = "canonical_maps = hash:/etc/postfix/canonical\n", WARNING,
	  "canonical_maps", "# see \"Ways around a secure alias\"" },
	{ "ways-around", .main_cf = "sender_canonical_maps = hash:/etc/postfix/canonical\n",
	  WARNING, "sender_canonical_maps", "# see" },
	{ "ways-around", .main_cf = "relay_domains = relay.test\n", WARNING, "relay_transport",
	  "/examples/postfix/README.md" },
	{ "ways-around", .main_cf = "relay_domains = mail.example.com\n", OK, "no transport_maps",
	  NULL },
	{ "ways-around", .main_cf = "masquerade_domains = example.com\n", WRONG,
	  "hides secure.example.com",
	  "postconf -e 'masquerade_domains = !secure.example.com example.com'\npostfix reload\n" },
	{ "ways-around", .main_cf = "masquerade_domains = !secure.example.com example.com\n", OK,
	  "", NULL },
	{ "ways-around", .main_cf = "masquerade_domains = !secure.axample.com example.com\n", WRONG,
	  "hides secure.example.com", "!secure.example.com !secure.axample.com example.com'\n" },
	{ "ways-around", .main_cf = "masquerade_domains = ample.com secure.example.com\n", OK, "",
	  NULL },

	{ "ways-around", .main_cf = "transport_maps = " ROUTE " hash:/etc/postfix/transport\n",
	  WARNING, "transport_maps", "# see" },
	{ "ways-around",
	  .main_cf = "transport_maps = inline:{ sealed.example.com=lmtp:x, other.test=smtp:y }\n",
	  WARNING, "transport_maps", "# see" },
	{ "ways-around", SECURE, WARNING, "transport_maps", "# see" },
	{ "ways-around", SECURE SEALED "mailbox_bounce = bounce@example.com\n",
	  .main_cf = "transport_maps = inline:{ sealed.example.com=lmtp:x "
		     "{ bounce@example.com = lmtp:x } }\n",
	  OK, "no transport_maps", NULL },

	{ "sealed-domain", "\n", .spoil = unrouted, OK, "mailbox_domain is empty", NULL },
	{ "sealed-domain", .spoil = no_postfix, UNSURE, "postconf cannot be run", NULL },
	{ "sealed-domain", .main_cf = "transport_maps = hash:/a\n", .spoil = unrouted, WRONG,
	  "does not lead sealed.example.com to the intake",
	  "postconf -e 'transport_maps = " ROUTE " hash:/a'\npostfix reload\n" },
	{ "sealed-domain", .spoil = routed_elsewhere, WARNING,
	  "to smtp:[192.0.2.1], but mailbox_intake is inet:127.0.0.1:8691",
	  "# unless that is the intake of another host:\npostconf -e" },
	{ "sealed-domain", SEALED "mailbox_intake = inet:192.0.2.1:8691\n", WARNING,
	  "mailbox_intake is inet:192.0.2.1:8691", "=lmtp:inet:192.0.2.1:8691 } " ROUTE },
	{ "sealed-domain", .spoil = route_unknown, UNSURE, "ldap:/etc/postfix/transport", NULL },
	{ "sealed-domain", .spoil = open_to_all, WRONG, "relay_domains has sealed.example.com",
	  "# remove sealed.example.com" },
	{ "sealed-domain", .spoil = lists_unknown, UNSURE, "relay_domains cannot be asked", NULL },
	{ "sealed-domain", .main_cf = "masquerade_domains = example.com\n", WRONG,
	  "mail that was marked leaves unsealed",
	  "postconf -e 'masquerade_domains = !sealed.example.com example.com'\npostfix reload\n" },
	{ "sealed-domain", .main_cf = "masquerade_domains = !sealed.example.com example.com\n", OK,
	  "goes to the intake alone", NULL },
	{ "sealed-dns", .spoil = no_record, WRONG, "no A, AAAA or MX record",
	  "# in the DNS: sealed.example.com. IN A (or AAAA), with the address of "
	  "mail.example.com\n" },
	{ "sealed-dns", .spoil = leads_elsewhere, WARNING, "leads to mx.example.net",
	  "# in the DNS: " },
	{ "sealed-dns", .spoil = records_unknown, UNSURE, "SERVFAIL", NULL },
	{ "sealed-size", .main_cf = "message_size_limit = 10240000\n", WARNING,
	  "Postfix refuses mail and replies",
	  "postconf -e 'message_size_limit = 26214400'\npostfix reload\n" },
	{ "sealed-size", .main_cf = "message_size_limit = 26214401\n", WARNING,
	  "bounces to its sender", "26214400" },
	{ "sealed-size", .main_cf = "message_size_limit = 0\n", WARNING, "bounces to its sender",
	  "26214400" },
	{ "sealed-size", .main_cf = "message_size_limit = 26000000\n", OK, "26000000", NULL },
	{ "sealed-size", .main_cf = "message_size_limit = much\n", UNSURE, "is not a number",
	  NULL },
	{ "sealed-milters", .main_cf = "smtpd_milters = inet:127.0.0.1:8689, unix:opendkim\n",
	  WARNING, "unix:opendkim comes after", "# fine if it adds no recipients" },
	{ "sealed-milters", .main_cf = "smtpd_milters = unix:opendkim, inet:127.0.0.1:8689\n", OK,
	  "is the last", NULL },
	{ "sealed-milters",
	  .overrides = "submission/inet/smtpd_milters = inet:127.0.0.1:8689 inet:127.0.0.1:8891\n",
	  WARNING, "inet:127.0.0.1:8891 comes after", "in smtpd_milters\n" },
	{ "sealed-filters", .main_cf = "smtpd_milters = inet:192.0.2.9:8891, inet:127.0.0.1:8689\n",
	  WARNING, "the milter inet:192.0.2.9:8891", "# fine if you trust that machine" },
	{ "sealed-filters", .main_cf = "smtpd_milters = inet:scan.test:8891, unix:opendkim\n",
	  WARNING, "the milter inet:scan.test:8891", "run the filter here" },
	{ "sealed-filters", .main_cf = "content_filter = scan:[192.0.2.9]:10025\n", WARNING,
	  "content_filter = scan:[192.0.2.9]:10025 is on another machine", "run the filter here" },
	{ "sealed-filters", .overrides = "submission/inet/content_filter = scan:filter.test\n",
	  WARNING, "submission/inet/content_filter", "run the filter here" },
	{ "sealed-filters", .main_cf = "content_filter = scan:[127.0.0.1]:10025\n", OK,
	  "on this machine", NULL },
	{ "sealed-filters", .main_cf = "content_filter = lmtp:unix:/run/filter\n", OK,
	  "on this machine", NULL },
	{ "sealed-filters", .main_cf = "content_filter = lmtp:inet:localhost:10026\n", OK,
	  "on this machine", NULL },
	{ "sealed-filters", .main_cf = "content_filter = filter:dummy\n",
	  .services = SERVICE("filter/unix", "n", "pipe flags=Rq"), OK, "on this machine", NULL },
	{ "sealed-lists", .spoil = has_owners, WARNING, "alias_maps has owner-friends",
	  "# see \"Sealed mail\"" },
	{ "sealed-lists", .spoil = owners_unknown, UNSURE,
	  "nis:mail.aliases in alias_maps cannot be listed", NULL },
	{ "sealed-marks", .main_cf = "smtp_header_checks = pcre:/etc/postfix/mine\n", WRONG,
	  "if the milter fails, a PIN may leave",
	  "/postseal-sealed-headers /etc/postfix/\npostconf -e 'smtp_header_checks = "
	  "regexp:$config_directory/postseal-sealed-headers, pcre:/etc/postfix/mine'\n" },
	{ "sealed-marks", .spoil = no_header_files, WRONG,
	  "postseal-sealed-headers, which smtp_header_checks names, is not there",
	  "/postseal-marked-headers /etc/postfix/\npostfix reload\n" },
	{ "sealed-marks", .main_cf = "header_checks = pcre:/etc/postfix/mine\n",
	  .overrides = "pickup/unix/cleanup_service_name = cleanup\n", WRONG,
	  "cleanup/unix does not ask postseal-marked-headers",
	  "postconf -P 'postseal-pickup/unix/header_checks="
	  "regexp:$config_directory/postseal-marked-headers,pcre:/etc/postfix/mine'\n"
	  "postconf -P 'pickup/unix/cleanup_service_name=postseal-pickup'\n" },
	{ "sealed-marks", .spoil = no_postfix, UNSURE, "postconf cannot be run", NULL },
	{ "sealed-login", .spoil = no_logins, WARNING, "nobody can log in", "# see \"Logins\"" },
	{ "sealed-login", .spoil = no_logins, .main_cf = "smtpd_sasl_auth_enable = yes\n", OK,
	  "where users submit", NULL },
	{ "sealed-socket", "\n", OK, "mailbox_domain is empty", NULL },
	{ "sealed-socket", SEALED, WARNING, "in the name of another",
	  "install -d -o postseal -g postfix -m 2750 /var/spool/postfix/postseal\n"
	  "# in /etc/postseal/postseal.conf: milter_listen = "
	  "\"unix:/var/spool/postfix/postseal/milter.sock\"\n"
	  "systemctl restart postseal-milter\n"
	  "postconf -e 'postseal_milter = { unix:postseal/milter.sock, default_action=tempfail, "
	  "connect_timeout=10s, command_timeout=30s }'\n"
	  "# write $postseal_milter to smtpd_milters in place of inet:127.0.0.1:8689\n"
	  "postfix reload\n" },
	{ "sealed-socket", SEALED,
	  .main_cf = "queue_directory = /q\nsmtpd_milters = $postseal_milter\n", WARNING,
	  "inet:127.0.0.1:8689", "command_timeout=30s }'\npostfix reload\n" },
	{ "sealed-socket", SEALED "milter_listen = \"unix:/q/postseal/milter.sock\"\n", OK,
	  "for whom its folder lets in", NULL },
	{ "sealed-socket", SEALED UNIX_SOCKET, .spoil = no_folder, WRONG, "No such file",
	  "install -d -o postseal -g postfix -m 2750 /var/spool/postfix/postseal\n"
	  "systemctl restart postseal-milter\n" },
	{ "sealed-socket", SEALED UNIX_SOCKET, .spoil = open_folder, WARNING,
	  "in the name of another",
	  "install -d -o postseal -g postfix -m 2750 /var/spool/postfix/postseal\n"
	  "systemctl restart postseal-milter\n" },
	{ "sealed-socket", SEALED "milter_listen = \"unix:/run/postseal/milter.sock\"\n",
	  .spoil = open_folder, WARNING, "unix:/run/postseal/milter.sock",
	  "# see \"The milter on a Unix socket\"" },
	{ "sealed-socket", SEALED UNIX_SOCKET, .spoil = unknown_folder, UNSURE, "Permission denied",
	  NULL },
	{ "sealed-door", SEALED, OK, "another host keeps", NULL },
	{ "sealed-door", .overrides = DOOR "/smtpd_milters = inet:127.0.0.1:8689\n", WRONG,
	  "these see the PINs", "postconf -P '" DOOR "/smtpd_milters='\n" },
	{ "sealed-door", .overrides = "postseal-cleanup/unix/non_smtpd_milters = unix:sign\n",
	  WRONG, "non_smtpd_milters = unix:sign", "'postseal-cleanup/unix/non_smtpd_milters='\n" },
	{ "sealed-door", URL "mailbox_submit = \"inet:127.0.0.1:2525\"\n", WRONG,
	  "master.cf has no 127.0.0.1:2525/inet",
	  "postconf -M '127.0.0.1:2525/inet=127.0.0.1:2525 inet n - y - - smtpd'\n" },
	{ "sealed-door", URL "mailbox_submit = \"inet:127.0.0.1:2525\"\n", WRONG,
	  "link mails and receipts wait",
	  "postconf -P '127.0.0.1:2525/inet/smtpd_milters='\n"
	  "postconf -P '127.0.0.1:2525/inet/cleanup_service_name=postseal-cleanup'\n" },
	{ "sealed-door", URL "mailbox_submit = \"inet:127.0.0.1:2525\"\n", WRONG,
	  "link mails and receipts wait",
	  "postconf -P 'postseal-cleanup/unix/non_smtpd_milters='\npostfix reload\n" },
	{ "sealed-door", URL "mailbox_submit = \"unix:/run/submit\"\n", UNSURE, "see by hand",
	  NULL },
	{ "mailbox", .spoil = no_mailbox, WRONG, "cannot reach postseal-mailbox",
	  "systemctl enable postseal-mailbox\nsystemctl restart postseal-mailbox\n" },
	{ "mailbox", SEALED, .spoil = no_mailbox, OK, "another host keeps the mailboxes", NULL },
	{ "mailbox", "mailbox_url = https://post.example.com\n", .spoil = no_mailbox, OK,
	  "mailbox_domain is empty", NULL },
	{ "mailbox", .spoil = mailbox_barred, UNSURE, "Permission denied", NULL },
	{ "mailbox-from", URL, WRONG, "mailbox_from is not set", "# write mailbox_from" },
	{ "mailbox-from", URL "mailbox_from = post@sealed.example.com\n", WRONG,
	  "is an address of mailbox_domain", "# write mailbox_from" },
	{ "mailbox-from", URL "mailbox_from = post@example.com\n", WARNING,
	  "mailbox_bounce is not set", "# write mailbox_bounce" },
	{ "mailbox-from", .spoil = no_bounce_route, WRONG, "does not lead back@example.com",
	  "postconf -e 'transport_maps = inline:{ back@example.com=lmtp:inet:127.0.0.1:8691 "
	  "} " ROUTE "'\npostfix reload\n" },
	{ "mailbox-from", .main_cf = "transport_maps =\n", .spoil = nothing_routed, WRONG,
	  "does not lead back@example.com",
	  "'transport_maps = inline:{ sealed.example.com=lmtp:inet:127.0.0.1:8691 "
	  "back@example.com=lmtp:inet:127.0.0.1:8691 }'" },
	{ "mailbox-from", .spoil = bounce_table_silent, UNSURE, "ldap:/etc/postfix/transport",
	  NULL },
	{ "mailbox-from", .main_cf = "local_recipient_maps = $alias_maps\n",
	  .spoil = bounce_unknown, WRONG, "local_recipient_maps has no back@example.com",
	  "'local_recipient_maps = $alias_maps inline:{ back@example.com=postseal }'" },
	{ "mailbox-from", .main_cf = "recipient_delimiter =\n", WRONG, "does not have \"+\"",
	  "postconf -e 'recipient_delimiter = +'\n" },
	{ "mailbox-from", .spoil = no_postfix, OK, "to post@example.com", NULL },
	{ "mailbox-from",
	  URL "mailbox_from = post@example.com\nmailbox_bounce = back@example.com\n", OK,
	  "to post@example.com, and link mails to back@example.com", NULL },
	{ "mailbox-pages", .spoil = other_pages, WRONG, "not as installed: app/main.js, csp",
	  "systemctl restart postseal-mailbox\n" },
	{ "mailbox-pages", .spoil = no_mailbox, UNSURE, "cannot be fetched", NULL },
	{ "mailbox-keys", .spoil = keys_in_store, WRONG, "is inside the other",
	  "# stop postseal-mailbox" },
	{ "mailbox-keys", .spoil = keys_for_all, WRONG, "all users of this machine",
	  "chmod o= /var/lib/postseal-mailbox /var/lib/postseal-mailbox-keys\n" },
	{ "mailbox-keys", .spoil = mailbox_barred, UNSURE, "cannot be read", NULL },
	{ "mailbox-proxy", .spoil = no_proxy, WRONG,
	  "cannot use https://post.example.com: Connection refused", "# see that the web server" },
	{ "mailbox-proxy", .spoil = nginx_alone, WRONG, "Connection refused",
	  "# get a certificate for post.example.com, as with `certbot certonly`, then: postseal "
	  "setup "
	  "mailbox sealed.example.com\n" },
	{ "mailbox-proxy", .spoil = no_address, WRONG, "post.example.com has no address",
	  "# in the DNS: post.example.com. IN A (or AAAA), with the address of the web server\n" },
	{ "mailbox-proxy", .spoil = nginx_and_certificate, WRONG, "Connection refused",
	  "/nginx.conf >/etc/nginx/sites-enabled/postseal-sealed\n"
	  "systemctl reload-or-restart nginx\n" },
	{ "mailbox-proxy", .spoil = nginx_and_site, WRONG, "Connection refused",
	  "# see that the web server" },
	{ "mailbox-proxy", .spoil = proxy_unknown, UNSURE, "cannot be looked up", NULL },
	{ "mailbox-proxy", .spoil = proxy_lasts, OK, "good for 14 days", NULL },
	{ "mailbox-proxy", .spoil = proxy_ends, WARNING, "ends in 13 days", "# renew it" },
	{ "mailbox-openpgp", OK, "with keys on file; mailbox_wkd is empty", NULL },
	{ "mailbox-openpgp", .spoil = no_mailbox, WARNING, "gpg cannot be run", "apt install gpg" },
	{ "mailbox-openpgp", URL WKD, OK, "found by WKD", NULL },
	{ "mailbox-openpgp", URL WKD, .spoil = no_mailbox, WRONG, "cannot reach postseal-wkd",
	  "systemctl enable --now postseal-wkd.socket" },
	{ "mailbox-openpgp", URL WKD, .spoil = mailbox_barred, UNSURE, "postseal-wkd: Permission",
	  NULL },
	{ "mailbox-clock", .spoil = no_proxy, WARNING, "nothing sets", "timedatectl set-ntp true" },
	{ "mailbox-clock", .spoil = proxy_unknown, UNSURE, "not permitted", NULL },

	{ "socketmap", .spoil = services_down, WRONG, "cannot ask",
	  "systemctl restart postseal-socketmap\n" },
	{ "prober", .spoil = services_down, WRONG, "cannot reach",
	  "systemctl restart postseal-prober\n" },
	{ "milter-runs", .spoil = services_down, WRONG, "cannot reach",
	  "systemctl restart postseal-milter\n" },
	{ "milter-runs", "\n", .spoil = services_down, OK, "not needed", NULL },
	{ "socketmap", .spoil = services_barred, UNSURE, "Permission denied", NULL },
	{ "prober", .spoil = services_barred, UNSURE, "Permission denied", NULL },
	{ "milter-runs", .spoil = services_barred, UNSURE, "Permission denied", NULL },
	{ "ledger", .spoil = no_ledger, WRONG, "there is no ledger",
	  "systemctl restart postseal-prober\n" },
	{ "ledger", .spoil = damaged_ledger, WRONG, "it is damaged", NULL },
	{ "ledger", .spoil = denied_ledger, UNSURE, "join that group", NULL },
	{ "ledger", .spoil = readable_by_all, WRONG, "all users of this machine can read",
	  "chmod o= /var/lib/postseal /var/lib/postseal/*.mdb\n" },
	{ "ledger", .spoil = writable_by_all, WRONG, "all users of this machine can write",
	  "chmod o= /var/lib/postseal /var/lib/postseal/*.mdb\n" },
	{ "ledger", .spoil = of_root, WRONG, "/var/lib/postseal/lock.mdb has another owner",
	  "chown --reference=/var/lib/postseal /var/lib/postseal/*.mdb && chmod 660 "
	  "/var/lib/postseal/*.mdb\nsystemctl restart postseal-prober\n" },
	{ "learning", .spoil = never_learned, WARNING, "never read a log",
	  "systemctl enable --now postseal-learn\n" },
	{ "learning", .spoil = learns_first, OK, "runs; it has not seen mail yet", NULL },
	{ "learning", .spoil = learner_died, WARNING, "has died",
	  "systemctl restart postseal-learn\n" },
	{ "learning", "learn_from = {\"probe\"}\n", .spoil = never_learned, OK, "not needed",
	  NULL },
	{ "learning", "learn_from = {\"probe\"}\n", .spoil = learner_died, OK, "not needed", NULL },
	{ "learning", .spoil = denied_ledger, UNSURE, "the ledger cannot be read", NULL },
	{ "settings", OK, "/etc/postseal/postseal.conf", NULL },
	{ "settings", .spoil = changed_since, WARNING,
	  "postseal-share has not taken what is in /etc/postseal/postseal.conf now",
	  "systemctl restart postseal-prober\nsystemctl restart postseal-share\n" },
	{ "webmail", "webmail_clients = {}\n", OK, "not needed: webmail_clients is empty", NULL },
	{ "webmail", "webmail_clients = {\"roundcube\"}\n", OK,
	  "no user in webmail_clients is shared", NULL },
	{ "webmail", "webmail_clients = {\"roundcube\", \"www-data\"}\n", WARNING,
	  "every program that runs as that user", "webmail_clients = {" },
	{ "fleet", "share = \"\"\n", OK, "shares with nobody", NULL },
	{ "fleet", "share = \"\"\n", .spoil = shares_well, WARNING, "still noted",
	  "postseal fleet leave" },
	{ "fleet", "share = \"fleet\"\n", WRONG, "does not run",
	  "systemctl enable postseal-share\nsystemctl restart postseal-share\n" },
	{ "fleet", "share = \"fleet\"\n", .spoil = shares_well, OK,
	  "as mx1; 3 of 4 hosts are there; 3 records wait to be told; admins act on other hosts",
	  NULL },
	{ "fleet", "share = \"fleet\"\nwebmail_clients = {\"roundcube\"}\n", .spoil = shares_well,
	  WARNING, "on this host alone", "# in the database: grant postseal_admin" },
	{ "fleet", "share = \"fleet\"\n", .spoil = shares_late, WARNING, "4000 seconds ago",
	  "systemctl restart postseal-share\n" },
	{ "fleet", "share = \"fleet\"\n", .spoil = shares_not, WRONG, "clock is 70 seconds",
	  "# postseal-share(8)" },
	{ "ca-store", .spoil = no_cas, WRONG, "No such file",
	  "apt install --reinstall ca-certificates" },
	{ "ca-store", "ca_file = \"/a\"\n", .spoil = no_cas, WRONG, "No such file",
	  "# in /etc/postseal/postseal.conf: ca_file = \"\"\nsystemctl restart postseal-prober\n" },
	{ "port-25", .spoil = nobody_reached, WRONG, "none of 3 mail hosts",
	  "# have outbound TCP port 25 opened" },
	{ "port-25", .spoil = one_reached, OK, "1 mail host answered, 0 did not", NULL },
	{ "port-25", .spoil = dane_alone, OK, "mail was delivered to 2 hosts", NULL },
	{ "port-25", .spoil = few_reached, UNSURE,
	  "too few mail hosts were probed in the last day; run `postseal probe", NULL },
	{ "port-25", .spoil = denied_ledger, UNSURE, "the ledger cannot be read", NULL },
	{ "stripping", .spoil = stripped, WRONG, "something between",
	  "# in the firewall, switch off \"SMTP inspection\"" },
	{ "stripping", .spoil = stripping_over, WARNING, "it has ended", NULL },
	{ "stripping", .spoil = stripped_long_ago, OK, "in the last week", NULL },
};

static void expect_text(const struct sickness *s, const char *what, const char *text,
			const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "%s: %s has no \"%s\":\n%s", s->check, what, part,
		      text);
}

START_TEST(sees_what_is_amiss)
{
	const struct sickness *s = &sicknesses[_i];
	struct finding finding;

	make_patient(s);
	doctor_judge(patient, check_named(s->check), &finding);
	ck_assert_msg(finding.health == s->health, "%s: %s instead of %s: %s", s->check,
		      health_word(finding.health), health_word(s->health),
		      buf_cstr(&finding.found));
	expect_text(s, "found", buf_cstr(&finding.found), s->found);
	if (s->mend != NULL)
		expect_text(s, "mend", buf_cstr(&finding.mend), s->mend);
	else
		ck_assert_msg(finding.mend.len == 0, "%s: mend: %s", s->check,
			      buf_cstr(&finding.mend));
	finding_free(&finding);
	free_patient();
}
END_TEST

/* Each check can fail, and whoever fails says what to do. */
START_TEST(every_check_is_seen_failing)
{
	for (size_t i = 0; i < doctor_checks_count; i++) {
		bool seen = false;

		for (size_t j = 0; j < ARRAY_LEN(sicknesses); j++)
			seen |= strcmp(sicknesses[j].check, doctor_checks[i].name) == 0 &&
				(sicknesses[j].health == HEALTH_WRONG ||
				 sicknesses[j].health == HEALTH_WARNING) &&
				sicknesses[j].mend != NULL;
		ck_assert_msg(seen, "%s", doctor_checks[i].name);
	}
}
END_TEST

/* A whole service, as in master.cf.outbound. */
START_TEST(mends_a_missing_transport)
{
	static const char *const lines[] = {
		"postconf -M 'postseal-verify/unix=postseal-verify unix - - y - - smtp'\n",
		"postconf -P "
		"'postseal-verify/unix/syslog_name=postfix/$service_name${tls_required_enable?}'\n",
		"postconf -P 'postseal-verify/unix/smtp_tls_policy_maps=" OURS "policy-verify'\n",
		"postconf -P 'postseal-verify/unix/smtp_tls_security_level=fingerprint'\n",
		"/postseal-status-filter /etc/postfix/\n",
		"postconf -P 'postseal-verify/unix/smtp_fallback_relay='\n",
		"postconf -P 'postseal-verify/unix/tls_required_enable=no'\n",
		"postfix reload\n",
	};
	const struct sickness none = { .check = "transports" };
	struct postconf *services;
	struct finding finding;

	make_patient(&none);
	services = &patient->postfix.services;
	for (size_t i = 0; i < services->count; i++) {
		if (strcmp(services->entries[i].name, "postseal-verify/unix/command") == 0)
			services->entries[i].name[0] = 'x';
	}
	doctor_judge(patient, check_named("transports"), &finding);
	ck_assert_int_eq(finding.health, HEALTH_WRONG);
	expect_text(&none, "found", buf_cstr(&finding.found),
		    "master.cf does not have postseal-verify");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		expect_text(&none, "mend", buf_cstr(&finding.mend), lines[i]);
	finding_free(&finding);
	free_patient();
}
END_TEST

/* What an admin wrote cannot end the quotes that it is put in, nor colour a terminal. */
START_TEST(quotes_what_it_repeats)
{
	const struct sickness s = {
		.check = "alias-map",
		.main_cf = "virtual_alias_maps = pcre:{{/it's\x1b/ x}}\n",
	};
	struct finding finding;

	make_patient(&s);
	doctor_judge(patient, check_named("alias-map"), &finding);
	expect_text(&s, "mend", buf_cstr(&finding.mend),
		    "postconf -e 'virtual_alias_maps = pcre:{{/it'\\''s\\x1b/ x}} " OURS
		    "alias'\n");
	finding_free(&finding);
	free_patient();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor");
	TCase *tcase = tcase_create("judge");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, a_sound_machine_is_sound);
	tcase_add_loop_test(tcase, sees_what_is_amiss, 0, (int)ARRAY_LEN(sicknesses));
	tcase_add_test(tcase, every_check_is_seen_failing);
	tcase_add_test(tcase, mends_a_missing_transport);
	tcase_add_test(tcase, quotes_what_it_repeats);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
