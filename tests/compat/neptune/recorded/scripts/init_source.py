"""1.2: source code."""

Path("a.py").write_text("a = 1\n")
Path("b.txt").write_text("b\n")
settings = {name: value for name, value in QUIET.items() if name != "source_files"}
one = neptune.init_run(**settings, source_files="a.py")
one.get_structure()["source_code"]
two = neptune.init_run(**settings, source_files=["*.py", "*.txt"])
two.get_structure()["source_code"]
two.exists("source_code/files")
nothing = neptune.init_run(**settings, source_files=[])
nothing.get_structure()["source_code"]
missing = neptune.init_run(**settings, source_files=["missing.py"])
missing.exists("source_code/files")
