"""What a run is."""

one = Run(project="team/tests", run_id="experiment", experiment_name="digits / baseline", **QUIET)
two = Run(project="team/tests", run_id="dated", creation_time=datetime(2021, 5, 1, 12, 30), **QUIET)
three = Run(
    project="team/tests", run_id="zoned", creation_time=datetime(2021, 5, 1, 12, 30, tzinfo=timezone.utc), **QUIET
)
four = Run(project="team/tests", run_id="żółw 1 + 2", **QUIET)
five = Run(project="team/tests", run_id="é" * 300, log_directory="logs", **QUIET)
six = Run(project="team/tests", run_id="20240101", log_directory=Path("logs"), **QUIET)
one.log_metrics({"a": 1.0}, step=1)
two.log_metrics({"a": 1.0}, step=1)
three.log_metrics({"a": 1.0}, step=1)
four.log_metrics({"a": 1.0}, step=1)
five.log_metrics({"a": 1.0}, step=1)
six.log_metrics({"a": 1.0}, step=1)
one.close()
two.close()
three.close()
four.close()
five.close()
six.close()
