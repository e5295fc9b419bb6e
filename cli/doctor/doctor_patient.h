/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_patient - all that `postseal doctor` looks at on this machine, as plain
 * data. doctor_look.h fills it in; doctor_judge.h judges it and asks nobody.
 *
 * What could not be looked at is LOOKUP_ERROR, with the reason; a zeroed
 * patient is LOOKUP_FOUND everywhere, so nothing is left unset.
 */
#ifndef POSTSEAL_CLI_DOCTOR_PATIENT_H
#define POSTSEAL_CLI_DOCTOR_PATIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lookup.h"
#include "core/secure/alias.h"
#include "cli/postconf.h"
#include "core/fleet/fleet_state.h"
#include "core/metrics/metrics.h"
#include "core/settings/settings.h"

#define DOCTOR_TEXT_SIZE 512
#define DOCTOR_PATH_SIZE 4096

/* A signed name, and one whose signatures are wrong on purpose, for tests like this one. */
#define DOCTOR_SIGNED_NAME "org"
#define DOCTOR_BROKEN_NAME "dnssec-failed.org"

/* Where the milter's socket is to be, under queue_directory: smtpd(8) may be chrooted there. */
#define DOCTOR_MILTER_FOLDER "/postseal"
#define DOCTOR_MILTER_SOCKET "milter.sock"

/* Where nginx finds its sites, and what ours is called (examples/mailbox/nginx.conf). */
#define DOCTOR_NGINX_SITES "/etc/nginx/sites-enabled"
#define DOCTOR_NGINX_SITE "postseal-sealed"

/* The answers to questions for these two. */
enum doctor_signed { SIGNED_SILENT, SIGNED_UNPROVEN, SIGNED_PROVEN };
enum doctor_broken {
	BROKEN_SILENT,   /* no answer, or SERVFAIL for another reason than DNSSEC */
	BROKEN_BELIEVED, /* answered as if nothing were wrong */
	BROKEN_REFUSED,  /* SERVFAIL, and an answer as soon as checking is disabled */
	BROKEN_ABSENT    /* proven not to exist: this is not the DNS of the Internet */
};

struct doctor_server {
	char text[80]; /* as it was written: "127.0.0.1", "[::1]:5353" */
	bool loopback;
	enum doctor_signed signed_name;
	enum doctor_broken broken_name;
	char trouble[64]; /* SILENT: why */
};

#define DOCTOR_SERVERS_MAX 3

struct doctor_servers {
	char source[DOCTOR_PATH_SIZE]; /* the setting's name, or the file they are from */
	enum lookup read;              /* ABSENT: there is no such file */
	size_t count;
	struct doctor_server list[DOCTOR_SERVERS_MAX];
};

/* A file or a service, and what was wrong with it. */
struct doctor_thing {
	enum lookup state;
	char text[DOCTOR_TEXT_SIZE]; /* unless FOUND; for the socketmap server, its reply */
};

__attribute__((format(printf, 3, 4))) void doctor_note(struct doctor_thing *thing,
						       enum lookup state, const char *format, ...);

/* The resolver that this machine should have. */
struct doctor_unbound {
	bool installed;
	/* Looked at only where a resolver is silent. */
	bool failed;  /* systemd tried to start it, and it ended */
	bool keyless; /* it has no trust anchor of the root, nor one to copy */
};

#define DOCTOR_LEVELS 4
extern const enum alias_level doctor_levels[DOCTOR_LEVELS];

struct doctor_postfix {
	struct doctor_thing ran;   /* postconf(1); the rest is filled in wholly or not at all */
	struct postconf values;    /* main.cf and defaults, $names expanded */
	struct postconf written;   /* the same as they were written */
	struct postconf services;  /* master.cf, a field each */
	struct postconf overrides; /* -o in master.cf, expanded */
	/* Files that are named there. */
	struct doctor_thing cas;                   /* smtp_tls_CAfile */
	size_t path_cas;                           /* certificates in smtp_tls_CApath, ... */
	bool path_cas_chrooted;                    /* ... as seen from inside the chroot */
	struct doctor_thing filter[DOCTOR_LEVELS]; /* smtp_delivery_status_filter */
};

struct doctor_ledger {
	struct doctor_thing opened;
	bool denied;           /* not opened for lack of permission alone */
	unsigned others;       /* mode bits: what all users may do with its files */
	char foreign_file[64]; /* a file in it that its owner cannot write; "" if none */
	size_t pins;           /* next hops with pins */
	size_t spoken;         /* hosts that spoke SMTP to a probe since yesterday */
	size_t silent;         /* hosts that were unreachable since yesterday */
	size_t delivered;      /* other hosts that a delivery reached since yesterday */
	int64_t stripping;     /* latest entry of the journal, and of its end; 0: none */
	int64_t stripping_ended;
	char log[DOCTOR_PATH_SIZE]; /* a log that `learn` has read; "" if none */
};

/* Sealed mail; looked at where mailbox_domain is set. */
struct doctor_mailbox {
	char route[DOCTOR_TEXT_SIZE]; /* what transport_maps say of mailbox_domain ... */
	struct doctor_thing routed;   /* ... if they say anything; ERROR: a table cannot be asked */
	struct doctor_thing apart;    /* ABSENT: `text` names a list that has the domain as well */
	struct doctor_thing records;  /* in the DNS; ABSENT: there are none ... */
	char elsewhere[DOCTOR_TEXT_SIZE]; /* ... or these hosts, none of which is this one */
	struct doctor_thing
		owners; /* of lists in aliases(5); ABSENT: there are some, `text` names them */
	struct doctor_thing sealed_headers; /* postseal-sealed-headers; ABSENT: no such file */
	struct doctor_thing marked_headers; /* the same of postseal-marked-headers */
	struct doctor_thing folder; /* of the milter's Unix socket; ABSENT: Postfix cannot enter */
	bool folder_open;           /* ... and all users can */
	/* Where the mailboxes are kept on this machine (mailbox_url). */
	char bounce_route[DOCTOR_TEXT_SIZE]; /* what transport_maps say of mailbox_bounce ... */
	struct doctor_thing bounced;         /* ... as above */
	struct doctor_thing
		bounce_known; /* to smtpd(8); ABSENT: `text` names the maps that lack it */
	struct doctor_thing runs;
	struct doctor_thing pages; /* ABSENT: what is served differs from what was installed */
	struct doctor_thing keys;  /* ABSENT: whoever has the store also has the keys */
	struct doctor_thing proxy; /* ABSENT: the pages cannot be fetched from mailbox_url */
	bool nameless;             /* mailbox_url has no address */
	bool has_nginx;            /* as Debian lays it out, and we may write to it ... */
	bool has_site;             /* ... and our file is there */
	bool has_certificate;      /* for mailbox_url, where the example expects it */
	int64_t certificate_ends;  /* of the proxy, seconds since 1970; 0: not known */
	struct doctor_thing wkd;   /* mailbox_wkd; ABSENT: nothing answers there */
	struct doctor_thing gpg;   /* ABSENT: there is no gpg(1) */
	struct doctor_thing clock; /* ABSENT: nothing sets it */
	unsigned others;           /* mode bits: what all users may do with both */
};

/* Hosts that share what they know (postseal-share(8)). */
struct doctor_fleet {
	bool shares; /* the ledger says so; `state` is its word */
	struct fleet_state state;
	size_t waiting;       /* records to be told at once */
	bool runs;            /* postseal-share */
	int64_t lag;          /* seconds since it read all that others told */
	size_t members, live; /* hosts, this one included; heard of lately */
};

struct patient {
	const struct settings *settings;
	const char *settings_file;
	int64_t now;
	struct doctor_servers ours, mta, chroot;
	struct doctor_unbound unbound;
	struct doctor_postfix postfix;
	struct doctor_ledger ledger;
	struct doctor_thing socketmap, prober, milter;
	/* What `policy` says of smtp_fallback_relay; ABSENT: `text` is one that need not do TLS. */
	struct doctor_thing fallback;
	struct doctor_thing
		learn; /* who follows a log; ABSENT: it died without being told to stop */
	bool learns;   /* one is there */
	bool stale[METRICS_DAEMON_COUNT]; /* runs, and goes by other settings than ours */
	struct doctor_thing
		socket; /* systemd's socket for the socketmap; ABSENT: enabled, but not active */
	/* Only where there are secure domains. */
	struct doctor_thing door;        /* TLS at our own smtpd(8) */
	bool has_certificate;            /* smtpd is told of one, ... */
	struct doctor_thing certificate; /* ... and its file; ABSENT: `text` is not there */
	struct doctor_thing
		domains; /* are they delivered here? ABSENT: `text` lists those that are not */
	struct doctor_mailbox mailbox;
	struct doctor_fleet fleet;
	struct doctor_thing cas; /* `ca_file`, or the system's */
	char cas_path[DOCTOR_PATH_SIZE];
};

/* Is this service of master.cf ("smtp/unix") run in a chroot? */
bool patient_chrooted(const struct patient *patient, const char *service);
/* Of main.cf; "" where Postfix knows no such parameter. */
const char *patient_value(const struct patient *patient, const char *parameter);
/* The same with its $names, as it stands in main.cf. */
const char *patient_written(const struct patient *patient, const char *parameter);
/* The same for a service, whose -o comes first. */
const char *patient_service_value(const struct patient *patient, const char *service,
				  const char *parameter);
/* For connections that this service makes. */
struct postconf_view patient_view(const struct patient *patient, const char *service);

#endif
