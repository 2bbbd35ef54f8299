"""Nested values, dataclasses, and what is made text."""


@dataclass
class Optimizer:
    name: str = "adam"
    betas: tuple = (0.9, 0.999)


@dataclass
class Config:
    lr: float = 0.1
    optimizer: Optimizer = field(default_factory=Optimizer)
    extra: dict = field(default_factory=lambda: {"depth": 3})


run = Run(project="team/tests", run_id="nested", **QUIET)
run.log_configs(Config())
run.log_configs(Config(), flatten=True)
run.log_configs({"all": Config()}, flatten=True, cast_unsupported=True)
run.log_configs({"a": {"b": 1, "c": {}, "d": {"e": "x"}}, 3: 4}, flatten=True)
run.log_configs({"a": {"f": None, "g": [1, 2], "h": ["x"]}, "i": object}, flatten=True, cast_unsupported=True)
run.log_configs({"j": {"k": 1}, "l": None, "m": [1, "x"], "n": frozenset(["o"]), "p": 1.5}, cast_unsupported=True)
run.log_configs(MappingProxyType({"q": MappingProxyType({"r": 1})}), flatten=True)
run.log_configs(Config, flatten=True)
run.log_configs(5, flatten=True)
run.log_configs(None, flatten=True, cast_unsupported=True)
run.close()
