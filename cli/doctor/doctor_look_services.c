/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_look_services - do our daemons answer? And what they need: certificates, and the ledger,
 * with what it says about the network.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/doctor/doctor_look.h"
#include "core/protocol/prober_words.h"
#include "io/ledger/ledger.h"
#include "io/ledger/ledger_fleet.h"
#include "io/link/link.h"
#include "io/local/command.h"
#include "io/local/metrics_file.h"
#include "io/net/stream.h"
#include "io/tls/tls.h"

#define SHOWN_MAX 4096 /* of what systemctl(1) shows */

/*
 * Services.
 */

/* Whoever connects to a local socket needs permission to write to it. */
bool doctor_is_barred(const char *path)
{
	return access(path, W_OK) != 0 && errno == EACCES;
}

static bool listener_is_barred(const char *listener)
{
	struct endpoint endpoint;

	return endpoint_parse(&endpoint, listener) && endpoint.is_unix &&
	       doctor_is_barred(endpoint.path);
}

/*
 * Asks map `policy`, as Postfix does. The key is a parent domain, as Postfix asks for after
 * NOTFOUND, of a name that cannot exist: it is answered from the ledger at once, causes no
 * look-ups, and is ordinary in the log.
 */
static void look_at_socketmap(struct patient *patient)
{
	int64_t deadline = clock_mono_ms() + DOCTOR_PATIENCE_MS;
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];
	struct socketmap_client *client = socketmap_client_open(patient->settings, deadline, error);
	const struct string_list *listeners = &patient->settings->socketmap_listen;
	struct buf reply = { 0 };

	if (client == NULL && listeners->count > 0 && listener_is_barred(listeners->items[0]))
		doctor_note(&patient->socketmap, LOOKUP_ERROR, "%s", error);
	else if (client == NULL ||
		 !socketmap_client_ask(client, "policy", ".invalid", deadline, &reply, error))
		doctor_note(&patient->socketmap, LOOKUP_ABSENT, "%s", error);
	else if (!str_starts_nocase(buf_cstr(&reply), "OK ") &&
		 !str_starts_nocase(buf_cstr(&reply), "NOTFOUND "))
		doctor_note(&patient->socketmap, LOOKUP_ABSENT, "postseal-socketmap answers %s",
			    buf_cstr(&reply));
	socketmap_client_close(client);
	buf_free(&reply);
}

/* Is the relay held to TLS, whatever the DNS says? As Postfix asks, and the prober looks, too. */
static void look_at_relay(struct doctor_thing *fallback, const struct settings *settings,
			  struct span relay)
{
	int64_t deadline = clock_mono_ms() + DOCTOR_PATIENCE_MS;
	char error[SOCKETMAP_CLIENT_ERROR_SIZE], name[DOCTOR_TEXT_SIZE];
	struct socketmap_client *client = socketmap_client_open(settings, deadline, error);
	struct buf reply = { 0 };
	const char *said;

	snprintf(name, sizeof(name), "%.*s", (int)relay.len, relay.at);
	if (client == NULL ||
	    !socketmap_client_ask(client, "policy", name, deadline, &reply, error)) {
		doctor_note(fallback, LOOKUP_ERROR, "%s", error);
	} else {
		said = buf_cstr(&reply);
		if (strncmp(said, "NOTFOUND ", 9) == 0 || strcmp(said, "OK dane") == 0)
			doctor_note(fallback, LOOKUP_ABSENT, "%s", name);
		else if (strncmp(said, "OK ", 3) != 0)
			doctor_note(fallback, LOOKUP_ERROR, "%s", said);
	}
	socketmap_client_close(client);
	buf_free(&reply);
}

/* Postfix goes on to the next one where a relay cannot take the mail. */
static void look_at_fallback(struct patient *patient)
{
	struct span rest =
		span_of(patient_service_value(patient, "smtp/unix", "smtp_fallback_relay"));
	struct span relay;

	while (patient->fallback.state == LOOKUP_FOUND && postconf_item(&rest, &relay))
		look_at_relay(&patient->fallback, patient->settings, relay);
}

/* systemctl(1) prints a line for each property. */
static void look_at_socket(struct patient *patient)
{
	char *argv[] = { (char[]){ "systemctl" }, (char[]){ "show" },
			 (char[]){ "--property=ActiveState,UnitFileState" },
			 (char[]){ "postseal-socketmap.socket" }, NULL };
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };

	if (command_run(argv, SHOWN_MAX, clock_mono_ms() + DOCTOR_PATIENCE_MS, &output, error) ==
		    LOOKUP_FOUND &&
	    strstr(buf_cstr(&output), "UnitFileState=enabled\n") != NULL &&
	    strstr(buf_cstr(&output), "ActiveState=active\n") == NULL)
		doctor_note(&patient->socket, LOOKUP_ABSENT,
			    "postseal-socketmap.socket is enabled but not active: look-ups fail "
			    "while the server restarts");
	buf_free(&output);
}

static void look_at_prober(struct patient *patient)
{
	char error[PROBER_CLIENT_ERROR_SIZE], path[DOCTOR_PATH_SIZE];
	struct prober_client *client = prober_client_open(
		patient->settings->runtime, clock_mono_ms() + DOCTOR_PATIENCE_MS, error);

	snprintf(path, sizeof(path), "%s/%s", patient->settings->runtime, PROBER_SOCKET);
	if (client == NULL)
		doctor_note(&patient->prober, doctor_is_barred(path) ? LOOKUP_ERROR : LOOKUP_ABSENT,
			    "%s", error);
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
		doctor_note(&patient->milter,
			    listener_is_barred(listener) ? LOOKUP_ERROR : LOOKUP_ABSENT,
			    "cannot reach postseal-milter at %s: %s; is it running?", listener,
			    strerror(errno));
	else
		close(fd);
}

/* One that was told to stop is not missed, nor one that was never started. */
static void look_at_learn(struct patient *patient)
{
	char error[METRICS_FILE_ERROR_SIZE], date[UTC_SIZE];
	struct metrics_snapshot snapshot;
	bool alive;

	if (metrics_read(patient->settings->runtime, METRICS_LEARN, &snapshot, &alive, error) !=
	    LOOKUP_FOUND)
		return;
	patient->learns = alive;
	if (!alive && snapshot.ended == 0)
		doctor_note(&patient->learn, LOOKUP_ABSENT,
			    "postseal learn --follow, started at %s, has died",
			    utc_format(date, snapshot.started));
}

/* Each says by which settings it goes. One of another version cannot be asked. */
static void look_at_settings(struct patient *patient)
{
	for (enum metrics_source source = 0; source < METRICS_DAEMON_COUNT; source++) {
		char error[METRICS_FILE_ERROR_SIZE];
		struct metrics_snapshot snapshot;
		bool alive;

		patient->stale[source] =
			metrics_read(metrics_directory(patient->settings, source), source,
				     &snapshot, &alive, error) == LOOKUP_FOUND &&
			alive && snapshot.settings != 0 &&
			snapshot.settings !=
				settings_digest(patient->settings, metrics_source_name(source));
	}
}

/*
 * Certificates.
 */

void doctor_look_cas(struct doctor_thing *thing, const char *path)
{
	char error[TLS_ERROR_SIZE];
	struct tls *tls;

	if (access(path, R_OK) != 0) {
		doctor_note(thing, errno == EACCES ? LOOKUP_ERROR : LOOKUP_ABSENT, "%s",
			    strerror(errno));
		return;
	}
	tls = tls_new(&(struct tls_setup){ .ca_file = path }, error);
	if (tls == NULL)
		doctor_note(thing, LOOKUP_ABSENT, "it holds no certificates");
	tls_free(tls);
}

static void look_at_own_cas(struct patient *patient)
{
	/* Where Debian, Red Hat and the BSDs keep them, and OpenSSL and curl look. */
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
	doctor_look_cas(&patient->cas, patient->cas_path);
}

void doctor_look_services(struct patient *patient)
{
	look_at_socketmap(patient);
	look_at_fallback(patient);
	look_at_socket(patient);
	look_at_prober(patient);
	look_at_milter(patient);
	look_at_learn(patient);
	look_at_settings(patient);
	look_at_own_cas(patient);
}

/*
 * The ledger.
 */

static bool count_pins(void *context, const char *key, const struct pins *pins)
{
	struct patient *patient = context;

	(void)key;
	patient->ledger.pins += pins->count > 0;
	return true;
}

static bool count_host(void *context, const char *key, const struct host_facts *host)
{
	struct patient *patient = context;
	const struct observation *last = &host->last;
	int64_t yesterday = patient->now - UTC_DAY;
	bool probed = last->observed != OBSERVED_NOTHING && last->source == SOURCE_PROBE &&
		      last->time >= yesterday;

	(void)key;
	if (probed && last->observed != OBSERVED_UNREACHABLE)
		patient->ledger.spoken++;
	else if (probed)
		patient->ledger.silent++;
	else if (host->history.last_tls >= yesterday || host->history.last_plain >= yesterday)
		patient->ledger.delivered++;
	return true;
}

static bool note_stripping(void *context, const struct journal_entry *entry)
{
	struct patient *patient = context;

	if (strcmp(entry->event, "stripping") == 0)
		patient->ledger.stripping = entry->time;
	else if (strcmp(entry->event, "stripping-ended") == 0)
		patient->ledger.stripping_ended = entry->time;
	return true;
}

/* The logs that `learn` probably reads. */
static void find_log(struct patient *patient, struct ledger_txn *txn)
{
	const char *const logs[] = { "journal", "/var/log/mail.log",
				     patient_value(patient, "maillog_file") };

	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		struct logplace place;

		if (logs[i][0] != '\0' && ledger_get_place(txn, logs[i], &place) == LOOKUP_FOUND) {
			str_copy(patient->ledger.log, sizeof(patient->ledger.log),
				 i == 0 ? "the journal" : logs[i]);
			return;
		}
	}
}

static bool count_member(void *context, const char *name, const void *record)
{
	struct doctor_fleet *fleet = context;
	const struct fleet_member *member = record;

	(void)name;
	fleet->members++;
	fleet->live += member->seen + FLEET_LIVE >= fleet->state.exchanged;
	return true;
}

/* What postseal-share has to say is in the ledger, and in what it counts. */
static void look_at_fleet(struct patient *patient, struct ledger_txn *txn)
{
	struct doctor_fleet *fleet = &patient->fleet;
	char error[METRICS_FILE_ERROR_SIZE];
	struct metrics_snapshot *counted = mem_zero(1, sizeof(*counted));

	fleet->shares = ledger_get_fleet(txn, &fleet->state) == LOOKUP_FOUND;
	fleet->waiting = ledger_outbox_count(txn, LEDGER_BOX_NOW);
	ledger_each_member(txn, count_member, fleet);
	if (metrics_read(metrics_directory(patient->settings, METRICS_SHARE), METRICS_SHARE,
			 counted, &fleet->runs, error) == LOOKUP_FOUND)
		fleet->lag = (int64_t)counted->cell[M_SHARE_LAG];
	free(counted);
}

static void read_ledger(struct patient *patient, struct ledger *ledger)
{
	struct ledger_txn *txn = ledger_begin_read(ledger);
	bool whole = txn != NULL && ledger_each_pins(txn, count_pins, patient) &&
		     ledger_each_host(txn, count_host, patient) &&
		     ledger_each_journal(txn, "*", note_stripping, patient);

	if (whole)
		find_log(patient, txn);
	else
		doctor_note(&patient->ledger.opened, LOOKUP_ERROR,
			    "%s: some records cannot be read", patient->settings->ledger);
	if (txn != NULL)
		look_at_fleet(patient, txn);
	ledger_abort(txn);
}

static void look_at_file(struct doctor_ledger *ledger, const char *name, const struct stat *dir,
			 const struct stat *file)
{
	bool by_group = file->st_gid == dir->st_gid && (file->st_mode & S_IWGRP) != 0;

	/* A user who may not enter the directory cannot reach the file. */
	if ((dir->st_mode & S_IXOTH) != 0)
		ledger->others |= file->st_mode & (S_IROTH | S_IWOTH);
	/* Perhaps root made it, and forgot to become "postseal" first. */
	if (file->st_uid != dir->st_uid && !by_group)
		str_copy(ledger->foreign_file, sizeof(ledger->foreign_file), name);
}

static void look_at_files(struct patient *patient)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	struct stat dir, file;

	if (stat(patient->settings->ledger, &dir) != 0)
		return;
	patient->ledger.others = dir.st_mode & S_IWOTH;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[DOCTOR_PATH_SIZE];

		snprintf(path, sizeof(path), "%s/%s", patient->settings->ledger, names[i]);
		if (stat(path, &file) == 0)
			look_at_file(&patient->ledger, names[i], &dir, &file);
	}
}

void doctor_look_ledger(struct patient *patient)
{
	const char *dir = patient->settings->ledger;
	char error[LEDGER_ERROR_SIZE], path[DOCTOR_PATH_SIZE];
	struct ledger *ledger;
	struct stat st;
	bool missing;

	look_at_files(patient);
	ledger = ledger_open(dir, LEDGER_READ, error);
	if (ledger != NULL) {
		read_ledger(patient, ledger);
	} else {
		patient->ledger.denied = errno == EACCES;
		snprintf(path, sizeof(path), "%s/data.mdb", dir);
		missing = stat(path, &st) != 0 && errno == ENOENT;
		doctor_note(&patient->ledger.opened, missing ? LOOKUP_ABSENT : LOOKUP_ERROR, "%s",
			    error);
	}
	ledger_close(ledger);
}
