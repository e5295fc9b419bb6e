/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings_value - how values of each kind are checked, kept and shown: the
 * functions that the rows of the settings table name (core/settings/settings.c), and
 * nobody else. See struct setting for what `put` and `show` promise.
 */
#ifndef POSTSEAL_CORE_SETTINGS_VALUE_H
#define POSTSEAL_CORE_SETTINGS_VALUE_H

#include "core/settings/settings.h"

typedef bool setting_put_fn(struct settings *settings, const struct setting *self,
			    const char *const *values, size_t count, struct setting_fault *fault);
typedef void setting_show_fn(const struct settings *settings, const struct setting *self,
			     struct buf *out);

/* Kept in char *. */
setting_put_fn setting_put_path, setting_put_path_or_none;
setting_put_fn setting_put_name_or_none; /* folded (domain.h) */
setting_put_fn setting_put_label;        /* "", or 1 to 64 letters, digits, '.', '-', '_' */
setting_put_fn setting_put_delimiters;
setting_put_fn setting_put_ciphers; /* what only OpenSSL can understand */
setting_put_fn setting_put_endpoint;
setting_put_fn setting_put_text;            /* of people: UTF-8 without control characters */
setting_put_fn setting_put_url_or_none;     /* https, host, port; folded, without "/" at the end */
setting_put_fn setting_put_address_or_none; /* as seal_address_take has it */
setting_put_fn setting_put_ascii_address_or_none;
setting_show_fn setting_show_string;

/* Kept in a number of any width; choices as their index, or in a set as their bit. */
setting_put_fn setting_put_bool, setting_put_number, setting_put_choice, setting_put_set;
setting_put_fn setting_put_some;        /* a set that is not empty */
setting_put_fn setting_put_tls_version; /* a choice, kept as on the wire */
setting_show_fn setting_show_bool, setting_show_number, setting_show_choice, setting_show_set;
setting_show_fn setting_show_tls_version;

/* Kept in struct string_list. */
setting_put_fn setting_put_endpoints, setting_put_resolvers, setting_put_domains;
setting_put_fn setting_put_pairs; /* "DOMAIN=DOMAIN", folded; what stands on the left stands once */
setting_put_fn setting_put_names; /* of local users */
setting_put_fn setting_put_words; /* an absolute path, and arguments; printable ASCII */
setting_show_fn setting_show_list;
/* For who writes a put function elsewhere: these two do what put functions have to do. */
bool setting_fault_at(struct setting_fault *fault, size_t index, const char *expected);
void setting_store_string(struct settings *settings, const struct setting *self, const char *value);
void string_list_free(struct string_list *list);

/* local_networks only. */
setting_put_fn setting_put_networks;
setting_show_fn setting_show_networks;

#endif
