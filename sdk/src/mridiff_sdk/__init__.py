"""What mridiff methods are built from, and what proves them."""
