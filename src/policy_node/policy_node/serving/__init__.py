"""Running policies: windows of observations in, chunks out, checked, shaped and commanded. Nothing here knows ROS."""
