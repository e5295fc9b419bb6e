/* SPDX-License-Identifier: BSD-2-Clause */
/* api - the calls of postseal-mailbox-api(5): what portal.c hands on, and what answers it. */
#ifndef POSTSEAL_MAILBOX_API_H
#define POSTSEAL_MAILBOX_API_H

#include <jansson.h>

#include "core/mailbox/life.h"
#include "mailbox/portal.h"

#define API_SEGMENTS_MAX 4

/* One call, until it is answered. */
struct api_call {
	struct portal *portal;
	struct http_request *request;
	enum http_method method;
	struct span segment[API_SEGMENTS_MAX]; /* of the path after /api/v1 */
	size_t segments;
	struct span query;
	const char *client; /* its address */
	const char *token;  /* of Authorization; "" if there is none */
	struct span body;
};

typedef void api_fn(struct api_call *call);

/* Answers. `json` may be NULL, and is released. */
void api_answer(struct api_call *call, int status, json_t *json);
void api_error(struct api_call *call, int status, const char *error, const char *text);
/* The same with one more member. */
void api_error_with(struct api_call *call, int status, const char *error, const char *text,
		    const char *name, int64_t value);
void api_error_later(struct api_call *call); /* 503 */
/* With Retry-After. */
void api_error_wait(struct api_call *call, const char *error, const char *text, int64_t seconds);

json_t *api_b64(const void *octets, size_t len);
bool api_handle(struct span text, struct handle *handle);
void api_set(json_t *object, const char *name, json_t *value);

/* The handlers, by what they serve. */
api_fn api_site, api_link, api_ticket, api_open, api_salt, api_login;       /* api_enter.c */
api_fn api_session, api_keep, api_logout;                                   /* api_enter.c */
api_fn api_letters, api_letter, api_body, api_read_mark, api_delete_letter; /* api_letters.c */
api_fn api_release, api_reseal, api_confirm;                                /* api_letters.c */
api_fn api_upload_new, api_upload_put, api_upload_get, api_upload_delete;   /* api_write.c */
api_fn api_drafts, api_draft_put, api_draft_delete, api_reply;              /* api_write.c */

/*
 * Who is logged in, and with what mailbox. False: it was answered (401, 503). The vault's
 * key is for the caller to wipe.
 */
struct api_user {
	const struct session_info *info;
	struct handle mailbox;
	struct mbox_mailbox box;
	struct seal_key vault;
	int64_t idle;
};
bool api_user(struct api_call *call, struct api_user *user);

/*
 * Enters a PIN at a gate; counts before it compares. True: it was right, or none is needed,
 * and the gate is as it was but for the tries. False: it was answered.
 */
bool api_try_pin(struct api_call *call, const struct handle *mailbox, const struct seal_key *vault,
		 const char *sender, const char *pin);

/* The link of this id. */
enum lookup api_find_link(struct store_txn *txn, const unsigned char id[32],
			  struct mbox_link *link);

/* Changes a gate in a transaction of its own. False: it is not there, or cannot be written. */
bool api_change_gate(struct home *home, const struct handle *mailbox, const char *sender,
		     void (*change)(struct mbox_gate *gate));

#endif
