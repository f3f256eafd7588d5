"""What any network here is trained by: device, feeds, augmentation, optimizers, checkpoints."""
