# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The clock jumps by an hour and by ten years, both ways: no floor falls, and looking goes on

SKEW=$WORLD/skew
skewed() {
    printf '%+020d' "$1" 1<>"$SKEW"
}

HOUR=3600
TEN_YEARS=$((3653 * 86400))
skewed 0
preloading skew "SKEW_FILE=$SKEW"

check 'an override for half an hour' postseal override set plain.test exact encrypt \
    --reason clock --expires 30min
# One for each: what was forgotten at a time to come is believed again only then.
declare -A UNKNOWN=([$HOUR]=hour-ahead [-$HOUR]=hour-behind
    [$TEN_YEARS]=years-ahead [-$TEN_YEARS]=years-behind)
for jump in $HOUR -$HOUR $TEN_YEARS -$TEN_YEARS; do
    mark
    skewed "$jump"
    check "by $jump s: the law holds" law_holds
    check "by $jump s: somebody known is looked at" postseal probe self.test
    check "by $jump s: and answered" until_true answers self.test encrypt
    check "by $jump s: a domain nobody knew is, too" \
        until_true answers "${UNKNOWN[$jump]}.test" encrypt
    ((jump < 0)) || check "by $jump s: the override is over" until_true answers plain.test NOTFOUND
    check "by $jump s: the prober says little" quiet prober 4
    check "by $jump s: the socketmap says little" quiet socketmap 4
    skewed 0
    check "back from $jump s: the law holds" law_holds
    check "back from $jump s: the override is in force" answers plain.test encrypt
    # What was seen in a future that did not come is not what is believed now.
    check "back from $jump s: what is seen now is shown" seen_now self.test
    check "back from $jump s: nothing is looked at over and over" settles self.test
done
postseal override clear plain.test >/dev/null

# Downgrades, too, when the latest TLS was seen in that future.
postseal probe loses.test >/dev/null
skewed "$TEN_YEARS"
postseal probe loses.test >/dev/null
skewed 0
receiver_tls mx.loses.test off
postseal probe loses.test >/dev/null
check 'TLS lost after all that: still held to it' answers loses.test encrypt
receiver_tls mx.loses.test on
preloading
