#!/usr/bin/env bash
# Formats the code and mends what ruff can mend by itself.
set -euo pipefail
cd "$(dirname "$0")"
python -m ruff check --fix .
python -m ruff format .
