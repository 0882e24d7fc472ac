"""One request and its answer, as values that know no HTTP library."""

from __future__ import annotations

import enum
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import msgspec

from ...actors.base import ConfigError

__all__ = ["ApiAnswer", "ApiError", "ApiRequest", "Failure", "Permission", "Streamed", "as_json"]


class Permission(enum.StrEnum):
    """What a caller may do: look, or steer as well."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request. `path` holds the parts that its route names, decoded; header names are in lower case."""

    verb: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        """An integer of the query. Raises ApiError for anything else, or one out of range."""
        text = self.query.get(name)
        if text is None:
            return default
        # At most 19 digits: more are no number that anybody counts to, and take long to read.
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
        if not low <= number <= high:
            raise ApiError(400, "malformed", f"{name} is {text[:40]!r}; write a number from {low} to {high}")
        return number


@dataclass(frozen=True, slots=True)
class Failure:
    """What a request that fails is answered with: a short word, and a text for people."""

    error: str
    text: str


class ApiError(Exception):
    """A request fails with this status, word and text."""

    def __init__(self, status: int, error: str, text: str) -> None:
        super().__init__(status, error, text)
        self.status = status
        self.failure = Failure(error, text)

    def __str__(self) -> str:
        return self.failure.text


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A whole answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: object, status: int = 200) -> ApiAnswer:
        """A value as JSON."""
        return cls(status, as_json(value))

    @classmethod
    def failed(cls, error: ApiError, headers: Mapping[str, str] | None = None) -> ApiAnswer:
        """What an error says."""
        return cls(error.status, as_json(error.failure), headers=headers or {})


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that goes on: server-sent events, as they come. It is closed when nobody reads it any more."""

    chunks: AsyncGenerator[bytes, None]


def as_json(value: object) -> bytes:
    """A value as JSON. What JSON has not is its text."""
    return msgspec.json.encode(value, enc_hook=str)


def malformed(error: ConfigError | ValueError) -> ApiError:
    """What is wrong in the request itself."""
    return ApiError(400, "malformed", str(error))
