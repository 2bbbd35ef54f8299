"""Not part of Pluto: importing it raises an error that says what to use."""

from pluto.compat.wandb.integration.needs import instead, need

need("dspy", "dspy")
raise instead("dspy", "log the scores of an evaluation with run.log(), and its examples as a wandb.Table")
