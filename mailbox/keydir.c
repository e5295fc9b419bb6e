/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/keydir.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/names/ipaddr.h"
#include "core/protocol/wkd.h"
#include "io/local/metrics_file.h"
#include "io/net/stream.h"

#define PATIENCE_MS 30000 /* postseal-wkd ends before */
#define AGAIN_MS 60000    /* after a look-up that failed */
#define FORGET_MS INT64_C(86400000)
#define TROUBLES_MAX 1024
#define ANSWER_MAX ((size_t)WKD_KEY_MAX + WKD_REASON_SIZE)

/* A domain whose look-ups fail. By clock_mono_ms. */
struct trouble {
	char domain[DOMAIN_SIZE];
	int64_t since, last;
	UT_hash_handle hh;
};

struct keydir {
	pthread_mutex_t lock;
	struct trouble *troubles; /* who came first is first */
};

struct keydir *keydir_new(void)
{
	struct keydir *keydir = mem_zero(1, sizeof(*keydir));

	pthread_mutex_init(&keydir->lock, NULL);
	return keydir;
}

static void drop(struct keydir *keydir, struct trouble *trouble)
{
	HASH_DEL(keydir->troubles, trouble);
	free(trouble);
}

void keydir_free(struct keydir *keydir)
{
	if (keydir == NULL)
		return;
	while (keydir->troubles != NULL)
		drop(keydir, keydir->troubles);
	pthread_mutex_destroy(&keydir->lock);
	free(keydir);
}

/* A copy of what is known of a domain; all zero: nothing is wrong. */
static struct trouble recall(struct keydir *keydir, const char *domain)
{
	struct trouble *found, known = { .since = 0 };

	pthread_mutex_lock(&keydir->lock);
	HASH_FIND_STR(keydir->troubles, domain, found);
	if (found != NULL && clock_mono_ms() - found->last > FORGET_MS)
		drop(keydir, found);
	else if (found != NULL)
		known = *found;
	pthread_mutex_unlock(&keydir->lock);
	return known;
}

/* Since when its look-ups have failed. */
static int64_t note(struct keydir *keydir, const char *domain, bool failed)
{
	int64_t now = clock_mono_ms(), since = now;
	struct trouble *found;

	pthread_mutex_lock(&keydir->lock);
	HASH_FIND_STR(keydir->troubles, domain, found);
	if (!failed && found != NULL) {
		drop(keydir, found);
	} else if (failed) {
		if (found == NULL) {
			if (HASH_COUNT(keydir->troubles) == TROUBLES_MAX)
				drop(keydir, keydir->troubles);
			found = mem_zero(1, sizeof(*found));
			str_copy(found->domain, sizeof(found->domain), domain);
			found->since = now;
			HASH_ADD_STR(keydir->troubles, domain, found);
		}
		found->last = now;
		since = found->since;
	}
	pthread_mutex_unlock(&keydir->lock);
	return since;
}

/* All that postseal-wkd says until it ends; false and errno when it cannot be asked. */
static bool converse(const char *path, const char *address, struct buf *said)
{
	struct endpoint endpoint = { .is_unix = true };
	struct buf line = { 0 };
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	ssize_t n = -1;
	int fd;

	str_copy(endpoint.path, sizeof(endpoint.path), path); /* it fits: see the settings */
	fd = stream_connect_endpoint(&endpoint, deadline);
	if (fd < 0)
		return false;
	buf_printf(&line, "%s\n", address);
	if (stream_write(fd, line.data, line.len, deadline)) {
		while (said->len < ANSWER_MAX && (n = stream_read(fd, buf_reserve(said, ANSWER_MAX),
								  ANSWER_MAX, deadline)) > 0)
			said->len += (size_t)n;
	}
	buf_free(&line);
	close(fd);
	return n >= 0;
}

static enum lookup ask(const char *path, const char *address, struct buf *key,
		       char reason[WKD_REASON_SIZE])
{
	struct buf said = { 0 };
	struct span found = { NULL, 0 };
	enum lookup result = LOOKUP_ERROR;

	if (!converse(path, address, &said))
		snprintf(reason, WKD_REASON_SIZE, "postseal-wkd at %.100s cannot be asked: %s",
			 path, strerror(errno));
	else
		result = wkd_answer_read(&found, reason, buf_cstr(&said), said.len);
	if (result == LOOKUP_FOUND)
		buf_append(key, found.at, found.len);
	buf_free(&said);
	return result;
}

static unsigned counted(enum lookup result)
{
	return result == LOOKUP_FOUND    ? METRIC_WKD_FOUND
	       : result == LOOKUP_ABSENT ? METRIC_WKD_NONE
					 : METRIC_WKD_UNSURE;
}

enum lookup keydir_find(struct keydir *keydir, const struct settings *settings, const char *address,
			int64_t marked, struct buf *key)
{
	const char *domain = seal_address_domain(address);
	struct trouble known = recall(keydir, domain);
	int64_t patience = settings->mailbox_wkd_wait * 60, since = known.since;
	char reason[WKD_REASON_SIZE] = "it failed a moment ago";
	enum lookup result = LOOKUP_ERROR;

	if (known.last == 0 || clock_mono_ms() - known.last >= AGAIN_MS) {
		result = ask(settings->mailbox_wkd, address, key, reason);
		metrics_count(METRIC1(WKD, counted(result)));
		since = note(keydir, domain, result == LOOKUP_ERROR);
	}
	if (result == LOOKUP_ABSENT)
		log_debug("recipient=%s no key by WKD: %s", address, reason);
	if (result != LOOKUP_ERROR)
		return result;
	if (clock_wall() - marked < patience && clock_mono_ms() - since < patience * 1000) {
		log_info("recipient=%s waits for a look-up of its key by WKD: %s", address, reason);
		return LOOKUP_ERROR;
	}
	log_warning("recipient=%s no key by WKD could be looked up for %d minutes: it gets a "
		    "temporary mailbox: %s",
		    address, (int)settings->mailbox_wkd_wait, reason);
	return LOOKUP_ABSENT;
}
