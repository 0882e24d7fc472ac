"""peerbus: a message bus made of actors. Import `peerbus.actors`, `.transports`, `.discovery`, `.node`."""

from importlib.machinery import PathFinder

__version__ = "0.2.0"

# Before anything else is imported, where there is a compiled build to be chosen, or not: its library stands beside the
# package. Not where a tool reads this file as one that is alone.
if __package__ and PathFinder.find_spec(f"{__package__}__mypyc") is not None:
    from .native.build import choose_build

    choose_build(__name__)
