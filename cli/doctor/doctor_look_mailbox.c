/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor_look_mailbox - sealed mail: the mailbox daemon, its pages, and what it keeps. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/doctor/doctor_look.h"
#include "io/crypto/crypto.h"
#include "io/local/command.h"
#include "io/net/stream.h"

#define OUTPUT_MAX 65536
#define FILE_MAX ((size_t)8 << 20)
#define READ_SIZE 65536
#define NAME_SIZE 400
#define HEX_SIZE (2 * CRYPTO_HASH_SIZE + 1)

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

/* Its processes have one group alone, that of mail_owner. */
static bool may_enter(const struct passwd *owner, const struct stat *folder)
{
	if (owner->pw_uid == folder->st_uid)
		return (folder->st_mode & S_IXUSR) != 0;
	if (owner->pw_gid == folder->st_gid)
		return (folder->st_mode & S_IXGRP) != 0;
	return (folder->st_mode & S_IXOTH) != 0;
}

/* Whoever gets into its folder can write to the milter's Unix socket. */
static void look_at_folder(struct patient *patient)
{
	struct doctor_thing *folder = &patient->mailbox.folder;
	const char *user = patient_value(patient, "mail_owner");
	const struct passwd *owner = getpwnam(user);
	struct endpoint endpoint;
	struct stat st;
	char *end;

	if (!endpoint_parse(&endpoint, patient->settings->milter_listen) || !endpoint.is_unix)
		return;
	end = strrchr(endpoint.path, '/');
	end[end == endpoint.path] = '\0';
	if (stat(endpoint.path, &st) != 0) {
		doctor_note(folder, errno == ENOENT ? LOOKUP_ABSENT : LOOKUP_ERROR, "%s: %s",
			    endpoint.path, strerror(errno));
	} else if (owner == NULL || !may_enter(owner, &st)) {
		doctor_note(folder, LOOKUP_ABSENT, "Postfix (user %s) may not enter %s", user,
			    endpoint.path);
	}
	patient->mailbox.folder_open = folder->state == LOOKUP_FOUND && (st.st_mode & S_IXOTH) != 0;
}

void doctor_look_mailbox(struct patient *patient)
{
	const struct settings *settings = patient->settings;

	if (settings->mailbox_domain[0] == '\0')
		return;
	if (patient->postfix.ran.state == LOOKUP_FOUND) {
		doctor_look_sealed(patient);
		look_at_folder(patient);
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
