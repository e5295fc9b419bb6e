/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/local/settings_file.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define NAME_SHOWN 200

/*
 * One reading. Options of *cfg stand in the order of the settings table. All
 * are strings, because libconfuse takes "0x10" and "010" for numbers and is not
 * told our bounds; table functions check them when the whole file is in.
 */
struct reading {
	cfg_t *cfg;
	const char *name;
	int *lines; /* of the first value of each setting; 0: none seen */
	char *error;
};

/* libconfuse hands its callbacks no context of ours. */
static struct reading *current;

/* As much of a long path as leaves room for the rest of a message. */
static const char *end_of(const char *name)
{
	size_t len = strlen(name);

	return len > NAME_SHOWN ? name + len - NAME_SHOWN : name;
}

/* The first complaint is the one to mend; the others follow from it. */
static bool complain(const struct reading *reading, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool complain(const struct reading *reading, int line, const char *fmt, ...)
{
	struct buf text = { 0 };
	char words[SETTINGS_FILE_ERROR_SIZE];
	va_list args;

	if (reading->error[0] != '\0')
		return false;
	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	buf_append_str(&text, end_of(reading->name));
	if (line > 0)
		buf_printf(&text, ":%d", line);
	buf_printf(&text, ": %s", words);
	str_printable(reading->error, SETTINGS_FILE_ERROR_SIZE, text.data, text.len);
	buf_free(&text);
	return false;
}

/* What libconfuse says with one name in it, in the words of all our messages. */
static const struct {
	const char *theirs, *before, *behind;
} wordings[] = {
	{ "no such option '%s'", "found \"", "\", expected a setting; see postseal.conf(5)" },
	{ "missing equal sign after option '%s'", "", ": expected = and a value" },
	{ "unexpected token '%s'", "found \"", "\", expected NAME = VALUE or NAME = {VALUE, ...}" },
};

static void on_error(cfg_t *cfg, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *fmt, va_list args)
{
	char words[SETTINGS_FILE_ERROR_SIZE];

	if (strcmp(fmt, "premature end of file") == 0) {
		complain(current, cfg->line,
			 "found the end of the file in the middle of a setting, expected "
			 "NAME = VALUE or NAME = {VALUE, ...}");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(wordings); i++) {
		if (strcmp(fmt, wordings[i].theirs) == 0) {
			complain(current, cfg->line, "%s%.100s%s", wordings[i].before,
				 va_arg(args, const char *), wordings[i].behind);
			return;
		}
	}
	vsnprintf(words, sizeof(words), fmt, args);
	complain(current, cfg->line, "%s", words);
}

/* Called for each value; notes its line, which libconfuse forgets. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	int *line = &current->lines[opt - cfg->opts];

	if (*line != 0 && opt->nvalues == 1) { /* a list anew, or no list */
		complain(current, cfg->line, "%s: found again, expected once; first in line %d",
			 opt->name, *line);
		return -1;
	}
	if (*line == 0)
		*line = cfg->line;
	*(const char **)result = value;
	return 0;
}

static cfg_t *new_cfg(void)
{
	cfg_opt_t *options = mem_zero(settings_table_count + 1, sizeof(*options));
	cfg_t *cfg;

	for (size_t i = 0; i < settings_table_count; i++) {
		options[i].name = settings_table[i].name;
		options[i].type = CFGT_STR;
		options[i].flags = CFGF_NODEFAULT;
		if (setting_is_list(&settings_table[i]))
			options[i].flags |= CFGF_LIST;
		options[i].parsecb = on_value;
	}
	cfg = cfg_init(options, CFGF_NONE);
	free(options); /* cfg_init made a copy */
	if (cfg == NULL)
		abort(); /* out of memory */
	cfg_set_error_function(cfg, on_error);
	return cfg;
}

static bool complain_of_value(const struct reading *reading, size_t i,
			      const struct setting_fault *fault)
{
	const char *found = cfg_opt_getnstr(&reading->cfg->opts[i], (unsigned)fault->index);

	if (found == NULL) /* it is their number that is wrong */
		return complain(reading, reading->lines[i], "%s: expected %s",
				settings_table[i].name, fault->expected);
	return complain(reading, reading->lines[i], "%s: found \"%.100s\", expected %s",
			settings_table[i].name, found, fault->expected);
}

static bool put_one(const struct reading *reading, size_t i, struct settings *settings,
		    struct setting_fault *fault)
{
	cfg_opt_t *opt = &reading->cfg->opts[i];
	const char **values;
	bool done;

	if ((opt->flags & CFGF_MODIFIED) == 0) /* not in the file */
		return true;
	values = mem_zero((size_t)opt->nvalues + 1, sizeof(*values));
	for (unsigned v = 0; v < opt->nvalues; v++)
		values[v] = cfg_opt_getnstr(opt, v);
	done = settings_table[i].put(settings, &settings_table[i], values, opt->nvalues, fault);
	free(values);
	return done;
}

/* Puts all values; of several faults, the one that stands first in the file is told. */
static bool put_all(const struct reading *reading, struct settings *settings)
{
	struct setting_fault fault, first;
	size_t at = settings_table_count;

	for (size_t i = 0; i < settings_table_count; i++) {
		if (!put_one(reading, i, settings, &fault) &&
		    (at == settings_table_count || reading->lines[i] < reading->lines[at])) {
			at = i;
			first = fault;
		}
	}
	return at == settings_table_count || complain_of_value(reading, at, &first);
}

static bool put_if_all_good(const struct reading *reading, struct settings *settings)
{
	struct settings rehearsal;
	bool good;

	settings_init(&rehearsal);
	good = put_all(reading, &rehearsal);
	settings_free(&rehearsal);
	return good && put_all(reading, settings);
}

/* A list that is emptied by a second `= {}` has no value that on_value could see. */
static bool none_emptied(const struct reading *reading)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		if (reading->lines[i] != 0 && reading->cfg->opts[i].nvalues == 0)
			return complain(reading, reading->lines[i],
					"%s: found again further down, expected once",
					settings_table[i].name);
	}
	return true;
}

static bool parse_clean(struct reading *reading, const char *text, struct settings *settings)
{
	current = reading;
	if (cfg_parse_buf(reading->cfg, text) != CFG_SUCCESS)
		return complain(reading, reading->cfg->line, "expected NAME = VALUE");
	return none_emptied(reading) && put_if_all_good(reading, settings);
}

bool settings_file_parse(struct settings *settings, const char *name, const char *text, size_t len,
			 char error[SETTINGS_FILE_ERROR_SIZE])
{
	struct reading reading = { .name = name, .error = error };
	char *clean = mem_strndup(text, len);
	int line;
	const char *problem = settings_text_clean(clean, len, &line);
	bool done;

	error[0] = '\0';
	if (problem != NULL) {
		done = complain(&reading, line, "found %s", problem);
	} else {
		reading.cfg = new_cfg();
		reading.lines = mem_zero(settings_table_count, sizeof(*reading.lines));
		done = parse_clean(&reading, clean, settings);
		free(reading.lines);
		cfg_free(reading.cfg);
	}
	free(clean);
	return done;
}

/* Reads all there is, to one byte more than the limit. False: see errno. */
static bool slurp(int fd, struct buf *text)
{
	for (;;) {
		char *room = buf_reserve(text, 4096);
		ssize_t got = read(fd, room, 4096);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		text->len += (size_t)got;
		if (text->len > SETTINGS_FILE_MAX) {
			errno = EFBIG;
			return false;
		}
	}
}

bool settings_file_read(struct settings *settings, const char *path,
			char error[SETTINGS_FILE_ERROR_SIZE])
{
	struct reading reading = { .name = path != NULL ? path : SETTINGS_FILE_DEFAULT,
				   .error = error };
	struct buf text = { 0 };
	int fd = open(reading.name, O_RDONLY | O_CLOEXEC);
	bool done;

	error[0] = '\0';
	if (fd < 0 && errno == ENOENT && path == NULL)
		return true;
	if (fd < 0)
		return complain(&reading, 0, "cannot be opened: %s", strerror(errno));
	if (slurp(fd, &text))
		done = settings_file_parse(settings, reading.name, buf_cstr(&text), text.len,
					   error);
	else
		done = complain(&reading, 0, "cannot be read: %s", strerror(errno));
	close(fd);
	buf_free(&text);
	return done;
}
