"""Benchmark of the planner: seeded problems, a reference that says which can be solved, an independent checker."""
