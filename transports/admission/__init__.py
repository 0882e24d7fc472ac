"""Who may come into a network: its rules, its key, its authority, and what two nodes show each other for that."""

from __future__ import annotations

from .certificate import MAX_CERTIFICATE, AuthorityCertificate, MemberCertificate, certificates_in
from .credentials import Credentials
from .entry import ENTRY_MAGIC, NONCE_SIZE, Entry, EntryState
from .network_key import NetworkKey
from .revocations import MAX_LIST, RevocationList, lists_in
from .rules import EntryRules, NetworkGate, demanded
from .trust import Trust

__all__ = [
    "ENTRY_MAGIC",
    "MAX_CERTIFICATE",
    "MAX_LIST",
    "NONCE_SIZE",
    "AuthorityCertificate",
    "Credentials",
    "Entry",
    "EntryRules",
    "EntryState",
    "MemberCertificate",
    "NetworkGate",
    "NetworkKey",
    "RevocationList",
    "Trust",
    "certificates_in",
    "demanded",
    "lists_in",
]
