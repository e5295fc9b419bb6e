/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "io/local/metrics_file.h"
#include "io/local/settings_file.h"

#define EXIT_USAGE 2
#define LEDGER_MODE 0750
#define RUNTIME_MODE 0755

struct options {
	const char *settings; /* NULL: the default file */
	const char *user;     /* NULL: stay who we are */
	enum log_sink sink;
};

static void print_usage(FILE *to, const struct daemon *daemon)
{
	fprintf(to,
		"usage: %s [-hV] [-c FILE] [-l stderr|syslog] [-u USER]\n"
		"%s\n"
		"\n"
		"  -c FILE   read settings from FILE (default %s)\n"
		"  -l SINK   log to stderr (default) or to syslog\n"
		"  -u USER   run as USER once everything is open; for root only\n"
		"  -V        print the version\n"
		"  -h        print this help\n",
		daemon->name, daemon->summary, SETTINGS_FILE_DEFAULT);
}

/* `why` NULL: getopt(3) has said why. */
static _Noreturn void usage_error(const struct daemon *daemon, const char *why, const char *word)
{
	char shown[64];

	if (why != NULL)
		fprintf(stderr, "%s: %s: \"%s\"\n", daemon->name, why,
			str_printable(shown, sizeof(shown), word, strlen(word)));
	print_usage(stderr, daemon);
	exit(EXIT_USAGE);
}

static enum log_sink parse_sink(const struct daemon *daemon, const char *name)
{
	if (strcmp(name, "stderr") == 0)
		return LOG_SINK_STDERR;
	if (strcmp(name, "syslog") == 0)
		return LOG_SINK_SYSLOG;
	usage_error(daemon, "-l is stderr or syslog, not", name);
}

/* Ends the program for -h, -V and what it does not understand. */
static void parse_options(struct options *options, const struct daemon *daemon, int argc,
			  char **argv)
{
	int option;

	*options = (struct options){ .sink = LOG_SINK_STDERR };
	while ((option = getopt(argc, argv, "c:hl:u:V")) != -1) {
		switch (option) {
		case 'c':
			options->settings = optarg;
			break;
		case 'h':
			print_usage(stdout, daemon);
			exit(EXIT_SUCCESS);
		case 'l':
			options->sink = parse_sink(daemon, optarg);
			break;
		case 'u':
			options->user = optarg;
			break;
		case 'V':
			printf("%s %s\n", daemon->name, POSTSEAL_VERSION);
			exit(EXIT_SUCCESS);
		default:
			usage_error(daemon, NULL, NULL);
		}
	}
	if (optind < argc)
		usage_error(daemon, "takes no arguments, but there is", argv[optind]);
}

static void make_directory(const struct privileges *privileges, const char *path, mode_t mode)
{
	if (!privileges_make_directory(privileges, path, mode))
		log_warning("directory=%s is missing, and cannot be made: %s", path,
			    strerror(errno));
}

static void *open_as(const struct daemon *daemon, const struct settings *settings, const char *user)
{
	struct privileges privileges;
	void *state;

	privileges_find(&privileges, user);
	make_directory(&privileges, settings->ledger, LEDGER_MODE);
	make_directory(&privileges, settings->runtime, RUNTIME_MODE);
	privileges_lend(&privileges);
	metrics_open(metrics_directory(settings, daemon->metrics), daemon->metrics);
	metrics_settings(settings, daemon->metrics);
	state = daemon->open(settings);
	privileges_drop(&privileges);
	return state;
}

/*
 * Reload. All settings that were ever read are kept until the end. So threads need no lock to use
 * them; and an admin reloads seldom.
 */
struct daemon_settings {
	struct settings settings;
	struct daemon_settings *earlier;
};

static struct {
	const struct daemon *daemon;
	const char *path;
	void *state;
	struct daemon_settings *latest;
} running;

static struct daemon_settings *add_reading(void)
{
	struct daemon_settings *reading = mem_zero(1, sizeof(*reading));

	settings_init(&reading->settings);
	reading->earlier = running.latest;
	return reading;
}

static void free_readings(void)
{
	while (running.latest != NULL) {
		struct daemon_settings *reading = running.latest;

		running.latest = reading->earlier;
		settings_free(&reading->settings);
		free(reading);
	}
}

static void tell_difference(void *context, const struct setting *setting)
{
	const struct settings *fresh = context;
	struct buf value = { 0 };

	setting->show(fresh, setting, &value);
	if (setting->fixed)
		log_warning("%s = %s needs a restart of %s", setting->name, buf_cstr(&value),
			    running.daemon->name);
	else
		log_info("%s = %s from now on", setting->name, buf_cstr(&value));
	buf_free(&value);
}

static bool read_anew(void)
{
	struct daemon_settings *fresh = add_reading();
	char error[SETTINGS_FILE_ERROR_SIZE];

	if (!settings_file_read(&fresh->settings, running.path, error)) {
		log_error("%s; the settings stay as they were", error);
		settings_free(&fresh->settings);
		free(fresh);
		return false;
	}
	settings_adopt(&fresh->settings, &running.latest->settings, tell_difference,
		       &fresh->settings);
	running.latest = fresh;
	return true;
}

void daemon_reload(void)
{
	char message[64];

	/* sd_notify(3); systemd wants to know since when. */
	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 clock_mono_ms() * 1000);
	notify_send(message);
	if (read_anew()) {
		const struct settings *settings = &running.latest->settings;

		log_set_level((enum log_level)settings->log_level);
		log_set_format((enum log_format)settings->log_format);
		if (running.daemon->reload != NULL)
			running.daemon->reload(running.state, settings);
		metrics_settings(settings, running.daemon->metrics);
		log_info("RELOADED");
	}
	notify_send("READY=1");
}

static int serve(const struct daemon *daemon, void *state)
{
	int status;

	log_info("READY");
	notify_send("READY=1");
	status = daemon->serve(state);
	notify_send("STOPPING=1");
	log_info("STOPPED status=%d", status);
	daemon->close(state);
	metrics_close();
	return status;
}

size_t daemon_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	return (size_t)limit.rlim_cur;
}

/*
 * glibc has no names for these system calls before 2.41. Older kernels tell no slice, and
 * take one without a word.
 */
bool daemon_shorten_slices(void)
{
	struct sched_attr attributes = { .size = sizeof(attributes) };

	if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0 ||
	    attributes.sched_policy != SCHED_NORMAL || attributes.sched_runtime == 0)
		return false;
	attributes.sched_runtime = DAEMON_SLICE_NS;
	return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

/* Until it is served it waits: by itself it would end the program. */
static void hold_back(int signum)
{
	sigset_t these;

	sigemptyset(&these);
	sigaddset(&these, signum);
	pthread_sigmask(SIG_BLOCK, &these, NULL);
}

int daemon_main(const struct daemon *daemon, int argc, char **argv)
{
	struct options options;
	struct settings *settings;
	char error[SETTINGS_FILE_ERROR_SIZE];
	void *state;
	int status = EXIT_FAILURE;

	parse_options(&options, daemon, argc, argv);
	log_open(daemon->name, LOG_LEVEL_INFO, options.sink);
	running.daemon = daemon;
	running.path = options.settings;
	running.latest = add_reading();
	settings = &running.latest->settings;
	if (!settings_file_read(settings, options.settings, error))
		log_fatal("%s", error);
	log_set_level((enum log_level)settings->log_level);
	log_set_format((enum log_format)settings->log_format);
	signal(SIGPIPE, SIG_IGN);
	hold_back(SIGHUP);
	umask(0007);
	notify_open();
	state = open_as(daemon, settings, options.user);
	running.state = state;
	if (state != NULL)
		status = serve(daemon, state);
	free_readings();
	return status;
}

void daemon_alive(void)
{
	static _Atomic int64_t due = 0;
	long interval = notify_watchdog_ms();
	int64_t now;

	if (interval == 0)
		return;
	now = clock_mono_ms();
	if (now < atomic_load(&due))
		return;
	/* Half the interval, so that a timer which fires a little early still counts. */
	atomic_store(&due, now + interval / 2);
	notify_send("WATCHDOG=1");
}

long daemon_alive_interval(void)
{
	return notify_watchdog_ms();
}
