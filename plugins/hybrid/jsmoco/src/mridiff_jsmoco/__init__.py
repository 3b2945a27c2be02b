"""Joint estimation of an image, of rigid motion between shots and of coil maps, inside one reverse process."""
