/* SPDX-License-Identifier: BSD-2-Clause */
/* mdoc - text as mdoc(7) wants it, for the pages that are written from tables. */
#ifndef POSTSEAL_TESTS_LINT_MDOC_H
#define POSTSEAL_TESTS_LINT_MDOC_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MDOC_WIDTH 78

/* The end of a sentence: a full stop before a blank and a capital letter. */
static inline bool ends_sentence(const char *end)
{
	return end[-1] == '.' && end[0] == ' ' && isupper((unsigned char)end[1]);
}

/* Each sentence on lines of its own, as mdoc(7) wants it. */
static inline void print_mdoc_text(const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column > 0 && column + 1 + word > MDOC_WIDTH) {
			putchar('\n');
			column = 0;
		}
		printf("%s%.*s", column > 0 ? " " : "", (int)word, text);
		column += word + 1;
		text += word;
		if (ends_sentence(text)) {
			putchar('\n');
			column = 0;
		}
		text += strspn(text, " ");
	}
	putchar('\n');
}

#endif
