"""peerbus.discovery"""
