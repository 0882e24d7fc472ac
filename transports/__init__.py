"""peerbus.transports"""
