"""Who may ask for what: keys and tokens, roles and branches, and the table of what is open to whom."""
