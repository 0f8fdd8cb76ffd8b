"""People and programs at the edge: the command line, HTTP and what they say in English and Chinese."""
