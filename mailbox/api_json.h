/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * api_json - reading the bodies of requests, strictly (postseal-mailbox-api(5), "HTTP"): one
 * object, each member once, none missing, none that the table does not name.
 */
#ifndef POSTSEAL_MAILBOX_API_JSON_H
#define POSTSEAL_MAILBOX_API_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum api_kind {
	API_TEXT,   /* const char **: UTF-8 without NUL; as long as the object */
	API_OCTETS, /* `size` octets from b64 */
	API_NUMBER, /* uint64_t *: not negative */
	API_LIST    /* json_t **: an array of at most `size`; as long as the object */
};

struct api_field {
	const char *name;
	enum api_kind kind;
	void *dst;
	size_t size;
	bool *present; /* NULL: it has to be there; else whether it was */
};

#define API_LIST_MAX 1000

/* NULL: malformed. json_decref it in the end. */
json_t *api_read(struct span body, const struct api_field *fields, size_t count);
/* The same of an object in a list. */
bool api_read_object(json_t *object, const struct api_field *fields, size_t count);

#endif
