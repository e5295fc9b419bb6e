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
/* Is there someone who can be asked, and sees what is printed? */
bool terminal_has_person(void);
/* Asks a question on standard error; true if the answer begins with "y". */
__attribute__((format(printf, 1, 2))) bool terminal_confirms(const char *format, ...);

/* What starts and ends a colour; "" where there is none. */
const char *terminal_paint(enum paint paint);
const char *terminal_plain(void);
enum paint terminal_state_paint(enum status_state state);
/* "● " in the state's colour where symbols are shown, else ""; its columns. */
int terminal_dot(enum status_state state);

/*
 * A word that someone typed, to be shown again: as it is if the terminal's
 * character set has it and all of it is printable, else as str_printable shows
 * it. Returns how many columns it takes.
 */
int terminal_word(char *dst, size_t size, const char *word);

/*
 * A page: headings, and named fields whose text is wrapped to PAGE_WIDTH
 * columns and stands in a column of its own.
 */
#define PAGE_WIDTH 80

/* With a blank line above it, but for the first of a page. */
__attribute__((format(printf, 1, 2))) void terminal_heading(const char *format, ...);
__attribute__((format(printf, 2, 3))) void terminal_field(const char *name, const char *format,
							  ...);
/* The rest of a line that was begun and is at `column`. */
void terminal_rest(int column, const char *text);
/*
 * Text beside a word that ends at column `at`: from `column` on, which is not less; if
 * it does not fit there right behind the word, and if not there either below, from
 * `indent` on.
 */
__attribute__((format(printf, 4, 5))) void terminal_beside(int at, int column, int indent,
							   const char *format, ...);
/* Text alone, from `column` on. */
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
/* Out of the way of what is written to the terminal next, until it is drawn again. */
void progress_hide(const struct progress *progress);
/* Also before anything else is written to the terminal. */
void progress_end(struct progress *progress);

#endif
