/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DNS server's message in reply to one of our questions. The first byte
 * chooses the type; the question is put where the message has its own, so that
 * the fuzzer need not find it.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/names/domain.h"
#include "io/dns/dns_answer.h"

#define NAME "mx.example.com"
#define HEADER_LEN 12
#define MESSAGE_MAX 65535

static const enum dns_type types[] = { DNS_MX,    DNS_A,   DNS_AAAA, DNS_TLSA,
				       DNS_CNAME, DNS_TXT, DNS_SRV };

static void check_record(const struct dns_answer *answer, enum dns_type type, size_t i)
{
	struct ipaddr address;
	struct buf text = { 0 };
	struct tlsa tlsa;
	char text_of[DOMAIN_SIZE];
	struct dns_target target;

	switch (type) {
	case DNS_MX:
	case DNS_SRV:
		if (!dns_answer_target(answer, i, &target))
			return;
		assert(target.none == (target.host[0] == '\0'));
		assert(target.none || ipaddr_parse(&address, target.host, strlen(target.host)) ||
		       domain_take(text_of, target.host, strlen(target.host)));
		return;
	case DNS_A:
	case DNS_AAAA:
		if (dns_answer_address(answer, i, &address))
			assert(address.len == 4 || address.len == 16);
		return;
	case DNS_TLSA:
		dns_answer_tlsa(answer, i, &tlsa);
		assert(tlsa.len <= MESSAGE_MAX);
		tlsa_usable(&tlsa);
		return;
	case DNS_TXT:
		dns_answer_txt(answer, i, &text);
		assert(text.len <= MESSAGE_MAX);
		buf_free(&text);
		return;
	case DNS_CNAME:
		return;
	}
}

static void check(const struct dns_answer *answer, enum dns_type type)
{
	char folded[DOMAIN_SIZE];

	assert(answer->ttl >= 0 && answer->ttl <= UINT32_MAX);
	assert((answer->status == LOOKUP_ERROR) == (answer->trouble != NULL));
	if (answer->status == LOOKUP_ERROR)
		return;
	assert((answer->status == LOOKUP_FOUND) == (answer->count > 0));
	assert(domain_fold(folded, answer->owner, strlen(answer->owner)));
	assert(strcmp(folded, answer->owner) == 0);
	assert(answer->alias || strcmp(answer->owner, NAME) == 0);
	for (size_t i = 0; i < answer->count; i++)
		check_record(answer, type, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t message[MESSAGE_MAX];
	struct dns_answer answer;
	enum dns_type type;
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
