/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy/status.h"

#include "base/num.h"
#include "core/policy/fold.h"

static const struct {
	const char *name;
	const char *label;
} states[] = {
	[STATUS_UNKNOWN] = { "unknown", "SSL ?" },
	[STATUS_PLAIN] = { "plain", "no SSL" },
	[STATUS_TLS] = { "tls", "SSL ok" },
	[STATUS_DANE] = { "dane", "DANE ok" },
};

const char *status_state_name(enum status_state state)
{
	return states[state].name;
}

const char *status_label(enum status_state state)
{
	return states[state].label;
}

/*
 * DANE governs the answer, so "DANE ok" is true of whatever leaves: not at level
 * `dane`, under which Postfix takes any host that it finds without TLSA records.
 */
static bool by_dane(const struct decision *d)
{
	return d->verdict == VERDICT_POLICY && d->level == LEVEL_DANE_ONLY &&
	       (d->under == RULE_DANE_ALL || d->under == RULE_DANE_SOME);
}

static enum status_state state_of(const struct decision *d, bool any_tls, bool any_plain)
{
	if (by_dane(d))
		return STATUS_DANE;
	if (d->guaranteed || any_tls)
		return STATUS_TLS;
	return any_plain ? STATUS_PLAIN : STATUS_UNKNOWN;
}

static void note_host(struct status *status, const struct facts *facts, size_t i)
{
	const struct host_facts *host = &facts->host[i];

	status->host[status->hosts++] = (struct status_host){
		.host = facts->domain.mx.refs[i].host,
		.tls = fold_now_tls(&host->history),
		.dane = host->tlsa == TLSA_USABLE &&
			observation_by_dane(&host->last, facts->nexthop.name),
		.version = host->history.last_version,
		.cipher = host->history.last_cipher,
	};
	status->checked = num_max(status->checked, host->addr_fresh.checked);
	status->checked = num_max(status->checked, host->last.time);
}

/* The symbol's small print is of the latest handshake with any of the hosts. */
static void note_latest(struct status *status, const struct history *history)
{
	if (history->last_tls > 0 && history->last_tls >= status->last_tls) {
		status->last_tls = history->last_tls;
		status->version = history->last_version;
		status->cipher = history->last_cipher;
	}
	status->first_tls = num_earlier(status->first_tls, history->first_tls);
}

void status_of(struct status *status, const struct facts *facts, const struct decision *decision)
{
	bool any_tls = false;
	bool any_plain = false;

	*status = (struct status){
		.guaranteed = decision->guaranteed,
		.level = decision->level,
		.reason = decision->reason,
		.cipher = "",
		.checked = num_max(facts->domain.mx.fresh.checked, facts->domain.mx.fresh.failed),
	};
	note_latest(status, &facts->domain.history);
	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		const struct host_facts *host = &facts->host[i];

		any_tls |= fold_now_tls(&host->history);
		any_plain |= fold_now_plain(&host->history);
		note_host(status, facts, i);
		if (facts->domain.forgotten == 0)
			note_latest(status, &host->history);
	}
	if (decision->floor)
		status->downgrade_since = fold_domain_downgrade_since(facts);
	status->state = state_of(decision, any_tls, any_plain);
}
