"""Reference priors for mridiff."""
