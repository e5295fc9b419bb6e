/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal-token - writes the value of X-Postseal-Seal-Token, as postseal-milter does for a marked
 * mail, so that tests can hand mail to postseal-mailbox without a Postfix.
 *
 *   seal-token KEYFILE SENDER RECIPIENT [PIN]      the mail is on standard input
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/str.h"
#include "io/crypto/seal_token.h"

static void die(const char *why)
{
	fprintf(stderr, "seal-token: %s\n", why);
	exit(1);
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 5)
		die("usage: seal-token KEYFILE SENDER RECIPIENT [PIN]");
	struct seal_key key;
	char error[SEAL_KEY_ERROR_SIZE];
	if (seal_key_read(&key, argv[1], error) != LOOKUP_FOUND)
		die(error);
	struct token_recipient recipient = { { 0 }, { 0 } };
	struct token token = { .time = time(NULL), .count = 1, .recipients = &recipient };
	if (!str_copy(token.login, sizeof token.login, argv[2]) ||
	    !seal_address_take(token.sender, argv[2], strlen(argv[2])) ||
	    !seal_address_take(recipient.address, argv[3], strlen(argv[3])) ||
	    !str_copy(recipient.pin, sizeof recipient.pin, argc == 5 ? argv[4] : ""))
		die("not an address, or not a PIN");
	if (getrandom(token.random, sizeof token.random, 0) != sizeof token.random)
		die("no random octets");
	struct seal_print *print = seal_print_new();
	struct buf value = { 0 }, mail = { 0 };
	for (size_t n; (n = fread(buf_reserve(&mail, 65536), 1, 65536, stdin)) > 0;)
		mail.len += n;
	seal_print_message(print, (struct span){ buf_cstr(&mail), mail.len });
	seal_print_write(print, &token);
	seal_print_free(print);
	if (!seal_token_write(&value, &token, &key, "\r\n\t"))
		die("too much");
	fwrite(value.data, 1, value.len, stdout);
	putchar('\n');
	buf_free(&value);
	buf_free(&mail);
	return 0;
}
