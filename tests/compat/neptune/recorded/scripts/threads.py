"""9: threads write one run."""

import threading
run = neptune.init_run(**QUIET)
def work(number):
    for place in range(50):
        run[f"field/{number}/{place}"] = place
        run["series"].append(1.0)
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
len(run["field/3"].fetch())
len(run["series"].fetch_values())
sorted(run["field"].fetch())
