/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json - what the verbs print with --json: one object, one line each, and the
 * way back for the status that the socketmap server sends. A member that is not
 * known or does not apply is null; dates are RFC 3339.
 */
#ifndef POSTSEAL_CLI_JSON_H
#define POSTSEAL_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/known.h"
#include "core/secure/digest.h"
#include "core/metrics/metrics.h"

/* What `status` shows of the line of JSON that io/json/status_json.h describes. */
struct standing {
	enum status_state state;
	bool guaranteed;
	char domain[NEXTHOP_SIZE];
	char tls_version[16];
	char cipher[CIPHER_SIZE];
	char reason[REASON_SIZE];
	int64_t downgrade_since; /* 0: none */
};

/* False when it is not what a status looks like. */
bool json_read_standing(struct standing *standing, const char *line, size_t len);

/* Each prints one line. */
void json_print_listed(const struct known *known);
void json_print_explained(const struct known *known, const struct cli *cli, struct ledger_txn *txn);
void json_print_history(const struct known *known, const struct cli *cli, struct ledger_txn *txn);
void json_print_forgotten(const char *domain, int64_t when, const struct history *history);
/* `override` NULL: there is none any more. */
void json_print_override(const char *key, const struct override *override);
void json_print_pins(const char *key, const struct pins *pins);
/* `alias` NULL: it is not on file. */
void json_print_alias(const char *address, const struct alias *alias,
		      const struct exceptions *exceptions, int64_t now);
void json_print_refusals(const char *mailbox, const struct digest_part *part);
/* What `doctor` found: texts as in doctor_judge.h, `mend` in lines. */
void json_print_finding(const char *check, const char *looks_at, const char *health,
			const char *found, const char *mend);
/* Of `preview`: all told, and a domain of which mail would have waited. */
void json_print_preview(uint64_t lines, uint64_t deliveries, uint64_t same, uint64_t waits,
			uint64_t unjudged, uint64_t strange);
void json_print_preview_domain(const char *domain, uint64_t waits, const char *last,
			       const char *reason);
/* A test mail; `tls` is "" where there was none. */
void json_print_trial(const char *to, const char *outcome, const char *text, const char *tls);
void json_print_sample(const struct metric_sample *sample);
/* Names and values as written in a file, for which `wanted` says yes. */
void json_print_settings(const struct settings *settings,
			 bool (*wanted)(const struct setting *setting, const char *value));

#endif
