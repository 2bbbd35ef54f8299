"""1.2: name, description, tags."""

run = neptune.init_run(**QUIET, name="baseline", description="the first", tags=["a", "b"])
run["sys/name"].fetch()
run["sys/description"].fetch()
run["sys/tags"].fetch()
run["sys/failed"].fetch()
run.exists("sys/name")
run.exists("sys/tags")
run["sys/name"] = "renamed"
run["sys/name"].fetch()
run["sys/description"] = "the second"
run["sys/description"].fetch()
other = neptune.init_run(**QUIET, tags="single")
other["sys/tags"].fetch()
third = neptune.init_run(**QUIET, tags=("x", "y", "x"))
third["sys/tags"].fetch()
fourth = neptune.init_run(**QUIET, tags={"z"})
fourth["sys/tags"].fetch()
