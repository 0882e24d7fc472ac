"""peerbus.testing"""
