"""A chat on a LAN: no server, no addresses. `python -m chat ada` in one terminal, `python -m chat bob` in another."""
