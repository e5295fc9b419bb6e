/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings - what an admin may set, in one table (DESIGN.md section 9).
 *
 * The table holds name, type, default, bounds, check and help of each setting;
 * the file reader, `postseal config`, the sample file and the manual page are
 * made from it or checked against it. This part is pure: reading a file is
 * io/local/settings_file.h.
 */
#ifndef POSTSEAL_CORE_SETTINGS_H
#define POSTSEAL_CORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/names/ipaddr.h"

enum first_contact { FIRST_CONTACT_WAIT, FIRST_CONTACT_DEFER, FIRST_CONTACT_MAY };
enum mixed_mx { MIXED_MX_STRICT, MIXED_MX_LENIENT };
enum secure_aliases { SECURE_ALIASES_ANY, SECURE_ALIASES_ENABLED };
enum mailbox_pin { MAILBOX_PIN_REQUIRE, MAILBOX_PIN_ALLOW, MAILBOX_PIN_OFF };

/* learn_from, as a set of bits. */
#define LEARN_PROBE 1u
#define LEARN_DELIVERY 2u

/* inet_protocols and use_srv_lookup, as sets of bits. */
#define INET_IPV4 1u
#define INET_IPV6 2u
#define SRV_SMTP 1u
#define SRV_SUBMISSION 2u
#define SRV_SUBMISSIONS 4u

/* The prober's socket, in the directory `runtime` (prober_words.h tells what is said there). */
#define PROBER_SOCKET "prober.sock"
/* The mailbox daemon's, in `mailbox_runtime` (postseal-mailbox(8), "Control socket"). */
#define MAILBOX_SOCKET "mailbox.sock"

/* Where postseal-share looks for the service `share`, unless $PGSERVICEFILE says otherwise. */
#define SHARE_SERVICE_FILE "/etc/postseal/share.conf"

struct string_list {
	size_t count;
	char **items; /* owned */
};

/* Compared byte by byte. */
bool string_list_has(const struct string_list *list, const char *item);

struct settings {
	char *ledger;
	char *runtime;
	struct string_list socketmap_listen;
	char *milter_listen;
	struct string_list resolver; /* empty: from resolv.conf */
	bool resolver_trust_ad;
	char *ehlo_name; /* "": the host's FQDN */
	uint16_t smtp_port;
	bool probe_private;
	int64_t smtp_timeout; /* seconds a step */
	unsigned inet_protocols;
	uint16_t smtp_min_tls; /* as on the wire: 0x0301 for TLSv1 */
	char *smtp_ciphers;
	bool smtp_pix_workarounds;
	bool smtp_servername;
	unsigned use_srv_lookup;
	size_t probe_workers;
	char *ca_file; /* "": the system's */
	enum first_contact first_contact;
	int64_t first_contact_wait; /* seconds */
	unsigned learn_from;
	size_t learn_after_successes;
	size_t learn_after_days;
	int64_t history_max_age; /* days; 0: for ever */
	enum mixed_mx mixed_mx;
	bool enforce;
	struct string_list enforce_domains; /* folded */
	bool mta_sts;
	struct string_list secure_domains; /* folded */
	enum secure_aliases secure_aliases;
	uint16_t secure_min_tls;         /* as on the wire: 0x0303 for TLSv1.2 */
	struct string_list secure_owner; /* "SECURE=ORDINARY", both folded (core/secure/alias.h) */
	bool refusal_digest;
	char *recipient_delimiter; /* a set of characters; "": none */
	size_t local_networks_count;
	struct ipnet *local_networks; /* owned */
	char *authserv_id;            /* "": what the MTA calls itself */
	/* Sealed mail, of postseal-mailbox; also read by postseal-milter and postseal-webmail. */
	char *mailbox_url; /* "https://host" or "https://host:port"; "": none */
	char *mailbox_listen;
	char *mailbox_intake;
	char *mailbox_submit;
	char *mailbox_store;
	char *mailbox_keys;
	char *mailbox_runtime;
	char *mailbox_token_key;
	char *mailbox_pages;
	char *mailbox_name;
	char *mailbox_logo;   /* a path, or "" */
	char *mailbox_domain; /* folded; "": mail is not sealed */
	char *mailbox_from;   /* as seal_address_take has it, or "" */
	char *mailbox_bounce; /* the same */
	enum mailbox_pin mailbox_pin;
	size_t mailbox_pin_length;
	size_t mailbox_pin_tries;
	int64_t mailbox_unopened, mailbox_expire, mailbox_warn;            /* days */
	uint64_t mailbox_quota, mailbox_store_quota, mailbox_message_size; /* MiB */
	size_t mailbox_replies_per_day;
	int64_t mailbox_session_idle; /* seconds */
	bool mailbox_notify_opened;
	char *mailbox_wkd;        /* postseal-wkd's socket, or "": no key is looked for */
	int64_t mailbox_wkd_wait; /* minutes */
	char *webmail_listen;
	struct string_list webmail_clients; /* names of local users */
	size_t webmail_rate;                /* units a minute for each user */
	char *alert_mail;                   /* as seal_address_take has it, ASCII; "": nobody */
	struct string_list alert_command;   /* a program's path and its arguments; empty: none */
	bool alert_summary;
	/* Of postseal-share. */
	char *share;         /* a service of libpq; "": this host shares with nobody */
	char *share_name;    /* "": the host's */
	char *share_runtime; /* directory of what it counts */
	int log_level;       /* enum log_level of base/log.h */
	int log_format;      /* enum log_format of base/log.h */
};

enum setting_type {
	SETTING_STRING,
	SETTING_PATH, /* absolute */
	SETTING_BOOL,
	SETTING_NUMBER, /* min .. max */
	SETTING_CHOICE, /* one of choices */
	SETTING_LIST,   /* of strings */
	SETTING_SET     /* some of choices */
};

#define SETTING_EXPECTED_SIZE 256

struct setting_fault {
	size_t index; /* which value is wrong; the number of values when that is */
	char expected[SETTING_EXPECTED_SIZE];
};

struct setting {
	const char *name;
	size_t offset, size; /* of the field of struct settings */
	enum setting_type type;
	const char *defaults[3];    /* values, then NULL; { "" } is an empty string */
	const char *const *choices; /* CHOICE and SET, NULL-terminated */
	int64_t min, max;           /* NUMBER; PATH: max is the longest, in bytes */
	const char *unit;           /* "seconds", "days", or NULL */
	bool fixed;                 /* a daemon takes it when it starts, and never again */
	const char *help;           /* one sentence or more, plain text */
	/*
	 * Puts the checked values into *settings, which is initialised. On
	 * failure returns false and sets *fault; nothing is changed then. The
	 * outcome depends on the values alone.
	 */
	bool (*put)(struct settings *settings, const struct setting *self,
		    const char *const *values, size_t count, struct setting_fault *fault);
	/* Appends the value as it would be written in a file, without newline. */
	void (*show)(const struct settings *settings, const struct setting *self, struct buf *out);
};

extern const struct setting settings_table[];
extern const size_t settings_table_count;

const struct setting *settings_find(const char *name); /* NULL: no such setting */
bool setting_is_list(const struct setting *setting);   /* takes any number of values */

/* What settings_adopt does with a setting that differs. */
typedef void settings_differ_fn(void *context, const struct setting *setting);

/*
 * Reload: *fresh has been read anew, while a daemon runs with *old. Where they differ,
 * `differ` is told; a `fixed` setting of *fresh is then put back to what *old has.
 */
void settings_adopt(struct settings *fresh, const struct settings *old, settings_differ_fn *differ,
		    void *context);

/*
 * Stands for the values by which `program` ("prober", as metrics_source_name has it) goes: two
 * readings of a file differ in it if that program has to take the later one. Never 0.
 */
uint64_t settings_digest(const struct settings *settings, const char *program);

/* All defaults. End with settings_free, which leaves a zeroed struct. */
void settings_init(struct settings *settings);
void settings_free(struct settings *settings);

#endif
