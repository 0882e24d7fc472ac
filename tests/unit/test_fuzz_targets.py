"""The fuzz targets run without atheris: every kept input through its target, so that neither rots."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import Part

if TYPE_CHECKING:
    from fuzz.catalogue import Target

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "fuzz" / "corpus"
NAMES = sorted(folder.name for folder in CORPUS.iterdir())


@pytest.fixture(autouse=True)
def _fuzz_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """`fuzz` is a folder of the checkout, not of the package."""
    # pytest calls the root by its folder's name, which may be the same.
    monkeypatch.delitem(sys.modules, "fuzz", raising=False)
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture(params=NAMES)
def target(request: pytest.FixtureRequest) -> Target:
    from fuzz.catalogue import load

    return load(request.param)


def test_every_target_has_a_corpus() -> None:
    from fuzz.catalogue import TARGETS

    assert sorted(TARGETS) == NAMES


def test_every_kept_input_passes_its_target(target: Target) -> None:
    files = sorted((CORPUS / target.name).iterdir())
    assert files
    for file in files:
        try:
            target.check(file.read_bytes())
        except BaseException as error:
            error.add_note(f"replay it: make fuzz ARGS='--replay {file.relative_to(ROOT)}'")
            raise


def test_the_honest_inputs_are_kept_too(target: Target) -> None:
    # Not byte for byte: inputs of an older form of the wire are worth having. `make fuzz` writes the new ones.
    kept = {file.name for file in (CORPUS / target.name).iterdir()}
    assert {name for name, _ in target.seeds()} <= kept, "run: make fuzz ARGS=--make-corpus"


def test_inputs_cut_short_and_changed_in_their_form_pass_too(target: Target) -> None:
    rng = random.Random(target.name)
    for _, data in target.seeds():
        for end in (*range(0, len(data), 7), len(data)):
            target.check(data[:end])
        if target.mutate is not None:
            for _ in range(20):
                target.check(target.mutate(data, 4096, rng.getrandbits(32)))


def test_a_crash_is_replayed_without_atheris(tmp_path: Path) -> None:
    from fuzz.command import main

    (tmp_path / "texts").mkdir()
    file = tmp_path / "texts" / "crash-1"
    file.write_bytes(b"bus://local/blocks")
    assert main(["--replay", str(file)]) == 0
    file = tmp_path / "crash-2"
    file.write_bytes(b"")
    assert main(["--replay", str(file)]) == 2


def test_where_there_is_no_atheris_it_says_what_to_do() -> None:
    code = "import sys; sys.modules['atheris'] = None; sys.path.insert(0, sys.argv.pop()); import fuzz.command as c; "
    command = [sys.executable, "-c", code + "sys.exit(c.main(['texts']))", str(ROOT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "fuzzing needs atheris" in done.stderr
    assert "pip install 'peerbus[fuzz]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_honest_inputs_are_kept_as_they_are_made(target: Target) -> None:
    seeds = dict(target.seeds())
    kept = {title: (CORPUS / target.name / title).read_bytes() for title in seeds}
    assert [title for title in seeds if kept[title] != seeds[title]] == [], "run `python fuzz --make-corpus`"


def test_parts_are_put_together_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz.targets import frames

    seen: list[int] = []
    monkeypatch.setattr(frames, "put_together", lambda parts: seen.append(len(parts)))
    encode = FrameEncoder().encode
    frames.check(b"\xff" + encode(Part(0, 1, bytes(16384))) + encode(Part(0, 0, b"x")))
    assert seen == [2]
