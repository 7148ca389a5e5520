"""Collecting expert demonstrations in process: what is asked for, where it goes, who does it."""
