"""Several kinds in one call."""

run = Run(project="team/tests", run_id="combined", **QUIET)
run.log(
    step=1,
    configs={"lr": 0.1},
    metrics={"loss": 0.5},
    tags_add={"sys/tags": ["a", "b"]},
    tags_remove={"sys/tags": ["b"]},
)
run.log(step=2, metrics={"loss": 0.25})
run.log(configs={"depth": 3})
run.log(tags_add={"my/set": ["x", "y"], "sys/group_tags": ["g"]})
run.log(tags_remove={"my/set": ["x"]})
run.log(timestamp=datetime(2030, 1, 1), step=3, metrics={"loss": 0.125})
run.log()
run.log(1, None, {"positional": True}, {"other": 1.0})
run.log(configs=[1])
run.log(configs=MappingProxyType({"a": 1}))
run.log(metrics=[1])
run.log(tags_add=[1])
run.log(tags_remove=[1])
run.log(step="x", metrics={"loss": 1.0})
run.log(step="x", configs={"unread": 1})
run.log(step=-1, metrics={"loss": 1.0})
run.log(timestamp=1.0, configs={"never": 1})
run.log(configs={"never": [1]}, metrics={"never": 1.0}, step=4)
run.log(unknown=1)
run.close()
