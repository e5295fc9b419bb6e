# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The resolver is gone and back, over and over

resolver_back() {
    job_start unbound unbound -d -c "$DNS/unbound.conf"
    until_true dns_control status
}

for round in 1 2 3; do
    mark
    job_stop unbound
    check "$round: gone: the law holds" law_holds
    for domain in tls self old dane shared; do
        postseal probe "$domain.test" >/dev/null 2>&1
    done
    check "$round: gone: what is known is answered" all_answered
    check "$round: gone: who is not known waits" answers "gone$round.test" TEMP
    check "$round: gone: one line for each thing looked for" quiet prober 12
    check "$round: gone: the socketmap has nothing to say" quiet socketmap 1
    check "$round: it is back" resolver_back
    check "$round: back: resumes" resumes
    check "$round: back: who was not known is answered" until_true answers "gone$round.test" NOTFOUND
done
