"""The rules for peers as the API tells and takes them: who may do what, and how much each may send."""

from __future__ import annotations

import msgspec

__all__ = ["AllowBody", "PermissionsBody", "RateBody", "RatesBody"]

#: Of everybody.
_EVERYBODY = ("*",)


class AllowBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who may tell and ask on one channel; null: as it is said for all channels."""

    tell: tuple[str, ...] | None = None
    ask: tuple[str, ...] | None = None


class PermissionsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may do what: `*` (everybody), node ids, `role:archive`, `zone=eu`; an empty list is nobody.

    `tell`, `ask`: on channels that `channels` does not name. `offer`: who is believed to offer roles that `roles` does
    not name.
    """

    tell: tuple[str, ...] = _EVERYBODY
    ask: tuple[str, ...] = _EVERYBODY
    offer: tuple[str, ...] = _EVERYBODY
    channels: dict[str, AllowBody] = {}
    roles: dict[str, tuple[str, ...]] = {}


class RateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Of one peer on one channel; null: no limit. `messages`, `bytes`: a second; `…_burst`: at once."""

    messages: float | None = None
    messages_burst: int | None = None
    bytes: float | None = None
    bytes_burst: int | None = None
    asks: int | None = None


class RatesBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much each peer may send. `each`: on channels that `channels` does not name, and that say nothing of it."""

    each: RateBody | None = None
    channels: dict[str, RateBody] = {}
