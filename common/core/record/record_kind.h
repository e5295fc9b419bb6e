/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_kind - what each record starts with: for those who encode and decode
 * them (record.h), and nobody else.
 */
#ifndef POSTSEAL_CORE_RECORD_KIND_H
#define POSTSEAL_CORE_RECORD_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/facts/facts.h"
#include "core/record/journal.h"
#include "core/secure/alias.h"
#include "core/secure/refusals.h"

enum record_kind {
	RECORD_DOMAIN = 'D',
	RECORD_HOST = 'H',
	RECORD_OVERRIDE = 'O',
	RECORD_PIN = 'P',
	RECORD_ALIAS = 'A',
	RECORD_EXCEPTION = 'X',
	RECORD_REFUSALS = 'R',
	RECORD_JOURNAL = 'J'
};

/* Of what is written, and of what an older postseal wrote (record_upgrade). */
#define RECORD_VERSION 4
#define RECORD_VERSION_OLD 3

void record_put_header(struct buf *out, enum record_kind kind);

/* As record_get_..., of a record of one of these versions. */
bool record_get_domain_at(struct domain_facts *out, const void *bytes, size_t len, uint8_t version);
bool record_get_host_at(struct host_facts *out, const void *bytes, size_t len, uint8_t version);
bool record_get_override_at(struct override *out, const void *bytes, size_t len, uint8_t version);
bool record_get_alias_at(struct alias *out, const void *bytes, size_t len, uint8_t version);
bool record_get_refusals_at(struct refusals *out, const void *bytes, size_t len, uint8_t version);
bool record_get_journal_at(struct journal_entry *out, const void *bytes, size_t len,
			   uint8_t version);

#endif
