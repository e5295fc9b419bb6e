/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_look_proxy - sealed mail: the web server at mailbox_url, and this machine's clock. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include "base/str.h"
#include "cli/doctor/doctor_look.h"
#include "io/dns/resolver.h"
#include "io/tls/https.h"

#define PAGE "index.html"
#define PAGE_MAX ((size_t)1 << 20)

/* "https://HOST" or "https://HOST:PORT", as the settings have it. */
static void split_url(const char *url, char host[DOMAIN_SIZE], uint16_t *port)
{
	struct span rest = span_of(url + strlen("https://")), name;
	uint64_t number = 0;
	bool found;

	name = span_cut(&rest, ":", &found);
	str_copy_n(host, DOMAIN_SIZE, name.at, name.len);
	*port = found && str_number(rest.at, rest.len, UINT16_MAX, &number) ? (uint16_t)number : 0;
}

static void compare(struct patient *patient, const struct buf *page)
{
	struct doctor_thing *proxy = &patient->mailbox.proxy;
	struct buf installed = { 0 };

	if (!doctor_read_page(patient, PAGE, &installed))
		doctor_note(proxy, LOOKUP_ERROR, PAGE " in %.200s cannot be read: %s",
			    patient->settings->mailbox_pages, strerror(errno));
	else if (page->len != installed.len || memcmp(page->data, installed.data, page->len) != 0)
		doctor_note(proxy, LOOKUP_ABSENT, "%s", "what it serves is not our page");
	buf_free(&installed);
}

/* As a recipient's browser does, but that this machine may be the one that it asks. */
static void look_at_proxy(struct patient *patient)
{
	struct doctor_mailbox *mailbox = &patient->mailbox;
	char host[DOMAIN_SIZE], error[RESOLVER_ERROR_SIZE], detail[DETAIL_SIZE];
	struct resolver *resolver = resolver_new(patient->settings, error);
	struct address_answer answer = { .count = 0 };
	struct https_request request = { .host = host,
					 .path = "/" PAGE,
					 .media_type = "text/html",
					 .addresses = answer.address,
					 .allow_private = true,
					 .ca_file = patient->settings->ca_file,
					 .body_max = PAGE_MAX,
					 .timeout_ms = DOCTOR_PATIENCE_MS,
					 .connect_ms = DOCTOR_PATIENCE_MS,
					 .ends = &mailbox->certificate_ends };
	struct buf page = { 0 };
	enum lookup found = LOOKUP_ERROR;

	split_url(patient->settings->mailbox_url, host, &request.port);
	if (resolver == NULL)
		doctor_note(&mailbox->proxy, LOOKUP_ERROR, "%s", error);
	else if ((found = resolver_addresses(resolver, host, &answer)) == LOOKUP_ERROR)
		doctor_note(&mailbox->proxy, LOOKUP_ERROR, "%s cannot be looked up: %s", host,
			    resolver_trouble(resolver));
	else if (found == LOOKUP_ABSENT)
		doctor_note(&mailbox->proxy, LOOKUP_ABSENT, "%s has no address", host);
	mailbox->nameless = found == LOOKUP_ABSENT;
	request.address_count = answer.count;
	if (found == LOOKUP_FOUND && !https_get(&request, &page, detail))
		doctor_note(&mailbox->proxy, LOOKUP_ABSENT, "%s", detail);
	else if (found == LOOKUP_FOUND)
		compare(patient, &page);
	buf_free(&page);
	resolver_free(resolver);
}

/* Whatever sets it, chrony, ntpd or systemd-timesyncd, tells the kernel (adjtimex(2)). */
static void look_at_clock(struct patient *patient)
{
	struct timex timex = { .modes = 0 };
	int state = adjtimex(&timex);

	if (state < 0)
		doctor_note(&patient->mailbox.clock, LOOKUP_ERROR, "%s", strerror(errno));
	else if (state == TIME_ERROR)
		doctor_note(&patient->mailbox.clock, LOOKUP_ABSENT, "%s", "");
}

void doctor_look_proxy(struct patient *patient)
{
	look_at_proxy(patient);
	look_at_clock(patient);
}
