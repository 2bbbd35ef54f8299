"""A call with one bad value keeps the good ones."""

run = Run(project="team/tests", run_id="drop", **QUIET)
run.log_metrics({"bad": "x", "a": 1.0}, step=1)
run.log_configs({"bad": None, "b": 1})
run.log_string_series({"bad": 5, "c": "x"}, step=1)
run.log_histograms({"bad": 5, "d": Histogram([0, 1], counts=[1])}, step=1)
run.log(tags_add={"bad": 5, "sys/tags": ["e"]})
run.assign_files({"bad": 5, "f": b"x"})
run.close()
