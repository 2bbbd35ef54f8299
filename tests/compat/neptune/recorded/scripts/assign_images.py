"""3.1: images and figures are files."""

run = neptune.init_run(**QUIET)
run["pil"] = Image.new("RGB", (2, 2), (255, 0, 0))
run["pil"].fetch_extension()
run["image"] = File.as_image(np.eye(3))
run["image"].fetch_extension()
run["array"] = np.eye(3)
run.exists("array")
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(1, 1))
run["figure"] = figure
run["figure"].fetch_extension()
run["axes"] = axes
run.exists("axes")
plt.close(figure)
{name: type(field).__name__ for name, field in run.get_structure().items() if name in ("pil", "image", "figure")}
run["frame"] = pd.DataFrame({"a": [1]})
run.exists("frame")
