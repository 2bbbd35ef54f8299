"""Secrets out of recorded text, and nothing else; fast whatever the text."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluto.core import redact as module
from pluto.core.redact import REDACTED, Redactor, arguments, redact

A40 = "a1B2c3D4e5F6g7H8i9J0" * 2
SECRETS = {
    "Pluto": ("key is {}", "mlps_" + A40[:24]),
    "Pluto, insecure": ("key is {}", "mlpi_" + A40[:16]),
    "AWS id": ("found {} there", "AKIA" + "ABCD" * 4),
    "AWS secret": ("aws_secret_access_key = {}", A40[:20] + "/+" + A40[:18]),
    "bearer": ("Authorization: Bearer {}", "abc.def-ghi_jkl"),
    "basic": ("authorization: basic {}", "dXNlcjpwYXNz"),
    "GitHub": ("cloning with {}", "ghp_" + A40[:36]),
    "GitHub, fine-grained": ("{}", "github_pat_" + A40),
    "GitLab": ("{}", "glpat-" + A40[:20]),
    "URL": ("postgres://user:{}@host:5432/db", "p!ss#w0rd"),
    "URL, https": ("git clone https://me:{}@git.example/x.git", "tok3n"),
    "W&B": ("WANDB_API_KEY={}", A40),
    "Neptune": ("NEPTUNE_API_TOKEN={}", "eyJhcGlfYWRkcmVzcyI6Imh0dHBzOi8vYXBwIn0="),
    "JWT": ("token {} used", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk"),
    "assignment": ('"password": "{}"', "hunter22"),
    "flag": ("python x.py --api-key {} --lr 1", "s3cr3t-value"),
    "OpenAI": ("{}", "sk-" + A40),
    "Hugging Face": ("login {}", "hf_" + A40[:34]),
    "Slack": ("{}", "xoxb-1234567890-abcdefghij"),
    "signed URL": ("GET https://s3/x?X-Amz-Signature={}&x=1", "0123456789abcdef"),
}


@pytest.mark.parametrize(("line", "secret"), SECRETS.values(), ids=SECRETS)
def test_what_is_taken_out(line: str, secret: str) -> None:
    clean = redact(line.format(secret))
    assert secret not in clean
    assert REDACTED in clean
    before, after = line.split("{}")
    assert clean.startswith(before[:4])
    assert clean.endswith(after)


@pytest.mark.parametrize(
    "line",
    [
        "epoch 3: loss=0.123 lr=1e-4 tokens/s=12345 token_count: 99",
        "commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
        "tokens: 50256, next token = 17",
        "step 10 | train/acc 0.98 | key: value",
        "https://example.com:8080/path?x=1@y",
        "saved to /tmp/run_5f3a/checkpoint-000123.pt",
        "monkey = banana, keyboard: qwerty",
        "\x1b[32m 49%|████▉     | 49/100 [00:03<00:03, 15.1it/s]\x1b[0m",
        "",
    ],
)
def test_what_stays(line: str) -> None:
    assert redact(line) == line


def test_the_runs_own_key_of_any_shape() -> None:
    assert redact("use weird+shape today", "weird+shape") == f"use {REDACTED} today"
    assert redact("abc", "abc", "", None) == "abc", "too short to be a secret, and empty ones are none"


def test_a_private_key_over_many_lines() -> None:
    redactor = Redactor()
    lines = ["before", "-----BEGIN RSA PRIVATE KEY-----", "MIIEow", "abc", "-----END RSA PRIVATE KEY-----", "after"]
    assert [redactor.line(line) for line in lines] == ["before", *[REDACTED] * 4, "after"]
    redactor.line("-----BEGIN PRIVATE KEY-----")
    assert [redactor.line("x") for _ in range(module._KEY_LINES + 1)][-1] == "x", "one that never ends hides not all"


def test_arguments() -> None:
    command = ["train.py", "--api-key", "abc", "--lr", "1", "--token=xyz123", "--password=hunter22", "mlps_" + A40[:24]]
    clean = arguments(command)
    assert clean[:5] == ["train.py", "--api-key", REDACTED, "--lr", "1"]
    assert "hunter22" not in " ".join(clean)
    assert A40[:24] not in " ".join(clean)


@given(st.text(max_size=200), st.text(string.ascii_letters + string.digits, min_size=24, max_size=24))
def test_a_key_anywhere_in_any_text(text: str, body: str) -> None:
    key = f"mlps_{body}"
    assert key not in redact(f"{text} {key}\n{text}")


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


PIECES = [
    "://",
    ":",
    "@",
    "a",
    "-",
    "_",
    "=",
    " ",
    "--",
    "key",
    "password",
    "token",
    "eyJ",
    ".",
    "bearer ",
    "sk-",
    "?",
    "&",
]
PIECES += ["api_", "secret", '"', "-----BEGIN ", "PRIVATE KEY-----", "session", "access"]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_no_text_takes_long(pieces: list[str]) -> None:
    text = "".join(pieces)
    text *= 20_000 // len(text)
    began = time.thread_time()
    redact(text)
    assert time.thread_time() - began < 1.0


def test_an_ordinary_line_costs_little() -> None:
    redactor = Redactor(["mlps_own"])
    line = "epoch 12 step 3456: loss=0.1234 acc=0.9876 lr=3e-4 | 12.3 it/s | eta 00:12:34"
    began = time.thread_time()
    for _ in range(2_000):
        redactor.line(line)
    assert (time.thread_time() - began) / 2_000 < 200e-6
