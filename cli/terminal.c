/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/str.h"

#define PAGE_INDENT 2
#define PAGE_NAME 13 /* columns of a field's name, with the blank after it */

#define BAR "########################################"
#define BAR_WIDTH ((int)sizeof(BAR) - 1)
#define REDRAW_MS 100

static bool colours;
static bool symbols;

void terminal_open(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	setlocale(LC_CTYPE, "");
	colours = isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0') &&
		  term != NULL && strcmp(term, "dumb") != 0;
	symbols = colours && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool terminal_has_person(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool terminal_confirms(const char *format, ...)
{
	char answer[8];
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(" [y/N] ", stderr);
	return fgets(answer, sizeof(answer), stdin) != NULL &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

const char *terminal_secret(char *dst, size_t size, const char *format, ...)
{
	struct termios before, quiet;
	bool shown = tcgetattr(STDIN_FILENO, &before) == 0;
	const char *got;
	size_t len;
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (shown)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	got = fgets(dst, (int)size, stdin);
	if (shown)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	len = got != NULL ? strcspn(dst, "\n") : 0;
	if (got == NULL || dst[len] != '\n')
		return NULL;
	dst[len] = '\0';
	return dst;
}

const char *terminal_paint(enum paint paint)
{
	static const char *const codes[] = {
		[PAINT_GREEN] = "\033[32m", [PAINT_RED] = "\033[31m", [PAINT_YELLOW] = "\033[33m",
		[PAINT_GREY] = "\033[90m",  [PAINT_BOLD] = "\033[1m",
	};

	return colours ? codes[paint] : "";
}

const char *terminal_plain(void)
{
	return colours ? "\033[0m" : "";
}

enum paint terminal_state_paint(enum status_state state)
{
	switch (state) {
	case STATUS_DANE:
	case STATUS_TLS:
		return PAINT_GREEN;
	case STATUS_PLAIN:
		return PAINT_RED;
	case STATUS_UNKNOWN:
		break;
	}
	return PAINT_GREY;
}

int terminal_dot(enum status_state state)
{
	if (!symbols)
		return 0;
	printf("%s\u25cf%s ", terminal_paint(terminal_state_paint(state)), terminal_plain());
	return 2;
}

/* Columns of a string; -1 if it is not printable. */
static int columns_of(const char *word)
{
	size_t left = strlen(word);
	mbstate_t state = { 0 };
	int columns = 0;

	while (left > 0) {
		wchar_t c;
		size_t len = mbrtowc(&c, word, left, &state);
		int width = len <= left ? wcwidth(c) : -1;

		if (width < 0)
			return -1;
		columns += width;
		word += len;
		left -= len;
	}
	return columns;
}

int terminal_word(char *dst, size_t size, const char *word)
{
	int columns = columns_of(word);

	if (columns >= 0 && str_copy(dst, size, word))
		return columns;
	return (int)strlen(str_printable(dst, size, word, strlen(word)));
}

/* Wraps the text at blanks. */
void terminal_rest(int column, const char *text)
{
	int at = column;

	while (*text != '\0') {
		int len = (int)strcspn(text, " ");

		if (at > column && at + 1 + len > PAGE_WIDTH) {
			printf("\n%*s", column, "");
			at = column;
		} else if (at > column) {
			putchar(' ');
			at++;
		}
		printf("%.*s", len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

void terminal_heading(const char *format, ...)
{
	static bool begun;
	char line[2048];
	va_list args;

	if (begun)
		putchar('\n');
	begun = true;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fputs(terminal_paint(PAINT_BOLD), stdout);
	if (strlen(line) <= PAGE_WIDTH)
		puts(line);
	else
		terminal_rest(PAGE_INDENT, line);
	fputs(terminal_plain(), stdout);
}

void terminal_field(const char *name, const char *format, ...)
{
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	printf("%*s%-*s", PAGE_INDENT, "", PAGE_NAME, name);
	terminal_rest(PAGE_INDENT + PAGE_NAME, line);
}

void terminal_beside(int at, int column, int indent, const char *format, ...)
{
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (column + (int)strlen(line) > PAGE_WIDTH)
		column = at + 2;
	if (column + (int)strlen(line) <= PAGE_WIDTH) {
		printf("%*s%s\n", column - at, "", line);
		return;
	}
	printf("\n%*s", indent, "");
	terminal_rest(indent, line);
}

void terminal_text(int column, const char *format, ...)
{
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	printf("%*s", column, "");
	terminal_rest(column, line);
}

static void draw_progress(struct progress *progress, uint64_t done)
{
	double part = done < progress->total ? (double)done / (double)progress->total : 1;
	int full = (int)(part * BAR_WIDTH);

	progress->drawn = clock_mono_ms();
	fprintf(stderr, "\r%s [%.*s%*s] %3d %%", progress->doing, full, BAR, BAR_WIDTH - full, "",
		(int)(part * 100));
	fflush(stderr);
}

void progress_begin(struct progress *progress, const char *doing, uint64_t total)
{
	const char *term = getenv("TERM");

	*progress = (struct progress){
		.doing = doing,
		.total = total > 0 ? total : 1,
		.shown = isatty(STDERR_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0,
	};
	if (progress->shown)
		draw_progress(progress, 0);
}

void progress_at(struct progress *progress, uint64_t done)
{
	if (progress->shown && clock_mono_ms() - progress->drawn >= REDRAW_MS)
		draw_progress(progress, done);
}

void progress_hide(const struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}

void progress_end(struct progress *progress)
{
	progress_hide(progress);
	progress->shown = false;
}
