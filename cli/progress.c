/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define BAR "########################################"
#define BAR_WIDTH ((int)sizeof(BAR) - 1)
#define REDRAW_MS 100

static bool can_be_seen(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

static void draw(struct progress *progress, uint64_t done)
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
	*progress = (struct progress){ .doing = doing, .total = total, .shown = can_be_seen() };
	if (progress->total == 0)
		progress->total = 1;
	if (progress->shown)
		draw(progress, 0);
}

void progress_at(struct progress *progress, uint64_t done)
{
	if (progress->shown && clock_mono_ms() - progress->drawn >= REDRAW_MS)
		draw(progress, done);
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
