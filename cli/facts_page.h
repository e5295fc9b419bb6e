/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts_page - facts in sentences, each with its age and source, for an admin who has never read
 * the code. They are printed as fields of a page (terminal.h).
 */
#ifndef POSTSEAL_CLI_FACTS_PAGE_H
#define POSTSEAL_CLI_FACTS_PAGE_H

#include "base/utc.h"
#include "cli/cli.h"
#include "cli/known.h"

#define FACTS_PAGE_DATE_SIZE (UTC_SIZE + UTC_SPAN_SIZE + 16)
/* "2026-01-02T03:04:05Z (5 min ago)", or "never". */
char *facts_page_date(char dst[FACTS_PAGE_DATE_SIZE], int64_t when, int64_t now);

/* What a downgrade means, and what to do; a domain can follow. */
const char *facts_page_downgrade(bool guaranteed);

/* The MX look-up; a host; MTA-STS: each under a heading of its own. */
void facts_page_mx(const struct facts *facts, const struct cli *cli);
void facts_page_host(const struct facts *facts, size_t i, const struct cli *cli);
void facts_page_sts(const struct facts *facts, const struct cli *cli);
/* Fields "TLS" and "plain". */
void facts_page_history(const struct history *history, int64_t now);
/* Is there a floor, and why or why not? */
void facts_page_floor(const struct known *known, const struct cli *cli);
void facts_page_override(const struct override *override, int64_t now);
void facts_page_pins(const struct pins *pins);
/* Entries of the journal about it, under a heading; nothing if there are none. */
void facts_page_journal(const struct known *known, const struct cli *cli, struct ledger_txn *txn);

#endif
