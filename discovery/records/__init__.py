"""What a node says of itself, signed, and which nodes it may reach: the records that others read and pass on."""

from __future__ import annotations

from .advert import Advert
from .interfaces import addresses_of
from .own_record import MAX_ENDPOINTS, check_offers_fit, names_a_place
from .record import MAX_SKEW, PeerRecord, RecordRefused, read_record
from .scope import Scope, scope_of, usable
from .self_description import Myself, SelfDescription

__all__ = [
    "MAX_ENDPOINTS",
    "MAX_SKEW",
    "Advert",
    "Myself",
    "PeerRecord",
    "SelfDescription",
    "RecordRefused",
    "Scope",
    "addresses_of",
    "check_offers_fit",
    "names_a_place",
    "read_record",
    "scope_of",
    "usable",
]
