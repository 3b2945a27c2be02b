"""Commands that this package adds to the command line; light to import, as listing loads them all."""
