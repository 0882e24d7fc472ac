"""`python fuzz`: runs the targets one after the other, replays a crash, writes the seeds of the corpus."""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .catalogue import CORPUS, CRASHES, HERE, TARGETS, load

__all__ = ["main", "make_corpus", "replay", "without_atheris"]

#: What was found so far, so that the next run goes on from there; not kept in the repository.
FOUND = HERE / "found"
#: Seconds for one input, MB for the process: what takes more is a crash too. Inputs are a few kB at most.
INPUT_SECONDS, PROCESS_MB, INPUT_BYTES = 10, 2048, 16384
#: Seconds beyond its time that a target gets to start, and to end.
GRACE = 300.0
#: Last lines of a target that crashed.
SHOWN = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 after a crash, 2 where it cannot fuzz here."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["--engine"]:
        from .engine import fuzz

        fuzz(given[1], given[2:])
    options = _parser().parse_args(given)
    if options.make_corpus:
        make_corpus()
        return 0
    if options.replay is not None:
        return replay(options.replay)
    problem = without_atheris()
    if problem is not None:
        print(problem, file=sys.stderr)
        return 2
    make_corpus()
    crashed = [name for name in options.targets or TARGETS if _fuzz(name, options.seconds)]
    return 1 if crashed else 0


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:12} {text}" for name, text in TARGETS.items())
    parser = argparse.ArgumentParser(
        "make fuzz",
        description=f"Feed targets with inputs that atheris makes, guided by what they reach.\n\ntargets:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="target", help="all of them if none")
    parser.add_argument("--seconds", type=int, default=10, help="for each target (%(default)s)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one kept input through its target, and end")
    parser.add_argument("--make-corpus", action="store_true", help="write the honest inputs to fuzz/corpus, and end")
    return parser


def without_atheris() -> str | None:
    """Why nothing can be fuzzed here and what to do; None where it can."""
    try:
        found = importlib.util.find_spec("atheris") is not None
    except ValueError:  # it was made unimportable
        found = False
    if found:
        return None
    return (
        f"fuzzing needs atheris, and this Python ({sys.executable}, {sys.version.split()[0]}) has none.\n"
        "  make fuzz installs it; by hand: pip install 'peerbus[fuzz]'.\n"
        "It comes built for CPython on Linux x86-64 only. The kept inputs run without it: make test ARGS='-k fuzz'."
    )


def make_corpus() -> None:
    """Write the seeds of every target that are missing or have changed."""
    for name in TARGETS:
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for title, data in load(name).seeds():
            file = folder / title
            if not file.exists() or file.read_bytes() != data:
                file.write_bytes(data)
                print(f"wrote {file.relative_to(HERE.parent)}")


def replay(file: Path) -> int:
    """Run an input through the target that its folder names; what it raises is what it shows."""
    name = file.resolve().parent.name
    if name not in TARGETS:
        print(f"{file}: its folder is called {name}, which is no target ({', '.join(TARGETS)})", file=sys.stderr)
        return 2
    load(name).check(file.read_bytes())
    print(f"{file}: nothing wrong with it")
    return 0


def _fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target; True if it crashed."""
    found, crashes = FOUND / name, CRASHES / name
    for folder in (found, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(crashes.iterdir())
    command = [
        *(sys.executable, str(HERE), "--engine", name, str(found), str(CORPUS / name)),
        *(f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={PROCESS_MB}"),
        *(f"-max_len={INPUT_BYTES}", f"-artifact_prefix={crashes}/", "-print_final_stats=1", "-detect_leaks=0"),
    ]
    print(f"{name:12} {seconds:4} s …", end="", flush=True)
    done = subprocess.run(  # noqa: S603  # ourselves
        command, check=False, capture_output=True, text=True, errors="replace", timeout=seconds + GRACE
    )
    said = done.stdout + done.stderr
    units = re.search(r"number_of_executed_units: (\d+)", said)
    reached = re.findall(r"cov: (\d+)", said)
    print(f" {units[1] if units else '?'} inputs, {reached[-1] if reached else '?'} places reached", end="")
    if done.returncode == 0:
        print(", no crash")
        return False
    print(f", CRASHED (exit code {done.returncode})")
    print("\n".join(_readable(said)))
    for file in sorted(set(crashes.iterdir()) - before):
        print(f"replay it: make fuzz ARGS='--replay {file.relative_to(HERE.parent)}'")
    print(f"Once it is fixed, keep the file as fuzz/corpus/{name}/fixed-<what it was>: the tests run it from then on.")
    return True


def _readable(said: str) -> list[str]:
    """The traceback, where there is one, and how libFuzzer ended."""
    lines = [line for line in said.splitlines() if not line.startswith(("INFO:", "WARNING:", "#", "stat::"))]
    return lines[-SHOWN:]
