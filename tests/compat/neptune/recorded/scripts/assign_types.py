"""3.1: values of neptune.types."""

run = neptune.init_run(**QUIET)
run["i"] = types.Integer(5)
run["f"] = types.Float(5)
run["b"] = types.Boolean(0)
run["s"] = types.String("x")
[run[name].fetch() for name in "ifbs"]
types.Integer(2.5)
types.Integer("x")
types.Float("x")
types.String(5)
types.Boolean("x").value
types.Datetime(5)
types.Integer(5).value
types.Float("2.5").value
[str(types.Integer(5)), str(types.Float(1.5)), str(types.Boolean(True)), str(types.String("x"))]
types.Integer(5)
types.String("x")
types.StringSet(["a", "b"]).values
types.StringSet([1]).values
types.FloatSeries([1, "2", 3.5]).values
types.FloatSeries(["x"])
types.FloatSeries(5)
types.StringSeries(["a", 5])
types.StringSeries("text")
types.FloatSeries([1, 2], steps=[1])
types.FloatSeries([1, 2], timestamps=[1])
types.FloatSeries([1, 2], steps=[1, 2], timestamps=[5, 6], min=0, max=9, unit="m").unit
types.FileSeries([5])
types.FileSet(["a", "b"])
types.FileSet("a").file_globs
types.Artifact("x" * 64)
types.Artifact("short")
types.Namespace({"a": 1}) if hasattr(types, "Namespace") else None
