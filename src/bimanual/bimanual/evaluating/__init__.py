"""Evaluating policies: who acts in which world, what is told meanwhile, and what is left to look at."""
