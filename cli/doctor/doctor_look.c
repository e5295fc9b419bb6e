/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/doctor/doctor_look.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/protocol/prober_words.h"
#include "io/local/metrics_file.h"
#include "io/link/prober_client.h"
#include "io/local/settings_file.h"
#include "io/link/socketmap_client.h"
#include "io/net/stream.h"
#include "io/tls/tls.h"

#include <sys/un.h>

void note_thing(struct doctor_thing *thing, enum lookup state, const char *format, ...)
{
	va_list args;

	thing->state = state;
	va_start(args, format);
	vsnprintf(thing->text, sizeof(thing->text), format, args);
	va_end(args);
}

/*
 * Services.
 */

/* Connecting to a local socket needs permission to write it. */
static bool is_barred(const char *path)
{
	return access(path, W_OK) != 0 && errno == EACCES;
}

static bool listener_is_barred(const char *listener)
{
	struct endpoint endpoint;

	return endpoint_parse(&endpoint, listener) && endpoint.is_unix && is_barred(endpoint.path);
}

/*
 * Map `policy`, as Postfix asks it, for a key that is answered from the ledger at
 * once, makes no one look anything up, and is no odd thing in anyone's log: the
 * parent that Postfix asks for after NOTFOUND, of a domain that cannot be.
 */
static void look_at_socketmap(struct patient *patient)
{
	int64_t deadline = clock_mono_ms() + DOCTOR_PATIENCE_MS;
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];
	struct socketmap_client *client = socketmap_client_open(patient->settings, deadline, error);
	const struct string_list *listeners = &patient->settings->socketmap_listen;
	struct buf reply = { 0 };

	if (client == NULL && listeners->count > 0 && listener_is_barred(listeners->items[0]))
		note_thing(&patient->socketmap, LOOKUP_ERROR, "%s", error);
	else if (client == NULL ||
		 !socketmap_client_ask(client, "policy", ".invalid", deadline, &reply, error))
		note_thing(&patient->socketmap, LOOKUP_ABSENT, "%s", error);
	else if (!str_starts_nocase(buf_cstr(&reply), "OK ") &&
		 !str_starts_nocase(buf_cstr(&reply), "NOTFOUND "))
		note_thing(&patient->socketmap, LOOKUP_ABSENT, "postseal-socketmap answers %s",
			   buf_cstr(&reply));
	socketmap_client_close(client);
	buf_free(&reply);
}

static void look_at_prober(struct patient *patient)
{
	char error[PROBER_CLIENT_ERROR_SIZE], path[DOCTOR_PATH_SIZE];
	struct prober_client *client = prober_client_open(
		patient->settings->runtime, clock_mono_ms() + DOCTOR_PATIENCE_MS, error);

	snprintf(path, sizeof(path), "%s/%s", patient->settings->runtime, PROBER_SOCKET);
	if (client == NULL)
		note_thing(&patient->prober, is_barred(path) ? LOOKUP_ERROR : LOOKUP_ABSENT, "%s",
			   error);
	prober_client_close(client);
}

static void look_at_milter(struct patient *patient)
{
	const char *listener = patient->settings->milter_listen;
	struct endpoint endpoint;
	int fd;

	if (patient->settings->secure_domains.count == 0 || !endpoint_parse(&endpoint, listener))
		return;
	fd = stream_connect_endpoint(&endpoint, clock_mono_ms() + DOCTOR_PATIENCE_MS);
	if (fd < 0)
		note_thing(&patient->milter,
			   listener_is_barred(listener) ? LOOKUP_ERROR : LOOKUP_ABSENT,
			   "cannot reach postseal-milter at %s: %s; is it running?", listener,
			   strerror(errno));
	else
		close(fd);
}

/* One that was told to end is not missed, nor one that never began. */
static void look_at_learn(struct patient *patient)
{
	char error[METRICS_FILE_ERROR_SIZE], date[UTC_SIZE];
	struct metrics_snapshot snapshot;
	bool alive;

	if (metrics_read(patient->settings->runtime, METRICS_LEARN, &snapshot, &alive, error) ==
		    LOOKUP_FOUND &&
	    !alive && snapshot.ended == 0)
		note_thing(&patient->learn, LOOKUP_ABSENT,
			   "postseal learn --follow was started at %s "
			   "and has died",
			   utc_format(date, snapshot.started));
}

/*
 * Certificates.
 */

void look_at_cas(struct doctor_thing *thing, const char *path)
{
	char error[TLS_ERROR_SIZE];
	struct tls *tls;

	if (access(path, R_OK) != 0) {
		note_thing(thing, errno == EACCES ? LOOKUP_ERROR : LOOKUP_ABSENT, "%s",
			   strerror(errno));
		return;
	}
	tls = tls_new(path, error);
	if (tls == NULL)
		note_thing(thing, LOOKUP_ABSENT, "there are no certificates in it");
	tls_free(tls);
}

static void look_at_own_cas(struct patient *patient)
{
	/* Where Debian, Red Hat and the BSDs keep them; OpenSSL and curl look there. */
	static const char *const stores[] = { "/etc/ssl/certs/ca-certificates.crt",
					      "/etc/pki/tls/certs/ca-bundle.crt",
					      "/etc/ssl/cert.pem" };
	const char *path = patient->settings->ca_file;

	for (size_t i = 0; path[0] == '\0' && i < ARRAY_LEN(stores); i++) {
		if (access(stores[i], F_OK) == 0)
			path = stores[i];
	}
	snprintf(patient->cas_path, sizeof(patient->cas_path), "%s",
		 path[0] != '\0' ? path : stores[0]);
	look_at_cas(&patient->cas, patient->cas_path);
}

void look_at_services(struct patient *patient)
{
	look_at_socketmap(patient);
	look_at_prober(patient);
	look_at_milter(patient);
	look_at_learn(patient);
	look_at_own_cas(patient);
}

struct patient *doctor_look(const struct cli *cli)
{
	struct patient *patient = mem_zero(1, sizeof(*patient));

	patient->settings = &cli->settings;
	patient->settings_file =
		cli->settings_file != NULL ? cli->settings_file : SETTINGS_FILE_DEFAULT;
	patient->now = cli->now;
	look_at_postfix(patient);
	look_at_resolvers(patient);
	look_at_ledger(patient);
	look_at_services(patient);
	return patient;
}

void patient_free(struct patient *patient)
{
	postconf_free(&patient->postfix.values);
	postconf_free(&patient->postfix.written);
	postconf_free(&patient->postfix.services);
	postconf_free(&patient->postfix.overrides);
	free(patient);
}
