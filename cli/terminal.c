/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/str.h"

#define PAGE_INDENT 2
#define PAGE_NAME 13 /* columns of a field's name, with the blank behind it */

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

bool terminal_says_yes(void)
{
	char answer[8];

	return fgets(answer, sizeof(answer), stdin) != NULL &&
	       (answer[0] == 'y' || answer[0] == 'Y');
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

/* Columns of a printable string; -1 if it is none. */
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

/* Words, broken at blanks, from column `column` on. */
void page_rest(int column, const char *text)
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

void page_heading(const char *format, ...)
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
		page_rest(PAGE_INDENT, line);
	fputs(terminal_plain(), stdout);
}

void page_field(const char *name, const char *format, ...)
{
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	printf("%*s%-*s", PAGE_INDENT, "", PAGE_NAME, name);
	page_rest(PAGE_INDENT + PAGE_NAME, line);
}

void page_beside(int at, int column, int indent, const char *format, ...)
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
	page_rest(indent, line);
}

void page_text(int column, const char *format, ...)
{
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	printf("%*s", column, "");
	page_rest(column, line);
}
