"""Motion artefacts taken off an image without a model of the motion."""
