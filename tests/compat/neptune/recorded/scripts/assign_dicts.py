"""3.1: dicts and namespaces."""

run = neptune.init_run(**QUIET)
run["p"] = {"lr": 0.1, "deep/er": {"n": 3}, 5: "five", True: 1, (1, 2): "t"}
run["p"].fetch()
run["p"] = {"lr": 0.2, "more": "x"}
run["p"].fetch()
run["args"] = Namespace(lr=0.5, name="x", flag=False, nothing=None)
run["args"].fetch()
run["empty"] = {}
run.exists("empty")
run["keys"] = {"": 1, "a": 2, "/": 3}
run["keys"].fetch()
run["p"] = 5
run["p"] = "text"
run["p/lr"] = {"a": 1}
run["p/lr"].fetch()
run["typed"] = {"a": types.Float(1), "b": types.String("x"), "c": {"d": types.Integer(3)}}
run["typed"].fetch()
run["series"] = {"a": FloatSeries([1, 2])}
run["series/a"].fetch_last()
