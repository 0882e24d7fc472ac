"""`python -m peerbus`, and the command `peerbus`: the command line."""

import sys


def main() -> int:
    """Run the command line; return the exit status. Ctrl-C is silent from the first import on."""
    try:
        from .node import cli

        return cli.main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
