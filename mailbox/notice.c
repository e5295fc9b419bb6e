/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "mailbox/tell.h"
#include "mailbox/vault.h"

#define TRIES 3
#define PAUSE_S 5

struct notice {
	const struct home *home;
	enum note note;
	char sender[SEAL_ADDRESS_SIZE], recipient[SEAL_ADDRESS_SIZE];
};

static void run(void *argument)
{
	const struct notice *notice = argument;
	struct note_facts facts = { .sender = notice->sender,
				    .recipient = notice->recipient,
				    .date = clock_wall() };
	struct handle handle;
	char id[HANDLE_HEX_SIZE];

	handle_make(&handle);
	handle_hex(id, &handle);
	for (int i = 0; i < TRIES; i++) {
		if (i > 0)
			sleep(PAUSE_S);
		if (tell_sender(notice->home, notice->note, facts, id) != SUBMIT_LATER)
			return;
	}
	log_error("sender=%s mailbox=%s could not be told (note %d)", notice->sender,
		  notice->recipient, (int)notice->note);
}

void notice_send(struct work *work, const struct home *home, enum note note, const char *sender,
		 const char *recipient)
{
	struct notice *notice = mem_zero(1, sizeof(*notice));

	notice->home = home;
	notice->note = note;
	str_copy(notice->sender, sizeof(notice->sender), sender);
	str_copy(notice->recipient, sizeof(notice->recipient), recipient);
	work_add_always(work, run, free, notice);
}
