"""Asks the original neptune-query for everything in `scenarios` and writes its answers to `answers.json`.

Run it with a Python that has neptune-query 1.14.1: `python tests/compat/neptune_query/recorded/record.py`.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
os.environ.pop("NEPTUNE_API_TOKEN", None)
os.environ.pop("NEPTUNE_PROJECT", None)
os.environ["TZ"] = "UTC"

import describe  # noqa: E402
import neptune_query as nq  # noqa: E402
import scenarios  # noqa: E402
from neptune_query import exceptions, experimental, filters, runs, types  # noqa: E402
from neptune_query.internal import identifiers, output_format, pattern  # noqa: E402
from neptune_query.internal.retrieval import attribute_types as kinds  # noqa: E402
from neptune_query.internal.retrieval import attribute_values, files, metric_buckets, search, series  # noqa: E402
from neptune_query.internal.retrieval.attribute_filter import (  # noqa: E402
    split_attribute_filters,
    transform_attribute_filter_into_params,
)

NAMES = {
    **vars(filters), **vars(types), **vars(exceptions), "nq": nq, "runs": runs, "experimental": experimental,
    "datetime": datetime, "timedelta": timedelta, "timezone": timezone,
    "experiment_file": types.File("w/p", "e1", None, "a", None, "p", 1, "text/plain"),
    "run_file": types.File("w/p", None, "r1", "a", None, "p", 1, "text/plain"),
}  # fmt: skip
STYLE = re.compile("\033\\[[0-9;]*m")
PROJECT = "w/p"


def asked(expression, shown):
    try:
        return {"gives": shown(eval(expression, dict(NAMES)))}
    except Exception as error:
        return refused(error)


def refused(error):
    """The class of an error with its bases, and the words of its text that a reader needs: names, numbers, quotes."""
    text = re.sub(r"<class '[^']*'>", "", STYLE.sub("", str(error)))
    # The long texts of the others explain the service in general; what they name is asked for in EXCEPTIONS.
    plain = isinstance(error, (ValueError, TypeError, exceptions.NeptuneUserError))
    words = re.findall(r"`[^`]+`|'[^']+'|\b[a-z]+_[a-z_]+\b|\b\d+\b", text) if plain else []
    return {"raises": [c.__name__ for c in type(error).__mro__[:-2]], "words": sorted({w.strip("`'") for w in words})}


def run(label):
    return identifiers.RunIdentifier(PROJECT, label)


def number(value):
    return float(value) if isinstance(value, str) else value


def value_of(kind, value):
    if kind == "datetime":
        return datetime.fromtimestamp(value / 1000, tz=timezone.utc)
    if kind == "string_set":
        return set(value)
    if kind == "float":
        return number(value)
    if kind == "float_series":
        return kinds.FloatSeriesAggregations(number(value), 0.0, 0.0, 0.0, 0.0)
    if kind == "string_series":
        return kinds.StringSeriesAggregations(*value)
    if kind == "file":
        return kinds.File(**value)
    if kind == "file_series":
        return kinds.FileSeriesAggregations(kinds.File(**value[0]), value[1])
    if kind == "histogram_series":
        return kinds.HistogramSeriesAggregations(kinds.Histogram(**value[0]), value[1])
    return value


def table(rows, suffix, container, several):
    made = [
        output_format.TableRow(
            [
                attribute_values.AttributeValue(
                    identifiers.AttributeDefinition(name, kind), value_of(kind, value), run(f"{label}-{n}")
                )
                for name, kind, value in values
            ],
            label,
            PROJECT,
        )
        for n, (label, values) in enumerate(rows)
    ]
    build = output_format.create_runs_table_multiproject if several else output_format.create_runs_table
    return build(made, type_suffix_in_column_names=suffix, container_type=container)


def tried(build):
    try:
        return {"gives": describe.frame(build())}
    except Exception as error:
        return refused(error)


def tables():
    found = {}
    for name, rows in scenarios.TABLES.items():
        for suffix in (False, True):
            for container in search.ContainerType:
                for several in (False, True):
                    key = f"{name}; suffix {suffix}; {container.value}; several projects {several}"
                    found[key] = tried(lambda: table(rows, suffix, container, several))
    return found


def definition(label, name, kind):
    return identifiers.RunAttributeDefinition(run(label), identifiers.AttributeDefinition(name, kind))


def metrics():
    found = {}
    for name, parts in scenarios.METRICS.items():
        data = {
            definition(label, path, "float_series"): [
                (time, step, number(value), preview, done) for time, step, value, preview, done in points
            ]
            for label, path, points in parts
        }
        for time in (None, "absolute_time"):
            for previews in (False, True):
                for suffix in (False, True):
                    key = f"{name}; time {time is not None}; previews {previews}; suffix {suffix}"
                    found[key] = tried(
                        lambda: output_format.create_metrics_dataframe(
                            data,
                            {label: label for label, _, _ in parts},
                            type_suffix_in_column_names=suffix,
                            include_point_previews=previews,
                            index_column_name="experiment",
                            timestamp_column_name=time,
                        )
                    )
    return found


def other_series():
    found = {}
    for name, parts in scenarios.SERIES.items():
        for time in (None, "absolute_time"):
            for container in ("experiment", "run"):
                data = {
                    definition(label, path, kind): [
                        series.SeriesValue(
                            step,
                            value if kind == "string_series"
                            else kinds.File(**value) if kind == "file_series" else kinds.Histogram(**value),
                            at,
                        )
                        for step, value, at in points
                    ]
                    for label, path, kind, points in parts
                }  # fmt: skip
                key = f"{name}; time {time is not None}; {container}"
                found[key] = tried(
                    lambda: output_format.create_series_dataframe(
                        data, PROJECT, {label: label for label, *_ in parts}, container, time
                    )
                )
    return found


def buckets():
    found = {}
    for name, parts in scenarios.BUCKETS.items():
        for container in ("experiment", "run"):
            data = {
                definition(label, path, "float_series"): [
                    metric_buckets.TimeseriesBucket(n, *(number(part) for part in one)) for n, one in enumerate(rows)
                ]
                for label, path, rows in parts
            }
            found[f"{name}; {container}"] = tried(
                lambda: output_format.create_metric_buckets_dataframe(
                    data, {label: label for label, *_ in parts}, container_column_name=container
                )
            )
    return found


def downloads():
    found = {}
    for name, parts in scenarios.DOWNLOADS.items():
        for container in search.ContainerType:
            pick = (lambda at: (at, None)) if container.value == "experiment" else (lambda at: (None, at))
            data = {types.File(PROJECT, *pick(at), path, step, "p", 1, "t/p"): to for at, path, step, to in parts}
            found[f"{name}; {container.value}"] = tried(lambda: output_format.create_files_dataframe(data, container))
    return found


def answers():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "filters": {one: asked(one, str) for one in scenarios.FILTERS},
            "represented": {one: asked(one, repr) for one in scenarios.REPRESENTED},
            "patterns": {
                one: [[c.positive_patterns, c.negated_patterns] for c in pattern.parse_extended_regex(one).children]
                for one in scenarios.PATTERNS
            },
            "attribute filters": {
                one: asked(
                    one,
                    lambda made: [
                        transform_attribute_filter_into_params(part)
                        for part in split_attribute_filters(made._to_internal())
                    ],
                )
                for one in scenarios.ATTRIBUTE_FILTERS
            },
            "calls": {one: asked(one.format(p="project='w/p'"), lambda made: "something") for one in scenarios.CALLS},
            "without a project": asked("nq.list_experiments()", str),
            "exceptions": {
                one: asked(
                    one, lambda e: [[c.__name__ for c in type(e).__mro__[:-1]], [w for w in words if w in str(e)]]
                )
                for one, words in scenarios.EXCEPTIONS.items()
            },
            "targets": [
                str(files.create_target_path(Path("/d"), types.File("w/p", exp, run_id, path, step, "p", 1, mime)))
                for exp, run_id, path, step, mime in scenarios.TARGETS
            ],
            "tables": tables(),
            "metrics": metrics(),
            "series": other_series(),
            "buckets": buckets(),
            "downloads": downloads(),
        }


if __name__ == "__main__":
    parts = []
    for name, part in answers().items():
        rows = part.items() if isinstance(part, dict) else [(str(n), one) for n, one in enumerate(part)]
        lines = (f" {json.dumps(key, ensure_ascii=False)}: {json.dumps(one, ensure_ascii=False)}" for key, one in rows)
        parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "}")
    (HERE / "answers.json").write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")
