"""What is a number."""

run = Run(project="team/tests", run_id="numbers", **QUIET)
run.log_metrics({"int": 3, "float": 0.5, "bool": True, "negative": -1e300}, step=1)
run.log_metrics({"text": "1.5", "spaced": " 2 ", "word": "x"}, step=1)
run.log_metrics(
    {"np32": np.float32(0.5), "np64": np.float64(0.1), "int64": np.int64(7), "scalar": np.array(4.0)}, step=1
)
run.log_metrics({"none": None, "list": [1.0], "array": np.array([1.0, 2.0]), "one": np.array([1.0])}, step=1)
run.log_metrics({"big": 10**400, "large": 2**70, "complex": 1j, "bytes": b"1.5"}, step=1)
run.log_metrics({"nan": math.nan, "inf": math.inf, "minus": -math.inf, "good": 1.0}, step=1)
run.log_metrics({}, step=1)
run.log_metrics({5: 1.0, "good": 2.0}, step=2)
run.log_metrics({"\ud800": 1.0, "never": 2.0}, step=2)
run.close()
