"""The command line; its commands are those of `pluto wandb`."""
