/* SPDX-License-Identifier: BSD-2-Clause */
#include "socketmap/tally.h"

static unsigned counted(enum verdict verdict, enum level level)
{
	switch (verdict) {
	case VERDICT_POLICY:
		return level;
	case VERDICT_NOTFOUND:
		return LEVEL_NONE;
	case VERDICT_TEMP:
		break;
	}
	return METRIC_ANSWER_TEMP;
}

void tally_decision(enum map map, const struct decision *decision)
{
	tally_answer(map, counted(decision->verdict, decision->level));
	if (decide_holds_back(decision))
		metrics_count(
			METRIC1(WOULD, counted(decision->would.verdict, decision->would.level)));
	metrics_count(METRIC1(RULES, decision->rule - RULE_OVERRIDE));
}

void tally_reply(enum map map, const char *reply)
{
	if (reply[0] == 'O')
		tally_answer(map, METRIC_ANSWER_OK);
	else
		tally_answer(map, reply[0] == 'N' ? LEVEL_NONE : METRIC_ANSWER_TEMP);
}
