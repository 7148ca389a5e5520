"""Robots and cameras that are no simulation: joint backends and camera sources behind the shared protocols.

Nothing here imports ROS but the ``node.py`` files; a device's own units, names and orders end at its backend.
"""
