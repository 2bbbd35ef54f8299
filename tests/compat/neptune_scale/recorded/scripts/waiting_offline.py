"""Waiting for a run that is offline."""

run = Run(
    project="team/tests",
    run_id="waiting",
    mode="offline",
    enable_console_log_capture=False,
    source_tracking_config=None,
)
run.log_metrics({"a": 1.0}, step=1)
run.wait_for_submission(timeout=0.1, verbose=False)
run.wait_for_processing(timeout=0.1, verbose=False)
run.wait_for_processing(verbose=False) is False
run.get_experiment_url()
run.close()
