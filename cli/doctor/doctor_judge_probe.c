/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_judge_probe - does the prober look where Postfix sends, and connect as Postfix does?
 * Postfix is held to what the prober has proven, so the prober has to know what main.cf says.
 */
#include "cli/doctor/doctor_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/postconf.h"
#include "core/facts/observation.h"
#include "core/names/nexthop.h"
#include "io/tls/tls.h"

#define PROBER "postseal-prober"
#define LINE_SIZE 256
#define SMTP_PORT 25
#define TLS_FIRST 0x0301
#define TLS_LAST 0x0304

/* Our setting differs from main.cf. */
__attribute__((format(printf, 4, 5))) static void disagree(const struct patient *patient,
							   struct finding *finding,
							   const char *parameter,
							   const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	finding_say(finding, HEALTH_WRONG,
		    "%s = %s, but the prober's setting differs: it may demand what Postfix cannot "
		    "do, and then mail waits",
		    parameter, patient_value(patient, parameter));
	finding_mend_setting(finding, patient, line, PROBER);
}

static void judge_families(const struct patient *patient, struct finding *finding)
{
	const char *value = patient_value(patient, "inet_protocols");
	struct span rest = span_of(value), item;
	unsigned families = 0;

	while (postconf_item(&rest, &item))
		families |= span_is(item, "all")    ? INET_IPV4 | INET_IPV6
			    : span_is(item, "ipv4") ? INET_IPV4
			    : span_is(item, "ipv6") ? INET_IPV6
						    : 0;
	if (families == 0 || families == patient->settings->inet_protocols)
		return;
	disagree(patient, finding, "inet_protocols", "inet_protocols = {%s}",
		 families == INET_IPV4   ? "\"ipv4\""
		 : families == INET_IPV6 ? "\"ipv6\""
					 : "\"ipv4\", \"ipv6\"");
}

/* The lowest version that a list such as smtp_tls_mandatory_protocols allows; 0: none. */
static uint16_t least_version(const char *list)
{
	struct span rest = span_of(list), item;
	unsigned named = 0, excluded = 0;
	uint16_t least = TLS_FIRST;

	while (postconf_item(&rest, &item)) {
		bool exclude = span_starts(item, "!"), from = span_starts(item, ">=");
		size_t skip = from ? 2 : exclude ? 1 : 0;
		char name[16] = "";
		uint16_t version;

		str_copy_n(name, sizeof(name), item.at + skip, item.len - skip);
		version = tls_version_parse(name);
		if (version < TLS_FIRST || version > TLS_LAST)
			continue;
		if (from)
			least = version;
		else
			*(exclude ? &excluded : &named) |= 1u << (version - TLS_FIRST);
	}
	for (uint16_t version = least; version <= TLS_LAST; version++) {
		unsigned bit = 1u << (version - TLS_FIRST);

		if ((excluded & bit) == 0 && (named == 0 || (named & bit) != 0))
			return version;
	}
	return 0;
}

static void judge_versions(const struct patient *patient, struct finding *finding)
{
	const char *list = patient_value(patient, "smtp_tls_mandatory_protocols");
	uint16_t least = least_version(list);

	if (list[0] == '\0' || least == 0 || least == patient->settings->smtp_min_tls)
		return;
	disagree(patient, finding, "smtp_tls_mandatory_protocols", "smtp_min_tls = %s",
		 tls_version_name(least));
}

static void exclude_ciphers(struct buf *list, const char *value)
{
	struct span rest = span_of(value), item;

	while (postconf_item(&rest, &item))
		buf_printf(list, ":!%.*s", (int)item.len, item.at);
}

/* The same list as tls_set_ciphers() in Postfix makes. Releases differ in what is long dead. */
static void judge_ciphers(const struct patient *patient, struct finding *finding)
{
	const char *grade = patient_value(patient, "smtp_tls_mandatory_ciphers");
	char parameter[64];
	struct buf list = { 0 };

	snprintf(parameter, sizeof(parameter), "tls_%.20s_cipherlist", grade);
	buf_append_str(&list, patient_value(patient, parameter));
	exclude_ciphers(&list, patient_value(patient, "smtp_tls_exclude_ciphers"));
	exclude_ciphers(&list, patient_value(patient, "smtp_tls_mandatory_exclude_ciphers"));
	if (grade[0] != '\0' && patient_value(patient, parameter)[0] != '\0' &&
	    !tls_ciphers_within(patient->settings->smtp_ciphers, buf_cstr(&list)))
		disagree(patient, finding, "smtp_tls_mandatory_ciphers", "smtp_ciphers = \"%s\"",
			 buf_cstr(&list));
	buf_free(&list);
}

static void judge_greetings(const struct patient *patient, struct finding *finding)
{
	const char *workarounds = patient_value(patient, "smtp_pix_workarounds");
	bool helo = postconf_has(workarounds, "disable_esmtp");

	if (helo != patient->settings->smtp_pix_workarounds)
		disagree(patient, finding, "smtp_pix_workarounds", "smtp_pix_workarounds = %s",
			 helo ? "true" : "false");
	if (strcmp(patient_value(patient, "smtp_never_send_ehlo"), "yes") == 0) {
		finding_say(finding, HEALTH_WRONG,
			    "smtp_never_send_ehlo = yes: Postfix never uses TLS");
		finding_mend_main(finding, "smtp_never_send_ehlo", "no");
		finding_mend_reload(finding);
	}
	if (postconf_has(patient_value(patient, "smtp_discard_ehlo_keywords"), "starttls")) {
		finding_say(finding, HEALTH_WRONG,
			    "smtp_discard_ehlo_keywords has starttls: Postfix never uses TLS");
		finding_mend_main(finding, "smtp_discard_ehlo_keywords", "");
		finding_mend_reload(finding);
	}
	if (patient_value(patient, "smtp_discard_ehlo_keyword_address_maps")[0] != '\0') {
		finding_say(finding, HEALTH_WARNING,
			    "smtp_discard_ehlo_keyword_address_maps = %s: if that has starttls for "
			    "a server that has TLS, TLS is required there, and the mail waits",
			    patient_value(patient, "smtp_discard_ehlo_keyword_address_maps"));
		finding_mend(finding, "# have no starttls in those tables; for a server that must "
				      "be reached without TLS:");
		finding_mend(finding, "# postseal override set DOMAIN hands-off");
	}
}

static void judge_servername(const struct patient *patient, struct finding *finding)
{
	const char *value = patient_value(patient, "smtp_tls_servername");
	bool hostname = strcmp(value, "hostname") == 0;

	if (value[0] != '\0' && !hostname) {
		finding_say(finding, HEALTH_WRONG,
			    "smtp_tls_servername = %s: the prober can send only the host's name or "
			    "none, so Postfix may see another certificate",
			    value);
		finding_mend_main(finding, "smtp_tls_servername", "");
		finding_mend_reload(finding);
	} else if (hostname != patient->settings->smtp_servername) {
		disagree(patient, finding, "smtp_tls_servername", "smtp_servername = %s",
			 hostname ? "hostname" : "none");
	}
}

static void judge_srv(const struct patient *patient, struct finding *finding)
{
	static const struct {
		const char *name;
		unsigned bit;
	} services[] = { { "smtp", SRV_SMTP },
			 { "submission", SRV_SUBMISSION },
			 { "submissions", SRV_SUBMISSIONS } };
	const char *value = patient_value(patient, "use_srv_lookup");
	char list[64] = "";
	unsigned bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		size_t len = strlen(list);

		if (!postconf_has(value, services[i].name))
			continue;
		bits |= services[i].bit;
		snprintf(list + len, sizeof(list) - len, "%s\"%s\"", len > 0 ? ", " : "",
			 services[i].name);
	}
	if (bits != patient->settings->use_srv_lookup)
		disagree(patient, finding, "use_srv_lookup", "use_srv_lookup = {%s}", list);
}

void doctor_judge_probe(const struct patient *patient, struct finding *finding)
{
	judge_families(patient, finding);
	judge_versions(patient, finding);
	judge_ciphers(patient, finding);
	judge_greetings(patient, finding);
	judge_servername(patient, finding);
	judge_srv(patient, finding);
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "its settings match main.cf");
}

/*
 * Where does Postfix send?
 */

/* ToASCII of 2003 makes other names of some: not those that the answer was about. */
static void judge_names(const struct patient *patient, struct finding *finding)
{
	static const char parameter[] = "enable_idna2003_compatibility";

	if (strcmp(patient_value(patient, parameter), "yes") != 0)
		return;
	finding_say(finding, HEALTH_WRONG,
		    "%s = yes: for a domain with a sharp s or a final sigma Postfix asks about one "
		    "name and sends to another, so mail may leave in the clear where TLS is "
		    "required",
		    parameter);
	finding_mend_main(finding, parameter, "no");
	finding_mend_reload(finding);
}

static void judge_host_lookup(const struct patient *patient, struct finding *finding)
{
	const char *value = patient_value(patient, "smtp_host_lookup");

	/* Without `dns` it is wrong for other reasons: doctor_judge_dane_switches. */
	if (!postconf_has(value, "native") || !postconf_has(value, "dns"))
		return;
	finding_say(finding, HEALTH_WARNING,
		    "smtp_host_lookup = %s: the prober asks the DNS alone, so mail to a host that "
		    "only /etc/hosts or the like knows waits",
		    value);
	finding_mend(finding, "# write such a host's address as the next hop, [192.0.2.1], or:");
	finding_mend(finding, "# postseal override set '[HOST]' hands-off");
}

static void judge_port(const struct patient *patient, struct finding *finding)
{
	const char *value = patient_value(patient, "smtp_tcp_port");
	char text[64], line[LINE_SIZE];
	struct nexthop nexthop;

	snprintf(text, sizeof(text), "[192.0.2.1]:%.32s", value);
	if (value[0] == '\0' || nexthop_parse(&nexthop, text, strlen(text)) != NEXTHOP_OK ||
	    nexthop_port(&nexthop, SMTP_PORT) == patient->settings->smtp_port)
		return;
	finding_say(finding, HEALTH_WRONG,
		    "smtp_tcp_port = %s, and the prober looks at port %u: Postfix may be held to "
		    "what another server has, and mail waits, or leaves in the clear",
		    value, (unsigned)patient->settings->smtp_port);
	snprintf(line, sizeof(line), "smtp_port = %u", (unsigned)nexthop_port(&nexthop, SMTP_PORT));
	finding_mend_setting(finding, patient, line, PROBER);
	finding_mend_unit(finding, "restart", "postseal-socketmap");
}

void doctor_judge_destinations(const struct patient *patient, struct finding *finding)
{
	judge_names(patient, finding);
	judge_host_lookup(patient, finding);
	judge_port(patient, finding);
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "it asks for the same names, hosts and port");
}
