"""Confines a submission before any of its code runs, then starts the worker. A program by itself, without imports
from the course: `python jail.py '{…}'` with the settings as JSON (see `Settings` in grade.py for what they mean).

On Linux, where the system allows namespaces: no network, other processes out of sight, and a file system in memory that
holds the Python installation and the course's helpers, read-only, and an empty home. Elsewhere the limits alone.
"""
import ctypes
import json
import os
import signal
import sys

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
NOATIME, NODIRATIME, RELATIME = 1024, 2048, 1 << 21
DETACH, NO_NEW_PRIVILEGES, SUBREAPER, END_WITH_PARENT = 2, 38, 36, 1
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix", "/etc/ld.so.cache", "/etc/alternatives",
          "/etc/fonts", "/etc/localtime", "/etc/ssl")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def call(name, *arguments):
    """A function of the C library that returns -1 on failure."""
    converted = [each.encode() if isinstance(each, str) else each for each in arguments]
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*converted):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}", str(arguments))


def bind(path, root, read_only=True):
    """Show a file or folder at the same place below `root`; a link is copied as a link."""
    target = root + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    call("mount", path, target, None, ctypes.c_ulong(BIND | REC), None)
    if read_only:
        # A namespace of an ordinary user may add restrictions, but must keep those that are there.
        there, kept = os.statvfs(target).f_flag, 0
        for shown, flag in ((os.ST_NOSUID, NOSUID), (os.ST_NODEV, NODEV), (os.ST_NOEXEC, NOEXEC),
                            (os.ST_NOATIME, NOATIME), (os.ST_NODIRATIME, NODIRATIME), (os.ST_RELATIME, RELATIME)):
            kept |= flag if there & shown else 0
        call("mount", None, target, None, ctypes.c_ulong(REMOUNT | BIND | RDONLY | kept), None)


def new_root(root, spec):
    """A file system in memory of limited size with what Python needs, and nothing of the rest of the machine."""
    call("mount", "none", "/", None, ctypes.c_ulong(REC | PRIVATE), None)
    call("mount", "tmpfs", root, "tmpfs", ctypes.c_ulong(NOSUID | NODEV), f"size={spec['disk_mb']}m,mode=755")
    for path in (*SYSTEM, *spec["readable"]):
        if os.path.lexists(path) and not os.path.lexists(root + path):
            bind(path, root)
    for path in DEVICES:
        bind(path, root, read_only=False)
    for folder in ("/proc", "/tmp", "/home", "/dev/shm"):
        os.makedirs(root + folder, exist_ok=True)
        os.chmod(root + folder, 0o1777)
    # Of the labs, only what the worker needs: no checks, whose own ways to an answer could be called.
    place, names = spec["only"]["folder"], spec["only"]["names"]
    sources = {name: open(os.path.join(place, name), "rb").read() for name in names}
    call("mount", "tmpfs", root + place, "tmpfs", ctypes.c_ulong(NOSUID | NODEV), "size=1m,mode=755")
    for name, source in sources.items():
        with open(os.path.join(root + place, name), "wb") as file:
            file.write(source)
    os.makedirs(root + "/etc", exist_ok=True)
    with open(root + "/etc/passwd", "w") as file:
        file.write(f"student:x:{spec['user']}:{spec['user']}::/home:/bin/sh\n")
    call("mount", "proc", root + "/proc", "proc", ctypes.c_ulong(NOSUID | NODEV | NOEXEC), None)
    os.chdir(root)
    call("pivot_root", ".", ".")
    call("umount2", ".", DETACH)
    os.chdir("/home")


def limit(spec, own_user):
    import resource

    def at_most(name, value):
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            try:
                resource.setrlimit(kind, (value, value))
            except (ValueError, OSError):
                pass  # macOS refuses some of them

    at_most("RLIMIT_CORE", 0)
    at_most("RLIMIT_FSIZE", spec["disk_mb"] * 2**20)
    at_most("RLIMIT_NOFILE", 256)
    at_most("RLIMIT_CPU", spec["cpu_seconds"])
    if sys.platform == "linux":
        at_most("RLIMIT_AS", spec["address_mb"] * 2**20)
        # The system counts threads, those of the user or, in a namespace or as a user of its own, those of the submission.
        at_most("RLIMIT_NPROC", spec["threads"] + (0 if own_user else threads_of(os.getuid())))


def threads_of(user):
    """How many threads the user has."""
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            count += len(os.listdir(f"/proc/{name}/task")) if os.stat(f"/proc/{name}").st_uid == user else 0
        except OSError:
            pass
    return count


def children():
    """The processes that this one has to answer for."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(each) for each in file.read().split()]


def confine(spec):
    """Returns in the process that is to become the worker. The one around it waits, and ends what is left over."""
    linux, root = sys.platform == "linux", os.geteuid() == 0
    os.umask(0o022)
    if linux:  # a grader that is killed takes its submissions with it
        call("prctl", END_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if spec["namespaces"]:
        user, group = os.geteuid(), os.getegid()
        call("unshare", NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS | (0 if root else NEWUSER))
        if not root:
            for name, text in (("setgroups", "deny"), ("uid_map", f"{spec['user']} {user} 1"),
                               ("gid_map", f"{spec['user']} {group} 1")):
                with open(f"/proc/self/{name}", "w") as file:
                    file.write(text)
    elif linux:
        call("prctl", SUBREAPER, 1, 0, 0, 0)
    worker = os.fork()
    if worker:
        status = os.waitpid(worker, 0)[1]
        if linux and not spec["namespaces"]:  # a namespace ends with its first process; here each is ended by hand
            while left := children():
                for each in left:
                    os.kill(each, signal.SIGKILL)
                for each in left:
                    os.waitpid(each, 0)
        os._exit(1 if status else 0)
    if spec["namespaces"]:
        new_root(spec["root"], spec)
    else:
        os.chdir(spec["root"])
    if root:
        os.setgroups([])
        os.setgid(spec["user"])
        os.setuid(spec["user"])
    if linux:
        call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        call("prctl", END_WITH_PARENT, signal.SIGKILL, 0, 0, 0)  # again: a change of the user cancels it
    limit(spec, own_user=root or spec["namespaces"])


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    confine(settings)
    os.execve(settings["command"][0], settings["command"], settings["environment"])
