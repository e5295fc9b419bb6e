/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/policy/freshness.h"
#include "core/protocol/sts.h"
#include "io/tls/https.h"

#define SMTP_PORT 25 /* of a next hop that names none: Postfix's own, whatever we probe */

void worker_open(struct worker *worker, const struct job_config *config)
{
	char error[RESOLVER_ERROR_SIZE];

	worker->config = config;
	worker->talk = NULL;
	worker->resolver = resolver_new(config->settings, error);
	if (worker->resolver == NULL)
		log_fatal("%s", error);
}

void worker_close(struct worker *worker)
{
	resolver_free(worker->resolver);
}

struct job *job_new(enum job_kind kind, enum lane lane, void *task)
{
	struct job *job = mem_zero(1, sizeof(*job));

	job->kind = kind;
	job->lane = lane;
	job->task = task;
	return job;
}

void job_free(struct job *job)
{
	if (job->kind == JOB_HOST)
		tlsa_set_free(&job->host.tlsa.set);
	if (job->kind == JOB_SMTP)
		tlsa_set_free(&job->smtp.tlsa.set);
	if (job->kind == JOB_SCAN)
		scan_free(&job->scan);
	free(job);
}

static void note_trouble(struct worker *worker, struct job *job)
{
	str_copy(job->trouble, sizeof(job->trouble), resolver_trouble(worker->resolver));
}

/* [host] and [address] are their own MX: there is nothing to look up, and nothing to forge. */
static void literal_mx(struct mx_answer *answer, const struct nexthop *nexthop)
{
	struct mx_facts *mx = &answer->facts;

	mx->state = MX_LITERAL;
	mx->secure = true;
	mx->count = 1;
	memcpy(mx->refs[0].host, nexthop->name, sizeof(mx->refs[0].host));
	answer->ttl = FRESH_MAX;
}

/* The name of the service under which Postfix looks for SRV records; NULL: it does not. */
static const char *srv_service(const struct settings *settings, uint16_t port)
{
	static const struct {
		unsigned bit;
		uint16_t port;
		const char *name;
	} services[] = { { SRV_SMTP, 25, "smtp" },
			 { SRV_SUBMISSION, 587, "submission" },
			 { SRV_SUBMISSIONS, 465, "submissions" } };

	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		if ((settings->use_srv_lookup & services[i].bit) != 0 && services[i].port == port)
			return services[i].name;
	return NULL;
}

/* By MX records, after SRV records where Postfix looks for such. */
static bool find_exchangers(struct worker *worker, struct job_mx *mx)
{
	uint16_t port = nexthop_port(&mx->nexthop, SMTP_PORT);
	const char *service = srv_service(worker->config->settings, port);
	const char *domain = mx->nexthop.name;
	struct mx_answer srv = { .facts.secure = true, .ttl = INT64_MAX };
	enum lookup found = LOOKUP_ABSENT;

	if (service != NULL)
		found = resolver_srv(worker->resolver, domain, service, port, &srv);
	if (found == LOOKUP_FOUND)
		mx->answer = srv;
	if (found != LOOKUP_ABSENT)
		return found == LOOKUP_FOUND;
	if (!resolver_mx(worker->resolver, domain, &mx->answer))
		return false;
	/* That there are no SRV records is part of the way to the MX records. */
	mx->answer.facts.secure &= srv.facts.secure;
	if (srv.ttl < mx->answer.ttl)
		mx->answer.ttl = srv.ttl;
	return true;
}

static void run_mx(struct worker *worker, struct job *job)
{
	struct job_mx *mx = &job->mx;

	mx->found = true;
	if (mx->nexthop.kind != NEXTHOP_DOMAIN)
		literal_mx(&mx->answer, &mx->nexthop);
	else
		mx->found = find_exchangers(worker, mx);
	if (!mx->found)
		note_trouble(worker, job);
}

/* True when the host is an address: there is nothing to look up then. */
static bool literal_host(struct job_host *host)
{
	if (!ipaddr_parse(&host->addresses.address[0], host->host, strlen(host->host)))
		return false;
	host->addresses.count = 1;
	host->addresses.ttl = host->tlsa.ttl = FRESH_MAX;
	host->address_status = LOOKUP_FOUND;
	/* TLSA records belong to names (RFC 7672 2.2). */
	host->tlsa_status = LOOKUP_ABSENT;
	return true;
}

/* Records of whole certificates or keys that OpenSSL cannot load are unusable, too. */
static void sort_out_tlsa(const struct tls *tls, struct tlsa_set *set)
{
	struct tlsa_set sound = { .unusable = set->unusable };

	for (size_t i = 0; i < set->count; i++) {
		const struct tlsa *record = &set->records[i];

		tlsa_set_add(&sound, record,
			     record->matching != TLSA_MATCHING_FULL || tls_tlsa_loads(tls, record));
	}
	tlsa_set_free(set);
	*set = sound;
}

static void run_host(struct worker *worker, struct job *job)
{
	struct job_host *host = &job->host;

	if (literal_host(host))
		return;
	host->address_status = resolver_addresses(worker->resolver, host->host, &host->addresses);
	if (host->address_status == LOOKUP_ERROR)
		note_trouble(worker, job);
	if (host->address_status != LOOKUP_FOUND)
		return;
	host->tlsa_status = resolver_tlsa(worker->resolver, host->host, host->port,
					  &host->addresses, &host->tlsa);
	if (host->tlsa_status == LOOKUP_ERROR)
		note_trouble(worker, job);
	sort_out_tlsa(worker->config->tls, &host->tlsa.set);
}

static void run_smtp(struct worker *worker, struct job *job)
{
	struct job_smtp *smtp = &job->smtp;
	struct ipaddr literal;
	bool is_literal = ipaddr_parse(&literal, smtp->host, strlen(smtp->host));
	struct starttls_target target = {
		.host = is_literal ? NULL : smtp->host,
		.port = smtp->port,
		.addresses = smtp->addresses.address,
		.address_count = smtp->addresses.count,
		.connections_max = smtp->connections_max,
		.tlsa = &smtp->tlsa.set,
		.tlsa_base = smtp->tlsa.base,
		.name_count = smtp->name_count,
	};

	for (size_t i = 0; i < smtp->name_count; i++)
		target.names[i] = smtp->names[i];
	worker->talk = starttls_probe(&worker->config->starttls, &target, &smtp->seen);
}

static void run_txt(struct worker *worker, struct job *job)
{
	struct sts_look *look = &job->sts.look;
	struct sts_txt *records;
	struct txt_answer answer;
	char name[DOMAIN_SIZE];

	look->txt = LOOKUP_ABSENT;
	/* A domain whose name leaves no room for the label has no policy. */
	if (!sts_txt_name(name, job->sts.domain))
		return;
	look->txt = resolver_txt(worker->resolver, name, &answer);
	look->ttl = answer.ttl;
	if (look->txt == LOOKUP_ERROR) {
		note_trouble(worker, job);
		snprintf(look->detail, sizeof(look->detail), "%.150s", job->trouble);
	}
	records = mem_zero(answer.count + 1, sizeof(*records));
	for (size_t i = 0; i < answer.count; i++)
		records[i] = (struct sts_txt){ answer.text[i].data, answer.text[i].len };
	if (look->txt == LOOKUP_FOUND && !sts_txt_id(look->id, records, answer.count, look->detail))
		look->txt = LOOKUP_ABSENT;
	free(records);
	txt_answer_free(&answer);
}

static bool find_policy_host(struct worker *worker, struct job *job, const char *host,
			     struct address_answer *addresses)
{
	char *detail = job->sts.look.detail;

	switch (resolver_addresses(worker->resolver, host, addresses)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_ABSENT:
		snprintf(detail, DETAIL_SIZE, "the policy's host has no address");
		return false;
	case LOOKUP_ERROR:
		break;
	}
	note_trouble(worker, job);
	snprintf(detail, DETAIL_SIZE, "%.150s", job->trouble);
	return false;
}

static bool fetch_policy(struct worker *worker, struct job *job, const char *host)
{
	struct sts_look *look = &job->sts.look;
	struct address_answer addresses;
	struct buf body = { 0 };
	bool good;

	if (!find_policy_host(worker, job, host, &addresses))
		return false;
	good = https_get(
		       &(struct https_request){
			       .host = host,
			       .path = STS_PATH,
			       .media_type = STS_MEDIA_TYPE,
			       .addresses = addresses.address,
			       .address_count = addresses.count,
			       .allow_private = worker->config->starttls.probe_private,
			       .ca_file = worker->config->ca_file,
			       .body_max = STS_BODY_MAX,
		       },
		       &body, look->detail) &&
	       sts_policy_parse(&look->policy, body.data, body.len, look->detail);
	buf_free(&body);
	return good;
}

static void run_fetch(struct worker *worker, struct job *job)
{
	struct sts_look *look = &job->sts.look;
	char host[DOMAIN_SIZE];

	look->fetch = STS_FETCH_FAILED;
	if (!sts_host_name(host, job->sts.domain))
		snprintf(look->detail, sizeof(look->detail), "the domain's name is too long");
	else if (fetch_policy(worker, job, host))
		look->fetch = STS_FETCH_GOOD;
}

static void run_check(struct worker *worker, struct job *job)
{
	enum lookup state = resolver_check(worker->resolver);

	job->check.found = state != LOOKUP_ERROR;
	job->check.secure = state == LOOKUP_FOUND;
	if (!job->check.found)
		note_trouble(worker, job);
}

static void run(struct worker *worker, struct job *job)
{
	switch (job->kind) {
	case JOB_MX:
		run_mx(worker, job);
		return;
	case JOB_HOST:
		run_host(worker, job);
		return;
	case JOB_SMTP:
		run_smtp(worker, job);
		return;
	case JOB_TXT:
		run_txt(worker, job);
		return;
	case JOB_FETCH:
		run_fetch(worker, job);
		return;
	case JOB_SCAN:
		scan_run(&job->scan);
		return;
	case JOB_CHECK:
		run_check(worker, job);
		return;
	}
}

void job_run(struct worker *worker, struct job *job)
{
	int64_t began = clock_mono_us();

	run(worker, job);
	job->took = clock_mono_us() - began;
}

void job_leave(struct worker *worker)
{
	starttls_leave(worker->talk);
	worker->talk = NULL;
}
