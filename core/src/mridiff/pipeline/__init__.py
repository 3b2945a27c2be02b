"""From a configuration to a reconstruction and its record; one way, no turning back."""
