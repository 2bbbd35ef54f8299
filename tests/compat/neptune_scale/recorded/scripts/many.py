"""Many values at once."""

run = Run(project="team/tests", run_id="many", **QUIET)
run.log_metrics({f"group{i % 7}/metric_{i}": i / 8 for i in range(300)}, step=1)
run.log_metrics({f"group{i % 7}/metric_{i}": i / 4 for i in range(300)}, step=2)
run.log_configs({f"config/{i}": i for i in range(100)})
run.log_string_series({f"text/{i}": str(i) for i in range(50)}, step=1)
run.close()
