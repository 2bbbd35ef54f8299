"""2: methods of the clients before."""

run = neptune.init_run(**QUIET)
run.log_metric("x", 1)
run.log_artifact("x")
run.log_image("x")
run.log_text("x", "y")
run.set_property("x", "y")
run.append_tag("x")
run.send_metric("x", 1)
run.nonsense
run.nonsense()
callable(run.exists)
