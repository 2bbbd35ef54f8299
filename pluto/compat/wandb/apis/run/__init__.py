"""The parts of `wandb.apis.public.Run`."""
