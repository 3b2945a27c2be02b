"""NeuralDiffuser: pictures decoded from brain responses, guided by vision features decoded from the same responses."""
