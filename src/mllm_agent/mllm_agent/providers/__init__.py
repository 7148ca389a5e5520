"""Where replies come from: an endpoint, an expert program, or the log of an earlier run."""
