"""Not part of Pluto: importing it raises an error that says what to use."""

from pluto.compat.wandb.integration.needs import instead, need

need("tensorflow", "tensorflow")
raise instead("tensorflow", "WandbHook follows estimators of TensorFlow 1; use wandb.init(sync_tensorboard=True)")
