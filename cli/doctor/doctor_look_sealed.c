/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_look_sealed - sealed mail, Postfix's side: where its domain and mailbox_bounce lead. */
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/doctor/doctor_look.h"
#include "io/dns/resolver.h"
#include "io/local/command.h"

#define OUTPUT_MAX (1024 * 1024)
#define NAME_SIZE 400
/* Where certbot(1) puts certificates, and so examples/mailbox/nginx.conf. */
#define CERTIFICATES "/etc/letsencrypt/live/"

/*
 * Postfix.
 */

/* All tables are asked for the whole address first, then for its domain (transport(5)). */
static void look_at_route(struct doctor_thing *routed, char route[DOCTOR_TEXT_SIZE],
			  const char *maps, const char *address)
{
	const char *const keys[] = { address, strrchr(address, '@') + 1 };

	doctor_note(routed, LOOKUP_ABSENT, "%s", "");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct span rest = span_of(maps), item;

		while (postconf_item(&rest, &item)) {
			struct buf value = { 0 };
			enum lookup got = doctor_ask_table(item, keys[i], &value);

			if (got == LOOKUP_ERROR)
				doctor_note(routed, got, "%.*s", (int)item.len, item.at);
			if (got == LOOKUP_FOUND) {
				routed->state = got;
				snprintf(route, DOCTOR_TEXT_SIZE, "%.*s",
					 (int)strcspn(buf_cstr(&value), "\n"), buf_cstr(&value));
			}
			buf_free(&value);
			if (got != LOOKUP_ABSENT)
				return;
		}
	}
}

/* Does smtpd(8) take mail to mailbox_bounce, where its domain is one of ours? */
static void look_at_bounce(struct patient *patient)
{
	static const char *const lists[][2] = {
		{ "mydestination", "local_recipient_maps" },
		{ "virtual_mailbox_domains", "virtual_mailbox_maps" },
	};
	struct doctor_thing *known = &patient->mailbox.bounce_known;
	const char *bounce = patient->settings->mailbox_bounce;
	const char *maps = "";
	size_t i = 0;

	while (i < ARRAY_LEN(lists) && doctor_list_has(patient_value(patient, lists[i][0]),
						       strrchr(bounce, '@') + 1) != LOOKUP_FOUND)
		i++;
	if (i < ARRAY_LEN(lists))
		maps = patient_value(patient, lists[i][1]);
	if (maps[0] == '\0')
		return; /* smtpd(8) asks no table */
	doctor_note(known, LOOKUP_ABSENT, "%s", lists[i][1]);
	for (struct span rest = span_of(maps), item; postconf_item(&rest, &item);) {
		struct buf value = { 0 };
		char local[NAME_SIZE];

		str_copy_n(local, sizeof(local), bounce, (size_t)(strrchr(bounce, '@') - bounce));
		if (doctor_ask_table(item, bounce, &value) != LOOKUP_ABSENT ||
		    doctor_ask_table(item, local, &value) != LOOKUP_ABSENT)
			known->state = LOOKUP_FOUND;
		buf_free(&value);
	}
}

static void look_at_headers(struct patient *patient)
{
	struct doctor_mailbox *mailbox = &patient->mailbox;
	const struct {
		const char *name;
		struct doctor_thing *thing;
	} files[] = { { "/postseal-sealed-headers", &mailbox->sealed_headers },
		      { "/postseal-marked-headers", &mailbox->marked_headers } };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[DOCTOR_PATH_SIZE];

		if (str_join(path, sizeof(path), patient_value(patient, "config_directory"),
			     files[i].name, NULL) &&
		    access(path, F_OK) != 0)
			doctor_note(files[i].thing, LOOKUP_ABSENT, "%s", path);
	}
}

/* parent_domain_matches_subdomains says how relay_domains matches subdomains (postconf(5)). */
static enum lookup is_relayed(const struct patient *patient, const char *domain)
{
	const char *list = patient_value(patient, "relay_domains");
	bool bare = postconf_has(patient_value(patient, "parent_domain_matches_subdomains"),
				 "relay_domains");
	enum lookup result = doctor_list_has(list, domain);
	const char *parent = domain;

	while (result == LOOKUP_ABSENT && (parent = strchr(parent, '.')) != NULL) {
		result = doctor_list_has(list, bare ? parent + 1 : parent);
		parent++;
	}
	return result;
}

/* Postfix accepts mail from anybody to the domains in these lists. */
static void look_at_lists(struct patient *patient)
{
	static const char *const lists[] = { "relay_domains", "mydestination",
					     "virtual_alias_domains", "virtual_mailbox_domains" };
	struct doctor_thing *apart = &patient->mailbox.apart;
	const char *domain = patient->settings->mailbox_domain;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		enum lookup one =
			i == 0 ? is_relayed(patient, domain)
			       : doctor_list_has(patient_value(patient, lists[i]), domain);

		if (one == LOOKUP_FOUND) {
			doctor_note(apart, LOOKUP_ABSENT, "%s", lists[i]);
			return;
		}
		if (one == LOOKUP_ERROR)
			doctor_note(apart, one, "%s", lists[i]);
	}
}

/* Keys "owner-LIST" in what postalias(1) prints of a table: "KEY", a colon, a blank, a value. */
static void note_owners(struct buf *owners, const char *printed)
{
	struct span rest = span_of(printed);
	bool found = true;

	while (found) {
		struct span line = span_cut(&rest, "\n", &found);
		size_t len = 0;

		while (len < line.len && strchr(": \t", line.at[len]) == NULL)
			len++;
		if (len > strlen("owner-") && str_starts_nocase_n(line.at, len, "owner-"))
			buf_printf(owners, "%s%.*s", owners->len > 0 ? ", " : "", (int)len,
				   line.at);
	}
}

static void look_at_owners(struct patient *patient)
{
	struct doctor_thing *thing = &patient->mailbox.owners;
	struct span rest = span_of(patient_value(patient, "alias_maps")), item;
	struct buf owners = { 0 };

	while (postconf_item(&rest, &item)) {
		char spec[DOCTOR_PATH_SIZE], error[COMMAND_ERROR_SIZE];
		char *argv[] = { (char[]){ "postalias" }, (char[]){ "-s" }, spec, NULL };
		struct buf printed = { 0 };

		snprintf(spec, sizeof(spec), "%.*s", (int)item.len, item.at);
		if (command_run(argv, OUTPUT_MAX, clock_mono_ms() + DOCTOR_PATIENCE_MS, &printed,
				error) == LOOKUP_FOUND)
			note_owners(&owners, buf_cstr(&printed));
		else
			doctor_note(thing, LOOKUP_ERROR, "%s", spec);
		buf_free(&printed);
	}
	if (owners.len > 0)
		doctor_note(thing, LOOKUP_ABSENT, "%s", buf_cstr(&owners));
	buf_free(&owners);
}

/*
 * The DNS.
 */

static bool take_address(struct ipaddr *address, const struct sockaddr *sa)
{
	if (sa != NULL && sa->sa_family == AF_INET)
		return ipaddr_from_bytes(address, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	if (sa != NULL && sa->sa_family == AF_INET6)
		return ipaddr_from_bytes(address, &((const struct sockaddr_in6 *)sa)->sin6_addr,
					 16);
	return false;
}

/* Behind NAT, proxy_interfaces has the outer address (postconf(5)). */
static bool is_proxied(const struct patient *patient, const struct ipaddr *address)
{
	struct span rest = span_of(patient_value(patient, "proxy_interfaces")), item;
	struct ipaddr one;

	while (postconf_item(&rest, &item)) {
		if (ipaddr_parse(&one, item.at, item.len) && ipaddr_equal(&one, address))
			return true;
	}
	return false;
}

static bool is_own(const struct patient *patient, const struct ipaddr *address)
{
	struct ifaddrs *all = NULL;
	bool own = is_proxied(patient, address);

	if (!own && getifaddrs(&all) == 0) {
		for (const struct ifaddrs *at = all; at != NULL && !own; at = at->ifa_next) {
			struct ipaddr one;

			own = take_address(&one, at->ifa_addr) && ipaddr_equal(&one, address);
		}
		freeifaddrs(all);
	}
	return own;
}

/* Does this exchanger lead here? ERROR: its addresses cannot be looked up. */
static enum lookup leads_here(const struct patient *patient, struct resolver *resolver,
			      const char *host)
{
	struct address_answer answer;
	struct span name = span_of(host);
	enum lookup got;

	if (str_equal_nocase(host, patient_value(patient, "myhostname")))
		return LOOKUP_FOUND;
	if (span_skip(&name, "[") && name.len > 0) /* an MX record that holds an address */
		return ipaddr_parse(&answer.address[0], name.at, name.len - 1) &&
				       is_own(patient, &answer.address[0])
			       ? LOOKUP_FOUND
			       : LOOKUP_ABSENT;
	got = resolver_addresses(resolver, host, &answer);
	if (got != LOOKUP_FOUND)
		return got;
	for (size_t i = 0; i < answer.count; i++) {
		if (is_own(patient, &answer.address[i]))
			return LOOKUP_FOUND;
	}
	return LOOKUP_ABSENT;
}

static void judge_exchangers(struct patient *patient, struct resolver *resolver,
			     const struct mx_facts *mx)
{
	struct doctor_mailbox *mailbox = &patient->mailbox;
	struct buf elsewhere = { 0 };

	for (size_t i = 0; i < mx->count; i++) {
		const char *host = mx->refs[i].host;

		switch (leads_here(patient, resolver, host)) {
		case LOOKUP_FOUND:
			buf_free(&elsewhere);
			mailbox->records = (struct doctor_thing){ .state = LOOKUP_FOUND };
			return;
		case LOOKUP_ABSENT:
			buf_printf(&elsewhere, "%s%s", elsewhere.len > 0 ? ", " : "", host);
			break;
		case LOOKUP_ERROR:
			doctor_note(&mailbox->records, LOOKUP_ERROR, "%s",
				    resolver_trouble(resolver));
			break;
		}
	}
	str_copy_n(mailbox->elsewhere, sizeof(mailbox->elsewhere), buf_cstr(&elsewhere),
		   elsewhere.len);
	buf_free(&elsewhere);
}

/* The records that reject_unknown_recipient_domain asks for. Do they lead here? */
static void look_at_records(struct patient *patient)
{
	struct doctor_thing *records = &patient->mailbox.records;
	const char *domain = patient->settings->mailbox_domain;
	char error[RESOLVER_ERROR_SIZE];
	struct resolver *resolver = resolver_new(patient->settings, error);
	struct address_answer addresses;
	struct mx_answer mx;

	if (resolver == NULL)
		doctor_note(records, LOOKUP_ERROR, "%s", error);
	else if (!resolver_mx(resolver, domain, &mx))
		doctor_note(records, LOOKUP_ERROR, "%s", resolver_trouble(resolver));
	else if (mx.facts.state == MX_NXDOMAIN || mx.facts.state == MX_NULL ||
		 (mx.facts.state == MX_IMPLICIT &&
		  resolver_addresses(resolver, domain, &addresses) == LOOKUP_ABSENT))
		records->state = LOOKUP_ABSENT;
	else
		judge_exchangers(patient, resolver, &mx.facts);
	resolver_free(resolver);
}

/* Can the example for nginx be put to use? */
static void look_at_site(struct patient *patient)
{
	struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *host = patient->settings->mailbox_url + strlen("https://");
	char path[DOCTOR_PATH_SIZE];

	mailbox->has_nginx = access(DOCTOR_NGINX_SITES, W_OK) == 0;
	mailbox->has_site = access(DOCTOR_NGINX_SITES "/" DOCTOR_NGINX_SITE, F_OK) == 0;
	mailbox->has_certificate =
		str_join(path, sizeof(path), CERTIFICATES, host, "/fullchain.pem", NULL) &&
		access(path, F_OK) == 0;
}

void doctor_look_sealed(struct patient *patient)
{
	const struct settings *settings = patient->settings;
	const char *maps = patient_value(patient, "transport_maps");
	struct doctor_mailbox *mailbox = &patient->mailbox;
	char address[NAME_SIZE];

	snprintf(address, sizeof(address), "doctor=example.com@%s", settings->mailbox_domain);
	look_at_route(&mailbox->routed, mailbox->route, maps, address);
	look_at_lists(patient);
	look_at_owners(patient);
	look_at_records(patient);
	look_at_headers(patient);
	if (settings->mailbox_url[0] != '\0')
		look_at_site(patient);
	if (settings->mailbox_bounce[0] == '\0')
		return;
	look_at_route(&mailbox->bounced, mailbox->bounce_route, maps, settings->mailbox_bounce);
	look_at_bounce(patient);
}
