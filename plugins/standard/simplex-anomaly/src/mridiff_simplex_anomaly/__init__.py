"""Anomalies of brain MRI from one network call after partial diffusion with simplex noise."""
