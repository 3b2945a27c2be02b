"""Making an estimate agree with what was measured."""
