"""peerbus.node"""
