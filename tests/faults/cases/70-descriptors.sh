# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Out of descriptors: nobody spins, and who waits is served when there are some again

for round in 1 2; do
    mark
    starve prober nofile
    timeout 5 "$BUILD/postseal" -c "$SEAL_CONF" probe tls.test >/dev/null 2>&1 &
    probe=$!
    check "$round: prober: does not spin" idle prober
    check "$round: prober: what is known is answered" all_answered
    check "$round: prober: says little" quiet prober 16
    wait "$probe"
    feed prober nofile
    check "$round: prober: resumes" resumes

    mark
    starve socketmap nofile
    timeout 5 postmap -q tls.test "$SOCKETMAP:policy" >/dev/null 2>&1 &
    query=$!
    timeout 5 postmap -q self.test "$SOCKETMAP:policy" >/dev/null 2>&1 &
    check "$round: socketmap: does not spin" idle socketmap
    check "$round: socketmap: says little" quiet socketmap 2
    wait "$query" $!
    feed socketmap nofile
    check "$round: socketmap: resumes" resumes

    mark
    starve milter nofile
    check "$round: milter: mail waits" refute serves
    check "$round: milter: says little" quiet milter 8
    feed milter nofile
    check "$round: milter: lives" job_running postseal-milter
    check "$round: milter: resumes" until_true serves
done
