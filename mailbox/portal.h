/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * portal - the web side of postseal-mailbox: pages, and the API of
 * postseal-mailbox-api(5). All of it runs in the event loop's thread.
 */
#ifndef POSTSEAL_MAILBOX_PORTAL_H
#define POSTSEAL_MAILBOX_PORTAL_H

#include "io/http/http.h"
#include "mailbox/home.h"
#include "mailbox/pages.h"
#include "mailbox/session.h"

struct work;

struct portal {
	struct home *home;
	struct http_server *server;
	struct sessions *sessions;
	struct pages *pages;
	struct work *work;
};

struct portal *portal_new(struct home *home, struct loop *loop, int fd);
/* Those of its home have changed. */
void portal_take_settings(struct portal *portal);
void portal_free(struct portal *portal);

#endif
