"""9: a run is not pickled."""

import pickle
run = neptune.init_run(**QUIET)
run["x"] = 1
pickle.dumps(run)
run["x"].fetch()
