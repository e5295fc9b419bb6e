/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_kind - what each record starts with: for those who encode and decode
 * them (record.h), and nobody else.
 */
#ifndef POSTSEAL_CORE_RECORD_KIND_H
#define POSTSEAL_CORE_RECORD_KIND_H

#include "base/buf.h"

enum record_kind {
	RECORD_DOMAIN = 'D',
	RECORD_HOST = 'H',
	RECORD_OVERRIDE = 'O',
	RECORD_PINS = 'P',
	RECORD_ALIAS = 'A',
	RECORD_EXCEPTIONS = 'X',
	RECORD_REFUSALS = 'R',
	RECORD_JOURNAL = 'J'
};

#define RECORD_VERSION 3

void record_put_header(struct buf *out, enum record_kind kind);

#endif
