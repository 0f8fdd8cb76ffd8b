"""The pages: rendered here, with nothing loaded from elsewhere."""
