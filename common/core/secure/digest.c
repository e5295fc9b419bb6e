/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/refusals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/utc.h"
#include "core/secure/exceptions.h"

/* RFC 5322 3.2.3 */
static bool is_atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

/* Atoms with single dots between them. */
static bool is_dot_atom(const char *text)
{
	char before = '.';

	for (; *text != '\0'; before = *text++)
		if (!is_atext(*text) && !(*text == '.' && before != '.'))
			return false;
	return before != '.';
}

bool digest_address(char dst[DIGEST_ADDRESS_SIZE], const char *mailbox)
{
	char key[ALIAS_ADDRESS_SIZE];
	struct mailaddr addr;
	size_t used = 0;

	dst[0] = '\0';
	if (mailaddr_parse(&addr, mailbox, strlen(mailbox), "") != MAILADDR_OK ||
	    !alias_key(key, &addr))
		return false;
	if (is_dot_atom(addr.local))
		return str_copy(dst, DIGEST_ADDRESS_SIZE, key);
	dst[used++] = '"';
	for (const char *p = addr.local; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			dst[used++] = '\\';
		dst[used++] = *p;
	}
	dst[used++] = '"';
	snprintf(dst + used, DIGEST_ADDRESS_SIZE - used, "@%s", addr.domain);
	return true;
}

static void put_header(struct buf *out, const char *to, const char *domain, size_t aliases,
		       int64_t now)
{
	char date[UTC_MAIL_SIZE];

	buf_printf(out, "From: postseal <postmaster@%s>\nTo: <%s>\n", domain, to);
	buf_printf(out, "Subject: Mail refused at your secure address%s\n",
		   aliases == 1 ? "" : "es");
	buf_printf(out, "Date: %s\n", utc_format_mail(date, now));
	buf_printf(out, "Message-ID: <postseal-digest.%" PRId64 ".%016" PRIx64 "@%s>\n", now,
		   num_fnv(NUM_FNV, to, strlen(to)), domain);
	buf_append_str(out, "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
			    "Content-Type: text/plain; charset=us-ascii\n"
			    "Content-Transfer-Encoding: 7bit\n\n");
}

static const char *why(enum refusal_cause cause)
{
	switch (cause) {
	case REFUSAL_NO_TLS:
		return "the sending server did not use TLS";
	case REFUSAL_OLD_TLS:
		return "the sending server used an old version of TLS";
	case REFUSAL_HIDDEN_TLS:
		break;
	}
	return "our own server could not tell; please write to your postmaster";
}

static void put_refused(struct buf *out, const struct refused_sender *refused)
{
	char date[UTC_SIZE];

	utc_format(date, refused->last);
	if (refused->sender[0] == '\0')
		buf_append_str(out, "  A server, without a sender (a bounce or a receipt)\n");
	else
		buf_printf(out, "  <%s>\n", refused->sender);
	buf_printf(out, "      %" PRId64 " time%s, last %.10s %.5s UTC from %s\n      %s\n",
		   refused->count, refused->count == 1 ? "" : "s", date, date + 11, refused->client,
		   why(refused->cause));
}

static void put_part(struct buf *out, const struct digest_part *part)
{
	const struct refusals *refusals = &part->refusals;

	if (!refusals_any(refusals))
		return;
	buf_printf(out, "At %s:\n\n", part->alias);
	for (size_t i = 0; i < refusals->count; i++)
		put_refused(out, &refusals->list[i]);
	if (refusals->others > 0)
		buf_printf(out, "  Others, %" PRId64 " time%s\n", refusals->others,
			   refusals->others == 1 ? "" : "s");
	buf_append_str(out, "\n");
}

/* Only characters that mean nothing to a shell. */
static bool is_tame(const char *address)
{
	return exception_names_sender(address) && address[0] != '-' &&
	       address[strspn(address, "abcdefghijklmnopqrstuvwxyz0123456789@._+=-")] == '\0';
}

/* A forger's name looks like the others: the owner has to say whom to trust. */
static void put_commands(struct buf *out, const struct digest_part *part)
{
	char sender[ALIAS_ADDRESS_SIZE];

	for (size_t i = 0; i < part->refusals.count; i++)
		if (exception_take_sender(sender, part->refusals.list[i].sender) &&
		    sender[0] != '@' && is_tame(sender) && is_tame(part->alias))
			buf_printf(out, "    postseal alias allow %s %s\n", part->alias, sender);
}

static void put_advice(struct buf *out, const char *mailbox, const struct digest_part *parts,
		       size_t count)
{
	buf_append_str(
		out, "Their servers have been told so. If you know a sender, and want their mail:\n"
		     "\n"
		     "- They, or whoever runs their server, can let it use TLS for outgoing mail\n"
		     "  (with Postfix: smtp_tls_security_level = may), and send again.\n");
	buf_printf(out, "- Or they can write to your ordinary address, %s.\n", mailbox);
	buf_append_str(
		out,
		"- Or your postmaster can make an exception for them, for a time. Then mail\n"
		"  from everybody who claims to be them may come in the clear. The command is\n\n");
	for (size_t i = 0; i < count; i++)
		put_commands(out, &parts[i]);
	buf_append_str(out,
		       "    postseal alias allow ALIAS SENDER\n"
		       "\n"
		       "Senders are shown as they named themselves; anybody can claim any name.\n"
		       "You get this message at most once a day, and only after a refusal.\n");
}

bool digest_append(struct buf *out, const char *mailbox, const struct digest_part *parts,
		   size_t count, int64_t now)
{
	char to[DIGEST_ADDRESS_SIZE];
	size_t aliases = 0;

	if (!digest_address(to, mailbox))
		return false;
	for (size_t i = 0; i < count; i++)
		aliases += refusals_any(&parts[i].refusals);
	put_header(out, to, strrchr(to, '@') + 1, aliases, now);
	buf_append_str(out,
		       "Mail to your secure address was refused, because it did not come over an\n"
		       "encrypted connection that is good enough:\n\n");
	for (size_t i = 0; i < count; i++)
		put_part(out, &parts[i]);
	put_advice(out, to, parts, count);
	return true;
}
