/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings_text - what stands between an admin's file and libconfuse, whose
 * scanner (3.3) reads much that nobody meant to write:
 *
 *   - an unclosed comment or string silently swallows the rest of the file, and
 *     leaves the scanner in that state for the next file;
 *   - a comment counts as up to three lines, and none may stand inside a list;
 *   - ${NAME} is replaced from the environment, in strings and outside;
 *   - `*`, and `+` without `=`, are dropped: "*.example.com" becomes
 *     ".example.com"; `+=` adds to nothing, as defaults are not known to it;
 *   - "\0" ends a string early, and other escapes make bytes nobody can see.
 *
 * Here comments are blanked out and all the rest is refused with a reason. What
 * is left: names, `=`, values with or without quotes, lists in braces. In double
 * quotes there are two escapes, \" and \\; in single quotes \' and \\.
 */
#ifndef POSTSEAL_IO_SETTINGS_TEXT_H
#define POSTSEAL_IO_SETTINGS_TEXT_H

#include <stddef.h>

/*
 * Cleans text[0..len) in place; its lines stay where they are. NULL when it may
 * be given to libconfuse; else what is wrong, for people, and the line, counted
 * from 1, in *line.
 */
const char *settings_text_clean(char *text, size_t len, int *line);

#endif
