"""Paths."""

run = Run(project="team/tests", run_id="paths", **QUIET)
run.log_metrics({"x" * 1024: 1.0, "é" * 512: 2.0}, step=1)
run.log_metrics({"x" * 1025: 1.0, "é" * 513: 2.0, "good": 3.0}, step=1)
run.log_configs({"y" * 1025: 1, "a b/c-d.e_f": 2, "żółw/µ": 3, "with\nline": 4})
run.log_string_series({"z" * 1025: "x"}, step=1)
run.log_histograms({"h" * 1025: Histogram([0, 1], counts=[1])}, step=1)
run.log(tags_add={"t" * 1025: ["x"], 5: ["y"]})
run.log_configs({("a", "b"): 1})
run.log_configs({None: 1})
run.log_string_series({1.5: "x"}, step=1)
run.close()
