"""Past experiments of other trackers, brought over whole: what `pluto migrate` and `pluto verify` run.

Read top-down: `model` (what a run consists of), `source` (where runs come from), `sources/` (one module or package
each), `plan` (what would come over), `staging` (a run as a journal), `migrate` (the loop), `verify` (the
proof), `report`.
"""
