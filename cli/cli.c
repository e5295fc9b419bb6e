/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define WORD_SHOWN 128

void cli_error(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "postseal %s: %s", cli->verb->name, cli->where != NULL ? cli->where : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

struct subject *cli_subjects(const struct cli *cli)
{
	struct subject *subjects = mem_zero((size_t)cli->count, sizeof(*subjects));

	for (int i = 0; i < cli->count; i++) {
		const char *word = cli->words[i];
		char shown[WORD_SHOWN];

		if (subject_parse(&subjects[i], word, strlen(word)))
			continue;
		cli_error(cli,
			  "\"%s\" is neither a mail address nor a domain; write me@example.com, "
			  "example.com, [mx.example.com]:587 or [192.0.2.1]",
			  str_printable(shown, sizeof(shown), word, strlen(word)));
		free(subjects);
		return NULL;
	}
	return subjects;
}

struct subject *cli_destinations(const struct cli *cli)
{
	struct subject *subjects = cli_subjects(cli);

	for (int i = 0; subjects != NULL && i < cli->count; i++) {
		if (subjects[i].nexthop.kind != NEXTHOP_PARENT)
			continue;
		cli_error(cli,
			  "\"%s\" stands for all names below it, and no mail goes there; write a "
			  "name",
			  subjects[i].nexthop.key);
		free(subjects);
		subjects = NULL;
	}
	return subjects;
}

enum cli_status cli_worse(enum cli_status a, enum cli_status b)
{
	return a > b ? a : b;
}
