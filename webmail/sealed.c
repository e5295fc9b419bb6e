/* SPDX-License-Identifier: BSD-2-Clause */
#include "webmail/sealed.h"

#include "base/mem.h"
#include "webmail/answer.h"

#include <stdlib.h>

struct sealed {
	const struct settings *settings;
};

struct sealed *sealed_new(const struct settings *settings)
{
	struct sealed *sealed = mem_zero(1, sizeof(*sealed));

	sealed->settings = settings;
	return sealed;
}

void sealed_reload(struct sealed *sealed, const struct settings *settings)
{
	sealed->settings = settings;
}

void sealed_free(struct sealed *sealed)
{
	free(sealed);
}

void sealed_answer(struct sealed *sealed, const char *user, const struct webmail_request *call,
		   struct http_request *request)
{
	(void)sealed;
	(void)user;
	(void)call;
	answer_error(request, 503, "not-set-up", "sealed mail is not set up on this server");
}
