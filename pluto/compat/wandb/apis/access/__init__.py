"""The parts of `wandb.Api`."""
