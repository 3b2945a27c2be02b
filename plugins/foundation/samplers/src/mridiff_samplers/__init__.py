"""Reference samplers: classical baselines, diffusion posterior sampling, and diffusion with a proximal data step."""
