/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/tlsa.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SHA256_LEN 32
#define SHA512_LEN 64
#define DER_SEQUENCE 0x30

/*
 * One SEQUENCE whose length, in the shortest form as DER wants it, is that of
 * all the data (X.690 8.1.3 and 10.1).
 */
static bool is_der_sequence(const uint8_t *data, size_t len)
{
	size_t octets;
	size_t length = 0;

	if (len < 2 || len > TLSA_DATA_MAX || data[0] != DER_SEQUENCE)
		return false;
	if (data[1] < 0x80)
		return len == 2 + (size_t)data[1];
	octets = data[1] & 0x7f;
	/* Data is at most TLSA_DATA_MAX bytes, so two octets are enough for any length. */
	if (octets == 0 || octets > 2 || len < 2 + octets)
		return false;
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | data[2 + i];
	if (length < (octets == 1 ? 0x80U : 0x100U))
		return false;
	return len == 2 + octets + length;
}

bool tlsa_usable(const struct tlsa *record)
{
	if (record->usage != TLSA_USAGE_DANE_TA && record->usage != TLSA_USAGE_DANE_EE)
		return false;
	if (record->selector != TLSA_SELECTOR_CERT && record->selector != TLSA_SELECTOR_SPKI)
		return false;
	switch (record->matching) {
	case TLSA_MATCHING_FULL:
		return is_der_sequence(record->data, record->len);
	case TLSA_MATCHING_SHA256:
		return record->len == SHA256_LEN;
	case TLSA_MATCHING_SHA512:
		return record->len == SHA512_LEN;
	default:
		return false;
	}
}

void tlsa_set_add(struct tlsa_set *set, const struct tlsa *record, bool usable)
{
	struct tlsa *kept;

	if (!usable) {
		set->unusable++;
		return;
	}
	if (set->count == set->room) {
		set->room = set->room == 0 ? 4 : 2 * set->room;
		set->records = mem_resize(set->records, set->room, sizeof(*set->records));
	}
	kept = &set->records[set->count++];
	*kept = *record;
	kept->data = mem_alloc(record->len);
	memcpy(kept->data, record->data, record->len);
}

void tlsa_set_free(struct tlsa_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->records[i].data);
	free(set->records);
	*set = (struct tlsa_set){ 0 };
}
