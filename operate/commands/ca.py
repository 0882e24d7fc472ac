"""`peerbus ca`: a private authority, whose members are let in by each other."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

from ...actors.base import ConfigError, date_text
from ...node.identity_source import IdentitySource
from ...transports.admission import MemberCertificate, certificates_in
from ...transports.streams import Identity, Terms
from ..authority import AuthorityFolder, IssuedCertificate, public_key_in
from .help_text import HelpText
from .terminal import Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import seconds_in

__all__ = ["add_arguments", "run"]

#: Seconds before now that a certificate begins, as the clocks of nodes differ.
EARLIER = 300.0
_COLUMNS = (
    TextColumn("NODE", gives=1),
    TextColumn("STATE"),
    TextColumn("UNTIL"),
    TextColumn("ROLES", gives=2),
    TextColumn("SERIAL", gives=3),
)
_EPILOG = """\
examples:
  peerbus ca init ca                                  a new authority; keep this folder off the nodes
  peerbus keygen alice.pem                            on the node: its key stays there …
  peerbus id alice.pem --public > alice.pub           … and this goes to where the authority is
  peerbus ca issue ca alice.pub alice.crt --role archive --for 90d
  peerbus ca renew ca alice.crt                       before its end: the same again, for as long
  peerbus ca revoke ca 3f2a91                         ca/revoked.pem says so to whom it is given:
  peerbus network --revoke ca/revoked.pem             to one running node, which tells all others

each node's configuration then has:
  [network]
  name = "demo"
  authority = "authority.pem"     # ca/authority.pem; of several, one after the other, all count
  certificate = "alice.crt"

Expiry, and how to change a certificate or the whole authority without a gap: peerbus explain security.

Exit status: 0 well, 2 what was written cannot be done.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words and flags of `peerbus ca`."""
    parser.epilog = _EPILOG
    verbs = parser.add_subparsers(title="what to do", metavar="VERB", required=True, dest="verb")

    def verb(name: str, text: str, *, folder: bool = True) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            formatter_class=HelpText,
            allow_abbrev=False,
        )
        made.set_defaults(prog=f"peerbus ca {name}", parser=made)
        if folder:
            made.add_argument("folder", metavar="FOLDER", type=Path, help="the authority's")
        return made

    init = verb("init", "make a new authority: its key, and the certificate that nodes trust")
    init.add_argument(
        "--for", metavar="TIME", dest="duration", default="3650d", help="how long it holds (default: 3650d)"
    )
    issue = verb("issue", "issue a certificate to a node")
    issue.add_argument(
        "key", metavar="KEY", type=Path, help="what `peerbus id --public` printed, or the node's own key"
    )
    issue.add_argument("certificate", metavar="CERTIFICATE", type=Path, help="the file to write")
    issue.add_argument("--force", action="store_true", help="replace the file, whosever certificate it is")
    renew = verb("renew", "issue a certificate anew: for the same node, with the same roles, for as long again")
    renew.add_argument(
        "certificate", metavar="CERTIFICATE", type=Path, help="the file, in whose place the new one is put"
    )
    renew.add_argument("--out", metavar="FILE", type=Path, help="the file to write in its place")
    for each in (issue, renew):
        each.add_argument("--role", metavar="ROLE", action="append", help="that it may have (may be repeated)")
        each.add_argument(
            "--attribute", metavar="KEY=VALUE", action="append", help="that rules may go by (may be repeated)"
        )
        default = "365d" if each is issue else "as long as it was"
        each.add_argument(
            "--for", metavar="TIME", dest="duration", help=f"how long it holds: 12h, 90d (default: {default})"
        )
    revoke = verb("revoke", "revoke certificates, and write the list that says so")
    revoke.add_argument(
        "targets",
        metavar="WHAT",
        nargs="+",
        help="a node's id (the first digits are enough): all that it has; a serial number; or a certificate's file",
    )
    listed = verb("list", "list what was issued, and what became of it")
    show = verb("show", "print what stands in a certificate", folder=False)
    show.add_argument("certificate", metavar="CERTIFICATE", type=Path, help="the file")
    for each in (listed, show):
        each.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Do what the words ask for, and say it; return the exit status. Raises: ConfigError."""
    terminal, now = Terminal(), time.time()
    match options.verb:
        case "init":
            made = AuthorityFolder.create(
                options.folder, begins=now - EARLIER, ends=now + seconds_in("--for", options.duration, unit_needed=True)
            )
            terminal.say(f"{made.name}, until {date_text(made.ends)}", f"nodes trust {made.certificate}")
        case "issue":
            _issue(options, terminal, now)
        case "renew":
            _renew(options, terminal, now)
        case "revoke":
            _revoke(options, terminal, now)
        case "list":
            _list(options, terminal, now)
        case _:
            _show(options, terminal)
    return 0


def _issue(options: argparse.Namespace, terminal: Terminal, now: float) -> None:
    folder = AuthorityFolder(options.folder)
    ends = now + seconds_in("--for", options.duration or "365d", unit_needed=True)
    terms = _terms(options, now - EARLIER, ends, None)
    key = public_key_in(options.key, _private)
    made = folder.issue(key, terms, options.certificate, replace=options.force)
    terminal.say(f"{made.node_id}, until {date_text(made.ends)}", f"serial {made.serial:x}")


def _renew(options: argparse.Namespace, terminal: Terminal, now: float) -> None:
    folder, old = AuthorityFolder(options.folder), _read(options.certificate)
    known = next((each for each in folder.issued() if each.certificate.serial == old.serial), None)
    if known is None:
        raise ConfigError(f"{options.certificate} was not issued here: it names {old.issuer}, this is {folder.name}")
    if known.revoked:
        raise ConfigError(f"{options.certificate} is revoked; to let the node in again: peerbus ca issue")
    length = (
        seconds_in("--for", options.duration, unit_needed=True) if options.duration else old.ends - old.begins - EARLIER
    )
    terms = _terms(options, now - EARLIER, now + length, old)
    target = options.out or options.certificate
    made = folder.issue(public_key_in(options.certificate, _private), terms, target, replace=True)
    terminal.say(f"{made.node_id}, until {date_text(made.ends)}", f"serial {made.serial:x}")


def _revoke(options: argparse.Namespace, terminal: Terminal, now: float) -> None:
    folder = AuthorityFolder(options.folder)
    issued = folder.issued()
    chosen = {each.serial: each for target in options.targets for each in _chosen(target, issued, now)}
    number = folder.revoke(chosen.values(), now)
    for certificate in chosen.values():
        terminal.say(f"{certificate.node_id}, serial {certificate.serial:x}, is revoked")
    terminal.say(
        f"list {number} is {folder.list_file}; tell a running node: peerbus network --revoke {folder.list_file}"
    )


def _chosen(target: str, issued: Iterable[IssuedCertificate], now: float) -> list[MemberCertificate]:
    """What is meant: the certificates of a node that still hold, or one. Raises: ConfigError."""
    if Path(target).is_file():
        serial = _read(Path(target)).serial
        found = [each.certificate for each in issued if each.certificate.serial == serial]
    else:
        word = target.lower().removesuffix("…")
        found = [each.certificate for each in issued if f"{each.certificate.serial:x}" == word]
        if not found and len(word) >= 4:
            found = [each.certificate for each in issued if each.certificate.node_id.startswith(word)]
            if len({each.node_id for each in found}) > 1:
                raise ConfigError(f"{target} are the first digits of several nodes; write more of them")
            found = [each for each in found if each.ends > now]
    if not found:
        raise ConfigError(f"{target} is nothing that was issued here and still holds: see peerbus ca list")
    return found


def _list(options: argparse.Namespace, terminal: Terminal, now: float) -> None:
    issued = AuthorityFolder(options.folder).issued()
    if options.json:
        terminal.say_json([{**_as_json(each.certificate), "state": each.state(now)} for each in issued])
        return
    rows: list[list[Cell]] = [
        [
            each.certificate.node_id,
            each.state(now),
            date_text(each.certificate.ends),
            ", ".join(sorted(each.certificate.roles)),
            f"{each.certificate.serial:x}",
        ]
        for each in issued
    ]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["nothing was issued yet"]))


def _show(options: argparse.Namespace, terminal: Terminal) -> None:
    found = _read(options.certificate)
    if options.json:
        terminal.say_json(_as_json(found))
        return
    attributes = ", ".join(f"{key}={value}" for key, value in found.attributes.items())
    terminal.say(
        f"node        {found.node_id}",
        f"from        {date_text(found.begins)}",
        f"until       {date_text(found.ends)}",
        f"roles       {', '.join(sorted(found.roles)) or 'none'}",
        f"attributes  {attributes or 'none'}",
        f"serial      {found.serial:x}",
        f"issued by   {found.issuer}",
    )


def _as_json(certificate: MemberCertificate) -> dict[str, object]:
    return {
        "node_id": certificate.node_id,
        "serial": f"{certificate.serial:x}",
        "issuer": certificate.issuer,
        "begins": certificate.begins,
        "ends": certificate.ends,
        "roles": sorted(certificate.roles),
        "attributes": dict(certificate.attributes),
    }


def _terms(options: argparse.Namespace, begins: float, ends: float, old: MemberCertificate | None) -> Terms:
    roles = frozenset(options.role) if options.role is not None else old.roles if old else frozenset[str]()
    attributes = dict(old.attributes) if old and options.attribute is None else {}
    for word in options.attribute or ():
        key, equals, value = word.partition("=")
        if not equals:
            raise ConfigError(f"--attribute: {word!r} is no key and value; write --attribute team=storage")
        attributes[key] = value
    try:
        return Terms(begins=begins, ends=ends, roles=roles, attributes=attributes)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _private(path: Path) -> Identity:
    return IdentitySource("file", str(path)).read().identity


def _read(path: Path) -> MemberCertificate:
    try:
        return MemberCertificate.of(certificates_in(path.read_bytes())[0])
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
