/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/home.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/mailbox/life.h"
#include "core/mailbox/lmtp.h"
#include "core/mailbox/mime.h"
#include "io/crypto/crypto.h"
#include "io/crypto/seal_token.h"
#include "io/local/metrics_file.h"
#include "io/net/stream.h"
#include "mailbox/deliver.h"
#include "mailbox/submit.h"
#include "mailbox/outbox.h"
#include "mailbox/returned.h"

#define SESSIONS_MAX 16
#define COMMAND_MS 300000 /* RFC 5321 4.5.3.2 */
#define READ_SIZE 65536
#define LARGER_THAN_SAID "451 4.3.4 the mail is larger than its SIZE says"
#define TOO_LARGE "552 5.3.4 the mail is larger than mailbox_message_size"
/* Of the largest size, of all connections together; and how long one waits for its turn. */
#define TEXTS_AT_ONCE 4
#define ROOM_SECONDS 60
#define TEXT_SLACK ((size_t)65536)
#define REFERENCES_MAX ((size_t)8192)
#define RECIPIENTS_MAX TOKEN_RECIPIENTS_MAX

struct intake {
	struct home *home;
	int fd, stop_fd;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t fewer;
	size_t count, taken; /* connections; octets of memory for texts */
	LIST_HEAD(, lmtp_session) sessions;
	_Atomic bool stopping;
};

struct lmtp_session {
	struct intake *intake;
	struct home *home;
	LIST_ENTRY(lmtp_session) next;
	int fd;
	struct buf in;
	char sender[SEAL_ADDRESS_SIZE]; /* of the envelope, "" for the empty one */
	bool has_sender;
	size_t count;
	char *recipients[RECIPIENTS_MAX]; /* as they were written */
	size_t size;                      /* as MAIL says; 0: it says nothing */
	size_t room;                      /* of memory, for the text: its share of intake->taken */
	struct buf message;
};

static bool say(struct lmtp_session *session, const char *line)
{
	struct buf out = { 0 };
	bool good;

	buf_printf(&out, "%s\r\n", line);
	good = stream_write(session->fd, out.data, out.len, clock_mono_ms() + COMMAND_MS);
	buf_free(&out);
	return good;
}

static void forget_mail(struct lmtp_session *session)
{
	for (size_t i = 0; i < session->count; i++)
		free(session->recipients[i]);
	session->count = 0;
	session->has_sender = false;
	if (session->message.cap > 0)
		crypto_wipe(session->message.data, session->message.cap);
	buf_free(&session->message);
}

static bool read_more(struct lmtp_session *session)
{
	ssize_t n = stream_read(session->fd, buf_reserve(&session->in, READ_SIZE), READ_SIZE,
				clock_mono_ms() + COMMAND_MS);

	if (n > 0)
		session->in.len += (size_t)n;
	return n > 0;
}

/* In place: out of headers that are for us alone, and of what the way here has added. */
static struct span clean(struct buf *text)
{
	static const char *const ways[] = { "Return-Path", "Delivered-To", "X-Original-To", "Bcc",
					    "Received" };
	struct span message = { buf_cstr(text), text->len }, name, value;
	size_t at = 0, start = 0, kept = 0, body = mime_body(message);

	while (mime_next_header(message, &at, &name, &value)) {
		bool drop = mime_is_ours(name);

		for (size_t i = 0; i < ARRAY_LEN(ways); i++)
			drop = drop || (name.len == strlen(ways[i]) &&
					str_starts_nocase_n(name.at, name.len, ways[i]));
		if (!drop) {
			memmove(text->data + kept, text->data + start, at - start);
			kept += at - start;
		}
		start = at;
	}
	/* A token was there, so there is room for the empty line. */
	if (kept + 2 <= body) {
		memcpy(text->data + kept, "\r\n", 2);
		kept += 2;
	}
	memmove(text->data + kept, text->data + body, text->len - body);
	text->len = kept + text->len - body;
	return (struct span){ buf_cstr(text), text->len };
}

static bool is_same_address(const char *a, const char *b)
{
	struct store_key one = store_key_address(a), two = store_key_address(b);

	return memcmp(one.bytes, two.bytes, one.len) == 0;
}

/*
 * Is it the mail that was marked? All recipients on this host see its token. NULL: it is.
 */
static const char *judge_mail(const struct token *token, struct span message)
{
	struct seal_print *print = seal_print_new();
	char author[SEAL_ADDRESS_SIZE] = "";
	struct span value;
	struct buf name = { 0 };
	bool same;

	seal_print_message(print, message);
	same = seal_print_is(print, token);
	seal_print_free(print);
	if (!same)
		return "550 5.7.1 this mark of postseal-milter is of another mail, or the mail was "
		       "changed since; what changes bodies or subjects has to come before "
		       "postseal-milter";
	if (mime_find_header(message, "From", &value))
		mime_first_address(value, author, &name);
	buf_free(&name);
	return is_same_address(author, token->sender)
		       ? NULL
		       : "550 5.7.1 the author is not who has marked this mail";
}

/* NULL, or the reply to all recipients, when this is not to be sealed. */
static const char *read_token(struct lmtp_session *session, struct token *token,
			      struct span message)
{
	struct span value;
	const char *why;

	switch (mime_count_header(message, TOKEN_HEADER)) {
	case 0:
		return "550 5.7.1 no mark of postseal-milter: mail to be sealed has to be "
		       "submitted here, logged in, over TLS";
	case 1:
		break;
	default:
		return "550 5.7.1 more than one mark of postseal-milter";
	}
	if (!mime_find_header(message, TOKEN_HEADER, &value) ||
	    !seal_token_read(token, value.at, value.len, &session->home->token))
		return "550 5.7.1 this mark of postseal-milter is not one that was made with our "
		       "key";
	why = life_token_is_fresh(token->time, clock_wall())
		      ? judge_mail(token, message)
		      : "550 5.7.1 this mark of postseal-milter is too old, or a clock is wrong";
	if (why != NULL)
		token_free(token);
	return why;
}

/* Mail from a machine, to a list, or round in a circle is never sealed. */
static bool is_automatic(struct span message)
{
	struct span value;

	if (mime_find_header(message, "Auto-Submitted", &value)) {
		value = span_trim(value);
		if (!str_starts_nocase_n(value.at, value.len, "no"))
			return true;
	}
	return mime_find_header(message, "List-Id", &value);
}

/* The extension, if this is mailbox_bounce with one. */
static bool is_bounce(const struct home *home, const char *recipient, char extension[64])
{
	const char *whole = home->settings->mailbox_bounce, *at = strrchr(whole, '@');
	size_t local = at != NULL ? (size_t)(at - whole) : 0;
	const char *end = strrchr(recipient, '@');

	return local > 0 && end != NULL && str_equal_nocase(end, at) &&
	       (size_t)(end - recipient) > local + 1 && strncmp(recipient, whole, local) == 0 &&
	       strchr(home->settings->recipient_delimiter, recipient[local]) != NULL &&
	       str_copy_n(extension, 64, recipient + local + 1,
			  (size_t)(end - recipient) - local - 1);
}

/*
 * FOUND: a link mail of ours is what this answers, and *id is that of its bounce address, which
 * its Message-ID has (tell.c).
 */
static enum lookup find_link_mail(struct store_txn *txn, struct span message, struct store_key *id)
{
	static const char *const names[] = { "In-Reply-To", "References" };
	enum lookup found = LOOKUP_ABSENT;
	struct span value, record;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool more = mime_find_header(message, names[i], &value), dot;

		/* Others wait for the store meanwhile. */
		if (more && value.len > REFERENCES_MAX)
			value.len = REFERENCES_MAX;
		while (more && found == LOOKUP_ABSENT) {
			unsigned char octets[DELIVER_BOUNCE_OCTETS];
			struct span rest, hex;
			char text[2 * DELIVER_BOUNCE_OCTETS + 1];

			span_cut(&value, "<", &more);
			rest = value;
			hex = span_cut(&rest, ".", &dot);
			if (!more || !str_copy_n(text, sizeof(text), hex.at, hex.len) ||
			    hex.len != sizeof(text) - 1 ||
			    !str_hex_read(octets, sizeof(octets), text))
				continue;
			*id = store_key(octets, sizeof(octets), "", 0);
			found = store_get(txn, STORE_BOUNCE, id, &record);
		}
	}
	return found;
}

/*
 * By what an answer is remembered: the address that wrote, if it has a mailbox here; if not, the
 * link mail that it answers, which it has got from another address, so that a link mail makes us
 * write to one stranger at most. ABSENT: it has neither, so its address is forged, or this is no
 * reply.
 */
static enum lookup find_answered(struct lmtp_session *session, struct store_txn *txn,
				 struct span message, struct store_key *key)
{
	const struct seal_key *server = &session->home->server;
	struct store_key about = store_key_address(session->sender);
	unsigned char hash[CRYPTO_HASH_SIZE];
	struct span mailboxes;
	enum lookup found = store_get(txn, STORE_ADDRESS, &about, &mailboxes);

	if (found == LOOKUP_ABSENT)
		found = find_link_mail(txn, message, &about);
	if (found != LOOKUP_FOUND)
		return found;
	crypto_hmac(hash, server->bytes, sizeof(server->bytes), "answered", 8, about.bytes,
		    about.len);
	*key = store_key(hash, sizeof(hash), "", 0);
	return LOOKUP_FOUND;
}

/* What came back to mailbox_from: receipts and notices, of which nobody hears, and replies. */
static void take_return(struct home *home, struct span message, char *reply)
{
	enum lookup found = returned_reply(home, message);

	if (found == LOOKUP_FOUND)
		str_copy(reply, DELIVER_REPLY_SIZE, "250 2.0.0 the sender is told");
	else if (found == LOOKUP_ERROR)
		str_copy(reply, DELIVER_REPLY_SIZE, "451 4.3.0 the sender cannot be told now");
}

/* One answer in 30 days: the token's record of what was seen serves for it. */
static void answer_reply(struct lmtp_session *session, struct span message, char *reply)
{
	struct home *home = session->home;
	struct mbox_seen seen = { .date = clock_wall() };
	struct note_facts facts = { .sender = home->from,
				    .recipient = session->sender,
				    .language = MBOX_LANGUAGE_NONE };
	char id[17];
	struct store_key key;
	struct store_txn *txn;

	str_copy(reply, DELIVER_REPLY_SIZE, "250 2.0.0 not read by anybody");
	if (session->sender[0] == '\0') {
		take_return(home, message, reply);
		return;
	}
	if (is_automatic(message))
		return;
	txn = store_begin(home->store, true);
	if (txn != NULL && find_answered(session, txn, message, &key) == LOOKUP_FOUND &&
	    store_get_seen(txn, &key, &seen) == LOOKUP_ABSENT && store_put_seen(txn, &key, &seen) &&
	    tell_recipient(home, txn, NOTE_USE_LINK, facts, str_hex(id, key.bytes, 8)))
		store_commit(txn);
	else
		store_abort(txn);
}

static void forward_return(struct lmtp_session *session, const char *sender, char *reply)
{
	/* It may hold the whole mail: as a receipt it goes over TLS, or not at all, where the
	 * sender's mailbox leads elsewhere. What comes back to that address goes no further. */
	switch (submit_mail(session->home, session->home->from, sender, &session->message)) {
	case SUBMIT_DONE:
		str_copy(reply, DELIVER_REPLY_SIZE, "250 2.0.0 given to the sender");
		break;
	case SUBMIT_REFUSED:
		str_copy(reply, DELIVER_REPLY_SIZE, "250 2.0.0 the sender does not take it");
		break;
	case SUBMIT_LATER:
	case SUBMIT_NOBODY:
		str_copy(reply, DELIVER_REPLY_SIZE, "451 4.3.0 the sender cannot be told now");
	}
}

/* `token` NULL: `why` says why there is none. */
static void deliver_to(struct lmtp_session *session, const struct token *token, const char *why,
		       struct span message, const char *recipient, char *reply)
{
	struct home *home = session->home;
	char real[SEAL_ADDRESS_SIZE], extension[64];
	size_t len = strlen(recipient);
	enum lookup sealed;

	if (seal_return_read(real, recipient, len, home->settings->mailbox_domain, &home->token)) {
		forward_return(session, real, reply);
		return;
	}
	if (is_bounce(home, recipient, extension)) {
		deliver_bounce(home, extension, message, session->sender[0] == '\0', reply);
		return;
	}
	if (seal_address_take(real, recipient, len) && strcmp(real, home->from) == 0) {
		answer_reply(session, message, reply);
		return;
	}
	if (token == NULL) {
		str_copy(reply, DELIVER_REPLY_SIZE, why);
		return;
	}
	sealed = seal_address_decode(real, recipient, len, home->settings->mailbox_domain);
	if (sealed == LOOKUP_ABSENT && !seal_address_take(real, recipient, len))
		sealed = LOOKUP_ERROR;
	if (sealed == LOOKUP_ERROR)
		str_copy(reply, DELIVER_REPLY_SIZE, "550 5.1.3 this address stands for nobody");
	else if (is_same_address(real, token->sender))
		str_copy(reply, DELIVER_REPLY_SIZE, "550 5.7.1 a mail to its sender is not sealed");
	else
		deliver(home, token, real, message, reply);
}

/* By its enhanced status code, RFC 3463. */
static void count_reply(const char *reply)
{
	static const struct {
		const char *code;
		unsigned taken;
	} codes[] = { { "5.7.1", METRIC_TAKEN_MARK },
		      { "5.1.3", METRIC_TAKEN_ADDRESS },
		      { "5.3.4", METRIC_TAKEN_SIZE } };
	unsigned taken = reply[0] == '2'   ? METRIC_TAKEN_TAKEN
			 : reply[0] == '4' ? METRIC_TAKEN_LATER
					   : METRIC_TAKEN_OTHER;

	for (size_t i = 0; taken == METRIC_TAKEN_OTHER && i < ARRAY_LEN(codes); i++) {
		if (strncmp(reply + 4, codes[i].code, strlen(codes[i].code)) == 0)
			taken = codes[i].taken;
	}
	metrics_count(METRIC1(TAKEN, taken));
}

static bool deliver_all(struct lmtp_session *session)
{
	struct span message = { buf_cstr(&session->message), session->message.len };
	struct token token = { 0 };
	const char *why = read_token(session, &token, message);
	bool good = true;

	if (why == NULL && is_automatic(message)) {
		token_free(&token);
		why = "550 5.7.1 mail of machines and of lists is not sealed";
	}
	/* What comes back goes to its sender as it is. */
	if (why == NULL)
		message = clean(&session->message);
	for (size_t i = 0; good && i < session->count; i++) {
		char reply[DELIVER_REPLY_SIZE];

		deliver_to(session, why == NULL ? &token : NULL, why, message,
			   session->recipients[i], reply);
		if (reply[0] == '5') {
			log_warning("recipient=%s refused: %s", session->recipients[i], reply);
		}
		count_reply(reply);
		/* Who got no reply is tried again: a stop waits for one delivery, not for all. */
		good = say(session, reply) && !atomic_load(&session->intake->stopping);
	}
	if (why == NULL)
		token_free(&token);
	return good;
}

/*
 * Memory for a text, before it comes: of all connections together TEXTS_AT_ONCE of the largest
 * mails, or more that are smaller. False: it cannot be had in a minute, or there is a stop.
 */
static bool have_room(struct lmtp_session *session)
{
	struct intake *intake = session->intake;
	size_t most = home_message_max(session->home), whole = TEXTS_AT_ONCE * most, wanted = most;
	struct timespec until;
	int waited = 0;

	/* Postfix counts a line end as one octet, and it comes as two. */
	if (session->size > 0 && session->size < (most - TEXT_SLACK) / 2)
		wanted = 2 * session->size + TEXT_SLACK;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ROOM_SECONDS;
	pthread_mutex_lock(&intake->lock);
	while (intake->taken > 0 && intake->taken + wanted > whole && waited == 0 &&
	       !atomic_load(&intake->stopping))
		waited = pthread_cond_timedwait(&intake->fewer, &intake->lock, &until);
	if (waited == 0 && !atomic_load(&intake->stopping)) {
		session->room = wanted;
		intake->taken += wanted;
	}
	pthread_mutex_unlock(&intake->lock);
	return session->room > 0;
}

static void give_room_back(struct lmtp_session *session)
{
	pthread_mutex_lock(&session->intake->lock);
	session->intake->taken -= session->room;
	session->room = 0;
	pthread_cond_broadcast(&session->intake->fewer);
	pthread_mutex_unlock(&session->intake->lock);
}

static bool take_text(struct lmtp_session *session)
{
	struct lmtp_text text = { 0 };
	size_t most = session->room;
	bool good = true;

	if (!say(session, "354 go on"))
		return false;
	while (!text.ended) {
		size_t used;

		if (session->in.len == 0 && !read_more(session))
			return false;
		used = lmtp_feed(&text, &session->message, most, session->in.data, session->in.len);
		buf_consume(&session->in, used);
	}
	if (!text.too_large)
		return deliver_all(session);
	for (size_t i = 0; good && i < session->count; i++) {
		const char *reply =
			most < home_message_max(session->home) ? LARGER_THAN_SAID : TOO_LARGE;

		count_reply(reply);
		good = say(session, reply);
	}
	return good;
}

static const char *take_mail(struct lmtp_session *session, const struct lmtp_command *command)
{
	forget_mail(session);
	if (command->size > home_message_max(session->home)) {
		count_reply(TOO_LARGE);
		return TOO_LARGE;
	}
	session->size = (size_t)command->size;
	session->sender[0] = '\0';
	if (command->path.len > 0 &&
	    !seal_address_take(session->sender, command->path.at, command->path.len))
		return "501 5.1.7 this sender is no address";
	session->has_sender = true;
	return "250 2.1.0 ok";
}

static const char *take_recipient(struct lmtp_session *session, const struct lmtp_command *command)
{
	if (!session->has_sender)
		return "503 5.5.1 MAIL first";
	if (session->count == RECIPIENTS_MAX)
		return "452 4.5.3 too many recipients";
	if (command->path.len >= SEAL_ADDRESS_SIZE)
		return "550 5.1.3 too long an address";
	session->recipients[session->count++] = mem_strndup(command->path.at, command->path.len);
	return "250 2.1.5 ok";
}

/* False: the connection ends. */
static bool obey(struct lmtp_session *session, struct span line)
{
	struct lmtp_command command = lmtp_parse(line);

	switch (command.verb) {
	case LMTP_LHLO: {
		char hello[256];

		forget_mail(session);
		snprintf(
			hello, sizeof(hello),
			"250-postseal-mailbox\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
			"250-ENHANCEDSTATUSCODES\r\n250 SIZE %zu",
			home_message_max(session->home));
		return say(session, hello);
	}
	case LMTP_MAIL:
		return say(session, take_mail(session, &command));
	case LMTP_RCPT:
		return say(session, take_recipient(session, &command));
	case LMTP_DATA: {
		bool good;

		if (session->count == 0)
			return say(session, "503 5.5.1 no recipients");
		if (!have_room(session)) {
			forget_mail(session);
			return say(session, "451 4.3.1 too much mail comes at once");
		}
		good = take_text(session);
		forget_mail(session);
		give_room_back(session);
		return good;
	}
	case LMTP_RSET:
		forget_mail(session);
		return say(session, "250 2.0.0 ok");
	case LMTP_NOOP:
		return say(session, "250 2.0.0 ok");
	case LMTP_QUIT:
		say(session, "221 2.0.0 bye");
		return false;
	case LMTP_MALFORMED:
		return say(session, "501 5.5.4 cannot be understood");
	case LMTP_OTHER:
	default:
		return say(session, "502 5.5.1 not known here");
	}
}

static bool take_line(struct lmtp_session *session)
{
	const char *end;
	size_t len;
	bool good;
	char line[LMTP_LINE_MAX];

	while ((end = session->in.len > 0 ? memchr(session->in.data, '\n', session->in.len)
					  : NULL) == NULL) {
		if (session->in.len > sizeof(line)) {
			say(session, "500 5.5.2 too long a line");
			return false;
		}
		if (!read_more(session))
			return false;
	}
	len = (size_t)(end - session->in.data);
	if (len >= sizeof(line)) {
		say(session, "500 5.5.2 too long a line");
		return false;
	}
	memcpy(line, session->in.data, len);
	buf_consume(&session->in, len + 1);
	if (len > 0 && line[len - 1] == '\r')
		len--;
	good = obey(session, (struct span){ line, len });
	return good && !atomic_load(&session->intake->stopping);
}

static void *converse(void *argument)
{
	struct lmtp_session *session = argument;
	struct intake *intake = session->intake;

	if (say(session, "220 postseal-mailbox LMTP")) {
		while (take_line(session)) {
		}
	}
	forget_mail(session);
	buf_free(&session->in);
	pthread_mutex_lock(&intake->lock);
	LIST_REMOVE(session, next);
	close(session->fd);
	intake->count--;
	pthread_cond_broadcast(&intake->fewer);
	pthread_mutex_unlock(&intake->lock);
	free(session);
	return NULL;
}

static void start_session(struct intake *intake, int fd)
{
	struct lmtp_session *session = mem_zero(1, sizeof(*session));
	pthread_attr_t attributes;
	pthread_t thread;

	session->intake = intake;
	session->home = intake->home;
	session->fd = fd;
	pthread_mutex_lock(&intake->lock);
	while (intake->count >= SESSIONS_MAX && !atomic_load(&intake->stopping))
		pthread_cond_wait(&intake->fewer, &intake->lock);
	intake->count++;
	LIST_INSERT_HEAD(&intake->sessions, session, next);
	pthread_mutex_unlock(&intake->lock);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, converse, session) != 0) {
		log_error("intake: no thread for a connection: %s", strerror(errno));
		converse(session);
	}
	pthread_attr_destroy(&attributes);
}

static void *accept_all(void *argument)
{
	struct intake *intake = argument;
	struct pollfd waiting[2] = { { .fd = intake->fd, .events = POLLIN },
				     { .fd = intake->stop_fd, .events = POLLIN } };

	while (!atomic_load(&intake->stopping)) {
		int fd;

		if (poll(waiting, 2, -1) < 0 && errno != EINTR)
			log_fatal("intake: %s", strerror(errno));
		if (atomic_load(&intake->stopping) || (waiting[0].revents & POLLIN) == 0)
			continue;
		fd = accept4(intake->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			start_session(intake, fd);
		else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			poll(NULL, 0, 1000); /* no descriptors: somebody else has to end first */
	}
	return NULL;
}

struct intake *intake_start(struct home *home, int fd)
{
	struct intake *intake = mem_zero(1, sizeof(*intake));

	intake->home = home;
	intake->fd = fd;
	intake->stop_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&intake->lock, NULL);
	pthread_cond_init(&intake->fewer, NULL);
	if (intake->stop_fd < 0 || pthread_create(&intake->thread, NULL, accept_all, intake) != 0)
		log_fatal("intake: cannot start: %s", strerror(errno));
	return intake;
}

void intake_stop(struct intake *intake)
{
	const uint64_t one = 1;
	struct lmtp_session *session;

	pthread_mutex_lock(&intake->lock);
	atomic_store(&intake->stopping, true);
	pthread_cond_broadcast(&intake->fewer);
	pthread_mutex_unlock(&intake->lock);
	if (write(intake->stop_fd, &one, sizeof(one)) < 0)
		log_warning("intake: %s", strerror(errno));
	pthread_join(intake->thread, NULL);
	/* Who waits for Postfix reads no more; who works on a mail ends that. None may be left:
	 * what they work with ends after this. */
	pthread_mutex_lock(&intake->lock);
	LIST_FOREACH(session, &intake->sessions, next)
	shutdown(session->fd, SHUT_RD);
	while (intake->count > 0)
		pthread_cond_wait(&intake->fewer, &intake->lock);
	pthread_mutex_unlock(&intake->lock);
	close(intake->stop_fd);
	free(intake);
}
