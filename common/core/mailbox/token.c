/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/token.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/pin.h"
#include "core/record/wire.h"

#define KIND 'T'
#define VERSION 2

bool token_encode(struct buf *out, const struct token *token)
{
	size_t start = out->len;

	wire_put_u8(out, KIND);
	wire_put_u8(out, VERSION);
	wire_put_text(out, token->login);
	wire_put_name(out, token->sender);
	wire_put_time(out, token->time);
	buf_append(out, token->random, sizeof(token->random));
	wire_put_u8(out, (uint8_t)token->parts);
	buf_append(out, token->print, sizeof(token->print));
	wire_put_u8(out, token->pin_required);
	wire_put_number(out, token->count);
	for (size_t i = 0; i < token->count; i++) {
		wire_put_name(out, token->recipients[i].address);
		wire_put_name(out, token->recipients[i].pin);
	}
	if (token->count <= TOKEN_RECIPIENTS_MAX && out->len - start <= TOKEN_OCTETS_MAX)
		return true;
	out->len = start;
	return false;
}

/* An address in the one spelling that it has here. */
static void get_address(struct wire *wire, char dst[SEAL_ADDRESS_SIZE])
{
	size_t len;
	const char *text = wire_get_string(wire, &len);

	if (text == NULL || !seal_address_take(dst, text, len) || strlen(dst) != len ||
	    memcmp(dst, text, len) != 0)
		wire->ok = false;
}

static void get_pin(struct wire *wire, char dst[PIN_SIZE])
{
	wire_get_text(wire, dst, PIN_SIZE);
	if (dst[0] != '\0' && !pin_is_digits(dst))
		wire->ok = false;
}

static void get_token(struct token *token, struct wire *wire)
{
	wire_get_text(wire, token->login, sizeof(token->login));
	get_address(wire, token->sender);
	token->time = wire_get_time(wire);
	wire_get_bytes(wire, token->random, sizeof(token->random));
	token->parts = wire_get_small(wire, UINT8_MAX);
	wire_get_bytes(wire, token->print, sizeof(token->print));
	token->pin_required = wire_get_bool(wire);
	token->count = wire_get_number(wire);
	if (!wire->ok || token->count > TOKEN_RECIPIENTS_MAX) {
		token->count = 0;
		wire->ok = false;
	}
	token->recipients = mem_zero(token->count + 1, sizeof(*token->recipients));
	for (size_t i = 0; i < token->count && wire->ok; i++) {
		get_address(wire, token->recipients[i].address);
		get_pin(wire, token->recipients[i].pin);
	}
}

bool token_decode(struct token *token, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, KIND, VERSION);

	*token = (struct token){ 0 };
	if (len > TOKEN_OCTETS_MAX)
		return false;
	get_token(token, &wire);
	if (wire_close(&wire))
		return true;
	token_free(token);
	return false;
}

void token_free(struct token *token)
{
	free(token->recipients);
	*token = (struct token){ 0 };
}

const char *token_pin(const struct token *token, const char *address)
{
	char wanted[SEAL_ADDRESS_SIZE], key[SEAL_ADDRESS_SIZE];

	if (!seal_address_key(wanted, address, strlen(address)))
		return "";
	for (size_t i = 0; i < token->count; i++) {
		const char *theirs = token->recipients[i].address;

		if (seal_address_key(key, theirs, strlen(theirs)) && strcmp(key, wanted) == 0 &&
		    token->recipients[i].pin[0] != '\0')
			return token->recipients[i].pin;
	}
	return "";
}
