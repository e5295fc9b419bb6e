/* SPDX-License-Identifier: BSD-2-Clause */
/* postseal pin - keys of certificates that an admin puts on file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/act.h"
#include "cli/json.h"
#include "cli/known.h"
#include "cli/terminal.h"
#include "core/facts/facts.h"
#include "core/policy/survey.h"

#define PIN_INDENT 2

static bool hex_digit(char c, unsigned *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, str_lower_char(c)) : NULL;

	if (at != NULL)
		*value = (unsigned)(at - digits);
	return at != NULL;
}

/* 64 hexadecimal digits, with or without colons between the bytes. */
static bool parse_spki(uint8_t spki[SPKI_SIZE], const char *text)
{
	for (size_t i = 0; i < SPKI_SIZE; i++) {
		unsigned high, low;

		if (i > 0 && *text == ':')
			text++;
		if (!hex_digit(text[0], &high) || !hex_digit(text[1], &low))
			return false;
		spki[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return *text == '\0';
}

/* Reads the next hop that is the second word. */
static bool parse_nexthop(struct nexthop *nexthop, const struct cli *cli)
{
	if (cli->count > 1 &&
	    nexthop_parse(nexthop, cli->words[1], strlen(cli->words[1])) == NEXTHOP_OK &&
	    nexthop->kind != NEXTHOP_PARENT)
		return true;
	cli_error(cli, "write for which next hop: example.com or [mx.example.com]:587");
	return false;
}

/*
 * Reads the keys, from the third word on.
 */
static bool parse_keys(struct pins *keys, const struct cli *cli)
{
	for (int i = 2; i < cli->count; i++) {
		uint8_t spki[SPKI_SIZE];

		if (!parse_spki(spki, cli->words[i])) {
			cli_error(cli,
				  "\"%s\" is not the SHA-256 of a key: 64 hexadecimal digits, as "
				  "`postseal explain` shows it",
				  cli->words[i]);
			return false;
		}
		if (!pins_add(keys, spki)) {
			cli_error(cli, "at most %d keys can be on file for a domain", PINS_MAX);
			return false;
		}
	}
	return true;
}

static bool person_agrees(const struct cli *cli)
{
	if (cli->yes)
		return true;
	if (!terminal_has_person()) {
		cli_error(
			cli,
			"nobody is here to look at the keys; add --yes to put them on file unseen");
		return false;
	}
	return terminal_confirms("Put these keys on file?");
}

/* Shows the key that the latest probe of each MX host saw, for the admin to judge. */
static bool show_probed(struct pins *keys, const struct cli *cli, const struct facts *facts)
{
	for (size_t i = 0; i < facts->domain.mx.count; i++) {
		const struct observation *seen = &facts->host[i].last;
		char text[RECORD_SPKI_HEX_SIZE];

		terminal_heading("%s", facts->domain.mx.refs[i].host);
		if (!seen->has_spki) {
			terminal_field("certificate", "none seen: %s",
				       seen->detail[0] != '\0' ? seen->detail
							       : observed_name(seen->observed));
			continue;
		}
		record_spki_hex(text, seen->spki);
		terminal_field("key SHA-256", "%s", text);
		terminal_field("verified", "%s", verified_name(seen->verified));
		terminal_field("over", "%s, %s", tls_version_name(seen->version), seen->cipher);
		if (!survey_key_as_postfix(&cli->settings, facts, i))
			terminal_field("note",
				       "Postfix will send another server name (SNI) than the "
				       "prober did, and may be shown another key");
		if (!pins_add(keys, seen->spki)) {
			cli_error(cli, "at most %d keys can be on file for a domain", PINS_MAX);
			return false;
		}
	}
	if (keys->count > 0)
		return true;
	cli_error(cli, "no MX host of %s showed a certificate", facts->nexthop.key);
	return false;
}

/* Probes now, shows the keys, and asks. */
static enum cli_status probe_keys(struct pins *keys, const struct cli *cli,
				  const struct nexthop *nexthop)
{
	struct subject subject = { .nexthop = *nexthop };
	struct known *known = mem_alloc(sizeof(*known));
	struct ledger *ledger = NULL;
	struct ledger_txn *txn = NULL;
	enum cli_status status;
	bool heard;

	status = probing_run(cli, &subject, 1, &heard);
	if (status == CLI_YES) {
		ledger = known_ledger(cli, LEDGER_READ);
		txn = ledger != NULL ? ledger_begin_read(ledger) : NULL;
		if (txn == NULL || known_get(known, cli, txn, nexthop) == LOOKUP_ERROR)
			status = CLI_UNSURE;
		else if (!show_probed(keys, cli, &known->facts))
			status = CLI_NO;
	}
	ledger_abort(txn);
	ledger_close(ledger);
	free(known);
	if (status == CLI_YES && !person_agrees(cli))
		return CLI_NO;
	return status;
}

static void print_pins(const struct cli *cli, const char *key, const struct pins *pins)
{
	char text[RECORD_SPKI_HEX_SIZE];

	if (cli->json) {
		json_print_pins(key, pins);
		return;
	}
	for (size_t i = 0; i < pins->count; i++) {
		fputs(key, stdout);
		record_spki_hex(text, pins->spki[i]);
		terminal_beside((int)strlen(key), (int)strlen(key) + 1, PIN_INDENT, "%s", text);
	}
}

/* Loads what is on file; false when it cannot be read. */
static bool load(struct pins *pins, struct act *act, const char *key)
{
	enum lookup found = ledger_get_pins(act->txn, key, pins);

	if (found != LOOKUP_FOUND)
		pins->count = 0;
	return found != LOOKUP_ERROR;
}

/* Puts these keys on file, or removes them. */
static bool act_on(struct act *act, const char *key, const struct pins *keys, bool removed)
{
	bool done = true;

	for (size_t i = 0; i < keys->count && done; i++) {
		struct entry entry = { .kind = ENTRY_PIN, .of.pin.removed = removed };

		memcpy(entry.of.pin.spki, keys->spki[i], SPKI_SIZE);
		act_author(entry.of.pin.author);
		done = act_do(act, &entry, key);
	}
	return done;
}

static enum cli_status add(const struct cli *cli)
{
	struct pins keys = { 0 }, pins;
	struct nexthop nexthop;
	enum cli_status status = CLI_YES;
	struct act act;
	bool room = true;

	if (!parse_nexthop(&nexthop, cli) || !parse_keys(&keys, cli))
		return CLI_USAGE;
	if (cli->from_probe)
		status = probe_keys(&keys, cli, &nexthop);
	if (status != CLI_YES)
		return status;
	if (keys.count == 0) {
		cli_error(cli,
			  "write the keys, or --from-probe to see the keys that its hosts show");
		return CLI_USAGE;
	}
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	load(&pins, &act, nexthop.key);
	for (size_t i = 0; i < keys.count; i++)
		room = pins_add(&pins, keys.spki[i]) && room;
	if (!room) {
		act_drop(&act);
		cli_error(cli, "at most %d keys can be on file for %s; remove old ones first",
			  PINS_MAX, nexthop.key);
		return CLI_NO;
	}
	if (act_end(&act, act_on(&act, nexthop.key, &keys, false) &&
				  act_note(&act, nexthop.key, "pin-added", "%zu key%s on file now",
					   pins.count, pins.count == 1 ? "" : "s")) != CLI_YES)
		return CLI_UNSURE;
	print_pins(cli, nexthop.key, &pins);
	if (!cli->from_probe) {
		/* Until then the milter judges by the key that was seen last. */
		fflush(stdout);
		probing_follow_up(cli, &nexthop,
				  "note: the keys are on file, but the hosts were not probed: ");
	}
	return CLI_YES;
}

static enum cli_status take_away(const struct cli *cli)
{
	struct pins keys = { 0 }, pins, gone = { 0 };
	struct nexthop nexthop;
	struct act act;
	bool whole, done;

	if (!parse_nexthop(&nexthop, cli) || !parse_keys(&keys, cli))
		return CLI_USAGE;
	if (!act_begin(&act, cli))
		return CLI_UNSURE;
	whole = load(&pins, &act, nexthop.key);
	if (cli->count == 2) /* no key named: all of them */
		gone = pins;
	/* A record that cannot be read is removed all the same. */
	for (size_t i = 0; i < keys.count; i++)
		if (!whole || pins_has(&pins, keys.spki[i]))
			pins_add(&gone, keys.spki[i]);
	for (size_t i = 0; i < gone.count; i++)
		pins_remove(&pins, gone.spki[i]);
	done = act_on(&act, nexthop.key, &gone, true);
	if (done && gone.count > 0)
		done = act_note(&act, nexthop.key, "pin-removed", "%zu key%s on file now",
				pins.count, pins.count == 1 ? "" : "s");
	if (act_end(&act, done) != CLI_YES)
		return CLI_UNSURE;
	if (gone.count == 0) {
		cli_error(cli, "no such key is on file for %s", nexthop.key);
		return CLI_NO;
	}
	print_pins(cli, nexthop.key, &pins);
	return CLI_YES;
}

static bool list_one(void *context, const char *key, const struct pins *pins)
{
	struct act_listing *listing = context;

	if (listing->only != NULL && strcmp(listing->only, key) != 0)
		return true;
	print_pins(listing->cli, key, pins);
	listing->shown++;
	return true;
}

static bool walk(struct ledger_txn *txn, struct act_listing *listing)
{
	return ledger_each_pins(txn, list_one, listing);
}

static enum cli_status list(const struct cli *cli)
{
	struct nexthop nexthop;

	if (cli->count == 1)
		return act_list(cli, NULL, walk);
	return parse_nexthop(&nexthop, cli) && act_takes(cli, 2) ? act_list(cli, nexthop.key, walk)
								 : CLI_USAGE;
}

static enum cli_status run(struct cli *cli)
{
	static const struct act_word acts[] = { { "add", add },
						{ "remove", take_away },
						{ "list", list } };

	return act_dispatch(cli, acts, ARRAY_LEN(acts));
}

const struct verb verb_pin = {
	.name = "pin",
	.arguments = "ACT ...",
	.summary = "Puts keys of a provider on file, for level `verify`",
	.options = "py",
	.help = "ACT is one of\n"
		"  add NEXTHOP KEY...      put keys on file, and probe the MX hosts\n"
		"  add NEXTHOP -p          probe the MX hosts now, show their keys, and ask\n"
		"  remove NEXTHOP [KEY...] remove these keys, or all\n"
		"  list [NEXTHOP]          what is on file\n"
		"\n"
		"  -p, --from-probe  see above\n"
		"  -y, --yes         do not ask\n"
		"\n"
		"A KEY is the SHA-256 of a public key (SubjectPublicKeyInfo): 64 hexadecimal\n"
		"digits. It stays the same if a certificate is renewed with the same key. Put\n"
		"the next key on file before the provider changes to it.\n"
		"\n"
		"Exit status: 1 if there was none to remove or to list; if no host showed a key,\n"
		"you said no, or there is no room for more (add).\n",
	.least = 1,
	.most = 2 + PINS_MAX,
	.run = run,
};
