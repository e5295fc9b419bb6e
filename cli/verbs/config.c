/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal config - the settings in force. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/json.h"

static bool any(const struct setting *setting, const char *value)
{
	(void)setting, (void)value;
	return true;
}

static bool differs_from_default(const struct setting *setting, const char *value)
{
	struct settings defaults;
	struct buf usual = { 0 };
	bool differs;

	settings_init(&defaults);
	setting->show(&defaults, setting, &usual);
	differs = strcmp(buf_cstr(&usual), value) != 0;
	buf_free(&usual);
	settings_free(&defaults);
	return differs;
}

static enum cli_status run(struct cli *cli)
{
	bool (*wanted)(const struct setting *, const char *) =
		cli->changed ? differs_from_default : any;

	if (cli->json) {
		json_print_settings(&cli->settings, wanted);
		return CLI_YES;
	}
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];
		struct buf value = { 0 };

		setting->show(&cli->settings, setting, &value);
		if (wanted(setting, buf_cstr(&value)))
			printf("%s = %s\n", setting->name, buf_cstr(&value));
		buf_free(&value);
	}
	return CLI_YES;
}

const struct verb verb_config = {
	.name = "config",
	.arguments = "",
	.summary = "Checks the settings, and shows those in force",
	.options = "n",
	.help = "  -n, --changed  only those that differ from their defaults\n"
		"\n"
		"The output can be used as a settings file. postseal.conf(5) explains each\n"
		"setting.\n",
	.least = 0,
	.most = 0,
	.run = run,
};
