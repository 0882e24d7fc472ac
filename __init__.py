"""peerbus: a message bus made of actors. Import `peerbus.actors`, `.transports`, `.discovery`, `.node`."""

__version__ = "0.1.0"

import os

if os.environ.get("PEERBUS_PURE") == "1":  # before anything else is imported: from the sources
    from .native.sources import use_sources

    use_sources(__name__)
