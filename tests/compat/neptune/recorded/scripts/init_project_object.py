"""1.3: a project in memory."""

project = neptune.init_project(project="team/tests", mode="debug")
project["a"] = 1
project["b/c"] = "x"
project["a"].fetch()
project["b"].fetch()
project["general/tags"].add("x")
project["s"].append(1.0)
project["s"].fetch_last()
project.exists("a")
del project["a"]
project.exists("a")
project.container_type.value
project.fetch_runs_table(query="", id="x")
project.fetch_runs_table(limit=0)
project.fetch_runs_table(limit="many")
project.fetch_runs_table(state="idle")
project.fetch_runs_table(ascending="yes")
project.fetch_runs_table(progress_bar="yes")
project.fetch_models_table(limit=-1)
project.stop()
project["a"]
project.fetch()
