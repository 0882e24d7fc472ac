"""Two nodes of one network, by each rule that a network can have: the files that their configurations name."""

from __future__ import annotations

import time
from pathlib import Path

from authorities import DAY, new_authority

from peerbus.transports.admission import NetworkKey
from peerbus.transports.streams import Identity, Terms

__all__ = ["RULES", "rule_of"]

RULES = ("open", "allow", "network_key", "authority")


def rule_of(rule: str, folder: Path, *members: Identity) -> list[dict[str, Path]]:
    """Of each member: the keys of `[network]`, but its name, that let it in, with the files in `folder`."""
    match rule:
        case "open":
            return [{} for _ in members]
        case "allow":
            allow = folder / "members"
            allow.write_text("".join(f"{member.node_id}\n" for member in members))
            return [{"allow": allow} for _ in members]
        case "network_key":
            NetworkKey.generate().save(folder / "demo.key")
            return [{"network_key": folder / "demo.key"} for _ in members]
    now, made = time.time(), []
    authority = new_authority(ends=now + 10 * DAY)
    (folder / "authority.pem").write_bytes(authority.certificate)
    for number, member in enumerate(members):
        terms = Terms(begins=now - DAY, ends=now + DAY, roles=frozenset(), attributes={})
        path = folder / f"{number}.crt"
        path.write_bytes(authority.issue(member.public_key_der, terms).certificate)
        made.append({"authority": folder / "authority.pem", "certificate": path})
    return made
