"""Kafka and Faust at the edge, and the local broker and database that stand in for real ones."""
