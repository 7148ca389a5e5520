"""The fault run: what goes wrong in a lab, done on purpose to a live graph, and whether the graph keeps its word.

Every fault must be detected and named, bring the arms to rest (or leave their motion unharmed where it is none of its
business), and be over after the node's restart: a good motion works again.
"""
