"""1.2: the namespace of what is watched."""

run = neptune.init_run(**QUIET, monitoring_namespace="mine")
run.monitoring_namespace
run.exists("mine")
os.environ["NEPTUNE_MONITORING_NAMESPACE"] = "from/variable"
other = neptune.init_run(**QUIET)
other.monitoring_namespace
del os.environ["NEPTUNE_MONITORING_NAMESPACE"]
third = neptune.init_run(**QUIET)
len(third.monitoring_namespace)
third.monitoring_namespace.startswith("monitoring/")
third.exists("monitoring")
fourth = neptune.init_run(**{**QUIET, "capture_traceback": True}, monitoring_namespace="m")
{name: type(field).__name__ for name, field in fourth.get_structure()["m"].items()}
type(fourth["m/pid"].fetch())
type(fourth["m/tid"].fetch())
type(fourth["m/hostname"].fetch())
