/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json - what the verbs print with --json: one object, one line each. A member that is
 * not known or does not apply is null; dates are RFC 3339.
 */
#ifndef POSTSEAL_CLI_JSON_H
#define POSTSEAL_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/known.h"
#include "core/alert/alert.h"
#include "core/fleet/fleet_state.h"
#include "core/log/waiting.h"
#include "core/secure/refusals.h"
#include "core/metrics/metrics.h"
#include "io/json/import_json.h"

/* Each prints one line. */
void json_print_listed(const struct known *known);
void json_print_explained(const struct known *known, const struct cli *cli, struct ledger_txn *txn);
void json_print_history(const struct known *known, const struct cli *cli, struct ledger_txn *txn);
void json_print_forgotten(const char *domain, int64_t when, const struct history *history);
/* `override` NULL: it was removed. */
/* One entry of what another program kept. */
void json_print_moved(size_t line, const char *subject, const char *outcome, const char *what);
void json_print_override(const char *key, const struct override *override);
void json_print_pins(const char *key, const struct pins *pins);
/* `alias` NULL: it is not on file. */
void json_print_alias(const char *address, const struct alias *alias,
		      const struct exceptions *exceptions, int64_t now);
void json_print_refusals(const char *mailbox, const struct digest_part *part);
/* A domain whose mail postseal holds up. */
void json_print_waiting(const struct waiting_domain *domain);
void json_print_alert(const struct alert *alert);
/* What `doctor` found: texts as in doctor_judge.h, `mend` in lines. */
void json_print_finding(const char *check, const char *looks_at, const char *health,
			const char *found, const char *mend);
/* An object of numbers. */
struct json_count {
	const char *name;
	uint64_t count;
};
void json_print_counts(const struct json_count *counts, size_t count);
void json_print_imported(const struct import_tally *tally);
/* Of `preview`: a domain of which mail would have waited. */
void json_print_preview_domain(const char *domain, uint64_t waits, const char *last,
			       const char *reason);
/* What this host shares, and with whom. False: not all members could be read. */
bool json_print_fleet(const struct fleet_state *state, size_t now, size_t later,
		      struct ledger_txn *txn);
/* What another host did, and `what` of it; a member, and what it did in a day. */
void json_print_fleet_entry(const char *host, const struct journal_entry *entry, const char *what);
void json_print_fleet_member(const struct fleet_member *member, const struct fleet_state *state,
			     uint64_t behind, size_t acts, size_t lost);
/* A test mail; `tls` is "" where there was none. */
void json_print_trial(const char *to, const char *outcome, const char *text, const char *tls);
void json_print_sample(const struct metric_sample *sample);
/* Names and values, as in a settings file, of those for which `wanted` says yes. */
void json_print_settings(const struct settings *settings,
			 bool (*wanted)(const struct setting *setting, const char *value));

#endif
