/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alias_maps - the maps about secure aliases (DESIGN.md sections 3 and 7):
 *
 *   transport   sender_dependent_default_transport_maps: the transport by which mail from this
 *               address leaves; for an address of `mailbox_domain`, that to the intake of
 *               sealed mail
 *   alias       virtual_alias_maps: the mailbox that a secure address belongs to, with
 *               the address's extension
 *   otherwise   for the milter: "mailbox" if mail from this alias is sealed where its level
 *               cannot be met
 *   exception   for the milter: "ALIAS SENDER"; until when this sender may write to
 *               that address without TLS
 */
#ifndef POSTSEAL_SOCKETMAP_ALIAS_MAPS_H
#define POSTSEAL_SOCKETMAP_ALIAS_MAPS_H

#include "base/buf.h"
#include "core/policy/request.h"
#include "core/settings/settings.h"
#include "io/ledger/ledger.h"

/*
 * request->map is MAP_TRANSPORT, MAP_ALIAS, MAP_OTHERWISE or MAP_EXCEPTION; `now` is wall time.
 * If the ledger cannot be read, the answer is TEMP.
 */
void alias_maps_answer(const struct settings *settings, struct ledger_txn *txn,
		       const struct request *request, int64_t now, struct buf *reply);

/*
 * Postfix asks many times for each mail, nearly always about addresses that are not ours. True if
 * the ledger is not needed; then the reply is made.
 */
bool alias_maps_answer_early(const struct settings *settings, const struct request *request,
			     struct buf *reply);

#endif
