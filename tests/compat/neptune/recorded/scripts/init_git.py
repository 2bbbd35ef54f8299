"""1.2: git, where there is no repository."""

settings = {name: value for name, value in QUIET.items() if name != "git_ref"}
one = neptune.init_run(**settings, git_ref=False)
one.exists("source_code/git")
two = neptune.init_run(**settings, git_ref=types.GitRef.DISABLED)
two.exists("source_code/git")
three = neptune.init_run(**settings, git_ref=types.GitRef(repository_path="nowhere"))
three.exists("source_code/git")
types.GitRef.DISABLED
types.GitRef(repository_path=os.curdir).resolve_path() is not None
