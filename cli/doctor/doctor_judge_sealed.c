/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_judge_sealed - sealed mail, Postfix's side (postfix-examples/main.cf.sealed and
 * master.cf.sealed): who can mark mail, how it gets to the intake, how the daemon's own mail
 * comes in and comes back, and that no mark leaves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/doctor/doctor_judge.h"
#include "core/mailbox/notes.h"

#define MIB (UINT64_C(1) << 20)
#define EXAMPLES POSTSEAL_DOC "/examples/postfix/"
#define NAME_SIZE 384

/*
 * The domain.
 */

static bool leads_to_intake(const struct patient *patient, const struct doctor_thing *routed,
			    const char *way)
{
	struct span route = span_of(way);

	return routed->state == LOOKUP_FOUND && span_skip(&route, "lmtp:") &&
	       span_is(route, patient->settings->mailbox_intake);
}

static bool lacks_bounce(const struct patient *patient)
{
	const struct doctor_mailbox *mailbox = &patient->mailbox;

	return patient->settings->mailbox_url[0] != '\0' &&
	       patient->settings->mailbox_bounce[0] != '\0' &&
	       !leads_to_intake(patient, &mailbox->bounced, mailbox->bounce_route);
}

/* All that is missing in one value: each would undo what the other sets. */
static void mend_routes(const struct patient *patient, struct finding *finding)
{
	const struct settings *settings = patient->settings;
	const struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *others = patient_written(patient, "transport_maps");
	struct buf value = { 0 };

	buf_append_str(&value, "inline:{");
	if (!leads_to_intake(patient, &mailbox->routed, mailbox->route))
		buf_printf(&value, " %s=lmtp:%s", settings->mailbox_domain,
			   settings->mailbox_intake);
	if (lacks_bounce(patient))
		buf_printf(&value, " %s=lmtp:%s", settings->mailbox_bounce,
			   settings->mailbox_intake);
	buf_printf(&value, " }%s%s", others[0] != '\0' ? " " : "", others);
	finding_mend_main(finding, "transport_maps", buf_cstr(&value));
	buf_free(&value);
}

static void judge_route(const struct patient *patient, struct finding *finding)
{
	const struct settings *settings = patient->settings;
	const struct doctor_mailbox *mailbox = &patient->mailbox;

	if (mailbox->routed.state == LOOKUP_ERROR) {
		finding_say(finding, HEALTH_UNSURE, "%s in transport_maps cannot be asked",
			    mailbox->routed.text);
	} else if (mailbox->routed.state == LOOKUP_ABSENT) {
		finding_say(finding, HEALTH_WRONG,
			    "transport_maps does not lead %s to the intake: sealed mail is sent by "
			    "its MX records",
			    settings->mailbox_domain);
		mend_routes(patient, finding);
	} else if (!leads_to_intake(patient, &mailbox->routed, mailbox->route)) {
		finding_say(finding, HEALTH_WARNING,
			    "transport_maps leads %s to %s, but mailbox_intake is %s",
			    settings->mailbox_domain, mailbox->route, settings->mailbox_intake);
		finding_mend(finding, "# unless that is the intake of another host:");
		mend_routes(patient, finding);
	}
}

void doctor_judge_sealed_domain(const struct patient *patient, struct finding *finding)
{
	const struct doctor_thing *apart = &patient->mailbox.apart;
	const char *domain = patient->settings->mailbox_domain;

	judge_route(patient, finding);
	if (apart->state == LOOKUP_ERROR)
		finding_say(finding, HEALTH_UNSURE, "a table in %s cannot be asked", apart->text);
	if (apart->state == LOOKUP_ABSENT) {
		finding_say(finding, HEALTH_WRONG, "%s has %s: anybody can send mail to it",
			    apart->text, domain);
		finding_mend(finding, "# remove %s, and any name above it, from %s", domain,
			     apart->text);
	}
	if (doctor_masks(patient, domain)) {
		finding_say(finding, HEALTH_WRONG,
			    "masquerade_domains hides %s: mail that was marked leaves unsealed",
			    domain);
		doctor_mend_mask(patient, domain, finding);
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "%s goes to the intake alone", domain);
	finding_mend_reload(finding);
}

/* Postfix itself asks for a record (reject_unknown_recipient_domain), before any map. */
void doctor_judge_sealed_dns(const struct patient *patient, struct finding *finding)
{
	const struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *domain = patient->settings->mailbox_domain;
	const char *host = patient_value(patient, "myhostname");

	if (mailbox->records.state == LOOKUP_ERROR) {
		finding_say(finding, HEALTH_UNSURE, "%s cannot be looked up: %s", domain,
			    mailbox->records.text);
		return;
	}
	if (mailbox->records.state == LOOKUP_ABSENT) {
		finding_say(finding, HEALTH_WRONG,
			    "%s has no A, AAAA or MX record, so Postfix refuses its addresses",
			    domain);
	} else if (mailbox->elsewhere[0] != '\0') {
		finding_say(finding, HEALTH_WARNING,
			    "%s leads to %s, which is not this host (behind NAT, set "
			    "proxy_interfaces to the outer address)",
			    domain, mailbox->elsewhere);
	} else {
		finding_say(finding, HEALTH_OK, "%s leads to this host", domain);
		return;
	}
	/* The pages need an address; mail is content with that. */
	finding_mend(finding, "# in the DNS: %s. IN A (or AAAA), with the address of %s", domain,
		     host);
}

/*
 * Sizes. A mail of a size in between is accepted from its sender and bounces, or a reply of a
 * recipient is accepted and then refused.
 */
void doctor_judge_sealed_size(const struct patient *patient, struct finding *finding)
{
	const char *text = patient_value(patient, "message_size_limit");
	uint64_t own = patient->settings->mailbox_message_size, limit;
	struct buf value = { 0 };

	if (!str_number(text, strlen(text), UINT64_MAX, &limit)) {
		finding_say(finding, HEALTH_UNSURE, "message_size_limit = %s is not a number",
			    text);
		return;
	}
	if (limit > (own - 1) * MIB && limit <= own * MIB) {
		finding_say(finding, HEALTH_OK, "message_size_limit = %s", text);
		return;
	}
	if (limit != 0 && limit < own * MIB)
		finding_say(finding, HEALTH_WARNING,
			    "message_size_limit = %s, and mailbox_message_size is %" PRIu64
			    " MiB: Postfix refuses mail and replies between these sizes",
			    text, own);
	else
		finding_say(finding, HEALTH_WARNING,
			    "message_size_limit = %s, and mailbox_message_size is %" PRIu64
			    " MiB: sealed mail between these sizes bounces to its sender",
			    text, own);
	buf_printf(&value, "%" PRIu64, own * MIB);
	finding_mend_main(finding, "message_size_limit", buf_cstr(&value));
	finding_mend_reload(finding);
	buf_free(&value);
}

/*
 * The way of the daemon's own mail: into Postfix, and back when it cannot be delivered.
 */

/* "127.0.0.1:8692/inet", as master.cf names the service at mailbox_submit; false: another form. */
static bool submit_service(char dst[NAME_SIZE], const struct patient *patient)
{
	struct span place = span_of(patient->settings->mailbox_submit);

	return span_skip(&place, "inet:") &&
	       snprintf(dst, NAME_SIZE, "%.*s/inet", (int)place.len, place.at) < NAME_SIZE;
}

static bool has_service(const struct patient *patient, const char *service)
{
	char field[NAME_SIZE + 16];

	snprintf(field, sizeof(field), "%s/command", service);
	return postconf_get(&patient->postfix.services, field) != NULL;
}

/* As in master.cf.sealed. */
static void mend_door(const char *service, struct finding *finding)
{
	static const char *const settings[][2] = {
		{ "syslog_name", "postfix/sealed" },
		{ "smtpd_milters", "" },
		{ "cleanup_service_name", "postseal-cleanup" },
		{ "smtpd_tls_security_level", "none" },
		{ "smtpd_sasl_auth_enable", "no" },
		{ "mynetworks", "127.0.0.0/8" },
		{ "smtpd_client_restrictions", "permit_mynetworks,reject" },
		{ "smtpd_relay_restrictions", "permit_mynetworks,reject" },
		{ "smtpd_proxy_filter", "" },
		{ "content_filter", "" },
	};
	char entry[2 * NAME_SIZE];

	snprintf(entry, sizeof(entry), "%s=%.*s inet n - y - - smtpd", service,
		 (int)strcspn(service, "/"), service);
	finding_mend_postconf(finding, "-M", entry);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		finding_mend_service(finding, service, settings[i][0], settings[i][1]);
	finding_mend_postconf(finding, "-M",
			      "postseal-cleanup/unix=postseal-cleanup unix n - y - 0 cleanup");
	finding_mend_service(finding, "postseal-cleanup/unix", "syslog_name", "postfix/sealed");
	finding_mend_service(finding, "postseal-cleanup/unix", "non_smtpd_milters", "");
}

static void judge_milters(const struct patient *patient, const char *service, const char *parameter,
			  struct finding *finding)
{
	const char *list = patient_service_value(patient, service, parameter);

	if (list[0] == '\0')
		return;
	finding_say(finding, HEALTH_WRONG,
		    "at %s, %s = %s: these see the PINs in receipts, and postseal's milter refuses "
		    "them",
		    service, parameter, list);
	finding_mend_service(finding, service, parameter, "");
}

void doctor_judge_sealed_door(const struct patient *patient, struct finding *finding)
{
	const char *submit = patient->settings->mailbox_submit;
	char service[NAME_SIZE], cleanup[NAME_SIZE];

	if (patient->settings->mailbox_url[0] == '\0') {
		finding_say(finding, HEALTH_OK,
			    "not needed: without mailbox_url another host keeps the mailboxes");
		return;
	}
	if (!submit_service(service, patient)) {
		finding_say(finding, HEALTH_UNSURE,
			    "mailbox_submit = %s: see by hand that Postfix takes mail there, and "
			    "shows it to no milter",
			    submit);
		return;
	}
	if (!has_service(patient, service)) {
		finding_say(finding, HEALTH_WRONG,
			    "master.cf has no %s: link mails and receipts wait in the store",
			    service);
		mend_door(service, finding);
	} else {
		judge_milters(patient, service, "smtpd_milters", finding);
		snprintf(cleanup, sizeof(cleanup), "%s/unix",
			 patient_service_value(patient, service, "cleanup_service_name"));
		judge_milters(patient, cleanup, "non_smtpd_milters", finding);
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "at %s, and no milter sees it", submit);
	finding_mend_reload(finding);
}

static void judge_bounce(const struct patient *patient, struct finding *finding)
{
	const struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *bounce = patient->settings->mailbox_bounce;

	if (mailbox->bounced.state == LOOKUP_ERROR) {
		finding_say(finding, HEALTH_UNSURE, "%s in transport_maps cannot be asked",
			    mailbox->bounced.text);
	} else if (lacks_bounce(patient)) {
		finding_say(finding, HEALTH_WRONG,
			    "transport_maps does not lead %s to the intake: nobody hears of a link "
			    "mail that could not be delivered",
			    bounce);
		mend_routes(patient, finding);
	}
	if (strchr(patient_value(patient, "recipient_delimiter"),
		   patient->settings->recipient_delimiter[0]) == NULL) {
		finding_say(finding, HEALTH_WRONG,
			    "recipient_delimiter of Postfix does not have \"%.1s\", with which %s "
			    "gets an extension",
			    patient->settings->recipient_delimiter, bounce);
		finding_mend_main(finding, "recipient_delimiter",
				  patient->settings->recipient_delimiter);
	}
	if (mailbox->bounce_known.state == LOOKUP_ABSENT) {
		struct buf value = { 0 };
		const char *maps = mailbox->bounce_known.text;

		finding_say(finding, HEALTH_WRONG,
			    "%s has no %s: smtpd(8) refuses what comes back to it", maps, bounce);
		buf_printf(&value, "%s inline:{ %s=postseal }", patient_written(patient, maps),
			   bounce);
		finding_mend_main(finding, maps, buf_cstr(&value));
		buf_free(&value);
	}
	finding_mend_reload(finding);
}

void doctor_judge_mailbox_from(const struct patient *patient, struct finding *finding)
{
	const struct settings *settings = patient->settings;
	const char *fault = note_from_fault(settings);

	if (fault != NULL) {
		finding_say(finding, HEALTH_WRONG, "mailbox_from %s", fault);
		finding_mend(finding,
			     "# write mailbox_from = postmaster@example.com, an address that is "
			     "delivered here, to %s",
			     patient->settings_file);
		finding_mend_unit(finding, "restart", "postseal-mailbox");
	} else if (settings->mailbox_bounce[0] == '\0') {
		finding_say(finding, HEALTH_WARNING,
			    "mailbox_bounce is not set: nobody hears of a link mail that could not "
			    "be delivered");
		finding_mend(finding,
			     "# write mailbox_bounce = sealed-bounce@example.com to %s, and run "
			     "this again: it says what else that needs",
			     patient->settings_file);
		finding_mend_unit(finding, "restart", "postseal-mailbox");
	} else {
		if (patient->postfix.ran.state == LOOKUP_FOUND)
			judge_bounce(patient, finding);
		if (finding->health == HEALTH_OK)
			finding_say(finding, HEALTH_OK, "to %s, and link mails to %s",
				    settings->mailbox_from, settings->mailbox_bounce);
	}
}

/*
 * Marks.
 */

/* Is this table of headers in the list that a service has? */
static bool has_table(const struct patient *patient, const char *service, const char *parameter,
		      const char *file)
{
	struct span rest = span_of(patient_service_value(patient, service, parameter)), item;

	while (postconf_item(&rest, &item)) {
		if (span_starts(item, "regexp:") && span_ends(item, file))
			return true;
	}
	return false;
}

static void mend_table(const struct patient *patient, const char *file, struct finding *finding)
{
	char path[NAME_SIZE];

	snprintf(path, sizeof(path), EXAMPLES "%s", file);
	finding_mend_copy(finding, path, patient_value(patient, "config_directory"));
}

/* Which tables of ours are asked, and are there. */
static void judge_way_out(const struct patient *patient, struct finding *finding)
{
	const char *others = patient_written(patient, "smtp_header_checks");
	struct buf value = { 0 };
	bool asked =
		has_table(patient, "smtp/unix", "smtp_header_checks", "postseal-sealed-headers");

	if (asked && patient->mailbox.sealed_headers.state == LOOKUP_FOUND)
		return;
	finding_say(
		finding, HEALTH_WRONG,
		asked ? "postseal-sealed-headers, which smtp_header_checks names, is not there: "
			"mail waits"
		      : "smtp_header_checks does not ask postseal-sealed-headers: if the milter "
			"fails, a PIN may leave");
	mend_table(patient, "postseal-sealed-headers", finding);
	if (!asked) {
		buf_printf(&value, "regexp:$config_directory/postseal-sealed-headers%s%s",
			   others[0] != '\0' ? ", " : "", others);
		finding_mend_main(finding, "smtp_header_checks", buf_cstr(&value));
	}
	buf_free(&value);
}

/* Mail from sendmail(1) passes no milter: a mark in it would be ignored. */
static void judge_pickup(const struct patient *patient, struct finding *finding)
{
	char cleanup[NAME_SIZE];
	bool asked;

	snprintf(cleanup, sizeof(cleanup), "%s/unix",
		 patient_service_value(patient, "pickup/unix", "cleanup_service_name"));
	asked = has_table(patient, cleanup, "header_checks", "postseal-marked-headers");
	if (asked && patient->mailbox.marked_headers.state == LOOKUP_FOUND)
		return;
	finding_say(
		finding, HEALTH_WRONG,
		asked ? "postseal-marked-headers, which header_checks of %s names, is not "
			"there: mail from sendmail(1) waits"
		      : "%s does not ask postseal-marked-headers: mail that was marked and given "
			"to sendmail(1) leaves unsealed",
		cleanup);
	mend_table(patient, "postseal-marked-headers", finding);
	if (!asked) {
		const char *others = patient_written(patient, "header_checks");
		struct buf value = { 0 };

		buf_printf(&value, "regexp:$config_directory/postseal-marked-headers%s%s",
			   others[0] != '\0' ? "," : "", others);
		finding_mend_postconf(
			finding, "-M",
			"postseal-pickup/unix=postseal-pickup unix n - y - 0 cleanup");
		finding_mend_service(finding, "postseal-pickup/unix", "syslog_name", "postfix");
		finding_mend_service(finding, "postseal-pickup/unix", "header_checks",
				     buf_cstr(&value));
		finding_mend_service(finding, "pickup/unix", "cleanup_service_name",
				     "postseal-pickup");
		buf_free(&value);
	}
}

void doctor_judge_sealed_marks(const struct patient *patient, struct finding *finding)
{
	judge_way_out(patient, finding);
	judge_pickup(patient, finding);
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK,
			    "smtp(8) removes them, and what sendmail(1) brings comes back");
	finding_mend_reload(finding);
}

/* Only who has logged in may mark mail. */
void doctor_judge_sealed_login(const struct patient *patient, struct finding *finding)
{
	static const char parameter[] = "/smtpd_sasl_auth_enable";
	const struct postconf *overrides = &patient->postfix.overrides;
	bool found = strcmp(patient_value(patient, "smtpd_sasl_auth_enable"), "yes") == 0;

	for (size_t i = 0; i < overrides->count && !found; i++)
		found = span_ends(span_of(overrides->entries[i].name), parameter) &&
			strcmp(overrides->entries[i].value, "yes") == 0;
	if (found) {
		finding_say(finding, HEALTH_OK, "smtpd_sasl_auth_enable = yes where users submit");
		return;
	}
	finding_say(finding, HEALTH_WARNING,
		    "no service has smtpd_sasl_auth_enable = yes: nobody can log in, and so nobody "
		    "can mark mail");
	finding_mend(finding, "# see \"Logins\" in " EXAMPLES "README.md, and master.cf.inbound");
}
