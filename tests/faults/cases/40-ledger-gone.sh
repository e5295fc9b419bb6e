# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The ledger's directory is gone, and comes back: nobody is let go meanwhile

PLACE=$SEAL/ledger
for round in 1 2 3; do
    mark
    mv "$PLACE" "$SEAL/elsewhere"
    check "$round: gone: the law holds" law_holds
    check "$round: gone: what is known is answered" all_answered
    check "$round: gone: nobody makes another" refute test -e "$PLACE/data.mdb"
    check "$round: gone: \`postseal\` says so" refute postseal status x@tls.test
    seal_kill socketmap
    seal_start socketmap
    check "$round: gone when it starts: mail waits" answers tls.test TEMP
    check "$round: gone when it starts: that is said" until_true says socketmap 'there is no ledger at'
    for ((i = 0; i < 20; i++)); do
        ask policy tls.test >/dev/null
    done
    check "$round: and once" quiet socketmap 2
    # As when a disk is mounted there: a daemon that starts makes the directory.
    rmdir "$PLACE" 2>/dev/null
    mv "$SEAL/elsewhere" "$PLACE"
    check "$round: back: service resumes by itself" resumes
done
