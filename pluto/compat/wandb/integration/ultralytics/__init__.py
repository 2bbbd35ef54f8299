"""Not part of Pluto: importing it raises an error that says what to use."""

from pluto.compat.wandb.integration.needs import instead, need

need("ultralytics", "ultralytics")
raise instead(
    "ultralytics", "ultralytics logs to the open run by itself once its setting wandb is on (yolo settings wandb=True)"
)
