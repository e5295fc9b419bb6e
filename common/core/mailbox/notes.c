/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/notes.h"

#include <string.h>

#include "base/str.h"
#include "base/utc.h"
#include "core/mailbox/b64.h"
#include "core/mailbox/mime.h"

/*
 * Words in braces stand for facts: {site}, {sender}, {name} (the sender's, or else the address),
 * {who} (both), {recipient}, {link}, {code}, {pin}, {date}, {url}. {pin?...} is there only if a
 * PIN is needed, {new?...} if it replaces another, {free?...} if none is needed.
 */
struct text {
	const char *subject, *body;
};

static const struct text english[NOTE_COUNT] = {
	[NOTE_LINK] = { "{name} has sent you a protected letter",
			"Hello,\n"
			"\n"
			"{who} has sent you a letter that is meant for you alone. It is "
			"encrypted and waits for you at {site}.\n"
			"\n"
			"To open it:\n"
			"\n"
			"{link}\n"
			"\n"
			"{pin?You need a PIN for it. {name} gives it to you in another way, for "
			"example by telephone. It does not stand in this mail. If you do not "
			"know this sender, do nothing.\n"
			"\n"
			"}The first time, you choose a password. It is good for later letters as "
			"well, and can never be changed.\n"
			"\n"
			"Does the link not work? Then open {url} in your browser and type this "
			"code:\n"
			"\n"
			"{code}\n"
			"\n"
			"Do not forward this mail: whoever has it can open your mailbox{pin? "
			"with the PIN}.\n"
			"\n"
			"The letter waits for you until {date}.\n"
			"\n"
			"This message was sent by a machine. Replies to it do not arrive. Reply "
			"in the mailbox, or ask {name} in the way that you know.\n" },
	[NOTE_ARRIVED] = { "A new protected letter from {name}",
			   "Hello,\n"
			   "\n"
			   "in your protected mailbox at {site} there is a new letter from {who}.\n"
			   "\n"
			   "{link}\n"
			   "\n"
			   "Log in with the password that you chose.\n"
			   "\n"
			   "{pin?You need a PIN from {name} for it once, which {name} gives you in "
			   "another way, for example by telephone.\n"
			   "\n"
			   "}The letter waits for you until {date}.\n" },
	[NOTE_WARN] = { "Your protected mailbox at {site} will be deleted on {date}",
			"Nothing has happened in your protected mailbox for a long time. On "
			"{date} it will be deleted with all its letters. If you want to keep it, "
			"log in once before:\n"
			"\n"
			"{link}\n" },
	[NOTE_RESTARTED] = { "Your mailbox begins anew",
			     "Your mailbox at {site} was started anew, as {sender} asked. New "
			     "letters need a new password. Letters that are there already stay for "
			     "a while, and open with the old password alone.\n\nIf you did not "
			     "want this, ask {sender}.\n" },
	[NOTE_USE_LINK] = { "Your reply did not arrive",
			    "You replied to a message that was sent by a machine. Your reply was "
			    "not delivered and not kept. To reply in a protected way, open the "
			    "link in that message, and reply in your mailbox.\n" },
	[NOTE_RECEIPT] = { "Sealed for {recipient}",
			   "Your mail to {recipient} was sealed. It waits in a mailbox at {site}; "
			   "the recipient has got a mail with a link to it.\n\n"
			   "{pin?Give {recipient} this PIN, by telephone or in another way than by "
			   "mail:\n\n    {pin}\n\n{new?It replaces the PIN of your earlier "
			   "mails.\n\n}}{free?{recipient} needs no PIN from you.\n\n}{told?You "
			   "will be told when the mailbox is opened for the first time. If that "
			   "was not "
			   "{recipient}, tell your administrator.\n}" },
	[NOTE_RECEIPT_PGP] = { "Encrypted for {recipient}",
			       "Your mail to {recipient} was encrypted with OpenPGP and is on its "
			       "way. {recipient} needs no PIN from you.\n" },
	[NOTE_LOCKED] = { "Locked for {recipient}",
			  "The PIN of your sealed mail to {recipient} was entered wrongly too "
			  "often. Your letters are locked now. Perhaps somebody else has got the "
			  "link, perhaps the PIN was misunderstood: ask {recipient}.\n\nTo unlock, "
			  "ask your administrator (postseal mailbox unlock). PIN and link stay the "
			  "same.\n" },
	[NOTE_OPENED] = { "{recipient} has opened the mailbox",
			  "The mailbox of {recipient} was opened for the first time on "
			  "{date}{own?, with the link of your mail}. If that was not {recipient}, "
			  "tell your administrator at once.\n" },
	[NOTE_UNOPENED] = { "Never opened by {recipient}",
			    "The mailbox of {recipient} was deleted, with your sealed mail in it: "
			    "nobody has opened it.\n" },
	[NOTE_LINK_BOUNCED] = { "Not delivered to {recipient}",
				"The mail with the link to your sealed mail could not be delivered "
				"to {recipient}. Please check the address. The letter itself was "
				"not sent to anybody.\n" },
	[NOTE_SENDER_RESTARTED] = { "The mailbox of {recipient} begins anew",
				    "The mailbox of {recipient} was started anew. Letters that are "
				    "there open with the old password alone; if {recipient} cannot "
				    "read them, please send them again. Your next letter has a new "
				    "PIN.\n" },
	[NOTE_REPLY_LOST] = { "A reply of {recipient} did not reach you",
			      "{recipient} has answered your sealed mail, but the answer could not "
			      "be delivered to you. If your mail is forwarded to somewhere else, "
			      "that is perhaps why: answers travel encrypted, or not at "
			      "all.\n\nThe answer "
			      "waits among the sent letters in the mailbox of {recipient}, and "
			      "{recipient} does not know of this. Ask {recipient}, and tell your "
			      "administrator.\n" },
	[NOTE_UNREAD] = { "Never read by {recipient}",
			  "The mailbox of {recipient} was deleted, since it was not used any more. "
			  "At least one of your sealed mails in it was never read.\n" },
};

static const struct text german[NOTE_COUNT] = {
	[NOTE_LINK] = { "{name} hat Ihnen einen geschützten Brief geschickt",
			"Guten Tag,\n"
			"\n"
			"{who} hat Ihnen einen Brief geschickt, der nur für Sie bestimmt ist. Er "
			"ist verschlüsselt und liegt für Sie bereit bei {site}.\n"
			"\n"
			"So öffnen Sie ihn:\n"
			"\n"
			"{link}\n"
			"\n"
			"{pin?Sie brauchen dazu eine PIN. {name} gibt sie Ihnen auf einem "
			"anderen Weg, zum Beispiel am Telefon. In dieser E-Mail steht sie nicht. "
			"Wenn Sie den Absender nicht kennen, tun Sie nichts.\n"
			"\n"
			"}Beim ersten Mal wählen Sie ein Passwort. Es gilt auch für spätere "
			"Briefe und lässt sich nicht mehr ändern.\n"
			"\n"
			"Gelingt es mit dem Link nicht? Dann rufen Sie in Ihrem Browser {url} "
			"auf und tippen diesen Code ein:\n"
			"\n"
			"{code}\n"
			"\n"
			"Leiten Sie diese E-Mail nicht weiter: Wer sie hat, kann {pin?mit der "
			"PIN }Ihr Postfach eröffnen.\n"
			"\n"
			"Der Brief liegt bis {date} für Sie bereit.\n"
			"\n"
			"Diese Nachricht wurde automatisch verschickt. Antworten darauf kommen "
			"nicht an. Antworten Sie im Postfach, oder fragen Sie {name} auf dem "
			"Weg, den Sie kennen.\n" },
	[NOTE_ARRIVED] = { "Ein neuer geschützter Brief von {name}",
			   "Guten Tag,\n"
			   "\n"
			   "in Ihrem geschützten Postfach bei {site} liegt ein neuer Brief von "
			   "{who}.\n"
			   "\n"
			   "{link}\n"
			   "\n"
			   "Melden Sie sich mit dem Passwort an, das Sie gewählt haben.\n"
			   "\n"
			   "{pin?Sie brauchen dafür einmal eine PIN von {name}. Sie bekommen sie "
			   "auf einem anderen Weg, zum Beispiel am Telefon.\n"
			   "\n"
			   "}Der Brief liegt bis {date} für Sie bereit.\n" },
	[NOTE_WARN] = { "Ihr geschütztes Postfach bei {site} wird am {date} gelöscht",
			"In Ihrem geschützten Postfach ist lange nichts geschehen. Am {date} "
			"wird es mit allen Briefen gelöscht. Möchten Sie es behalten, melden Sie "
			"sich vorher einmal an:\n"
			"\n"
			"{link}\n" },
	[NOTE_RESTARTED] = { "Ihr Postfach beginnt neu", "Ihr Postfach bei {site} wurde neu "
							 "begonnen, wie {sender} es wünschte. Neue "
							 "Briefe brauchen ein neues Passwort. Die "
							 "Briefe, die schon da sind, bleiben "
							 "eine Weile und öffnen sich nur mit dem "
							 "alten Passwort.\n\nWenn Sie das nicht "
							 "wollten, fragen Sie {sender}.\n" },
	[NOTE_USE_LINK] = { "Ihre Antwort ist nicht angekommen",
			    "Sie haben auf eine Nachricht geantwortet, die von einer Maschine kam. "
			    "Ihre Antwort wurde nicht zugestellt und nicht aufbewahrt. So "
			    "antworten Sie geschützt: Öffnen Sie den Link aus jener Nachricht, und "
			    "antworten Sie in Ihrem Postfach.\n" },
	[NOTE_RECEIPT] = { "Versiegelt für {recipient}",
			   "Ihre Mail an {recipient} wurde versiegelt. Sie liegt in einem Postfach "
			   "bei {site}; der Empfänger hat eine E-Mail mit einem Link dorthin "
			   "bekommen.\n\n"
			   "{pin?Geben Sie {recipient} diese PIN, am Telefon oder auf einem "
			   "anderen Weg als per E-Mail:\n\n    {pin}\n\n{new?Sie ersetzt die PIN "
			   "Ihrer früheren Mails.\n\n}}{free?{recipient} braucht keine PIN von "
			   "Ihnen.\n\n}{told?Sie erfahren, wenn das Postfach zum ersten Mal "
			   "geöffnet wird. Wenn das nicht {recipient} war, sagen Sie es Ihrem "
			   "Administrator.\n}" },
	[NOTE_RECEIPT_PGP] = { "Verschlüsselt für {recipient}",
			       "Ihre Mail an {recipient} wurde mit OpenPGP verschlüsselt und ist "
			       "unterwegs. {recipient} braucht keine PIN von Ihnen.\n" },
	[NOTE_LOCKED] = { "Gesperrt für {recipient}",
			  "Die PIN Ihrer versiegelten Mail an {recipient} wurde zu oft falsch "
			  "eingegeben. Ihre Briefe sind jetzt gesperrt. Vielleicht hat jemand "
			  "anders den Link, vielleicht wurde die PIN falsch verstanden: Fragen Sie "
			  "{recipient}.\n\nEntsperren kann Ihr Administrator (postseal mailbox "
			  "unlock). PIN und Link bleiben dieselben.\n" },
	[NOTE_OPENED] = { "{recipient} hat das Postfach geöffnet",
			  "Das Postfach von {recipient} wurde am {date} zum ersten Mal "
			  "geöffnet{own?, mit dem Link Ihrer Mail}. Wenn das nicht {recipient} "
			  "war, sagen Sie es "
			  "sofort Ihrem Administrator.\n" },
	[NOTE_UNOPENED] = { "Nie geöffnet von {recipient}",
			    "Das Postfach von {recipient} wurde gelöscht, mit Ihrer versiegelten "
			    "Mail darin: Niemand hat es geöffnet.\n" },
	[NOTE_LINK_BOUNCED] = { "Nicht zugestellt an {recipient}",
				"Die E-Mail mit dem Link zu Ihrer versiegelten Mail konnte "
				"{recipient} nicht zugestellt werden. Bitte prüfen Sie die "
				"Adresse. Der Brief selbst wurde niemandem geschickt.\n" },
	[NOTE_SENDER_RESTARTED] = { "Das Postfach von {recipient} beginnt neu",
				    "Das Postfach von {recipient} wurde neu begonnen. Briefe, die "
				    "schon da sind, öffnen sich nur mit dem alten Passwort; kann "
				    "{recipient} sie nicht lesen, schicken Sie sie bitte noch "
				    "einmal. Ihr nächster Brief hat eine neue PIN.\n" },
	[NOTE_REPLY_LOST] = { "Eine Antwort von {recipient} hat Sie nicht erreicht",
			      "{recipient} hat auf Ihre versiegelte Mail geantwortet, aber die "
			      "Antwort konnte Ihnen nicht zugestellt werden. Wenn Ihre Mail "
			      "weitergeleitet wird, liegt es vielleicht daran: Antworten reisen "
			      "verschlüsselt oder gar nicht.\n\nDie Antwort liegt bei den "
			      "gesendeten Briefen im Postfach von {recipient}; dort weiß man davon "
			      "nichts. "
			      "Fragen Sie {recipient}, und sagen Sie es Ihrem Administrator.\n" },
	[NOTE_UNREAD] = { "Nie gelesen von {recipient}",
			  "Das Postfach von {recipient} wurde gelöscht, weil es nicht mehr benutzt "
			  "wurde. Mindestens eine Ihrer versiegelten Mails darin wurde nie "
			  "gelesen.\n" },
};

static bool to_sender(enum note note)
{
	return note >= NOTE_RECEIPT;
}

/* The link, for text; of an open mailbox with the address in it, which is no secret. */
static void put_link(struct buf *out, const struct note_facts *facts)
{
	char code[CODE_SIZE];

	if (facts->secret != NULL) {
		buf_printf(out, "%s/#v1.%s", facts->url, code_format(code, facts->secret));
		return;
	}
	buf_printf(out, "%s/#a.", facts->url);
	b64_put(out, facts->recipient, strlen(facts->recipient));
}

static void put_fact(struct buf *out, const char *word, size_t len, const struct note_facts *facts)
{
	struct span name = { word, len };
	char date[UTC_SIZE], grouped[CODE_GROUPED_SIZE];

	if (span_is(name, "site"))
		buf_append_str(out, facts->site);
	else if (span_is(name, "url"))
		buf_append_str(out, facts->url);
	else if (span_is(name, "name"))
		buf_append_str(out, facts->name[0] != '\0' ? facts->name : facts->sender);
	else if (span_is(name, "who") && facts->name[0] != '\0')
		buf_printf(out, "%s (%s)", facts->name, facts->sender);
	else if (span_is(name, "who") || span_is(name, "sender"))
		buf_append_str(out, facts->sender);
	else if (span_is(name, "recipient"))
		buf_append_str(out, facts->recipient);
	else if (span_is(name, "pin"))
		buf_append_str(out, facts->pin);
	else if (span_is(name, "link"))
		put_link(out, facts);
	else if (span_is(name, "code") && facts->secret != NULL)
		buf_append_str(out, code_format_grouped(grouped, facts->secret));
	else if (span_is(name, "date"))
		buf_append(out, utc_format(date, facts->date), 10);
}

static bool is_so(const char *word, size_t len, const struct note_facts *facts)
{
	struct span name = { word, len };

	if (span_is(name, "pin"))
		return facts->pin_needed;
	if (span_is(name, "new"))
		return facts->pin_replaced;
	if (span_is(name, "told"))
		return facts->opening_is_told;
	if (span_is(name, "own"))
		return facts->own_link;
	return !facts->pin_needed; /* free */
}

/* The text from *at to the closing brace of this level, or to the end. */
static void fill(struct buf *out, const char **at, const struct note_facts *facts, bool show)
{
	while (**at != '\0' && **at != '}') {
		size_t plain = strcspn(*at, "{}"), word;

		if (show)
			buf_append(out, *at, plain);
		*at += plain;
		if (**at != '{')
			continue;
		word = strcspn(*at + 1, "?}");
		if ((*at)[1 + word] == '?') {
			bool inner = show && is_so(*at + 1, word, facts);

			*at += word + 2;
			fill(out, at, facts, inner);
		} else {
			if (show)
				put_fact(out, *at + 1, word, facts);
			*at += word + 1;
		}
		if (**at == '}')
			(*at)++;
	}
}

static void put_filled(struct buf *out, const char *text, const struct note_facts *facts)
{
	fill(out, &text, facts, true);
}

static void put_escaped(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char *entity = text[i] == '&'   ? "&amp;"
				     : text[i] == '<' ? "&lt;"
				     : text[i] == '>' ? "&gt;"
				     : text[i] == '"' ? "&quot;"
						      : NULL;

		if (entity != NULL)
			buf_append_str(out, entity);
		else
			buf_append(out, text + i, 1);
	}
}

/* Text as HTML: a paragraph for each block; the block that is the link becomes a button. */
static void put_html(struct buf *out, const char *text, const char *link, const char *button)
{
	while (*text != '\0') {
		const char *end = strstr(text, "\n\n");
		size_t len = end != NULL ? (size_t)(end - text) : strcspn(text, "");

		while (len > 0 && text[len - 1] == '\n')
			len--;
		if (strlen(link) == len && memcmp(text, link, len) == 0) {
			buf_append_str(out, "<p><a href=\"");
			put_escaped(out, link, len);
			buf_printf(out,
				   "\" style=\"display:inline-block;padding:12px 24px;"
				   "background:#1a5fb4;color:#fff;border-radius:6px;"
				   "text-decoration:none;font-weight:bold\">%s</a></p>\n",
				   button);
		} else {
			buf_append_str(out, "<p>");
			put_escaped(out, text, len);
			buf_append_str(out, "</p>\n");
		}
		text = end != NULL ? end + 2 : text + strlen(text);
	}
}

static void put_headers(struct buf *out, enum note note, const struct note_facts *facts,
			const char *subject)
{
	const char *display = to_sender(note)          ? facts->site
			      : facts->name[0] != '\0' ? facts->name
						       : facts->sender;
	char shown[MBOX_NAME_SIZE + SEAL_ADDRESS_SIZE];

	/* The name is the sender's, the address ours: the sender's address would fail SPF and
	 * DKIM. */
	if (!to_sender(note) &&
	    str_join(shown, sizeof(shown), display, " (", facts->site, ")", NULL))
		display = shown;
	mime_put_address(out, "From", display, facts->from);
	mime_put_address(out, "To", "", facts->to);
	mime_put_text(out, "Subject", subject);
	mime_put_date(out, facts->now);
	buf_printf(out, "Message-ID: %s\r\n", facts->message_id);
	if (facts->in_reply_to[0] != '\0')
		buf_printf(out, "In-Reply-To: %s\r\nReferences: %s\r\n", facts->in_reply_to,
			   facts->in_reply_to);
	if (note == NOTE_RECEIPT && facts->pin_needed)
		buf_printf(out, "X-Postseal-PIN: %s %s\r\n", facts->recipient, facts->pin);
	buf_append_str(out, note == NOTE_USE_LINK ? "Auto-Submitted: auto-replied\r\n"
						  : "Auto-Submitted: auto-generated\r\n");
	buf_append_str(out, "MIME-Version: 1.0\r\n");
}

static void put_part(struct buf *out, const char *type, const struct buf *text)
{
	buf_printf(out,
		   "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: "
		   "quoted-printable\r\n\r\n",
		   type);
	mime_put_quoted(out, text->data, text->len);
}

/* In one language, or in both: German first where that is the recipient's. */
static void put_body(struct buf *text, struct buf *html, enum note note,
		     const struct note_facts *facts)
{
	bool both = to_sender(note) || facts->language == MBOX_LANGUAGE_NONE;
	bool with_german = both || facts->language == MBOX_LANGUAGE_DE;
	bool with_english = both || facts->language == MBOX_LANGUAGE_EN;
	struct buf link = { 0 }, part = { 0 };

	put_link(&link, facts);
	if (with_english) {
		put_filled(&part, english[note].body, facts);
		buf_append(text, part.data, part.len);
		put_html(html, buf_cstr(&part), buf_cstr(&link), "Open the letter");
	}
	if (both) {
		buf_append_str(text, "\n* * *\n\n");
		buf_append_str(html, "<hr>\n");
	}
	if (with_german) {
		part.len = 0;
		put_filled(&part, german[note].body, facts);
		buf_append(text, part.data, part.len);
		put_html(html, buf_cstr(&part), buf_cstr(&link), "Brief öffnen");
	}
	buf_free(&link);
	buf_free(&part);
}

static void put_subject(struct buf *subject, enum note note, const struct note_facts *facts)
{
	bool both = to_sender(note) || facts->language == MBOX_LANGUAGE_NONE;

	if (both || facts->language == MBOX_LANGUAGE_EN)
		put_filled(subject, english[note].subject, facts);
	if (both)
		buf_append_str(subject, " / ");
	if (both || facts->language == MBOX_LANGUAGE_DE)
		put_filled(subject, german[note].subject, facts);
}

const char *note_from_fault(const struct settings *settings)
{
	if (settings->mailbox_from[0] == '\0')
		return "is not set: receipts and notices would be lost where they cannot be "
		       "delivered";
	/* Map `transport` would lead mail from such a sender to the intake, which cannot use it. */
	if (str_equal_nocase(seal_address_domain(settings->mailbox_from), settings->mailbox_domain))
		return "is an address of mailbox_domain: receipts and notices would come to the "
		       "intake, and be lost";
	return NULL;
}

void note_write(struct buf *out, enum note note, const struct note_facts *facts)
{
	static const char boundary[] = "=_postseal_note";
	struct buf subject = { 0 }, text = { 0 }, html = { 0 };

	put_subject(&subject, note, facts);
	put_headers(out, note, facts, buf_cstr(&subject));
	put_body(&text, &html, note, facts);
	if (note == NOTE_LINK || note == NOTE_ARRIVED || note == NOTE_WARN) {
		struct buf page = { 0 };

		buf_append_str(&page, "<!DOCTYPE html>\n<html><body style=\"font-family:sans-serif;"
				      "line-height:1.5;max-width:40em\">\n");
		buf_append(&page, html.data, html.len);
		buf_append_str(&page, "</body></html>\n");
		buf_printf(out,
			   "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n",
			   boundary, boundary);
		put_part(out, "text/plain", &text);
		buf_printf(out, "\r\n--%s\r\n", boundary);
		put_part(out, "text/html", &page);
		buf_printf(out, "\r\n--%s--\r\n", boundary);
		buf_free(&page);
	} else {
		put_part(out, "text/plain", &text);
	}
	buf_free(&subject);
	buf_free(&text);
	buf_free(&html);
}
