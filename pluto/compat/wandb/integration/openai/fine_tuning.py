"""Not part of Pluto: importing it raises an error that says what to use."""

from pluto.compat.wandb.integration.needs import instead, need

need("openai", "openai.fine_tuning")
raise instead(
    "openai.fine_tuning",
    "read the job's events with client.fine_tuning.jobs.list_events() and log their metrics with run.log()",
)
