/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_judge_ways - the transports by which mail from secure aliases leaves
 * (postfix-examples/master.cf.outbound), and what leads around them; and where other mail goes
 * that has to wait for TLS.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/doctor/doctor_judge.h"

#define VERSION_TLS_REQUIRED 310 /* the first Postfix that heeds "TLS-Required: no" */
#define EXAMPLES POSTSEAL_DOC "/examples/postfix"
#define NAME_SIZE 128

/*
 * Transports.
 */

struct transport {
	const struct patient *patient;
	struct finding *finding;
	enum alias_level level;
	const struct doctor_thing *filter;
	char service[NAME_SIZE]; /* "postseal-encrypt/unix" */
	char map[NAME_SIZE];     /* "policy-encrypt" */
};

static const char *value_of(const struct transport *t, const char *parameter)
{
	return patient_service_value(t->patient, t->service, parameter);
}

/* The level that holds where the map is not asked. */
static const char *fallback_level(enum alias_level level)
{
	return level == ALIAS_ENCRYPT  ? "encrypt"
	       : level == ALIAS_VERIFY ? "fingerprint"
				       : "dane-only";
}

/* "dane" is not enough: without TLSA records it means "TLS if offered". */
static bool level_holds(const char *value, enum alias_level level)
{
	if (strcmp(value, fallback_level(level)) == 0)
		return true;
	return level == ALIAS_ENCRYPT &&
	       (strcmp(value, "dane-only") == 0 || strcmp(value, "fingerprint") == 0 ||
		strcmp(value, "verify") == 0 || strcmp(value, "secure") == 0);
}

static void amiss(const struct transport *t, const char *parameter, const char *what)
{
	finding_say(t->finding, HEALTH_WRONG, "%s: %s %s", alias_transport(t->level), parameter,
		    what);
}

static void mend_map(const struct transport *t)
{
	const struct doctor_map map = { t->service, t->map };
	struct buf written = { 0 };

	if (!doctor_write_map(&written, t->patient, &map))
		buf_printf(&written, "socketmap:inet:127.0.0.1:7672:%s", t->map);
	finding_mend_service(t->finding, t->service, "smtp_tls_policy_maps", buf_cstr(&written));
	buf_free(&written);
}

static void mend_filter(const struct transport *t, bool named)
{
	finding_mend_copy(t->finding, EXAMPLES "/postseal-status-filter",
			  patient_value(t->patient, "config_directory"));
	if (!named)
		finding_mend_service(t->finding, t->service, "smtp_delivery_status_filter",
				     "regexp:$config_directory/postseal-status-filter");
}

static void judge_filter(const struct transport *t)
{
	const char *filter = value_of(t, "smtp_delivery_status_filter");

	if (filter[0] == '\0')
		amiss(t, "smtp_delivery_status_filter",
		      "is empty: mail that cannot be sent waits for days before it bounces");
	else if (t->filter->state == LOOKUP_ABSENT)
		amiss(t, filter, "does not exist: mail by this transport waits");
	else
		return;
	mend_filter(t, filter[0] != '\0');
}

static void judge_enforcement(const struct transport *t)
{
	const struct doctor_map map = { t->service, t->map };
	const char *maps = value_of(t, "smtp_tls_policy_maps");
	struct doctor_map_place place = doctor_find_map(t->patient, &map, maps);
	int version = postconf_version(patient_value(t->patient, "mail_version"));

	if (!place.found || !place.first) {
		amiss(t, "smtp_tls_policy_maps", "does not ask the map of this level first");
		mend_map(t);
	}
	if (!level_holds(value_of(t, "smtp_tls_security_level"), t->level)) {
		amiss(t, "smtp_tls_security_level", "is too weak");
		finding_mend_service(t->finding, t->service, "smtp_tls_security_level",
				     fallback_level(t->level));
	}
	if (value_of(t, "smtp_fallback_relay")[0] != '\0') {
		amiss(t, "smtp_fallback_relay", "sends mail without the demanded TLS");
		finding_mend_service(t->finding, t->service, "smtp_fallback_relay", "");
	}
	if (version >= VERSION_TLS_REQUIRED &&
	    strcmp(value_of(t, "tls_required_enable"), "no") != 0) {
		amiss(t, "tls_required_enable",
		      "is on: a header \"TLS-Required: no\" switches all this off");
		finding_mend_service(t->finding, t->service, "tls_required_enable", "no");
	}
}

/* As in master.cf.outbound; judge_enforcement would miss the same settings. */
static void mend_missing(const struct transport *t)
{
	const char *name = alias_transport(t->level);
	char entry[2 * NAME_SIZE];

	snprintf(entry, sizeof(entry), "%s=%s unix - - y - - smtp", t->service, name);
	finding_mend_postconf(t->finding, "-M", entry);
	finding_mend_service(t->finding, t->service, "syslog_name",
			     "postfix/$service_name${tls_required_enable?}");
	mend_map(t);
	finding_mend_service(t->finding, t->service, "smtp_tls_security_level",
			     fallback_level(t->level));
	mend_filter(t, false);
	finding_mend_service(t->finding, t->service, "smtp_fallback_relay", "");
	finding_mend_service(t->finding, t->service, "tls_required_enable", "no");
}

static void judge_transport(const struct transport *t)
{
	char field[NAME_SIZE + 16];

	snprintf(field, sizeof(field), "%s/command", t->service);
	if (postconf_get(&t->patient->postfix.services, field) == NULL) {
		finding_say(t->finding, HEALTH_WRONG,
			    "master.cf does not have %s: mail by this transport waits",
			    alias_transport(t->level));
		mend_missing(t);
		return;
	}
	judge_enforcement(t);
	judge_filter(t);
}

void doctor_judge_transports(const struct patient *patient, struct finding *finding)
{
	for (size_t i = 0; i < DOCTOR_LEVELS; i++) {
		struct transport t = { .patient = patient,
				       .finding = finding,
				       .level = doctor_levels[i],
				       .filter = &patient->postfix.filter[i] };

		snprintf(t.service, sizeof(t.service), "%s/unix", alias_transport(t.level));
		snprintf(t.map, sizeof(t.map), "policy-%s", alias_level_name(t.level));
		judge_transport(&t);
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "all four enforce their level");
	finding_mend_reload(finding);
}

/*
 * Ways around.
 */

/* The first match decides; "!" exempts (ADDRESS_REWRITING_README). */
bool doctor_masks(const struct patient *patient, const char *domain)
{
	struct span rest = span_of(patient_value(patient, "masquerade_domains")), item;

	while (postconf_item(&rest, &item)) {
		bool spared = span_skip(&item, "!");
		size_t len = strlen(domain);

		if (spared && item.len == len && str_starts_nocase_n(item.at, item.len, domain))
			return false;
		if (item.len < len && domain[len - item.len - 1] == '.' &&
		    str_starts_nocase_n(item.at, item.len, domain + len - item.len))
			return !spared;
	}
	return false;
}

void doctor_mend_mask(const struct patient *patient, const char *domain, struct finding *finding)
{
	struct buf value = { 0 };

	buf_printf(&value, "!%s %s", domain, patient_written(patient, "masquerade_domains"));
	finding_mend_main(finding, "masquerade_domains", buf_cstr(&value));
	buf_free(&value);
}

static void judge_masquerade(const struct patient *patient, struct finding *finding)
{
	const struct string_list *domains = &patient->settings->secure_domains;

	for (size_t i = 0; i < domains->count; i++) {
		if (!doctor_masks(patient, domains->items[i]))
			continue;
		finding_say(finding, HEALTH_WRONG,
			    "masquerade_domains hides %s, so its mail leaves like all other mail",
			    domains->items[i]);
		doctor_mend_mask(patient, domains->items[i], finding);
		finding_mend_reload(finding);
	}
}

static bool rewrites_senders(const struct patient *patient)
{
	return patient_value(patient, "canonical_maps")[0] != '\0' ||
	       patient_value(patient, "sender_canonical_maps")[0] != '\0';
}

/*
 * An inline table as in main.cf.sealed, which leads only mailbox_domain and mailbox_bounce to the
 * intake, leads no other mail around anything.
 */
static bool leads_sealed_alone(const struct patient *patient, struct span table)
{
	const struct settings *settings = patient->settings;
	struct span pair;

	if (settings->mailbox_domain[0] == '\0' || !span_skip(&table, "inline:{") ||
	    !span_ends(table, "}"))
		return false;
	table.len--;
	while (postconf_item(&table, &pair)) {
		bool found;
		struct span key = span_trim(span_cut(&pair, "=", &found));

		if (!span_is(key, settings->mailbox_domain) &&
		    !span_is(key, settings->mailbox_bounce))
			return false;
	}
	return true;
}

static bool has_transports(const struct patient *patient)
{
	struct span rest = span_of(patient_value(patient, "transport_maps")), item;

	while (postconf_item(&rest, &item)) {
		if (!leads_sealed_alone(patient, item))
			return true;
	}
	return false;
}

void doctor_judge_ways_around(const struct patient *patient, struct finding *finding)
{
	const char *relay = patient_value(patient, "relay_domains");
	bool maps = has_transports(patient);
	bool relays =
		relay[0] != '\0' && strcmp(relay, patient_value(patient, "mydestination")) != 0;
	bool rewrites = rewrites_senders(patient);

	judge_masquerade(patient, finding);
	if (maps)
		finding_say(finding, HEALTH_WARNING,
			    "mail that transport_maps sends by another transport is not held to a "
			    "secure alias's level");
	if (relays)
		finding_say(finding, HEALTH_WARNING,
			    "mail to relay_domains goes by relay_transport, not by a secure "
			    "alias's transport");
	if (rewrites)
		finding_say(finding, HEALTH_WARNING,
			    "canonical_maps or sender_canonical_maps may turn a secure alias into "
			    "another sender, whose mail leaves like all other mail");
	if (maps || relays || rewrites)
		finding_mend(finding,
			     "# see \"Ways around a secure alias\" in " EXAMPLES "/README.md");
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK,
			    "no transport_maps, relay_domains, canonical_maps or "
			    "masquerade_domains that leads around them");
}

/*
 * To a relay for what cannot be delivered Postfix goes in the place of the provider: with what
 * `policy` answers for the relay.
 */
void doctor_judge_fallback_relay(const struct patient *patient, struct finding *finding)
{
	const char *value = patient_service_value(patient, "smtp/unix", "smtp_fallback_relay");
	const struct doctor_thing *fallback = &patient->fallback;

	if (value[0] == '\0') {
		finding_say(finding, HEALTH_OK, "smtp_fallback_relay is empty");
		return;
	}
	switch (fallback->state) {
	case LOOKUP_FOUND:
		finding_say(finding, HEALTH_OK,
			    "smtp_fallback_relay = %s, and TLS is required there", value);
		return;
	case LOOKUP_ERROR:
		finding_say(finding, HEALTH_UNSURE,
			    "smtp_fallback_relay = %s, and postseal-socketmap does not say whether "
			    "TLS is required there: %s",
			    value, fallback->text);
		return;
	case LOOKUP_ABSENT:
		break;
	}
	finding_say(finding, HEALTH_WRONG,
		    "smtp_fallback_relay = %s: mail whose provider no longer offers TLS does not "
		    "wait, but goes to %s, where TLS is not required",
		    value, fallback->text);
	finding_mend(finding, "postseal override set '%s' minimum encrypt -r smtp_fallback_relay",
		     fallback->text);
	finding_mend(finding, "# or do without it: postconf -X smtp_fallback_relay && postfix "
			      "reload");
}
