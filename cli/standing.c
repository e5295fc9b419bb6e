/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/standing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/facts_page.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "io/link/socketmap_client.h"
#include "io/json/status_json.h"

/* The server never makes `status` wait. */
#define ASK_WAIT_MS 10000
#define ADDRESS_SHOWN 512
/* An address up to this width shares its column with the others. */
#define ADDRESS_COLUMN 28
#define LABEL_COLUMN 7

/* One of these is there. */
struct informant {
	struct ledger *ledger;
	struct socketmap_client *client;
};

static bool open_informant(struct informant *informant, const struct cli *cli)
{
	char error[LEDGER_ERROR_SIZE], client_error[SOCKETMAP_CLIENT_ERROR_SIZE];

	*informant = (struct informant){ 0 };
	informant->ledger = ledger_open(cli->settings.ledger, LEDGER_READ, error);
	if (informant->ledger != NULL)
		return true;
	if (errno == EACCES) {
		informant->client = socketmap_client_open(
			&cli->settings, clock_mono_ms() + ASK_WAIT_MS, client_error);
		if (informant->client != NULL)
			return true;
		cli_error(cli, "%s", client_error);
	}
	cli_error(cli, "%s", error);
	return false;
}

static void close_informant(struct informant *informant)
{
	ledger_close(informant->ledger);
	socketmap_client_close(informant->client);
}

static void standing_of(struct standing *standing, const struct status *status, const char *domain)
{
	*standing = (struct standing){
		.state = status->state,
		.guaranteed = status->guaranteed,
		.downgrade_since = status->downgrade_since,
	};
	str_copy(standing->domain, sizeof(standing->domain), domain);
	str_copy(standing->tls_version, sizeof(standing->tls_version),
		 tls_version_name(status->version));
	str_copy(standing->cipher, sizeof(standing->cipher), status->cipher);
	str_printable(standing->reason, sizeof(standing->reason), status->reason,
		      strlen(status->reason));
}

/* The line is for --json alone. */
static bool ask_ledger(struct ledger *ledger, const struct cli *cli, const struct subject *subject,
		       const char *word, struct standing *standing, struct buf *line)
{
	struct known *known = mem_alloc(sizeof(*known));
	struct ledger_txn *txn = ledger_begin_read(ledger);
	bool told = txn != NULL && known_get(known, cli, txn, &subject->nexthop) != LOOKUP_ERROR;

	if (told)
		standing_of(standing, &known->status, subject->nexthop.key);
	if (told && cli->json)
		status_json_append(line, &known->status, subject->is_address ? word : NULL,
				   strlen(word), subject->nexthop.key);
	if (!told)
		cli_error(cli, "cannot tell about %s: its record in the ledger cannot be read",
			  subject->nexthop.key);
	ledger_abort(txn);
	free(known);
	return told;
}

static bool ask_server(struct socketmap_client *client, const struct cli *cli, const char *word,
		       struct standing *standing, struct buf *line)
{
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];

	if (!socketmap_client_ask(client, map_name(MAP_STATUS), word, clock_mono_ms() + ASK_WAIT_MS,
				  line, error)) {
		cli_error(cli, "%s", error);
		return false;
	}
	if (line->len < 3 || memcmp(line->data, "OK ", 3) != 0) {
		char shown[ADDRESS_SHOWN];

		cli_error(cli, "postseal-socketmap could not tell: %s",
			  str_printable(shown, sizeof(shown), line->data, line->len));
		return false;
	}
	buf_consume(line, 3);
	if (json_read_standing(standing, line->data, line->len))
		return true;
	cli_error(cli,
		  "postseal-socketmap says what cannot be understood; is it of the same "
		  "version as this program, %s?",
		  POSTSEAL_VERSION);
	return false;
}

/* The address and what there is to say of it, on one line where there is room. */
static void print_first_line(const struct standing *standing, const char *word, int column)
{
	char address[ADDRESS_SHOWN];
	int width = terminal_word(address, sizeof(address), word);
	int start = terminal_dot(standing->state) + LABEL_COLUMN + 2;
	int at = start + width, beside = start + (width > column ? width : column) + 2;
	const char *sealed = standing->guaranteed ? "guaranteed" : "not guaranteed";

	printf("%s%-*s%s  %s", terminal_paint(terminal_state_paint(standing->state)), LABEL_COLUMN,
	       status_label(standing->state), terminal_plain(), address);
	if (standing->state == STATUS_PLAIN || standing->state == STATUS_UNKNOWN)
		page_beside(at, beside, start, "%s", standing->reason);
	else if (standing->tls_version[0] != '\0')
		page_beside(at, beside, start, "%s %s, %s", standing->tls_version, standing->cipher,
			    sealed);
	else
		page_beside(at, beside, start, "%s", sealed);
}

static void print_downgrade(const struct standing *standing, int64_t now)
{
	char since[MOMENT_SIZE];

	page_text(LABEL_COLUMN + 2, "DOWNGRADE since %s: %s %s",
		  moment_date(since, standing->downgrade_since, now),
		  downgrade_text(standing->guaranteed),
		  standing->guaranteed ? standing->domain : "");
}

static enum cli_status print_standing(const struct cli *cli, const struct standing *standing,
				      const struct buf *line, const char *word, int column)
{
	if (cli->json) {
		printf("%.*s\n", (int)line->len, line->data);
	} else {
		print_first_line(standing, word, column);
		if (standing->downgrade_since != 0)
			print_downgrade(standing, cli->now);
	}
	if (standing->state == STATUS_UNKNOWN)
		return CLI_UNSURE;
	return standing->state == STATUS_PLAIN ? CLI_NO : CLI_YES;
}

static int address_column(const struct cli *cli)
{
	char address[ADDRESS_SHOWN];
	int column = 0;

	for (int i = 0; i < cli->count; i++) {
		int width = terminal_word(address, sizeof(address), cli->words[i]);

		if (width > column && width <= ADDRESS_COLUMN)
			column = width;
	}
	return column;
}

enum cli_status standing_print_all(const struct cli *cli, const struct subject *subjects)
{
	enum cli_status worst = CLI_YES;
	struct informant informant;

	if (!open_informant(&informant, cli))
		return CLI_UNSURE;
	for (int i = 0; i < cli->count; i++) {
		const char *word = cli->words[i];
		struct standing standing;
		struct buf line = { 0 };
		bool told = informant.ledger != NULL
				    ? ask_ledger(informant.ledger, cli, &subjects[i], word,
						 &standing, &line)
				    : ask_server(informant.client, cli, word, &standing, &line);

		worst = cli_worse(worst, told ? print_standing(cli, &standing, &line, word,
							       address_column(cli))
					      : CLI_UNSURE);
		buf_free(&line);
	}
	close_informant(&informant);
	return worst;
}
