"""peerbus.actors"""
