"""What changes a sample: geometry, light, the camera."""
