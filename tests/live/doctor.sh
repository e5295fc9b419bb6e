# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What `postseal doctor` says in this world. For live cases, which source this.

# Whatever reads a main.cf that is younger than two seconds waits.
doctor_age() {
    touch -d '10 seconds ago' /etc/postfix/main.cf
}

# doctor_line CHECK: health and finding, in one line.
doctor_line() {
    doctor_age
    postseal doctor --json |
        sed -n "s/^{\"check\":\"$1\",.*\"health\":\"\([a-z]*\)\",\"found\":\"\(.*\)\",\"mend\".*/\1 \2/p"
}

doctor_says() {
    matches "$(doctor_line "$1")" "^$2"
}
