"""Scale per request: fleetfront and SimFaaS on the case of SimFaaS's own README, and where its limit binds."""

import time

import numpy
from simfaas.ServerlessSimulator import ServerlessSimulator
from simfaas.SimProcess import ConstSimProcess

from program import ledger_ns, model
from tables import cell, erlang_b, table

TRIALS = 40
HORIZON_S = 100_000.0
# The README's case: arrivals a second, mean response of a warm and of a cold request, expiration threshold.
RATE, WARM_S, COLD_S, WINDOW_S = 0.9, 1.991, 2.244, 600.0
# A container serves the request that started it and no other before that; no request waits for anything else.
SCALE_PER_REQUEST = "rules = {{ bind_boots = true, max_pending = 0 }}\nscaledown_window_s = {}\n"


class MostRecentlyIdle(ServerlessSimulator):
    """SimFaaS with our routing: of the idle instances the one that fell idle last, not the one created last."""

    def schedule_warm_instance(self, t):
        return max((s for s in self.servers if s.is_ready()), key=lambda s: s.next_departure)


def cold_boot():
    """The boot that makes boot + warm service exponential with mean COLD_S: next to nothing, or a cold response.

    The Laplace transforms (1 + WARM_S s) / (1 + COLD_S s) and 1 / (1 + WARM_S s) have the wanted product. A boot that
    rounds to no time at all would not be counted as a cold start.
    """
    share = WARM_S / COLD_S
    law = f"first_mean_s = 1e-6, second_mean_s = {COLD_S}, first_probability = {share!r}"
    return f"{{ hyperexponential = {{ {law} }} }}"


def simfaas(kind, **settings):
    rows, seconds = [], 0.0
    for seed in range(TRIALS):
        numpy.random.seed(seed)
        sim = kind(max_time=HORIZON_S, **settings)
        start = time.process_time()
        sim.generate_trace()
        seconds += time.process_time() - start
        # Requests by the number of idle instances that they met: any state shows the column of rejections.
        states = sim.get_request_custom_states(sim.hist_server_idle_count)
        rows.append((sim.total_req_count, sim.get_cold_start_prob(), sim.get_average_server_count(),
                     sim.get_average_server_running_count(), sim.total_reject_count / sim.total_req_count,
                     states["rej"].sum()))
    return rows, seconds


def fleetfront(program, name, boot, pool):
    folder = program.scenario(
        name, rate_per_s=RATE, service=f"{{ exponential = {{ mean_s = {WARM_S} }} }}", boot=boot, pool=pool,
        run_in_h=0, horizon_h=HORIZON_S / 3600.0,
    )
    rows = []
    for trial in program.trials(folder, TRIALS):
        o, (boot_ns, busy_ns, idle_ns, _) = model(trial), ledger_ns(trial)
        running = (boot_ns + busy_ns) / 1e9 / HORIZON_S
        rows.append((o["arrived"], o["cold"] / o["arrived"], running + idle_ns / 1e9 / HORIZON_S, running,
                     o["rejected"] / o["arrived"], 0))
    return rows, program.seconds(folder, TRIALS)


def readme(program):
    settings = {"arrival_rate": RATE, "warm_service_rate": 1 / WARM_S, "cold_service_rate": 1 / COLD_S,
                "expiration_threshold": WINDOW_S}
    runs = [
        ("fleetfront", *fleetfront(program, "faas", cold_boot(), SCALE_PER_REQUEST.format(WINDOW_S))),
        ("SimFaaS", *simfaas(ServerlessSimulator, **settings)),
        ("SimFaaS, most recently idle first", *simfaas(MostRecentlyIdle, **settings)),
    ]
    lines = []
    for name, rows, seconds in runs:
        n, cold, servers, running, _, _ = zip(*rows)
        lines.append((name, f"{sum(n):,}", cell(cold, 5), cell(servers, 3), cell(running), f"{seconds:.2f}"))
    lines.append(("load of warm requests, closed form", "", "", "", f"{RATE * WARM_S:.4f}", ""))
    lines.append(("SimFaaS's README, one run of 10^6 s", "898,469", "0.0014", "7.6612", "1.7879", ""))
    header = ["simulator", "requests", "P(cold)", "servers, mean", "running, mean", "processor time (s)"]
    table(f"SimFaaS's README; {TRIALS} trials of {HORIZON_S:,.0f} s from an empty start", header, lines)


def limit(program):
    most = 3
    settings = {"arrival_rate": RATE, "warm_service_rate": 1 / WARM_S, "cold_service_rate": 1 / WARM_S,
                "expiration_threshold": WINDOW_S, "maximum_concurrency": most}
    pool = SCALE_PER_REQUEST.format(WINDOW_S) + f"max_containers = {most}"
    runs = [
        ("fleetfront", fleetfront(program, "loss", "{ deterministic = { seconds = 0.0 } }", pool)[0]),
        ("SimFaaS", simfaas(ServerlessSimulator, **settings)[0]),
    ]
    lines = []
    for name, rows in runs:
        n, _, _, running, rejected, table_sum = zip(*rows)
        by_state = f"{sum(table_sum):,}" if name == "SimFaaS" else ""
        lines.append((name, f"{sum(n):,}", cell(rejected), cell(running), by_state))
    blocking = erlang_b(most, RATE * WARM_S)
    lines.append(("closed form (Erlang B)", "", f"{blocking:.4f}", f"{RATE * WARM_S * (1 - blocking):.4f}", ""))
    header = ["simulator", "requests", "share rejected", "running, mean", "rejections in the table by state"]
    table(f"At most {most} containers, cold as fast as warm; {TRIALS} trials of {HORIZON_S:,.0f} s", header, lines)


def by_hand(program):
    """One arrival a second, 2.5 s each, two containers: accepted, accepted, rejected, and so on."""
    hour_s = 3600.0
    pool = SCALE_PER_REQUEST.format(WINDOW_S) + "max_containers = 2"
    folder = program.scenario(
        "by-hand", rate_per_s=1.0, service="{ deterministic = { seconds = 2.5 } }",
        boot="{ deterministic = { seconds = 0.0 } }", pool=pool, run_in_h=0, horizon_h=1,
        process="process = { renewal = { gap = { deterministic = { seconds = 1.0 } } } }",
    )
    ours = model(program.trials(folder, 1)[0])
    sim = ServerlessSimulator(
        arrival_process=ConstSimProcess(rate=1.0), warm_service_process=ConstSimProcess(rate=0.4),
        cold_service_process=ConstSimProcess(rate=0.4), expiration_threshold=WINDOW_S, max_time=hour_s,
        maximum_concurrency=2,
    )
    sim.generate_trace()
    lines = [(name, n, n // 3, rejected) for name, n, rejected in (
        ("fleetfront", ours["arrived"], ours["rejected"]), ("SimFaaS", sim.total_req_count, sim.total_reject_count))]
    title = "One arrival a second, 2.5 s each, at most 2 containers, for an hour: every third is rejected"
    table(title, ["simulator", "arrived", "rejected by hand", "rejected"], lines)


def compare(program):
    readme(program)
    limit(program)
    by_hand(program)
