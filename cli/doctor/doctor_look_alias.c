/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_look_alias - what secure aliases need of our own Postfix: TLS at smtpd(8), domains. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/doctor/doctor_look.h"
#include "io/local/command.h"
#include "io/tls/starttls.h"

#define OUTPUT_MAX 65536
#define SMTP_PORT 25
#define NAME_SIZE 256

/*
 * TLS at our own smtpd(8).
 */

/* An address that smtpd listens on: the first number in inet_interfaces, else loopback. */
static struct ipaddr own_address(const struct patient *patient)
{
	struct span rest = span_of(patient_value(patient, "inet_interfaces")), item;
	struct ipaddr address;

	while (postconf_item(&rest, &item)) {
		if (ipaddr_parse(&address, item.at, item.len))
			return address;
	}
	ipaddr_parse(&address, "127.0.0.1", strlen("127.0.0.1"));
	return address;
}

static void judge_door(struct doctor_thing *door, const struct observation *seen)
{
	switch (seen->observed) {
	case OBSERVED_TLS:
		break;
	case OBSERVED_PLAIN:
		doctor_note(door, LOOKUP_ABSENT, "our own smtpd(8) does not offer STARTTLS");
		break;
	case OBSERVED_TLS_FAILED:
		doctor_note(door, LOOKUP_ABSENT,
			    "our own smtpd(8) offers STARTTLS, but the handshake fails: %s",
			    seen->detail);
		break;
	default:
		doctor_note(door, LOOKUP_ERROR, "our own smtpd(8) does not answer on port %d: %s",
			    SMTP_PORT, seen->detail);
		break;
	}
}

static void look_at_door(struct patient *patient)
{
	struct ipaddr address = own_address(patient);
	struct starttls_target target = { .port = SMTP_PORT,
					  .addresses = &address,
					  .address_count = 1 };
	struct starttls_config config = { .ehlo_name = "localhost",
					  .step_ms = DOCTOR_PATIENCE_MS,
					  .probe_private = true };
	struct observation seen;
	char error[TLS_ERROR_SIZE];
	struct tls *tls = tls_new(&(struct tls_setup){ 0 }, error);

	if (tls == NULL) {
		doctor_note(&patient->door, LOOKUP_ERROR, "%s", error);
		return;
	}
	config.tls = tls;
	starttls_leave(starttls_probe(&config, &target, &seen));
	judge_door(&patient->door, &seen);
	tls_free(tls);
}

/* The files of smtpd's certificates. Notes one that does not exist. */
static void look_at_certificate(struct patient *patient)
{
	static const char *const parameters[] = { "smtpd_tls_cert_file", "smtpd_tls_eccert_file",
						  "smtpd_tls_chain_files" };

	for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
		struct span rest = span_of(patient_value(patient, parameters[i])), item;
		char path[DOCTOR_PATH_SIZE];

		while (postconf_item(&rest, &item)) {
			if (item.len == 0 || item.at[0] != '/' || item.len >= sizeof(path))
				continue;
			snprintf(path, sizeof(path), "%.*s", (int)item.len, item.at);
			patient->has_certificate = true;
			if (access(path, F_OK) != 0 && errno == ENOENT)
				doctor_note(&patient->certificate, LOOKUP_ABSENT, "%s", path);
		}
	}
}

/*
 * Domains that are delivered here.
 */

enum lookup doctor_ask_table(struct span table, const char *asked, struct buf *value)
{
	char name[NAME_SIZE], key[NAME_SIZE], spec[DOCTOR_PATH_SIZE], error[COMMAND_ERROR_SIZE];
	char *argv[] = { (char[]){ "postmap" }, (char[]){ "-q" }, key, spec, NULL };
	enum lookup got;

	if (span_starts(table, "socketmap:") || table.len >= sizeof(spec) ||
	    !str_copy(key, sizeof(key), asked))
		return LOOKUP_ABSENT;
	snprintf(spec, sizeof(spec), "%.*s", (int)table.len, table.at);
	/* postmap(1) also ends with status 1 if it may not read the table. */
	if (access(spec + strcspn(spec, ":") + (strchr(spec, ':') != NULL), R_OK) != 0 &&
	    errno == EACCES)
		return LOOKUP_ERROR;
	snprintf(name, sizeof(name), "postmap ended with status 1");
	got = command_run(argv, OUTPUT_MAX, clock_mono_ms() + DOCTOR_PATIENCE_MS, value, error);
	/* postmap(1): "exit status zero when the requested information was found". */
	return got == LOOKUP_ERROR && strcmp(error, name) == 0 ? LOOKUP_ABSENT : got;
}

static enum lookup table_has(struct span table, const char *name)
{
	struct buf value = { 0 };
	enum lookup got = doctor_ask_table(table, name, &value);

	buf_free(&value);
	return got;
}

/* In a list, a file of names counts like a table (postconf(5)). */
enum lookup doctor_list_has(const char *list, const char *domain)
{
	struct span rest = span_of(list), item;
	enum lookup result = LOOKUP_ABSENT;

	while (postconf_item(&rest, &item)) {
		enum lookup one = LOOKUP_ABSENT;

		if (memchr(item.at, ':', item.len) != NULL)
			one = table_has(item, domain);
		else if (item.len > 0 && item.at[0] == '/')
			one = LOOKUP_ERROR;
		else if (item.len == strlen(domain) &&
			 str_starts_nocase_n(item.at, item.len, domain))
			one = LOOKUP_FOUND;
		if (one == LOOKUP_FOUND)
			return one;
		if (one == LOOKUP_ERROR)
			result = one;
	}
	return result;
}

enum lookup doctor_is_delivered(const struct patient *patient, const char *domain)
{
	static const char *const lists[] = { "mydestination", "virtual_alias_domains",
					     "virtual_mailbox_domains" };
	enum lookup result = LOOKUP_ABSENT;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		enum lookup one = doctor_list_has(patient_value(patient, lists[i]), domain);

		if (one == LOOKUP_FOUND)
			return one;
		if (one == LOOKUP_ERROR)
			result = one;
	}
	return result;
}

/* Notes all that are not delivered here, or else one for which this is not known. */
static void look_at_domains(struct patient *patient)
{
	const struct string_list *domains = &patient->settings->secure_domains;
	struct buf absent = { 0 };

	for (size_t i = 0; i < domains->count; i++) {
		enum lookup here = doctor_is_delivered(patient, domains->items[i]);

		if (here == LOOKUP_ABSENT)
			buf_printf(&absent, "%s%s", absent.len > 0 ? ", " : "", domains->items[i]);
		else if (here == LOOKUP_ERROR)
			doctor_note(&patient->domains, here, "%s", domains->items[i]);
	}
	if (absent.len > 0)
		doctor_note(&patient->domains, LOOKUP_ABSENT, "%s", buf_cstr(&absent));
	buf_free(&absent);
}

void doctor_look_alias(struct patient *patient)
{
	if (patient->settings->secure_domains.count == 0 ||
	    patient->postfix.ran.state != LOOKUP_FOUND)
		return;
	look_at_door(patient);
	look_at_certificate(patient);
	look_at_domains(patient);
}
