/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/secure/secure_answer.h"

void secure_answer_refuse(struct secure_answer *answer, const char *status)
{
	*answer = (struct secure_answer){ .refused = true, .code = "550", .status = status };
}

void secure_answer_put_off(struct secure_answer *answer)
{
	*answer = (struct secure_answer){ .refused = true, .code = "451", .status = "4.7.1" };
}
