"""1.5: what a run in memory has without being told."""

run = neptune.init_run(**QUIET)
sorted(run.get_structure())
sorted(run.get_structure()["sys"])
{name: type(field).__name__ for name, field in run.get_structure()["sys"].items()}
run["sys/name"].fetch()
run["sys/description"].fetch()
run["sys/id"].fetch()
run["sys/owner"].fetch()
run["sys/state"].fetch()
run["sys/size"].fetch()
run["sys/failed"].fetch()
run["sys/tags"].fetch()
type(run["sys/creation_time"].fetch())
run.get_state()
run.get_url()
run._id
