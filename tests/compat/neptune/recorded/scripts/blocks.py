"""8: a run as a block."""

with neptune.init_run(**QUIET) as run:
    run["x"] = 1
run.get_state()
with neptune.init_run(**QUIET) as other:
    other["x"] = 1
    raise ValueError("in the block")
other.get_state()
other.exists("x")
with other:
    pass
