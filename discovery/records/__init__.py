"""What a node says of itself, signed, and which nodes it may reach: the records that others read and pass on."""

from __future__ import annotations

from .address_filter import AddressFilter
from .advert import Advert
from .interfaces import INTERFACE_NAME, LocalAddress, addresses_of, local_addresses
from .leading import may_lead_to
from .own_endpoints import EVERYBODY, Advertised, Hearers, nearest_first
from .own_record import MAX_ENDPOINTS, check_offers_fit
from .record import MAX_LIFETIME, MAX_SKEW, PeerRecord, RecordRefused, read_record
from .self_description import Myself, SelfDescription
from .zones import can_reach, heard_at, share_a_place, zone_of

__all__ = [
    "EVERYBODY",
    "INTERFACE_NAME",
    "MAX_ENDPOINTS",
    "MAX_LIFETIME",
    "MAX_SKEW",
    "AddressFilter",
    "Advert",
    "Advertised",
    "Hearers",
    "LocalAddress",
    "Myself",
    "PeerRecord",
    "RecordRefused",
    "SelfDescription",
    "addresses_of",
    "check_offers_fit",
    "can_reach",
    "heard_at",
    "local_addresses",
    "may_lead_to",
    "nearest_first",
    "read_record",
    "share_a_place",
    "zone_of",
]
