/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link - how our programs ask one another, over local sockets.
 *
 *   prober_link, mailbox_link, socketmap_link        from an event loop, which goes on meanwhile
 *   prober_client, mailbox_client, socketmap_client  for programs that may wait
 *
 * A deadline is a moment of clock_mono_ms(). What fails says in `error` what happened, where, and
 * what to do.
 */
#ifndef POSTSEAL_IO_LINK_H
#define POSTSEAL_IO_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "core/names/ipaddr.h"
#include "core/protocol/prober_words.h"
#include "core/settings/settings.h"
#include "io/net/loop.h"

/*
 * The prober (core/protocol/prober_words.h), from an event loop. The connection is made when it
 * is first needed. If it is lost, it is made again, after a pause that grows.
 */
struct prober_link;

typedef void prober_link_fn(void *context, enum prober_word word, const struct nexthop *nexthop);
/* The prober is gone; what was asked before will not be answered. */
typedef void prober_link_lost_fn(void *context);

struct prober_link *prober_link_new(struct loop *loop, const char *runtime_dir,
				    prober_link_fn *heard, prober_link_lost_fn *lost,
				    void *context);
/* False when the prober cannot be reached now; `lost` is then not called for it. */
bool prober_link_ask(struct prober_link *link, enum prober_word word, const char *key);
void prober_link_free(struct prober_link *link);

/* The prober, for programs that may wait. */
struct prober_client; /* opaque; one connection */

#define PROBER_CLIENT_ERROR_SIZE 512

/* NULL, and `error`, when it cannot be reached. */
struct prober_client *prober_client_open(const char *runtime_dir, int64_t deadline,
					 char error[PROBER_CLIENT_ERROR_SIZE]);
bool prober_client_ask(struct prober_client *client, enum prober_word word, const char *key,
		       int64_t deadline, char error[PROBER_CLIENT_ERROR_SIZE]);
/*
 * The next thing the prober says. FOUND: in *message. ABSENT: nothing until
 * `deadline`. ERROR: the connection is lost, and `error` set.
 */
enum lookup prober_client_hear(struct prober_client *client, int64_t deadline,
			       struct prober_message *message,
			       char error[PROBER_CLIENT_ERROR_SIZE]);
void prober_client_close(struct prober_client *client); /* NULL is allowed */

/*
 * Tell the prober of a refusal, over a connection of its own, and wait for nothing.
 * False, and errno, when the prober does not take it at once: then it is lost.
 */
bool prober_client_report(const char *runtime_dir, const struct refusal *refusal);

/*
 * postseal-mailbox, at its control socket (postseal-mailbox(8), "Control socket"). For programs
 * that may wait.
 */
#define MAILBOX_CLIENT_ERROR_SIZE 256

struct mailbox_question {
	const char *act; /* "list", "show", ... */
	/* Addresses; NULL: left out. */
	const char *mailbox, *sender;
	const char *key; /* an OpenPGP key, armored */
	const char *as;  /* for whom it is asked: they see and do what is theirs alone */
};

/*
 * One question. True: *answer is its line of JSON, without the newline, whatever it
 * says. False: there was none, and `error` says why.
 */
bool mailbox_client_ask(const struct settings *settings, const struct mailbox_question *question,
			int64_t deadline, struct buf *answer,
			char error[MAILBOX_CLIENT_ERROR_SIZE]);

/* For mailbox_link.c, which asks the same: where, what, and how to say why not. */
#define MAILBOX_ANSWER_MAX ((size_t)16 << 20)
void mailbox_client_endpoint(struct endpoint *endpoint, const struct settings *settings);
void mailbox_client_line(struct buf *line, const struct mailbox_question *question);
void mailbox_client_failed(char error[MAILBOX_CLIENT_ERROR_SIZE], const struct endpoint *endpoint,
			   int why);

/*
 * The same from an event loop. A connection carries one question. A few are open at once; the
 * others wait for their turn, first come, first served.
 */
struct mailbox_link;

/*
 * `answer` is the line of JSON, without the newline, whatever it says; good until this returns.
 * NULL: there is none, and `error` says why.
 */
typedef void mailbox_link_fn(void *context, const char *answer, const char *error);

struct mailbox_link *mailbox_link_new(struct loop *loop);

/*
 * `heard` is called once for each question, from the loop and never from within this call: at
 * `deadline` at the latest. The strings of `question` are not needed afterwards.
 */
void mailbox_link_ask(struct mailbox_link *link, const struct settings *settings,
		      const struct mailbox_question *question, int64_t deadline,
		      mailbox_link_fn *heard, void *context);

/* Those who still wait are told that there is no answer, and must not ask again. NULL is
 * allowed. */
void mailbox_link_free(struct mailbox_link *link);

/* The socketmap server, asked as Postfix asks it. For programs that may wait. */
struct socketmap_client; /* opaque; one connection */

#define SOCKETMAP_CLIENT_ERROR_SIZE 512

/*
 * Connects to the first of socketmap_listen that answers. NULL, and `error`, if none does.
 */
struct socketmap_client *socketmap_client_open(const struct settings *settings, int64_t deadline,
					       char error[SOCKETMAP_CLIENT_ERROR_SIZE]);
/*
 * The reply, as it came ("OK value", "NOTFOUND ", ...), appended to *reply.
 * False and `error` as above; the connection is then of no more use.
 */
bool socketmap_client_ask(struct socketmap_client *client, const char *map, const char *key,
			  int64_t deadline, struct buf *reply,
			  char error[SOCKETMAP_CLIENT_ERROR_SIZE]);
void socketmap_client_close(struct socketmap_client *client); /* NULL is allowed */

/*
 * The same from an event loop. A list of keys has a connection of its own, for as long as it takes;
 * an idle one would take a place of Postfix's clients. A few lists are asked for at once, the
 * others wait for their turn.
 */
struct socketmap_link;

/* The reply to a key, as it came ("OK value", "NOTFOUND ", ...): in their order. */
typedef void socketmap_link_reply_fn(void *context, const char *reply, size_t len);
/*
 * Last, and once: all have been replied to (NULL), or why not, and was it too `late`; `context` may
 * be freed here.
 */
typedef void socketmap_link_over_fn(void *context, const char *error, bool late);

struct socketmap_link *socketmap_link_new(struct loop *loop);

/*
 * At `deadline` it is over at the latest. From within this call nobody hears anything. The keys are
 * not needed afterwards; there is at least one.
 */
void socketmap_link_ask(struct socketmap_link *link, const struct settings *settings,
			const char *map, const char *const keys[], size_t count, int64_t deadline,
			socketmap_link_reply_fn *reply, socketmap_link_over_fn *over,
			void *context);

/* All are over now; who hears that must not ask again. NULL is allowed. */
void socketmap_link_free(struct socketmap_link *link);

#endif
