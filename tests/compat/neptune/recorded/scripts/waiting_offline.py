"""1.4, 8: what an offline run can and can't do."""

run = neptune.init_run(**{**QUIET, "mode": "offline"})
run["x"] = 1
run["s"].append(1.0)
run["x"].fetch()
run["s"].fetch_last()
run["s"].fetch_values()
run["sys/tags"].fetch()
run["nowhere"].fetch()
run["nowhere"].fetch_last()
run.sync()
run.wait()
run.wait(disk_only=True)
run.exists("x")
run.exists("nowhere")
run["x"]
run["x"] = "five"
run["x"] = "5"
sorted(run.get_structure())
del run["x"]
run.exists("x")
run.get_url()
run.get_state()
run.stop()
run.get_state()
run.stop()
run["x"]
