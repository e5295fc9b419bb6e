/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * killer - starts a command over and over, and kills it each time at a random moment.
 *
 *      killer [-m MILLISECONDS] [-n TIMES] [-s SEED] [-t SECONDS] COMMAND [ARGUMENT...]
 *
 * The moment is anywhere in the first MILLISECONDS (200) of its life, in steps of a
 * microsecond, and the signal is SIGKILL. Its standard output is nowhere. Where the machine is fast
 * the command has often ended by then. Ends after TIMES (100) that it killed, four times as many
 * that it began, or SECONDS (600), and prints one line: how often it killed, how often the command
 * had ended, and of these how often by a signal of somebody else, which is a fault: then the exit
 * status is 1. The same seed has the same moments.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Commands begun for each one to be killed, at most. */
#define BEGUN 4

struct options {
	uint64_t milliseconds, times, seed, seconds;
};

struct count {
	uint64_t killed, ended, crashed;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "killer: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* splitmix64 */
static uint64_t random_number(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* SIGCHLD, blocked everywhere but in the child, is what ends a wait early. */
static pid_t start(char **command, const sigset_t *before)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	sigprocmask(SIG_SETMASK, before, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen("/dev/null", "w", stdout) == NULL)
		die("/dev/null");
	execvp(command[0], command);
	die(command[0]);
}

static void wait_us(uint64_t us, const sigset_t *child)
{
	const struct timespec wait = { .tv_sec = (time_t)(us / 1000000),
				       .tv_nsec = (long)(us % 1000000) * 1000 };

	sigtimedwait(child, NULL, &wait);
}

static void strike(pid_t pid, struct count *count, const sigset_t *child)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	/* Its signal must not end the next one's wait. */
	wait_us(0, child);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		count->killed++;
		return;
	}
	count->ended++;
	count->crashed += WIFSIGNALED(status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		exit(2);
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){ .milliseconds = 200, .times = 100, .seed = 1, .seconds = 600 };
	while ((option = getopt(argc, argv, "+m:n:s:t:")) != -1) {
		uint64_t value = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;

		switch (option) {
		case 'm':
			o->milliseconds = value;
			break;
		case 'n':
			o->times = value;
			break;
		case 's':
			o->seed = value;
			break;
		case 't':
			o->seconds = value;
			break;
		default:
			exit(2);
		}
	}
	if (optind == argc || o->milliseconds == 0)
		exit(2);
}

int main(int argc, char **argv)
{
	struct options o;
	struct count count = { 0 };
	sigset_t child, before;
	struct timespec now;
	time_t end;

	parse_options(&o, argc, argv);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec + (time_t)o.seconds;
	while (count.killed < o.times && count.killed + count.ended < BEGUN * o.times &&
	       now.tv_sec < end) {
		pid_t pid = start(argv + optind, &before);

		wait_us(random_number(&o.seed) % (o.milliseconds * 1000), &child);
		strike(pid, &count, &child);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	printf("killed=%llu ended=%llu crashed=%llu\n", (unsigned long long)count.killed,
	       (unsigned long long)count.ended, (unsigned long long)count.crashed);
	return count.crashed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
