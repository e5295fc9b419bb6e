/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-wkd - looks for one OpenPGP key by Web Key Directory, says what it found, and ends
 * (core/protocol/wkd.h). A service manager starts it for each connection to its socket: who
 * talks to servers that a recipient's domain names holds no mail, no key and no state.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/protocol/wkd.h"
#include "io/crypto/crypto.h"
#include "io/dns/resolver.h"
#include "io/local/settings_file.h"
#include "io/tls/https.h"

#define NAME "postseal-wkd"
#define EXIT_USAGE 2
/* For all of it. Who asks waits a little longer. */
#define PATIENCE_S 25
#define FETCH_MS 10000
#define CONNECT_MS 5000
#define STALL_S 5

/* One look-up, and why it has ended. */
struct look {
	const struct settings *settings;
	struct resolver *resolver;
	struct wkd_name name;
	unsigned char hash[WKD_HASH_SIZE];
	struct buf key;
	char reason[WKD_REASON_SIZE];
};

static enum lookup because(struct look *look, enum lookup found, const char *host, const char *why)
{
	snprintf(look->reason, sizeof(look->reason), "%.100s: %.150s", host, why);
	return found;
}

static enum lookup fetch(struct look *look, enum wkd_way way, const char *host,
			 const struct address_answer *addresses)
{
	struct buf path = { 0 };
	char detail[DETAIL_SIZE];
	long status;
	bool got;

	wkd_path(&path, way, &look->name, look->hash);
	got = https_get(
		&(struct https_request){
			.host = host,
			.path = buf_cstr(&path),
			.addresses = addresses->address,
			.address_count = addresses->count,
			.allow_private = look->settings->probe_private,
			.ca_file = look->settings->ca_file,
			.body_max = WKD_KEY_MAX,
			.timeout_ms = FETCH_MS,
			.connect_ms = CONNECT_MS,
			.stall_seconds = STALL_S,
			.status = &status,
		},
		&look->key, detail);
	buf_free(&path);
	if (got && look->key.len > 0)
		return LOOKUP_FOUND;
	return because(look, wkd_judge_status(status), host, got ? "it is empty" : detail);
}

/* The first way is the one for each domain that has an address for it, whatever comes of it. */
static enum lookup look_up(struct look *look)
{
	struct address_answer addresses;
	char host[DOMAIN_SIZE];

	for (enum wkd_way way = WKD_ADVANCED; way <= WKD_DIRECT; way++) {
		if (!wkd_host(host, way, &look->name))
			continue;
		switch (resolver_addresses(look->resolver, host, &addresses)) {
		case LOOKUP_FOUND:
			return fetch(look, way, host, &addresses);
		case LOOKUP_ERROR:
			return because(look, LOOKUP_ERROR, host, resolver_trouble(look->resolver));
		case LOOKUP_ABSENT:
			break;
		}
	}
	return because(look, LOOKUP_ABSENT, look->name.domain, "it has no address");
}

static enum lookup answer(struct look *look, const char *address)
{
	char taken[SEAL_ADDRESS_SIZE];

	if (!seal_address_take(taken, address, strlen(address)))
		return because(look, LOOKUP_ABSENT, NAME, "that is no mail address");
	if (!wkd_name(&look->name, taken))
		return because(look, LOOKUP_ABSENT, NAME, "no key has such an address");
	crypto_sha1(look->hash, look->name.folded, strlen(look->name.folded));
	return look_up(look);
}

static void print_usage(FILE *to)
{
	fprintf(to,
		"usage: " NAME " [-hV] [-c FILE] [ADDRESS]\n"
		"Look for an address's OpenPGP key by Web Key Directory.\n"
		"\n"
		"  -c FILE   read settings from FILE (default %s)\n"
		"  -V        print the version\n"
		"  -h        print this help\n"
		"\n"
		"Without ADDRESS it is read from standard input, one line.\n",
		SETTINGS_FILE_DEFAULT);
}

/* Ends the program for -h, -V and what it does not understand. The address, or NULL. */
static const char *parse_options(const char **settings, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:hV")) != -1) {
		switch (option) {
		case 'c':
			*settings = optarg;
			break;
		case 'h':
			print_usage(stdout);
			exit(EXIT_SUCCESS);
		case 'V':
			printf(NAME " %s\n", POSTSEAL_VERSION);
			exit(EXIT_SUCCESS);
		default:
			print_usage(stderr);
			exit(EXIT_USAGE);
		}
	}
	if (argc - optind > 1) {
		print_usage(stderr);
		exit(EXIT_USAGE);
	}
	return optind < argc ? argv[optind] : NULL;
}

/* False: there is no whole line. */
static bool read_address(char line[SEAL_ADDRESS_SIZE])
{
	char *end;

	if (fgets(line, SEAL_ADDRESS_SIZE, stdin) == NULL || (end = strchr(line, '\n')) == NULL)
		return false;
	*end = '\0';
	return true;
}

int main(int argc, char **argv)
{
	const char *file = NULL, *address = parse_options(&file, argc, argv);
	char line[SEAL_ADDRESS_SIZE], error[SETTINGS_FILE_ERROR_SIZE],
		dns_error[RESOLVER_ERROR_SIZE];
	struct settings settings;
	struct look look = { .settings = &settings };
	struct buf out = { 0 };
	enum lookup found;
	bool said;

	log_open(NAME, LOG_LEVEL_INFO, LOG_SINK_STDERR);
	signal(SIGPIPE, SIG_IGN);
	/* Whoever is held up ends without an answer: that says "unsure" as well. */
	alarm(PATIENCE_S);
	if (address == NULL && !read_address(line))
		log_fatal("standard input has no address");
	settings_init(&settings);
	if (!settings_file_read(&settings, file, error))
		log_fatal("%s", error);
	look.resolver = resolver_new(&settings, dns_error);
	if (look.resolver == NULL)
		log_fatal("%s", dns_error);
	found = answer(&look, address != NULL ? address : line);
	wkd_answer_put(&out, found, (struct span){ buf_cstr(&look.key), look.key.len },
		       look.reason);
	said = fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
	buf_free(&out);
	buf_free(&look.key);
	resolver_free(look.resolver);
	settings_free(&settings);
	return said ? EXIT_SUCCESS : EXIT_FAILURE;
}
