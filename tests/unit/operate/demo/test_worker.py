"""A process of the demonstration is one node, until its standard input ends, and says on its pipe what it does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from peerbus.operate.demo.messages import Job, NodeFailed, Report, Started, decode_said, encode

WORKER = [sys.executable, "-P", "-m", "peerbus.operate.demo.worker"]


def job(folder: Path, *, file: str = "original") -> Job:
    return Job(
        name="archive",
        network="test-worker",
        identity=str(folder / "archive.pem"),
        file=str(folder / file),
        archives=1,
        wants=False,
    )


def test_without_a_job_there_is_nothing_to_do() -> None:
    done = subprocess.run(WORKER, input=b"", check=False, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_file_that_is_not_there_is_told_to_the_parent_and_ends_it(tmp_path: Path) -> None:
    done = subprocess.run(
        WORKER, input=encode(job(tmp_path, file="none")), check=False, capture_output=True, timeout=60
    )
    (said,) = map(decode_said, done.stdout.splitlines(keepends=True))
    assert said == NodeFailed(f"{tmp_path / 'none'} cannot be served: No such file or directory")
    assert done.returncode == 1


def test_an_archive_reports_until_its_input_ends(tmp_path: Path) -> None:
    (tmp_path / "original").write_bytes(b"x" * 1000)
    with subprocess.Popen(WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(encode(job(tmp_path)))
        process.stdin.flush()
        started, report = (decode_said(process.stdout.readline()) for _ in range(2))
        process.stdin.close()
        process.stdout.read()
        assert process.wait(60) == 0
    assert isinstance(started, Started)
    assert isinstance(report, Report)
    assert (report.peers, report.served.blocks, report.ended_at) == (0, 0, None)
    assert (tmp_path / "archive.pem").stat().st_mode & 0o077 == 0
