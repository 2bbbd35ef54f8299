import os, sys, math, json
import numpy as np
import wandb
from pathlib import Path
out = sys.argv[1]
old = wandb.__version__.startswith("0.16")
Path("data").mkdir(exist_ok=True)
Path("data/model.bin").write_bytes(b"weights" * 10)
Path("data/dir").mkdir(exist_ok=True)
Path("data/dir/a.txt").write_text("a")
Path("data/dir/b.txt").write_text("b")
run = wandb.init(project="rich", entity="team", id="rich001", name="rich run", notes="some notes", tags=["t1", "t2"], group="grp", job_type="train",
    config={"lr": 0.1, "big": 2**70, "none": None, "nested": {"a": {"b": [1, {"c": 2}]}, "x.y": 1}, "nan": float("nan"), "inf": float("inf"), "t": True, "s": "text", "ünï": "ö"}, dir=out, save_code=True)
run.define_metric("custom/step")
run.define_metric("custom/*", step_metric="custom/step")
run.define_metric("acc", summary="max,min,mean")
run.define_metric("hid", hidden=True, summary="none")
print("hello stdout")
print("to stderr", file=sys.stderr)
for i in range(5):
    wandb.log({"loss": 1.0 / (i + 1), "acc": [0.1, 0.9, 0.3, math.nan, 0.5][i], "hid": i, "nested": {"x": i, "deep": {"y": -i}}, "flat.dot": i * 2, "bool": i % 2 == 0})
wandb.log({"nan": float("nan"), "inf": float("inf"), "ninf": float("-inf"), "npnan": np.float32("nan"), "npinf": np.float64("inf"), "np32": np.float32(0.1), "np64": np.float64(0.1), "npint": np.int64(7), "negzero": -0.0, "big": 2**60 + 1, "huge": 2**70, "textnan": "NaN", "text": "hello", "none": None, "list": [1, 2, float("nan")], "tuple": (1, "a"), "empty": {}, "emptylist": [], "nestednan": {"v": float("nan"), "l": [float("inf")]}, "npbool": np.bool_(True)})
wandb.log({"step_given": 1}, step=20)
wandb.log({"same": 1}, step=20)
wandb.log({"custom/loss": 1.5, "custom/step": 100})
wandb.log({"custom/loss": 1.25})
wandb.log({})
wandb.log({"arr": np.arange(10), "bigarr": np.arange(1000) / 7})
img = lambda k, **kw: wandb.Image(np.full((6, 8, 3), k, np.uint8), **kw)
boxes = {"pred": {"box_data": [{"position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}, "class_id": 1, "box_caption": "cap", "scores": {"s": 0.5}, "domain": "pixel"}, {"position": {"middle": [0.5, 0.5], "width": 0.1, "height": 0.2}, "class_id": 0}], "class_labels": {0: "bg", 1: "cat"}}}
masks = {"gt": {"mask_data": np.arange(48).reshape(6, 8) % 2, "class_labels": {0: "bg", 1: "cat"}}}
wandb.log({"img": img(10, caption="one", boxes=boxes, masks=masks, classes=[{"id": 0, "name": "bg"}, {"id": 1, "name": "cat"}])})
wandb.log({"imgs": [img(1, caption="first"), img(2), img(3, caption="third", boxes=boxes, masks=masks)]})
wandb.log({"sub": {"img": img(20, caption="nested img")}})
sr = 8000
wandb.log({"aud": wandb.Audio(np.sin(np.arange(800) / 10).astype(np.float32), sample_rate=sr, caption="beep")})
wandb.log({"auds": [wandb.Audio(np.sin(np.arange(800) / 10).astype(np.float32), sample_rate=sr, caption="a"), wandb.Audio(np.sin(np.arange(800) / 11).astype(np.float32), sample_rate=sr)]})
Path("data/v.gif").write_bytes(b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")
wandb.log({"vid": wandb.Video("data/v.gif", caption="moving")})
wandb.log({"vids": [wandb.Video("data/v.gif", caption="m1"), wandb.Video("data/v.gif", caption="m2")]})
wandb.log({"html": wandb.Html("<b>hi</b>", inject=False)})
wandb.log({"obj": wandb.Object3D(np.random.RandomState(0).rand(5, 3))})
Path("data/m.pdb").write_text("ATOM\n")
wandb.log({"mol": wandb.Molecule("data/m.pdb")})
wandb.log({"hist": wandb.Histogram(np_histogram=([1, 2, 3], [0.0, 1.0, 2.0, 3.0]))})
wandb.log({"tab": wandb.Table(columns=["x", "y", "z"], data=[[1, "a", 0.5], [2, "b", float("nan")]])})
wandb.log({"tabimg": wandb.Table(columns=["i", "img"], data=[[1, img(50, caption="cell")], [2, img(60)]])})
t = wandb.Table(columns=["x", "y"], data=[[1, 2], [3, 4]])
wandb.log({"chart": wandb.plot.line(t, "x", "y", title="T")})
try:
    import plotly.graph_objects as go
    wandb.log({"plotly": go.Figure(data=[go.Scatter(x=[1, 2], y=[3, 4])])})
except ImportError:
    pass
wandb.log({"auds_nested": {"in": [img(5), img(6)]}})
art = wandb.Artifact("net", "model", description="desc", metadata={"score": 1, "l": [1, 2]})
art.add_file("data/model.bin")
art.add_dir("data/dir", name="d")
art.add_reference("https://example.com/x.bin", checksum=False)
wandb.log_artifact(art, aliases=["best", "prod"])
Path("data/model.bin").write_bytes(b"weights2" * 10)
art2 = wandb.Artifact("net", "model")
art2.add_file("data/model.bin", name="model.bin")
wandb.log_artifact(art2)
wandb.save("data/dir/*", base_path="data", policy="now")
run.summary["best"] = 0.99
run.summary["nested"] = {"x": 77}
run.summary["loss"] = 123
run.config.update({"late": 5})
wandb.alert("title", "text", level=wandb.AlertLevel.WARN)
run.log_code(".", include_fn=lambda p: p.endswith("everything.py"))
for k in range(3):
    sys.stderr.write(f"\rprogress {k}/3"); sys.stderr.flush()
print(file=sys.stderr)
print("multi\nline")
run.finish(exit_code=0)
