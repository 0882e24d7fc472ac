"""peerbus: a message bus made of actors. Import `peerbus.actors`, `.transports`, `.discovery`, `.node`."""

__version__ = "0.1.0"

import os

# Before anything else is imported: from the sources. Not where a tool reads this file as one that is alone.
if os.environ.get("PEERBUS_PURE") == "1" and __package__:
    from .native.sources import use_sources

    use_sources(__name__)
