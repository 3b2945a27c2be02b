"""AutoDPS: the motion of a scan is estimated first, and its image drawn with the operator found."""
