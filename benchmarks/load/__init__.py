"""What the bus promises under load, measured between real processes over TCP with TLS: each figure with its bound."""
