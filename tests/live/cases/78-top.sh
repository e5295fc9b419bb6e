# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# top: one screen of what happens; and the terminal as it was before, however it ends

answers dane.test "$(answer policy dane.test)" >/dev/null
postseal probe tls.test >/dev/null
check 'without a terminal it says what to do' matches "$(postseal top 2>&1)" '--once prints one screen'
once() {
    postseal top --once >"$WORLD/top" 2>&1 && ! grep -qE '^.{81}' "$WORLD/top" &&
        (($(wc -l <"$WORLD/top") <= 24)) && ! grep -q $'\033' "$WORLD/top"
}
check 'once: 80 columns and 24 lines, no escapes' once
check 'once: who runs' grep -qE 'socketmap [0-9].*prober [0-9].*milter [0-9]' "$WORLD/top"
check 'once: answers' grep -qE '^dane-only +[1-9]' "$WORLD/top"
check 'once: probes' grep -qE ' tls +[1-9]' "$WORLD/top"

# ends_by KEY|SIGNAL: on a terminal of its own. Its modes are as before, the screen is the shell's.
ends_by() {
    timeout "$PATIENCE" python3 -B - "$1" "$BUILD/postseal" -c "$SEAL_CONF" top <<-'END'
	import fcntl, os, pty, signal, struct, sys, termios
	how, program = sys.argv[1], sys.argv[2:]
	master, slave = pty.openpty()
	fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
	before = termios.tcgetattr(slave)
	child = os.fork()
	if child == 0:
	    os.setsid()
	    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
	    for fd in range(3):
	        os.dup2(slave, fd)
	    os.execv(program[0], program)
	seen = b""
	while b"JOURNAL" not in seen or not seen.endswith(b"\033[J"):
	    seen += os.read(master, 65536)
	assert termios.tcgetattr(slave)[3] != before[3], "the terminal is not taken"
	assert b"\033[?1049h" in seen, "it has no screen of its own"
	if how.startswith("SIG"):
	    os.kill(child, getattr(signal, how))
	else:
	    os.write(master, how.encode())
	while b"\033[?1049l" not in seen:
	    seen += os.read(master, 65536)
	pid, status = os.waitpid(child, 0)
	assert status == 0, status
	assert termios.tcgetattr(slave) == before, "the terminal is not given back"
	assert seen.endswith(b"\033[?25h\033[?1049l"), seen[-40:]
	END
}
for how in q Q SIGTERM SIGHUP SIGINT SIGQUIT; do
    check "it ends by $how, and leaves the terminal as it was" ends_by "$how"
done
