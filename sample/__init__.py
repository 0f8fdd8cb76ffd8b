"""A sample to play in: a tobacco branch, a car dealer and real consumer complaints, dated around a moment."""
