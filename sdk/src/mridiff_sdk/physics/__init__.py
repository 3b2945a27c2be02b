"""Physics that more than one method needs: what a signal or a field is made of."""
