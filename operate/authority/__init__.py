"""A private authority as its owner keeps it: a folder with its key, what it has issued, and what it has revoked."""

from __future__ import annotations

from .folder import AuthorityFolder, IssuedCertificate, public_key_in

__all__ = ["AuthorityFolder", "IssuedCertificate", "public_key_in"]
