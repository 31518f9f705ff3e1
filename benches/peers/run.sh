#!/bin/sh
# Compares fleetfront with other simulators on the same inputs and prints one Markdown table a comparison.
#
#     benches/peers/run.sh [BINARY]
#
# BINARY is target/release/fleetfront if not given. The peers are installed into target/peers, at pinned versions.
set -eu
cd "$(dirname "$0")/../.."
binary=${1:-target/release/fleetfront}
venv=target/peers/venv
if ! [ -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement benches/peers/requirements.txt
# SimFaaS imports matplotlib's windows; there is no screen here.
MPLBACKEND=Agg PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" benches/peers/main.py "$binary" target/peers/scenarios
