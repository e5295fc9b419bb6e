/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_judge - is what was found on this machine right, and if not, what to type to mend it.
 * Pure: no file, socket, clock or environment.
 */
#ifndef POSTSEAL_CLI_DOCTOR_JUDGE_H
#define POSTSEAL_CLI_DOCTOR_JUDGE_H

#include "base/buf.h"
#include "cli/doctor/doctor_patient.h"

enum health {
	HEALTH_OK,
	HEALTH_WARNING, /* works, but an admin should know */
	HEALTH_WRONG,
	HEALTH_UNSURE /* could not tell, and `found` says why */
};

const char *health_word(enum health health); /* "ok", "warning", "wrong", "unsure" */

/* What a line of `mend` does, for `postseal setup`, which carries it out. */
enum mend_kind {
	MEND_HAND,     /* a comment, or what only a person should do */
	MEND_FIRST,    /* the same, before all else: `word` says what is missing until then */
	MEND_POSTCONF, /* postconf(1), with `option` and `word` */
	MEND_COPY,     /* the file `option` into the directory `word` */
	MEND_SITE,     /* the file `option` for nginx, with the host `word` in it */
	MEND_RESOLVER, /* /etc/resolv.conf names the resolver `word` */
	MEND_FOLDER,   /* the folder `word` for the milter's socket, where there is none */
	MEND_SERVICE   /* systemctl(1), with `option` and `word`; or a reload of Postfix */
};

struct mend_step {
	enum mend_kind kind;
	char *line; /* as it is shown; all three belong to the finding */
	char *option;
	char *word;
};

struct finding {
	enum health health;
	struct buf found; /* a sentence, without a full stop */
	/*
	 * Lines for a shell, each with its newline; those that start with "# " say
	 * what no command can do. Empty where there is nothing to mend.
	 */
	struct buf mend;
	struct mend_step *steps; /* the same, line by line */
	size_t step_count;
};

/* What a check needs in order to make sense. */
enum doctor_needs {
	NEEDS_NOTHING,
	NEEDS_POSTFIX,
	NEEDS_LEDGER,
	NEEDS_ALIASES,  /* and Postfix */
	NEEDS_SEALED,   /* mailbox_domain, and Postfix */
	NEEDS_MAILBOXES /* that are kept on this machine */
};

struct doctor_check {
	const char *name;     /* short; never changed, since scripts use it */
	const char *looks_at; /* a question; "yes" is good */
	enum doctor_needs needs;
	void (*judge)(const struct patient *patient, struct finding *finding);
};

extern const struct doctor_check doctor_checks[];
extern const size_t doctor_checks_count;

/* *finding is all new; end it with finding_free. */
void doctor_judge(const struct patient *patient, const struct doctor_check *check,
		  struct finding *finding);
void finding_free(struct finding *finding);

/*
 * For the judges of doctor_judge_*.c.
 */

/* Adds a sentence to `found`. Of several healths the worst one stays. */
__attribute__((format(printf, 3, 4))) void finding_say(struct finding *finding, enum health health,
						       const char *format, ...);
/* Who has a folder for the milter's socket: it writes there, and what it makes has Postfix's group. */
#define MEND_FOLDER_USER "postseal"
#define MEND_FOLDER_GROUP "postfix"
#define MEND_FOLDER_MODE 02750

/* The next line of `mend`. */
__attribute__((format(printf, 2, 3))) void finding_mend(struct finding *finding, const char *format,
							...);
/* The same, of what has to be there first: `missing` says what, without a full stop. */
void finding_mend_first(struct finding *finding, const char *missing, const char *line);
/* The same, for steps that a program may do. */
void finding_mend_postconf(struct finding *finding, const char *option, const char *word);
void finding_mend_copy(struct finding *finding, const char *file, const char *directory);
void finding_mend_site(struct finding *finding, const char *file, const char *host);
void finding_mend_resolver(struct finding *finding, const char *address);
void finding_mend_folder(struct finding *finding, const char *path);
void finding_mend_unit(struct finding *finding, const char *verb, const char *unit);
/* A parameter of main.cf, or an -o of a service. Call finding_mend_reload last. */
void finding_mend_main(struct finding *finding, const char *parameter, const char *value);
void finding_mend_service(struct finding *finding, const char *service, const char *parameter,
			  const char *value);
void finding_mend_reload(struct finding *finding);
/* Write `line` to postseal.conf, and restart the daemon. */
void finding_mend_setting(struct finding *finding, const struct patient *patient, const char *line,
			  const char *daemon);

/*
 * One of our maps, and the Postfix service that asks it, for example "smtp/unix".
 */
struct doctor_map {
	const char *service;
	const char *name;
};

/* Where a map of ours stands in a list of look-up tables. */
struct doctor_map_place {
	bool found;
	bool first;         /* it is the first table of the list */
	bool tlsrpt;        /* its +tlsrpt form */
	bool beyond_chroot; /* not found, and would be if `service` were not chrooted */
};

struct doctor_map_place doctor_find_map(const struct patient *patient, const struct doctor_map *map,
					const char *list);
/* "socketmap:inet:127.0.0.1:7672:policy"; false where the service can reach none of ours. */
bool doctor_write_map(struct buf *out, const struct patient *patient, const struct doctor_map *map);

/* Is that the endpoint where we listen? `listener` is as in the settings. */
bool doctor_is_listener(const struct endpoint *endpoint, const char *listener);
/* How the service writes one of our endpoints; false where it cannot reach it. */
bool doctor_postfix_place(struct buf *out, const struct patient *patient, const char *service,
			  const char *listener);

/* Do masquerade_domains hide this domain in senders? */
bool doctor_masks(const struct patient *patient, const char *domain);
/* Mends it: `domain` is exempted. */
void doctor_mend_mask(const struct patient *patient, const char *domain, struct finding *finding);

void doctor_judge_resolver(const struct patient *patient, struct finding *finding);
void doctor_judge_resolver_trust(const struct patient *patient, struct finding *finding);
void doctor_judge_mta_resolver(const struct patient *patient, struct finding *finding);
void doctor_judge_chroot_resolver(const struct patient *patient, struct finding *finding);

void doctor_judge_version(const struct patient *patient, struct finding *finding);
void doctor_judge_policy_map(const struct patient *patient, struct finding *finding);
void doctor_judge_dns_support(const struct patient *patient, struct finding *finding);
void doctor_judge_dane_switches(const struct patient *patient, struct finding *finding);
void doctor_judge_tls_level(const struct patient *patient, struct finding *finding);
void doctor_judge_insecure_mx(const struct patient *patient, struct finding *finding);
void doctor_judge_pin_digest(const struct patient *patient, struct finding *finding);
void doctor_judge_tls_log(const struct patient *patient, struct finding *finding);
void doctor_judge_mta_cas(const struct patient *patient, struct finding *finding);
void doctor_judge_destinations(const struct patient *patient, struct finding *finding);
void doctor_judge_probe(const struct patient *patient, struct finding *finding);
void doctor_judge_overrides(const struct patient *patient, struct finding *finding);
void doctor_judge_fallback_relay(const struct patient *patient, struct finding *finding);

void doctor_judge_milter(const struct patient *patient, struct finding *finding);
void doctor_judge_milter_action(const struct patient *patient, struct finding *finding);
void doctor_judge_nul_bytes(const struct patient *patient, struct finding *finding);
void doctor_judge_transport_map(const struct patient *patient, struct finding *finding);
void doctor_judge_transports(const struct patient *patient, struct finding *finding);
void doctor_judge_alias_map(const struct patient *patient, struct finding *finding);
void doctor_judge_ways_around(const struct patient *patient, struct finding *finding);

void doctor_judge_own_tls(const struct patient *patient, struct finding *finding);
void doctor_judge_secure_domains(const struct patient *patient, struct finding *finding);

void doctor_judge_sealed_domain(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_dns(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_size(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_milters(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_filters(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_lists(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_door(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_marks(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_login(const struct patient *patient, struct finding *finding);
void doctor_judge_sealed_socket(const struct patient *patient, struct finding *finding);
void doctor_judge_mailbox_runs(const struct patient *patient, struct finding *finding);
void doctor_judge_mailbox_from(const struct patient *patient, struct finding *finding);
void doctor_judge_mailbox_pages(const struct patient *patient, struct finding *finding);
void doctor_judge_mailbox_keys(const struct patient *patient, struct finding *finding);
void doctor_judge_mailbox_proxy(const struct patient *patient, struct finding *finding);
void doctor_judge_mailbox_openpgp(const struct patient *patient, struct finding *finding);
void doctor_judge_mailbox_clock(const struct patient *patient, struct finding *finding);

void doctor_judge_socketmap_runs(const struct patient *patient, struct finding *finding);
void doctor_judge_socket(const struct patient *patient, struct finding *finding);
void doctor_judge_prober_runs(const struct patient *patient, struct finding *finding);
void doctor_judge_milter_runs(const struct patient *patient, struct finding *finding);
void doctor_judge_settings(const struct patient *patient, struct finding *finding);
void doctor_judge_learning(const struct patient *patient, struct finding *finding);
void doctor_judge_fleet(const struct patient *patient, struct finding *finding);
void doctor_judge_webmail(const struct patient *patient, struct finding *finding);
void doctor_judge_ledger(const struct patient *patient, struct finding *finding);
void doctor_judge_cas(const struct patient *patient, struct finding *finding);
void doctor_judge_port(const struct patient *patient, struct finding *finding);
void doctor_judge_stripping(const struct patient *patient, struct finding *finding);

#endif
