/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli - what the verbs of `postseal` share. main.c holds their table; each verb
 * is a file of its own with its usage, its help and one function.
 */
#ifndef POSTSEAL_CLI_CLI_H
#define POSTSEAL_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "core/settings/settings.h"
#include "core/names/nexthop.h"

/* Exit status of every verb. */
enum cli_status {
	CLI_YES = 0,
	CLI_NO = 1,
	CLI_USAGE = 2, /* wrong options, arguments or settings */
	CLI_UNSURE = 3 /* not known, or it failed */
};

struct cli {
	const struct verb *verb;
	const char *settings_file; /* NULL: the default file */
	const char *where;         /* "FILE:LINE: " that errors are about; NULL: none */
	struct settings settings;
	int64_t now; /* wall time at the start */
	/* Options. */
	bool json;
	bool yes;
	bool changed;
	bool fleet;
	bool follow;
	bool journal;
	bool from_probe;
	bool replace;
	bool send;
	bool prometheus;
	bool no_ledger;
	bool dry_run;
	bool undo;
	bool waiting;
	bool once;
	const char *state;  /* NULL: any */
	const char *reason; /* these five NULL: not given */
	const char *expires;
	const char *mailbox;
	const char *level;
	const char *otherwise;
	const char *from; /* whose file it is; NULL: our own */
	const char *to;   /* an address; NULL: not given */
	/* Arguments. */
	int count;
	char **words;
};

struct verb {
	const char *name;
	const char *arguments; /* as in a usage line */
	const char *summary;   /* a line, without a full stop */
	const char *options;   /* letters of its options, besides those of every verb; see main.c */
	const char *help;      /* lines after the usage */
	int least, most;       /* arguments; most < 0: any number */
	enum cli_status (*run)(struct cli *cli);
};

extern const struct verb verb_status, verb_explain, verb_probe, verb_list, verb_history,
	verb_forget, verb_learn, verb_override, verb_pin, verb_alias, verb_digest, verb_mailbox,
	verb_openpgp, verb_export, verb_import, verb_stats, verb_doctor, verb_config, verb_setup,
	verb_preview, verb_fleet, verb_alert, verb_top;

/* "postseal VERB: ...", one line on standard error. */
__attribute__((format(printf, 2, 3))) void cli_error(const struct cli *cli, const char *format,
						     ...);

/* All arguments as subjects; NULL, and says why, if one is not a subject. free(3) it. */
struct subject *cli_subjects(const struct cli *cli);

/* The same, without parent domains such as ".example.com", to which no mail goes. */
struct subject *cli_destinations(const struct cli *cli);

/* The worse of two: UNSURE before NO before YES. */
enum cli_status cli_worse(enum cli_status a, enum cli_status b);

#endif
