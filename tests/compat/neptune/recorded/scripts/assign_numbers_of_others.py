"""3.1: whatever float() takes."""

run = neptune.init_run(**QUIET)
run["np/int"] = np.int64(3)
run["np/bool"] = np.bool_(True)
run["np/float"] = np.float32(0.5)
run["np/scalar"] = np.array(2.5)
run["np/one"] = np.array([4.5])
run["decimal"] = Decimal("1.5")
run["bytes"] = b"1"
class Number:
    def __float__(self):
        return 9.0
run["number"] = Number()
run["np"].fetch()
[run[name].fetch() for name in ("decimal", "number")]
run["np/str"] = np.str_("text")
run["np/str"].fetch()
