"""The robot of the real graph: joint backends by name, and the node that runs the controllers over one."""
