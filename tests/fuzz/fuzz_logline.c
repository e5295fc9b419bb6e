/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A piece of a log. Each line that is understood, written anew from what was
 * understood, must be understood in the same way; all of them go through logfold.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/log/logfold.h"

#define NOW INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int64_t zone(int64_t utc)
{
	return utc % 7200;
}

static void append_peer(struct buf *out, const struct logline *line)
{
	char addr[IPADDR_SIZE];

	buf_printf(out, "%s[%s]:%u", line->host, ipaddr_format(addr, &line->addr), line->port);
}

static void append_tls(struct buf *out, const struct logline *line)
{
	static const char *const trust[] = { "Anonymous", "Untrusted", "Trusted", "Verified" };

	buf_printf(out, "%s TLS connection %s to ", trust[line->trust],
		   line->reused ? "reused" : "established");
	append_peer(out, line);
	buf_printf(out, ": %s with cipher %s (1/1 bits)", tls_version_name(line->version),
		   line->cipher);
}

static void append_delivery(struct buf *out, const struct logline *line)
{
	buf_append(out, line->queue_id.at, line->queue_id.len);
	buf_printf(out, ": to=<x%s%s>, relay=", line->domain[0] != '\0' ? "@" : "", line->domain);
	append_peer(out, line);
	buf_append_str(out, ", delay=1, delays=1/1/1/1");
	if (line->tls.len > 0)
		buf_append_str(out, ", tls=");
	buf_append(out, line->tls.at, line->tls.len);
	buf_printf(out, ", dsn=2.0.0, status=%s (%s)", line->sent ? "sent" : "deferred",
		   line->no_starttls ? "TLS is required, but was not offered by host x" : "");
}

static bool same_span(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* RFC 5424 has no brackets; where no machine is named, the time has to have a zone. */
static void append_head(struct buf *out, struct span process)
{
	bool brackets = span_ends(process, "]");

	if (!brackets)
		buf_append_str(out, "<22>1 ");
	if (brackets && memchr(process.at, ' ', process.len) != NULL)
		buf_append_str(out, "Nov 22 00:09:47 ");
	else
		buf_append_str(out, "2026-11-22T00:09:47Z ");
	buf_append(out, process.at, process.len);
	buf_append_str(out, brackets ? ": " : " - - ");
}

static void write_and_read_again(const struct logline *line)
{
	struct buf out = { 0 };
	struct logline again;

	append_head(&out, line->process);
	if (line->kind == LOGLINE_TLS)
		append_tls(&out, line);
	else
		append_delivery(&out, line);
	if (!logline_parse(&again, out.data, out.len))
		abort();
	assert(again.kind == line->kind && again.trust == line->trust &&
	       again.reused == line->reused);
	assert(strcmp(again.host, line->host) == 0 && again.port == line->port);
	assert(ipaddr_equal(&again.addr, &line->addr) && again.version == line->version);
	assert(strcmp(again.cipher, line->cipher) == 0 && strcmp(again.domain, line->domain) == 0);
	assert(same_span(again.queue_id, line->queue_id) && same_span(again.tls, line->tls));
	assert(same_span(again.process, line->process) && again.sent == line->sent);
	assert(line->kind != LOGLINE_DELIVERY || again.no_starttls == line->no_starttls);
	buf_free(&out);
}

static void one_line(struct logfold *fold, const char *bytes, size_t len)
{
	struct logfold_proof proof;
	struct logline line;
	int64_t time;

	if (!logline_parse(&line, bytes, len))
		return;
	write_and_read_again(&line);
	time = logline_time(&line.stamp, NOW, zone);
	assert(time >= 0 && time <= NOW + LOGLINE_FUTURE);
	if (time == 0 || !logfold_line(fold, &line, time, &proof))
		return;
	assert(strcmp(proof.host, line.host) == 0 && proof.port == line.port);
	if (line.no_starttls) {
		assert(proof.seen.observed == OBSERVED_PLAIN && proof.seen.time == time);
		assert(!line.sent && proof.domain[0] == '\0');
		return;
	}
	assert(proof.seen.observed == OBSERVED_TLS && proof.seen.time <= time);
	assert((proof.domain[0] != '\0') == (line.kind == LOGLINE_DELIVERY));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct logfold *fold = logfold_new();
	const char *at = (const char *)bytes;
	const char *end = at + len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		one_line(fold, at, (size_t)(stop - at));
		at = stop + (stop < end);
	}
	logfold_free(fold);
	return 0;
}
