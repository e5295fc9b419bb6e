/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/tell.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utc.h"
#include "io/local/metrics_file.h"

#define AUTHOR "prober"

static bool add_entry(struct ledger_txn *txn, const char *subject, const char *event,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static bool add_entry(struct ledger_txn *txn, const char *subject, const char *event,
		      const char *fmt, ...)
{
	const struct ledger_note note = { clock_wall(), AUTHOR, subject, event };
	va_list args;
	bool added;

	va_start(args, fmt);
	added = ledger_vnote(txn, &note, fmt, args);
	va_end(args);
	return added;
}

bool tell_floor(struct ledger_txn *txn, const char *key, const struct history *history)
{
	metrics_count(METRIC1(EVENTS, METRIC_EVENT_RAISED));
	log_info("domain=%s has been reached over TLS; TLS is required from now on", key);
	return add_entry(txn, key, "raised", "reached over %s with %s; TLS is required from now on",
			 tls_version_name(history->last_version), history->last_cipher);
}

bool tell_floor_expired(struct ledger_txn *txn, const char *key, const struct history *history)
{
	char date[UTC_SIZE];

	metrics_count(METRIC1(EVENTS, METRIC_EVENT_EXPIRED));
	log_warning("domain=%s was last reached over TLS at %s, longer ago than history_max_age; "
		    "TLS is no longer required",
		    key, utc_format(date, history->last_tls));
	return add_entry(txn, key, "expired", "last TLS %s; older than history_max_age", date);
}

bool tell_override_expired(struct ledger_txn *txn, const char *key)
{
	metrics_count(METRIC1(EVENTS, METRIC_EVENT_OVERRIDE_EXPIRED));
	log_info("domain=%s the override has expired; the facts decide again", key);
	return add_entry(txn, key, "override-expired", "the facts decide again");
}

/* `what` is no longer offered since then; 0: it is offered again. */
static bool tell_downgrade(struct ledger_txn *txn, const char *kind, const char *key,
			   const char *what, const char *consequence, int64_t since)
{
	char date[UTC_SIZE];

	if (since == 0) {
		log_info("%s=%s offers %s again", kind, key, what);
		return add_entry(txn, key, "downgrade-ended", "%s is offered again", what);
	}
	utc_format(date, since);
	log_warning("%s=%s no longer offers %s since %s%s", kind, key, what, date, consequence);
	return add_entry(txn, key, "downgrade", "no %s since %s%s", what, date, consequence);
}

bool tell_domain_downgrade(struct ledger_txn *txn, const char *key, int64_t since)
{
	metrics_count(METRIC1(EVENTS, since != 0 ? METRIC_EVENT_DOMAIN_DOWNGRADE
						 : METRIC_EVENT_DOMAIN_DOWNGRADE_ENDED));
	return tell_downgrade(txn, "domain", key, "TLS", "; mail to it waits", since);
}

bool tell_sts_lost(struct ledger_txn *txn, const char *key)
{
	metrics_count(METRIC1(EVENTS, METRIC_EVENT_STS_LOST));
	log_warning("domain=%s no longer enforces MTA-STS", key);
	return add_entry(txn, key, "sts-lost", "MTA-STS is no longer enforced");
}

bool tell_mx_unsigned(struct ledger_txn *txn, const char *key)
{
	metrics_count(METRIC1(EVENTS, METRIC_EVENT_DANE_LOST));
	log_warning("domain=%s has MX records that are not signed any more; DANE no longer proves "
		    "its hosts",
		    key);
	return add_entry(txn, key, "dane-lost", "the MX records are not signed any more");
}

void tell_sts_enforced(const char *key)
{
	log_info(
		"domain=%s enforces MTA-STS; its MX hosts have to show their names in certificates",
		key);
}

bool tell_host_downgrade(struct ledger_txn *txn, const char *key, int64_t since)
{
	metrics_count(METRIC1(EVENTS, since != 0 ? METRIC_EVENT_HOST_DOWNGRADE
						 : METRIC_EVENT_HOST_DOWNGRADE_ENDED));
	return tell_downgrade(txn, "host", key, "STARTTLS", "", since);
}

bool tell_elsewhere(struct ledger_txn *txn, const char *key, int64_t since, const char *teller)
{
	char date[UTC_SIZE];

	log_info("host=%s no longer offers STARTTLS; %s tells it for all hosts", key, teller);
	return add_entry(txn, key, "downgrade-elsewhere", "no STARTTLS since %s; told by %s",
			 utc_format(date, since), teller);
}

bool tell_dane_lost(struct ledger_txn *txn, const char *key, enum tlsa_state now)
{
	metrics_count(METRIC1(EVENTS, METRIC_EVENT_DANE_LOST));
	log_warning("host=%s has no usable TLSA records any more", key);
	return add_entry(txn, key, "dane-lost", "TLSA records: %s", tlsa_state_name(now));
}

/* Once, and loudly: until an admin mends it, nothing that we see in the clear means anything. */
bool tell_stripping(struct ledger_txn *txn, const char *key, enum strip_change change)
{
	metrics_set(M_STRIPPED, change == STRIP_BEGAN);
	metrics_count(METRIC1(EVENTS, change == STRIP_BEGAN ? METRIC_EVENT_STRIPPING
							    : METRIC_EVENT_STRIPPING_ENDED));
	if (change == STRIP_BEGAN) {
		log_error(
			"host=%s is one of many that offer no STARTTLS any more: something between "
			"here and the Internet takes it away (a firewall's SMTP inspection, a "
			"transparent proxy); every requirement of TLS stays, and mail waits",
			key);
		return add_entry(
			txn, "*", "stripping",
			"many hosts lost STARTTLS at once, the latest being %.60s; our own "
			"network takes it away",
			key);
	}
	log_warning("host=%s offers STARTTLS, as most hosts do again", key);
	return add_entry(txn, "*", "stripping-ended", "most hosts offer STARTTLS again");
}

bool tell_path(struct ledger_txn *txn, const char *key)
{
	metrics_set(M_STRIPPED, 1);
	metrics_count(METRIC1(EVENTS, METRIC_EVENT_STRIPPING));
	log_error("host=%s offers STARTTLS to other hosts of the fleet, and not to this one: "
		  "something between here and there takes it away (a firewall's SMTP inspection, a "
		  "transparent proxy); nothing of that is learned, every requirement of TLS stays, "
		  "and mail waits",
		  key);
	return add_entry(txn, "*", "stripping",
			 "%.60s offers STARTTLS to other hosts of the fleet, and not to this one; "
			 "our own network takes it away",
			 key);
}

bool tell_resolver(struct ledger_txn *txn, const char *event, const char *why)
{
	return add_entry(txn, "*", event, "%.150s", why);
}

void tell_observation(const char *key, const struct observation *seen)
{
	if (seen->observed == OBSERVED_TLS)
		log_info("host=%s %s with %s, certificate verified: %s%s%s", key,
			 tls_version_name(seen->version), seen->cipher,
			 verified_name(seen->verified), seen->detail[0] != '\0' ? "; " : "",
			 seen->detail);
	else
		log_info("host=%s %s%s%s", key, observed_name(seen->observed),
			 seen->detail[0] != '\0' ? ": " : "", seen->detail);
}
