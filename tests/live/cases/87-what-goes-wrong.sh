# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Whatever goes wrong: said once, what and where and what to do, and nothing is changed

WRONG=$WORLD/wrong
mkdir -p "$WRONG"

# says STATUS REGEX COMMAND...: ends like that, and says so on standard error.
says() {
    local want=$1 regex=$2 status=0
    shift 2
    "$@" >"$WRONG/out" 2>"$WRONG/err" </dev/null || status=$?
    equals "$status: $(tr '\n' ' ' <"$WRONG/err")" \
        "$want: $(tr '\n' ' ' <"$WRONG/err")" &&
        matches "$(tr '\n' ' ' <"$WRONG/err")" "$regex"
}

as_user() {
    setpriv --reuid "$1" --regid "$(id -g "$1")" --clear-groups "${@:2}"
}

# conf NAME LINE...: settings of its own, with a ledger and sockets that nobody else has.
conf() {
    local file=$WRONG/$1
    shift
    mkdir -p "$WRONG/ledger" "$WRONG/run"
    printf '%s\n' "ledger = \"$WRONG/ledger\"" "runtime = \"$WRONG/run\"" \
        "socketmap_listen = {\"unix:$WRONG/map\"}" "milter_listen = \"unix:$WRONG/milter\"" \
        "$@" >"$file"
    echo "$file"
}

# --- settings and arguments, of every program ---------------------------------

unknown=$(conf unknown 'smtp_prt = 25')
bad=$(conf bad 'smtp_port = many')
secret=$(conf secret)
chmod 600 "$secret"
for name in postseal-prober postseal-socketmap postseal-milter postseal; do
    program=("$BUILD/$name") arguments=() status=1
    [[ $name != postseal ]] || { arguments=(list); status=2; }
    check "$name: an unknown setting" says "$status" \
        "$unknown:5: found \"smtp_prt\", expected a setting; see postseal.conf\(5\)" \
        "${program[@]}" -c "$unknown" "${arguments[@]}"
    check "$name: a bad value" says "$status" \
        "$bad:5: smtp_port: found \"many\", expected a number from 1 to 65535" \
        "${program[@]}" -c "$bad" "${arguments[@]}"
    check "$name: no such file" says "$status" \
        '/nonexistent/conf: cannot be opened: No such file or directory' \
        "${program[@]}" -c /nonexistent/conf "${arguments[@]}"
    check "$name: a file that it may not read" says "$status" \
        "$secret: cannot be opened: Permission denied" \
        as_user nobody "${program[@]}" -c "$secret" "${arguments[@]}"
    check "$name: an unknown option" says 2 "(invalid|unrecognized) option.*'?-?x'?.*(usage|--help)" \
        "${program[@]}" -x
done
for name in prober socketmap milter; do
    check "postseal-$name: an argument" says 2 'takes no arguments, but there is: "start" usage: ' \
        "$BUILD/postseal-$name" start
    check "postseal-$name: a sink that is none" says 2 \
        '-l is stderr or syslog, not: "file" usage: ' "$BUILD/postseal-$name" -l file
done
# shellcheck disable=SC2016 # the backticks are postseal's
check 'an unknown verb' says 2 'there is no verb "frobnicate"; `postseal --help` lists them' \
    postseal frobnicate
check 'no verb' says 2 'usage: postseal' postseal
check 'a verb without its argument' says 2 'explain: an argument is missing usage: ' postseal explain
check 'an option of another verb' says 2 'there is no option' postseal list --follow
check 'a word that is none' says 2 'after --state write dane, tls, plain, unknown or downgrade' \
    postseal list --state red
check 'an address that is none' says 2 '"a b" is neither a mail address nor a domain; write ' \
    postseal status 'a b'

# --- what is imported ----------------------------------------------------------

answer policy tls.test >/dev/null
postseal export >"$WRONG/before"
head -n 1 "$WRONG/before" >"$WRONG/schema"
sed -i 's/"schema":[0-9]*/"schema":99/' "$WRONG/schema"
echo 'this is not JSON' >"$WRONG/text"
echo '["a","list"]' >"$WRONG/list"
{ head -n 1 "$WRONG/before"; echo '{"record":"domain","domain":7}'; } >"$WRONG/shape"
head -c -20 "$WRONG/before" >"$WRONG/truncated"
: >"$WRONG/empty"
refuses_import() {
    check "import, $1" says 1 "$WRONG/$2: .*$3.*nothing was changed" postseal import "$WRONG/$2"
}
refuses_import 'not JSON' text 'line 1: .*is not JSON'
refuses_import 'not an object' list 'line 1: .*expected an object'
refuses_import 'of another schema' schema 'line 1: .*schema.*99'
refuses_import 'of the wrong shape' shape 'line 2: '
refuses_import 'cut short' truncated '(line [0-9]+: |cut short|ends)'
refuses_import 'empty' empty ''
check 'import, no such file' says 3 'cannot read /nonexistent: No such file' postseal import /nonexistent
postseal export >"$WRONG/after"
check 'import: nothing was changed' cmp "$WRONG/before" "$WRONG/after"

# --- nowhere to write to ---------------------------------------------------------

to_full() {
    "$@" >/dev/full
}
says_full() {
    local status=0
    to_full postseal "$@" 2>"$WRONG/err" || status=$?
    equals "$status" 3 && matches "$(cat "$WRONG/err")" 'cannot write to standard output'
}
for words in list export config 'status x@tls.test' 'explain tls.test' 'list --json' --help --version \
    'list --help'; do
    read -ra words <<<"$words"
    check "standard output is full: ${words[*]}" says_full "${words[@]}"
done
check 'standard output is closed' says 3 'cannot write to standard output' \
    bash -c '"$@" >&-' - "$BUILD/postseal" -c "$SEAL_CONF" export

# --- a second instance, and ports ------------------------------------------------

check 'a second socketmap server' says 1 \
    'socketmap_listen=inet:127.0.0.1:7672: another process listens here \(which one: ss -ltnp\)' \
    "$BUILD/postseal-socketmap" -c "$SEAL_CONF" -u postseal
check 'a second milter' says 1 'milter_listen=inet:127.0.0.1:8689: another process listens here \(which one: ss -ltnp\)' \
    "$BUILD/postseal-milter" -c "$SEAL_CONF" -u postseal
check 'a second prober' says 1 '/run/postseal/prober.sock: another process listens here' \
    "$BUILD/postseal-prober" -c "$SEAL_CONF" -u postseal
conf low 'socketmap_listen = {"inet:127.0.0.1:79"}' 'milter_listen = "inet:127.0.0.1:80"' >/dev/null
sed -i '3,4d' "$WRONG/low"
chown postseal: "$WRONG/ledger" "$WRONG/run"
check 'a port that it may not have: socketmap' says 1 \
    'socketmap_listen=inet:127.0.0.1:79: ports below 1024 are for root: take another' \
    as_user postseal "$BUILD/postseal-socketmap" -c "$WRONG/low"
check 'a port that it may not have: milter' says 1 'milter_listen=inet:127.0.0.1:80: ports below 1024 are for root: take another' \
    as_user postseal "$BUILD/postseal-milter" -c "$WRONG/low"

# --- directories ------------------------------------------------------------------

conf own >/dev/null
check 'no ledger yet' says 3 "there is no ledger at $WRONG/ledger: .*start postseal-prober" \
    "$BUILD/postseal" -c "$WRONG/own" list
chown root: "$WRONG/ledger" "$WRONG/run"
check 'the ledger may not be written: the prober' says 1 \
    "$WRONG/ledger.*(ermission|writable for the prober's user)" \
    as_user postseal "$BUILD/postseal-prober" -c "$WRONG/own"
chown postseal: "$WRONG/ledger"
check 'the sockets may not be made: the prober' says 1 "$WRONG/run.*Permission denied" \
    as_user postseal "$BUILD/postseal-prober" -c "$WRONG/own"
check 'an ordinary user may not look' says 3 \
    'no permission to .*ledger.*join that group \(adduser USER postseal\) or run this as root' \
    as_user nobody "$BUILD/postseal" -c "$SEAL_CONF" list
check 'but is told the status' as_user nobody "$BUILD/postseal" -c "$SEAL_CONF" status x@tls.test

# --- a full disk, and one that is read only -----------------------------------------

mount -t tmpfs -o size=1m,mode=755 small "$WRONG/ledger"
chown postseal: "$WRONG/ledger" "$WRONG/run"
cp "$SEAL_CONF" "$WRONG/small"
sed -i -e "s|^ledger = .*|ledger = \"$WRONG/ledger\"|" -e "s|^runtime = .*|runtime = \"$WRONG/run\"|" \
    "$WRONG/small"
small() {
    "$BUILD/postseal" -c "$WRONG/small" "$@"
}
full() {
    dd if=/dev/zero of="$WRONG/ledger/fill" bs=4096 2>/dev/null || true
}
prober_log() {
    log_count /var/log/small-prober.log "$1"
}
job_start small-prober "$BUILD/postseal-prober" -c "$WRONG/small" -u postseal
until_true grep -q READY /var/log/small-prober.log || die 'the prober of the small disk does not start'
# What is written down in one commit or in two leaves more or fewer pages to use again, and a full
# disk has room in those; not so beside one who has been reading since before.
job_start small-reader "$BUILD/tests/fleet_host" "$WRONG/ledger" hold
until_true grep -q READY /var/log/small-reader.log || die 'nobody reads on the small disk'
small probe tls.test >/dev/null
printf '%s mail postfix/smtp[1]: Trusted TLS connection established to a.mx.test[192.0.2.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n' \
    "$(LC_ALL=C date '+%b %e %T')" >"$WRONG/mail.log"
cp "$WRONG/before" "$WRONG/world"
small export >"$WRONG/before"
full
DISK="ledger=$WRONG/ledger writing failed: the disk is full; make room there"
check 'disk full: an alias' says 3 "$DISK" small alias --for bob@sender.test enable x@secure.sender.test
check 'disk full: an override' says 3 "$DISK" small override --reason why set tls.test exact encrypt
check 'disk full: an import' says 3 "$DISK" small import "$WRONG/world"
check 'disk full: forgetting' says 3 "$DISK" small forget --yes tls.test
check 'disk full: learning' says 3 "$DISK.*lines were not written down" small learn "$WRONG/mail.log"
job_start small-learn "$BUILD/postseal" -c "$WRONG/small" learn --follow "$WRONG/mail.log"
check 'disk full: following a log, said' until_true log_has /var/log/small-learn.log "$DISK"
check 'disk full: probing' says 3 'could not write down what it found' small probe self.test
check 'disk full: probing another' says 3 'could not write down what it found' small probe sound.test
check 'disk full: the prober says it once' equals "$(prober_log "$DISK")" 1
check 'disk full: the prober goes on' job_running small-prober
check 'disk full: what is known is known' matches "$(small status x@tls.test)" 'SSL ok'
small export >"$WRONG/after"
check 'disk full: nothing was changed' cmp "$WRONG/before" "$WRONG/after"

rm "$WRONG/ledger/fill"
job_stop small-reader
check 'room again: who asks is answered' small probe self.test
check 'room again: the prober says so' equals "$(prober_log 'is written to again')" 1
learned() {
    small export | grep -q '"a\.mx\.test'
}
check 'room again: what the log says is learned' until_true learned
check 'room again: until then it was said once' equals "$(log_count /var/log/small-learn.log "$DISK")" 1
job_stop small-learn
check 'room again: an alias' small alias --for bob@sender.test enable x@secure.sender.test
check 'the prober ends in good order' job_stop small-prober

mount -o remount,ro "$WRONG/ledger"
RO="$WRONG/ledger.*Read-only file system"
check 'read only: an alias' says 3 "$RO" small alias --for bob@sender.test enable y@secure.sender.test
check 'read only: learning' says 3 "$RO" small learn "$WRONG/mail.log"
check 'read only: the prober' says 1 "$RO" "$BUILD/postseal-prober" -c "$WRONG/small" -u postseal
umount "$WRONG/ledger"
