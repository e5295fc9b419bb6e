/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup - the three ways in which a look-up ends. "No" and "don't know" never
 * share a value: taking one for the other is how mail ends up in the clear.
 */
#ifndef POSTSEAL_BASE_LOOKUP_H
#define POSTSEAL_BASE_LOOKUP_H

enum lookup {
	LOOKUP_FOUND,  /* here it is */
	LOOKUP_ABSENT, /* there is none, for certain */
	LOOKUP_ERROR   /* could not tell */
};

#endif
