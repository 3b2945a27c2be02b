"""Gradient descent with momentum, and an operator made of sigpy's."""
