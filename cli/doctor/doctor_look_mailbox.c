/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_look_mailbox - sealed mail: where its domain leads, and what the mailbox daemon keeps. */
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/doctor/doctor_look.h"
#include "io/crypto/crypto.h"
#include "io/dns/resolver.h"
#include "io/local/command.h"
#include "io/net/stream.h"

#define OUTPUT_MAX (1024 * 1024)
#define FILE_MAX ((size_t)8 << 20)
#define READ_SIZE 65536
#define NAME_SIZE 400
#define HEX_SIZE (2 * CRYPTO_HASH_SIZE + 1)

/*
 * Postfix.
 */

/* All tables are asked for the whole address first, then for its domain (transport(5)). */
static void look_at_route(struct patient *patient)
{
	struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *domain = patient->settings->mailbox_domain;
	const char *maps = patient_value(patient, "transport_maps");
	char address[NAME_SIZE];
	const char *const keys[] = { address, domain };

	snprintf(address, sizeof(address), "doctor=example.com@%s", domain);
	doctor_note(&mailbox->routed, LOOKUP_ABSENT, "%s", "");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct span rest = span_of(maps), item;

		while (postconf_item(&rest, &item)) {
			struct buf value = { 0 };
			enum lookup got = doctor_ask_table(item, keys[i], &value);

			if (got == LOOKUP_ERROR)
				doctor_note(&mailbox->routed, got, "%.*s", (int)item.len, item.at);
			if (got == LOOKUP_FOUND) {
				mailbox->routed.state = got;
				snprintf(mailbox->route, sizeof(mailbox->route), "%.*s",
					 (int)strcspn(buf_cstr(&value), "\n"), buf_cstr(&value));
			}
			buf_free(&value);
			if (got != LOOKUP_ABSENT)
				return;
		}
	}
}

/* parent_domain_matches_subdomains says how relay_domains matches subdomains (postconf(5)). */
static enum lookup is_relayed(const struct patient *patient, const char *domain)
{
	const char *list = patient_value(patient, "relay_domains");
	bool bare = postconf_has(patient_value(patient, "parent_domain_matches_subdomains"),
				 "relay_domains");
	enum lookup result = doctor_list_has(list, domain);
	const char *parent = domain;

	while (result == LOOKUP_ABSENT && (parent = strchr(parent, '.')) != NULL) {
		result = doctor_list_has(list, bare ? parent + 1 : parent);
		parent++;
	}
	return result;
}

/* Postfix accepts mail from anybody to the domains in these lists. */
static void look_at_lists(struct patient *patient)
{
	static const char *const lists[] = { "relay_domains", "mydestination",
					     "virtual_alias_domains", "virtual_mailbox_domains" };
	struct doctor_thing *apart = &patient->mailbox.apart;
	const char *domain = patient->settings->mailbox_domain;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		enum lookup one =
			i == 0 ? is_relayed(patient, domain)
			       : doctor_list_has(patient_value(patient, lists[i]), domain);

		if (one == LOOKUP_FOUND) {
			doctor_note(apart, LOOKUP_ABSENT, "%s", lists[i]);
			return;
		}
		if (one == LOOKUP_ERROR)
			doctor_note(apart, one, "%s", lists[i]);
	}
}

/* Keys "owner-LIST" in what postalias(1) prints of a table: "KEY", a colon, a blank, a value. */
static void note_owners(struct buf *owners, const char *printed)
{
	struct span rest = span_of(printed);
	bool found = true;

	while (found) {
		struct span line = span_cut(&rest, "\n", &found);
		size_t len = 0;

		while (len < line.len && strchr(": \t", line.at[len]) == NULL)
			len++;
		if (len > strlen("owner-") && str_starts_nocase_n(line.at, len, "owner-"))
			buf_printf(owners, "%s%.*s", owners->len > 0 ? ", " : "", (int)len,
				   line.at);
	}
}

static void look_at_owners(struct patient *patient)
{
	struct doctor_thing *thing = &patient->mailbox.owners;
	struct span rest = span_of(patient_value(patient, "alias_maps")), item;
	struct buf owners = { 0 };

	while (postconf_item(&rest, &item)) {
		char spec[DOCTOR_PATH_SIZE], error[COMMAND_ERROR_SIZE];
		char *argv[] = { (char[]){ "postalias" }, (char[]){ "-s" }, spec, NULL };
		struct buf printed = { 0 };

		snprintf(spec, sizeof(spec), "%.*s", (int)item.len, item.at);
		if (command_run(argv, OUTPUT_MAX, clock_mono_ms() + DOCTOR_PATIENCE_MS, &printed,
				error) == LOOKUP_FOUND)
			note_owners(&owners, buf_cstr(&printed));
		else
			doctor_note(thing, LOOKUP_ERROR, "%s", spec);
		buf_free(&printed);
	}
	if (owners.len > 0)
		doctor_note(thing, LOOKUP_ABSENT, "%s", buf_cstr(&owners));
	buf_free(&owners);
}

/*
 * The DNS.
 */

static bool take_address(struct ipaddr *address, const struct sockaddr *sa)
{
	if (sa != NULL && sa->sa_family == AF_INET)
		return ipaddr_from_bytes(address, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	if (sa != NULL && sa->sa_family == AF_INET6)
		return ipaddr_from_bytes(address, &((const struct sockaddr_in6 *)sa)->sin6_addr,
					 16);
	return false;
}

/* Behind NAT, proxy_interfaces has the outer address (postconf(5)). */
static bool is_proxied(const struct patient *patient, const struct ipaddr *address)
{
	struct span rest = span_of(patient_value(patient, "proxy_interfaces")), item;
	struct ipaddr one;

	while (postconf_item(&rest, &item)) {
		if (ipaddr_parse(&one, item.at, item.len) && ipaddr_equal(&one, address))
			return true;
	}
	return false;
}

static bool is_own(const struct patient *patient, const struct ipaddr *address)
{
	struct ifaddrs *all = NULL;
	bool own = is_proxied(patient, address);

	if (!own && getifaddrs(&all) == 0) {
		for (const struct ifaddrs *at = all; at != NULL && !own; at = at->ifa_next) {
			struct ipaddr one;

			own = take_address(&one, at->ifa_addr) && ipaddr_equal(&one, address);
		}
		freeifaddrs(all);
	}
	return own;
}

/* Does this exchanger lead here? ERROR: its addresses cannot be looked up. */
static enum lookup leads_here(const struct patient *patient, struct resolver *resolver,
			      const char *host)
{
	struct address_answer answer;
	struct span name = span_of(host);
	enum lookup got;

	if (str_equal_nocase(host, patient_value(patient, "myhostname")))
		return LOOKUP_FOUND;
	if (span_skip(&name, "[") && name.len > 0) /* an MX record that holds an address */
		return ipaddr_parse(&answer.address[0], name.at, name.len - 1) &&
				       is_own(patient, &answer.address[0])
			       ? LOOKUP_FOUND
			       : LOOKUP_ABSENT;
	got = resolver_addresses(resolver, host, &answer);
	if (got != LOOKUP_FOUND)
		return got;
	for (size_t i = 0; i < answer.count; i++) {
		if (is_own(patient, &answer.address[i]))
			return LOOKUP_FOUND;
	}
	return LOOKUP_ABSENT;
}

static void judge_exchangers(struct patient *patient, struct resolver *resolver,
			     const struct mx_facts *mx)
{
	struct doctor_mailbox *mailbox = &patient->mailbox;
	struct buf elsewhere = { 0 };

	for (size_t i = 0; i < mx->count; i++) {
		const char *host = mx->refs[i].host;

		switch (leads_here(patient, resolver, host)) {
		case LOOKUP_FOUND:
			buf_free(&elsewhere);
			mailbox->records = (struct doctor_thing){ .state = LOOKUP_FOUND };
			return;
		case LOOKUP_ABSENT:
			buf_printf(&elsewhere, "%s%s", elsewhere.len > 0 ? ", " : "", host);
			break;
		case LOOKUP_ERROR:
			doctor_note(&mailbox->records, LOOKUP_ERROR, "%s",
				    resolver_trouble(resolver));
			break;
		}
	}
	str_copy_n(mailbox->elsewhere, sizeof(mailbox->elsewhere), buf_cstr(&elsewhere),
		   elsewhere.len);
	buf_free(&elsewhere);
}

/* The records that reject_unknown_recipient_domain asks for. Do they lead here? */
static void look_at_records(struct patient *patient)
{
	struct doctor_thing *records = &patient->mailbox.records;
	const char *domain = patient->settings->mailbox_domain;
	char error[RESOLVER_ERROR_SIZE];
	struct resolver *resolver = resolver_new(patient->settings, error);
	struct address_answer addresses;
	struct mx_answer mx;

	if (resolver == NULL)
		doctor_note(records, LOOKUP_ERROR, "%s", error);
	else if (!resolver_mx(resolver, domain, &mx))
		doctor_note(records, LOOKUP_ERROR, "%s", resolver_trouble(resolver));
	else if (mx.facts.state == MX_NXDOMAIN || mx.facts.state == MX_NULL ||
		 (mx.facts.state == MX_IMPLICIT &&
		  resolver_addresses(resolver, domain, &addresses) == LOOKUP_ABSENT))
		records->state = LOOKUP_ABSENT;
	else
		judge_exchangers(patient, resolver, &mx.facts);
	resolver_free(resolver);
}

/*
 * The daemon and what it keeps.
 */

static void look_at_daemon(struct patient *patient)
{
	struct endpoint endpoint = { .is_unix = true };
	int fd;

	if (!str_join(endpoint.path, sizeof(endpoint.path), patient->settings->mailbox_runtime,
		      "/" MAILBOX_SOCKET, NULL))
		return;
	fd = stream_connect_endpoint(&endpoint, clock_mono_ms() + DOCTOR_PATIENCE_MS);
	if (fd >= 0)
		close(fd);
	else
		doctor_note(&patient->mailbox.runs,
			    doctor_is_barred(endpoint.path) ? LOOKUP_ERROR : LOOKUP_ABSENT,
			    "cannot reach postseal-mailbox at %s: %s; is it running?",
			    endpoint.path, strerror(errno));
}

bool doctor_read_page(const struct patient *patient, const char *name, struct buf *out)
{
	char path[DOCTOR_PATH_SIZE];
	ssize_t n = -1;
	int fd = -1, why;

	if (str_join(path, sizeof(path), patient->settings->mailbox_pages, "/", name, NULL))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && out->len < FILE_MAX &&
	       (n = read(fd, buf_reserve(out, READ_SIZE), READ_SIZE)) > 0)
		out->len += (size_t)n;
	why = n > 0 ? EFBIG : errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return n == 0;
}

/* A page, as the proxy gets it. False with errno where there is no whole answer. */
static bool fetch(const struct patient *patient, const char *name, struct buf *page)
{
	const char *host = patient->settings->mailbox_url + strlen("https://");
	int64_t deadline = clock_mono_ms() + DOCTOR_PATIENCE_MS;
	struct endpoint endpoint;
	struct buf request = { 0 };
	int fd = endpoint_parse(&endpoint, patient->settings->mailbox_listen)
			 ? stream_connect_endpoint(&endpoint, deadline)
			 : -1;
	ssize_t n = -1;
	int why;

	buf_printf(&request, "GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name,
		   host);
	if (fd >= 0 && stream_write(fd, request.data, request.len, deadline)) {
		while (page->len < FILE_MAX &&
		       (n = stream_read(fd, buf_reserve(page, READ_SIZE), READ_SIZE, deadline)) > 0)
			page->len += (size_t)n;
	}
	why = n > 0 ? EMSGSIZE : errno;
	if (fd >= 0)
		close(fd);
	buf_free(&request);
	errno = why;
	return n == 0;
}

/*
 * `served`: an answer of HTTP (RFC 9112 2.1), whose body counts, and no body where it is not 200.
 */
static bool has_sum(const struct buf *answer, bool served, const char *sum)
{
	struct span body = { (const char *)answer->data, answer->len };
	unsigned char hash[CRYPTO_HASH_SIZE];
	char text[HEX_SIZE];
	bool found = true;

	if (served && !span_starts(body, "HTTP/1.1 200 "))
		return false;
	if (served)
		span_cut(&body, "\r\n\r\n", &found);
	crypto_sha256(hash, body.at, body.len);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	return found && strncmp(text, sum, HEX_SIZE - 1) == 0;
}

/* Compares one line of SHA256SUMS. False: stop. */
static bool compare(struct patient *patient, struct span line, struct buf *differ)
{
	char name[NAME_SIZE];
	struct buf got = { 0 };
	bool served, there;

	if (line.len <= HEX_SIZE + 1 || memcmp(line.at + HEX_SIZE - 1, "  ", 2) != 0 ||
	    !str_copy_n(name, sizeof(name), line.at + HEX_SIZE + 1, line.len - HEX_SIZE - 1) ||
	    name[strcspn(name, " \r\n")] != '\0') {
		doctor_note(&patient->mailbox.pages, LOOKUP_ERROR,
			    "SHA256SUMS in %.200s is not in the form that sha256sum(1) writes",
			    patient->settings->mailbox_pages);
		return false;
	}
	served = strcmp(name, "csp") != 0; /* it is sent in headers; the file itself is compared */
	there = served ? fetch(patient, name, &got) : doctor_read_page(patient, name, &got);
	if (!there && served)
		doctor_note(&patient->mailbox.pages, LOOKUP_ERROR,
			    "the pages cannot be fetched from mailbox_listen: %s", strerror(errno));
	else if (!there || !has_sum(&got, served, line.at))
		buf_printf(differ, "%s%s", differ->len > 0 ? ", " : "", name);
	buf_free(&got);
	return there || !served;
}

static void look_at_pages(struct patient *patient)
{
	struct doctor_thing *pages = &patient->mailbox.pages;
	struct buf sums = { 0 }, differ = { 0 };
	struct span rest;
	bool found = true;

	if (!doctor_read_page(patient, "SHA256SUMS", &sums)) {
		doctor_note(pages, LOOKUP_ERROR, "SHA256SUMS in %.200s cannot be read: %s",
			    patient->settings->mailbox_pages, strerror(errno));
		buf_free(&sums);
		return;
	}
	rest = (struct span){ (const char *)sums.data, sums.len };
	while (found && rest.len > 0 && compare(patient, span_cut(&rest, "\n", &found), &differ))
		;
	if (differ.len > 0)
		doctor_note(pages, LOOKUP_ABSENT, "%s", buf_cstr(&differ));
	buf_free(&sums);
	buf_free(&differ);
}

/* Is `path` this folder, or in it? Both without links. */
/* By a line that is no address: it is answered without a look-up. */
static void look_at_wkd(struct patient *patient)
{
	static const char line[] = "doctor\n";
	const char *path = patient->settings->mailbox_wkd;
	int64_t deadline = clock_mono_ms() + DOCTOR_PATIENCE_MS;
	struct endpoint endpoint = { .is_unix = true };
	char word[5] = "";
	int fd;

	if (path[0] == '\0')
		return;
	str_copy(endpoint.path, sizeof(endpoint.path), path);
	fd = stream_connect_endpoint(&endpoint, deadline);
	if (fd < 0)
		doctor_note(&patient->mailbox.wkd,
			    doctor_is_barred(path) ? LOOKUP_ERROR : LOOKUP_ABSENT,
			    "cannot reach postseal-wkd at %s: %s", path, strerror(errno));
	else if (!stream_write(fd, line, strlen(line), deadline) ||
		 !stream_read_all(fd, word, 4, deadline) || strcmp(word, "none") != 0)
		doctor_note(&patient->mailbox.wkd, LOOKUP_ERROR,
			    "postseal-wkd at %s does not answer; see its log (journalctl -t "
			    "postseal-wkd)",
			    path);
	if (fd >= 0)
		close(fd);
}

static void look_at_gpg(struct patient *patient)
{
	char *argv[] = { (char[]){ "gpg" }, (char[]){ "--version" }, NULL };
	char error[COMMAND_ERROR_SIZE];
	struct buf output = { 0 };
	enum lookup ran =
		command_run(argv, OUTPUT_MAX, clock_mono_ms() + DOCTOR_PATIENCE_MS, &output, error);

	if (ran != LOOKUP_FOUND)
		doctor_note(&patient->mailbox.gpg, ran, "%s", error);
	buf_free(&output);
}

static bool is_inside(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Both belong to the daemon alone, so only root may look into them. */
static void look_at_keys(struct patient *patient)
{
	struct doctor_mailbox *mailbox = &patient->mailbox;
	const char *const folders[] = { patient->settings->mailbox_store,
					patient->settings->mailbox_keys };
	char real[2][PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		if (realpath(folders[i], real[i]) == NULL || stat(real[i], &st) != 0) {
			doctor_note(&mailbox->keys, LOOKUP_ERROR, "%.200s cannot be read: %s",
				    folders[i], strerror(errno));
			return;
		}
		mailbox->others |= st.st_mode & 07;
	}
	if (is_inside(real[1], real[0]) || is_inside(real[0], real[1]))
		mailbox->keys.state = LOOKUP_ABSENT;
}

void doctor_look_mailbox(struct patient *patient)
{
	const struct settings *settings = patient->settings;

	if (settings->mailbox_domain[0] == '\0')
		return;
	if (patient->postfix.ran.state == LOOKUP_FOUND) {
		look_at_route(patient);
		look_at_lists(patient);
		look_at_owners(patient);
		look_at_records(patient);
	}
	if (settings->mailbox_url[0] == '\0')
		return;
	look_at_daemon(patient);
	look_at_pages(patient);
	look_at_keys(patient);
	look_at_wkd(patient);
	look_at_gpg(patient);
	doctor_look_proxy(patient);
}
