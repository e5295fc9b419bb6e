/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal top - what the daemons do just now, on one screen. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/verbs/top_page.h"
#include "io/ledger/ledger.h"
#include "io/local/metrics_file.h"

#define EVERY_MS 2000
#define COLUMNS 80
#define ROWS 24
#define SCREEN_MAX 1000
/* Another screen than that of the shell, without a cursor; and back (XTerm control sequences). */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

struct top {
	const struct cli *cli;
	struct top_view views[2]; /* one is the latest, the other the one before */
	unsigned latest;
	bool any; /* there was one before */
	struct top_news news;
	uint64_t next; /* number of the journal's next entry */
	char error[LEDGER_ERROR_SIZE];
};

/*
 * Looking.
 */

static void look_at_daemons(const struct top *top, struct top_view *view)
{
	memset(view, 0, sizeof(*view));
	view->at = clock_mono_ms();
	view->now = clock_wall();
	for (unsigned i = 0; i < METRICS_DAEMON_COUNT; i++) {
		enum metrics_source source = (enum metrics_source)i;
		char error[METRICS_FILE_ERROR_SIZE];
		struct metrics_snapshot snapshot;

		view->found[i] = metrics_read(metrics_directory(&top->cli->settings, source),
					      source, &snapshot, &view->alive[i], error);
		if (view->found[i] != LOOKUP_FOUND)
			continue;
		view->started[i] = snapshot.started;
		/* Told to stop, or never started: nobody misses it. */
		if (!view->alive[i] && snapshot.ended != 0)
			view->found[i] = LOOKUP_ABSENT;
		for (size_t cell = 0; cell < METRICS_CELLS; cell++)
			view->cell[cell] += snapshot.cell[cell];
	}
}

static bool take_entry(void *context, uint64_t number, const struct journal_entry *entry)
{
	struct top *top = context;
	struct top_news *news = &top->news;

	if (news->count == TOP_NEWS_MAX) {
		memmove(&news->entries[0], &news->entries[1],
			(TOP_NEWS_MAX - 1) * sizeof(news->entries[0]));
		news->count--;
	}
	news->entries[news->count++] = *entry;
	top->next = number + 1;
	return true;
}

/* What cannot be read now may be later: the ledger of a prober that starts, for one. */
static void look_at_journal(struct top *top)
{
	struct ledger *ledger = ledger_open(top->cli->settings.ledger, LEDGER_READ, top->error);
	struct ledger_txn *txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;

	top->news.trouble = NULL;
	if (txn == NULL)
		top->news.trouble = ledger == NULL ? top->error : "the journal cannot be read";
	else if (!ledger_each_journal_from(txn, top->next, take_entry, top))
		top->news.trouble = "the journal cannot be read";
	ledger_abort(txn);
	ledger_close(ledger);
}

static void look(struct top *top)
{
	top->latest = 1 - top->latest;
	look_at_daemons(top, &top->views[top->latest]);
	look_at_journal(top);
}

static void show(struct top *top, size_t columns, size_t rows, const char *before,
		 const char *after)
{
	struct buf page = { 0 };

	top_page(&page, &top->views[top->latest], top->any ? &top->views[1 - top->latest] : NULL,
		 &top->news, columns, rows);
	fputs(before, stdout);
	for (const char *at = buf_cstr(&page); *at != '\0';) {
		size_t len = strcspn(at, "\n");
		bool last = at[len + 1] == '\0';

		/* The rest of the line is wiped; the last one does not scroll the screen. */
		printf("%.*s%s%s", (int)len, at, after, last && after[0] != '\0' ? "" : "\n");
		at += len + 1;
	}
	fputs(after[0] != '\0' ? "\033[J" : "", stdout);
	fflush(stdout);
	buf_free(&page);
}

/*
 * The terminal.
 */

static struct termios shell;
static volatile sig_atomic_t caught; /* the latest signal; 0: none */

static void note_signal(int number)
{
	caught = number;
}

static bool take_terminal(void)
{
	struct termios mine = shell;

	mine.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	mine.c_cc[VMIN] = 0;
	mine.c_cc[VTIME] = 0;
	fputs(ENTER, stdout);
	fflush(stdout);
	return tcsetattr(STDIN_FILENO, TCSANOW, &mine) == 0;
}

static void give_terminal_back(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &shell);
	fputs(LEAVE, stdout);
	fflush(stdout);
}

static void screen_size(size_t *columns, size_t *rows)
{
	struct winsize size;

	*columns = COLUMNS;
	*rows = ROWS;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return;
	if (size.ws_col > 0 && size.ws_col < SCREEN_MAX)
		*columns = size.ws_col;
	if (size.ws_row > 0 && size.ws_row < SCREEN_MAX)
		*rows = size.ws_row;
}

/* Ctrl-Z: the shell gets its terminal back until it lets us go on. */
static void pause_here(void)
{
	give_terminal_back();
	raise(SIGSTOP);
	take_terminal();
}

/* Only while it waits do signals come in, so none is missed. */
static void open_signals(sigset_t *waiting)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	struct sigaction action = { .sa_handler = note_signal };
	sigset_t mine;

	sigemptyset(&mine);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&mine, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &mine, waiting);
}

/* False: it is to end. *look_again: time is over; else the screen is drawn as it is. */
static bool wait_for_something(const sigset_t *waiting, int64_t deadline, bool *look_again)
{
	int64_t left = deadline - clock_mono_ms();
	struct timespec patience = { .tv_sec = left > 0 ? left / 1000 : 0,
				     .tv_nsec = left > 0 ? left % 1000 * 1000000 : 0 };
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
	int ready = ppoll(&keys, 1, &patience, waiting);
	char key;

	*look_again = ready == 0;
	if (ready < 0 && errno == EINTR) {
		int number = caught;

		caught = 0;
		if (number == SIGTSTP)
			pause_here();
		return number == SIGTSTP || number == SIGWINCH;
	}
	if (ready <= 0)
		return ready == 0;
	return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q';
}

static void watch(struct top *top)
{
	sigset_t waiting;
	bool goes_on = true, look_again = true;
	int64_t deadline = 0;

	open_signals(&waiting);
	if (!take_terminal())
		goes_on = false;
	while (goes_on) {
		size_t columns, rows;

		if (look_again) {
			top->any = deadline != 0;
			look(top);
			deadline = clock_mono_ms() + EVERY_MS;
		}
		screen_size(&columns, &rows);
		show(top, columns, rows, "\033[H", "\033[K");
		goes_on = wait_for_something(&waiting, deadline, &look_again);
	}
	give_terminal_back();
}

static enum cli_status run(struct cli *cli)
{
	struct top *top;

	if (cli->json) {
		cli_error(cli, "`postseal stats --json` has these numbers for programs");
		return CLI_USAGE;
	}
	if (!cli->once && (isatty(STDOUT_FILENO) != 1 || tcgetattr(STDIN_FILENO, &shell) != 0)) {
		cli_error(cli, "this is no terminal; --once prints one screen");
		return CLI_USAGE;
	}
	top = mem_zero(1, sizeof(*top));
	top->cli = cli;
	top->next = 1;
	if (cli->once) {
		look(top);
		show(top, COLUMNS, ROWS, "", "");
	} else {
		watch(top);
	}
	free(top);
	return CLI_YES;
}

const struct verb verb_top = {
	.name = "top",
	.arguments = "",
	.summary = "Shows on one screen what the daemons do just now",
	.options = "O",
	.help = "  -O, --once  print one screen, of 80 columns and 24 lines, and end\n"
		"\n"
		"Answers to Postfix, probes of MX hosts, refusals of the milter, events such as\n"
		"downgrades, each with how many there are a second, and the latest entries of the\n"
		"journal; every two seconds anew. q ends it.\n",
	.least = 0,
	.most = 0,
	.run = run,
};
