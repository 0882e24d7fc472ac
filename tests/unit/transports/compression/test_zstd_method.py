"""Zstandard is imported when somebody needs it, and says what to install where it is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from peerbus.transports.compression.zstd_method import METHOD, WINDOW_LOG, zstd

WITHOUT = """
import sys
import peerbus.transports.compression
assert not {"backports.zstd", "compression.zstd"} & set(sys.modules)
sys.modules["backports.zstd"] = sys.modules["compression.zstd"] = None
from peerbus.transports.compression import method_of
try:
    method_of("zstd")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_it_is_one_frame_that_any_library_reads_within_its_window() -> None:
    shrinking = METHOD.shrinking()
    reader = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: WINDOW_LOG})
    for piece in (b"one" * 50, bytes(1 << 18), b"two" * 50):
        assert reader.decompress(shrinking.shrink(piece)) == piece


def test_it_is_not_imported_unasked_and_its_lack_names_the_extra() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT], capture_output=True, text=True, check=False, timeout=60
    )
    if not done.stdout:
        pytest.fail(done.stderr)
    assert done.stdout.startswith("ConfigError compression by zstd needs the extra `zstd`")
    assert 'pip install "peerbus[zstd]"' in done.stdout
