"""Chat over one's own socket: tokens, the protocol, and lines pushed to the sockets that this replica holds."""
