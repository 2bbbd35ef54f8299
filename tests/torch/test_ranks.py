from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import free_port
from tests.torch.journal import histograms

TRAIN = """
import os
import torch
import torch.distributed as dist
from torch import nn
import pluto

dist.init_process_group("gloo")
torch.manual_seed(dist.get_rank())
net = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1)))
run = pluto.init(
    project="ddp", run_id="ranks", mode="offline",
    settings={"disable_console": True, "disable_system_metrics": True},
)
run.watch(net, log_freq=2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(6):
    optimizer.zero_grad()
    loss = net(torch.randn(8, 4)).square().mean()
    loss.backward()
    optimizer.step()
    run.log({f"loss/{dist.get_rank()}": loss})
weights = torch.cat([p.detach().reshape(-1) for p in net.parameters()])
both = [torch.empty_like(weights) for _ in range(2)]
dist.all_gather(both, weights)
assert torch.equal(*both), "ranks have drifted apart"
run.finish()
dist.destroy_process_group()
"""


@pytest.mark.distributed
def test_watching_under_torchrun(root: Path, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAIN)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={free_port()}"]
    done = subprocess.run([*torchrun, "train.py"], cwd=tmp_path, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    found = histograms(root)
    assert sorted(found) == sorted(
        f"{kind}/{i}.{part}" for kind in ("grad", "param") for i in "02" for part in ("weight", "bias")
    )
    for series in found.values():
        assert sorted(step for step, _ in series) == [2, 2, 4, 4, 6, 6]
