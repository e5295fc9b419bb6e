/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the ledger: what is taken is exactly what would be written. */
#include <stdlib.h>
#include <string.h>

#include "core/record/record.h"

static void must_equal(struct buf *again, const uint8_t *bytes, size_t len)
{
	if (again->len != len || memcmp(again->data, bytes, len) != 0)
		abort();
	buf_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct domain_facts domain;
	static struct host_facts host;
	struct override override;
	struct pin_act pin;
	struct alias alias;
	struct exception_act exception;
	static struct refusals refusals;
	struct journal_entry entry;
	struct buf again = { 0 };
	bool gist;

	/* Whatever is taken whole has a gist, and a gist alone is read in bounds, too. */
	gist = record_get_domain_gist(&domain, bytes, len);
	if (record_get_domain(&domain, bytes, len)) {
		if (!gist)
			abort();
		record_put_domain(&again, &domain);
		must_equal(&again, bytes, len);
	}
	gist = record_get_host_gist(&host, bytes, len);
	if (record_get_host(&host, bytes, len)) {
		if (!gist)
			abort();
		record_put_host(&again, &host);
		must_equal(&again, bytes, len);
	}
	if (record_get_override(&override, bytes, len)) {
		record_put_override(&again, &override);
		must_equal(&again, bytes, len);
	}
	if (record_get_pin(&pin, bytes, len)) {
		record_put_pin(&again, &pin);
		must_equal(&again, bytes, len);
	}
	if (record_get_alias(&alias, bytes, len)) {
		record_put_alias(&again, &alias);
		must_equal(&again, bytes, len);
	}
	if (record_get_exception(&exception, bytes, len)) {
		record_put_exception(&again, &exception);
		must_equal(&again, bytes, len);
	}
	if (record_get_refusals(&refusals, bytes, len)) {
		record_put_refusals(&again, &refusals);
		must_equal(&again, bytes, len);
	}
	if (record_get_journal(&entry, bytes, len)) {
		record_put_journal(&again, &entry);
		must_equal(&again, bytes, len);
	}
	/* What an older postseal wrote is made into what this one takes. */
	if (record_upgrade(&again, bytes, len) && again.len > 0 && again.data[0] == 'D' &&
	    !record_get_domain(&domain, again.data, again.len))
		abort();
	buf_free(&again);
	return 0;
}
