"""The rules of a network as they are shown: in `--check`, by the admin API, and what a reload has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...actors.base import date_text
from ...transports.admission import EntryRules
from .network import Network

__all__ = ["AuthorityView", "CertificateView", "NetworkView", "differences", "view_of_network"]


@dataclass(frozen=True, slots=True)
class AuthorityView:
    """An authority whose members are let in. `revoked`: how many certificates its list of this number names."""

    key_id: str
    name: str
    ends: float
    list_number: int
    revoked: int


@dataclass(frozen=True, slots=True)
class CertificateView:
    """This node's own certificate. Times are seconds since 1970; `serial` is hexadecimal, as the authority lists it."""

    serial: str
    issuer: str
    begins: float
    ends: float
    roles: tuple[str, ...]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NetworkView:
    """Who may come in. Every rule that is there must be met; `open`: there is none.

    `allow`: the ids that are let in; None: not by a list. `keys`: names of the keys, which tell nothing of them, the
    one first that this node proves.
    """

    name: str
    open: bool
    policy: str
    allow: tuple[str, ...] | None
    keys: tuple[str, ...]
    authorities: tuple[AuthorityView, ...]
    certificate: CertificateView | None


def view_of_network(network: Network, rules: EntryRules) -> NetworkView:
    """These rules of that network."""
    lists = {each.authority: each for each in rules.trust.revoked} if rules.trust else {}
    own = rules.certificate
    return NetworkView(
        name=network.name,
        open=rules.open,
        policy=network.policy,
        allow=None if rules.allow is None else tuple(sorted(rules.allow)),
        keys=tuple(key.name for key in rules.keys),
        authorities=tuple(
            AuthorityView(
                each.key_id,
                each.name,
                each.ends,
                lists[each.key_id].number if each.key_id in lists else 0,
                len(lists[each.key_id].serials) if each.key_id in lists else 0,
            )
            for each in (rules.trust.authorities if rules.trust else ())
        ),
        certificate=None
        if own is None
        else CertificateView(
            f"{own.serial:x}", own.issuer, own.begins, own.ends, tuple(sorted(own.roles)), dict(own.attributes)
        ),
    )


def differences(before: NetworkView, after: NetworkView) -> list[str]:
    """What is other than before, in words."""
    found = []
    if before.open != after.open:
        found.append(f"it {after.policy}")
    if before.allow != after.allow and after.allow is not None:
        found.append(f"allow: {_changed(before.allow or (), after.allow)}")
    if before.keys != after.keys and after.keys:
        found.append(f"network_key: {', '.join(after.keys)}")
    names = [each.name for each in after.authorities]
    if names != [each.name for each in before.authorities] and names:
        found.append(f"authority: {', '.join(names)}")
    if after.certificate is not None and after.certificate != before.certificate:
        found.append(f"certificate: {after.certificate.serial}, until {date_text(after.certificate.ends)}")
    lists = {each.key_id: each.list_number for each in before.authorities}
    for each in after.authorities:
        if each.list_number > lists.get(each.key_id, 0):
            found.append(f"revoked: {each.revoked} certificates of {each.name}, by list {each.list_number}")
    return found


def _changed(before: Iterable[str], after: Iterable[str]) -> str:
    gone, come = set(before) - set(after), set(after) - set(before)
    return " ".join([*(f"-{each}" for each in sorted(gone)), *(f"+{each}" for each in sorted(come))])
