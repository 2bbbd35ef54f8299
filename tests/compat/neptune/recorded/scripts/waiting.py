"""8: wait, sync, stop."""

run = neptune.init_run(**QUIET)
run["x"] = 1
run.wait()
run.wait(disk_only=True)
run.wait(True)
run.wait(5)
run.sync()
run.sync(wait=False)
run.stop(5)
run.stop(seconds="5")
run.stop(seconds=[5])
run.get_state()
run["x"].fetch()
run.ping()
with run.lock():
    run["y"] = 2
run["y"].fetch()
run.stop(seconds=2.5)
run.get_state()
run.stop(seconds=1)
