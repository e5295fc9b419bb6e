/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailbox_case - postseal-mailbox itself between two ends that this file plays: Postfix
 * (which gives mail by LMTP, and takes mail by SMTP) and a recipient's browser.
 *
 * The browser's side uses the daemon's own ciphers; that these are what others make of
 * the same inputs is proved by test_crypto and by the browser tests. Its password goes
 * through HKDF instead of Argon2id, of which the daemon knows nothing.
 */
#ifndef POSTSEAL_TESTS_MAILBOX_CASE_H
#define POSTSEAL_TESTS_MAILBOX_CASE_H

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/mailbox/b64.h"
#include "core/mailbox/code.h"
#include "core/mailbox/frame.h"
#include "io/crypto/crypto.h"
#include "io/crypto/seal_token.h"
#include "core/settings/settings.h"
#include "io/link/link.h"
#include "io/net/stream.h"

/* A program of its own may have others. */
#ifndef HOST
#define DOMAIN "sealed.example.com"
#define HOST "mail.example.com"
#endif
#define PATIENCE 60000 /* under sanitizers a crowd is served within half of it */
#define CASE_MAILS 256

static char case_dir[64];
static int case_portal, case_intake, case_submit; /* ports */
static pid_t case_daemon;
static int64_t case_stands; /* the second at which its clock stands; 0: it moves */
static struct seal_key case_key;
static const char *case_program = "postseal-mailbox";
static rlim_t case_file_max = RLIM_INFINITY; /* as if the disk were full beyond this */

/*
 * Postfix, as far as it takes the daemon's mail.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	pthread_t thread;
	int fd;
	atomic_size_t count; /* a mail is whole before it counts */
	size_t taken;
	char *to[CASE_MAILS], *from[CASE_MAILS], *text[CASE_MAILS];
	atomic_bool reject; /* 550 to each recipient */
	atomic_bool refuse; /* 451 to everything; */
	atomic_int refused; /* so often so far */
	atomic_bool busy;   /* with a connection */
	atomic_bool hold;   /* no reply to the end of a text, as long as it is set */
} sink = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static inline int case_listen(int *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	getsockname(fd, (struct sockaddr *)&addr, &len);
	*port = ntohs(addr.sin_port);
	return fd;
}

static inline char *case_between(const char *text, const char *before, const char *after)
{
	const char *at = strstr(text, before), *end;

	if (at == NULL)
		return NULL;
	at += strlen(before);
	end = strstr(at, after);
	return end != NULL ? strndup(at, (size_t)(end - at)) : strdup(at);
}

static inline void sink_serve(int fd)
{
	FILE *in = fdopen(fd, "r+");
	char line[8192];
	struct buf text = { 0 };
	char *from = NULL, *to = NULL;

	setvbuf(in, NULL, _IONBF, 0);
	fprintf(in, "220 sink\r\n");
	while (fgets(line, sizeof(line), in) != NULL) {
		if (sink.refuse && strncmp(line, "MAIL", 4) == 0) {
			sink.refused++;
			fprintf(in, "451 4.3.0 not now\r\n");
		} else if (strncmp(line, "MAIL FROM:", 10) == 0) {
			free(from);
			from = case_between(line, "<", ">");
			fprintf(in, "250 ok\r\n");
		} else if (sink.reject && strncmp(line, "RCPT", 4) == 0) {
			fprintf(in, "550 5.1.1 unknown user\r\n");
		} else if (strncmp(line, "RCPT TO:", 8) == 0) {
			free(to);
			to = case_between(line, "<", ">");
			fprintf(in, "250 ok\r\n");
		} else if (strncmp(line, "DATA", 4) == 0) {
			fprintf(in, "354 go on\r\n");
			while (fgets(line, sizeof(line), in) != NULL && strcmp(line, ".\r\n") != 0)
				buf_append_str(&text, line[0] == '.' ? line + 1 : line);
			if (strcmp(line, ".\r\n") != 0)
				break; /* whoever gave it has died */
			pthread_mutex_lock(&sink.lock);
			ck_assert_uint_lt(sink.count, CASE_MAILS);
			sink.from[sink.count] = from;
			sink.to[sink.count] = to;
			sink.text[sink.count] = strdup(buf_cstr(&text));
			sink.count++;
			from = to = NULL;
			text.len = 0;
			pthread_cond_broadcast(&sink.more);
			while (sink.hold)
				pthread_cond_wait(&sink.more, &sink.lock);
			pthread_mutex_unlock(&sink.lock);
			fprintf(in, "250 queued\r\n");
		} else {
			fprintf(in, "250 ok\r\n");
		}
	}
	free(from);
	free(to);
	buf_free(&text);
	fclose(in);
}

static inline void *sink_run(void *argument)
{
	int fd;

	(void)argument;
	while ((fd = accept(sink.fd, NULL, NULL)) >= 0) {
		sink.busy = true;
		sink_serve(fd);
		sink.busy = false;
	}
	return NULL;
}

/* Where the next mail to somebody stands among those that left; -1: none has left yet. */
static inline ssize_t sink_find(const char *to)
{
	for (size_t i = sink.taken; i < sink.count; i++)
		if (strcmp(sink.to[i], to) == 0)
			return (ssize_t)i;
	return -1;
}

/* The next mail that left for somebody, with soft line breaks taken out of its body. Mails to
 * different people may leave in any order: one may be tried again while another leaves. */
static inline const char *sink_next(const char *to)
{
	struct timespec until;
	char *text, *from, *owned, *at;
	ssize_t found;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE / 1000;
	pthread_mutex_lock(&sink.lock);
	while ((found = sink_find(to)) < 0)
		ck_assert_msg(pthread_cond_timedwait(&sink.more, &sink.lock, &until) == 0,
			      "no mail to %s", to);
	text = sink.text[found];
	from = sink.from[found];
	owned = sink.to[found];
	for (size_t i = (size_t)found; i > sink.taken; i--) {
		sink.from[i] = sink.from[i - 1];
		sink.to[i] = sink.to[i - 1];
		sink.text[i] = sink.text[i - 1];
	}
	sink.from[sink.taken] = from;
	sink.to[sink.taken] = owned;
	sink.text[sink.taken++] = text;
	pthread_mutex_unlock(&sink.lock);
	while ((at = strstr(strstr(text, "\r\n\r\n"), "=\r\n")) != NULL)
		memmove(at, at + 3, strlen(at + 3) + 1);
	while ((at = strstr(strstr(text, "\r\n\r\n"), "=46")) != NULL) {
		*at = 'F';
		memmove(at + 1, at + 3, strlen(at + 3) + 1);
	}
	return text;
}

/*
 * The daemon.
 */
static inline void case_write(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", case_dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static inline int case_connect(int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				    .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

static inline void daemon_start(void)
{
	char conf[128], program[256];
	const char *build = getenv("POSTSEAL_BUILD");
	int64_t deadline = clock_mono_ms() + PATIENCE;

	snprintf(conf, sizeof(conf), "%s/postseal.conf", case_dir);
	snprintf(program, sizeof(program), "%s/%s", build != NULL ? build : "build", case_program);
	case_daemon = fork();
	if (case_daemon == 0) {
		if (getenv("MAILBOX_LOG") == NULL) {
			int null = open("/dev/null", O_WRONLY);

			dup2(null, 2);
		}
		if (case_file_max != RLIM_INFINITY) {
			const struct rlimit limit = { case_file_max, case_file_max };

			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &limit);
		}
		execl(program, "postseal-mailbox", "-c", conf, (char *)NULL);
		_exit(127);
	}
	for (;;) {
		int fd = case_connect(case_portal);
		char byte;

		/* It serves when it answers; only then does it end in good order, too. */
		if (fd >= 0 && write(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27) == 27 &&
		    read(fd, &byte, 1) == 1) {
			close(fd);
			return;
		}
		if (fd >= 0)
			close(fd);
		ck_assert_msg(waitpid(case_daemon, NULL, WNOHANG) == 0 &&
				      clock_mono_ms() < deadline,
			      "%s does not start", program);
		poll(NULL, 0, 20);
	}
}

/* It was told to end. */
static inline void daemon_await(void)
{
	int status;

	ck_assert_int_eq(waitpid(case_daemon, &status, 0), case_daemon);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
}

static inline void daemon_stop(int signal)
{
	int status;

	kill(case_daemon, signal);
	if (signal == SIGTERM)
		daemon_await();
	else
		ck_assert_int_eq(waitpid(case_daemon, &status, 0), case_daemon);
}

static inline void case_open(const char *more_settings)
{
	struct buf conf = { 0 };
	char error[SEAL_KEY_ERROR_SIZE], path[128];
	int a, b;

	strcpy(case_dir, "/tmp/postseal-mailbox-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(case_dir));
	signal(SIGPIPE, SIG_IGN);
	sink.fd = case_listen(&case_submit);
	pthread_create(&sink.thread, NULL, sink_run, NULL);
	a = case_listen(&case_portal);
	b = case_listen(&case_intake);
	close(a);
	close(b);
	buf_printf(
		&conf,
		"ledger = \"%s/ledger\"\nruntime = \"%s/run\"\nmailbox_url = \"https://" HOST "\"\n"
		"mailbox_domain = \"" DOMAIN "\"\nmailbox_listen = \"inet:127.0.0.1:%d\"\n"
		"mailbox_intake = \"inet:127.0.0.1:%d\"\nmailbox_submit = \"inet:127.0.0.1:%d\"\n"
		"mailbox_store = \"%s/store\"\nmailbox_keys = \"%s/keys\"\n"
		"mailbox_runtime = \"%s\"\nmailbox_token_key = \"%s/token.key\"\n"
		"mailbox_pages = \"%s/pages\"\nmailbox_from = \"sealed@example.com\"\n"
		"mailbox_bounce = \"bounce@example.com\"\nmailbox_name = \"Praxis\"\n%s",
		case_dir, case_dir, case_portal, case_intake, case_submit, case_dir, case_dir,
		case_dir, case_dir, case_dir, more_settings);
	case_write("postseal.conf", buf_cstr(&conf));
	buf_free(&conf);
	snprintf(path, sizeof(path), "%s/pages", case_dir);
	mkdir(path, 0755);
	case_write("pages/index.html", "<!DOCTYPE html>\n<title>pages</title>\n");
	case_write("pages/view.html", "view\n");
	case_write("pages/csp", "# of the view\nview.html sandbox; default-src 'none'\n");
	snprintf(path, sizeof(path), "%s/token.key", case_dir);
	ck_assert(seal_key_make(path, error));
	ck_assert_int_eq(seal_key_read(&case_key, path, error), LOOKUP_FOUND);
	daemon_start();
}

static inline void case_close(void)
{
	char command[128];

	daemon_stop(SIGTERM);
	shutdown(sink.fd, SHUT_RDWR);
	close(sink.fd);
	pthread_join(sink.thread, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", case_dir);
	ck_assert_int_eq(system(command), 0);
}

/* One question at the control socket. */
static inline json_t *control(const struct mailbox_question *question)
{
	char error[MAILBOX_CLIENT_ERROR_SIZE];
	struct settings settings;
	struct buf answer = { 0 };
	json_t *json;

	settings_init(&settings);
	free(settings.mailbox_runtime);
	settings.mailbox_runtime = strdup(case_dir);
	ck_assert_msg(
		mailbox_client_ask(&settings, question, clock_mono_ms() + PATIENCE, &answer, error),
		"%s", error);
	json = json_loadb(answer.data, answer.len, 0, NULL);
	ck_assert_ptr_nonnull(json);
	settings_free(&settings);
	buf_free(&answer);
	return json;
}

static inline json_int_t outbox_number(const char *name)
{
	struct mailbox_question question = { .act = "outbox" };
	json_t *answer = control(&question);
	json_int_t number = json_integer_value(json_object_get(answer, name));

	ck_assert(json_is_true(json_object_get(answer, "ok")));
	json_decref(answer);
	return number;
}

/* How many mails have left, once nothing waits any more. */
static inline size_t sink_settled(void)
{
	while (outbox_number("waiting") > 0)
		poll(NULL, 0, 10);
	return sink.count;
}

/* How many mailboxes have ended. */
static inline long control_expire(void)
{
	const struct mailbox_question question = { .act = "expire" };
	json_t *answer = control(&question);
	long ended = (long)json_integer_value(json_object_get(answer, "ended"));

	json_decref(answer);
	return ended;
}

static inline bool control_ok(const struct mailbox_question *question)
{
	json_t *answer = control(question);
	bool ok = json_is_true(json_object_get(answer, "ok"));

	json_decref(answer);
	return ok;
}

/*
 * For a daemon whose clocks can be moved: by so many days that of the wall, by so many seconds
 * the other one.
 */
static inline void move_clock(int days, int seconds)
{
	char text[96], from[128], to[128];

	snprintf(text, sizeof(text), "%d %d %" PRId64, days, seconds, case_stands);
	snprintf(from, sizeof(from), "%s/clock.new", case_dir);
	snprintf(to, sizeof(to), "%s/clock", case_dir);
	case_write("clock.new", text);
	/* Whole at each moment. */
	ck_assert_int_eq(rename(from, to), 0);
}

/* From now on it moves only when it is moved: the daemon's patience does not depend on the machine. */
static inline void stop_clock(void)
{
	case_stands = clock_mono_ms() / 1000;
	move_clock(0, 0);
}

static inline void case_open_moved(const char *more_settings)
{
	char path[128];

	case_program = "tests/postseal-mailbox-moved";
	unsetenv("MOVED_CLOCK");
	case_open(more_settings);
	daemon_stop(SIGTERM);
	snprintf(path, sizeof(path), "%s/clock", case_dir);
	setenv("MOVED_CLOCK", path, 1);
	case_stands = 0; /* without a fork, another test may have stopped it */
	move_clock(0, 0);
	daemon_start();
}

/*
 * Mail in.
 */
static inline void lmtp_line(FILE *to, char reply[1024], const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static inline void lmtp_line(FILE *to, char reply[1024], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(to, fmt, args);
	va_end(args);
	do
		ck_assert_ptr_nonnull(fgets(reply, 1024, to));
	while (reply[3] == '-');
}

/* Gives a message to the intake for one recipient; the last reply. */
static inline const char *give_from(const char *sender, const char *recipient, const char *message)
{
	static char reply[1024];
	int fd = case_connect(case_intake);
	FILE *to = fdopen(fd, "r+");

	ck_assert_ptr_nonnull(to);
	setvbuf(to, NULL, _IONBF, 0);
	lmtp_line(to, reply, "%s", "");
	lmtp_line(to, reply, "LHLO test\r\n");
	lmtp_line(to, reply, "MAIL FROM:<%s>\r\n", sender);
	lmtp_line(to, reply, "RCPT TO:<%s>\r\n", recipient);
	lmtp_line(to, reply, "DATA\r\n");
	ck_assert_msg(reply[0] == '3', "%s", reply);
	fputs(message, to);
	lmtp_line(to, reply, "\r\n.\r\n");
	fclose(to);
	return reply;
}

static inline const char *give(const char *recipient, const char *message)
{
	return give_from("alice@example.com", recipient, message);
}

struct marked {
	const char *sender, *pin;
	unsigned char random; /* the same: the same token */
	const char *subject, *body;
	bool pin_required;
	int64_t time; /* 0: now */
};

static inline void marked_message(struct buf *out, const char *recipient, const struct marked *mail)
{
	struct seal_print *print = seal_print_new();
	struct buf rest = { 0 }, sent = { 0 };
	struct token_recipient one = { .pin = "" };
	struct token token = { .login = "alice",
			       .count = 1,
			       .recipients = &one,
			       .pin_required = mail->pin_required,
			       .time = mail->time != 0 ? mail->time : clock_wall() };

	str_copy(one.address, sizeof(one.address), recipient);
	if (mail->pin != NULL)
		str_copy(one.pin, sizeof(one.pin), mail->pin);
	str_copy(token.sender, sizeof(token.sender), mail->sender);
	memset(token.random, mail->random, sizeof(token.random));
	buf_printf(&rest,
		   "X-Postseal-Extra: secret mark\r\nReceived: from somewhere\r\nFrom: "
		   "=?utf-8?Q?Al=C3=ADce?= <%s>\r\nTo: bob@example.net\r\nSubject: %s\r\n"
		   "Message-ID: <m%d@example.com>\r\n\r\n%s\r\n",
		   mail->sender, mail->subject, mail->random, mail->body);
	/* Bodies here have their dots doubled already, as give() sends them. */
	for (const char *at = buf_cstr(&rest), *dot; at != NULL;
	     at = dot != NULL ? dot + 3 : NULL) {
		dot = strstr(at, "\r\n.");
		buf_append(&sent, at, dot != NULL ? (size_t)(dot + 2 - at) : strlen(at));
	}
	seal_print_message(print, (struct span){ buf_cstr(&sent), sent.len });
	buf_free(&sent);
	seal_print_write(print, &token);
	seal_print_free(print);
	buf_append_str(out, TOKEN_HEADER ": ");
	ck_assert(seal_token_write(out, &token, &case_key, "\r\n\t"));
	buf_printf(out, "\r\n%s", buf_cstr(&rest));
	buf_free(&rest);
}

static inline const char *give_marked(const char *recipient, const struct marked *mail)
{
	struct buf message = { 0 };
	char address[SEAL_ADDRESS_SIZE];
	const char *reply;

	marked_message(&message, recipient, mail);
	ck_assert(seal_address_encode(address, recipient, strlen(recipient), DOMAIN));
	reply = give(address, buf_cstr(&message));
	buf_free(&message);
	return reply;
}

/*
 * The browser.
 */
struct answer {
	int status;
	struct buf head, body;
	json_t *json; /* NULL: it is none */
};

static inline void answer_free(struct answer *answer)
{
	buf_free(&answer->head);
	buf_free(&answer->body);
	json_decref(answer->json);
}

static inline struct answer http(const char *request, size_t len)
{
	struct answer answer = { 0 };
	struct buf in = { 0 };
	int fd = case_connect(case_portal);
	int64_t deadline = clock_mono_ms() + PATIENCE;
	const char *end;
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ck_assert(stream_write(fd, request, len, deadline));
	while ((n = stream_read(fd, buf_reserve(&in, 65536), 65536, deadline)) > 0)
		in.len += (size_t)n;
	close(fd);
	ck_assert_msg(sscanf(buf_cstr(&in), "HTTP/1.1 %d", &answer.status) == 1, "%s",
		      buf_cstr(&in));
	end = strstr(in.data, "\r\n\r\n");
	ck_assert_ptr_nonnull(end);
	buf_append(&answer.head, in.data, (size_t)(end - in.data));
	buf_append(&answer.body, end + 4, in.len - (size_t)(end + 4 - in.data));
	answer.json = json_loadb(buf_cstr(&answer.body), answer.body.len, 0, NULL);
	buf_cstr(&answer.head);
	buf_free(&in);
	return answer;
}

static inline struct answer call_octets(const char *method, const char *path, const char *token,
					const char *type, const void *body, size_t len,
					const char *more)
{
	struct buf request = { 0 };
	struct answer answer;

	buf_printf(&request, "%s %s HTTP/1.1\r\nHost: " HOST "\r\nConnection: close\r\n%s", method,
		   path, more);
	if (token != NULL)
		buf_printf(&request, "Authorization: Bearer %s\r\n", token);
	if (type != NULL)
		buf_printf(&request, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, len);
	buf_append_str(&request, "\r\n");
	buf_append(&request, body, len);
	answer = http(request.data, request.len);
	buf_free(&request);
	return answer;
}

/* `body` is released; NULL: none. */
static inline struct answer call(const char *method, const char *path, const char *token,
				 json_t *body)
{
	char whole[256];
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct answer answer;

	snprintf(whole, sizeof(whole), "/api/v1/%s", path);
	answer = call_octets(method, whole, token, text != NULL ? "application/json" : NULL,
			     text != NULL ? text : "", text != NULL ? strlen(text) : 0, "");
	free(text);
	json_decref(body);
	return answer;
}

static inline void expect(struct answer *answer, int status)
{
	ck_assert_msg(answer->status == status, "%d, not %d: %s", answer->status, status,
		      buf_cstr(&answer->body));
}

static inline json_t *b64_json(const void *octets, size_t len)
{
	struct buf text = { 0 };
	json_t *json;

	b64_put(&text, octets, len);
	json = json_string(buf_cstr(&text));
	buf_free(&text);
	return json;
}

static inline const char *get_text(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	ck_assert_msg(text != NULL, "no %s", name);
	return text;
}

static inline void get_octets(void *dst, size_t size, json_t *object, const char *name)
{
	const char *text = get_text(object, name);

	ck_assert_msg(b64_take(dst, size, text, strlen(text)), "%s", name);
}

/* The secret of a link mail, typed or clicked. */
static inline void link_secret(unsigned char secret[CODE_SECRET_SIZE], const char *mail)
{
	char *code = case_between(mail, "https://" HOST "/#v1.", "\r\n");

	ck_assert_msg(code != NULL, "no link in %s", mail);
	ck_assert_msg(code_parse(secret, code, strlen(code)), "%s", code);
	free(code);
}

static inline char *mail_pin(const char *mail)
{
	char *line = case_between(mail, "X-Postseal-PIN: ", "\r\n"), *pin;

	ck_assert_ptr_nonnull(line);
	ck_assert_ptr_nonnull(strchr(line, ' '));
	pin = strdup(strchr(line, ' ') + 1);
	free(line);
	return pin;
}

static inline json_t *link_id(const unsigned char secret[CODE_SECRET_SIZE])
{
	unsigned char id[32];

	crypto_hkdf(id, secret, CODE_SECRET_SIZE, "postseal v1 link id");
	return b64_json(id, sizeof(id));
}

static inline struct answer ask_ticket(const unsigned char secret[CODE_SECRET_SIZE],
				       const char *pin)
{
	json_t *body = json_object();

	json_object_set_new(body, "id", link_id(secret));
	if (pin != NULL)
		json_object_set_new(body, "pin", json_string(pin));
	return call("POST", "ticket", NULL, body);
}

struct guest {
	unsigned char private_key[HPKE_PRIVATE_SIZE], public_key[HPKE_PUBLIC_SIZE], auth[32];
	unsigned char wrap[32];
	struct handle mailbox;
	char session[64];
};

/* A key pair and a password. */
static inline void guest_make(struct guest *guest, const char *password)
{
	unsigned char ikm[32];

	memset(guest, 0, sizeof(*guest));
	crypto_random(ikm, sizeof(ikm));
	hpke_derive_pair(guest->private_key, guest->public_key, ikm, sizeof(ikm));
	crypto_hkdf(guest->auth, password, strlen(password), "postseal v1 auth");
	crypto_hkdf(guest->wrap, password, strlen(password), "postseal v1 wrap");
}

/* K, from what was sealed to the pair of `secret`. */
static inline void open_link_key(unsigned char k[FRAME_KEY_SIZE],
				 const unsigned char secret[CODE_SECRET_SIZE], const char *kind,
				 const struct handle *mailbox, const struct handle *object,
				 json_t *from)
{
	unsigned char ikm[32], private_key[HPKE_PRIVATE_SIZE], public_key[HPKE_PUBLIC_SIZE];
	unsigned char sealed[SEALED_KEY_SIZE], aad[FRAME_AAD_MAX];
	size_t aad_len = frame_aad(aad, mailbox, object, kind);

	crypto_hkdf(ikm, secret, CODE_SECRET_SIZE, "postseal v1 link key");
	hpke_derive_pair(private_key, public_key, ikm, sizeof(ikm));
	get_octets(sealed, sizeof(sealed), from, "key");
	ck_assert(hpke_open(k, private_key, public_key, FRAME_KEY_INFO, strlen(FRAME_KEY_INFO), aad,
			    aad_len, sealed, sizeof(sealed)));
}

static inline json_t *seal_to(const struct guest *guest, const char *kind,
			      const struct handle *object, const unsigned char k[FRAME_KEY_SIZE])
{
	unsigned char aad[FRAME_AAD_MAX], sealed[SEALED_KEY_SIZE];
	size_t aad_len = frame_aad(aad, &guest->mailbox, object, kind);

	ck_assert(hpke_seal(sealed, guest->public_key, FRAME_KEY_INFO, aad, aad_len, k,
			    FRAME_KEY_SIZE));
	return b64_json(sealed, sizeof(sealed));
}

/* The request of the first opening; `ticket` is the answer to ask_ticket. */
static inline json_t *opening(struct guest *guest, const unsigned char secret[CODE_SECRET_SIZE],
			      json_t *ticket)
{
	unsigned char wrapped[WRAPPED_KEY_SIZE], aad[HANDLE_SIZE + HPKE_PUBLIC_SIZE + 64];
	size_t aad_len = HANDLE_SIZE + HPKE_PUBLIC_SIZE, i;
	json_t *body = json_object(), *letters = json_array(), *one;

	get_octets(guest->mailbox.bytes, HANDLE_SIZE, ticket, "mailbox");
	memcpy(aad, guest->mailbox.bytes, HANDLE_SIZE);
	memcpy(aad + HANDLE_SIZE, guest->public_key, HPKE_PUBLIC_SIZE);
	memcpy(aad + aad_len, "postseal v1 private key", 23);
	crypto_random(wrapped, FRAME_NONCE_SIZE);
	crypto_seal(wrapped + FRAME_NONCE_SIZE, guest->wrap, wrapped, aad, aad_len + 23,
		    guest->private_key, HPKE_PRIVATE_SIZE);
	json_array_foreach(json_object_get(ticket, "letters"), i, one)
	{
		unsigned char k[FRAME_KEY_SIZE];
		struct handle id;
		json_t *item = json_object();

		get_octets(id.bytes, HANDLE_SIZE, one, "id");
		open_link_key(k, secret, "key to link", &guest->mailbox, &id, one);
		json_object_set_new(item, "id", b64_json(id.bytes, HANDLE_SIZE));
		json_object_set_new(item, "key", seal_to(guest, "key to mailbox", &id, k));
		json_array_append_new(letters, item);
	}
	json_object_set_new(body, "public", b64_json(guest->public_key, HPKE_PUBLIC_SIZE));
	json_object_set_new(body, "wrapped", b64_json(wrapped, sizeof(wrapped)));
	json_object_set_new(body, "auth", b64_json(guest->auth, sizeof(guest->auth)));
	json_object_set_new(body, "language", json_string("de"));
	json_object_set_new(body, "letters", letters);
	return body;
}

/* Link, PIN, password: the whole first opening. */
static inline void guest_open(struct guest *guest, const char *password,
			      const unsigned char secret[CODE_SECRET_SIZE], const char *pin)
{
	struct answer ticket = ask_ticket(secret, pin), opened;

	expect(&ticket, 200);
	guest_make(guest, password);
	opened = call("POST", "open", get_text(ticket.json, "ticket"),
		      opening(guest, secret, ticket.json));
	expect(&opened, 201);
	str_copy(guest->session, sizeof(guest->session), get_text(opened.json, "session"));
	answer_free(&ticket);
	answer_free(&opened);
}

/* Bob's first letter, opened with its link and PIN; its sender has heard of that. */
static inline void guest_open_letter(struct guest *guest, const struct marked *mail)
{
	unsigned char secret[CODE_SECRET_SIZE];
	char *pin;

	give_marked("bob@example.net", mail);
	link_secret(secret, sink_next("bob@example.net"));
	pin = mail_pin(sink_next(mail->sender));
	guest_open(guest, "correct horse battery", secret, pin);
	sink_next(mail->sender);
	free(pin);
}

static inline struct answer guest_login(struct guest *guest, const char *address)
{
	json_t *body = json_object();
	struct answer answer;

	json_object_set_new(body, "address", json_string(address));
	json_object_set_new(body, "auth", b64_json(guest->auth, sizeof(guest->auth)));
	answer = call("POST", "session", NULL, body);
	if (answer.status == 201)
		str_copy(guest->session, sizeof(guest->session), get_text(answer.json, "session"));
	return answer;
}

static inline struct answer guest_letters(const struct guest *guest, const char *box)
{
	char path[64];
	struct answer answer;

	snprintf(path, sizeof(path), "letters?box=%s", box);
	answer = call("GET", path, guest->session, NULL);
	expect(&answer, 200);
	return answer;
}

/* K of a letter, with the mailbox's own key. */
static inline void guest_key(const struct guest *guest, json_t *letter,
			     unsigned char k[FRAME_KEY_SIZE])
{
	unsigned char sealed[SEALED_KEY_SIZE], aad[FRAME_AAD_MAX];
	struct handle id;
	size_t aad_len;

	get_octets(id.bytes, HANDLE_SIZE, letter, "id");
	aad_len = frame_aad(aad, &guest->mailbox, &id, "key to mailbox");
	get_octets(sealed, sizeof(sealed), letter, "key");
	ck_assert(hpke_open(k, guest->private_key, guest->public_key, FRAME_KEY_INFO,
			    strlen(FRAME_KEY_INFO), aad, aad_len, sealed, sizeof(sealed)));
}

static inline void part_open(struct buf *out, const unsigned char k[FRAME_KEY_SIZE],
			     const char *kind, const struct handle *mailbox,
			     const struct handle *object, const char *sealed, size_t len)
{
	unsigned char key[FRAME_KEY_SIZE], aad[FRAME_AAD_MAX], nonce[FRAME_NONCE_SIZE];
	size_t aad_len = frame_aad(aad, mailbox, object, kind), at = 0;
	char info[64];
	uint64_t number = 0;

	snprintf(info, sizeof(info), "postseal v1 part %s", kind);
	crypto_hkdf(key, k, FRAME_KEY_SIZE, info);
	while (at < len) {
		size_t n = len - at < FRAME_CHUNK ? len - at : FRAME_CHUNK;

		frame_nonce(nonce, number++, at + n == len);
		ck_assert(crypto_open((unsigned char *)buf_reserve(out, n), key, nonce, aad,
				      aad_len, sealed + at, n));
		out->len += n - FRAME_TAG_SIZE;
		at += n;
	}
	buf_cstr(out);
}

/* A letter's text; and of its summary the subject. */
static inline void guest_read(const struct guest *guest, json_t *letter, struct buf *text,
			      char **subject)
{
	unsigned char k[FRAME_KEY_SIZE];
	struct handle id;
	struct buf sealed = { 0 }, summary = { 0 };
	json_int_t size = json_integer_value(json_object_get(letter, "size"));
	const char *b64 = get_text(letter, "summary");
	json_t *json;

	guest_key(guest, letter, k);
	get_octets(id.bytes, HANDLE_SIZE, letter, "id");
	ck_assert(b64_get(&sealed, b64, strlen(b64)));
	part_open(&summary, k, "summary", &guest->mailbox, &id, sealed.data, sealed.len);
	ck_assert_uint_eq(summary.len % 256, 0);
	json = json_loadb(summary.data, summary.len, 0, NULL);
	ck_assert_ptr_nonnull(json);
	*subject = strdup(get_text(json, "subject"));
	json_decref(json);
	sealed.len = 0;
	while ((json_int_t)sealed.len < size) {
		char path[128], range[64];
		struct answer part;

		snprintf(path, sizeof(path), "/api/v1/letters/%s/body", get_text(letter, "id"));
		snprintf(range, sizeof(range), "Range: bytes=%zu-\r\n", sealed.len);
		part = call_octets("GET", path, guest->session, NULL, "", 0, range);
		expect(&part, 206);
		buf_append(&sealed, part.body.data, part.body.len);
		answer_free(&part);
	}
	part_open(text, k, "body", &guest->mailbox, &id, sealed.data, sealed.len);
	buf_free(&sealed);
	buf_free(&summary);
}

#endif
