/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/life.h"

#include <string.h>

#include "base/num.h"

#define DAY INT64_C(86400)

enum life_access life_access(const struct mbox_letter *letter, const struct mbox_gate *gate)
{
	if (letter->box == MBOX_SENT)
		return LIFE_OPEN;
	if (!letter->has_key)
		return LIFE_LINK;
	return gate->open ? LIFE_OPEN : LIFE_PIN;
}

static bool counts_today(const struct mbox_mailbox *mailbox, int64_t now)
{
	return now >= mailbox->reply_day && now - mailbox->reply_day < DAY;
}

uint32_t life_replies_left(const struct settings *settings, const struct mbox_mailbox *mailbox,
			   int64_t now)
{
	uint32_t used = counts_today(mailbox, now) ? mailbox->replies : 0;
	size_t most = settings->mailbox_replies_per_day;

	return used < most ? (uint32_t)(most - used) : 0;
}

void life_count_reply(struct mbox_mailbox *mailbox, int64_t now)
{
	if (!counts_today(mailbox, now)) {
		mailbox->reply_day = now;
		mailbox->replies = 0;
	}
	mailbox->replies++;
}

int64_t life_reply_wait(const struct mbox_mailbox *mailbox, int64_t now)
{
	return counts_today(mailbox, now) ? mailbox->reply_day + DAY - now : DAY;
}

enum life_reply life_may_reply(const struct settings *settings, const struct mbox_mailbox *mailbox,
			       const struct mbox_letter *letter, const struct mbox_gate *gate,
			       int64_t now)
{
	if (letter->box != MBOX_INBOX)
		return LIFE_REPLY_NOT_INBOX;
	if (life_access(letter, gate) != LIFE_OPEN)
		return LIFE_REPLY_WITHHELD;
	if (mailbox->retired)
		return LIFE_REPLY_RETIRED;
	return life_replies_left(settings, mailbox, now) > 0 ? LIFE_REPLY_YES : LIFE_REPLY_QUOTA;
}

bool life_is_locked(const struct mbox_gate *gate, size_t most)
{
	return !gate->open && gate->tries >= most;
}

uint32_t life_tries_left(const struct mbox_gate *gate, size_t most)
{
	return gate->tries < most ? (uint32_t)(most - gate->tries) : 0;
}

enum life_try life_begin_try(struct mbox_gate *gate, size_t most)
{
	if (gate->open)
		return LIFE_FREE;
	if (life_is_locked(gate, most))
		return LIFE_LOCKED;
	gate->tries++;
	return LIFE_TRY;
}

void life_give_back_try(struct mbox_gate *gate)
{
	if (gate->tries > 0)
		gate->tries--;
}

void life_open_gate(struct mbox_gate *gate)
{
	gate->open = true;
	gate->tries = 0;
	gate->told = false;
	gate->has_pin = false;
	memset(gate->pin, 0, sizeof(gate->pin));
}

enum life_pin life_pin_for(const struct settings *settings, const struct mbox_mailbox *mailbox,
			   bool exists, const struct mbox_gate *gate, bool chosen, bool required)
{
	bool wanted = required || settings->mailbox_pin == MAILBOX_PIN_REQUIRE ||
		      (chosen && settings->mailbox_pin == MAILBOX_PIN_ALLOW);

	if (exists && gate->open && gate->has_pin == false && mailbox->opened != 0)
		return LIFE_PIN_PASSED;
	if (exists && !gate->open)
		return chosen ? LIFE_PIN_REPLACED : LIFE_PIN_KEPT;
	return wanted ? LIFE_PIN_NEW : LIFE_PIN_NONE;
}

bool life_may_look_up(const struct mbox_mailbox *mailbox, const struct mbox_gate *gate, bool chosen,
		      bool required)
{
	return !chosen && !required && (mailbox == NULL || mailbox->opened == 0) &&
	       (gate == NULL || gate->open);
}

int64_t life_ends(const struct settings *settings, const struct mbox_mailbox *mailbox)
{
	int64_t unopened =
		num_max(mailbox->created, mailbox->last_letter) + settings->mailbox_unopened * DAY;
	int64_t active;

	if (mailbox->opened == 0)
		return unopened;
	active = num_max(num_max(mailbox->opened, mailbox->active), mailbox->last_letter);
	/* No letter lives less than mailbox_unopened. */
	return num_max(active + settings->mailbox_expire * DAY, unopened);
}

bool life_has_ended(const struct settings *settings, const struct mbox_mailbox *mailbox,
		    int64_t now)
{
	return now >= life_ends(settings, mailbox);
}

bool life_warn_is_due(const struct settings *settings, const struct mbox_mailbox *mailbox,
		      int64_t now)
{
	return settings->mailbox_warn > 0 && mailbox->opened != 0 && mailbox->warned == 0 &&
	       now >= life_ends(settings, mailbox) - settings->mailbox_warn * DAY;
}

void life_login(struct mbox_mailbox *mailbox, int64_t now)
{
	mailbox->active = now;
	mailbox->warned = 0;
}

void life_letter(struct mbox_mailbox *mailbox, int64_t now)
{
	mailbox->last_letter = now;
	mailbox->warned = 0;
}

bool life_token_is_fresh(int64_t time, int64_t now)
{
	return time <= now + TOKEN_AHEAD && time > now - TOKEN_LIFE;
}
