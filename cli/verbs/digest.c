/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal digest - tells the owners of secure aliases whose mail was refused there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/known.h"
#include "core/secure/refusals.h"
#include "io/local/command.h"
#include "io/ledger/ledger.h"

struct item {
	char mailbox[ALIAS_ADDRESS_SIZE]; /* "": the alias is no longer on file, or is off */
	struct digest_part part;
};

struct items {
	struct ledger_txn *txn;
	struct item *list;
	size_t count, room;
	bool whole;
};

static bool add_item(void *context, const char *key, const struct refusals *refusals)
{
	struct items *items = context;
	struct item *item;
	struct alias alias;

	if (items->count == items->room) {
		items->room = items->room * 2 + 16;
		items->list = mem_resize(items->list, items->room, sizeof(*items->list));
	}
	item = &items->list[items->count];
	memset(item, 0, sizeof(*item));
	str_copy(item->part.alias, sizeof(item->part.alias), key);
	item->part.refusals = *refusals;
	switch (ledger_get_alias(items->txn, key, &alias)) {
	case LOOKUP_FOUND:
		if (alias.enabled)
			str_copy(item->mailbox, sizeof(item->mailbox), alias.mailbox);
		break;
	case LOOKUP_ABSENT:
		break;
	case LOOKUP_ERROR:
		items->whole = false;
		return true;
	}
	items->count++;
	return true;
}

static int by_mailbox(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	int order = strcmp(a->mailbox, b->mailbox);

	return order != 0 ? order : strcmp(a->part.alias, b->part.alias);
}

/* Reads all of them, sorted by mailbox; false when some cannot be read. */
static bool read_items(struct items *items, struct ledger *ledger)
{
	items->whole = true;
	items->txn = ledger_begin_read(ledger);
	if (items->txn == NULL)
		return false;
	items->whole &= ledger_each_refusals(items->txn, add_item, items);
	ledger_abort(items->txn);
	if (items->count > 0)
		qsort(items->list, items->count, sizeof(*items->list), by_mailbox);
	return items->whole;
}

/* What one mailbox is told. */
struct letter {
	const char *mailbox;
	struct digest_part *parts;
	size_t count;
	int64_t told; /* when last */
	bool news;
};

static void open_letter(struct letter *letter, const struct item *items, size_t count)
{
	*letter = (struct letter){ .mailbox = items[0].mailbox, .count = count };
	letter->parts = mem_zero(count, sizeof(*letter->parts));
	for (size_t i = 0; i < count; i++) {
		letter->parts[i] = items[i].part;
		if (items[i].part.refusals.told > letter->told)
			letter->told = items[i].part.refusals.told;
		letter->news |= refusals_any(&items[i].part.refusals);
	}
}

/*
 * Nobody needs this record: there is nothing to tell, and the time when the owner was told no
 * longer matters.
 */
static bool is_over(struct ledger_txn *txn, const struct item *item, int64_t now)
{
	struct refusals refusals;

	if (item->mailbox[0] == '\0')
		return true;
	return ledger_get_refusals(txn, item->part.alias, &refusals) == LOOKUP_FOUND &&
	       !refusals_any(&refusals) && refusals_may_tell(refusals.told, now);
}

static bool sweep(struct ledger *ledger, const struct items *items, int64_t now)
{
	struct ledger_txn *txn = ledger_begin_write(ledger);
	bool good = txn != NULL;

	for (size_t i = 0; good && i < items->count; i++)
		if (is_over(txn, &items->list[i], now))
			good = ledger_remove_refusals(txn, items->list[i].part.alias);
	if (good)
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

static bool write_told(struct ledger *ledger, const struct letter *letter, int64_t now)
{
	struct ledger_txn *txn = ledger_begin_write(ledger);
	bool good = txn != NULL;

	for (size_t i = 0; good && i < letter->count; i++) {
		const struct digest_part *part = &letter->parts[i];
		struct refusals refusals;

		if (ledger_get_refusals(txn, part->alias, &refusals) != LOOKUP_FOUND)
			refusals = (struct refusals){ 0 };
		refusals_tell(&refusals, &part->refusals, now);
		good = ledger_put_refusals(txn, part->alias, &refusals);
	}
	if (good)
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

static bool send_mail(const struct cli *cli, const struct letter *letter, const struct buf *mail)
{
	char to[DIGEST_ADDRESS_SIZE], error[COMMAND_ERROR_SIZE];
	bool sent;

	digest_address(to, letter->mailbox);
	sent = command_sendmail(to, mail, error);
	if (!sent)
		cli_error(cli, "%s was not told: %s; it will be tried again next time",
			  letter->mailbox, error);
	return sent;
}

static enum cli_status send_letter(const struct cli *cli, struct ledger *ledger,
				   const struct letter *letter, const struct buf *mail)
{
	if (!refusals_may_tell(letter->told, cli->now)) {
		if (!cli->json)
			printf("%s was told less than 23 hours ago\n", letter->mailbox);
		return CLI_YES;
	}
	if (!send_mail(cli, letter, mail))
		return CLI_UNSURE;
	if (!write_told(ledger, letter, cli->now)) {
		cli_error(cli, "%s was told, but will be told again: the ledger cannot be written",
			  letter->mailbox);
		return CLI_UNSURE;
	}
	if (!cli->json)
		printf("%s was told\n", letter->mailbox);
	return CLI_YES;
}

static enum cli_status deal_with(const struct cli *cli, struct ledger *ledger,
				 const struct letter *letter)
{
	struct buf mail = { 0 };
	enum cli_status status = CLI_YES;

	if (!digest_append(&mail, letter->mailbox, letter->parts, letter->count, cli->now)) {
		cli_error(cli, "\"%s\" is not a mailbox that mail can be sent to", letter->mailbox);
		status = CLI_UNSURE;
	} else if (cli->send) {
		status = send_letter(cli, ledger, letter, &mail);
	} else if (!cli->json) {
		fwrite(mail.data, 1, mail.len, stdout);
	}
	if (cli->json)
		for (size_t i = 0; i < letter->count; i++)
			json_print_refusals(letter->mailbox, &letter->parts[i]);
	buf_free(&mail);
	return status;
}

/* Makes a letter for each mailbox; *letters: how many. */
static enum cli_status deal_with_all(const struct cli *cli, struct ledger *ledger,
				     const struct items *items, size_t *letters)
{
	enum cli_status status = CLI_YES;
	size_t end;

	for (size_t i = 0; i < items->count; i = end) {
		struct letter letter;

		for (end = i + 1; end < items->count; end++)
			if (strcmp(items->list[i].mailbox, items->list[end].mailbox) != 0)
				break;
		if (items->list[i].mailbox[0] == '\0')
			continue;
		open_letter(&letter, &items->list[i], end - i);
		if (letter.news) {
			++*letters;
			status = cli_worse(status, deal_with(cli, ledger, &letter));
		}
		free(letter.parts);
	}
	return status;
}

static enum cli_status run(struct cli *cli)
{
	struct items items = { 0 };
	struct ledger *ledger;
	enum cli_status status;
	size_t letters = 0;
	bool whole;

	if (!cli->settings.refusal_digest) {
		cli_error(cli,
			  "`refusal_digest` is off: refusals are not recorded, and nobody is told");
		return cli->send ? CLI_YES : CLI_NO;
	}
	ledger = known_ledger(cli, cli->send ? LEDGER_WRITE : LEDGER_READ);
	if (ledger == NULL)
		return CLI_UNSURE;
	whole = read_items(&items, ledger);
	status = deal_with_all(cli, ledger, &items, &letters);
	if (cli->send && !sweep(ledger, &items, cli->now))
		whole = false;
	free(items.list);
	ledger_close(ledger);
	if (!whole)
		return CLI_UNSURE;
	return letters == 0 && !cli->send ? CLI_NO : status;
}

const struct verb verb_digest = {
	.name = "digest",
	.arguments = "",
	.summary = "Tells owners of secure aliases whose mail was refused",
	.options = "S",
	.help = "  -S, --send  send it with sendmail(1), and clear what was told\n"
		"\n"
		"Without --send, this shows what would be sent: a mail to each mailbox whose\n"
		"secure aliases refused mail since it was last told. No mailbox is told twice\n"
		"within 23 hours. Refusals are recorded only while `refusal_digest` is on.\n"
		"\n"
		"Exit status: 1 if there is nothing to show; 3 if somebody could not be told.\n",
	.least = 0,
	.most = 0,
	.run = run,
};
