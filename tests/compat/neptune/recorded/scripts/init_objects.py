"""1.3: projects, models and versions."""

neptune.init_project(mode="offline")
neptune.init_model(mode="offline", key="K")
neptune.init_model_version(mode="offline", model="M-K")
neptune.init_model(mode="debug")
neptune.init_model_version(mode="debug")
neptune.init_project(project=5, mode="debug")
neptune.init_model(key=5, mode="debug")
neptune.init_model(name=5, key="K", mode="debug")
neptune.init_model_version(model=5, mode="debug")
neptune.init_model_version("X-1-2", mode="debug")
neptune.init_model("X-1", mode="debug")
neptune.init_run is neptune.Run
neptune.init_project is neptune.Project
neptune.init_model is neptune.Model
neptune.init_model_version is neptune.ModelVersion
