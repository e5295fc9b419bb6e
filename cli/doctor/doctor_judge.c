/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/doctor/doctor_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define LINE_SIZE 8192

const struct doctor_check doctor_checks[] = {
	{ "resolver", "do the resolvers that postseal-prober asks validate DNSSEC?", NEEDS_NOTHING,
	  doctor_judge_resolver },
	{ "resolver-trust", "can their answers about DNSSEC be trusted?", NEEDS_NOTHING,
	  doctor_judge_resolver_trust },
	{ "mta-resolver", "does Postfix ask as good a resolver?", NEEDS_NOTHING,
	  doctor_judge_mta_resolver },
	{ "chroot-resolver", "does Postfix ask the same resolver from inside its chroot?",
	  NEEDS_POSTFIX, doctor_judge_chroot_resolver },
	{ "postfix", "is this Postfix new enough for what postseal answers?", NEEDS_POSTFIX,
	  doctor_judge_version },
	{ "policy-map", "does Postfix ask postseal how to send?", NEEDS_POSTFIX,
	  doctor_judge_policy_map },
	{ "tls-level", "is TLS tried where postseal demands nothing?", NEEDS_POSTFIX,
	  doctor_judge_tls_level },
	{ "dns-support", "does Postfix do DANE?", NEEDS_POSTFIX, doctor_judge_dns_support },
	{ "dane-switches", "does no setting of Postfix switch DANE off?", NEEDS_POSTFIX,
	  doctor_judge_dane_switches },
	{ "insecure-mx", "does Postfix do DANE where MX records are not signed?", NEEDS_POSTFIX,
	  doctor_judge_insecure_mx },
	{ "pin-digest", "does Postfix compare pins as SHA-256, as they are kept?", NEEDS_POSTFIX,
	  doctor_judge_pin_digest },
	{ "mta-cas", "can Postfix judge certificates, for MTA-STS?", NEEDS_POSTFIX,
	  doctor_judge_mta_cas },
	{ "tls-log", "does Postfix log the lines that postseal learns from?", NEEDS_POSTFIX,
	  doctor_judge_tls_log },
	{ "destinations", "does the prober look where Postfix sends?", NEEDS_POSTFIX,
	  doctor_judge_destinations },
	{ "probe", "does the prober connect as Postfix does?", NEEDS_POSTFIX, doctor_judge_probe },
	{ "overrides", "does no service in master.cf undo these settings?", NEEDS_POSTFIX,
	  doctor_judge_overrides },
	{ "fallback-relay", "does mail that has to wait for TLS go to no one else without it?",
	  NEEDS_POSTFIX, doctor_judge_fallback_relay },
	{ "milter", "does Postfix ask postseal about incoming mail?", NEEDS_ALIASES,
	  doctor_judge_milter },
	{ "milter-action", "does mail wait while the milter is down?", NEEDS_ALIASES,
	  doctor_judge_milter_action },
	{ "nul-bytes", "does the milter see whole headers?", NEEDS_ALIASES,
	  doctor_judge_nul_bytes },
	{ "transport-map", "does mail from secure aliases leave by its own transports?",
	  NEEDS_ALIASES, doctor_judge_transport_map },
	{ "transports", "do these transports enforce TLS?", NEEDS_ALIASES,
	  doctor_judge_transports },
	{ "alias-map", "does mail to secure aliases find its mailbox?", NEEDS_ALIASES,
	  doctor_judge_alias_map },
	{ "own-tls", "does our own smtpd(8) do TLS, so that secure aliases can be reached?",
	  NEEDS_ALIASES, doctor_judge_own_tls },
	{ "secure-domains", "is mail to secure domains delivered on this machine?", NEEDS_ALIASES,
	  doctor_judge_secure_domains },
	{ "ways-around", "does nothing lead mail around these transports?", NEEDS_ALIASES,
	  doctor_judge_ways_around },
	{ "sealed-domain", "does sealed mail, and no other mail, go to the intake?", NEEDS_SEALED,
	  doctor_judge_sealed_domain },
	{ "sealed-dns", "does the domain of sealed mail lead to this host?", NEEDS_SEALED,
	  doctor_judge_sealed_dns },
	{ "sealed-size", "do Postfix and the mailboxes accept mail of the same size?", NEEDS_SEALED,
	  doctor_judge_sealed_size },
	{ "sealed-milters", "does no milter add recipients after postseal's?", NEEDS_SEALED,
	  doctor_judge_sealed_milters },
	{ "sealed-filters", "does no other machine see mail before it is sealed?", NEEDS_SEALED,
	  doctor_judge_sealed_filters },
	{ "sealed-lists", "does no list send sealed mail on in its owner's name?", NEEDS_SEALED,
	  doctor_judge_sealed_lists },
	{ "sealed-marks", "does no mark of sealed mail leave or get lost?", NEEDS_SEALED,
	  doctor_judge_sealed_marks },
	{ "sealed-login", "can users log in, so that they can mark mail?", NEEDS_SEALED,
	  doctor_judge_sealed_login },
	{ "sealed-socket", "is the milter, which marks mail, out of reach of other local users?",
	  NEEDS_SEALED, doctor_judge_sealed_socket },
	{ "sealed-door", "does Postfix take what postseal-mailbox writes?", NEEDS_SEALED,
	  doctor_judge_sealed_door },
	{ "mailbox", "does postseal-mailbox run?", NEEDS_MAILBOXES, doctor_judge_mailbox_runs },
	{ "mailbox-from", "does what it writes come back where it cannot be delivered?",
	  NEEDS_MAILBOXES, doctor_judge_mailbox_from },
	{ "mailbox-pages", "does it serve the pages that were installed?", NEEDS_MAILBOXES,
	  doctor_judge_mailbox_pages },
	{ "mailbox-keys", "are its keys kept apart from the mail that they open?", NEEDS_MAILBOXES,
	  doctor_judge_mailbox_keys },
	{ "mailbox-proxy", "does the web server before them serve them over TLS?", NEEDS_MAILBOXES,
	  doctor_judge_mailbox_proxy },
	{ "mailbox-openpgp", "can mail be encrypted with OpenPGP, if it should?", NEEDS_MAILBOXES,
	  doctor_judge_mailbox_openpgp },
	{ "mailbox-clock", "is the clock that tokens and PINs go by set?", NEEDS_MAILBOXES,
	  doctor_judge_mailbox_clock },
	{ "socketmap", "does postseal-socketmap answer?", NEEDS_NOTHING,
	  doctor_judge_socketmap_runs },
	{ "socket", "does systemd listen for postseal-socketmap, if it should?", NEEDS_NOTHING,
	  doctor_judge_socket },
	{ "prober", "does postseal-prober run?", NEEDS_NOTHING, doctor_judge_prober_runs },
	{ "milter-runs", "does postseal-milter run?", NEEDS_NOTHING, doctor_judge_milter_runs },
	{ "settings", "do the daemons go by the settings in the file?", NEEDS_NOTHING,
	  doctor_judge_settings },
	{ "ledger", "can the ledger be read, and only by those who should?", NEEDS_NOTHING,
	  doctor_judge_ledger },
	{ "learning", "does postseal learn from Postfix's log?", NEEDS_LEDGER,
	  doctor_judge_learning },
	{ "webmail", "can only a webmail act for its users?", NEEDS_NOTHING, doctor_judge_webmail },
	{ "fleet", "does it share with the other hosts?", NEEDS_LEDGER, doctor_judge_fleet },
	{ "ca-store", "can postseal judge certificates?", NEEDS_NOTHING, doctor_judge_cas },
	{ "port-25", "is the outbound SMTP port open?", NEEDS_LEDGER, doctor_judge_port },
	{ "stripping", "does our own network leave STARTTLS alone?", NEEDS_LEDGER,
	  doctor_judge_stripping },
};
const size_t doctor_checks_count = ARRAY_LEN(doctor_checks);

const char *health_word(enum health health)
{
	static const char *const words[] = { "ok", "warning", "wrong", "unsure" };

	return words[health];
}

/* True, and said what, if something is missing without which the check makes no sense. */
static bool lacks(const struct patient *patient, enum doctor_needs needs, struct finding *finding)
{
	const struct doctor_thing *ran = &patient->postfix.ran;

	if (needs == NEEDS_ALIASES && patient->settings->secure_domains.count == 0)
		finding_say(finding, HEALTH_OK, "not needed: secure_domains is empty");
	else if (needs >= NEEDS_SEALED && patient->settings->mailbox_domain[0] == '\0')
		finding_say(finding, HEALTH_OK, "not needed: mailbox_domain is empty");
	else if (needs == NEEDS_MAILBOXES && patient->settings->mailbox_url[0] == '\0')
		finding_say(finding, HEALTH_OK,
			    "not needed: without mailbox_url another host keeps the mailboxes");
	else if (needs == NEEDS_LEDGER && patient->ledger.opened.state != LOOKUP_FOUND)
		finding_say(finding, HEALTH_UNSURE, "the ledger cannot be read");
	else if ((needs == NEEDS_POSTFIX || needs == NEEDS_ALIASES || needs == NEEDS_SEALED) &&
		 ran->state != LOOKUP_FOUND)
		finding_say(finding, HEALTH_UNSURE, "Postfix cannot be asked: %s", ran->text);
	else
		return false;
	return true;
}

void doctor_judge(const struct patient *patient, const struct doctor_check *check,
		  struct finding *finding)
{
	*finding = (struct finding){ 0 };
	if (!lacks(patient, check->needs, finding))
		check->judge(patient, finding);
}

void finding_free(struct finding *finding)
{
	buf_free(&finding->found);
	buf_free(&finding->mend);
	for (size_t i = 0; i < finding->step_count; i++) {
		free(finding->steps[i].line);
		free(finding->steps[i].option);
		free(finding->steps[i].word);
	}
	free(finding->steps);
}

/*
 * Finding.
 */

/* Wrong outranks unsure, and unsure outranks a warning. */
static enum health worse(enum health a, enum health b)
{
	static const int rank[] = {
		[HEALTH_OK] = 0, [HEALTH_WARNING] = 1, [HEALTH_UNSURE] = 2, [HEALTH_WRONG] = 3
	};

	return rank[a] > rank[b] ? a : b;
}

/* Values in main.cf may hold any bytes. */
__attribute__((format(printf, 2, 0))) static void append_printable(struct buf *out,
								   const char *format, va_list args)
{
	char line[LINE_SIZE], shown[LINE_SIZE];

	vsnprintf(line, sizeof(line), format, args);
	buf_append_str(out, str_printable(shown, sizeof(shown), line, strlen(line)));
}

void finding_say(struct finding *finding, enum health health, const char *format, ...)
{
	va_list args;

	finding->health = worse(finding->health, health);
	if (finding->found.len > 0)
		buf_append_str(&finding->found, "; ");
	va_start(args, format);
	append_printable(&finding->found, format, args);
	va_end(args);
}

/*
 * Mending.
 */

static void add_step(struct finding *finding, enum mend_kind kind, const char *line,
		     const char *option, const char *word)
{
	finding->steps =
		mem_resize(finding->steps, finding->step_count + 1, sizeof(*finding->steps));
	finding->steps[finding->step_count++] = (struct mend_step){
		.kind = kind,
		.line = mem_strdup(line),
		.option = mem_strdup(option),
		.word = mem_strdup(word),
	};
	buf_append_str(&finding->mend, line);
	buf_append_str(&finding->mend, "\n");
}

/* Quotes the text, so that it is one word for a shell. */
static void append_quoted(struct buf *out, const char *text)
{
	buf_append_str(out, "'");
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_append_str(out, "'\\''");
		else
			buf_append(out, text, 1);
	}
	buf_append_str(out, "'");
}

/* The line is made printable for people; `word` stays as it is for programs. */
__attribute__((format(printf, 5, 0))) static void vstep(struct finding *finding,
							enum mend_kind kind, const char *option,
							const char *word, const char *format,
							va_list args)
{
	struct buf line = { 0 };

	append_printable(&line, format, args);
	add_step(finding, kind, buf_cstr(&line), option, word);
	buf_free(&line);
}

__attribute__((format(printf, 5, 6))) static void step(struct finding *finding, enum mend_kind kind,
						       const char *option, const char *word,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vstep(finding, kind, option, word, format, args);
	va_end(args);
}

void finding_mend(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vstep(finding, MEND_HAND, "", "", format, args);
	va_end(args);
}

void finding_mend_first(struct finding *finding, const char *missing, const char *line)
{
	step(finding, MEND_FIRST, "", missing, "%s", line);
}

void finding_mend_postconf(struct finding *finding, const char *option, const char *word)
{
	struct buf quoted = { 0 };

	append_quoted(&quoted, word);
	step(finding, MEND_POSTCONF, option, word, "postconf %s %s", option, buf_cstr(&quoted));
	buf_free(&quoted);
}

void finding_mend_copy(struct finding *finding, const char *file, const char *directory)
{
	step(finding, MEND_COPY, file, directory, "cp %s %s/", file, directory);
}

void finding_mend_site(struct finding *finding, const char *file, const char *host)
{
	step(finding, MEND_SITE, file, host, "sed 's/sealed\\.example\\.com/%s/g' %s >%s/%s", host,
	     file, DOCTOR_NGINX_SITES, DOCTOR_NGINX_SITE);
}

void finding_mend_resolver(struct finding *finding, const char *address)
{
	step(finding, MEND_RESOLVER, "", address, "# in /etc/resolv.conf: nameserver %s", address);
}

void finding_mend_folder(struct finding *finding, const char *path)
{
	step(finding, MEND_FOLDER, "", path,
	     "install -d -o " MEND_FOLDER_USER " -g " MEND_FOLDER_GROUP " -m %o %s",
	     MEND_FOLDER_MODE, path);
}

void finding_mend_unit(struct finding *finding, const char *verb, const char *unit)
{
	step(finding, MEND_SERVICE, verb, unit, "systemctl %s %s", verb, unit);
}

void finding_mend_main(struct finding *finding, const char *parameter, const char *value)
{
	struct buf setting = { 0 };

	buf_printf(&setting, "%s = %s", parameter, value);
	finding_mend_postconf(finding, "-e", buf_cstr(&setting));
	buf_free(&setting);
}

void finding_mend_service(struct finding *finding, const char *service, const char *parameter,
			  const char *value)
{
	struct buf setting = { 0 };

	buf_printf(&setting, "%s/%s=%s", service, parameter, value);
	finding_mend_postconf(finding, "-P", buf_cstr(&setting));
	buf_free(&setting);
}

void finding_mend_reload(struct finding *finding)
{
	if (finding->mend.len > 0)
		step(finding, MEND_SERVICE, "reload", "postfix", "postfix reload");
}

void finding_mend_setting(struct finding *finding, const struct patient *patient, const char *line,
			  const char *daemon)
{
	finding_mend(finding, "# in %s: %s", patient->settings_file, line);
	finding_mend_unit(finding, "restart", daemon);
}

/*
 * Maps.
 */

bool doctor_is_listener(const struct endpoint *endpoint, const char *listener)
{
	struct endpoint ours;

	if (!endpoint_parse(&ours, listener) || ours.is_unix != endpoint->is_unix)
		return false;
	if (ours.is_unix)
		return strcmp(ours.path, endpoint->path) == 0;
	return ours.port == endpoint->port && ipaddr_equal(&ours.addr, &endpoint->addr);
}

static bool is_ours(const struct endpoint *endpoint, const struct string_list *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (doctor_is_listener(endpoint, listeners->items[i]))
			return true;
	}
	return false;
}

/* Is this item that map? *tlsrpt: in its +tlsrpt form. */
static bool is_our_map(const struct patient *patient, const struct doctor_map *map,
		       struct span item, const struct postconf_view *view, bool *tlsrpt)
{
	struct endpoint endpoint;
	struct span name;

	if (!postconf_socketmap(&endpoint, &name, item, view) ||
	    !is_ours(&endpoint, &patient->settings->socketmap_listen))
		return false;
	*tlsrpt = span_ends(name, "+tlsrpt");
	if (*tlsrpt)
		name.len -= strlen("+tlsrpt");
	return span_is(name, map->name);
}

static bool find_map(const struct patient *patient, const struct doctor_map *map, const char *list,
		     const struct postconf_view *view, struct doctor_map_place *place)
{
	struct span rest = span_of(list), item;

	for (place->first = true; postconf_item(&rest, &item); place->first = false) {
		if (is_our_map(patient, map, item, view, &place->tlsrpt))
			return true;
	}
	return false;
}

struct doctor_map_place doctor_find_map(const struct patient *patient, const struct doctor_map *map,
					const char *list)
{
	struct postconf_view view = patient_view(patient, map->service);
	struct doctor_map_place place = { 0 };

	place.found = find_map(patient, map, list, &view, &place);
	if (!place.found && view.chrooted) {
		view.chrooted = false;
		place.beyond_chroot = find_map(patient, map, list, &view, &place);
	}
	return place;
}

/*
 * A path is written so that it holds inside and outside of the chroot: relative
 * to queue_directory, where all of Postfix's processes are.
 */
bool doctor_postfix_place(struct buf *out, const struct patient *patient, const char *service,
			  const char *listener)
{
	struct postconf_view view = patient_view(patient, service);
	size_t len = strlen(view.queue_directory);
	struct span path = span_of(listener);

	if (!span_skip(&path, "unix:")) {
		buf_append_str(out, listener);
		return true;
	}
	if (len > 0 && span_skip(&path, view.queue_directory) && span_skip(&path, "/")) {
		buf_printf(out, "unix:%.*s", (int)path.len, path.at);
		return true;
	}
	if (!view.chrooted)
		buf_append_str(out, listener);
	return !view.chrooted;
}

bool doctor_write_map(struct buf *out, const struct patient *patient, const struct doctor_map *map)
{
	const struct string_list *listeners = &patient->settings->socketmap_listen;

	for (size_t i = 0; i < listeners->count; i++) {
		struct buf place = { 0 };
		bool reached =
			doctor_postfix_place(&place, patient, map->service, listeners->items[i]);

		if (reached)
			buf_printf(out, "socketmap:%s:%s", buf_cstr(&place), map->name);
		buf_free(&place);
		if (reached)
			return true;
	}
	return false;
}
