"""Other people's software in environments of its own, given the benchmark's work as files."""
