"""What camera took these frames: blur, noise, JPEG, colour, tone and resolution, measured against clean pictures."""
