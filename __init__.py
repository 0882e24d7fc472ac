"""peerbus: a message bus made of actors. Import `peerbus.actors`, `.transports`, `.discovery`, `.node`."""

__version__ = "0.2.0"

# Before anything else is imported. Not where a tool reads this file as one that is alone.
if __package__:
    from .native.build import choose_build

    choose_build(__name__)
