/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DNS server's message in reply to one of our questions. The first byte
 * chooses the type; the question is put where the message has its own, so that
 * the fuzzer need not find it.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/domain.h"
#include "io/dns_answer.h"

#define NAME "mx.example.com"
#define HEADER_LEN 12
#define MESSAGE_MAX 65535

static const ldns_rr_type types[] = {LDNS_RR_TYPE_MX, LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA,
				     LDNS_RR_TYPE_TLSA, LDNS_RR_TYPE_CNAME, LDNS_RR_TYPE_TXT};

static void check(const struct dns_answer *answer, ldns_rr_type type)
{
	char folded[DOMAIN_SIZE];

	assert(answer->ttl >= 0 && answer->ttl <= UINT32_MAX);
	assert((answer->status == LOOKUP_ERROR) == (answer->trouble != NULL));
	if (answer->status == LOOKUP_ERROR)
		return;
	assert((answer->status == LOOKUP_FOUND) == (ldns_rr_list_rr_count(answer->records) > 0));
	assert(domain_fold(folded, answer->owner, strlen(answer->owner)));
	assert(strcmp(folded, answer->owner) == 0);
	assert(answer->alias || strcmp(answer->owner, NAME) == 0);
	for (size_t i = 0; i < ldns_rr_list_rr_count(answer->records); i++)
		assert(ldns_rr_get_type(ldns_rr_list_rr(answer->records, i)) == type);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t message[MESSAGE_MAX];
	struct dns_answer answer;
	ldns_rr_type type;
	size_t question;

	if (len < 1 + HEADER_LEN || len > 4096)
		return 0;
	type = types[bytes[0] % (sizeof(types) / sizeof(types[0]))];
	question = dns_question(message, sizeof(message), NAME, type);
	/* Without the OPT record at its end, 11 bytes. */
	assert(question > HEADER_LEN + 11);
	question -= 11;
	memcpy(message, bytes + 1, HEADER_LEN);
	message[4] = 0;
	message[5] = 1;
	memcpy(message + question, bytes + 1 + HEADER_LEN, len - 1 - HEADER_LEN);
	dns_answer_read(&answer, message, question + len - 1 - HEADER_LEN, NAME, type);
	check(&answer, type);
	dns_answer_free(&answer);
	dns_answer_read(&answer, bytes + 1, len - 1, NAME, type);
	check(&answer, type);
	dns_answer_free(&answer);
	return 0;
}
