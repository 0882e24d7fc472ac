"""The peers, each the way its own documentation recommends; every module needs packages that the bus does not."""
