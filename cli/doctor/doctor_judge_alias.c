/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_judge_alias - what secure aliases need: the milter, maps, TLS at our own smtpd(8). */
#include <string.h>

#include "base/str.h"
#include "cli/doctor/doctor_judge.h"

#define SMTPD "smtp/inet"

/*
 * The milter.
 */

/* Ours in a list of milters; *action as postconf_milter sets it. */
static bool find_milter(const struct patient *patient, const char *list, struct span *action)
{
	struct postconf_view view = patient_view(patient, SMTPD);
	struct span rest = span_of(list), item;

	while (postconf_item(&rest, &item)) {
		struct endpoint endpoint;

		if (postconf_milter(&endpoint, action, item, &view) &&
		    doctor_is_listener(&endpoint, patient->settings->milter_listen))
			return true;
	}
	return false;
}

static void mend_milter(const struct patient *patient, const char *others, struct finding *finding)
{
	struct buf value = { 0 }, list = { 0 }, place = { 0 };

	if (!doctor_postfix_place(&place, patient, SMTPD, patient->settings->milter_listen)) {
		finding_mend_setting(finding, patient, "milter_listen = \"inet:127.0.0.1:8689\"",
				     "postseal-milter");
		buf_append_str(&place, "inet:127.0.0.1:8689");
	}
	buf_printf(&value,
		   "{ %s, default_action=tempfail, connect_timeout=10s, command_timeout=30s }",
		   buf_cstr(&place));
	buf_printf(&list, "$postseal_milter%s%s", others[0] != '\0' ? ", " : "", others);
	finding_mend_main(finding, "postseal_milter", buf_cstr(&value));
	if (strstr(others, "$postseal_milter") == NULL)
		finding_mend_main(finding, "smtpd_milters", buf_cstr(&list));
	finding_mend_reload(finding);
	buf_free(&value);
	buf_free(&list);
	buf_free(&place);
}

/* The services by which mail comes in from the network. */
static bool is_door(const struct postconf_entry *field, const char *parameter)
{
	static const char *const doors[] = { SMTPD, "smtpd/pass", "submission/inet",
					     "submissions/inet", "smtps/inet" };
	struct span name = span_of(field->name);

	for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
		if (span_starts(name, doors[i]) &&
		    span_is((struct span){ name.at + strlen(doors[i]),
					   name.len - strlen(doors[i]) },
			    parameter))
			return true;
	}
	return false;
}

static void judge_doors(const struct patient *patient, struct finding *finding)
{
	const struct postconf *overrides = &patient->postfix.overrides;
	struct span action;

	for (size_t i = 0; i < overrides->count; i++) {
		const struct postconf_entry *field = &overrides->entries[i];

		if (!is_door(field, "/smtpd_milters") ||
		    find_milter(patient, field->value, &action))
			continue;
		finding_say(finding, HEALTH_WRONG,
			    "in master.cf, %s = %s does not have postseal's milter", field->name,
			    field->value);
		finding_mend_postconf(finding, "-PX", field->name);
	}
}

/* With a filter before the queue, Postfix shows headers to no milter. */
static void judge_filter(const struct patient *patient, struct finding *finding)
{
	static const char why[] = "this hides headers from the milter, so mail to and from secure "
				  "aliases is put off";
	const struct postconf *overrides = &patient->postfix.overrides;
	const char *filter = patient_value(patient, "smtpd_proxy_filter");

	if (filter[0] != '\0') {
		finding_say(finding, HEALTH_WRONG, "smtpd_proxy_filter = %s: %s", filter, why);
		finding_mend_main(finding, "smtpd_proxy_filter", "");
	}
	for (size_t i = 0; i < overrides->count; i++) {
		const struct postconf_entry *field = &overrides->entries[i];

		if (!is_door(field, "/smtpd_proxy_filter") || field->value[0] == '\0')
			continue;
		finding_say(finding, HEALTH_WRONG, "in master.cf %s = %s: %s", field->name,
			    field->value, why);
		finding_mend(finding, "postconf -PX %s", field->name);
	}
}

void doctor_judge_milter(const struct patient *patient, struct finding *finding)
{
	const char *list = patient_value(patient, "smtpd_milters");
	struct span action;

	if (find_milter(patient, list, &action)) {
		judge_doors(patient, finding);
		judge_filter(patient, finding);
		if (finding->health == HEALTH_OK)
			finding_say(finding, HEALTH_OK, "smtpd_milters has postseal's milter");
		finding_mend_reload(finding);
		return;
	}
	if (list[0] == '\0')
		finding_say(
			finding, HEALTH_WRONG,
			"smtpd_milters is empty: mail without TLS to secure aliases is accepted");
	else
		finding_say(finding, HEALTH_WRONG,
			    "smtpd_milters = %s: none of these is milter_listen (%s), so mail "
			    "without TLS to secure aliases is accepted",
			    list, patient->settings->milter_listen);
	mend_milter(patient, patient_written(patient, "smtpd_milters"), finding);
}

static enum health judge_action(struct span action)
{
	if (span_is(action, "tempfail") || span_is(action, "shutdown"))
		return HEALTH_OK;
	return span_is(action, "reject") ? HEALTH_WARNING : HEALTH_WRONG;
}

void doctor_judge_milter_action(const struct patient *patient, struct finding *finding)
{
	const char *list = patient_value(patient, "smtpd_milters");
	const char *common = patient_value(patient, "milter_default_action");
	struct span action;
	bool own;
	enum health health;

	if (!find_milter(patient, list, &action)) {
		finding_say(finding, HEALTH_UNSURE, "Postfix does not ask postseal's milter");
		return;
	}
	own = action.len > 0;
	if (!own)
		action = span_of(common);
	health = judge_action(action);
	finding_say(finding, health, "%s = %.*s%s",
		    own ? "default_action" : "milter_default_action", (int)action.len, action.at,
		    health == HEALTH_OK        ? ""
		    : health == HEALTH_WARNING ? ": while the milter is down, all mail is rejected"
					       : ": while the milter is down, mail without TLS to "
						 "secure aliases is accepted");
	if (health == HEALTH_OK)
		return;
	if (own) {
		mend_milter(patient, patient_written(patient, "smtpd_milters"), finding);
	} else {
		finding_mend_main(finding, "milter_default_action", "tempfail");
		finding_mend_reload(finding);
	}
}

/*
 * Maps about senders and recipients.
 */

static void add_map(const struct patient *patient, const struct doctor_map *map,
		    const char *parameter, bool in_front, struct finding *finding)
{
	const char *others = patient_written(patient, parameter);
	const char *blank = others[0] != '\0' ? " " : "";
	struct buf ours = { 0 }, list = { 0 };

	if (!doctor_write_map(&ours, patient, map)) {
		finding_mend_setting(finding, patient,
				     "socketmap_listen = {\"inet:127.0.0.1:7672\"}",
				     "postseal-socketmap");
		buf_printf(&ours, "socketmap:inet:127.0.0.1:7672:%s", map->name);
	}
	if (in_front)
		buf_printf(&list, "%s%s%s", buf_cstr(&ours), blank, others);
	else
		buf_printf(&list, "%s%s%s", others, blank, buf_cstr(&ours));
	finding_mend_main(finding, parameter, buf_cstr(&list));
	finding_mend_reload(finding);
	buf_free(&ours);
	buf_free(&list);
}

void doctor_judge_transport_map(const struct patient *patient, struct finding *finding)
{
	static const char parameter[] = "sender_dependent_default_transport_maps";
	const struct doctor_map map = { "rewrite/unix", "transport" };
	struct doctor_map_place place =
		doctor_find_map(patient, &map, patient_value(patient, parameter));

	if (place.found && place.first) {
		finding_say(finding, HEALTH_OK, "%s asks postseal first", parameter);
		return;
	}
	finding_say(finding, HEALTH_WRONG,
		    "%s %s: mail from secure aliases leaves like all other mail", parameter,
		    place.found ? "asks another table before postseal" : "does not ask postseal");
	add_map(patient, &map, parameter, true, finding);
}

/*
 * By default a domain is a virtual one if it is found in virtual_alias_maps
 * (postconf(5)). postseal is not to decide that, so the list is written down as it is now.
 */
static void keep_alias_domains(const struct patient *patient, struct finding *finding)
{
	if (strcmp(patient_written(patient, "virtual_alias_domains"), "$virtual_alias_maps") == 0)
		finding_mend_main(finding, "virtual_alias_domains",
				  patient_value(patient, "virtual_alias_domains"));
}

void doctor_judge_alias_map(const struct patient *patient, struct finding *finding)
{
	const struct doctor_map map = { "cleanup/unix", "alias" };

	if (doctor_find_map(patient, &map, patient_value(patient, "virtual_alias_maps")).found) {
		finding_say(finding, HEALTH_OK, "virtual_alias_maps asks postseal");
		return;
	}
	finding_say(finding, HEALTH_WARNING,
		    "virtual_alias_maps does not ask postseal: mail to an alias enabled for "
		    "another mailbox (--for) does not reach that mailbox");
	keep_alias_domains(patient, finding);
	add_map(patient, &map, "virtual_alias_maps", false, finding);
}

/*
 * The way in.
 */

static void mend_door(const struct patient *patient, struct finding *finding)
{
	if (patient_value(patient, "smtpd_tls_security_level")[0] == '\0')
		finding_mend_main(finding, "smtpd_tls_security_level", "may");
	if (patient->certificate.state != LOOKUP_FOUND) {
		finding_say(finding, HEALTH_WRONG, "its certificate, %s, is not there",
			    patient->certificate.text);
		if (strstr(patient->certificate.text, "ssl-cert-snakeoil") != NULL)
			finding_mend(finding, "apt install ssl-cert");
	} else if (!patient->has_certificate) {
		finding_say(finding, HEALTH_WRONG, "it has no certificate");
		finding_mend(finding, "apt install ssl-cert");
		finding_mend_main(finding, "smtpd_tls_cert_file",
				  "/etc/ssl/certs/ssl-cert-snakeoil.pem");
		finding_mend_main(finding, "smtpd_tls_key_file",
				  "/etc/ssl/private/ssl-cert-snakeoil.key");
	}
	finding_mend_reload(finding);
	if (finding->mend.len == 0)
		finding_mend(finding,
			     "# see what Postfix logs about it: journalctl -t postfix/smtpd");
}

void doctor_judge_own_tls(const struct patient *patient, struct finding *finding)
{
	switch (patient->door.state) {
	case LOOKUP_FOUND:
		finding_say(finding, HEALTH_OK, "smtpd(8) completes a TLS handshake");
		break;
	case LOOKUP_ABSENT:
		finding_say(finding, HEALTH_WRONG, "%s, so all mail to secure aliases is refused",
			    patient->door.text);
		mend_door(patient, finding);
		break;
	case LOOKUP_ERROR:
		finding_say(finding, HEALTH_UNSURE, "%s", patient->door.text);
		break;
	}
}

void doctor_judge_secure_domains(const struct patient *patient, struct finding *finding)
{
	const char *domain = patient->domains.text;
	struct buf value = { 0 };

	switch (patient->domains.state) {
	case LOOKUP_FOUND:
		finding_say(finding, HEALTH_OK,
			    "each is in mydestination, virtual_alias_domains or "
			    "virtual_mailbox_domains");
		break;
	case LOOKUP_ABSENT:
		finding_say(finding, HEALTH_WRONG,
			    "%s is not in mydestination, virtual_alias_domains or "
			    "virtual_mailbox_domains: mail to it is not delivered here",
			    domain);
		buf_printf(&value, "%s%s%s", patient_written(patient, "mydestination"),
			   patient_written(patient, "mydestination")[0] != '\0' ? ", " : "",
			   domain);
		finding_mend_main(finding, "mydestination", buf_cstr(&value));
		finding_mend_reload(finding);
		break;
	case LOOKUP_ERROR:
		finding_say(finding, HEALTH_UNSURE,
			    "whether %s is delivered here is not known: a table cannot be asked",
			    domain);
		break;
	}
	buf_free(&value);
}

/* RFC 5322 3.5: no mail may hold one. The few mails that do lose it. */
void doctor_judge_nul_bytes(const struct patient *patient, struct finding *finding)
{
	if (strstr(patient_value(patient, "message_strip_characters"), "\\0") != NULL) {
		finding_say(finding, HEALTH_OK, "message_strip_characters removes NUL bytes");
		return;
	}
	finding_say(finding, HEALTH_WARNING,
		    "message_strip_characters leaves NUL bytes in headers: a milter does not see "
		    "what comes after one");
	finding_mend_main(finding, "message_strip_characters", "\\0");
	finding_mend_reload(finding);
}
