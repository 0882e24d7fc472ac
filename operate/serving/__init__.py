"""Serving over HTTP: where, to whom, and within which bounds. What is answered is the business of others."""

from __future__ import annotations

from .access import Entrance, check_token, existing_token, read_token
from .certificate import ServerCertificate, read_certificate
from .places import (
    LONGEST,
    TEMPORARY,
    SocketPlace,
    TcpPlace,
    bind_socket,
    check_socket,
    default_socket,
    default_token,
    make_folder,
    place_of,
    remove_socket,
)
from .server import Bounds, HttpRequest, HttpServer
from .sessions import BrowserSession, Sessions

__all__ = [
    "LONGEST",
    "TEMPORARY",
    "Bounds",
    "BrowserSession",
    "Entrance",
    "HttpRequest",
    "HttpServer",
    "ServerCertificate",
    "Sessions",
    "SocketPlace",
    "TcpPlace",
    "bind_socket",
    "check_socket",
    "check_token",
    "default_socket",
    "default_token",
    "existing_token",
    "make_folder",
    "place_of",
    "read_certificate",
    "read_token",
    "remove_socket",
]
