"""1.2: parameters that there are not."""

neptune.init_run(mode="debug", unknown=1)
neptune.init_run(mode="debug", project_qualified_name="team/tests")
neptune.init_run(mode="debug", backend=object())
neptune.init_run("RUN-1", "team/tests")
neptune.init_project(mode="debug", unknown=1)
neptune.init_model(mode="debug", key="K", unknown=1)
neptune.init_model_version(mode="debug", model="M-K", unknown=1)
neptune.Run(nonsense=True)
