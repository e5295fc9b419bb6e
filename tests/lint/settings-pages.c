/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the settings table as pages for people:
 *
 *   settings-pages mdoc     the list of settings in postseal.conf(5)
 *   settings-pages sample   postseal.conf.sample, all of it
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/settings/settings.h"
#include "tests/lint/mdoc.h"

#define WIDTH 78

static char *shown_default(const struct setting *setting)
{
	struct settings defaults;
	struct buf text = { 0 };
	char *copy;

	settings_init(&defaults);
	setting->show(&defaults, setting, &text);
	copy = mem_strdup(buf_cstr(&text));
	buf_free(&text);
	settings_free(&defaults);
	return copy;
}

static void append_choices(struct buf *out, const struct setting *setting)
{
	for (size_t i = 0; setting->choices[i] != NULL; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", setting->choices[i]);
}

/* What may be written, as the end of a sentence. */
static char *shown_values(const struct setting *setting)
{
	struct buf out = { 0 };
	char *copy;

	switch (setting->type) {
	case SETTING_STRING:
		buf_append_str(&out, "a string");
		break;
	case SETTING_PATH:
		buf_append_str(&out, "an absolute path");
		break;
	case SETTING_BOOL:
		buf_append_str(&out, "true or false");
		break;
	case SETTING_NUMBER:
		buf_printf(&out, "%s from %" PRId64 " to %" PRId64,
			   setting->unit != NULL ? setting->unit : "a number", setting->min,
			   setting->max);
		break;
	case SETTING_CHOICE:
		buf_append_str(&out, "one of ");
		append_choices(&out, setting);
		break;
	case SETTING_LIST:
		buf_append_str(&out, "a list");
		break;
	case SETTING_SET:
		buf_append_str(&out, "a list of ");
		append_choices(&out, setting);
		break;
	}
	copy = mem_strdup(buf_cstr(&out));
	buf_free(&out);
	return copy;
}

/* Inside a macro's arguments, quotes are mdoc's own. */
static void print_mdoc_literal(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputs("\\(dq", stdout);
		else
			putchar(*text);
	}
	putchar('\n');
}

static void print_mdoc(const struct setting *setting)
{
	char *values = shown_values(setting), *defaults = shown_default(setting);

	printf(".It Ic %s\n", setting->name);
	print_mdoc_text(setting->help);
	printf(".Pp\nValue: %s.\nDefault:\n.Li ", values);
	print_mdoc_literal(defaults);
	if (setting->fixed)
		printf(".br\nCounts from the next start on.\n");
	free(values);
	free(defaults);
}

/* Each line begins with "# " and is broken between words. */
static void print_comment(const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column == 0 || column + 1 + word > WIDTH) {
			printf("%s#", column == 0 ? "" : "\n");
			column = 1;
		}
		printf(" %.*s", (int)word, text);
		column += 1 + word;
		text += word;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_sample(const struct setting *setting)
{
	char *values = shown_values(setting), *defaults = shown_default(setting);

	putchar('\n');
	print_comment(setting->help);
	printf("# Value: %s.\n#%s = %s\n", values, setting->name, defaults);
	free(values);
	free(defaults);
}

int main(int argc, char **argv)
{
	bool mdoc = argc == 2 && strcmp(argv[1], "mdoc") == 0;

	if (!mdoc && (argc != 2 || strcmp(argv[1], "sample") != 0)) {
		fprintf(stderr, "usage: %s mdoc|sample\n", argv[0]);
		return EXIT_FAILURE;
	}
	if (!mdoc)
		puts("# postseal.conf - settings of postseal; see postseal.conf(5).\n"
		     "#\n"
		     "# Every setting is optional and stands here with its default.");
	for (size_t i = 0; i < settings_table_count; i++)
		(mdoc ? print_mdoc : print_sample)(&settings_table[i]);
	return EXIT_SUCCESS;
}
