"""Runs one command so that nothing of it outlives its owner, however the owner dies.

A file of its own that imports only the standard library: it is started with `python -I -S guard.py`.
The owner holds the write end of this process's stdin. End of file there means that the owner is gone (a closed
pipe is seen after kill -9 too, and unlike the parent-death signal it does not depend on which thread forked).
As a subreaper the guard inherits every double fork beneath it, so that sweeping its descendants leaves nothing.

Signals: SIGTERM asks the command to stop with its own stop signal, SIGUSR1 kills it. The exit code is the
command's, or 128 + the signal that ended it.
"""

import argparse
import ctypes
import os
import pwd
import select
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWUSER = 0x10000000
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    options = read_options()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wakeup = catch_signals(options)
    guard = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # none may come while it is unclear whom it is for
    child = os.fork()
    if child == 0:
        become_command(options, guard)
    options.child = child
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    os.write(options.report_fd, f"{child}\n".encode())
    os.close(options.report_fd)
    status = watch(child, wakeup, options)
    sweep()
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--report-fd", type=int, required=True)
    parser.add_argument("--stop-signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--grace-seconds", type=float, default=5)
    parser.add_argument("--identity", choices=["same", "namespace", "nobody"], default="same")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    options.command = options.command[1:] if options.command[:1] == ["--"] else options.command
    options.child = 0
    return options


def catch_signals(options: argparse.Namespace) -> int:
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def forward(number: int) -> None:
        if options.child:
            os.kill(options.child, number)

    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: forward(options.stop_signal))
    signal.signal(signal.SIGTERM, lambda *_: forward(options.stop_signal))
    signal.signal(signal.SIGUSR1, lambda *_: forward(signal.SIGKILL))
    return reader


def become_command(options: argparse.Namespace, guard: int) -> None:
    try:
        signal.set_wakeup_fd(-1)
        for number in (*FORWARDED, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        change_identity(options.identity)
        # After the change of identity, which clears it; this one covers a guard that is itself killed.
        libc.prctl(PR_SET_PDEATHSIG, options.stop_signal, 0, 0, 0)
        if os.getppid() != guard:
            os._exit(128 + signal.SIGKILL)  # it was killed before the line above, which tells of later deaths only
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execvpe(options.command[0], options.command, os.environ)  # noqa: S606 - no shell is what is wanted
    except OSError as error:
        print(f"cannot run {options.command[0]}: {error}", file=sys.stderr, flush=True)
        os._exit(127)


def change_identity(identity: str) -> None:
    """PostgreSQL refuses to run as root: be uid 1000 of a user namespace of our own, or else nobody."""
    if identity == "namespace":
        user, group = os.geteuid(), os.getegid()
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "user namespaces are refused here")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"1000 {user} 1")
        Path("/proc/self/gid_map").write_text(f"1000 {group} 1")
    elif identity == "nobody":
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)


def watch(child: int, wakeup: int, options: argparse.Namespace) -> int:
    """Returns the wait status of the command. Ends when it exits, or a grace period after the owner is gone."""
    poll = select.poll()
    poll.register(wakeup, select.POLLIN)
    poll.register(0, select.POLLIN)
    deadline: float | None = None
    while True:
        timeout = None if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))
        ready = {fd for fd, _ in poll.poll(timeout)}
        if wakeup in ready:
            os.read(wakeup, 4096)
        status = reap(child)
        if status is not None:
            return status
        if 0 in ready and not os.read(0, 4096):
            poll.unregister(0)
            deadline = time.monotonic() + options.grace_seconds
            os.kill(child, options.stop_signal)
        if deadline is not None and time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            deadline = time.monotonic() + 1


def reap(child: int) -> int | None:
    """Collects every dead descendant that is ours to wait for; the wait status of `child` if it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            found = status


def sweep(limit_seconds: float = 5) -> None:
    deadline = time.monotonic() + limit_seconds
    while (left := descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended between the listing and the signal: what was wanted
        reap(0)
        time.sleep(0.005)


def descendants(root: int) -> list[int]:
    parents = {int(entry.name): parent_of(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    found = [root]
    for pid in found:
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found[1:]


def parent_of(entry: Path) -> int:
    try:
        return int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


if __name__ == "__main__":
    sys.exit(main())
