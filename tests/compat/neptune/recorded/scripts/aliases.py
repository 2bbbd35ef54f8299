"""13: neptune.new."""

new = load(".new")
new.init_run is neptune.init_run
new.Run is neptune.Run
load(".new.types").File is types.File
load(".new.exceptions").NeptuneException is NeptuneException
load(".new.handler").Handler is load(".handler").Handler
load(".new.attributes").FloatSeries is load(".attributes").FloatSeries
load(".new.types").StringSeries is types.StringSeries
run = load(".new").init_run(**QUIET)
type(run)
run["x"] = 1
run["x"].fetch()
