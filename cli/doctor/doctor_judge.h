/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_judge - what to think of what was found on this machine, and what to
 * type to mend it. Pure: no file, socket, clock or environment.
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

struct finding {
	enum health health;
	struct buf found; /* a sentence, without a full stop */
	/*
	 * Lines for a shell, each with its newline; those that start with "# " say
	 * what no command can do. Empty where there is nothing to mend.
	 */
	struct buf mend;
};

/* What must have been seen for a check to make sense. */
enum doctor_needs { NEEDS_NOTHING, NEEDS_POSTFIX, NEEDS_LEDGER, NEEDS_ALIASES /* and Postfix */ };

struct check {
	const char *name;     /* short and for ever: scripts know it */
	const char *looks_at; /* one phrase */
	enum doctor_needs needs;
	void (*judge)(const struct patient *patient, struct finding *finding);
};

extern const struct check doctor_checks[];
extern const size_t doctor_checks_count;

/* *finding is all new; end it with finding_free. */
void doctor_judge(const struct patient *patient, const struct check *check,
		  struct finding *finding);
void finding_free(struct finding *finding);

/*
 * For the judges of doctor_judge_*.c.
 */

/* The health, the worse one if there are several, and the next sentence of `found`. */
__attribute__((format(printf, 3, 4))) void find(struct finding *finding, enum health health,
						const char *format, ...);
/* The next line of `mend`. */
__attribute__((format(printf, 2, 3))) void mend(struct finding *finding, const char *format, ...);
/* A parameter of main.cf, or an -o of a service; mend_reload goes last. */
void mend_main(struct finding *finding, const char *parameter, const char *value);
void mend_service(struct finding *finding, const char *service, const char *parameter,
		  const char *value);
void mend_reload(struct finding *finding);
/* `line` is what is to stand in postseal.conf; and then the daemon is started anew. */
void mend_setting(struct finding *finding, const struct patient *patient, const char *line,
		  const char *daemon);

/*
 * Our maps, as the Postfix service that asks them (for example "smtp/unix")
 * writes them.
 */
struct our_map {
	const char *service;
	const char *name;
};

/* Where a map of ours stands in a list of look-up tables. */
struct our_map_place {
	bool found;
	bool first;         /* no other table is asked before it */
	bool tlsrpt;        /* its +tlsrpt form */
	bool beyond_chroot; /* not found, and would be if `service` were not chrooted */
};

struct our_map_place find_our_map(const struct patient *patient, const struct our_map *map,
				  const char *list);
/* "socketmap:inet:127.0.0.1:7672:policy"; false where the service can reach none of ours. */
bool write_our_map(struct buf *out, const struct patient *patient, const struct our_map *map);

/* Is that where we listen? `listener` as in the settings. */
bool is_listener(const struct endpoint *endpoint, const char *listener);
/* How the service writes one of our endpoints; false where it cannot reach it. */
bool postfix_place(struct buf *out, const struct patient *patient, const char *service,
		   const char *listener);

void judge_resolver(const struct patient *patient, struct finding *finding);
void judge_resolver_trust(const struct patient *patient, struct finding *finding);
void judge_mta_resolver(const struct patient *patient, struct finding *finding);
void judge_chroot_resolver(const struct patient *patient, struct finding *finding);

void judge_version(const struct patient *patient, struct finding *finding);
void judge_policy_map(const struct patient *patient, struct finding *finding);
void judge_dns_support(const struct patient *patient, struct finding *finding);
void judge_dane_switches(const struct patient *patient, struct finding *finding);
void judge_tls_level(const struct patient *patient, struct finding *finding);
void judge_insecure_mx(const struct patient *patient, struct finding *finding);
void judge_pin_digest(const struct patient *patient, struct finding *finding);
void judge_tls_log(const struct patient *patient, struct finding *finding);
void judge_mta_cas(const struct patient *patient, struct finding *finding);
void judge_overrides(const struct patient *patient, struct finding *finding);

void judge_milter(const struct patient *patient, struct finding *finding);
void judge_milter_action(const struct patient *patient, struct finding *finding);
void judge_transport_map(const struct patient *patient, struct finding *finding);
void judge_transports(const struct patient *patient, struct finding *finding);
void judge_alias_map(const struct patient *patient, struct finding *finding);
void judge_ways_around(const struct patient *patient, struct finding *finding);

void judge_socketmap_runs(const struct patient *patient, struct finding *finding);
void judge_prober_runs(const struct patient *patient, struct finding *finding);
void judge_milter_runs(const struct patient *patient, struct finding *finding);
void judge_learning(const struct patient *patient, struct finding *finding);
void judge_ledger(const struct patient *patient, struct finding *finding);
void judge_cas(const struct patient *patient, struct finding *finding);
void judge_port(const struct patient *patient, struct finding *finding);
void judge_stripping(const struct patient *patient, struct finding *finding);

#endif
