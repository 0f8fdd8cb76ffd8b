"""Read models: recorded events folded to rows, and nothing decided again."""
