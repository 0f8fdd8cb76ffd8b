"""What happened and what must follow, decided purely: time, policy and context come in as data."""
