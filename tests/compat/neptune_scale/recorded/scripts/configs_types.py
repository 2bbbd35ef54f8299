"""Single values and their types."""

run = Run(project="team/tests", run_id="configs", **QUIET)
run.log_configs({"int": 5, "low": -(2**63), "float": 0.25, "bool": True, "str": "text", "empty": "", "unicode": "żółw"})
run.log_configs({"nan": math.nan, "inf": -math.inf})
run.log_configs({"naive": datetime(2021, 5, 1, 12, 30), "aware": datetime(2021, 5, 1, 12, 30, tzinfo=timezone.utc)})
run.log_configs({"list": ["b", "a", "b"], "set": {"x"}, "tuple": ("y", "z"), "none": []})
run.log_configs({"np64": np.float64(1.5), "np32": np.float32(1.5)})
run.log_configs({"int64": np.int64(5), "bool_": np.bool_(True), "good": 1})
run.log_configs(
    {"null": None, "dict": {"a": 1}, "object": object(), "bytes": b"x", "frozen": frozenset("a"), "good": 2}
)
run.log_configs({"numbers": [1, 2], "never": 1})
run.log_configs({"mixed": ["a", 1]})
run.log_configs({"big": 2**63})
run.log_configs({"half": "\ud800"})
run.log_configs({5: 1, "good": 3})
run.log_configs(None)
run.log_configs({})
run.log_configs([1])
run.log_configs("text")
run.log_configs(MappingProxyType({"proxy": 1}))
run.log_configs({"str": "again", "int": 6})
run.close()
