"""Calendar data: the official schedules and the festivals they are computed from."""
