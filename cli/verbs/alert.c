/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal alert - tells an admin what needs a look, without being asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/known.h"
#include "core/alert/alert.h"
#include "io/ledger/ledger.h"
#include "io/local/command.h"
#include "io/local/metrics_file.h"

#define COMMAND_MS 60000
#define COMMAND_SAYS_MAX 65536
#define WORDS_MAX 32
#define HOST_SIZE 256

struct telling {
	const struct cli *cli;
	struct ledger *ledger;
	struct alerts alerts;
	char host[HOST_SIZE];
};

static bool note(void *context, uint64_t number, const struct journal_entry *entry)
{
	alerts_note(context, number, entry);
	return true;
}

/* Of a daemon that does not run what it counted last still stands. */
static void note_locked(struct alerts *alerts, const struct settings *settings)
{
	struct metrics_snapshot *snapshot = mem_alloc(sizeof(*snapshot));
	char error[METRICS_FILE_ERROR_SIZE];
	bool alive;

	if (metrics_read(metrics_directory(settings, METRICS_MAILBOX), METRICS_MAILBOX, snapshot,
			 &alive, error) == LOOKUP_FOUND)
		alerts_note_locked(alerts, snapshot->started, snapshot->cell[M_MAILBOX_LOCKED]);
	free(snapshot);
}

/* A summary looks back a week; where in the journal that begins nobody knows. */
static bool read_journal(struct telling *telling)
{
	struct alerts *alerts = &telling->alerts;
	struct ledger_txn *txn = ledger_begin_read(telling->ledger);
	struct alert_state state;
	bool whole = false;

	if (txn == NULL)
		return false;
	switch (ledger_get_alerts(txn, &state)) {
	case LOOKUP_FOUND:
		alerts_begin(alerts, &state, telling->cli->now);
		whole = true;
		break;
	case LOOKUP_ABSENT:
		alerts_begin(alerts, NULL, telling->cli->now);
		whole = true;
		break;
	case LOOKUP_ERROR:
		break;
	}
	if (whole)
		whole = ledger_each_journal_from(
			txn, alerts_summary_due(alerts) ? 1 : alerts->before.seen + 1, note,
			alerts);
	ledger_abort(txn);
	return whole;
}

static bool keep(const struct telling *telling, const struct alert_state *state)
{
	struct ledger_txn *txn = ledger_begin_write(telling->ledger);

	if (txn != NULL && ledger_put_alerts(txn, state))
		return ledger_commit(txn);
	ledger_abort(txn);
	return false;
}

static bool run_command(const struct telling *telling, const char *title, const char *text)
{
	const struct string_list *words = &telling->cli->settings.alert_command;
	struct buf input = { 0 }, said = { 0 };
	char *argv[WORDS_MAX + 1], error[COMMAND_ERROR_SIZE];
	bool done;

	for (size_t i = 0; i < words->count; i++)
		argv[i] = words->items[i];
	argv[words->count] = NULL;
	buf_printf(&input, "%s\n\n%s", title, text);
	done = command_feed(argv, &input, COMMAND_SAYS_MAX, clock_mono_ms() + COMMAND_MS, &said,
			    error) == LOOKUP_FOUND;
	if (!done)
		cli_error(telling->cli, "alert_command: %s", error);
	buf_free(&input);
	buf_free(&said);
	return done;
}

static bool send_mail(const struct telling *telling, const char *title, const char *text)
{
	const char *to = telling->cli->settings.alert_mail;
	char error[COMMAND_ERROR_SIZE];
	struct buf mail = { 0 };
	bool sent;

	alert_mail(&mail, to, title, text, telling->cli->now);
	sent = command_sendmail(to, &mail, error);
	if (!sent)
		cli_error(telling->cli, "%s is not told: %s", to, error);
	buf_free(&mail);
	return sent;
}

/*
 * By all the ways that there are. NO: one of them failed, but not all; then nobody is told a
 * second time. UNSURE: nobody was told; tried again, when telling is due again.
 */
static enum cli_status tell(const struct telling *telling, const char *title, const char *text)
{
	const struct settings *settings = &telling->cli->settings;
	int ways = 0, good = 0;

	if (settings->alert_mail[0] != '\0') {
		ways++;
		good += send_mail(telling, title, text);
	}
	if (settings->alert_command.count > 0) {
		ways++;
		good += run_command(telling, title, text);
	}
	return good == 0 ? CLI_UNSURE : good < ways ? CLI_NO : CLI_YES;
}

static enum cli_status tell_events(const struct telling *telling)
{
	struct buf title = { 0 }, text = { 0 };
	enum cli_status status;

	alerts_title(&title, &telling->alerts, telling->host);
	alerts_text(&text, &telling->alerts, telling->host);
	status = tell(telling, buf_cstr(&title), buf_cstr(&text));
	buf_free(&title);
	buf_free(&text);
	return status;
}

static enum cli_status tell_summary(const struct telling *telling)
{
	struct buf title = { 0 }, text = { 0 };
	enum cli_status status;

	alerts_summary_title(&title, telling->host);
	alerts_summary_text(&text, &telling->alerts, telling->host);
	status = tell(telling, buf_cstr(&title), buf_cstr(&text));
	buf_free(&title);
	buf_free(&text);
	return status;
}

/*
 * That it is being told is written down first: whatever fails then, and be it the ledger,
 * is tried again after ALERT_GAP and not each minute.
 */
static enum cli_status send_events(struct telling *telling)
{
	struct alert_state begun = telling->alerts.before;
	enum cli_status status = CLI_YES;

	if (telling->alerts.count > 0) {
		begun.told = telling->cli->now;
		if (!keep(telling, &begun))
			return CLI_UNSURE;
		status = tell_events(telling);
		if (status == CLI_UNSURE)
			return CLI_UNSURE;
		telling->alerts.after.told = telling->cli->now;
	}
	return keep(telling, &telling->alerts.after) ? status : CLI_UNSURE;
}

static enum cli_status send_summary(struct telling *telling)
{
	struct alert_state *after = &telling->alerts.after;
	enum cli_status status = CLI_YES;

	after->summed = telling->cli->now;
	if (!keep(telling, after))
		return CLI_UNSURE;
	if (telling->cli->settings.alert_summary)
		status = tell_summary(telling);
	return status;
}

static enum cli_status send_all(struct telling *telling)
{
	const struct alerts *alerts = &telling->alerts;
	bool summary = alerts_summary_due(alerts);
	enum cli_status status = CLI_YES;

	if (alerts->count > 0 && !alerts_due(alerts))
		return CLI_YES;
	if (alerts_changed(alerts))
		status = send_events(telling);
	if (summary && status != CLI_UNSURE)
		status = cli_worse(status, send_summary(telling));
	return status;
}

static enum cli_status show(const struct telling *telling)
{
	const struct alerts *alerts = &telling->alerts;
	struct buf text = { 0 };

	if (telling->cli->json) {
		for (size_t i = 0; i < alerts->count && i < ALERT_MAX; i++)
			json_print_alert(&alerts->list[i]);
	} else if (alerts->count > 0) {
		alerts_text(&text, alerts, telling->host);
		fputs(buf_cstr(&text), stdout);
	} else {
		cli_error(telling->cli, "there is nothing to tell");
	}
	buf_free(&text);
	return alerts->count > 0 ? CLI_YES : CLI_NO;
}

static bool is_wanted(const struct settings *settings)
{
	return settings->alert_mail[0] != '\0' || settings->alert_command.count > 0;
}

static void find_host(char host[HOST_SIZE])
{
	char name[HOST_SIZE] = "";

	gethostname(name, sizeof(name) - 1);
	str_printable(host, HOST_SIZE, name, strlen(name));
}

static enum cli_status run(struct cli *cli)
{
	struct telling *telling;
	enum cli_status status = CLI_UNSURE;

	if (cli->send && !is_wanted(&cli->settings)) {
		cli_error(cli, "neither `alert_mail` nor `alert_command` is set: nobody is told");
		return CLI_YES;
	}
	telling = mem_zero(1, sizeof(*telling));
	telling->cli = cli;
	find_host(telling->host);
	telling->ledger = known_ledger(cli, cli->send ? LEDGER_WRITE : LEDGER_READ);
	if (telling->ledger != NULL && read_journal(telling)) {
		note_locked(&telling->alerts, &cli->settings);
		status = cli->send ? send_all(telling) : show(telling);
	}
	ledger_close(telling->ledger);
	free(telling);
	return status;
}

const struct verb verb_alert = {
	.name = "alert",
	.arguments = "",
	.summary = "Tells an admin what needs a look: downgrades, troubles",
	.options = "S",
	.help = "  -S, --send  tell `alert_mail` and `alert_command`, and remember that\n"
		"\n"
		"Without --send what was not told yet is shown. Told are: a provider no longer\n"
		"offers TLS, our own network takes TLS away, the resolver stops validating, too\n"
		"many wrong PINs of sealed mail were tried. Each is told once, and nobody more\n"
		"often than every 15 minutes. The first time nothing is: what happened before\n"
		"is in `postseal history` and `postseal list --state downgrade`.\n"
		"\n"
		"Exit status: 1 if there is nothing to show, or if one of two could not be told;\n"
		"3 if nobody could be.\n",
	.least = 0,
	.most = 0,
	.run = run,
};
