"""Compression of what the examples send: one stream a connection, each frame alone, or with a trained dictionary."""
