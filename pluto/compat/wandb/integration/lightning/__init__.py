"""Loggers for Lightning, whose own is `lightning.pytorch.loggers.WandbLogger`."""
