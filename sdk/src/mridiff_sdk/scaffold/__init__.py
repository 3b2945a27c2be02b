"""Scaffold: `mridiff new`, a package that keeps every law from its first minute."""
