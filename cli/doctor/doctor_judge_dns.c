/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_judge_dns - resolvers: ours, Postfix's, and those of its chroot. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/doctor/doctor_judge.h"

#define RESOLV_CONF "/etc/resolv.conf"

/*
 * To check DNSSEC is the resolver's work. A resolver that sets AD on a signed name, but also
 * answers for a forged one, checks nothing: it repeats what others told it.
 */
static void judge_server(const struct doctor_server *server, struct finding *finding)
{
	if (server->signed_name == SIGNED_SILENT)
		finding_say(finding, HEALTH_WRONG, "%s does not answer: %s", server->text,
			    server->trouble);
	else if (server->signed_name == SIGNED_UNPROVEN)
		finding_say(finding, HEALTH_WRONG,
			    "%s does not validate: no proof (AD) for " DOCTOR_SIGNED_NAME
			    ", which is signed",
			    server->text);
	else if (server->broken_name == BROKEN_BELIEVED)
		finding_say(finding, HEALTH_WRONG,
			    "%s does not validate: it answers for " DOCTOR_BROKEN_NAME
			    ", whose signatures are wrong",
			    server->text);
	else if (server->broken_name == BROKEN_SILENT)
		finding_say(
			finding, HEALTH_UNSURE,
			"%s validates " DOCTOR_SIGNED_NAME
			", but whether it refuses forged answers is not known: " DOCTOR_BROKEN_NAME
			" cannot be looked up: %s",
			server->text, server->trouble);
	else
		finding_say(finding, HEALTH_OK, "%s validates", server->text);
}

static void judge_servers(const struct doctor_servers *servers, struct finding *finding)
{
	for (size_t i = 0; i < servers->count; i++)
		judge_server(&servers->list[i], finding);
	if (servers->count == 0)
		finding_say(finding, HEALTH_WRONG, "%s names no resolver", servers->source);
}

/*
 * Not started, as tests/deps.sh leaves it, is another fault than started in vain. To install it
 * once more mends neither.
 */
static void mend_server(const struct doctor_unbound *unbound, struct finding *finding)
{
	if (!unbound->installed) {
		finding_mend_first(finding,
				   "DANE needs a resolver on this machine that validates, and "
				   "unbound is not installed",
				   "apt install unbound dns-root-data");
	} else if (unbound->keyless) {
		finding_say(finding, HEALTH_WRONG,
			    "unbound is installed but cannot start: it has no key of the DNS root");
		finding_mend_first(finding, "unbound has no key of the DNS root",
				   "apt install dns-root-data");
	} else if (unbound->failed) {
		finding_say(finding, HEALTH_WRONG, "unbound is installed but does not start");
		finding_mend(finding, "# first mend what these two commands show:");
		finding_mend(finding, "unbound-checkconf; journalctl -u unbound -n 20");
	}
	if (unbound->failed)
		finding_mend_unit(finding, "restart", "unbound");
	finding_mend_unit(finding, "enable --now", "unbound");
}

/* Start a good resolver, and name it. */
static void mend_resolver(const struct patient *patient, struct finding *finding)
{
	mend_server(&patient->unbound, finding);
	if (patient->settings->resolver.count > 0)
		finding_mend_setting(finding, patient, "resolver = {\"127.0.0.1\"}",
				     "postseal-prober");
	else
		finding_mend_resolver(finding, "127.0.0.1");
}

void doctor_judge_resolver(const struct patient *patient, struct finding *finding)
{
	judge_servers(&patient->ours, finding);
	if (finding->health == HEALTH_WRONG)
		mend_resolver(patient, finding);
}

/* The first on this machine, or on another; NULL: there is none. */
static const struct doctor_server *server_on(const struct doctor_servers *servers, bool loopback)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (servers->list[i].loopback == loopback)
			return &servers->list[i];
	}
	return NULL;
}

void doctor_judge_resolver_trust(const struct patient *patient, struct finding *finding)
{
	const struct doctor_server *remote = server_on(&patient->ours, false);

	if (remote == NULL) {
		finding_say(finding, HEALTH_OK, "on this machine");
	} else if (patient->settings->resolver_trust_ad) {
		finding_say(finding, HEALTH_OK,
			    "%s is on another machine, and resolver_trust_ad says that the way to "
			    "it is safe",
			    remote->text);
	} else if (server_on(&patient->ours, true) != NULL) {
		finding_say(finding, HEALTH_OK,
			    "%s is on another machine and is never asked, since there is one on "
			    "this machine",
			    remote->text);
	} else {
		finding_say(finding, HEALTH_WRONG,
			    "%s is not on this machine: its answers about DNSSEC are not trusted, "
			    "so there is no DANE",
			    remote->text);
		mend_resolver(patient, finding);
	}
}

static bool names_server(const struct doctor_servers *servers, const char *text)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (strcmp(servers->list[i].text, text) == 0)
			return true;
	}
	return false;
}

static bool same_servers(const struct doctor_servers *a, const struct doctor_servers *b)
{
	for (size_t i = 0; i < a->count; i++) {
		if (!names_server(b, a->list[i].text))
			return false;
	}
	return a->count == b->count;
}

/* Postfix trusts each resolver in resolv.conf, on whatever machine. */
void doctor_judge_mta_resolver(const struct patient *patient, struct finding *finding)
{
	const struct doctor_server *remote = server_on(&patient->mta, false);

	if (patient->mta.read == LOOKUP_ERROR) {
		finding_say(finding, HEALTH_UNSURE, "%s cannot be read", patient->mta.source);
		return;
	}
	judge_servers(&patient->mta, finding);
	if (remote != NULL)
		finding_say(finding, HEALTH_WRONG,
			    "%s is not on this machine, and Postfix trusts its answers about "
			    "DNSSEC all the same",
			    remote->text);
	else if (finding->health == HEALTH_OK && !same_servers(&patient->ours, &patient->mta))
		finding_say(finding, HEALTH_OK, "Postfix and postseal ask different resolvers");
	if (finding->health != HEALTH_WRONG)
		return;
	mend_server(&patient->unbound, finding);
	finding_mend_resolver(finding, "127.0.0.1");
	finding_mend_unit(finding, "restart", "postfix");
}

static void list_servers(struct buf *out, const struct doctor_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", servers->list[i].text);
}

static void compare_chroot(const struct patient *patient, struct finding *finding)
{
	struct buf inside = { 0 }, outside = { 0 };

	list_servers(&inside, &patient->chroot);
	list_servers(&outside, &patient->mta);
	if (same_servers(&patient->chroot, &patient->mta))
		finding_say(finding, HEALTH_OK, "the same as outside: %s", buf_cstr(&inside));
	else
		finding_say(finding, HEALTH_WRONG,
			    "%s still names %s, but " RESOLV_CONF " names %s",
			    patient->chroot.source, buf_cstr(&inside), buf_cstr(&outside));
	buf_free(&inside);
	buf_free(&outside);
}

void doctor_judge_chroot_resolver(const struct patient *patient, struct finding *finding)
{
	if (!patient_chrooted(patient, "smtp/unix")) {
		finding_say(finding, HEALTH_OK, "smtp(8) is not chrooted");
		return;
	}
	if (patient->chroot.read == LOOKUP_ERROR)
		finding_say(finding, HEALTH_UNSURE, "%s cannot be read", patient->chroot.source);
	else if (patient->chroot.read == LOOKUP_ABSENT)
		finding_say(finding, HEALTH_WRONG, "smtp(8) is chrooted, but there is no %s",
			    patient->chroot.source);
	else
		compare_chroot(patient, finding);
	if (finding->health != HEALTH_WRONG)
		return;
	/* Debian's start script copies it as well; a reload alone does not. */
	finding_mend(finding, "cp " RESOLV_CONF " %s", patient->chroot.source);
	finding_mend_reload(finding);
}
