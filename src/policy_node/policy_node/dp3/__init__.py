"""DP3, small: a point cloud and the joints condition a diffusion over the next joint commands."""
