/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_judge_postfix - how Postfix sends: postfix-examples/main.cf.outbound. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/doctor/doctor_judge.h"

#define VERSION_LEAST 304 /* the oldest that knows every attribute of `policy` */
#define VERSION_TLSRPT 310
#define CA_FILE "/etc/ssl/certs/ca-certificates.crt"

static const struct doctor_map policy_map = { "smtp/unix", "policy" };

static int version_of(const struct patient *patient)
{
	return postconf_version(patient_value(patient, "mail_version"));
}

void doctor_judge_version(const struct patient *patient, struct finding *finding)
{
	const char *text = patient_value(patient, "mail_version");
	int version = version_of(patient);

	if (version == 0) {
		finding_say(finding, HEALTH_UNSURE, "mail_version = %s is not a version", text);
	} else if (version >= VERSION_LEAST) {
		finding_say(finding, HEALTH_OK, "Postfix %s", text);
	} else {
		finding_say(finding, HEALTH_WRONG,
			    "Postfix %s is too old: it does not know all attributes that postseal "
			    "answers, so mail waits; use 3.4 or newer",
			    text);
		finding_mend(finding, "apt install postfix");
	}
}

/*
 * The policy map.
 */

static void mend_policy_map(const struct patient *patient, const char *old, struct finding *finding)
{
	struct buf map = { 0 };

	if (doctor_write_map(&map, patient, &policy_map)) {
		if (old[0] != '\0')
			finding_mend(finding, "# this replaces: %s", old);
		finding_mend_main(finding, "smtp_tls_policy_maps", buf_cstr(&map));
	} else {
		finding_mend_setting(finding, patient,
				     "socketmap_listen = {\"inet:127.0.0.1:7672\"}",
				     "postseal-socketmap");
		finding_mend_main(finding, "smtp_tls_policy_maps",
				  "socketmap:inet:127.0.0.1:7672:policy");
	}
	finding_mend_reload(finding);
	buf_free(&map);
}

static void mend_order(const struct patient *patient, const char *list, struct finding *finding)
{
	struct buf map = { 0 };

	if (doctor_write_map(&map, patient, &policy_map)) {
		finding_mend(finding, "# unless you want that:");
		finding_mend_main(finding, "smtp_tls_policy_maps", buf_cstr(&map));
		finding_mend(finding, "# this replaces: %s", list);
		finding_mend_reload(finding);
	}
	buf_free(&map);
}

void doctor_judge_policy_map(const struct patient *patient, struct finding *finding)
{
	const char *list = patient_value(patient, "smtp_tls_policy_maps");
	struct doctor_map_place place = doctor_find_map(patient, &policy_map, list);

	if (place.found && place.tlsrpt && version_of(patient) < VERSION_TLSRPT)
		finding_say(finding, HEALTH_WRONG,
			    "smtp_tls_policy_maps asks map policy+tlsrpt, but this Postfix does "
			    "not know its attributes, so mail waits");
	else if (place.found && !place.first)
		finding_say(finding, HEALTH_WARNING,
			    "smtp_tls_policy_maps has another table before postseal, which answers "
			    "first: %s",
			    list);
	else if (place.found)
		finding_say(finding, HEALTH_OK, "smtp_tls_policy_maps = %s", list);
	else if (place.beyond_chroot)
		finding_say(finding, HEALTH_WRONG,
			    "smtp_tls_policy_maps = %s: smtp(8) is chrooted to %s, where there is "
			    "no such path",
			    list, patient_value(patient, "queue_directory"));
	else if (list[0] == '\0')
		finding_say(finding, HEALTH_WRONG,
			    "smtp_tls_policy_maps is empty: Postfix does not ask postseal");
	else
		finding_say(finding, HEALTH_WRONG,
			    "smtp_tls_policy_maps = %s: that is not map `policy` at an address in "
			    "socketmap_listen",
			    list);
	if (finding->health == HEALTH_WRONG)
		mend_policy_map(patient, list, finding);
	else if (finding->health == HEALTH_WARNING)
		mend_order(patient, list, finding);
}

/*
 * Parameters with one good value, or a few. A service in master.cf may override them, so * one function judges a value, wherever it comes from.
 */

static bool is_dnssec(const char *value)
{
	return strcmp(value, "dnssec") == 0;
}

static bool is_dane(const char *value)
{
	return strcmp(value, "dane") == 0;
}

static bool is_no(const char *value)
{
	return strcmp(value, "no") == 0;
}

static bool is_empty(const char *value)
{
	return value[0] == '\0';
}

static bool has_dns(const char *value)
{
	struct span rest = span_of(value), item;

	while (postconf_item(&rest, &item)) {
		if (span_is(item, "dns"))
			return true;
	}
	return false;
}

static bool is_tls(const char *value)
{
	static const char *const levels[] = { "may",         "encrypt", "dane",  "dane-only",
					      "fingerprint", "verify",  "secure" };

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(value, levels[i]) == 0)
			return true;
	}
	return false;
}

static bool logs_tls(const char *value)
{
	return value[0] >= '1' && value[0] <= '9';
}

static bool is_sha256(const char *value)
{
	return strcmp(value, "sha256") == 0;
}

struct parameter {
	const char *name;
	bool (*good)(const char *value);
	const char *mend;
	const char *harm; /* what any other value does */
};

static const struct parameter
	dns_support = { "smtp_dns_support_level", is_dnssec, "dnssec",
			"without DNSSEC, Postfix does no DANE" },
	host_lookup = { "smtp_host_lookup", has_dns, "dns",
			"without the DNS, Postfix does no DANE" },
	mx_errors = { "ignore_mx_lookup_error", is_no, "no", "with this, Postfix does no DANE" },
	resolver_options = { "smtp_dns_resolver_options", is_empty, "",
			     "with this, Postfix does no DANE" },
	tls_level = { "smtp_tls_security_level", is_tls, "may",
		      "Postfix does not try TLS where postseal does not know of it yet" },
	insecure_mx = { "smtp_tls_dane_insecure_mx_policy", is_dane, "dane",
			"where MX records are not signed, `dane` then means \"TLS if offered\"" },
	pin_digest = { "smtp_tls_fingerprint_digest", is_sha256, "sha256",
		       "pins are SHA-256, so no certificate can match" },
	tls_log = { "smtp_tls_loglevel", logs_tls, "1",
		    "nothing can be learned from deliveries, though learn_from asks for it" };

static void judge_parameter(const struct patient *patient, const struct parameter *parameter,
			    struct finding *finding)
{
	const char *value = patient_value(patient, parameter->name);

	if (parameter->good(value)) {
		finding_say(finding, HEALTH_OK, "%s = %s", parameter->name, value);
		return;
	}
	if (value[0] == '\0')
		finding_say(finding, HEALTH_WRONG, "%s is empty: %s", parameter->name,
			    parameter->harm);
	else
		finding_say(finding, HEALTH_WRONG, "%s = %s: %s", parameter->name, value,
			    parameter->harm);
	finding_mend_main(finding, parameter->name, parameter->mend);
	finding_mend_reload(finding);
}

void doctor_judge_dns_support(const struct patient *patient, struct finding *finding)
{
	judge_parameter(patient, &dns_support, finding);
}

void doctor_judge_tls_level(const struct patient *patient, struct finding *finding)
{
	judge_parameter(patient, &tls_level, finding);
}

void doctor_judge_insecure_mx(const struct patient *patient, struct finding *finding)
{
	judge_parameter(patient, &insecure_mx, finding);
}

/* dane_init() of smtp_tls_policy.c in Postfix: `dane` turns into `may`. */
void doctor_judge_dane_switches(const struct patient *patient, struct finding *finding)
{
	static const struct parameter *const switches[] = { &host_lookup, &mx_errors,
							    &resolver_options };

	for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
		if (!switches[i]->good(patient_value(patient, switches[i]->name)))
			judge_parameter(patient, switches[i], finding);
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK,
			    "smtp_host_lookup, ignore_mx_lookup_error and "
			    "smtp_dns_resolver_options are right");
}

void doctor_judge_pin_digest(const struct patient *patient, struct finding *finding)
{
	const struct doctor_ledger *ledger = &patient->ledger;

	if (ledger->opened.state == LOOKUP_FOUND && ledger->pins == 0)
		finding_say(finding, HEALTH_OK, "not needed: there are no pins");
	else if (ledger->opened.state == LOOKUP_FOUND ||
		 pin_digest.good(patient_value(patient, pin_digest.name)))
		judge_parameter(patient, &pin_digest, finding);
	else
		finding_say(finding, HEALTH_UNSURE,
			    "%s = %s would be wrong if there are pins; the ledger, which knows, "
			    "cannot be read",
			    pin_digest.name, patient_value(patient, pin_digest.name));
}

void doctor_judge_tls_log(const struct patient *patient, struct finding *finding)
{
	if ((patient->settings->learn_from & LEARN_DELIVERY) != 0)
		judge_parameter(patient, &tls_log, finding);
	else
		finding_say(finding, HEALTH_OK,
			    "not needed: learn_from does not have \"delivery\"");
}

/*
 * Certificates of authorities.
 */

static void mend_cas(const char *file, const struct doctor_thing *cas, struct finding *finding)
{
	if (strcmp(file, CA_FILE) == 0 && cas->state != LOOKUP_FOUND)
		finding_mend(finding,
			     "apt install --reinstall ca-certificates && update-ca-certificates");
	else
		finding_mend_main(finding, "smtp_tls_CAfile", CA_FILE);
	finding_mend_reload(finding);
}

/* The file is read before smtp(8) enters its chroot, the directory from inside. */
void doctor_judge_mta_cas(const struct patient *patient, struct finding *finding)
{
	const struct doctor_postfix *postfix = &patient->postfix;
	const char *file = patient_value(patient, "smtp_tls_CAfile");
	const char *path = patient_value(patient, "smtp_tls_CApath");

	if (!patient->settings->mta_sts)
		finding_say(finding, HEALTH_OK, "not needed: mta_sts = false");
	else if (file[0] != '\0' && postfix->cas.state == LOOKUP_FOUND)
		finding_say(finding, HEALTH_OK, "smtp_tls_CAfile = %s", file);
	else if (file[0] != '\0')
		finding_say(finding, HEALTH_WRONG, "smtp_tls_CAfile = %s: %s", file,
			    postfix->cas.text);
	else if (strcmp(patient_value(patient, "tls_append_default_CA"), "yes") == 0)
		finding_say(finding, HEALTH_OK, "tls_append_default_CA = yes");
	else if (path[0] != '\0' && postfix->path_cas > 0)
		finding_say(finding, HEALTH_OK, "smtp_tls_CApath = %s: %zu certificates%s", path,
			    postfix->path_cas, postfix->path_cas_chrooted ? " in the chroot" : "");
	else if (path[0] != '\0')
		finding_say(finding, HEALTH_WRONG, "smtp_tls_CApath = %s: no certificates%s", path,
			    postfix->path_cas_chrooted ? " in the chroot" : "");
	else
		finding_say(finding, HEALTH_WRONG,
			    "smtp_tls_CAfile and smtp_tls_CApath are empty: Postfix cannot verify "
			    "what MTA-STS demands, so that mail waits");
	if (finding->health == HEALTH_WRONG)
		mend_cas(file, &postfix->cas, finding);
}

/*
 * -o in master.cf.
 */

/* "smtp/unix" of "smtp/unix/command", if its command is smtp(8). Our transports are judged by * doctor_judge_transports. */
static bool is_sender(const struct postconf_entry *field, struct span *service)
{
	struct span name = span_of(field->name), command = span_of(field->value);
	bool found;

	if (!span_ends(name, "/unix/command") || !span_is(span_cut(&command, " ", &found), "smtp"))
		return false;
	*service = (struct span){ name.at, name.len - strlen("/command") };
	for (size_t i = 0; i < DOCTOR_LEVELS; i++) {
		const char *ours = alias_transport(doctor_levels[i]);

		if (span_starts(*service, ours) && service->at[strlen(ours)] == '/')
			return false;
	}
	return true;
}

/* A service that feeds a content filter on this machine may rightly do without TLS. */
static enum health harm_of(const char *service)
{
	bool ordinary = strcmp(service, "smtp/unix") == 0 || strcmp(service, "relay/unix") == 0;

	return ordinary ? HEALTH_WRONG : HEALTH_WARNING;
}

static const char *override_of(const struct patient *patient, const char *service,
			       const char *parameter)
{
	struct buf name = { 0 };
	const char *value;

	buf_printf(&name, "%s/%s", service, parameter);
	value = postconf_get(&patient->postfix.overrides, buf_cstr(&name));
	buf_free(&name);
	return value;
}

static void tell_override(const char *service, const char *parameter, const char *value,
			  struct finding *finding)
{
	enum health harm = harm_of(service);

	finding_say(finding, harm, "%s has -o %s=%s%s", service, parameter, value,
		    harm == HEALTH_WARNING
			    ? ", which is fine only if its mail stays on this machine"
			    : "");
	if (harm == HEALTH_WARNING)
		finding_mend(finding, "# if its mail leaves this machine:");
	finding_mend(finding, "postconf -PX %s/%s", service, parameter);
}

/* Does the service ask any of our policy maps? Those of secure aliases are only stricter. */
static bool asks_us(const struct patient *patient, const char *service, const char *list)
{
	char name[64] = "policy";

	for (size_t i = 0; i <= DOCTOR_LEVELS; i++) {
		const struct doctor_map map = { service, name };

		if (doctor_find_map(patient, &map, list).found)
			return true;
		if (i < DOCTOR_LEVELS)
			snprintf(name, sizeof(name), "policy-%s",
				 alias_level_name(doctor_levels[i]));
	}
	return false;
}

static void judge_service(const struct patient *patient, const char *service,
			  struct finding *finding)
{
	static const struct parameter *const guarded[] = { &tls_level,        &dns_support,
							   &host_lookup,      &mx_errors,
							   &resolver_options, &insecure_mx };
	const char *value = override_of(patient, service, "smtp_tls_policy_maps");

	if (value != NULL && !asks_us(patient, service, value))
		tell_override(service, "smtp_tls_policy_maps", value, finding);
	for (size_t i = 0; i < ARRAY_LEN(guarded); i++) {
		value = override_of(patient, service, guarded[i]->name);
		if (value != NULL && !guarded[i]->good(value))
			tell_override(service, guarded[i]->name, value, finding);
	}
}

void doctor_judge_overrides(const struct patient *patient, struct finding *finding)
{
	const struct postconf *services = &patient->postfix.services;

	for (size_t i = 0; i < services->count; i++) {
		struct span name;
		char *service;

		if (!is_sender(&services->entries[i], &name))
			continue;
		service = mem_strndup(name.at, name.len);
		judge_service(patient, service, finding);
		free(service);
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK,
			    "no service that sends mail overrides these settings");
	finding_mend_reload(finding);
}
