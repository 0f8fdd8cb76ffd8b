"""Periodic reports: what a week, a month or a quarter came to, for people to read and to reckon on with."""
