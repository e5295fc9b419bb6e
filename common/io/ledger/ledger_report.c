/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_report.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"

/* The same trouble is told once in so long. */
#define TROUBLE_AGAIN_MS INT64_C(600000)

void ledger_report_init(struct ledger_report *report, const char *dir)
{
	report->dir = dir;
	pthread_mutex_init(&report->lock, NULL);
}

void ledger_report_destroy(struct ledger_report *report)
{
	pthread_mutex_destroy(&report->lock);
}

bool ledger_report_is_news(struct ledger_report *report, int error)
{
	int64_t now = clock_mono_ms();
	bool news;

	pthread_mutex_lock(&report->lock);
	news = error != report->trouble || now - report->trouble_told >= TROUBLE_AGAIN_MS;
	if (news) {
		report->trouble = error;
		report->trouble_told = now;
	}
	pthread_mutex_unlock(&report->lock);
	return news;
}

bool ledger_report_fails_anew(struct ledger_report *report, int error)
{
	return atomic_exchange(&report->unwritten, error) != error;
}

void ledger_report_written(struct ledger_report *report)
{
	if (atomic_exchange(&report->unwritten, 0) != 0)
		log_info("ledger=%s is written to again", report->dir);
}

/* Its number among the damaged records named in the log; 0 if it is not to be named. */
static size_t number_record(struct ledger_report *report, uint64_t hash)
{
	size_t number = 0, i = 0;

	pthread_mutex_lock(&report->lock);
	while (i < report->named && report->record[i] != hash)
		i++;
	if (i == report->named && i < LEDGER_REPORTS_MAX) {
		report->record[i] = hash;
		number = ++report->named;
	}
	pthread_mutex_unlock(&report->lock);
	return number;
}

void ledger_report_damage(struct ledger_report *report, enum ledger_db db, const void *key,
			  size_t len)
{
	size_t number = number_record(report, num_fnv(NUM_FNV ^ (uint64_t)db, key, len));
	char name[LEDGER_KEY_SIZE];

	if (number == 0)
		return;
	ledger_key_name(name, db, key, len);
	log_error("ledger=%s db=%s key=%s the record is damaged and is not used; mail that depends "
		  "on it waits; restore the ledger from a backup%s",
		  report->dir, ledger_db_name(db), name,
		  db == LEDGER_DOMAIN ? ", or `postseal forget` it" : "");
	if (number == LEDGER_REPORTS_MAX)
		log_error("ledger=%s has many damaged records; no more of them are named",
			  report->dir);
}

void ledger_report_refused(const struct ledger_report *report, enum ledger_db db, const void *key,
			   size_t len)
{
	char name[LEDGER_KEY_SIZE];

	ledger_key_name(name, db, key, len);
	log_error("ledger=%s db=%s key=%s the record is not written: it could not be read again; "
		  "this is a fault of this program, please report it",
		  report->dir, ledger_db_name(db), name);
}
