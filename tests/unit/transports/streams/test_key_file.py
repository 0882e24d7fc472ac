"""The file of a private key: who may read it, by its mode and its access list, and what is said of both."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.key_file import Access, Reader, read_key_file, why_safe

SERVICE = Reader(user=1000, groups=frozenset({1000, 2000}))
ALICE = Identity.from_seed(b"a" * 32)
#: Tags of an access list's entries: owner, user, the file's group, group, mask, others.
OWNER, USER, FILES_GROUP, GROUP, MASK, OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


def acl(*entries: tuple[int, int, int]) -> bytes:
    """An access list as the kernel writes it."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def one_user(user: int, bits: int) -> bytes:
    """What systemd gives a credential: its owner and one user may read it."""
    return acl((OWNER, 4, 0), (USER, bits, user), (FILES_GROUP, 0, 0), (MASK, bits, 0), (OTHERS, 0, 0))


@pytest.mark.parametrize(
    ("access", "why"),
    [
        (Access(owner=1000, group=1000, mode=0o600), "it is ours alone"),
        (Access(owner=1000, group=1000, mode=0o400), "it is ours alone"),
        (Access(owner=0, group=0, mode=0o400), "it is root's alone"),
        (Access(owner=0, group=2000, mode=0o440), "it is root's, and group 2000, which we are in, may read it"),
        (Access(owner=0, group=2000, mode=0o640), "it is root's, and group 2000, which we are in, may read it"),
        (Access(owner=0, group=0, mode=0o440, acl=one_user(1000, 4)), "it is root's, and its access list lets us read"),
        (Access(owner=1000, group=7, mode=0o640, acl=one_user(0, 6)), "it is ours alone"),
        (
            Access(
                0, 0, 0o440, acl((OWNER, 4, 0), (GROUP, 4, 2000), (FILES_GROUP, 0, 0), (MASK, 4, 0), (OTHERS, 0, 0))
            ),
            "it is root's, and group 2000, which we are in, may read it",
        ),
    ],
)
def test_a_key_that_only_we_and_root_can_read_is_safe(access: Access, why: str) -> None:
    assert why_safe(SERVICE, access).startswith(why)


@pytest.mark.parametrize(
    ("access", "why"),
    [
        (Access(owner=1000, group=1000, mode=0o604), "others can read"),
        (Access(owner=0, group=2000, mode=0o444), "others can read"),
        (Access(owner=1000, group=1000, mode=0o602), "others can read"),
        (Access(owner=1001, group=1000, mode=0o600), "belongs to user 1001, neither to us \\(user 1000\\) nor to root"),
        (Access(owner=1000, group=2000, mode=0o640), "others of group 2000 can read"),
        (Access(owner=0, group=2000, mode=0o660), "others of group 2000 can write"),
        (Access(owner=0, group=3000, mode=0o440), "group 3000, which we are not in"),
        (Access(owner=0, group=2000, mode=0o450), "others of group 2000 can write"),
        (Access(owner=0, group=0, mode=0o440, acl=one_user(1001, 4)), "user 1001 can read"),
        (Access(owner=0, group=0, mode=0o460, acl=one_user(1001, 6)), "user 1001 can write"),
        (
            Access(
                0, 0, 0o440, acl((OWNER, 4, 0), (GROUP, 4, 3000), (FILES_GROUP, 0, 0), (MASK, 4, 0), (OTHERS, 0, 0))
            ),
            "group 3000, which we are not in",
        ),
        (
            Access(0, 3000, 0o440, acl((OWNER, 4, 0), (USER, 4, 1000), (FILES_GROUP, 4, 0), (MASK, 4, 0))),
            "group 3000, which we are not in",
        ),
        (Access(owner=0, group=0, mode=0o440, acl=b"\2\0"), "access list is of a form"),
        (Access(owner=0, group=0, mode=0o440, acl=b"\2\0\0\0\1"), "access list is of a form"),
        (Access(owner=0, group=0, mode=0o440, acl=b"\3\0\0\0"), "access list is of a form"),
    ],
)
def test_a_key_that_somebody_else_can_read_or_change_is_not(access: Access, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        why_safe(SERVICE, access)


def test_the_mask_of_an_access_list_is_the_most_that_it_gives() -> None:
    masked = acl((OWNER, 4, 0), (USER, 6, 1001), (FILES_GROUP, 4, 0), (MASK, 0, 0), (OTHERS, 0, 0))
    assert why_safe(SERVICE, Access(0, 0, 0o400, masked)) == "it is root's alone"


def saved(folder: Path, mode: int) -> Path:
    """A key file of that mode."""
    path = folder / "alice.pem"
    ALICE.save(path)
    path.chmod(mode)
    return path


def test_a_file_is_read_with_the_reason_why_it_may_be(tmp_path: Path) -> None:
    found = read_key_file(saved(tmp_path, 0o600))
    assert Identity.from_pem(found.content).node_id == ALICE.node_id
    assert found.why == "it is ours alone"
    assert "PRIVATE" not in repr(found)


def test_the_access_list_of_a_real_file_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path, 0o600)
    give(path, one_user(os.geteuid() + 1, 4))
    with pytest.raises(ConfigError, match=rf"user {os.geteuid() + 1} can read the private key"):
        Identity.load(path)
    give(path, one_user(os.geteuid(), 4))
    assert path.stat().st_mode & 0o777 == 0o440
    assert read_key_file(path).why.startswith("it is ours")


def give(path: Path, entries: bytes) -> None:
    """Set an access list; skips the test where there are none."""
    try:
        os.setxattr(path, "system.posix_acl_access", entries)
    except (AttributeError, OSError):
        pytest.skip("no access lists on this system, or not on this disk")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("a Secret of Kubernetes", "it is root's, and group 2000, which we are in, may read it"),
        ("a credential of systemd", "it is root's, and its access list lets us read it"),
    ],
)
def test_what_root_hands_to_a_service_is_read_by_it(kind: str, why: str, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to root and a group, and become another user")
    path, before = saved(tmp_path, 0o440), os.getgroups()
    if kind == "a Secret of Kubernetes":
        os.chown(path, 0, 2000)
        with pytest.raises(ConfigError, match="group 2000, which we are not in"):
            Identity.load(path)
    else:
        give(path, one_user(1000, 4))
        with pytest.raises(ConfigError, match="user 1000 can read"):
            Identity.load(path)
    descriptor = os.open(path, os.O_RDONLY)  # the folders of a test are root's alone: below them it is reached by this
    try:
        os.setgroups([2000])
        os.seteuid(1000)
        found = read_key_file(f"/dev/fd/{descriptor}")
    finally:
        os.seteuid(0)
        os.setgroups(before)
        os.close(descriptor)
    assert found.why == why


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "PEM: there is nothing in it"),
        (b"\n \n", "PEM: there is nothing in it"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8G\n-----END ENCRYPTED PRIVATE KEY-----\n", "passphrase"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "passphrase"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n", "OpenSSH's own form: peerbus keygen"),
        (b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n", "a public key"),
        (b"-----BEGIN CERTIFICATE-----\nMIIBRTCB\n", "a certificate"),
        (b"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0t", "base64 -d"),
        (b"\x30\x2e\x02\x01\x00", "DER: openssl pkey"),
        (b"secret", "not an unencrypted private key in PEM"),
    ],
)
def test_what_is_no_key_is_called_what_it_is_and_not_shown(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "alice.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=says) as caught:
        Identity.load(path)
    assert not any(part in str(caught.value) for part in ("MIG", "MIIB", "b3Blb", "MCow", "LS0", "secret"))


def test_a_file_of_two_keys_is_not_guessed_from(tmp_path: Path) -> None:
    keys = [tmp_path / name for name in ("one.pem", "two.pem")]
    for key in keys:
        Identity.generate().save(key)
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(key.read_bytes() for key in keys))
    both.chmod(0o600)
    with pytest.raises(ConfigError, match="there are 2 private keys in it, and a node has one"):
        Identity.load(both)


def test_a_key_is_found_through_the_links_that_a_secret_is_mounted_with(tmp_path: Path) -> None:
    folder = tmp_path / "..2026_11_30"
    folder.mkdir()
    made = Identity.generate()
    made.save(folder / "alice.pem")
    (tmp_path / "..data").symlink_to(folder.name)
    (tmp_path / "alice.pem").symlink_to("..data/alice.pem")
    assert Identity.load(tmp_path / "alice.pem").node_id == made.node_id
