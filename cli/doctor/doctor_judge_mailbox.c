/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_judge_mailbox - sealed mail: who else sees it, and the daemon that keeps it. */
#include <inttypes.h>
#include <string.h>

#include "cli/doctor/doctor_judge.h"
#include "core/mailbox/notes.h"

#define SMTPD "smtp/inet"
#define DAY INT64_C(86400)
/* Whoever renews them by themselves does so a month before. */
#define CERTIFICATE_DAYS 14
#define EXAMPLES POSTSEAL_DOC "/examples/mailbox"
#define SEE_README "# see \"Sealed mail\" in " POSTSEAL_DOC "/examples/postfix/README.md"

/*
 * Others who see the mail, or could write it.
 */

/* Lists of milters, those of main.cf and of each service that has its own. */
static void each_milters(const struct patient *patient, struct finding *finding,
			 void (*judge)(const struct patient *patient, const char *list,
				       struct finding *finding))
{
	const struct postconf *overrides = &patient->postfix.overrides;

	judge(patient, patient_value(patient, "smtpd_milters"), finding);
	for (size_t i = 0; i < overrides->count; i++) {
		if (span_ends(span_of(overrides->entries[i].name), "/smtpd_milters"))
			judge(patient, overrides->entries[i].value, finding);
	}
}

static void judge_later(const struct patient *patient, const char *list, struct finding *finding)
{
	struct postconf_view view = patient_view(patient, SMTPD);
	struct span rest = span_of(list), item, action;
	bool ours = false;

	while (postconf_item(&rest, &item)) {
		struct endpoint endpoint;
		bool read = postconf_milter(&endpoint, &action, item, &view);

		if (ours)
			finding_say(finding, HEALTH_WARNING,
				    "%.*s comes after postseal's milter: recipients that it adds "
				    "get the mail unsealed",
				    (int)item.len, item.at);
		ours |= read && doctor_is_listener(&endpoint, patient->settings->milter_listen);
	}
}

void doctor_judge_sealed_milters(const struct patient *patient, struct finding *finding)
{
	each_milters(patient, finding, judge_later);
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "postseal's milter is the last");
	else
		finding_mend(finding,
			     "# fine if it adds no recipients (milters that sign or check for spam "
			     "do not); else write it before postseal's milter in smtpd_milters");
}

static void judge_remote(const struct patient *patient, const char *list, struct finding *finding)
{
	struct postconf_view view = patient_view(patient, SMTPD);
	struct span rest = span_of(list), item, action;

	while (postconf_item(&rest, &item)) {
		struct endpoint endpoint;
		/* A name, which postconf_milter does not read, may be any machine. */
		bool read = postconf_milter(&endpoint, &action, item, &view);

		if (!read || (!endpoint.is_unix && !ipaddr_is_loopback(&endpoint.addr)))
			finding_say(finding, HEALTH_WARNING,
				    "the milter %.*s is on another machine and sees mail before it "
				    "is sealed",
				    (int)item.len, item.at);
	}
}

/* "TRANSPORT:[HOST]:PORT"; a pipe(8), or a transport without a host, is on this machine. */
static bool stays_here(const struct patient *patient, const char *filter)
{
	struct span host = span_of(filter), transport;
	struct buf name = { 0 };
	const char *command;
	bool found, here;
	struct ipaddr address;

	transport = span_cut(&host, ":", &found);
	if (!found || host.len == 0)
		return true;
	buf_printf(&name, "%.*s/unix/command", (int)transport.len, transport.at);
	command = postconf_get(&patient->postfix.services, buf_cstr(&name));
	here = command != NULL && strncmp(command, "pipe", 4) == 0;
	buf_free(&name);
	if (here || span_starts(host, "unix:"))
		return true;
	span_skip(&host, "inet:");
	if (span_skip(&host, "["))
		host = span_cut(&host, "]", &found);
	else
		host = span_cut(&host, ":", &found);
	return span_is(host, "localhost") ||
	       (ipaddr_parse(&address, host.at, host.len) && ipaddr_is_loopback(&address));
}

static void judge_filter(const struct patient *patient, const char *name, const char *filter,
			 struct finding *finding)
{
	if (!stays_here(patient, filter))
		finding_say(finding, HEALTH_WARNING,
			    "%s = %s is on another machine and sees mail before it is sealed", name,
			    filter);
}

void doctor_judge_sealed_filters(const struct patient *patient, struct finding *finding)
{
	const struct postconf *overrides = &patient->postfix.overrides;

	judge_filter(patient, "content_filter", patient_value(patient, "content_filter"), finding);
	for (size_t i = 0; i < overrides->count; i++) {
		const struct postconf_entry *field = &overrides->entries[i];

		if (span_ends(span_of(field->name), "/content_filter"))
			judge_filter(patient, field->name, field->value, finding);
	}
	each_milters(patient, finding, judge_remote);
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "content_filter and milters are on this machine");
	else
		finding_mend(finding, "# fine if you trust that machine and the way to it; else "
				      "run the filter here");
}

/* Where a list has an owner, local(8) sends in the owner's name: our envelope sender is lost. */
void doctor_judge_sealed_lists(const struct patient *patient, struct finding *finding)
{
	const struct doctor_thing *owners = &patient->mailbox.owners;

	switch (owners->state) {
	case LOOKUP_FOUND:
		finding_say(finding, HEALTH_OK, "no list in aliases(5) has an owner");
		break;
	case LOOKUP_ABSENT:
		finding_say(finding, HEALTH_WARNING,
			    "alias_maps has %s: members of these lists with an address elsewhere "
			    "get sealed mail unsealed",
			    owners->text);
		finding_mend(finding, SEE_README);
		break;
	case LOOKUP_ERROR:
		finding_say(finding, HEALTH_UNSURE,
			    "%s in alias_maps cannot be listed; check by hand whether it has an "
			    "owner-LIST",
			    owners->text);
		break;
	}
}

/*
 * As in "The milter on a Unix socket" of the README in postfix-examples; `postseal setup mailbox`
 * does the same where it need not change another's lines.
 */
static void mend_socket(const struct patient *patient, struct finding *finding)
{
	static const char milter[] =
		"{ unix:postseal/" DOCTOR_MILTER_SOCKET ", default_action=tempfail, "
		"connect_timeout=10s, command_timeout=30s }";
	const char *queue = patient_value(patient, "queue_directory");
	struct buf line = { 0 };

	finding_mend(finding, "# fine if nobody else has an account here; else:");
	buf_printf(&line, "%s" DOCTOR_MILTER_FOLDER, queue);
	finding_mend_folder(finding, buf_cstr(&line));
	line.len = 0;
	buf_printf(&line,
		   "milter_listen = \"unix:%s" DOCTOR_MILTER_FOLDER "/" DOCTOR_MILTER_SOCKET "\"",
		   queue);
	finding_mend_setting(finding, patient, buf_cstr(&line), "postseal-milter");
	finding_mend_main(finding, "postseal_milter", milter);
	if (strstr(patient_written(patient, "smtpd_milters"), "$postseal_milter") == NULL)
		finding_mend(finding, "# write $postseal_milter to smtpd_milters in place of %s",
			     patient->settings->milter_listen);
	finding_mend_reload(finding);
	buf_free(&line);
}

/* One of its own under the queue directory is made as it has to be; of others who knows? */
static void mend_folder(const struct patient *patient, const char *socket, struct finding *finding)
{
	struct buf folder = { 0 };

	buf_printf(&folder, "%s" DOCTOR_MILTER_FOLDER, patient_value(patient, "queue_directory"));
	if (strncmp(socket, buf_cstr(&folder), folder.len) == 0 && socket[folder.len] == '/') {
		finding_mend_folder(finding, buf_cstr(&folder));
		finding_mend_unit(finding, "restart", "postseal-milter");
	} else {
		finding_mend(finding, "# see \"The milter on a Unix socket\" in " POSTSEAL_DOC
				      "/examples/postfix/README.md");
	}
	buf_free(&folder);
}

/* Whoever speaks to the milter as Postfix does says who has logged in. */
void doctor_judge_sealed_socket(const struct patient *patient, struct finding *finding)
{
	const char *listener = patient->settings->milter_listen;
	struct endpoint endpoint;

	const struct doctor_mailbox *mailbox = &patient->mailbox;
	bool local = endpoint_parse(&endpoint, listener) && endpoint.is_unix;

	if (local && mailbox->folder.state == LOOKUP_ERROR) {
		finding_say(finding, HEALTH_UNSURE, "%s", mailbox->folder.text);
	} else if (local && mailbox->folder.state == LOOKUP_ABSENT) {
		finding_say(finding, HEALTH_WRONG, "%s", mailbox->folder.text);
		mend_folder(patient, endpoint.path, finding);
	} else if (local && !mailbox->folder_open) {
		finding_say(finding, HEALTH_OK, "at %s, for whom its folder lets in", listener);
	} else {
		finding_say(finding, HEALTH_WARNING,
			    "milter_listen = %s: every user of this machine can have a mail "
			    "marked, and so sealed, in the name of another",
			    listener);
		if (local)
			mend_folder(patient, endpoint.path, finding);
		else
			mend_socket(patient, finding);
	}
}

/*
 * The daemon.
 */

void doctor_judge_mailbox_runs(const struct patient *patient, struct finding *finding)
{
	const struct doctor_thing *runs = &patient->mailbox.runs;

	if (runs->state == LOOKUP_FOUND) {
		finding_say(finding, HEALTH_OK, "postseal-mailbox answers");
		return;
	}
	finding_say(finding, runs->state == LOOKUP_ABSENT ? HEALTH_WRONG : HEALTH_UNSURE, "%s",
		    runs->text);
	if (runs->state == LOOKUP_ABSENT) {
		finding_mend_unit(finding, "enable", "postseal-mailbox");
		finding_mend_unit(finding, "restart", "postseal-mailbox");
	}
}

void doctor_judge_mailbox_pages(const struct patient *patient, struct finding *finding)
{
	const struct doctor_thing *pages = &patient->mailbox.pages;

	if (pages->state == LOOKUP_FOUND) {
		finding_say(finding, HEALTH_OK, "all pages that are served match SHA256SUMS");
	} else if (pages->state == LOOKUP_ERROR) {
		finding_say(finding, HEALTH_UNSURE, "%s", pages->text);
	} else {
		finding_say(finding, HEALTH_WRONG,
			    "not as installed: %s. Whoever changes a page can read the mail that "
			    "is opened with it",
			    pages->text);
		finding_mend(finding, "# find out who changed %s, and install postseal again",
			     patient->settings->mailbox_pages);
		finding_mend_unit(finding, "restart", "postseal-mailbox");
	}
}

void doctor_judge_mailbox_keys(const struct patient *patient, struct finding *finding)
{
	const struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *store = patient->settings->mailbox_store;
	const char *keys = patient->settings->mailbox_keys;

	if (mailbox->keys.state == LOOKUP_ERROR) {
		finding_say(finding, HEALTH_UNSURE, "%s", mailbox->keys.text);
		return;
	}
	if (mailbox->keys.state == LOOKUP_ABSENT) {
		finding_say(finding, HEALTH_WRONG,
			    "one of mailbox_keys (%s) and mailbox_store (%s) is inside the other: "
			    "a backup of one has both, so no deleted mail is ever gone for good",
			    keys, store);
		finding_mend(finding,
			     "# stop postseal-mailbox, move the keys, write mailbox_keys to %s, "
			     "and start it",
			     patient->settings_file);
	}
	if (mailbox->others != 0) {
		finding_say(finding, HEALTH_WRONG, "all users of this machine may look into them");
		finding_mend(finding, "chmod o= %s %s", store, keys);
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK, "%s is apart from %s", keys, store);
}

static void mend_proxy(const struct patient *patient, struct finding *finding)
{
	const struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *host = patient->settings->mailbox_url + strlen("https://");

	if (mailbox->nameless) {
		finding_mend(finding,
			     "# in the DNS: %s. IN A (or AAAA), with the address of the web server",
			     host);
	} else if (!mailbox->has_nginx || mailbox->has_site) {
		finding_mend(finding, "# see that the web server runs, has a certificate for that "
				      "name, and leads to mailbox_listen: " EXAMPLES);
	} else if (!mailbox->has_certificate) {
		finding_mend(finding,
			     "# get a certificate for %s, as with `certbot certonly`, then: "
			     "postseal setup mailbox %s",
			     host, patient->settings->mailbox_domain);
	} else {
		finding_mend_site(finding, EXAMPLES "/nginx.conf", host);
		finding_mend_unit(finding, "reload-or-restart", "nginx");
	}
}

void doctor_judge_mailbox_proxy(const struct patient *patient, struct finding *finding)
{
	const struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *url = patient->settings->mailbox_url;
	int64_t days = (mailbox->certificate_ends - patient->now) / DAY;

	if (mailbox->proxy.state == LOOKUP_ERROR) {
		finding_say(finding, HEALTH_UNSURE, "%s", mailbox->proxy.text);
		return;
	}
	if (mailbox->proxy.state == LOOKUP_ABSENT) {
		finding_say(finding, HEALTH_WRONG, "recipients cannot use %s: %s", url,
			    mailbox->proxy.text);
		mend_proxy(patient, finding);
		return;
	}
	if (mailbox->certificate_ends == 0) {
		finding_say(finding, HEALTH_OK, "%s serves them over TLS", url);
	} else if (days >= CERTIFICATE_DAYS) {
		finding_say(finding, HEALTH_OK,
			    "%s serves them over TLS; its certificate is good for %" PRId64 " days",
			    url, days);
	} else {
		finding_say(finding, HEALTH_WARNING,
			    "the certificate of %s ends in %" PRId64 " days", url, days);
		finding_mend(finding, "# renew it: certbot renew, or as you got it");
	}
}

/* Without either, mail goes to the temporary mailbox: nothing leaves unsealed. */
void doctor_judge_mailbox_openpgp(const struct patient *patient, struct finding *finding)
{
	const struct doctor_mailbox *mailbox = &patient->mailbox;
	bool looks = patient->settings->mailbox_wkd[0] != '\0';

	if (mailbox->gpg.state != LOOKUP_FOUND) {
		finding_say(finding, looks ? HEALTH_WRONG : HEALTH_WARNING,
			    "no mail is encrypted with OpenPGP: gpg cannot be run: %s",
			    mailbox->gpg.text);
		finding_mend(finding, "apt install gpg # or as your system has it");
	}
	if (looks && mailbox->wkd.state != LOOKUP_FOUND) {
		finding_say(finding,
			    mailbox->wkd.state == LOOKUP_ABSENT ? HEALTH_WRONG : HEALTH_UNSURE,
			    "%s", mailbox->wkd.text);
		if (mailbox->wkd.state == LOOKUP_ABSENT)
			finding_mend(finding, "systemctl enable --now postseal-wkd.socket");
	}
	if (finding->health == HEALTH_OK)
		finding_say(finding, HEALTH_OK,
			    looks ? "with keys on file, and with keys that are found by WKD"
				  : "with keys on file; mailbox_wkd is empty: no others are looked "
				    "for");
}

void doctor_judge_mailbox_clock(const struct patient *patient, struct finding *finding)
{
	switch (patient->mailbox.clock.state) {
	case LOOKUP_FOUND:
		finding_say(finding, HEALTH_OK, "it is set by the network");
		break;
	case LOOKUP_ABSENT:
		finding_say(finding, HEALTH_WARNING,
			    "nothing sets this machine's clock: when it is wrong, marks are "
			    "refused and mailboxes end too early or too late");
		finding_mend(finding, "timedatectl set-ntp true # or: apt install chrony");
		break;
	case LOOKUP_ERROR:
		finding_say(finding, HEALTH_UNSURE, "the kernel does not tell: %s",
			    patient->mailbox.clock.text);
		break;
	}
}
