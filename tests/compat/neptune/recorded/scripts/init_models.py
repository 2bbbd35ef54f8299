"""1.3: the model registry in memory."""

model = neptune.init_model(mode="debug", key="MOD", name="mine")
model["a"] = 1
model["a"].fetch()
model["sys/name"].fetch()
model.container_type.value
model.fetch_model_versions_table(limit=0)
version = neptune.init_model_version(mode="debug", model="M-MOD", name="v")
version["sys/name"].fetch()
version.container_type.value
version.change_stage("nonsense")
version.change_stage(5)
version["sys/stage"] = "staging"
version["sys/stage"].assign("staging")
version["sys/stage"].append("staging")
version["sys"].assign({"stage": "staging"})
version.assign({"sys/stage": "staging"})
version["x"] = 2
version["x"].fetch()
model.stop()
model["a"]
version.stop()
version["x"]
