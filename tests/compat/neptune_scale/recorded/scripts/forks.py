"""Forks."""

parent = Run(project="team/tests", run_id="parent", **QUIET)
parent.log_configs({"lr": 0.1})
parent.log_metrics({"a": 1.0}, step=1)
parent.log_metrics({"a": 2.0}, step=2)
parent.log_metrics({"a": 3.0}, step=3)
parent.close()
child = Run(project="team/tests", run_id="child", fork_run_id="parent", fork_step=2, **QUIET)
child.log_metrics({"a": 30.0}, step=3)
child.log_metrics({"a": 40.0}, step=4)
child.close()
grandchild = Run(
    project="team/tests", run_id="grandchild", fork_run_id="child", fork_step=3.5, inherit_configs=False, **QUIET
)
grandchild.log_metrics({"a": 400.0}, step=4)
grandchild.close()
