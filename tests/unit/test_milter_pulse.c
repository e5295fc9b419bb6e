/* SPDX-License-Identifier: BSD-2-Clause */
/* The real postseal-milter under a watchdog: when it says that all is well, and when not. */
#include "tests/unit/milter_mta.h"

static int manager; /* the service manager's socket */

static int bound(const char *name, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	str_copy(addr.sun_path, sizeof(addr.sun_path), name);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void notify_path(char name[96])
{
	snprintf(name, 96, "%s.notify", dir);
}

static void set_up_with(const char *watchdog_usec)
{
	char name[96];

	str_copy(dir, sizeof(dir), "/tmp/test_milter.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	notify_path(name);
	manager = bound(name, SOCK_DGRAM);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", watchdog_usec, 1);
	unsetenv("WATCHDOG_PID");
	snprintf(path, sizeof(path), "%s/milter.sock", dir);
	write_settings(DOMAINS, "");
	milter = start(&milter_log);
	expect_log(milter_log, "READY");
	mta = dial();
}

static void set_up_quick(void)
{
	set_up_with("100000");
}

static void set_up_slow(void)
{
	set_up_with("6000000");
}

static void tear_down(void)
{
	char name[96];

	notify_path(name);
	remove(name);
	close(manager);
	snprintf(name, sizeof(name), "%s.away", path);
	remove(name);
	teardown();
}

static void expect_told(const char *wanted)
{
	char text[64] = "";

	ck_assert_int_gt(recv(manager, text, sizeof(text) - 1, 0), 0);
	ck_assert_str_eq(text, wanted);
}

static void forget_what_was_told(void)
{
	char text[64];

	while (recv(manager, text, sizeof(text), MSG_DONTWAIT) > 0)
		continue;
}

/* Another takes the milter's place, where it looks for itself. */
static int stand_in(void)
{
	char away[96];
	int fd;

	snprintf(away, sizeof(away), "%s.away", path);
	ck_assert_int_eq(rename(path, away), 0);
	fd = bound(path, SOCK_STREAM);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

static void step_aside(int fd)
{
	char away[96];

	snprintf(away, sizeof(away), "%s.away", path);
	ck_assert_int_eq(rename(away, path), 0);
	close(fd);
}

/* It looks, and sees `answer`. */
static void pulse(int place, const void *answer, size_t len)
{
	char offer[17];
	int fd = accept(place, NULL, NULL);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(recv(fd, offer, sizeof(offer), MSG_WAITALL), sizeof(offer));
	ck_assert_int_eq(offer[4], 'O');
	if (len > 0)
		ck_assert_int_eq(send(fd, answer, len, MSG_NOSIGNAL), (ssize_t)len);
	close(fd);
}

START_TEST(says_that_all_is_well)
{
	expect_told("READY=1");
	for (int i = 0; i < 3; i++)
		expect_told("WATCHDOG=1");
	/* And is not in the way of anybody. */
	negotiate();
	client('4', "192.0.2.9");
	mail(PLAIN);
	refused(SECURE, NO_TLS);
}
END_TEST

START_TEST(says_nothing_without_a_proper_answer)
{
	static const struct {
		const char *bytes;
		size_t len;
	} answers[] = {
		{ "", 0 },          { "\0\0\0\1", 4 },    { "\0\0\0\1c", 5 },
		{ "\0\0\0\0O", 5 }, { "\177\0\0\0O", 5 }, { "", 0 },
	};
	int place;

	expect_told("READY=1");
	expect_told("WATCHDOG=1");
	place = stand_in();
	pulse(place, "", 0);
	/* What it said before it looked. */
	expect_log(milter_log, "the milter did not answer itself");
	forget_what_was_told();
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		pulse(place, answers[i].bytes, answers[i].len);
	ck_assert_int_eq(recv(manager, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	step_aside(place);
	/* Said once, however often it was so. */
	{
		char line[512];

		ck_assert(log_line(milter_log, line, sizeof(line)));
		ck_assert_ptr_nonnull(strstr(line, "answers itself again"));
	}
	expect_told("WATCHDOG=1");
}
END_TEST

START_TEST(no_answer_from_the_start_means_nothing)
{
	int place = stand_in();

	expect_told("READY=1");
	pulse(place, "", 0);
	expect_told("WATCHDOG=1");
	expect_log(milter_log, "so the watchdog cannot see whether it hangs");
	step_aside(place);
	expect_log(milter_log, "answers itself again");
	expect_told("WATCHDOG=1");
	place = stand_in();
	pulse(place, "", 0);
	expect_log(milter_log, "the service manager will restart it");
	step_aside(place);
}
END_TEST

int main(void)
{
	const TTest *const quick[] = { says_that_all_is_well,
				       says_nothing_without_a_proper_answer };
	const TTest *const slow[] = { no_answer_from_the_start_means_nothing };
	const struct group groups[] = {
		{ "quick", set_up_quick, tear_down, quick, ARRAY_LEN(quick) },
		{ "slow", set_up_slow, tear_down, slow, ARRAY_LEN(slow) },
	};

	return run_groups("milter_pulse", groups, ARRAY_LEN(groups));
}
