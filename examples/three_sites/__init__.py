"""Three sites: two LANs that find their own by mDNS, and each other through a nats-server."""
