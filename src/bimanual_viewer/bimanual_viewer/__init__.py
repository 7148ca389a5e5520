"""The live graph in a web page. Everything but ``node`` knows no ROS: what is known, and how it is shown."""
