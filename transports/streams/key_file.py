"""The file of a private key: read if nobody can read it who should not."""

# Law 1. It belongs to this process's user or to root, as others could give it to whom they like.
# Law 2. Nobody else may read or change it, but for a group of ours, which may read what belongs to root: that is how
#        Kubernetes hands out a Secret (root:fsGroup, mode 0440), and the only way for root to hand a key to a service
#        by mode. (PostgreSQL has the same rule.) What is ours alone we can close, so there a group is a mistake.
# Law 3. Where a file has an access list (acl(5)) its mode does not say who may read it: the bits of the group are the
#        most that anybody on the list may do. systemd's LoadCredential= makes such files: root's, mode 0440, with one
#        entry for the service's user. So the list is read.

from __future__ import annotations

import errno
import os
import re
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from ...actors.base import opened_file

__all__ = ["MAX_KEY_FILE", "Access", "KeyFile", "Reader", "guarded", "no_key", "one_key", "read_key_file", "why_safe"]

#: A key file has about 120 bytes; more than this is some other file.
MAX_KEY_FILE: Final = 64 * 1024

_READ, _WRITE = 4, 2
_ROOT = 0
#: An access list as the kernel keeps it (linux/posix_acl_xattr.h): a version, then entries of a tag, bits and an id.
_ACL_NAME, _ACL_VERSION = "system.posix_acl_access", 2
_HEADER, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
_USER, _GROUP_OF_FILE, _GROUP, _MASK = 0x02, 0x04, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file holds, and why it is safe there, as words to be shown."""

    content: bytes = field(repr=False)
    why: str


@dataclass(frozen=True, slots=True)
class Access:
    """What a file's mode and its access list (as the kernel keeps it; empty where there is none) allow to whom."""

    owner: int
    group: int
    mode: int
    acl: bytes = b""

    def users(self) -> Iterator[tuple[int, int]]:
        """The users beside the owner, each with what it may do."""
        yield from ((number, bits) for tag, bits, number in self._entries() if tag == _USER)

    def groups(self) -> Iterator[tuple[int, int]]:
        """The groups, each with what it may do."""
        if not self.acl:
            yield self.group, (self.mode & stat.S_IRWXG) >> 3
        for tag, bits, number in self._entries():
            if tag in {_GROUP_OF_FILE, _GROUP}:
                yield (self.group if tag == _GROUP_OF_FILE else number), bits

    def _entries(self) -> list[tuple[int, int, int]]:
        """Raises: ValueError for a list of another form than ours."""
        if not self.acl:
            return []
        if len(self.acl) < _HEADER.size or _HEADER.unpack_from(self.acl)[0] != _ACL_VERSION:
            raise ValueError("its access list is of a form that is not known here")
        try:
            entries = [(tag, bits, number) for tag, bits, number in _ENTRY.iter_unpack(self.acl[_HEADER.size :])]
        except struct.error:
            raise ValueError("its access list is of a form that is not known here") from None
        most = next((bits for tag, bits, _ in entries if tag == _MASK), 7)
        return [(tag, bits & most, number) for tag, bits, number in entries]


@dataclass(frozen=True, slots=True)
class Reader:
    """The user that wants to read, and the groups that it is in."""

    user: int
    groups: frozenset[int]

    @classmethod
    def ourselves(cls) -> Self:
        """This process."""
        return cls(os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


def read_key_file(path: str | os.PathLike[str]) -> KeyFile:
    """Read the file of a private key.

    Raises: OSError if it cannot be opened, ValueError if it is no file, holds no key in PEM, or can be read by others.
    """
    with opened_file(path) as descriptor:
        content = os.read(descriptor, MAX_KEY_FILE)
        if b"PRIVATE KEY" not in content:
            raise ValueError(no_key(content))
        return KeyFile(content, guarded(descriptor, str(path)))


#: What people give in place of a key, by what is in it, and what to do then. No word of the content is shown.
_NO_KEY = (
    (rb"ENCRYPTED", "it has a passphrase, which nobody is there to type: openssl pkey -in OLD -out NEW takes it off"),
    (rb"OPENSSH PRIVATE KEY", "it is in OpenSSH's own form: peerbus keygen makes one of the right form"),
    (rb"PUBLIC KEY", "it is a public key, which everybody may know: the node needs the private one"),
    (rb"CERTIFICATE", "it is a certificate: the node needs the private key"),
    (rb"\A\s*LS0tLS1CRUdJTi", "it is base64 of something in PEM: base64 -d OLD > NEW"),
    (rb"\A\x30", "it seems to be DER: openssl pkey -inform DER -in OLD -out NEW"),
    (rb"\A\s*\Z", "there is nothing in it"),
)
_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")


def no_key(content: bytes) -> str:
    """What to say of content that is no private key: what it seems to be, and what to do."""
    why = next((f": {text}" for form, text in _NO_KEY if re.search(form, content)), "")
    return f"not an unencrypted private key in PEM{why}"


def one_key(content: bytes) -> None:
    """Raise ValueError where a file has several private keys in it: it would be a guess which is the node's."""
    count = len(_BEGIN.findall(content))
    if count > 1:
        raise ValueError(f"there are {count} private keys in it, and a node has one: leave that alone in the file")


def guarded(descriptor: int, name: str) -> str:
    """Why a key in this open file is safe: asked of the file, so a swap of the path afterwards changes nothing.

    Raises: OSError, and ValueError where it is not safe, with what would be.
    """
    us, status = Reader.ourselves(), os.fstat(descriptor)
    access = Access(status.st_uid, status.st_gid, status.st_mode, _acl_of(descriptor))
    try:
        return why_safe(us, access)
    except ValueError as error:
        hint = f"run: chmod 600 {name}"
        if access.owner != us.user:
            hint = f"make it mode 0600 and user {us.user}'s, or 0440 and root's with a group that we are in"
        raise ValueError(f"{error} (mode {stat.S_IMODE(access.mode):04o}); {hint}") from None


def why_safe(us: Reader, access: Access) -> str:
    """Why a key in such a file is safe with us, as words to be shown.

    Raises: ValueError where it is not, with who else could read it.
    """
    if access.owner not in {_ROOT, us.user}:
        raise ValueError(f"belongs to user {access.owner}, neither to us (user {us.user}) nor to root")
    if access.mode & stat.S_IRWXO:
        raise ValueError("others can read the private key")
    why = []
    for user, bits in access.users():
        if bits & _WRITE and user not in {_ROOT, us.user}:
            raise ValueError(f"user {user} can write the private key (see getfacl)")
        if bits and user not in {_ROOT, us.user}:
            raise ValueError(f"user {user} can read the private key (see getfacl)")
        if bits and user != _ROOT:
            why.append("its access list lets us read it")
    for group, bits in access.groups():
        if not bits:
            continue
        if bits & ~_READ:
            raise ValueError(f"others of group {group} can write the private key")
        if access.owner != _ROOT:
            raise ValueError(f"others of group {group} can read the private key")
        if group not in us.groups:
            raise ValueError(f"others can read the private key: group {group}, which we are not in")
        why.append(f"group {group}, which we are in, may read it")
    owner = "ours" if access.owner == us.user else "root's"
    return f"it is {owner}, and {' and '.join(why)}" if why else f"it is {owner} alone"


def _acl_of(descriptor: int) -> bytes:
    if not hasattr(os, "getxattr"):  # elsewhere than on Linux the mode is what there is
        return b""
    try:
        return os.getxattr(descriptor, _ACL_NAME)
    except OSError as error:
        if error.errno in {errno.ENODATA, errno.ENOTSUP}:
            return b""
        raise
