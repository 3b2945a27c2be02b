"""What other projects wrote, as parts of mridiff: each is there where its library or program is installed."""
