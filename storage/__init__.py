"""Where the ledger is kept in production: PostgreSQL, through eventsourcing's recorder."""
