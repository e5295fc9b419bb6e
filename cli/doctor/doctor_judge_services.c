/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_judge_services - postseal's own: services, ledger, the network it sees. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "cli/doctor/doctor_judge.h"

/* If so many hosts all do not answer, that is not chance. */
#define SILENT_HOSTS 3
#define LATELY (7 * UTC_DAY)

/*
 * Services.
 */

static void judge_running(const struct doctor_thing *thing, const char *daemon,
			  struct finding *finding)
{
	switch (thing->state) {
	case LOOKUP_FOUND:
		finding_say(finding, HEALTH_OK, "%s answers", daemon);
		return;
	case LOOKUP_ABSENT:
		finding_say(finding, HEALTH_WRONG, "%s", thing->text);
		finding_mend_unit(finding, "restart", daemon);
		return;
	case LOOKUP_ERROR:
		finding_say(finding, HEALTH_UNSURE, "%s", thing->text);
		return;
	}
}

void doctor_judge_socketmap_runs(const struct patient *patient, struct finding *finding)
{
	judge_running(&patient->socketmap, "postseal-socketmap", finding);
}

void doctor_judge_socket(const struct patient *patient, struct finding *finding)
{
	if (patient->socket.state == LOOKUP_FOUND) {
		finding_say(finding, HEALTH_OK, "it is active, or not enabled");
		return;
	}
	finding_say(finding, HEALTH_WARNING, "%s", patient->socket.text);
	finding_mend_unit(finding, "restart", "postseal.target");
}

void doctor_judge_prober_runs(const struct patient *patient, struct finding *finding)
{
	judge_running(&patient->prober, "postseal-prober", finding);
}

void doctor_judge_milter_runs(const struct patient *patient, struct finding *finding)
{
	if (patient->settings->secure_domains.count == 0)
		finding_say(finding, HEALTH_OK, "not needed: secure_domains is empty");
	else
		judge_running(&patient->milter, "postseal-milter", finding);
}

void doctor_judge_learning(const struct patient *patient, struct finding *finding)
{
	if ((patient->settings->learn_from & LEARN_DELIVERY) == 0) {
		finding_say(finding, HEALTH_OK,
			    "not needed: learn_from does not have \"delivery\"");
	} else if (patient->learn.state == LOOKUP_ABSENT) {
		finding_say(finding, HEALTH_WARNING, "%s", patient->learn.text);
		finding_mend_unit(finding, "restart", "postseal-learn");
	} else if (patient->ledger.log[0] != '\0') {
		finding_say(finding, HEALTH_OK, "%s has been read", patient->ledger.log);
	} else if (patient->learns) {
		finding_say(finding, HEALTH_OK,
			    "postseal learn --follow runs; it has not seen mail yet");
	} else {
		finding_say(finding, HEALTH_WARNING, "postseal has never read a log of Postfix");
		finding_mend_unit(finding, "enable --now", "postseal-learn");
	}
}

/* A reload would not do for all of them. */
void doctor_judge_settings(const struct patient *patient, struct finding *finding)
{
	for (enum metrics_source source = 0; source < METRICS_DAEMON_COUNT; source++) {
		char unit[32];

		if (!patient->stale[source])
			continue;
		snprintf(unit, sizeof(unit), "postseal-%s", metrics_source_name(source));
		finding_say(finding, HEALTH_WARNING, "%s has not taken what is in %s now", unit,
			    patient->settings_file);
		finding_mend_unit(finding, "restart", unit);
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "%s", patient->settings_file);
}

/* A program that runs as such a user may say who the webmail's user is, and is believed. */
void doctor_judge_webmail(const struct patient *patient, struct finding *finding)
{
	const struct string_list *clients = &patient->settings->webmail_clients;

	finding_say(finding, HEALTH_OK,
		    clients->count == 0 ? "not needed: webmail_clients is empty"
					: "no user in webmail_clients is shared by many programs");
	for (size_t i = 0; i < clients->count; i++) {
		if (strcmp(clients->items[i], "www-data") != 0 &&
		    strcmp(clients->items[i], "nobody") != 0)
			continue;
		finding_say(finding, HEALTH_WARNING,
			    "webmail_clients has %s: every program that runs as that user can act "
			    "as any user of the webmail; give the webmail a user of its own",
			    clients->items[i]);
		finding_mend_setting(finding, patient, "webmail_clients = {\"roundcube\"}",
				     "postseal-webmail");
		return;
	}
}

/*
 * The ledger.
 */

static void judge_modes(const struct patient *patient, struct finding *finding)
{
	const struct doctor_ledger *ledger = &patient->ledger;
	const char *dir = patient->settings->ledger;

	if ((ledger->others & 02) != 0)
		finding_say(finding, HEALTH_WRONG, "all users of this machine can write to %s",
			    dir);
	else if (ledger->others != 0)
		finding_say(finding, HEALTH_WRONG,
			    "all users of this machine can read %s, which tells whom your users "
			    "write to",
			    dir);
	if (ledger->others != 0)
		finding_mend(finding, "chmod o= %s %s/*.mdb", dir, dir);
	if (ledger->foreign_file[0] != '\0') {
		finding_say(
			finding, HEALTH_WRONG,
			"%s/%s has another owner than its directory, so the prober cannot write it",
			dir, ledger->foreign_file);
		finding_mend(finding, "chown --reference=%s %s/*.mdb && chmod 660 %s/*.mdb", dir,
			     dir, dir);
		finding_mend_unit(finding, "restart", "postseal-prober");
	}
}

void doctor_judge_ledger(const struct patient *patient, struct finding *finding)
{
	const struct doctor_ledger *ledger = &patient->ledger;

	judge_modes(patient, finding);
	if (ledger->opened.state == LOOKUP_FOUND) {
		if (finding->health == HEALTH_OK)
			finding_say(finding, HEALTH_OK, "%s", patient->settings->ledger);
		return;
	}
	if (ledger->denied) {
		finding_say(finding, HEALTH_UNSURE, "%s", ledger->opened.text);
		return;
	}
	finding_say(finding, HEALTH_WRONG, "%s", ledger->opened.text);
	if (ledger->opened.state == LOOKUP_ABSENT)
		finding_mend_unit(finding, "restart", "postseal-prober");
}

/*
 * The fleet.
 */

/* Longer than any restart of the engine. */
#define FLEET_LAG_MAX 600

static void judge_sharing(const struct patient *patient, struct finding *finding)
{
	const struct doctor_fleet *fleet = &patient->fleet;

	if (fleet->state.trouble[0] != '\0') {
		finding_say(finding, HEALTH_WRONG, "%s", fleet->state.trouble);
		finding_mend(finding, "# postseal-share(8), DIAGNOSTICS, says what each means");
	} else if (fleet->lag > FLEET_LAG_MAX) {
		finding_say(finding, HEALTH_WARNING,
			    "%" PRId64
			    " seconds ago it read for the last time all that others told",
			    fleet->lag);
		finding_mend_unit(finding, "restart", "postseal-share");
	} else if (patient->settings->webmail_clients.count > 0 && !fleet->state.acts) {
		finding_say(finding, HEALTH_WARNING,
			    "users who switch an alias in a webmail here do so on this host alone: "
			    "its login at the engine may not act for all");
		finding_mend(finding,
			     "# in the database: grant postseal_admin to this host's login");
	} else {
		finding_say(finding, HEALTH_OK,
			    "as %s; %zu of %zu hosts are there; %zu records wait to be told; %s",
			    fleet->state.name, fleet->live, fleet->members, fleet->waiting,
			    fleet->state.acts ? "acts of admins here hold on all hosts"
					      : "admins act on other hosts");
	}
}

void doctor_judge_fleet(const struct patient *patient, struct finding *finding)
{
	const struct doctor_fleet *fleet = &patient->fleet;
	bool set = patient->settings->share[0] != '\0';

	if (!set && !fleet->shares) {
		finding_say(finding, HEALTH_OK, "it shares with nobody: share is not set");
	} else if (!set) {
		finding_say(finding, HEALTH_WARNING,
			    "share is not set, but what changes is still noted for others");
		finding_mend(finding, "postseal fleet leave");
	} else if (!fleet->shares || !fleet->runs) {
		finding_say(finding, HEALTH_WRONG, "postseal-share does not run");
		finding_mend_unit(finding, "enable", "postseal-share");
		finding_mend_unit(finding, "restart", "postseal-share");
	} else {
		judge_sharing(patient, finding);
	}
}

/*
 * The world outside.
 */

void doctor_judge_cas(const struct patient *patient, struct finding *finding)
{
	if (patient->cas.state == LOOKUP_FOUND) {
		finding_say(finding, HEALTH_OK, "%s", patient->cas_path);
		return;
	}
	finding_say(finding, HEALTH_WRONG, "%s: %s", patient->cas_path, patient->cas.text);
	if (patient->settings->ca_file[0] != '\0')
		finding_mend_setting(finding, patient, "ca_file = \"\"", "postseal-prober");
	else
		finding_mend(finding,
			     "apt install --reinstall ca-certificates && update-ca-certificates");
}

/* No host is asked for this: what the prober saw says more. */
void doctor_judge_port(const struct patient *patient, struct finding *finding)
{
	const struct doctor_ledger *ledger = &patient->ledger;
	unsigned port = patient->settings->smtp_port;

	if (ledger->spoken > 0) {
		finding_say(finding, HEALTH_OK,
			    "in the last day %zu mail host%s answered, %zu did not", ledger->spoken,
			    ledger->spoken == 1 ? "" : "s", ledger->silent);
	} else if (ledger->silent >= SILENT_HOSTS) {
		finding_say(finding, HEALTH_WRONG,
			    "in the last day none of %zu mail hosts could be reached: outbound TCP "
			    "port %u is blocked",
			    ledger->silent, port);
		finding_mend(finding,
			     "# have outbound TCP port %u opened, in the firewall of this machine "
			     "or by its provider",
			     port);
	} else if (ledger->delivered > 0) {
		/* Where DANE decides, no server is probed. */
		finding_say(finding, HEALTH_OK, "in the last day mail was delivered to %zu host%s",
			    ledger->delivered, ledger->delivered == 1 ? "" : "s");
	} else {
		finding_say(finding, HEALTH_UNSURE,
			    "too few mail hosts were probed in the last day; run `postseal probe "
			    "DOMAIN` for a domain that you write to, and then this again");
	}
}

void doctor_judge_stripping(const struct patient *patient, struct finding *finding)
{
	const struct doctor_ledger *ledger = &patient->ledger;
	char date[UTC_SIZE];

	if (ledger->stripping == 0 || ledger->stripping < patient->now - LATELY) {
		finding_say(finding, HEALTH_OK,
			    "no sign of STARTTLS being removed in the last week");
	} else if (ledger->stripping_ended >= ledger->stripping) {
		finding_say(finding, HEALTH_WARNING,
			    "on %s many hosts lost STARTTLS at once; it has ended",
			    utc_format(date, ledger->stripping));
	} else {
		finding_say(finding, HEALTH_WRONG,
			    "on %s many hosts lost STARTTLS at once: something between this "
			    "machine and the Internet removes it",
			    utc_format(date, ledger->stripping));
		finding_mend(finding, "# in the firewall, switch off \"SMTP inspection\" or the "
				      "transparent mail proxy");
	}
}
