/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * terminal - what people see: colour, symbols, pages of text, questions, a bar of
 * progress. Colour and symbols are used only where standard output is a terminal, and not
 * with $NO_COLOR (https://no-color.org) or on a dumb one; so what scripts read never
 * changes.
 */
#ifndef POSTSEAL_CLI_TERMINAL_H
#define POSTSEAL_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/status.h"

enum paint { PAINT_GREEN, PAINT_RED, PAINT_YELLOW, PAINT_GREY, PAINT_BOLD };

/* Once, before any of the others. */
void terminal_open(void);
/* Is a person there, to be asked? */
bool terminal_has_person(void);
/* Asks a question on standard error; true if the answer begins with "y". */
__attribute__((format(printf, 1, 2))) bool terminal_confirms(const char *format, ...);

/* Asks for a line that is not shown while it is typed; NULL: there was none, or it is too long. */
__attribute__((format(printf, 3, 4))) const char *terminal_secret(char *dst, size_t size,
								  const char *format, ...);

/* What starts and ends a colour; "" where there is none. */
const char *terminal_paint(enum paint paint);
const char *terminal_plain(void);
enum paint terminal_state_paint(enum status_state state);
/* Prints "● " in the state's colour where symbols are shown; returns how many columns. */
int terminal_dot(enum status_state state);

/*
 * A word that somebody typed, for showing it again: unchanged if all of it is printable in the
 * terminal's character set, else as str_printable shows it. Returns how many columns it takes.
 */
int terminal_word(char *dst, size_t size, const char *word);

/*
 * A page: headings, and fields with a name and a text. Texts are wrapped at PAGE_WIDTH and start
 * in the same column.
 */
#define PAGE_WIDTH 80

/* After a blank line, except for the first of a page. */
__attribute__((format(printf, 1, 2))) void terminal_heading(const char *format, ...);
__attribute__((format(printf, 2, 3))) void terminal_field(const char *name, const char *format,
							  ...);
/* The rest of a line, which has got to `column`. */
void terminal_rest(int column, const char *text);
/*
 * Text beside a word that ends at column `at`. It starts at `column` (>= at) if it fits there,
 * else right after the word, else on the next line at `indent`.
 */
__attribute__((format(printf, 4, 5))) void terminal_beside(int at, int column, int indent,
							   const char *format, ...);
/* A text alone, starting at `column`. */
__attribute__((format(printf, 2, 3))) void terminal_text(int column, const char *format, ...);

/*
 * A bar on standard error for work that takes a while. It is shown only where that is a
 * terminal, and wiped away at the end.
 */
struct progress {
	const char *doing; /* "importing" */
	uint64_t total;    /* in whatever unit; at least 1 */
	bool shown;        /* there is someone to see it */
	int64_t drawn;     /* when last, of clock_mono_ms() */
};

void progress_begin(struct progress *progress, const char *doing, uint64_t total);
void progress_at(struct progress *progress, uint64_t done);
/* Wipes it away, so that something else can be written; it is drawn again later. */
void progress_hide(const struct progress *progress);
/* Wipes it away for good. */
void progress_end(struct progress *progress);

#endif
