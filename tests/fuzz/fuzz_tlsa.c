/* SPDX-License-Identifier: BSD-2-Clause */
/* TLSA RDATA: what is found usable is what OpenSSL, and so Postfix, could use. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/protocol/tlsa.h"
#include "io/tls/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct tls *tls;
	char error[TLS_ERROR_SIZE];
	struct tlsa_set set = { 0 };
	struct tlsa record;
	uint8_t *data;

	if (tls == NULL)
		tls = tls_new(&(struct tls_setup){ 0 }, error);
	assert(tls != NULL);
	if (len < 3)
		return 0;
	data = malloc(len);
	memcpy(data, bytes, len);
	record = (struct tlsa){ data[0], data[1], data[2], len - 3, data + 3 };
	if (!tlsa_usable(&record)) {
		/* Only PKIX usages would be taken by OpenSSL alone. */
		assert(record.usage < 2 || record.len > TLSA_DATA_MAX ||
		       !tls_tlsa_loads(tls, &record));
	} else if (record.matching != TLSA_MATCHING_FULL) {
		assert(tls_tlsa_loads(tls, &record));
	} else {
		tls_tlsa_loads(tls, &record);
	}
	tlsa_set_add(&set, &record, tlsa_usable(&record));
	assert(set.count + set.unusable == 1);
	tlsa_set_free(&set);
	free(data);
	return 0;
}
