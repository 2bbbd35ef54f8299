"""Sweeps whose functions log through Pluto."""

from __future__ import annotations

import json

import pluto
import pluto.query as pq
from tests.programs import Scripts

QUIET = "{'disable_system_metrics': True, 'disable_console': True}"


def test_runs_carry_values_tag_and_declaration(scripts: Scripts) -> None:
    done = scripts.run(
        f"""
        import pluto
        sweep = pluto.sweep(
            {{
                "method": "grid",
                "metric": {{"name": "loss", "goal": "minimize"}},
                "parameters": {{
                    "lr": {{"values": [0.1, 0.2]}},
                    "model": {{"parameters": {{"width": {{"value": 8}}}}}},
                }},
            }},
            project="swept",
        )
        def train():
            run = pluto.init(config={{"lr": 9, "model": {{"depth": 2}}}}, tags=["mine"], settings={QUIET})
            assert run.config["model"] == {{"depth": 2, "width": 8}}, run.config
            run.log({{"loss": run.config["lr"]}}, step=1)
            if run.config["lr"] == 0.2:
                raise ValueError("too fast")
        pluto.agent(sweep, train)
        assert pluto.ops == []
        print(sweep)
        """
    )
    sweep = done.stdout.split()[-1]
    runs = list(pq.iter_runs("swept", tags=[f"sweep:{sweep}"], sort="+createdAt", details=True))
    assert [run["status"] for run in runs] == ["COMPLETED", "FAILED"]
    assert [run["config"]["lr"] for run in runs] == [0.1, 0.2]
    assert runs[0]["tags"] == ["mine", f"sweep:{sweep}"]
    assert runs[0]["config"]["model"] == {"depth": 2, "width": 8}
    declared = runs[0]["config"]["sweep"]
    assert (declared["id"], declared["method"]) == (sweep, "grid")
    assert declared["metric"] == {"name": "loss", "goal": "minimize"}
    assert declared["parameters"]["lr"] == {"values": [0.1, 0.2]}


def test_a_run_that_names_its_project_keeps_it_and_a_run_outside_is_no_trial(scripts: Scripts) -> None:
    scripts.run(
        f"""
        import pluto
        sweep = pluto.sweep({{"parameters": {{"lr": {{"value": 0.1}}}}}}, project="swept")
        pluto.agent(sweep, lambda: pluto.init(project="own", settings={QUIET}))
        pluto.init(project="own", name="outside", settings={QUIET}).finish()
        """
    )
    inside, outside = pq.iter_runs("own", sort="+createdAt", details=True)
    assert inside["config"]["lr"] == 0.1
    assert outside["tags"] == []
    assert not outside["config"]


def test_early_termination_ends_the_run(scripts: Scripts) -> None:
    done = scripts.run(
        f"""
        import json, pluto
        sweep = pluto.sweep(
            {{
                "metric": {{"name": "loss"}},
                "parameters": {{"level": {{"values": [1, 2, 0]}}}},
                "early_terminate": {{"type": "hyperband", "min_iter": 2, "eta": 2}},
            }},
            project="swept",
        )
        steps = {{}}
        def train():
            with pluto.init(settings={QUIET}) as run:
                for step in range(5):
                    steps[run.config["level"]] = step
                    run.log({{"loss": run.config["level"] + 1 / (step + 1)}}, step=step)
        pluto.agent(sweep, train)
        print(json.dumps(steps))
        """
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {"1": 4, "2": 1, "0": 4}
    runs = list(pq.iter_runs("swept", sort="+createdAt"))
    assert [run["status"] for run in runs] == ["COMPLETED", "TERMINATED", "COMPLETED"]
    assert len(pq.points("swept", runs[1]["id"], "loss")) == 2


def test_a_read_sees_what_the_process_has_just_logged(scripts: Scripts) -> None:
    scripts.run(
        f"""
        import pluto, pluto.query as pq
        run = pluto.init(project="seen", run_id="me", settings={QUIET})
        for step in range(30):
            run.log({{"loss": float(step)}}, step=step)
            if step % 10 == 9:
                points = pq.points("seen", "me", "loss")
                assert points.values.tolist() == list(map(float, range(step + 1))), points
        run.update_config({{"late": 1}})
        assert pq.get_run("seen", "me")["config"]["late"] == 1
        run.finish()
        assert pq.get_run("seen", "me")["status"] == "COMPLETED"
        """
    )


def test_the_names_are_functions() -> None:
    assert callable(pluto.sweep)
    assert callable(pluto.agent)
