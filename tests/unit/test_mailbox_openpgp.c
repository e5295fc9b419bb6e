/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal-mailbox and recipients who have an OpenPGP key: on file, or by Web Key Directory, where
 * this program plays postseal-wkd. Keys are made, and mail is read, by gpg(1).
 */
#include "mailbox_case.h"

#include <sys/un.h>

#include "core/protocol/wkd.h"

#define BOB "bob@example.net"
#define SEALED "250 2.0.0 sealed\r\n"
#define ENCRYPTED "250 2.0.0 encrypted\r\n"

static const struct marked first = {
	.sender = "alice@example.com", .random = 1, .subject = "one", .body = "secret content"
};

/* postseal-wkd: what it says to each, and who asked. */
static struct {
	pthread_t thread;
	pthread_mutex_t lock; /* of `answer` and `address` */
	int fd;
	struct buf answer; /* empty: it ends without a word */
	_Atomic int asked;
	char address[SEAL_ADDRESS_SIZE]; /* the latest */
} wkd = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *wkd_run(void *argument)
{
	int fd;

	(void)argument;
	while ((fd = accept(wkd.fd, NULL, NULL)) >= 0) {
		FILE *peer = fdopen(fd, "r+");
		char line[SEAL_ADDRESS_SIZE];
		bool asked = fgets(line, sizeof(line), peer) != NULL;

		pthread_mutex_lock(&wkd.lock);
		if (asked) {
			str_copy(wkd.address, sizeof(wkd.address), line);
			wkd.asked++;
		}
		if (wkd.answer.len > 0)
			fwrite(wkd.answer.data, 1, wkd.answer.len, peer);
		pthread_mutex_unlock(&wkd.lock);
		fclose(peer);
	}
	return NULL;
}

static void says(enum lookup found, const struct buf *key)
{
	struct span none = { "", 0 };

	pthread_mutex_lock(&wkd.lock);
	wkd.answer.len = 0;
	wkd_answer_put(&wkd.answer, found,
		       key != NULL ? (struct span){ key->data, key->len } : none, "so it is");
	pthread_mutex_unlock(&wkd.lock);
}

static void says_text(const char *text)
{
	pthread_mutex_lock(&wkd.lock);
	wkd.answer.len = 0;
	buf_append_str(&wkd.answer, text);
	pthread_mutex_unlock(&wkd.lock);
}

static void was_asked_about(const char *line)
{
	pthread_mutex_lock(&wkd.lock);
	ck_assert_str_eq(wkd.address, line);
	pthread_mutex_unlock(&wkd.lock);
}

/* Before the daemon, so that its settings name the socket. */
static void wkd_open(char settings[256])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/postseal-wkd-%d", getpid());
	unlink(address.sun_path);
	wkd.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(wkd.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(wkd.fd, 16), 0);
	pthread_create(&wkd.thread, NULL, wkd_run, NULL);
	snprintf(settings, 256, "mailbox_wkd = \"%s\"\n", address.sun_path);
}

static void setup_file(void)
{
	wkd.fd = -1;
	case_open("");
}

static void setup_wkd(void)
{
	char settings[256];

	wkd_open(settings);
	case_open_moved(settings);
}

static void teardown(void)
{
	char path[64];

	case_close();
	if (wkd.fd < 0)
		return;
	shutdown(wkd.fd, SHUT_RDWR);
	pthread_join(wkd.thread, NULL);
	close(wkd.fd);
	snprintf(path, sizeof(path), "/tmp/postseal-wkd-%d", getpid());
	unlink(path);
}

/* A script with $GNUPGHOME in the case's folder, where it runs. */
static bool gpg(const char *script)
{
	char command[2048];

	snprintf(command, sizeof(command),
		 "exec 2>/dev/null; cd %s; mkdir -p -m 700 gpg; export GNUPGHOME=%s/gpg\n"
		 "make() { gpg --batch --quiet --passphrase '' \"$@\"; }\n%s\nstatus=$?\n"
		 "gpgconf --kill all; exit $status",
		 case_dir, case_dir, script);
	return system(command) == 0;
}

/* A file of the case's folder. */
static void read_case(struct buf *out, const char *name)
{
	char path[128];
	FILE *file;
	size_t n;

	out->len = 0;
	snprintf(path, sizeof(path), "%s/%s", case_dir, name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while ((n = fread(buf_reserve(out, 4096), 1, 4096, file)) > 0)
		out->len += n;
	fclose(file);
}

#define MAKE(id) "make --quick-gen-key '" id "' future-default default 1d"
#define EXPORT " && gpg --export >key"

/* The script leaves a key in "key". */
static void make_key(struct buf *key, const char *script)
{
	ck_assert_msg(gpg(script), "%s", script);
	read_case(key, "key");
	ck_assert_uint_gt(key->len, 0);
}

/* The next mail to bob is encrypted, and gpg(1) reads it. */
static void assert_gpg_reads(void)
{
	const char *mail = sink_next(BOB);

	ck_assert_ptr_nonnull(strstr(mail, "protocol=\"application/pgp-encrypted\""));
	ck_assert_ptr_nonnull(strstr(mail, "Subject: ...\r\n"));
	ck_assert_ptr_null(strstr(mail, "secret content"));
	ck_assert_ptr_null(strstr(mail, "/#v1."));
	ck_assert_ptr_nonnull(strstr(sink_next("alice@example.com"), "OpenPGP"));
	case_write("mail", mail);
	ck_assert(gpg("gpg --batch --decrypt <mail | grep -q 'secret content'"));
}

/* The next mail to bob is a link mail, and nothing of the letter left. */
static void assert_mailbox(void)
{
	unsigned char secret[CODE_SECRET_SIZE];
	const char *mail = sink_next(BOB);

	link_secret(secret, mail);
	ck_assert_ptr_null(strstr(mail, "secret content"));
	ck_assert_ptr_null(strstr(mail, "pgp-encrypted"));
	ck_assert_ptr_null(strstr(sink_next("alice@example.com"), "OpenPGP"));
}

static const char *give_as(struct marked mail, unsigned char random)
{
	mail.random = random;
	return give_marked(BOB, &mail);
}

/* Of another sender. */
static const char *give_of(const char *sender, unsigned char random)
{
	struct marked mail = first;

	mail.sender = sender;
	return give_as(mail, random);
}

START_TEST(a_key_on_file)
{
	struct mailbox_question question = { .act = "openpgp-add", .mailbox = "eve@example.net" };
	struct buf key = { 0 };

	make_key(&key, MAKE("Bob <" BOB ">") " && gpg --armor --export >key");
	question.key = buf_cstr(&key);
	/* Not for another's address. */
	ck_assert(!control_ok(&question));
	question.mailbox = BOB;
	ck_assert(control_ok(&question));
	ck_assert_str_eq(give_as(first, 1), ENCRYPTED);
	assert_gpg_reads();
	question.act = "openpgp-remove";
	ck_assert(control_ok(&question));
	ck_assert_str_eq(give_as(first, 2), SEALED);
	assert_mailbox();
	buf_free(&key);
}
END_TEST

/* gpg(1) encrypts to the first: so the address has to be that one's. */
START_TEST(of_two_keys_the_first_counts)
{
	struct mailbox_question question = { .act = "openpgp-add", .mailbox = BOB };
	struct buf key = { 0 };

	make_key(&key,
		 MAKE("Eve <eve@example.net>") "; " MAKE(
			 "Bob <" BOB ">") "; gpg --armor --export eve@example.net " BOB " >key");
	question.key = buf_cstr(&key);
	ck_assert(!control_ok(&question));
	question.mailbox = "eve@example.net";
	ck_assert(control_ok(&question));
	buf_free(&key);
}
END_TEST

/* What was good when it was put on file, and is not any more. */
#define EXPIRED                                                               \
	"make --faked-system-time 20200101T000000 --quick-gen-key 'Bob <" BOB \
	">' future-default default 1d"
#define REVOKED                                                                \
	MAKE("Bob <" BOB ">")                                                  \
	" && sed -i 's/^:---/---/' gpg/openpgp-revocs.d/*.rev && gpg --batch " \
	"--import gpg/openpgp-revocs.d/*.rev"
static const char *const grown_old[] = { EXPIRED, REVOKED };

START_TEST(a_key_on_file_that_grew_old)
{
	struct mailbox_question question = { .act = "openpgp-add", .mailbox = BOB };
	char script[1024];
	struct buf key = { 0 };

	make_key(&key, MAKE("Bob <" BOB ">") " && gpg --armor --export >key");
	question.key = buf_cstr(&key);
	ck_assert(control_ok(&question));
	snprintf(script, sizeof(script),
		 "rm -rf gpg; mkdir -m 700 gpg; %s; (echo 'Address: " BOB
		 "'; gpg --armor --export) "
		 ">key; cp key store/openpgp/*.asc",
		 grown_old[_i]);
	make_key(&key, script);
	ck_assert_str_eq(give_as(first, 1), SEALED);
	assert_mailbox();
	/* Nor can it be put on file. */
	make_key(&key, "gpg --armor --export >key");
	question.key = buf_cstr(&key);
	ck_assert(!control_ok(&question));
	buf_free(&key);
}
END_TEST

START_TEST(a_key_by_wkd)
{
	struct buf key = { 0 };

	make_key(&key, MAKE("Bob <Bob@Example.NET>") EXPORT);
	says(LOOKUP_FOUND, &key);
	ck_assert_str_eq(give_as(first, 1), ENCRYPTED);
	was_asked_about(BOB "\n");
	assert_gpg_reads();
	/* Each time anew: a key that is revoked is of no use from then on. */
	make_key(&key, "gpg --armor --export >key");
	says(LOOKUP_FOUND, &key);
	ck_assert_str_eq(give_as(first, 2), ENCRYPTED);
	assert_gpg_reads();
	ck_assert_int_eq(wkd.asked, 2);
	/* The same mail once more is not sent again. */
	ck_assert_str_eq(give_as(first, 2), "250 2.0.0 it is sealed already\r\n");
	ck_assert_int_eq(wkd.asked, 2);
	ck_assert(gpg("! ls store/openpgp | grep -q 'new$'"));
	buf_free(&key);
}
END_TEST

static const char *const of_no_use[] = {
	MAKE("Bob <bob@example.org>") EXPORT,
	MAKE("Bob <" BOB "> and <eve@example.org>") EXPORT,
	MAKE("Eve <eve@example.net>") "; " MAKE("Bob <" BOB
						">") "; gpg --export eve@example.net " BOB " >key",
	EXPIRED EXPORT,
	REVOKED EXPORT,
	/* To sign alone. */
	"make --quick-gen-key 'Bob <" BOB ">' ed25519 sign 1d" EXPORT,
	/* Its own user ID is revoked, another is not. */
	MAKE("Bob <" BOB ">") " && make --quick-add-uid " BOB " 'Bob <bob@example.org>' && make "
			      "--quick-revoke-uid " BOB " 'Bob <" BOB ">'" EXPORT,
	"echo 'this is no key' >key",
	MAKE("Bob <" BOB ">") " && gpg --export | head -c 100 >key",
	/* A private key, and a message. */
	MAKE("Bob <bob@example.org>") " && make --export-secret-keys >key",
	"echo Bob '<" BOB ">' | gpg --store >key",
};

START_TEST(a_key_by_wkd_that_is_of_no_use)
{
	struct buf key = { 0 };

	make_key(&key, of_no_use[_i]);
	says(LOOKUP_FOUND, &key);
	ck_assert_str_eq(give_as(first, 1), SEALED);
	ck_assert_int_eq(wkd.asked, 1);
	assert_mailbox();
	buf_free(&key);
}
END_TEST

START_TEST(no_key_by_wkd)
{
	says(LOOKUP_ABSENT, NULL);
	ck_assert_str_eq(give_as(first, 1), SEALED);
	ck_assert_int_eq(wkd.asked, 1);
	assert_mailbox();
}
END_TEST

static bool waits(unsigned char random)
{
	return strncmp(give_as(first, random), "451 ", 4) == 0;
}

/* Silence, half a word, a word that is "unsure": all the same. */
static const char *const unsure[] = { "", "non", "found 5\nkey", "unsure time-out\n" };

START_TEST(a_look_up_that_fails)
{
	struct marked waited = first;

	says_text(unsure[_i]);
	ck_assert(waits(1));
	ck_assert_int_eq(wkd.asked, 1);
	/* What failed is left in peace for a minute; the mail goes on waiting. */
	ck_assert(waits(1));
	ck_assert_int_eq(wkd.asked, 1);
	move_clock(0, 61);
	ck_assert(waits(1));
	ck_assert_int_eq(wkd.asked, 2);
	/* A mail that has waited for long enough: one more look-up, and then the mailbox. */
	move_clock(0, 122);
	waited.time = clock_wall() - 1801;
	ck_assert_str_eq(give_as(waited, 1), SEALED);
	ck_assert_int_eq(wkd.asked, 3);
	assert_mailbox();
}
END_TEST

START_TEST(a_domain_whose_look_ups_fail_for_long)
{
	struct buf key = { 0 };

	says(LOOKUP_ERROR, NULL);
	ck_assert(waits(1));
	move_clock(0, 1700); /* and what has really gone by */
	ck_assert(waits(1));
	move_clock(0, 1860);
	ck_assert_int_eq(wkd.asked, 2);
	ck_assert_str_eq(give_as(first, 1), SEALED);
	ck_assert_int_eq(wkd.asked, 3);
	assert_mailbox();
	/* Further mail, of another sender, does not wait; but it is looked for all the same. */
	make_key(&key, MAKE("Bob <" BOB ">") EXPORT);
	says(LOOKUP_FOUND, &key);
	move_clock(0, 1921);
	ck_assert_str_eq(give_of("carol@example.com", 2), ENCRYPTED);
	/* That was a success: the next one that fails lets mail wait again. */
	says(LOOKUP_ERROR, NULL);
	move_clock(0, 1982);
	ck_assert_int_eq(strncmp(give_of("carol@example.com", 3), "451 ", 4), 0);
	buf_free(&key);
}
END_TEST

/* postseal-wkd says that there is a key, and nobody may ask it. */
START_TEST(a_pin_is_not_got_around)
{
	struct marked with = first, without = first, must = first;
	struct guest guest;
	struct buf key = { 0 };
	unsigned char secret[CODE_SECRET_SIZE];
	char *pin;

	make_key(&key, MAKE("Bob <" BOB ">") EXPORT);
	says(LOOKUP_FOUND, &key);
	with.pin = "58201947";
	ck_assert_str_eq(give_as(with, 1), SEALED);
	/* A later mail of this sender, whose letters wait behind that PIN. */
	ck_assert_str_eq(give_as(without, 2), SEALED);
	/* A mail that has to have one, of another sender. */
	must.sender = "carol@example.com";
	must.pin_required = true;
	ck_assert_str_eq(give_as(must, 3), SEALED);
	link_secret(secret, sink_next(BOB));
	pin = mail_pin(sink_next("alice@example.com"));
	guest_open(&guest, "correct horse battery", secret, pin);
	/* And an open mailbox, whoever writes. */
	ck_assert_str_eq(give_as(without, 4), SEALED);
	ck_assert_str_eq(give_of("dave@example.com", 5), SEALED);
	ck_assert_int_eq(wkd.asked, 0);
	/* To somebody else it is asked, of course. */
	says(LOOKUP_ABSENT, NULL);
	without.random = 6;
	ck_assert_str_eq(give_marked("eve@example.net", &without), SEALED);
	ck_assert_int_eq(wkd.asked, 1);
	free(pin);
	buf_free(&key);
}
END_TEST

/* What an administrator put on file holds, even when it is of no use any more. */
START_TEST(a_key_on_file_is_not_replaced)
{
	struct mailbox_question question = { .act = "openpgp-add", .mailbox = BOB };
	struct buf key = { 0 };

	make_key(&key, MAKE("Bob <" BOB ">") " && gpg --armor --export >key");
	question.key = buf_cstr(&key);
	ck_assert(control_ok(&question));
	ck_assert_str_eq(give_as(first, 1), ENCRYPTED);
	assert_gpg_reads();
	says(LOOKUP_FOUND, &key);
	ck_assert(gpg("for file in store/openpgp/*.asc; do echo nothing >$file; done"));
	ck_assert_str_eq(give_as(first, 2), SEALED);
	assert_mailbox();
	ck_assert_int_eq(wkd.asked, 0);
	buf_free(&key);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox and OpenPGP");
	TCase *file = tcase_create("key on file"), *by_wkd = tcase_create("WKD");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(file, 60);
	tcase_add_checked_fixture(file, setup_file, teardown);
	tcase_add_test(file, a_key_on_file);
	tcase_add_test(file, of_two_keys_the_first_counts);
	tcase_add_loop_test(file, a_key_on_file_that_grew_old, 0, ARRAY_LEN(grown_old));
	suite_add_tcase(suite, file);
	tcase_set_timeout(by_wkd, 60);
	tcase_add_checked_fixture(by_wkd, setup_wkd, teardown);
	tcase_add_test(by_wkd, a_key_by_wkd);
	tcase_add_loop_test(by_wkd, a_key_by_wkd_that_is_of_no_use, 0, ARRAY_LEN(of_no_use));
	tcase_add_test(by_wkd, no_key_by_wkd);
	tcase_add_loop_test(by_wkd, a_look_up_that_fails, 0, ARRAY_LEN(unsure));
	tcase_add_test(by_wkd, a_domain_whose_look_ups_fail_for_long);
	tcase_add_test(by_wkd, a_pin_is_not_got_around);
	tcase_add_test(by_wkd, a_key_on_file_is_not_replaced);
	suite_add_tcase(suite, by_wkd);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
