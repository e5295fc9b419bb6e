/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks at a message's headers, and edits them. */
#include "milter/message.h"

#include <string.h>

#include "base/log.h"
#include "core/protocol/milter_packet.h"
#include "milter/aliases.h"

/* Questions for the headers of one message; each may take seconds. */
#define STRANGERS_ASKED_MAX 8

/* An alias that is switched off may be named. Nobody writes in the name of so many aliases. */
static enum lookup is_stranger_sealed(struct message *message, const struct settings *settings)
{
	const struct secure_address *stranger = &message->stranger;
	struct secure_record record = secure_not_asked;
	enum lookup sealed = secure_is_sealed(settings, stranger, &record);

	if (sealed != LOOKUP_ERROR)
		return sealed;
	if (message->strangers_asked++ == STRANGERS_ASKED_MAX)
		return LOOKUP_FOUND;
	aliases_look_up(&record, settings, &stranger->alias, "");
	return secure_is_sealed(settings, stranger, &record);
}

static void look_for_strangers(struct message *message, const struct settings *settings,
			       const char *header, const char *value)
{
	struct authors walk;

	authors_begin(&walk, value);
	while (message->names_stranger == LOOKUP_ABSENT &&
	       secure_next_stranger(&message->stranger, &walk, settings, &message->sender)) {
		message->stranger_header = header;
		message->names_stranger = is_stranger_sealed(message, settings);
	}
}

static void look_for_forgery(struct message *message, const char *value)
{
	message->authres_seen++;
	if (!message->tells_tls || message->authres[0] == '\0' ||
	    !authres_claims_tls(value, message->authserv_id))
		return;
	if (message->forged_count < MESSAGE_FORGED_MAX)
		message->forged[message->forged_count] = message->authres_seen;
	message->forged_count++;
}

void message_header(struct message *message, const struct settings *settings, const char *name,
		    const char *value)
{
	const char *header = authors_header(name);

	sealing_header(&message->sealing, settings, name, value);

	if (header != NULL && message->logged_in)
		look_for_strangers(message, settings, header, value);
	if (secure_header_waives_tls(name))
		message->waives_tls = true;
	if (authres_is_header(name))
		look_for_forgery(message, value);
}

/* Without a name of ours there is nothing to write, and nothing to forge. */
void message_prepare_authres(struct message *message, const struct settings *settings,
			     const char *mta, const struct authres_tls *tls)
{
	const char *id = settings->authserv_id[0] != '\0' ? settings->authserv_id : mta;

	if (id != NULL && domain_fold(message->authserv_id, id, strlen(id)))
		authres_tls(message->authres, message->authserv_id, tls);
}

bool message_edit_authres(struct buf *edits, const struct message *message, uint32_t actions)
{
	if (message->forged_count > 0 && (actions & MILTER_MAY_CHANGE_HEADERS) == 0) {
		log_error(
			"the MTA does not let this milter remove a forged header " AUTHRES_HEADER);
		return false;
	}
	/* From the last to the first: when one is removed, those after it move up. */
	for (size_t i = message->forged_count; i > 0; i--)
		milter_write_header(edits, MILTER_CHANGE_HEADER, (uint32_t)message->forged[i - 1],
				    AUTHRES_HEADER, "");
	if (!message->tells_tls || message->authres[0] == '\0')
		return true;
	if ((actions & MILTER_MAY_ADD_HEADERS) == 0)
		log_warning("the MTA does not let this milter add the header " AUTHRES_HEADER);
	else
		milter_write_header(edits, MILTER_INSERT_HEADER, 0, AUTHRES_HEADER,
				    message->authres);
	return true;
}
