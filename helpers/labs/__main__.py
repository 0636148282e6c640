"""The instructor's commands: `python -m helpers.labs release 05` and `python -m helpers.labs grade FOLDER`."""
import argparse
import os
import pathlib
import secrets
import sys

from helpers.labs import grade, process, release


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m helpers.labs", description="Labs for instructors.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("release", help="write the student's copy of a lab")
    command.add_argument("number", help="the chapter, such as 05")
    command.add_argument("--seed", type=int, default=0, metavar="S", help="a class's own variant of constants and data")
    command.add_argument("--out", default=".", help="a folder, or the name of the notebook (default: here)")
    command = commands.add_parser("grade", help="grade all notebooks below a folder")
    command.add_argument("folder")
    command.add_argument("--out", help="where grades.csv, feedback and results go (default: FOLDER-grades)")
    command.add_argument("--lab", help="the lab's number (default: what most of the notebooks open)")
    command.add_argument("--seed", type=int, default=0, metavar="S", help="the seed that the lab was released with")
    command.add_argument("--seed-file", help="holds the secret number of the hidden checks; made where it is missing "
                         "(default: OUT/secret-seed)")
    command.add_argument("--jobs", type=int, default=2, help="submissions side by side (default: 2)")
    command.add_argument("--budget", default="smoke", choices=("smoke", "cpu", "gpu"), help="(default: smoke)")
    command.add_argument("--seconds", type=float, default=300, help="for one notebook (default: 300)")
    command.add_argument("--memory", type=int, default=4096, metavar="MB", help="for one notebook (default: 4096)")
    command.add_argument("--shard", default="1/1", metavar="I/N", help="grade only every N-th, from the I-th on")
    command.add_argument("--strict", action="store_true", help="refuse to run where the system cannot isolate submissions")
    options = parser.parse_args(arguments)
    try:
        return _release(options) if options.command == "release" else _grade(options)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _release(options):
    print(release.write(options.number, options.out, options.seed))
    return 0


def _grade(options):
    from tqdm import tqdm

    folder = pathlib.Path(options.folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    out = pathlib.Path(options.out or f"{folder.resolve()}-grades")
    seed = _secret(pathlib.Path(options.seed_file) if options.seed_file else out / "secret-seed")
    shard = tuple(map(int, options.shard.split("/")))
    if len(shard) != 2 or not 1 <= shard[0] <= shard[1]:
        raise ValueError("--shard is I/N, such as 3/20")
    isolated = process.can_isolate()
    print("isolation: " + ("complete: no network, no other files, no other processes" if isolated else
          "limits only: this system lets submissions see its files and its network (see the guide for instructors)"))
    if options.strict and not isolated:
        return 2
    if not isolated and not process.works(process.Settings()):
        raise ValueError("no submission can be started: Python and the course must lie where the user that submissions run "
                         "as can read them. Grade as an ordinary user rather than as root")
    settings = process.Settings(
        seconds=options.seconds, seconds_a_cell=0.8 * options.seconds, memory_mb=options.memory, namespaces=isolated,
        budget=options.budget, cores=max(1, (os.cpu_count() or 1) // options.jobs))
    done = grade.grade(folder, out, seed, settings, options.lab, options.seed, options.jobs, shard,
                       bar=lambda each, total: tqdm(each, total=total, unit="notebook", desc="grading"))
    stopped = sum(bool(result["note"]) for result in done.values())
    print(f"{len(done)} graded, {stopped} of them stopped or unreadable: {out / 'grades.csv'}")
    return 0


def _secret(path):
    """The number in the seed file; a new one is made and kept where there is none."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{secrets.randbits(63)}\n", encoding="utf-8")
        path.chmod(0o600)
    return abs(int(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
