"""What is asked of the original and of ours: expressions, and made-up answers of a server. Imports nothing of Pluto."""

from __future__ import annotations

T = 1_735_689_600_000
"""A time, in milliseconds: 2025-01-01 UTC."""

FILTERS = [
    'Filter.eq("a", 1)',
    'Filter.eq("a", True)',
    'Filter.eq("a", 1.5)',
    'Filter.eq("a", 1e30)',
    'Filter.eq("a", float("nan"))',
    'Filter.eq("a", float("-inf"))',
    'Filter.eq("a", "text")',
    'Filter.eq("a", "with \\"quotes\\" and \\\\backslash")',
    'Filter.eq("a b/c", "")',
    'Filter.eq("a`b", "x")',
    'Filter.ne("a", 1)',
    'Filter.gt("a", 1)',
    'Filter.ge("a", 1)',
    'Filter.lt("a", 1)',
    'Filter.le("a", 1)',
    'Filter.eq(Attribute("a", type="int"), 1)',
    'Filter.eq(Attribute("a", type="float_series"), 1)',
    'Filter.eq(Attribute("a", type="string_set"), "x")',
    'Filter.eq(Attribute("a", type="string_series"), "x")',
    'Filter.exists(Attribute("a", type="file"))',
    'Filter.exists(Attribute("a", type="file_series"))',
    'Filter.exists(Attribute("a", type="histogram_series"))',
    'Filter.exists(Attribute("a", type="datetime"))',
    'Filter.exists("a")',
    'Filter.matches("a", "x")',
    'Filter.matches("a", "")',
    'Filter.matches("a", "x & y")',
    'Filter.matches("a", "x | y")',
    'Filter.matches("a", "!x")',
    'Filter.matches("a", "x & !y | z")',
    'Filter.matches(Attribute("a", type="string"), "a\\\\d+ & !b")',
    'Filter.contains_all("sys/tags", "x")',
    'Filter.contains_all("sys/tags", ["x", "y"])',
    'Filter.contains_none("sys/tags", "x")',
    'Filter.contains_none("sys/tags", ["x", "y"])',
    'Filter.contains_all("a", [1])',
    'Filter.name("exp.*")',
    'Filter.name(["a", "b"])',
    'Filter.name("a & !b")',
    'Filter.eq("a", 1) & Filter.eq("b", 2)',
    'Filter.eq("a", 1) | Filter.eq("b", 2)',
    'Filter.eq("a", 1) & Filter.eq("b", 2) & Filter.eq("c", 3)',
    'Filter.eq("a", 1) & Filter.eq("b", 2) | ~Filter.eq("c", 3)',
    '~(Filter.eq("a", 1) | Filter.exists("b"))',
    '~~Filter.eq("a", 1)',
    'Filter.eq("a", datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=timezone.utc))',
    'Filter.eq("a", datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=5))))',
    'Attribute("a/b")',
    'Attribute("a", type="float_series")',
    # What is refused.
    'Filter.eq("a", None)',
    'Filter.eq("a", [1])',
    'Filter.gt("a", object())',
    'Filter.contains_all("a", [])',
    'Filter.contains_none("a", [])',
    'Filter.contains_all("a", [None])',
    'Filter.name([])',
    'Filter.name(3)',
    'Filter.matches("a", 3)',
    'Filter.eq(3, 3)',
    'Filter.eq("a", 1) | 3',
    'Filter.eq("a", 1) & None',
    'Attribute("a", type="integer")',
    'Attribute("a", type=3)',
    'Attribute()',
    'AttributeFilter(name=3)',
    'AttributeFilter(name=[1])',
    'AttributeFilter(type="floats")',
    'AttributeFilter(type=["int", "floats"])',
    'AttributeFilter(type=3)',
]

REPRESENTED = [
    'Attribute("a")',
    'Attribute("a", "int")',
    'AttributeFilter()',
    'AttributeFilter("a", "int")',
    'AttributeFilter(["a", "b"], ["int", "float"])',
    'AttributeFilter(type=[])',
    'KNOWN_TYPES',
    'Attribute("a") == Attribute("a")',
    'AttributeFilter("a") == AttributeFilter("a")',
    'File("w/p", "exp", None, "a/b", 1.0, "x/y", 512, "text/plain")',
    'File("w/p", None, "run", "a/b", None, "x/y", 1536, "image/png")',
    'File("w/p", None, "run", "a/b", None, "x/y", 5 * 1024**2, "image/png")',
    'File("w/p", None, "run", "a/b", None, "x/y", 7 * 1024**3, "image/png")',
    'File("w/p", None, "run", "a/b", None, "x/y", 0, "image/png").container_identifier',
    'File("w/p", "exp", None, "a/b", None, "x/y", 0, "image/png").container_identifier',
    'File("w/p", "exp", "run", "a/b", None, "x/y", 0, "image/png")',
    'File("w/p", None, None, "a/b", None, "x/y", 0, "image/png")',
    'File("w/p", "", "", "a/b", None, "x/y", 0, "image/png")',
    'Histogram("COUNTING", [0.0, 1.0], [3.0])',
    'Histogram("COUNTING", [0.0], []) == Histogram("COUNTING", [0.0], [])',
]

PATTERNS = [
    "", " ", "a", " a ", "a b", "a & b", "a&b", "a |b", "a | b", "a|b", "a  &\tb", "a & b | c & d", "!a", "! a", "!!a",
    "a & !b", "a & ! b", "a | !b & c", "!a & !b", "!a | !b", r"a\x20b", r"\x21a", r"!\x21a", r"a\x20&\x20b", "a & ",
    " & a", "| a", "a |", "&", "|", "a & & b", "a | | b", "^a$ | b.*c", r"\d+ & !\.png$", "a!b", "a !b", "a ! b", "!",
    "! ", "!(a|b) & c", "a\n&\nb", "a\r\n|\r\nb", "a\u00a0&\u00a0b", "é & ü", "(a & b) | c", "a & b & c & !d & !e",
]

ATTRIBUTE_FILTERS = [
    'AttributeFilter()',
    'AttributeFilter("a")',
    'AttributeFilter("a & !b | c")',
    'AttributeFilter("!a")',
    'AttributeFilter(["a", "b.c"])',
    'AttributeFilter([])',
    'AttributeFilter("a", "int")',
    'AttributeFilter(["a"], ["int", "float"])',
    'AttributeFilter("a") | AttributeFilter("b")',
    'AttributeFilter("a") | AttributeFilter("b") | AttributeFilter("c", "int")',
    'AttributeFilter.any(AttributeFilter("a"), AttributeFilter("b"))',
    'AttributeFilter.any()',
]

CALLS = [
    "nq.list_experiments({p})",
    "nq.list_experiments({p}, experiments=[])",
    "nq.list_experiments({p}, experiments=3)",
    "nq.list_experiments({p}, experiments=('a',))",
    "nq.list_experiments({p}, experiments=['a'])",
    "nq.list_experiments({p}, experiments='a')",
    "nq.list_experiments({p}, experiments=[3])",
    "nq.list_experiments('w/p')",
    "nq.list_attributes({p}, attributes=3)",
    "nq.list_attributes({p}, attributes=[])",
    "nq.list_attributes({p}, attributes=[3])",
    "nq.list_attributes({p}, attributes=Filter.eq('a', 1))",
    "nq.list_attributes({p}, experiments=AttributeFilter('a'))",
    "nq.fetch_experiments_table({p}, limit=0)",
    "nq.fetch_experiments_table({p}, limit=-1)",
    "nq.fetch_experiments_table({p}, limit='x')",
    "nq.fetch_experiments_table({p}, limit=1.5)",
    "nq.fetch_experiments_table({p}, limit=True)",
    "nq.fetch_experiments_table({p}, sort_direction='up')",
    "nq.fetch_experiments_table({p}, sort_direction=None)",
    "nq.fetch_experiments_table({p}, sort_by=3)",
    "nq.fetch_experiments_table({p}, sort_by=None)",
    "nq.fetch_experiments_table({p}, attributes=None)",
    "nq.fetch_experiments_table({p}, attributes={{'a'}})",
    "nq.fetch_metrics({p}, experiments='a')",
    "nq.fetch_metrics({p}, attributes='a')",
    "nq.fetch_metrics({p}, experiments=None, attributes='a')",
    "nq.fetch_metrics({p}, experiments='a', attributes=None)",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', step_range=3)",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', step_range=[1, 2])",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', step_range=(1,))",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', step_range=(2, 1))",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', step_range=('1', 2))",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', step_range=(1, '2'))",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', step_range=(1, 1))",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', tail_limit=0)",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', tail_limit=1.0)",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', tail_limit=1)",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', include_time='relative')",
    "nq.fetch_metrics({p}, experiments='a', attributes='b', include_time='')",
    "nq.fetch_metrics({p}, experiments='a', attributes=AttributeFilter('b', type='int'))",
    "nq.fetch_metrics({p}, experiments='a', attributes=AttributeFilter('b', type=['int', 'string']))",
    "nq.fetch_metrics({p}, experiments='a', attributes=AttributeFilter('b', type=['int', 'float_series']))",
    "nq.fetch_metrics({p}, experiments='a', attributes=AttributeFilter('b') | AttributeFilter('b', type='int'))",
    "nq.fetch_metrics({p}, experiments='a', attributes=AttributeFilter('b', type=[]))",
    "nq.fetch_series({p}, experiments='a', attributes=AttributeFilter('b', type='int'))",
    "nq.fetch_series({p}, experiments='a', attributes=AttributeFilter('b', type='float_series'))",
    "nq.fetch_series({p}, experiments='a', attributes=AttributeFilter('b', type='file_series'))",
    "nq.fetch_series({p}, experiments='a', attributes='b', step_range=(2, 1))",
    "nq.fetch_series({p}, experiments='a', attributes='b', tail_limit=-1)",
    "nq.fetch_series({p}, experiments='a', attributes='b', include_time=True)",
    "nq.fetch_metric_buckets({p}, experiments='a', y='b', limit=0)",
    "nq.fetch_metric_buckets({p}, experiments='a', y='b', limit=1001)",
    "nq.fetch_metric_buckets({p}, experiments='a', y='b', limit=None)",
    "nq.fetch_metric_buckets({p}, experiments='a', y='b', limit=1.5)",
    "nq.fetch_metric_buckets({p}, experiments='a', y='b', x='time')",
    "nq.fetch_metric_buckets({p}, experiments='a', y=AttributeFilter('b', type='int'))",
    "nq.fetch_metric_buckets({p}, experiments='a', y=3)",
    "nq.download_files(files=3)",
    "nq.download_files(files=None)",
    "nq.download_files(files=[run_file])",
    "nq.download_files(files=run_file)",
    "runs.download_files(files=[experiment_file])",
    "runs.download_files(files=3)",
    "runs.list_runs({p})",
    "runs.list_runs({p}, runs=[])",
    "runs.list_runs({p}, runs=3)",
    "runs.list_attributes({p}, runs=[])",
    "runs.fetch_runs_table({p}, limit=0)",
    "runs.fetch_runs_table({p}, sort_direction='up')",
    "runs.fetch_metrics({p}, runs='a', attributes='b', step_range=(2, 1))",
    "runs.fetch_metrics({p}, runs=[], attributes='b')",
    "runs.fetch_series({p}, runs='a', attributes=AttributeFilter('b', type='float'))",
    "experimental.fetch_experiments_table_global(sort_by='a')",
    "experimental.fetch_experiments_table_global(sort_by=Attribute('a'))",
    "experimental.fetch_experiments_table_global(experiments=Filter.eq('a', 1))",
    "experimental.fetch_experiments_table_global(experiments=Filter.eq(Attribute('a', type='int'), 1), limit=0)",
    "experimental.fetch_runs_table_global(runs=Filter.eq('a', 1) & Filter.exists('b'))",
    "experimental.fetch_runs_table_global(limit=-5)",
    "nq.set_api_token('')",
    "nq.set_api_token(None)",
]

EXCEPTIONS = {
    "NeptuneError('plain')": ["plain"],
    "NeptuneError('with {name}', name='a name')": ["with a name"],
    "NeptuneUserError('with {name}', name='a name')": ["with a name"],
    "NeptuneWarning('with {name}', name='a name')": ["with a name"],
    "NeptuneProjectNotProvided()": ["NeptuneProjectNotProvided", "NEPTUNE_PROJECT", "`project`"],
    "NeptuneApiTokenNotProvided()": ["NeptuneApiTokenNotProvided", "token"],
    "NeptuneProjectInaccessible()": ["NeptuneProjectInaccessible", "project"],
    "NeptuneInvalidCredentialsError()": ["NeptuneInvalidCredentialsError"],
    "NeptuneFailedToFetchClientConfig(ValueError('the cause'))": ["the cause"],
    "AttributeTypeInferenceError(['a/b'])": ["AttributeTypeInferenceError", "attribute a/b", "type="],
    "AttributeTypeInferenceError(['a/b', 'c'], ['a/b: two types', 'c: none'])": [
        "attributes [a/b, c]", "a/b: two types", "c: none",
    ],
    "ConflictingAttributeTypes(['a/b', 'c'])": ["a/b, c", "type_suffix_in_column_names=True", "AttributeFilter("],
    "NeptuneUnexpectedResponseError(418, b'teapot')": ["418", "teapot"],
    "NeptuneUnexpectedResponseError(418, b'\\xff\\xfe')": ["418", "xff"],
    "NeptuneUnexpectedResponseError(418, b'x' * 2000)": ["x" * 1000, "x" * 1001],
    "NeptuneRetryError(3, 1.2345)": ["3", "1.23"],
    "NeptuneRetryError(3, 1.2345, 503, b'busy', 'http://x.test')": ["3", "1.23", "503", "busy", "http://x.test"],
    "NeptuneFileDownloadError()": ["NeptuneFileDownloadError"],
    "NeptuneFileDownloadError('no luck', 404, b'gone')": ["no luck", "404", "gone"],
    "NeptuneFileDownloadError(last_content='text')": ["text"],
}


TARGETS = [
    ["exp", None, "a/b", None, "text/plain"],
    ["exp", None, "a/b.txt", None, "text/plain"],
    ["exp", None, "a/b", 3.0, "application/octet-stream"],
    ["exp", None, "a/b", 3.25, "image/png"],
    [None, "run-1", "a/b", -1.0, "image/jpeg"],
    ["ex p/with:odd", None, "../../etc/passwd", None, "text/html"],
    ["exp", None, "a//b", None, "no/such"],
    ["exp", None, "a", 1e20, "text/csv"],
    ["é ü", None, "x" * 300, None, "application/json"],
    ["..", None, "..", None, "text/plain"],
    ["exp", None, ".hidden/.b", None, ""],
]


def _file(path, size, mime):
    return {"path": path, "size_bytes": size, "mime_type": mime}


def _histogram(*values):
    return {"type": "COUNTING", "edges": [float(n) for n in range(len(values) + 1)], "values": list(values)}


TABLES = {
    "empty": [],
    "no attributes": [["e1", []], ["e2", []]],
    "one": [["e1", [["a", "int", 1]]]],
    "atoms": [
        ["e2", [["i", "int", 2], ["f", "float", 0.5], ["s", "string", "x"], ["b", "bool", True], ["d", "datetime", T]]],
        ["e1", [["i", "int", 1], ["f", "float", 1.5], ["s", "string", "y"], ["b", "bool", False], ["d", "datetime", T + 5]]],
    ],
    "gaps": [
        ["e1", [["i", "int", 1], ["b", "bool", True], ["d", "datetime", T]]],
        ["e2", [["f", "float", 1.5], ["s", "string", "y"], ["t", "string_set", ["x", "y"]]]],
        ["e3", []],
    ],
    "non-finite": [["e1", [["n", "float", "nan"], ["p", "float", "inf"], ["m", "float_series", "-inf"]]]],
    "series": [
        ["e1", [["m/z", "float_series", 0.25], ["m/a", "string_series", ["last", 3.0]], ["h", "histogram_series", [_histogram(1, 2), 4.0]]]],
        ["e2", [["m/z", "float_series", 0.5]]],
    ],
    "files": [
        ["e1", [["f", "file", _file("p/q", 10, "text/plain")], ["g", "file_series", [_file("p/r", 2000, "image/png"), 7.0]]]],
        ["e2", []],
    ],
    "sets": [["e1", [["t", "string_set", ["b", "a"]]]], ["e2", [["t", "string_set", []]]]],
    "conflict": [["e1", [["c", "int", 1], ["x", "int", 1]]], ["e2", [["c", "string", "1"], ["x", "int", 1]]]],
    "colons": [["e1", [["a:b", "int", 1], ["a", "int", 2], ["a:int", "float", 2.0]]]],
    "same label": [["e1", [["a", "int", 1]]], ["e1", [["a", "int", 2]]]],
    "order": [["e1", [["z", "int", 1], ["a/z", "int", 1], ["a", "int", 1], ["B", "int", 1], ["ä", "int", 1]]]],
    "big integers": [["e1", [["a", "int", 2**53 + 1]]], ["e2", [["a", "int", -(2**63)]]]],
    "a column named like the index": [["e1", [["experimen", "int", 1], ["attribute", "int", 2]]]],
}


def _points(steps, values, previews=()):
    return [
        [T + 1000 * n, float(step), value, step in previews, 0.5 if step in previews else 1.0]
        for n, (step, value) in enumerate(zip(steps, values))
    ]


METRICS = {
    "empty": [],
    "series without points": [["e1", "a", []]],
    "one": [["e1", "a", _points([1], [0.5])]],
    "two paths": [["e1", "b", _points([1, 2, 3], [1.0, 2.0, 3.0])], ["e1", "a", _points([2, 3, 4], [20.0, 30.0, 40.0])]],
    "two experiments": [
        ["e2", "a", _points([1, 2], [1.0, 2.0])],
        ["e1", "a", _points([1, 5], [3.0, 4.0])],
        ["e1", "b", _points([1.5], [3.5])],
    ],
    "non-finite": [["e1", "a", _points([1, 2, 3, 4], ["nan", "inf", "-inf", 1.0])], ["e1", "b", _points([4], ["nan"])]],
    "only nan": [["e1", "a", _points([1, 2], ["nan", "nan"])]],
    "previews": [["e1", "a", _points([1, 2, 3], [1.0, 2.0, 3.0], [3])], ["e1", "b", _points([1], [1.0])]],
    "a path named step": [["e1", "step", _points([1, 2], [1.0, 2.0])], ["e1", "value", _points([1], [1.0])]],
    "negative steps": [["e1", "a", _points([-1.5, 0, 0.25], [1.0, 2.0, 3.0])]],
    "a part without points": [["e1", "a", _points([1], [1.0])], ["e1", "b", []], ["e2", "a", []]],
}

SERIES = {
    "empty": [],
    "series without points": [["e1", "a", "string_series", []]],
    "texts": [["e1", "a", "string_series", [[1.0, "x", T], [2.0, "y", T + 1000]]]],
    "two experiments": [
        ["e2", "b", "string_series", [[1.0, "x", T]]],
        ["e1", "a", "string_series", [[1.0, "x", T], [3.5, "", T + 1]]],
    ],
    "files": [["e1", "a", "file_series", [[1.0, _file("p/q", 10, "text/plain"), T], [2.0, _file("p/r", 20, "image/png"), T]]]],
    "histograms": [["e1", "a", "histogram_series", [[1.0, _histogram(1, 2), T]]]],
    "mixed": [
        ["e1", "t", "string_series", [[1.0, "x", T], [2.0, "y", T]]],
        ["e1", "f", "file_series", [[2.0, _file("p/q", 10, "text/plain"), T]]],
        ["e2", "h", "histogram_series", [[1.0, _histogram(1, 2), T]]],
    ],
}

BUCKETS = {
    "empty": [],
    "series without buckets": [["e1", "a", []]],
    "one point": [["e1", "a", [[5.0, "inf", 5.0, 1.0, 5.0, 1.0]]]],
    "a few": [
        ["e1", "a", [["-inf", 0.0, 0.0, 1.0, 0.0, 1.0], [0.0, 5.0, 1.0, 2.0, 5.0, 6.0], [5.0, 10.0, 6.0, 7.0, 10.0, 11.0]]],
        ["e2", "a", [["-inf", 0.0, 0.0, 10.0, 0.0, 10.0], [0.0, 5.0, 1.0, 20.0, 5.0, 60.0]]],
    ],
    "not from the start": [
        ["e1", "a", [["-inf", 0.0, 0.0, 1.0, 0.0, 1.0], [0.0, 5.0, 1.0, 2.0, 5.0, 6.0]]],
        ["e1", "b", [[5.0, 10.0, 6.0, 7.0, 10.0, 11.0]]],
    ],
    "a gap": [["e1", "a", [["-inf", 0.0, 0.0, 1.0, 0.0, 1.0], [5.0, 10.0, 6.0, 7.0, 10.0, 11.0]]]],
    "only non-finite values": [["e1", "a", [["-inf", 0.0, None, None, None, None], [0.0, 5.0, 1.0, 2.0, 5.0, 6.0]]]],
    "nothing finite": [["e1", "a", [["-inf", 0.0, None, None, None, None]]], ["e1", "b", [["-inf", 0.0, 0.0, 1.0, 0.0, 1.0]]]],
}

DOWNLOADS = {
    "empty": [],
    "one": [["e1", "a/b", None, "/d/e1/a/b.txt"]],
    "steps": [["e2", "a", 2.0, "/d/2"], ["e2", "a", 1.0, "/d/1"], ["e1", "b", 1.0, "/d/3"]],
    "mixed": [["e1", "a", None, "/d/1"], ["e1", "b", 1.0, "/d/2"]],
    "missing": [["e1", "a", 1.0, None], ["e1", "b", 1.0, "/d/2"]],
}
