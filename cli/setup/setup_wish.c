/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/setup/setup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/doctor/doctor_look.h"
#include "cli/terminal.h"

#define ADDRESS_SIZE 384
#define VALUE_SIZE 1024
#define SHIPPED_PORT "127.0.0.1:8689"
#define SHIPPED_LISTENER "inet:" SHIPPED_PORT /* milter_listen */
#define SERVICE "fleet"                       /* its name in the service file */
#define CA_FILE "/etc/ssl/certs/ca-certificates.crt"

void setup_wish_free(struct setup_wish *wish)
{
	buf_free(&wish->settings);
	buf_free(&wish->service);
}

/*
 * Settings.
 */

static bool same_value(const struct setting *setting, const struct settings *a,
		       const struct settings *b)
{
	struct buf one = { 0 }, other = { 0 };
	bool same;

	setting->show(a, setting, &one);
	setting->show(b, setting, &other);
	same = strcmp(buf_cstr(&one), buf_cstr(&other)) == 0;
	buf_free(&one);
	buf_free(&other);
	return same;
}

static const char *settings_file(const struct cli *cli)
{
	return cli->settings_file != NULL ? cli->settings_file : "/etc/postseal/postseal.conf";
}

/* `wanted` has it, and it is not what we have now. */
static bool take(struct cli *cli, struct setup_wish *wish, const struct setting *setting,
		 const struct settings *wanted, const char *const *values, size_t count)
{
	struct settings shipped;
	struct setting_fault fault;
	struct buf line = { 0 };
	bool unset;

	settings_init(&shipped);
	unset = same_value(setting, &cli->settings, &shipped);
	settings_free(&shipped);
	buf_printf(&line, "%s = ", setting->name);
	setting->show(wanted, setting, &line);
	if (!unset)
		cli_error(cli,
			  "%s has another value already: write `%s` in %s in its place, have the "
			  "daemons read it (systemctl restart postseal.target), and run this again",
			  setting->name, buf_cstr(&line), settings_file(cli));
	else
		buf_printf(&wish->settings, "%s\n", buf_cstr(&line));
	buf_free(&line);
	if (!unset)
		return false;
	return setting->put(&cli->settings, setting, values, count, &fault);
}

static bool set(struct cli *cli, struct setup_wish *wish, const char *name,
		const char *const *values, size_t count)
{
	const struct setting *setting = settings_find(name);
	struct settings wanted;
	struct setting_fault fault;
	bool good;

	settings_init(&wanted);
	good = setting->put(&wanted, setting, values, count, &fault);
	if (!good)
		cli_error(cli, "%s: expected %s", fault.index < count ? values[fault.index] : name,
			  fault.expected);
	else if (!same_value(setting, &wanted, &cli->settings))
		good = take(cli, wish, setting, &wanted, values, count);
	settings_free(&wanted);
	return good;
}

/* Where nobody has said anything yet. */
static bool set_if_empty(struct cli *cli, struct setup_wish *wish, const char *name,
			 const char *now, const char *value)
{
	return now[0] != '\0' || set(cli, wish, name, &value, 1);
}

/*
 * Secure aliases.
 */

/* All that are asked for may be there, with others. */
static bool has_domains(const struct cli *cli)
{
	const struct setting *setting = settings_find("secure_domains");
	struct settings wanted;
	struct setting_fault fault;
	bool all;

	settings_init(&wanted);
	all = setting->put(&wanted, setting, (const char *const *)cli->words + 1,
			   (size_t)cli->count - 1, &fault);
	for (size_t i = 0; i < wanted.secure_domains.count; i++)
		all &= string_list_has(&cli->settings.secure_domains,
				       wanted.secure_domains.items[i]);
	settings_free(&wanted);
	return all;
}

/* Those that are set stay. */
static bool set_domains(struct cli *cli, struct setup_wish *wish)
{
	const struct string_list *now = &cli->settings.secure_domains;
	size_t count = 0, words = (size_t)cli->count - 1;
	const char **all = mem_zero(now->count + words, sizeof(*all));
	bool good;

	for (size_t i = 0; i < now->count; i++)
		all[count++] = now->items[i];
	for (size_t i = 1; i <= words; i++) {
		if (!string_list_has(now, cli->words[i]))
			all[count++] = cli->words[i];
	}
	good = set(cli, wish, "secure_domains", all, count);
	free(all);
	return good;
}

enum cli_status setup_wish_aliases(struct cli *cli, struct setup_wish *wish)
{
	if (cli->count > 1 && !has_domains(cli) && !set_domains(cli, wish))
		return CLI_USAGE;
	if (cli->settings.secure_domains.count > 0)
		return CLI_YES;
	cli_error(cli, "name the secure domain: postseal setup aliases secure.example.com");
	return CLI_USAGE;
}

/*
 * Sealed mail.
 */

/* "example.com" of "sealed.example.com" where that is delivered here, else this host. */
static void home_domain(char dst[ADDRESS_SIZE], const struct patient *patient, const char *domain)
{
	const char *parent = strchr(domain, '.');

	if (parent != NULL && doctor_is_delivered(patient, parent + 1) == LOOKUP_FOUND)
		str_copy(dst, ADDRESS_SIZE, parent + 1);
	else
		str_copy(dst, ADDRESS_SIZE, patient_value(patient, "myhostname"));
}

static bool set_addresses(struct cli *cli, struct setup_wish *wish, const struct patient *patient)
{
	char home[ADDRESS_SIZE], from[ADDRESS_SIZE], bounce[ADDRESS_SIZE];
	const char *at = strrchr(cli->settings.mailbox_from, '@');

	if (at != NULL)
		str_copy(home, sizeof(home), at + 1);
	else
		home_domain(home, patient, cli->settings.mailbox_domain);
	return str_join(from, sizeof(from), "postmaster@", home, NULL) &&
	       str_join(bounce, sizeof(bounce), "sealed-bounce@", home, NULL) &&
	       set_if_empty(cli, wish, "mailbox_from", cli->settings.mailbox_from, from) &&
	       set_if_empty(cli, wish, "mailbox_bounce", cli->settings.mailbox_bounce, bounce);
}

/*
 * Does Postfix ask the milter by $postseal_milter, which this part writes anew? Where it is named by
 * its port, those lines are a person's to change.
 */
static bool is_asked_by_name(const struct patient *patient)
{
	const struct postconf *overrides = &patient->postfix.overrides;
	const char *list = patient_written(patient, "smtpd_milters");

	for (size_t i = 0; i < overrides->count; i++) {
		if (span_ends(span_of(overrides->entries[i].name), "/smtpd_milters") &&
		    strstr(overrides->entries[i].value, SHIPPED_PORT) != NULL)
			return false;
	}
	return list[0] == '\0' ||
	       (strstr(list, "$postseal_milter") != NULL && strstr(list, SHIPPED_PORT) == NULL);
}

/* To a port of loopback all local users can say who has logged in. */
static bool set_socket(struct cli *cli, struct setup_wish *wish, const struct patient *patient)
{
	const char *queue = patient_value(patient, "queue_directory");
	char socket[ADDRESS_SIZE];

	if (strcmp(cli->settings.milter_listen, SHIPPED_LISTENER) != 0 ||
	    !is_asked_by_name(patient))
		return true;
	return str_join(socket, sizeof(socket), "unix:", queue,
			DOCTOR_MILTER_FOLDER "/" DOCTOR_MILTER_SOCKET, NULL) &&
	       set_if_empty(cli, wish, "milter_listen", "", socket);
}

enum cli_status setup_wish_mailbox(struct cli *cli, struct setup_wish *wish)
{
	struct patient *patient;
	char url[ADDRESS_SIZE];
	bool good;

	if (cli->settings.secure_domains.count == 0) {
		cli_error(cli,
			  "sealed mail needs the milter of secure aliases: first run `postseal "
			  "setup aliases secure.example.com`");
		return CLI_USAGE;
	}
	if (cli->count > 2 || (cli->count < 2 && cli->settings.mailbox_domain[0] == '\0')) {
		cli_error(cli, "name one domain for sealed mail alone: postseal setup mailbox "
			       "sealed.example.com");
		return CLI_USAGE;
	}
	if (cli->count == 2 &&
	    !set(cli, wish, "mailbox_domain", (const char *const *)cli->words + 1, 1))
		return CLI_USAGE;
	patient = doctor_look(cli);
	good = str_join(url, sizeof(url), "https://", cli->settings.mailbox_domain, NULL) &&
	       set_if_empty(cli, wish, "mailbox_url", cli->settings.mailbox_url, url) &&
	       set_addresses(cli, wish, patient) && set_socket(cli, wish, patient);
	patient_free(patient);
	return good ? CLI_YES : CLI_USAGE;
}

/*
 * The fleet.
 */

/* A line of libpq's service file: its value is all that follows "=", so it is one line. */
static bool add_parameter(struct buf *service, const struct cli *cli, const char *word)
{
	size_t name = strspn(word, "abcdefghijklmnopqrstuvwxyz_");
	char shown[VALUE_SIZE];

	str_printable(shown, sizeof(shown), word, strlen(word));
	if (name == 0 || word[name] != '=' || word[name + 1] == '\0' || strcmp(shown, word) != 0) {
		cli_error(
			cli,
			"\"%s\" is none of share_name=NAME, host=db.example.com, dbname=postseal, "
			"user=mx1, or another of libpq's parameters",
			shown);
		return false;
	}
	if (strncmp(word, "password=", name + 1) == 0) {
		cli_error(cli, "a password on the command line can be seen by all users of this "
			       "machine; you are asked for it, or set PGPASSWORD");
		return false;
	}
	buf_printf(service, "%s\n", word);
	return true;
}

/* The value of a parameter, or NULL. */
static const char *parameter(const struct cli *cli, const char *name)
{
	size_t len = strlen(name);

	for (int i = 1; i < cli->count; i++) {
		if (strncmp(cli->words[i], name, len) == 0 && cli->words[i][len] == '=')
			return cli->words[i] + len + 1;
	}
	return NULL;
}

static bool add_password(struct buf *service, const struct cli *cli)
{
	const char *given = getenv("PGPASSWORD");
	char typed[VALUE_SIZE];

	if (parameter(cli, "sslcert") != NULL || parameter(cli, "passfile") != NULL)
		return true;
	if (given == NULL && !cli->yes && terminal_has_person())
		given = terminal_secret(typed, sizeof(typed),
					"Password of %s at the database: ", parameter(cli, "user"));
	if (given == NULL || given[0] == '\0') {
		cli_error(cli,
			  "a password is missing: set PGPASSWORD, or name sslcert= and sslkey=");
		return false;
	}
	if (strpbrk(given, "\r\n") != NULL) {
		cli_error(cli, "the password has more than one line");
		return false;
	}
	buf_printf(service, "password=%s\n", given);
	return true;
}

/* By a local socket the system itself says who we are; elsewhere it has to be TLS. */
static bool write_service(struct setup_wish *wish, const struct cli *cli)
{
	static const char *const needed[] = { "host", "dbname", "user" };
	bool here;

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		if (parameter(cli, needed[i]) != NULL)
			continue;
		cli_error(cli, "%s= is missing; write host=, dbname= and user=", needed[i]);
		return false;
	}
	here = parameter(cli, "host")[0] == '/';
	buf_printf(&wish->service, "[%s]\n",
		   cli->settings.share[0] != '\0' ? cli->settings.share : SERVICE);
	for (int i = 1; i < cli->count; i++) {
		if (strncmp(cli->words[i], "share_name=", strlen("share_name=")) != 0 &&
		    !add_parameter(&wish->service, cli, cli->words[i]))
			return false;
	}
	if (!here && parameter(cli, "sslmode") == NULL)
		buf_append_str(&wish->service, "sslmode=verify-full\n");
	if (!here && parameter(cli, "sslrootcert") == NULL)
		buf_append_str(&wish->service, "sslrootcert=" CA_FILE "\n");
	return here || add_password(&wish->service, cli);
}

enum cli_status setup_wish_fleet(struct cli *cli, struct setup_wish *wish)
{
	const char *name = parameter(cli, "share_name");
	int others = cli->count - 1 - (name != NULL);

	if (name != NULL && !set(cli, wish, "share_name", &name, 1))
		return CLI_USAGE;
	if (others > 0 && !write_service(wish, cli))
		return CLI_USAGE;
	if (others == 0 && cli->settings.share[0] == '\0') {
		cli_error(cli,
			  "say where the database is: postseal setup fleet host=db.example.com "
			  "dbname=postseal user=mx1");
		return CLI_USAGE;
	}
	return set_if_empty(cli, wish, "share", cli->settings.share, SERVICE) ? CLI_YES : CLI_USAGE;
}
