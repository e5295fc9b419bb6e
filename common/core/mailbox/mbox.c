/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/mailbox/mbox.h"

#include <string.h>

#include "base/str.h"
#include "core/record/wire.h"

#define VERSION 1
enum {
	MAILBOX = 'M',
	LETTER = 'L',
	LINK = 'K',
	GATE = 'G',
	SEEN = 'S',
	UPLOAD = 'U',
	DRAFT = 'D',
	OUTGOING = 'O',
	ADDRESS = 'A'
};

static void open_record(struct buf *out, uint8_t kind)
{
	wire_put_u8(out, kind);
	wire_put_u8(out, VERSION);
}

static void put_handle(struct buf *out, const struct handle *handle)
{
	buf_append(out, handle->bytes, HANDLE_SIZE);
}

/* UTF-8 as it stands, without NUL. */
static void get_name(struct wire *wire, char *dst, size_t size)
{
	size_t len;
	const char *text = wire_get_string(wire, &len);

	if (text == NULL || memchr(text, '\0', len) != NULL || !str_copy_n(dst, size, text, len))
		wire->ok = false;
}

static uint32_t get_u32(struct wire *wire)
{
	uint64_t value = wire_get_number(wire);

	if (value > UINT32_MAX)
		wire->ok = false;
	return (uint32_t)value;
}

void mbox_put_mailbox(struct buf *out, const struct mbox_mailbox *m)
{
	open_record(out, MAILBOX);
	wire_put_name(out, m->address);
	wire_put_time(out, m->created);
	wire_put_time(out, m->opened);
	wire_put_time(out, m->active);
	wire_put_time(out, m->last_letter);
	wire_put_time(out, m->warned);
	wire_put_u8(out, m->retired);
	wire_put_u8(out, (uint8_t)m->language);
	if (m->opened == 0)
		return;
	buf_append(out, m->public_key, sizeof(m->public_key));
	buf_append(out, m->auth_hash, sizeof(m->auth_hash));
	buf_append(out, m->wrapped, sizeof(m->wrapped));
	wire_put_number(out, m->memory);
	wire_put_number(out, m->passes);
	wire_put_number(out, m->lanes);
	wire_put_time(out, m->reply_day);
	wire_put_number(out, m->replies);
}

bool mbox_get_mailbox(struct mbox_mailbox *m, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, MAILBOX, VERSION);

	*m = (struct mbox_mailbox){ 0 };
	get_name(&wire, m->address, sizeof(m->address));
	m->created = wire_get_time(&wire);
	m->opened = wire_get_time(&wire);
	m->active = wire_get_time(&wire);
	m->last_letter = wire_get_time(&wire);
	m->warned = wire_get_time(&wire);
	m->retired = wire_get_bool(&wire);
	m->language = (enum mbox_language)wire_get_small(&wire, MBOX_LANGUAGE_EN);
	if (m->opened != 0) {
		wire_get_bytes(&wire, m->public_key, sizeof(m->public_key));
		wire_get_bytes(&wire, m->auth_hash, sizeof(m->auth_hash));
		wire_get_bytes(&wire, m->wrapped, sizeof(m->wrapped));
		m->memory = get_u32(&wire);
		m->passes = get_u32(&wire);
		m->lanes = get_u32(&wire);
		m->reply_day = wire_get_time(&wire);
		m->replies = get_u32(&wire);
	}
	return wire_close(&wire);
}

void mbox_put_letter(struct buf *out, const struct mbox_letter *l)
{
	open_record(out, LETTER);
	wire_put_u8(out, (uint8_t)l->box);
	wire_put_name(out, l->sender);
	wire_put_name(out, l->name);
	wire_put_name(out, l->message_id);
	wire_put_time(out, l->date);
	wire_put_number(out, l->size);
	wire_put_u8(out, l->read);
	wire_put_u8(out, l->has_key);
	if (l->has_key)
		buf_append(out, l->key, sizeof(l->key));
	wire_put_number(out, l->links);
	for (size_t i = 0; i < l->links; i++) {
		put_handle(out, &l->link[i].link);
		buf_append(out, l->link[i].key, sizeof(l->link[i].key));
	}
	wire_put_number(out, l->summary_len);
	buf_append(out, l->summary, l->summary_len);
}

bool mbox_get_letter(struct mbox_letter *l, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, LETTER, VERSION);

	l->box = (enum mbox_box)wire_get_small(&wire, MBOX_SENT);
	get_name(&wire, l->sender, sizeof(l->sender));
	get_name(&wire, l->name, sizeof(l->name));
	get_name(&wire, l->message_id, sizeof(l->message_id));
	l->date = wire_get_time(&wire);
	l->size = wire_get_number(&wire);
	l->read = wire_get_bool(&wire);
	l->has_key = wire_get_bool(&wire);
	if (l->has_key)
		wire_get_bytes(&wire, l->key, sizeof(l->key));
	l->links = wire_get_number(&wire);
	if (l->links > MBOX_LINKS_MAX)
		return false;
	for (size_t i = 0; i < l->links; i++) {
		wire_get_bytes(&wire, l->link[i].link.bytes, HANDLE_SIZE);
		wire_get_bytes(&wire, l->link[i].key, sizeof(l->link[i].key));
	}
	l->summary_len = wire_get_number(&wire);
	if (l->summary_len > MBOX_SUMMARY_MAX)
		return false;
	wire_get_bytes(&wire, l->summary, l->summary_len);
	return wire_close(&wire);
}

void mbox_put_link(struct buf *out, const struct mbox_link *l)
{
	open_record(out, LINK);
	put_handle(out, &l->mailbox);
	put_handle(out, &l->handle);
	wire_put_name(out, l->sender);
	wire_put_name(out, l->name);
	wire_put_time(out, l->date);
	buf_append(out, l->public_key, sizeof(l->public_key));
}

bool mbox_get_link(struct mbox_link *l, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, LINK, VERSION);

	wire_get_bytes(&wire, l->mailbox.bytes, HANDLE_SIZE);
	wire_get_bytes(&wire, l->handle.bytes, HANDLE_SIZE);
	get_name(&wire, l->sender, sizeof(l->sender));
	get_name(&wire, l->name, sizeof(l->name));
	l->date = wire_get_time(&wire);
	wire_get_bytes(&wire, l->public_key, sizeof(l->public_key));
	return wire_close(&wire);
}

void mbox_put_gate(struct buf *out, const struct mbox_gate *g)
{
	open_record(out, GATE);
	wire_put_name(out, g->sender);
	wire_put_u8(out, g->open);
	wire_put_number(out, g->tries);
	wire_put_u8(out, g->told);
	wire_put_u8(out, g->has_pin);
	if (g->has_pin)
		buf_append(out, g->pin, sizeof(g->pin));
}

bool mbox_get_gate(struct mbox_gate *g, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, GATE, VERSION);

	*g = (struct mbox_gate){ 0 };
	get_name(&wire, g->sender, sizeof(g->sender));
	g->open = wire_get_bool(&wire);
	g->tries = get_u32(&wire);
	g->told = wire_get_bool(&wire);
	g->has_pin = wire_get_bool(&wire);
	if (g->has_pin)
		wire_get_bytes(&wire, g->pin, sizeof(g->pin));
	return wire_close(&wire);
}

void mbox_put_seen(struct buf *out, const struct mbox_seen *s)
{
	open_record(out, SEEN);
	wire_put_time(out, s->date);
}

bool mbox_get_seen(struct mbox_seen *s, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, SEEN, VERSION);

	s->date = wire_get_time(&wire);
	return wire_close(&wire);
}

void mbox_put_upload(struct buf *out, const struct mbox_upload *u)
{
	open_record(out, UPLOAD);
	wire_put_time(out, u->date);
	wire_put_number(out, u->size);
	wire_put_number(out, u->have);
}

bool mbox_get_upload(struct mbox_upload *u, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, UPLOAD, VERSION);

	u->date = wire_get_time(&wire);
	u->size = wire_get_number(&wire);
	u->have = wire_get_number(&wire);
	return wire_close(&wire) && u->have <= u->size;
}

void mbox_put_draft(struct buf *out, const struct mbox_draft *d)
{
	open_record(out, DRAFT);
	wire_put_time(out, d->date);
	put_handle(out, &d->letter);
	buf_append(out, d->key, sizeof(d->key));
	wire_put_number(out, d->len);
	buf_append(out, d->body, d->len);
}

bool mbox_get_draft(struct mbox_draft *d, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, DRAFT, VERSION);
	const unsigned char *body;

	d->date = wire_get_time(&wire);
	wire_get_bytes(&wire, d->letter.bytes, HANDLE_SIZE);
	wire_get_bytes(&wire, d->key, sizeof(d->key));
	d->len = wire_get_number(&wire);
	if (d->len > MBOX_DRAFT_MAX + VAULT_EXTRA)
		return false;
	body = wire_take(&wire, d->len);
	d->body = (unsigned char *)(uintptr_t)body;
	return wire_close(&wire);
}

void mbox_put_outgoing(struct buf *out, const struct mbox_outgoing *o)
{
	open_record(out, OUTGOING);
	wire_put_time(out, o->date);
	wire_put_u8(out, o->note);
	wire_put_name(out, o->from);
	wire_put_name(out, o->to);
	put_handle(out, &o->mailbox);
	put_handle(out, &o->letter);
	put_handle(out, &o->key);
	wire_put_number(out, o->len);
	buf_append(out, o->body, o->len);
}

bool mbox_get_outgoing(struct mbox_outgoing *o, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, OUTGOING, VERSION);
	const unsigned char *body;

	o->date = wire_get_time(&wire);
	o->note = (uint8_t)wire_get_small(&wire, UINT8_MAX);
	get_name(&wire, o->from, sizeof(o->from));
	get_name(&wire, o->to, sizeof(o->to));
	wire_get_bytes(&wire, o->mailbox.bytes, HANDLE_SIZE);
	wire_get_bytes(&wire, o->letter.bytes, HANDLE_SIZE);
	wire_get_bytes(&wire, o->key.bytes, HANDLE_SIZE);
	o->len = wire_get_number(&wire);
	if (o->len > MBOX_OUTGOING_MAX)
		return false;
	body = wire_take(&wire, o->len);
	o->body = (unsigned char *)(uintptr_t)body;
	return wire_close(&wire);
}

void mbox_put_address(struct buf *out, const struct mbox_address *a)
{
	open_record(out, ADDRESS);
	wire_put_number(out, a->count);
	for (size_t i = 0; i < a->count; i++)
		put_handle(out, &a->mailbox[i]);
}

bool mbox_get_address(struct mbox_address *a, const void *octets, size_t len)
{
	struct wire wire = wire_open(octets, len, ADDRESS, VERSION);

	a->count = wire_get_number(&wire);
	if (a->count > MBOX_PER_ADDRESS_MAX)
		return false;
	for (size_t i = 0; i < a->count; i++)
		wire_get_bytes(&wire, a->mailbox[i].bytes, HANDLE_SIZE);
	return wire_close(&wire);
}
