"""The backend that lets MoveIt plan; what speaks to moveit_py itself is behind :class:`MoveItClient`."""
