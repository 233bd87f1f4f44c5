"""A command without network, and without files but those it needs: `sandbox.py READABLE WRITABLE COMMAND...`.

READABLE and WRITABLE are lists of paths, one a line. This program gives up what COMMAND shall not have, and becomes
COMMAND; processes that COMMAND starts inherit this. It needs no privileges:

- Landlock (Linux 5.13) denies all files but those of READABLE, `SYSTEM`, WRITABLE and `DEVICES`, and denies access to
  the memory and the environment of other processes; from Linux 6.12, also signals to them. https://docs.kernel.org/userspace-api/landlock.html
- seccomp denies the system calls of `MACHINES`, above all new sockets.
- Of the capabilities of root, `KEPT` remain: they are needed to read what another user owns, within Landlock's limits.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store", "/proc", "/sys"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"),
    *("/dev/urandom", "/dev/random", "/dev/zero"),
)
DEVICES = ("/dev/null", "/dev/nvidia*")

# Machine -> its number in <linux/audit.h>, its number of seccomp(2), and those of the denied system calls: socket;
# truncate, which Landlock denies from Linux 6.2; request_key and keyctl; io_uring_setup, which has sockets of its own.
MACHINES = {
    "x86_64": (0xC000003E, 317, (41, 76, 249, 250, 425)),
    "aarch64": (0xC00000B7, 277, (198, 45, 218, 219, 425)),
}
FIRST_X32 = 0x40000000  # of x86_64: the same system calls with other numbers

# Of landlock(7). Rights are bits, of which each version has added some.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # on all machines
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
MAKE_CHARACTER_DEVICE, MAKE_BLOCK_DEVICE, TRUNCATE, IOCTL_DEVICE = 1 << 6, 1 << 11, 1 << 14, 1 << 15
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # version -> number of rights; 16 in later ones
READ = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
SCOPES = 3  # from version 6: abstract sockets and signals

# Of prctl(2), seccomp(2) and capabilities(7).
DROP_CAPABILITY, SET_NO_NEW_PRIVILEGES = 24, 38
KEPT = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
SET_FILTER, ALLOW_SPECULATION = 1, 4  # without the latter, processes are slower before Linux 5.16
LOAD, JUMP_IF_EQUAL, JUMP_IF_GREATER_OR_EQUAL, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, DENY, KILL = 0x7FFF0000, 0x00050000 | errno.EACCES, 0x80000000


def command(words: Sequence[str], readable: Iterable[str | Path], writable: str) -> list[str]:
    """Return the command that runs `words` in the sandbox, or `words` if there is a `problem`.

    Their first is the path of a Python, whose environment was made from the current interpreter and is readable.
    `readable` are more files and folders; `writable` is the only folder in which it writes.
    """
    if problem():
        return list(words)
    environment = Path(words[0]).parents[1]
    readable = "\n".join(map(str, (environment, sys.base_prefix, *readable)))
    return [sys.executable, "-I", "-S", __file__, readable, writable, *words]


def problem() -> str:
    """Return why this system denies a worker nothing; "" if it does."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return f"no sandbox is known for {platform.system()} on {platform.machine()}"
    return "" if version() > 0 else "Landlock is missing or turned off: Linux 5.13 or later has it"


def notice(packages: str) -> str:
    """Return a line that says what is not denied to these packages, and why; "" if they run in the sandbox."""
    reason = problem()
    return f"the network and the user's files are not denied to {packages}: {reason}" if reason else ""


def version() -> int:
    """Return the version of Landlock, or a number below 1 if there is none."""
    return ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)


def enter(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Deny this process all else, for ever. Raises `OSError`."""
    for capability in set(range(64)) - {*KEPT}:
        _call("prctl", DROP_CAPABILITY, capability, required=False)  # only root has any
    _call("prctl", SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _restrict_files(readable, writable)
    _restrict_calls()


def _restrict_files(readable: Iterable[str], writable: Iterable[str]) -> None:
    known = version()
    handled = (1 << RIGHTS.get(known, 16)) - 1
    attributes = struct.pack("=QQQ", handled, 0, SCOPES if known >= 6 else 0)
    ruleset = _call("syscall", CREATE_RULESET, attributes, len(attributes), 0)
    devices = [each for pattern in DEVICES for each in Path("/").glob(pattern[1:])]
    below = handled & ~MAKE_CHARACTER_DEVICE & ~MAKE_BLOCK_DEVICE
    for rights, paths in ((READ, (*SYSTEM, *readable)), (below, writable), (below & OF_FILES, devices)):
        for path in filter(os.path.exists, paths):
            file = os.open(path, os.O_PATH | os.O_CLOEXEC)
            granted = rights if Path(path).is_dir() else rights & OF_FILES
            _call("syscall", ADD_RULE, ruleset, 1, struct.pack("=Qi", granted, file), 0)
    _call("syscall", RESTRICT_SELF, ruleset, 0)


def _restrict_calls() -> None:
    machine, seccomp, denied = MACHINES[platform.machine()]
    count = len(denied)
    program = [
        (LOAD, 0, 0, 4),  # the machine of the call, as a 32-bit program makes other calls
        (JUMP_IF_EQUAL, 1, 0, machine),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),  # the number of the call
        (JUMP_IF_GREATER_OR_EQUAL, count + 1, 0, FIRST_X32),
        *((JUMP_IF_EQUAL, count - place, 0, number) for place, number in enumerate(denied)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, DENY),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
    attributes = struct.pack("@HP", len(program), ctypes.addressof(code))
    _call("syscall", seccomp, SET_FILTER, ALLOW_SPECULATION, attributes)


def _call(function: str, *arguments: int | bytes, required: bool = True) -> int:
    """Call this function of the C library. Raises `OSError`."""
    words = [each if isinstance(each, bytes) else ctypes.c_long(each) for each in arguments]
    result = getattr(ctypes.CDLL(None, use_errno=True), function)(*words)
    if required and result < 0:
        raise OSError(ctypes.get_errno(), f"{function}{arguments[0]}: {os.strerror(ctypes.get_errno())}")
    return result


if __name__ == "__main__":
    enter(sys.argv[1].splitlines(), sys.argv[2].splitlines())
    os.execv(sys.argv[3], sys.argv[3:])
