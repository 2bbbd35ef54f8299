"""13: what integrations import."""

verify = load(".internal.utils").verify_type
verify("x", 5, int)
verify("x", "5", int)
verify("x", "5", (int, str))
verify("x", None, (int, type(None)))
load(".internal.utils").verify_collection_type("x", ["a"], str)
load(".internal.utils").verify_collection_type("x", ["a", 5], str)
load(".internal.utils").is_collection([1])
load(".internal.utils").is_collection("text")
load(".integrations.utils").expect_not_an_experiment(5)
run = neptune.init_run(**QUIET)
load(".integrations.utils").expect_not_an_experiment(run)
isinstance(run, (neptune.Run, load(".handler").Handler))
isinstance(run["x"], (neptune.Run, load(".handler").Handler))
load(".version").__version__
load(".version").version
load(".integrations.nonsense")
