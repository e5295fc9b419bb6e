/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_look_dns - finds out whether each resolver validates. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/doctor/doctor_look.h"
#include "io/dns/dns_answer.h"
#include "io/dns/dns_exchange.h"
#include "io/local/command.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define QUERY_MAX 512
#define SHOWN_MAX 4096 /* of what systemctl(1) shows */
#define FLAG_CD 0x10   /* fourth byte of the header (RFC 4035 3.2.2) */

/* False when there is no answer at all. Else end it with dns_answer_free. */
static bool ask(const struct dns_server *server, const char *name, enum dns_type type,
		bool unchecked, struct dns_answer *answer)
{
	static uint8_t reply[DNS_MESSAGE_MAX];
	uint8_t query[QUERY_MAX];
	size_t len = dns_question(query, sizeof(query), name, type);
	ssize_t got;

	if (len == 0)
		return false;
	if (unchecked)
		query[3] |= FLAG_CD;
	got = dns_exchange(server, query, len, DOCTOR_PATIENCE_MS, reply);
	if (got < 0)
		return false;
	dns_answer_read(answer, reply, (size_t)got, name, type);
	return true;
}

/* The name is signed, and so is the proof that it has no such records. */
static void ask_signed(const struct dns_server *server, struct doctor_server *seen)
{
	struct dns_answer answer;

	if (!ask(server, DOCTOR_SIGNED_NAME, DNS_TXT, false, &answer)) {
		str_copy(seen->trouble, sizeof(seen->trouble), strerror(errno));
		return;
	}
	if (answer.status == LOOKUP_ERROR)
		str_copy(seen->trouble, sizeof(seen->trouble), answer.trouble);
	else
		seen->signed_name = answer.authentic ? SIGNED_PROVEN : SIGNED_UNPROVEN;
	dns_answer_free(&answer);
}

/* SERVFAIL has many causes. If it goes away with checking disabled, DNSSEC was the cause. */
static bool answers_unchecked(const struct dns_server *server)
{
	struct dns_answer answer;
	bool found;

	if (!ask(server, DOCTOR_BROKEN_NAME, DNS_A, true, &answer))
		return false;
	found = answer.status == LOOKUP_FOUND;
	dns_answer_free(&answer);
	return found;
}

static void ask_broken(const struct dns_server *server, struct doctor_server *seen)
{
	struct dns_answer answer;

	if (!ask(server, DOCTOR_BROKEN_NAME, DNS_A, false, &answer)) {
		str_copy(seen->trouble, sizeof(seen->trouble), strerror(errno));
		return;
	}
	if (answer.status == LOOKUP_FOUND)
		seen->broken_name = BROKEN_BELIEVED;
	else if (answer.status == LOOKUP_ABSENT && answer.authentic)
		seen->broken_name = BROKEN_ABSENT;
	else if (answer.servfail && answers_unchecked(server))
		seen->broken_name = BROKEN_REFUSED;
	else
		str_copy(seen->trouble, sizeof(seen->trouble),
			 answer.status == LOOKUP_ERROR ? answer.trouble : "no such name");
	dns_answer_free(&answer);
}

/* A server that is known already is not asked again. */
static void look_at_server(const struct patient *patient, const struct dns_server *server,
			   struct doctor_server *seen)
{
	const struct doctor_servers *known[] = { &patient->ours, &patient->mta };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		for (size_t j = 0; j < known[i]->count; j++) {
			if (strcmp(known[i]->list[j].text, server->text) == 0) {
				*seen = known[i]->list[j];
				return;
			}
		}
	}
	str_copy(seen->text, sizeof(seen->text), server->text);
	seen->loopback = server->loopback;
	ask_signed(server, seen);
	if (seen->signed_name == SIGNED_PROVEN)
		ask_broken(server, seen);
}

static void add_server(const struct patient *patient, struct doctor_servers *servers,
		       const struct dns_server *server)
{
	struct doctor_server seen = { 0 };

	look_at_server(patient, server, &seen);
	servers->list[servers->count++] = seen;
}

static void look_at_file(const struct patient *patient, struct doctor_servers *servers,
			 const char *path)
{
	struct dns_server listed[DNS_SERVERS_MAX];
	size_t count;

	str_copy(servers->source, sizeof(servers->source), path);
	/* Without the file, the server on this machine is asked (resolv.conf(5)). */
	servers->read = access(path, R_OK) == 0 ? LOOKUP_FOUND
			: errno == ENOENT       ? LOOKUP_ABSENT
						: LOOKUP_ERROR;
	count = dns_servers_read(listed, path);
	for (size_t i = 0; i < count; i++)
		add_server(patient, servers, &listed[i]);
}

static void look_at_setting(struct patient *patient)
{
	const struct string_list *names = &patient->settings->resolver;
	struct dns_server server;

	str_copy(patient->ours.source, sizeof(patient->ours.source), "resolver");
	for (size_t i = 0; i < names->count && patient->ours.count < DOCTOR_SERVERS_MAX; i++) {
		if (dns_server_parse(&server, names->items[i]))
			add_server(patient, &patient->ours, &server);
	}
}

/*
 * Why the resolver on this machine does not answer.
 */

static bool is_silent(const struct doctor_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (servers->list[i].signed_name == SIGNED_SILENT)
			return true;
	}
	return servers->count == 0;
}

/* Did systemd try to start it, in vain (systemctl(1), "failed")? */
static bool has_failed(void)
{
	char *argv[] = { (char[]){ "systemctl" }, (char[]){ "show" },
			 (char[]){ "--property=ActiveState" }, (char[]){ "unbound.service" },
			 NULL };
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };
	bool failed;

	failed = command_run(argv, SHOWN_MAX, clock_mono_ms() + DOCTOR_PATIENCE_MS, &output,
			     error) == LOOKUP_FOUND &&
		 strcmp(buf_cstr(&output), "ActiveState=failed\n") == 0;
	buf_free(&output);
	return failed;
}

static void look_at_unbound(struct doctor_unbound *unbound)
{
	unbound->failed = has_failed();
	/* Debian's service copies the second file, of package dns-root-data, to the first. */
	unbound->keyless = access("/var/lib/unbound/root.key", F_OK) != 0 && errno == ENOENT &&
			   access("/usr/share/dns/root.key", F_OK) != 0 && errno == ENOENT;
}

void doctor_look_resolvers(struct patient *patient)
{
	char path[DOCTOR_PATH_SIZE];

	if (patient->settings->resolver.count > 0)
		look_at_setting(patient);
	else
		look_at_file(patient, &patient->ours, RESOLV_CONF);
	look_at_file(patient, &patient->mta, RESOLV_CONF);
	patient->unbound.installed = access("/usr/sbin/unbound", X_OK) == 0;
	if (patient->unbound.installed && (is_silent(&patient->ours) || is_silent(&patient->mta)))
		look_at_unbound(&patient->unbound);
	if (!patient_chrooted(patient, "smtp/unix"))
		return;
	snprintf(path, sizeof(path), "%s" RESOLV_CONF, patient_value(patient, "queue_directory"));
	look_at_file(patient, &patient->chroot, path);
}
