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
#define MAP_NAME_SIZE 64
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

/*
 * A map of a secure alias's level in the place of `policy`: only stricter. False where
 * none is asked first.
 */
static bool asks_stricter(const struct patient *patient, const char *service, const char *list,
			  struct doctor_map_place *place)
{
	for (size_t i = 0; i < DOCTOR_LEVELS; i++) {
		char name[MAP_NAME_SIZE];
		const struct doctor_map map = { service, name };

		snprintf(name, sizeof(name), "policy-%s", alias_level_name(doctor_levels[i]));
		*place = doctor_find_map(patient, &map, list);
		if (place->found && place->first)
			return true;
	}
	return false;
}

void doctor_judge_policy_map(const struct patient *patient, struct finding *finding)
{
	const char *list = patient_value(patient, "smtp_tls_policy_maps");
	struct doctor_map_place place;

	if (!asks_stricter(patient, policy_map.service, list, &place))
		place = doctor_find_map(patient, &policy_map, list);

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
 * Parameters with one good value, or a few. A service in master.cf may override them, so one
 * function judges a value, wherever it comes from.
 */

static bool has_dns(const char *value)
{
	return postconf_has(value, "dns");
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

struct parameter {
	const char *name;
	bool (*good)(const char *value); /* NULL: only what `mend` says */
	const char *mend;
	const char *harm; /* what any other value does */
};

static const struct parameter
	dns_support = { "smtp_dns_support_level", NULL, "dnssec",
			"without DNSSEC, Postfix does no DANE" },
	host_lookup = { "smtp_host_lookup", has_dns, "dns",
			"without the DNS, Postfix does no DANE" },
	mx_errors = { "ignore_mx_lookup_error", NULL, "no", "with this, Postfix does no DANE" },
	resolver_options = { "smtp_dns_resolver_options", NULL, "",
			     "with this, Postfix does no DANE" },
	tls_level = { "smtp_tls_security_level", is_tls, "may",
		      "Postfix does not try TLS where postseal does not know of it yet" },
	insecure_mx = { "smtp_tls_dane_insecure_mx_policy", NULL, "dane",
			"where MX records are not signed, `dane` then means \"TLS if offered\"" },
	pin_digest = { "smtp_tls_fingerprint_digest", NULL, "sha256",
		       "pins are SHA-256, so no certificate can match" },
	tls_log = { "smtp_tls_loglevel", logs_tls, "1",
		    "nothing can be learned from deliveries, though learn_from asks for it" };

static bool is_good(const struct parameter *parameter, const char *value)
{
	return parameter->good != NULL ? parameter->good(value)
				       : strcmp(value, parameter->mend) == 0;
}

static void judge_parameter(const struct patient *patient, const struct parameter *parameter,
			    struct finding *finding)
{
	const char *value = patient_value(patient, parameter->name);

	if (is_good(parameter, value)) {
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

/* Of our maps, the one that gives at least that level; NULL: `policy` does. */
static const char *map_as_strict_as(const char *level)
{
	static const struct {
		const char *level, *map;
	} maps[] = { { "encrypt", "policy-encrypt" },
		     { "verify", "policy-authenticated" },
		     { "secure", "policy-authenticated" },
		     { "dane-only", "policy-dane-only" },
		     { "fingerprint", "policy-verify" } };

	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		if (strcmp(level, maps[i].level) == 0)
			return maps[i].map;
	return NULL;
}

/*
 * Main.cf holds where the answer is NOTFOUND alone. Where it demands TLS, `dane` (without a
 * floor) is less, and where it demands more, `encrypt` as well.
 */
void doctor_judge_tls_level(const struct patient *patient, struct finding *finding)
{
	const char *level = patient_value(patient, tls_level.name);
	const char *list = patient_value(patient, "smtp_tls_policy_maps");
	const struct doctor_map map = { policy_map.service, map_as_strict_as(level) };
	struct doctor_map_place place;
	struct buf mend = { 0 };

	if (map.name == NULL || asks_stricter(patient, policy_map.service, list, &place) ||
	    !doctor_find_map(patient, &policy_map, list).found) {
		judge_parameter(patient, &tls_level, finding);
		return;
	}
	finding_say(finding, HEALTH_WARNING,
		    "%s = %s, and map `policy` also answers what is less than that (`dane`%s): for "
		    "those domains its answer takes the place of main.cf's",
		    tls_level.name, level, strcmp(level, "encrypt") == 0 ? "" : ", `encrypt`");
	finding_mend(finding, "# to demand that much of all domains (mail to those that cannot do "
			      "it waits):");
	if (doctor_write_map(&mend, patient, &map))
		finding_mend_main(finding, "smtp_tls_policy_maps", buf_cstr(&mend));
	finding_mend_reload(finding);
	buf_free(&mend);
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
		if (!is_good(switches[i], patient_value(patient, switches[i]->name)))
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
		 is_good(&pin_digest, patient_value(patient, pin_digest.name)))
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

/*
 * "smtp/unix" of "smtp/unix/command", if its command is smtp(8). Most of what our transports
 * need is judged by doctor_judge_transports.
 */
static bool is_sender(const struct postconf_entry *field, struct span *service, bool *is_ours)
{
	struct span name = span_of(field->name), command = span_of(field->value);
	bool found;

	if (!span_ends(name, "/unix/command") || !span_is(span_cut(&command, " ", &found), "smtp"))
		return false;
	*service = (struct span){ name.at, name.len - strlen("/command") };
	*is_ours = false;
	for (size_t i = 0; i < DOCTOR_LEVELS; i++) {
		const char *ours = alias_transport(doctor_levels[i]);

		*is_ours |= span_starts(*service, ours) && service->at[strlen(ours)] == '/';
	}
	return true;
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

static enum health harm_of(const char *service)
{
	bool ordinary = strcmp(service, "smtp/unix") == 0 || strcmp(service, "relay/unix") == 0;

	return ordinary ? HEALTH_WRONG : HEALTH_WARNING;
}

/* A service that feeds a content filter on this machine may rightly do without TLS. */
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
	char name[MAP_NAME_SIZE] = "policy";

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

/* The prober knows main.cf's (doctor_judge_probe), and connects as that says. */
static void judge_probed(const struct patient *patient, const char *service,
			 struct finding *finding)
{
	static const char *const probed[] = { "inet_protocols",
					      "smtp_tls_mandatory_protocols",
					      "smtp_tls_mandatory_ciphers",
					      "smtp_tls_mandatory_exclude_ciphers",
					      "smtp_tls_exclude_ciphers",
					      "tls_high_cipherlist",
					      "tls_medium_cipherlist",
					      "smtp_pix_workarounds",
					      "smtp_never_send_ehlo",
					      "smtp_discard_ehlo_keywords",
					      "smtp_tls_servername",
					      "use_srv_lookup" };

	for (size_t i = 0; i < ARRAY_LEN(probed); i++) {
		const char *value = override_of(patient, service, probed[i]);

		if (value == NULL || strcmp(value, patient_value(patient, probed[i])) == 0)
			continue;
		finding_say(finding, harm_of(service),
			    "%s has -o %s=%s, and the prober goes by main.cf: what it finds out "
			    "may be what this service cannot do, and mail waits",
			    service, probed[i], value);
		finding_mend(finding, "postconf -PX %s/%s", service, probed[i]);
	}
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
		if (value != NULL && !is_good(guarded[i], value))
			tell_override(service, guarded[i]->name, value, finding);
	}
}

void doctor_judge_overrides(const struct patient *patient, struct finding *finding)
{
	const struct postconf *services = &patient->postfix.services;

	for (size_t i = 0; i < services->count; i++) {
		struct span name;
		char *service;
		bool is_ours;

		if (!is_sender(&services->entries[i], &name, &is_ours))
			continue;
		service = mem_strndup(name.at, name.len);
		if (!is_ours)
			judge_service(patient, service, finding);
		judge_probed(patient, service, finding);
		free(service);
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK,
			    "no service that sends mail overrides these settings");
	finding_mend_reload(finding);
}
