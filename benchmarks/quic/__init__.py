"""Does a library of QUIC carry the bus? Every requirement, tried on a candidate in an environment of its own."""
