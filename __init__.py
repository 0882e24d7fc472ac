"""peerbus: a message bus made of actors. Import `peerbus.actors`, `.transports`, `.discovery`, `.node`."""

__version__ = "0.1.0"
