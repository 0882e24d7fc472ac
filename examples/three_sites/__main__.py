"""Three sites on this machine, each host a network namespace: one is cut off from the others, and comes back.

    sudo python -m three_sites

It needs root, iproute2 and a nats-server. Hosts in Berlin and in Lyon see their own LAN and the hub, and nothing else.
On real machines it is `peerbus run`, with the configurations in this folder: see its README.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from peerbus.actors import PeerbusError

from .play import play


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m three_sites", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("network namespaces need root: sudo python -m three_sites")
    try:
        play()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}: {error.stderr.strip()}")
    except (PeerbusError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # nodes and namespaces are gone again
        sys.exit(130)


if __name__ == "__main__":
    main()
