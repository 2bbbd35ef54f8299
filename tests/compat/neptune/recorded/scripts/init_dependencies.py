"""1.2: what is installed."""

Path("requirements.txt").write_text("numpy==2\n")
run = neptune.init_run(**QUIET, dependencies="requirements.txt")
run.get_structure()["source_code"]
run["source_code/requirements"].fetch_extension()
other = neptune.init_run(**QUIET, dependencies="nowhere.txt")
other.exists("source_code/requirements")
third = neptune.init_run(**QUIET, dependencies="infer")
third.exists("source_code/requirements")
fourth = neptune.init_run(**QUIET)
fourth.exists("source_code/requirements")
