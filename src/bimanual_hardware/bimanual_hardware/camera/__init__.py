"""RealSense cameras, recordings of them and test patterns behind one protocol, and the node that publishes them."""
