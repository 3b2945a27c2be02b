"""Joint sampling of an image and of the rigid poses that the head took during the scan."""
