/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * terminal - colour, symbols and pages of text for people. Colour and symbols
 * only where standard output is a terminal, and not with $NO_COLOR
 * (https://no-color.org) or on a dumb one; so what scripts read never changes.
 */
#ifndef POSTSEAL_CLI_TERMINAL_H
#define POSTSEAL_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/policy/status.h"

enum paint { PAINT_GREEN, PAINT_RED, PAINT_YELLOW, PAINT_GREY, PAINT_BOLD };

/* Once, before any of the others. */
void terminal_open(void);
/* Is there someone who can be asked, and sees what is printed? */
bool terminal_has_person(void);
/* After a question on standard error: does a line that begins with "y" come? */
bool terminal_says_yes(void);

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
__attribute__((format(printf, 1, 2))) void page_heading(const char *format, ...);
__attribute__((format(printf, 2, 3))) void page_field(const char *name, const char *format, ...);
/* The rest of a line that was begun and is at `column`. */
void page_rest(int column, const char *text);
/*
 * Text beside a word that ends at column `at`: from `column` on, which is not less; if
 * it does not fit there right behind the word, and if not there either below, from
 * `indent` on.
 */
__attribute__((format(printf, 4, 5))) void page_beside(int at, int column, int indent,
						       const char *format, ...);
/* Text alone, from `column` on. */
__attribute__((format(printf, 2, 3))) void page_text(int column, const char *format, ...);

#endif
