/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fill - makes a ledger of many domains about which all is known and fresh, so
 * that each look-up is answered from it and no probe is wanted.
 *
 *   fill [-k DOMAINS] [-p PROVIDERS] [-x HOSTS] [-y DAYS] [-b BATCH] [-P PORT] DIRECTORY
 *   fill -l [-k DOMAINS]
 *
 * The domains are spread over PROVIDERS (0: each its own), each of which has HOSTS
 * MX hosts at PORT (25). Domains and hosts have been reached over TLS once a day for DAYS. A
 * commit holds BATCH domains. Prints one line. With -l it only lists the domains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utc.h"
#include "tests/bench/names.h"
#include "core/policy/fold.h"
#include "core/protocol/tlsa.h"
#include "io/ledger/ledger.h"

/* As long as a fact can be (core/policy/freshness.h), less what is spread. */
#define FRESH_S (UTC_DAY * 9 / 10)
#define SMTP_PORT 25

struct options {
	const char *dir;
	bool list;
	uint64_t domains;
	uint64_t providers;
	size_t hosts;
	int days;
	uint64_t batch;
	uint16_t port;
};

struct fill {
	struct options options;
	struct ledger *ledger;
	struct ledger_txn *txn;
	uint64_t pending; /* domains not committed yet */
	uint64_t records;
	/* What is the same for all. */
	struct domain_facts domain;
	struct host_facts host;
};

static struct freshness fresh(int64_t now)
{
	return (struct freshness){ .checked = now, .expires = now + FRESH_S };
}

static struct observation handshake(int64_t time)
{
	return (struct observation){
		.time = time,
		.source = SOURCE_PROBE,
		.observed = OBSERVED_TLS,
		.version = 0x0304,
		.cipher = "TLS_AES_256_GCM_SHA384",
		.has_spki = true,
		.verified = VERIFIED_NAME,
	};
}

/* Reached over TLS each day, not always at the same time of day. */
static void fill_history(struct history *history, int days, int64_t now)
{
	uint64_t random = 1;

	for (int day = 0; day < days; day++) {
		struct observation seen =
			handshake(now - day * UTC_DAY - (int64_t)(name_random(&random) % 3600));

		fold_history(history, &seen);
	}
}

/* TLS, neither DANE nor MTA-STS: what is answered is rule 12, "encrypt". */
static void prepare(struct fill *fill, int64_t now)
{
	struct host_facts *host = &fill->host;
	struct domain_facts *domain = &fill->domain;

	host->addr = ADDR_FOUND;
	host->tlsa = TLSA_ABSENT;
	host->addr_fresh = host->tlsa_fresh = fresh(now);
	host->last = handshake(now);
	host->last_expires = now + FRESH_S;
	fill_history(&host->history, fill->options.days, now);
	domain->mx.state = MX_FOUND;
	domain->mx.fresh = domain->sts.fresh = fresh(now);
	domain->mx.count = fill->options.hosts;
	domain->sts.mode = STS_NONE;
	domain->history = host->history;
}

static void name_host(char dst[DOMAIN_SIZE], uint64_t provider, size_t number)
{
	char name[NAME_SIZE];

	/* From the other end, so that no provider has a customer's name. */
	name_domain(name, NAMES_MAX - 1 - provider);
	snprintf(dst, DOMAIN_SIZE, "mx%zu.%s", number, name);
}

static void commit(struct fill *fill)
{
	if (fill->txn != NULL && !ledger_commit(fill->txn))
		exit(EXIT_FAILURE);
	fill->txn = NULL;
	fill->pending = 0;
}

static void must(struct fill *fill, bool done)
{
	if (!done)
		exit(EXIT_FAILURE); /* the ledger has logged why */
	fill->records++;
}

static void begin(struct fill *fill)
{
	if (fill->txn == NULL)
		fill->txn = ledger_begin_write(fill->ledger);
	if (fill->txn == NULL)
		exit(EXIT_FAILURE);
}

static void put_provider(struct fill *fill, uint64_t provider)
{
	char host[DOMAIN_SIZE];

	begin(fill);
	for (size_t i = 0; i < fill->options.hosts; i++) {
		name_host(host, provider, i);
		must(fill, ledger_put_host(fill->txn, host, fill->options.port, &fill->host));
	}
}

static void put_domain(struct fill *fill, uint64_t number, uint64_t provider)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < fill->options.hosts; i++) {
		fill->domain.mx.refs[i].preference = (uint16_t)(10 * (i + 1));
		name_host(fill->domain.mx.refs[i].host, provider, i);
	}
	name_domain(name, number);
	begin(fill);
	must(fill, ledger_put_domain(fill->txn, name, &fill->domain));
	if (++fill->pending >= fill->options.batch)
		commit(fill);
}

static void put_all(struct fill *fill)
{
	const struct options *o = &fill->options;

	for (uint64_t i = 0; i < o->providers; i++)
		put_provider(fill, i);
	for (uint64_t i = 0; i < o->domains; i++) {
		if (o->providers == 0)
			put_provider(fill, i);
		put_domain(fill, i, o->providers == 0 ? i : i % o->providers);
	}
	commit(fill);
}

static void report(const struct fill *fill, double seconds)
{
	const struct options *o = &fill->options;
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", o->dir);
	if (stat(path, &st) != 0)
		log_fatal("ledger=%s has no data.mdb", o->dir);
	printf("domains=%llu providers=%llu hosts=%zu days=%d batch=%llu seconds=%.3f "
	       "records_per_s=%.0f bytes=%lld bytes_per_domain=%.0f\n",
	       (unsigned long long)o->domains, (unsigned long long)o->providers, o->hosts, o->days,
	       (unsigned long long)o->batch, seconds, (double)fill->records / seconds,
	       (long long)st.st_size, (double)st.st_size / (double)o->domains);
}

static void list(uint64_t domains)
{
	char name[NAME_SIZE];

	for (uint64_t i = 0; i < domains; i++) {
		name_domain(name, i);
		puts(name);
	}
}

static _Noreturn void usage(void)
{
	log_fatal("usage: fill [-l] [-k DOMAINS] [-p PROVIDERS] [-x HOSTS] [-y DAYS] [-b BATCH] "
		  "[-P PORT] DIRECTORY");
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){
		.domains = 1000,
		.providers = 100,
		.hosts = 2,
		.days = TIMESET_MAX,
		.batch = 10000,
		.port = SMTP_PORT,
	};
	while ((option = getopt(argc, argv, "b:k:lp:P:x:y:")) != -1) {
		switch (option) {
		case 'b':
			o->batch = strtoull(optarg, NULL, 10);
			break;
		case 'k':
			o->domains = strtoull(optarg, NULL, 10);
			break;
		case 'l':
			o->list = true;
			break;
		case 'p':
			o->providers = strtoull(optarg, NULL, 10);
			break;
		case 'P':
			o->port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'x':
			o->hosts = strtoull(optarg, NULL, 10);
			break;
		case 'y':
			o->days = atoi(optarg);
			break;
		default:
			usage();
		}
	}
	if (optind + !o->list != argc || o->domains == 0 || o->batch == 0 || o->hosts == 0 ||
	    o->hosts > MX_MAX || o->days < 1 || o->port == 0)
		usage();
	o->dir = argv[optind]; /* NULL with -l */
}

int main(int argc, char **argv)
{
	static struct fill fill;
	char error[LEDGER_ERROR_SIZE];
	int64_t start;

	log_open("fill", LOG_LEVEL_INFO, LOG_SINK_STDERR);
	parse_options(&fill.options, argc, argv);
	if (fill.options.list) {
		list(fill.options.domains);
		return EXIT_SUCCESS;
	}
	prepare(&fill, clock_wall());
	fill.ledger = ledger_open(fill.options.dir, LEDGER_CREATE, error);
	if (fill.ledger == NULL)
		log_fatal("%s", error);
	start = clock_mono_ms();
	put_all(&fill);
	report(&fill, (double)(clock_mono_ms() - start) / 1000);
	ledger_close(fill.ledger);
	return EXIT_SUCCESS;
}
