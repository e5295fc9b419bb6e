/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pin - the digits that a sender gives a recipient over another channel: which of them are good
 * enough, and how new ones are made.
 */
#ifndef POSTSEAL_CORE_MAILBOX_PIN_H
#define POSTSEAL_CORE_MAILBOX_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mailbox/token.h"

#define PIN_MIN 4

/* PIN_MIN to PIN_DIGITS_MAX digits and nothing else. */
bool pin_is_digits(const char *pin);

/*
 * NULL if a PIN may be used, else the reason, as the end of "the PIN ...". These are guessed
 * first, and so refused: digits that all run up or down, fewer than three different ones, the
 * same group again (12341234), a date of the last or the next hundred years, fewer than `least`
 * digits.
 */
const char *pin_weakness(const char *pin, size_t least);

/*
 * Makes a PIN of `length` digits from random octets. False: they make a weak PIN, or would favour
 * some digits; take other octets.
 */
bool pin_make(char pin[PIN_SIZE], size_t length, const unsigned char *octets);

#endif
