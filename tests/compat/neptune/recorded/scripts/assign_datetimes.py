"""3.3: datetimes as they are kept in memory."""

run = neptune.init_run(**QUIET)
run["d"] = datetime(2020, 1, 1, 12, 30, 5, 123456)
run["d"].fetch()
run["aware"] = datetime(2020, 1, 1, 12, tzinfo=timezone.utc)
run["aware"].fetch()
run["far"] = datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=5)))
run["far"].fetch()
run["old"] = datetime(1970, 1, 1, tzinfo=timezone.utc)
run["old"].fetch()
type(run.get_structure()["d"])
