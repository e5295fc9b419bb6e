/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal status - what a webmail shows for a recipient.
 * postseal probe - makes the prober look first, then shows the same.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utc.h"
#include "cli/facts_page.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "io/json/status_json.h"
#include "io/link/link.h"

/* The server never makes `status` wait. */
#define ASK_WAIT_MS 10000
#define ADDRESS_SHOWN 512
/* An address up to this width shares its column with the others. */
#define ADDRESS_COLUMN 28
#define LABEL_COLUMN 7

/* What `status` shows of the line of JSON that io/json/status_json.h describes. */
struct shown_status {
	enum status_state state;
	bool guaranteed;
	char domain[NEXTHOP_SIZE];
	char tls_version[16];
	char cipher[CIPHER_SIZE];
	char reason[REASON_SIZE];
	int64_t downgrade_since; /* 0: none */
};

/*
 * What the server sends.
 */

static bool read_text(const json_t *json, const char *name, char *dst, size_t size)
{
	const json_t *member = json_object_get(json, name);

	if (json_is_null(member)) {
		dst[0] = '\0';
		return true;
	}
	if (!json_is_string(member))
		return false;
	str_printable(dst, size, json_string_value(member), json_string_length(member));
	return true;
}

static bool read_date(const json_t *json, const char *name, int64_t *seconds)
{
	const json_t *member = json_object_get(json, name);

	*seconds = 0;
	return json_is_null(member) ||
	       (json_is_string(member) && utc_parse(json_string_value(member), seconds));
}

static bool read_state(const json_t *json, enum status_state *state)
{
	static const enum status_state states[] = { STATUS_UNKNOWN, STATUS_PLAIN, STATUS_TLS,
						    STATUS_DANE };
	const json_t *member = json_object_get(json, "state");

	for (size_t i = 0; json_is_string(member) && i < ARRAY_LEN(states); i++) {
		*state = states[i];
		if (strcmp(json_string_value(member), status_state_name(states[i])) == 0)
			return true;
	}
	return false;
}

/* False when it is not what a status looks like. */
static bool read_status(struct shown_status *shown, const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, 0, NULL);
	const json_t *guaranteed = json_object_get(json, "guaranteed");
	bool good =
		json_is_boolean(guaranteed) && read_state(json, &shown->state) &&
		read_text(json, "domain", shown->domain, sizeof(shown->domain)) &&
		read_text(json, "tls_version", shown->tls_version, sizeof(shown->tls_version)) &&
		read_text(json, "cipher", shown->cipher, sizeof(shown->cipher)) &&
		read_text(json, "reason", shown->reason, sizeof(shown->reason)) &&
		read_date(json, "downgrade_since", &shown->downgrade_since);

	shown->guaranteed = json_is_true(guaranteed);
	json_decref(json);
	return good;
}

/*
 * Whom to ask: the ledger, or the server if this user may not read the ledger.
 */

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

static void shown_of(struct shown_status *shown, const struct status *status, const char *domain)
{
	*shown = (struct shown_status){
		.state = status->state,
		.guaranteed = status->guaranteed,
		.downgrade_since = status->downgrade_since,
	};
	str_copy(shown->domain, sizeof(shown->domain), domain);
	str_copy(shown->tls_version, sizeof(shown->tls_version), tls_version_name(status->version));
	str_copy(shown->cipher, sizeof(shown->cipher), status->cipher);
	str_printable(shown->reason, sizeof(shown->reason), status->reason, strlen(status->reason));
}

/* `line` is filled for --json only. */
static bool ask_ledger(struct ledger *ledger, const struct cli *cli, const struct subject *subject,
		       const char *word, struct shown_status *shown, struct buf *line)
{
	struct known *known = mem_alloc(sizeof(*known));
	struct ledger_txn *txn = ledger_begin_read(ledger);
	bool told = txn != NULL && known_get(known, cli, txn, &subject->nexthop) != LOOKUP_ERROR;

	if (told)
		shown_of(shown, &known->status, subject->nexthop.key);
	if (told && cli->json)
		status_json_append(line, &known->status, subject->is_address ? word : NULL,
				   strlen(word), subject->nexthop.key);
	if (!told)
		cli_error(cli, "%s: its records in the ledger cannot be read",
			  subject->nexthop.key);
	ledger_abort(txn);
	free(known);
	return told;
}

static bool ask_server(struct socketmap_client *client, const struct cli *cli, const char *word,
		       struct shown_status *shown, struct buf *line)
{
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];

	if (!socketmap_client_ask(client, map_name(MAP_STATUS), word, clock_mono_ms() + ASK_WAIT_MS,
				  line, error)) {
		cli_error(cli, "%s", error);
		return false;
	}
	if (line->len < 3 || memcmp(line->data, "OK ", 3) != 0) {
		char answer[ADDRESS_SHOWN];

		cli_error(cli, "postseal-socketmap could not tell: %s",
			  str_printable(answer, sizeof(answer), line->data, line->len));
		return false;
	}
	buf_consume(line, 3);
	if (read_status(shown, line->data, line->len))
		return true;
	cli_error(cli,
		  "the answer of postseal-socketmap cannot be understood; is it the same version "
		  "as this program, %s?",
		  POSTSEAL_VERSION);
	return false;
}

/*
 * How a sealed mail to an address would go: map `mailbox`, which anybody may ask. Nothing else
 * depends on it.
 */
static const char *ask_way(const struct cli *cli, const char *address)
{
	char error[SOCKETMAP_CLIENT_ERROR_SIZE];
	int64_t deadline = clock_mono_ms() + ASK_WAIT_MS;
	struct socketmap_client *client;
	struct buf reply = { 0 };
	const char *way = NULL;

	if (cli->settings.mailbox_domain[0] == '\0')
		return "off";
	client = socketmap_client_open(&cli->settings, deadline, error);
	if (client != NULL &&
	    socketmap_client_ask(client, map_name(MAP_MAILBOX), address, deadline, &reply, error) &&
	    strncmp(buf_cstr(&reply), "OK ", 3) == 0)
		way = strcmp(reply.data + 3, "off") == 0 ? "off" : status_json_way(reply.data + 3);
	socketmap_client_close(client);
	buf_free(&reply);
	return way;
}

/*
 * Showing.
 */

/* The address and its status, on one line if there is room. */
static void print_first_line(const struct shown_status *shown, const char *word, int column)
{
	char address[ADDRESS_SHOWN];
	int width = terminal_word(address, sizeof(address), word);
	int start = terminal_dot(shown->state) + LABEL_COLUMN + 2;
	int at = start + width, beside = start + (width > column ? width : column) + 2;
	const char *sealed = shown->guaranteed ? "guaranteed" : "not guaranteed";

	printf("%s%-*s%s  %s", terminal_paint(terminal_state_paint(shown->state)), LABEL_COLUMN,
	       status_label(shown->state), terminal_plain(), address);
	if (shown->state == STATUS_PLAIN || shown->state == STATUS_UNKNOWN)
		terminal_beside(at, beside, start, "%s", shown->reason);
	else if (shown->tls_version[0] != '\0')
		terminal_beside(at, beside, start, "%s %s, %s", shown->tls_version, shown->cipher,
				sealed);
	else
		terminal_beside(at, beside, start, "%s", sealed);
}

static enum cli_status print_status(const struct cli *cli, const struct shown_status *shown,
				    const struct buf *line, const char *word, int column)
{
	char since[FACTS_PAGE_DATE_SIZE];

	if (cli->json)
		printf("%.*s\n", (int)line->len, line->data);
	else
		print_first_line(shown, word, column);
	if (!cli->json && shown->downgrade_since != 0)
		terminal_text(LABEL_COLUMN + 2, "DOWNGRADE since %s: %s %s",
			      facts_page_date(since, shown->downgrade_since, cli->now),
			      facts_page_downgrade(shown->guaranteed),
			      shown->guaranteed ? shown->domain : "");
	if (shown->state == STATUS_UNKNOWN)
		return CLI_UNSURE;
	return shown->state == STATUS_PLAIN ? CLI_NO : CLI_YES;
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

/*
 * Prints a line (or two) for each argument. NO when mail to one of them may be sent in the clear;
 * UNSURE when that is not known of one.
 */
static enum cli_status print_all(const struct cli *cli, const struct subject *subjects)
{
	enum cli_status worst = CLI_YES;
	struct informant informant;

	if (!open_informant(&informant, cli))
		return CLI_UNSURE;
	for (int i = 0; i < cli->count; i++) {
		const char *word = cli->words[i];
		struct shown_status shown;
		struct buf line = { 0 };
		bool told = informant.ledger != NULL
				    ? ask_ledger(informant.ledger, cli, &subjects[i], word, &shown,
						 &line)
				    : ask_server(informant.client, cli, word, &shown, &line);

		if (told && cli->json && subjects[i].is_address)
			status_json_put_seal(&line, ask_way(cli, word));
		worst = cli_worse(worst,
				  told ? print_status(cli, &shown, &line, word, address_column(cli))
				       : CLI_UNSURE);
		buf_free(&line);
	}
	ledger_close(informant.ledger);
	socketmap_client_close(informant.client);
	return worst;
}

/*
 * The verbs.
 */

static enum cli_status run_status(struct cli *cli)
{
	struct subject *subjects = cli_destinations(cli);
	enum cli_status status;

	if (subjects == NULL)
		return CLI_USAGE;
	status = print_all(cli, subjects);
	free(subjects);
	return status;
}

const struct verb verb_status = {
	.name = "status",
	.arguments = "ADDRESS...",
	.summary = "Shows how mail to each address or domain travels",
	.options = "",
	.help = "  DANE ok  over TLS, to a server proven by DANE\n"
		"  SSL ok   over TLS\n"
		"  no SSL   in the clear: the provider was never seen to offer TLS\n"
		"  SSL ?    nothing is known yet; `postseal probe` finds out\n"
		"\n"
		"\"guaranteed\" means that mail cannot leave in the clear, whatever happens.\n"
		"If you may not read the ledger, postseal-socketmap answers.\n"
		"\n"
		"Exit status: 1 if mail to one would be sent in the clear, 3 if one is unknown.\n",
	.least = 1,
	.most = -1,
	.run = run_status,
};

static enum cli_status run_probe(struct cli *cli)
{
	struct subject *subjects = cli_destinations(cli);
	enum cli_status status;
	bool heard;

	if (subjects == NULL)
		return CLI_USAGE;
	status = probing_run(cli, subjects, cli->count, &heard);
	if (heard)
		status = cli_worse(status, print_all(cli, subjects));
	free(subjects);
	return status;
}

const struct verb verb_probe = {
	.name = "probe",
	.arguments = "DOMAIN...",
	.summary = "Makes the prober look again, waits, shows the outcome",
	.options = "",
	.help = "All look-ups and the SMTP probe of each MX host are done again, even if they\n"
		"were done just now. The result is shown as by `postseal status`; `postseal\n"
		"explain` has the details.\n"
		"\n"
		"Exit status: as `postseal status`; also 3 if the prober could not be asked.\n",
	.least = 1,
	.most = -1,
	.run = run_probe,
};
