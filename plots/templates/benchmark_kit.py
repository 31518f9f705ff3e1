#: head
"""Measures models on GPU types on Modal and writes runs.csv, one line a run, for `fleetfront calibrate`.

    1. Fill in what is marked TODO below: the image, and for each model `load` and `run`, or its deployed endpoints.
    2. python3 benchmark_kit.py           says what would be measured and may cost; nothing is started
    3. modal run benchmark_kit.py --yes   measures; after an interruption the same line goes on where it stopped

`--only NAME,NAME` takes some of the CELLS below, `--out FILE` another file than runs.csv. Where containers start from a
memory snapshot, `modal deploy benchmark_kit.py` first and add `--deployed`: the platform makes snapshots for deployed
apps only. docs/benchmark-kit.md of fleetfront says what each column means and what the kit cannot see.

Needs the package modal (written for 1.6.4) and what your own image has.
"""

import argparse
import csv
import datetime
import gc
import os
import subprocess
import sys
import threading
import time

try:
    import modal
    import modal.exception
    import modal.experimental
except ModuleNotFoundError as error:
    if (error.name or "").split(".")[0] != "modal":
        raise
    raise SystemExit(f"error: there is no package {error.name} here: python3 -m pip install modal==1.6.4") from None

IMPORTED = time.perf_counter()

#: settings


class Model:
    """How a model is measured.

    - `load(variant)`: loads it onto the GPU and returns it, whatever it is.
    - `run(handle, shape)`: serves one request of that shape with what `load` returned.
    - `shapes`: the requests to measure, a dictionary each. `steps`, `megapixels`, `frames`, `images` and `adapter` are
      columns of runs.csv and tell shapes apart; other keys are for `run` alone. Give the shapes that your users send.
    - `load_adapter(handle, adapter)`: loads a LoRA adapter; needed where a shape names one. It is timed by itself.
    - `prepare(variant)`: only for snapshots: makes what a snapshot keeps (imports, weights in CPU memory), without a
      GPU; what it returns is the second argument of `load`.
    - `endpoints`: deployed endpoints by variant, measured in the place of `load` and `run`.
    """

    def __init__(self, load=None, run=None, shapes=({},), load_adapter=None, prepare=None, endpoints=None):
        self.load, self.run, self.shapes = load, run, list(shapes)
        self.load_adapter, self.prepare, self.endpoints = load_adapter, prepare, dict(endpoints or {})


class Endpoint:
    """A deployed endpoint: the method of a class, or a function, of a deployed app.

    - `arguments(shape)`: the keyword arguments of a request of that shape.
    - `stats(reply)`: what the endpoint's own reply says, as a dictionary with any of `seconds` (service, by the clock
      of the container), `boot_s`, `adapter_s`, `peak_gib`, `machine` (its container). What it does not say is not written.
    - `parameters`: those of a class with `modal.parameter`.
    """

    def __init__(self, app, cls=None, method=None, function=None, arguments=dict, stats=None, parameters=None):
        if (cls is None or method is None) == (function is None):
            raise SystemExit(f"error: Endpoint({app!r}): give cls and method, or function")
        self.app, self.cls, self.method, self.function = app, cls, method, function
        self.arguments, self.stats, self.parameters = arguments, stats or (lambda reply: {}), parameters or {}

    def on(self, options):
        """The endpoint with options of its own: by Modal's documentation a pool of containers that nobody else uses."""
        if self.function is not None:
            return modal.Function.from_name(self.app, self.function).with_options(**options)
        cls = modal.Cls.from_name(self.app, self.cls).with_options(**options)
        return getattr(cls(**self.parameters), self.method)


def todo(function):
    """Marks what you have not filled in yet: delete the mark when you have."""
    function.todo = True
    return function


# ======================================================================================================================
# TODO: fill in from here
# ======================================================================================================================


def image(model):
    """TODO: the image in which a model runs, the same as that of its endpoint."""
    return modal.Image.debian_slim()


def more_arguments(model):
    """TODO, where it is needed: further arguments of @app.cls, such as volumes with the weights, secrets, region."""
    return {}


# A worked example, for a diffusers pipeline:
#
# def image(model):
#     return modal.Image.debian_slim().pip_install("torch", "diffusers", "transformers", "accelerate", "peft")
#
# def more_arguments(model):
#     return {"volumes": {"/weights": modal.Volume.from_name("weights")}}
#
# def load_flux(variant):
#     import torch
#     from diffusers import FluxPipeline
#
#     pipe = FluxPipeline.from_pretrained("/weights/FLUX.1-schnell", torch_dtype=torch.bfloat16)
#     return pipe.to("cuda")
#
# def run_flux(pipe, shape):
#     side = int((shape["megapixels"] * 1e6) ** 0.5) // 16 * 16
#     pipe("a lighthouse", width=side, height=side, num_inference_steps=shape["steps"])
#
# def load_adapter_flux(pipe, adapter):
#     pipe.unload_lora_weights()
#     pipe.load_lora_weights(f"/weights/loras/{adapter}")
#
# MODELS["flux"] = Model(load_flux, run_flux, load_adapter=load_adapter_flux, shapes=[
#     {"steps": 4, "megapixels": 1.0},
#     {"steps": 4, "megapixels": 1.0, "adapter": "watercolour"},
# ])
#
# The same model where its endpoint is deployed already, with a reply that holds times of its own:
#
# MODELS["flux"] = Model(shapes=[{"steps": 4, "megapixels": 1.0}], endpoints={"bf16": Endpoint(
#     app="image-studio", cls="Flux", method="generate",
#     arguments=lambda shape: {"prompt": "a lighthouse", "steps": shape["steps"]},
#     stats=lambda reply: {"seconds": reply["inference_s"], "machine": reply["container"]},
# )})

MODELS = {}

#: models

# ======================================================================================================================
# TODO: fill in to here. What follows need not be changed.
# ======================================================================================================================

# What is measured: the variant of a model on a GPU type, with the settings of its pool in the scenario. `boot_s` and
# `service_s` are what the scenario expects, for the estimate (None: it knows nothing).
CELLS = [
    #: cells
]

COLUMNS = [
    "model", "variant", "gpu", "phase", "seconds", "ok", "cause", "steps", "megapixels", "frames", "images", "adapter",
    "peak_gib", "machine", "date", "kind", "source", "note",
]  # fmt: skip
SHAPE = ["steps", "megapixels", "frames", "images", "adapter"]

# After so many failures on end, what fails is left alone: the rest of it would cost money and say nothing new.
GIVE_UP_AFTER = 3
# How long a container may be awaited besides its boot and its first request.
GPU_WAIT_S = 600
# How long a container that has been sent away may take to go, and how often that is asked.
GOING_S, ASK_EVERY_S = 120, 1.0
# Containers that only make a snapshot, and restore none, are not counted; the platform makes several.
MOST_SNAPSHOTS_MADE = 10
# The window of the pools of deployed endpoints that the kit calls: Modal's shortest, since it cannot send their
# containers away. One request follows another at once, so that it changes no time.
ENDPOINT_WINDOW_S = 2

APP_NAME = "fleetfront-benchmark-kit"
app = modal.App(APP_NAME)


# ---------------------------------------------------------------------------------------------------------------------
# In the container.


def process_age_s():
    """Seconds since this process was started, by the kernel's clock; None where the kernel does not tell."""
    try:
        with open("/proc/self/stat") as file:
            # The second field is the program's name in brackets and may hold blanks; the start is field 22, in ticks.
            ticks = int(file.read().rsplit(")", 1)[1].split()[19])
        with open("/proc/uptime") as file:
            age_s = float(file.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
        return age_s if age_s >= 0 else None
    except (OSError, ValueError, IndexError):
        return None


def cause_of(error):
    """`oom` where the GPU's memory ran out, at whatever depth; else the error in a line."""
    chain, seen = [error], set()
    while chain:
        one = chain.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        words = f"{type(one).__name__}: {one}".lower()
        if "outofmemoryerror" in words or "cuda out of memory" in words or "cuda error: out of memory" in words:
            return "oom"
        if "cublas_status_alloc_failed" in words or "cuda_error_out_of_memory" in words:
            return "oom"
        chain += [one.__cause__, one.__context__]
    return " ".join(f"error: {type(error).__name__}: {error}".split())[:300]


def ask_nvidia(what):
    """One answer of nvidia-smi, a line a GPU; empty where there is none."""
    command = ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader,nounits"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip().splitlines()
    except (OSError, subprocess.SubprocessError):
        return []


class GpuMemory:
    """The greatest use of GPU memory so far, by nvidia-smi: what torch allocated and keeps, CUDA itself, all others."""

    def __init__(self):
        self.peak_mib = None
        command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "-lms", "200"]
        try:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        except OSError:
            return
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        for line in self.process.stdout:
            self.note(line)

    def note(self, line):
        if line.strip().isdigit():
            self.peak_mib = max(self.peak_mib or 0, int(line))

    def peak_gib(self):
        for line in ask_nvidia("memory.used"):
            self.note(line)
        return None if self.peak_mib is None else round(self.peak_mib / 1024, 3)


def torch_cuda():
    """torch.cuda where the model has brought torch along and it has a GPU."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_available() else None


def prepare(self):
    """Before the snapshot: no GPU, nothing that differs between containers."""
    model, self.made_in, self.failure = MODELS[self.CELL["model"]], os.environ.get("MODAL_TASK_ID", ""), None
    try:
        self.kept = model.prepare(self.CELL["variant"]) if model.prepare else None
    except Exception as error:
        self.failure = cause_of(error)


def become_ready(self):
    """Loads the model. Raises nothing: the platform would start a container that fails here again and again."""
    began, age_s = time.perf_counter(), process_age_s()
    if age_s is None:
        age_s, since = began - IMPORTED, "import"
    else:
        since = "process start"
    model, variant = MODELS[self.CELL["model"]], self.CELL["variant"]
    self.memory, self.served, self.adapter, self.failure = GpuMemory(), 0, None, getattr(self, "failure", None)
    made_in, container = getattr(self, "made_in", None), os.environ.get("MODAL_TASK_ID", "")
    try:
        if self.failure is None and model.prepare:
            self.handle = model.load(variant, self.kept if made_in is not None else model.prepare(variant))
        elif self.failure is None:
            self.handle = model.load(variant)
        if torch_cuda():
            torch_cuda().synchronize()
    except Exception as error:
        self.failure = cause_of(error)
    names = ask_nvidia("name,uuid")
    self.facts = {
        # A restored process is as old as the snapshot: only what follows the restoring can be timed inside.
        "boot_s": time.perf_counter() - began + (age_s if made_in is None else 0.0),
        "boot_since": since if made_in is None else "restored",
        "made_snapshot": made_in is not None and made_in == container,
        "machine": container,
        "about": {
            "gpu": names[0] if names else "",
            "region": os.environ.get("MODAL_REGION", ""),
            "cloud": os.environ.get("MODAL_CLOUD_PROVIDER", ""),
        },
    }


def request(self, shape):
    """Serves one request and says how long it took and in which container."""
    reply = {**self.facts, "served": self.served, "failure": self.failure, "boot_failed": self.failure is not None}
    if self.failure is None:
        self.served += 1
        model, cuda = MODELS[self.CELL["model"]], torch_cuda()
        if cuda:
            cuda.reset_peak_memory_stats()
        try:
            adapter = shape.get("adapter")
            if adapter and adapter != self.adapter:
                began, self.adapter, reply["adapter_failed"] = time.perf_counter(), None, True
                model.load_adapter(self.handle, adapter)
                if cuda:
                    cuda.synchronize()
                reply["adapter_s"], reply["adapter_failed"], self.adapter = time.perf_counter() - began, False, adapter
            began = time.perf_counter()
            model.run(self.handle, shape)
            # What is asked of a GPU is done later: a request is served when it is done.
            if torch_cuda():
                torch_cuda().synchronize()
        except Exception as error:
            reply["failure"] = cause_of(error)
        reply["seconds"] = time.perf_counter() - began
        if torch_cuda():
            reply["torch_peak_gib"] = round(torch_cuda().max_memory_allocated() / 2**30, 3)
        if reply["failure"] is not None:
            gc.collect()
            if torch_cuda():
                torch_cuda().empty_cache()
    reply["peak_gib"] = self.memory.peak_gib()
    return reply


def leave(self):
    """Ends this container after this call, so that the next request needs another."""
    modal.experimental.stop_fetching_inputs()


def container_class(cell):
    """A class whose containers serve one cell. Made the same way here and in the container, from CELLS."""
    hooks = {"become_ready": modal.enter()(become_ready)}
    hooks |= {method.__name__: modal.method()(method) for method in (request, leave)}
    if cell["arguments"].get("enable_memory_snapshot"):
        hooks["prepare"] = modal.enter(snap=True)(prepare)
    made = type(cell["name"], (), {"CELL": cell, "__module__": __name__, **hooks})
    return app.cls(**{"image": image(cell["model"]), **cell["arguments"], **more_arguments(cell["model"])})(made)


def endpoint_of(cell):
    return MODELS[cell["model"]].endpoints.get(cell["variant"])


for _cell in CELLS:
    if endpoint_of(_cell) is None:
        globals()[_cell["name"]] = container_class(_cell)


# ---------------------------------------------------------------------------------------------------------------------
# Here: what is measured, row by row.


def written(value):
    """A value as it stands in runs.csv."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def shape_of(shape):
    """What tells a shape from others in runs.csv."""
    return tuple(written(shape.get(column)) for column in SHAPE)


class Runs:
    """runs.csv: every row is on the disk before the next request, and what is there is not measured again."""

    def __init__(self, path):
        self.path, self.rows, self.whole = path, [], 0
        if not os.path.exists(path):
            return
        with open(path, "rb") as file:
            text = file.read()
        # A machine that stopped within a line has left the beginning of one.
        self.whole = text.rfind(b"\n") + 1
        lines = csv.DictReader(text[: self.whole].decode("utf-8").splitlines(keepends=True))
        if self.whole and lines.fieldnames != COLUMNS:
            help = "name another file with --out"
            raise SystemExit(f"error: {path}: has other columns than this kit writes\n  help: {help}")
        self.rows = list(lines)

    def add(self, cell, phase, shape, **values):
        row = {key: cell[key] for key in ("model", "variant", "gpu")} | {"phase": phase, "ok": "yes"}
        date = datetime.datetime.now(datetime.timezone.utc).date()
        row |= {"date": date.isoformat(), "kind": "measured", "source": SOURCE}
        row |= {column: shape.get(column) for column in SHAPE} | values
        row = {column: written(row.get(column)) for column in COLUMNS}
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            if self.whole is not None:
                file.truncate(self.whole)
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if self.whole == 0:
                writer.writeheader()
            self.whole = None
            writer.writerow(row)
            file.flush()
            os.fsync(file.fileno())
        self.rows.append(row)
        say(f"  {phase:8} {row['seconds']:>10} s  {row['ok']} {row['cause']}")

    def of(self, cell, phase, shape=None):
        """The rows of a cell and phase, of a shape where one is given (of an adapter: by its name)."""

        def matches(row):
            if any(row[key] != written(cell[key]) for key in ("model", "variant", "gpu")) or row["phase"] != phase:
                return False
            if shape is None:
                return True
            if phase == "adapter":
                return row["adapter"] == written(shape["adapter"])
            return tuple(row[column] for column in SHAPE) == shape_of(shape)

        return [row for row in self.rows if matches(row)]

    def given_up(self, cell, phase, shape=None):
        last = self.of(cell, phase, shape)[-GIVE_UP_AFTER:]
        return len(last) == GIVE_UP_AFTER and all(row["ok"] != "yes" for row in last)


class Plan:
    """What is still to be measured of a cell."""

    def __init__(self, cell, runs):
        self.cell, self.runs = cell, runs
        # Plain requests first: an adapter stays loaded.
        self.shapes = sorted(MODELS[cell["model"]].shapes, key=lambda shape: shape.get("adapter") or "")

    def first_shape(self):
        """That of the first request of a container; None where no container or no shape has worked."""
        if self.runs.given_up(self.cell, "boot"):
            return None
        return next((shape for shape in self.shapes if not self.runs.given_up(self.cell, "cold", shape)), None)

    def cold(self):
        shape = self.first_shape()
        return 0 if shape is None else max(BOOTS - len(self.runs.of(self.cell, "cold", shape)), 0)

    def warm(self, shape):
        if self.first_shape() is None or self.failed(shape):
            return 0
        return max(RUNS - len(self.runs.of(self.cell, "warm", shape)), 0)

    def gave_up(self):
        """Whether something is left alone because it failed."""
        return self.first_shape() is None or any(self.failed(shape) for shape in self.shapes)

    def failed(self, shape):
        phases = ("cold", "warm", "adapter") if shape.get("adapter") else ("cold", "warm")
        return any(self.runs.given_up(self.cell, phase, shape) for phase in phases)

    def rounds(self):
        """Fresh containers that are still needed."""
        return self.cold() or (1 if any(self.warm(shape) for shape in self.shapes) else 0)

    def seconds(self):
        """What the scenario expects of it, and whether it knows all; the time limit stands for what it does not."""
        cell, rounds = self.cell, self.rounds()
        limit_s = cell["arguments"]["timeout"]
        boot_s, service_s = ((cell[key] if cell[key] is not None else limit_s) for key in ("boot_s", "service_s"))
        warm = sum(self.warm(shape) for shape in self.shapes)
        known = cell["boot_s"] is not None and cell["service_s"] is not None
        return rounds * (boot_s + service_s) + warm * service_s, known


def say(words):
    print(words, flush=True)


class Answer:
    """What came of a call: a reply, or why there is none, and how long that took by the clock here."""

    def __init__(self, reply, seconds, ok="yes", cause=None):
        self.reply, self.seconds, self.ok, self.cause = reply, seconds, ok, cause


def call(function, most_s, *positional, **named):
    """Calls and waits for at most `most_s`; then the call is cancelled and its container ended."""
    began = time.perf_counter()
    spawned = function.spawn(*positional, **named)
    try:
        reply = spawned.get(timeout=most_s)
    except TimeoutError:
        spawned.cancel(terminate_containers=True)
        return Answer(None, most_s, "timeout")
    except modal.exception.FunctionTimeoutError:
        return Answer(None, time.perf_counter() - began, "timeout")
    except Exception as error:
        return Answer(None, time.perf_counter() - began, "no", cause_of(error))
    return Answer(reply, time.perf_counter() - began)


def wait_until_gone(function, most_s=GOING_S):
    """Waits until the platform counts no container of a function; whether it came to that."""
    began = time.perf_counter()
    while True:
        if function.get_current_stats().num_total_runners == 0:
            return True
        if time.perf_counter() - began > most_s:
            return False
        time.sleep(ASK_EVERY_S)


def notes(**named):
    """Notes as `name=value`, parted by semicolons, without what is not known."""
    known = {name: " ".join(written(value).replace(";", ",").split()) for name, value in named.items()}
    return "; ".join(f"{name}={value}" for name, value in known.items() if value)


def limits_s(cell):
    """How long a warm and a cold request may take."""
    timeout = cell["arguments"]["timeout"]
    return timeout + 60, timeout + cell["arguments"].get("startup_timeout", timeout) + GPU_WAIT_S


class OwnContainers:
    """A cell whose containers run `load` and `run` of this file: they say themselves what happened."""

    def __init__(self, cell, deployed):
        made = modal.Cls.from_name(APP_NAME, cell["name"]) if deployed else globals()[cell["name"]]
        self.instance, self.is_alive = made(), False
        self.function = self.instance.request

    def request(self, shape, most_s):
        answer = call(self.function, most_s, shape)
        self.is_alive = answer.reply is not None
        if answer.reply is not None and answer.reply["failure"] is not None:
            answer.ok, answer.cause = "no", answer.reply["failure"]
        return answer

    def leave(self):
        """Sends the container away, if there is one: where there is none, the call would start another."""
        if self.is_alive or not wait_until_gone(self.function, 20):
            call(self.instance.leave, 60)


class DeployedEndpoint:
    """A cell of a deployed endpoint: the clock here, and what the endpoint's replies say."""

    def __init__(self, cell):
        takes = ("gpu", "cpu", "memory", "timeout")
        options = {key: cell["arguments"][key] for key in takes if key in cell["arguments"]}
        self.endpoint, self.seen = endpoint_of(cell), set()
        # No retries: a failure and a second try would look like one slow request.
        options |= {"scaledown_window": ENDPOINT_WINDOW_S, "max_containers": 1, "retries": 0}
        self.function = self.endpoint.on(options)

    def request(self, shape, most_s):
        answer = call(self.function, most_s, **self.endpoint.arguments(shape))
        if answer.ok != "yes":
            return answer
        reply = {"about": {}, **self.endpoint.stats(answer.reply)}
        machine = reply.get("machine")
        if machine is not None:
            # How many requests this container has served before, as far as the kit has seen.
            reply["served"] = 1 if machine in self.seen else 0
            self.seen.add(machine)
        answer.reply = reply
        return answer

    def leave(self):
        """Its container goes by itself, after the window."""


def add_boot(runs, cell, answer):
    """The boot of the container that gave a first answer, where it is known."""
    reply, about = answer.reply, answer.reply["about"]
    outside_s = answer.seconds - reply.get("seconds", 0.0) - reply.get("adapter_s", 0.0)
    if reply.get("boot_since") == "restored":
        # Inside, the restoring itself cannot be seen: then the client's wait before the first request began counts.
        seconds, clock = outside_s, "client"
    else:
        seconds, clock = reply.get("boot_s"), "container"
    if seconds is None:
        return
    failed = {"ok": "no", "cause": reply["failure"]} if reply.get("boot_failed") else {}
    inside = reply.get("boot_s") if clock == "client" else None
    note = notes(clock=clock, since=reply.get("boot_since"), inside_s=inside, client_wait_s=outside_s, **about)
    place = {"peak_gib": reply.get("peak_gib"), "machine": reply.get("machine")}
    runs.add(cell, "boot", {}, seconds=seconds, note=note, **place, **failed)


def add_request(runs, cell, phase, shape, answer):
    """The row of a request, and that of the adapter it had loaded before."""
    reply = answer.reply or {}
    place = {"peak_gib": reply.get("peak_gib"), "machine": reply.get("machine")}
    about = reply.get("about", {})
    if reply.get("adapter_failed"):
        failed = {"seconds": reply["seconds"], "ok": "no", "cause": answer.cause}
        runs.add(cell, "adapter", {"adapter": shape["adapter"]}, note=notes(**about), **place, **failed)
        return
    if reply.get("adapter_s") is not None and shape.get("adapter"):
        only = {"adapter": shape["adapter"]}
        runs.add(cell, "adapter", only, seconds=reply["adapter_s"], note=notes(clock="container", **about), **place)
    inside_s = reply.get("seconds")
    # A cold request is what a client sees; a warm one is its service, by the container's clock where it tells.
    inner = phase == "warm" and inside_s is not None
    seconds, other = (inside_s, {"client_s": answer.seconds}) if inner else (answer.seconds, {"service_s": inside_s})
    if answer.ok == "timeout" and phase == "warm":
        seconds = min(answer.seconds, float(cell["arguments"]["timeout"]))
    extra = {key: value for key, value in shape.items() if key not in SHAPE}
    clock = "container" if inner else "client"
    note = notes(clock=clock, **other, torch_peak_gib=reply.get("torch_peak_gib"), **about, **extra)
    runs.add(cell, phase, shape, seconds=seconds, ok=answer.ok, cause=answer.cause, note=note, **place)


def first_request(cell, target, plan, runs, gone):
    """The first request of a container; whether warm ones may follow, and whether the container was a fresh one."""
    shape = plan.first_shape()
    answer = target.request(shape, limits_s(cell)[1])
    reply = answer.reply
    if reply is None:
        add_request(runs, cell, "cold", shape, answer)
        return False, True
    fresh = reply["served"] == 0 if "served" in reply else gone
    if not fresh:
        say("  the platform sent a first request to a container that had served before: not counted as cold")
        if plan.warm(shape):
            add_request(runs, cell, "warm", shape, answer)
        return True, False
    if reply.get("made_snapshot"):
        say("  this container made a snapshot and restored none: its boot is not counted")
        return True, False
    add_boot(runs, cell, answer)
    if reply.get("boot_failed"):
        return False, True
    add_request(runs, cell, "cold", shape, answer)
    return True, True


def warm_requests(cell, target, plan, runs, rounds):
    """The share of this container in the warm requests, one after the other."""
    for shape in plan.shapes:
        for _ in range(-(-plan.warm(shape) // max(rounds, 1))):
            if not plan.warm(shape):
                break
            answer = target.request(shape, limits_s(cell)[0])
            if answer.reply is not None and answer.reply.get("served") == 0:
                say("  the platform has replaced the container: this request was no warm one, and is not counted")
                return
            add_request(runs, cell, "warm", shape, answer)
            if answer.reply is None:
                # After a time-out or a crash nobody knows what state the container is in, or whether there is one.
                return


def measure(cell, runs, deployed):
    """Measures what is missing of a cell, one fresh container after another."""
    plan, not_counted, started = Plan(cell, runs), 0, 0
    # More than this only where the platform takes container after container away.
    most = 2 * BOOTS + 2 * GIVE_UP_AFTER * len(plan.shapes) + MOST_SNAPSHOTS_MADE
    target = DeployedEndpoint(cell) if endpoint_of(cell) else OwnContainers(cell, deployed)
    while (rounds := plan.rounds()) > 0:
        say(f"{cell['name']}: {rounds} fresh containers to go")
        gone = wait_until_gone(target.function)
        if not gone:
            say("  a container is still there that was to go")
        goes_on, counted = first_request(cell, target, plan, runs, gone)
        not_counted += not counted
        if goes_on:
            warm_requests(cell, target, plan, runs, rounds)
        target.leave()
        started += 1
        if not_counted >= MOST_SNAPSHOTS_MADE or started >= most:
            say(f"{cell['name']}: given up after {started} containers, {not_counted} of them no cold start that counts")
            return
    if plan.gave_up():
        say(f"{cell['name']}: what failed {GIVE_UP_AFTER} times on end was left alone; delete its rows to try again")


def problems(cells):
    """What is not filled in or cannot be measured, each with what to do."""
    found = []
    for model in dict.fromkeys(cell["model"] for cell in cells):
        own = MODELS.get(model)
        if own is None:
            found.append(f"{model!r} has no entry in MODELS")
            continue
        if any(endpoint_of(cell) is None for cell in cells if cell["model"] == model):
            for function in (own.load, own.run):
                if function is None or getattr(function, "todo", False):
                    what = "load or run" if function is None else function.__name__
                    found.append(f"{model!r}: {what} is not filled in; write it and delete @todo, or give endpoints")
            if own.load_adapter is None and any(shape.get("adapter") for shape in own.shapes):
                found.append(f"{model!r}: a shape names an adapter; give load_adapter")
        if not own.shapes:
            found.append(f"{model!r} has no shape; give at least one, such as {{}}")
        told_apart = [shape_of(shape) for shape in own.shapes]
        if len(set(told_apart)) < len(told_apart):
            found.append(f"{model!r}: two shapes have the same {', '.join(SHAPE)}; their rows could not be told apart")
    return found


def chosen(only):
    """The cells of the names after --only, or all."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    known = [cell["name"] for cell in CELLS]
    for name in names:
        if name not in known:
            raise SystemExit(f"error: --only: there is no {name!r}\n  help: choose among {', '.join(known)}")
    return [cell for cell in CELLS if not names or cell["name"] in names]


def show_plan(cells, runs):
    """Says what is to be measured and what that may cost."""
    total_usd, all_known = 0.0, True
    say(f"To measure: {RUNS} warm requests of each shape, {BOOTS} fresh containers a cell (seconds and $: an estimate)")
    for cell in cells:
        plan = Plan(cell, runs)
        seconds, known = plan.seconds()
        usd = seconds * cell["usd_per_second"]
        total_usd, all_known = total_usd + usd, all_known and known
        warm = sum(plan.warm(shape) for shape in plan.shapes)
        where = " (deployed endpoint)" if endpoint_of(cell) else ""
        least = "" if known else "  at the time limit, since the scenario knows no time"
        say(f"  {cell['name']:44} {plan.rounds():3} containers {warm:4} warm {seconds:8.0f} s {usd:8.2f}{where}{least}")
    say(f"About ${total_usd:.2f} in all for GPU, CPU and memory: {PRICES};")
    say("with the times that the scenario expects of a request of whatever shape. Not in it: loading adapters, idle")
    say("seconds before a container goes, what failures repeat, building images.")
    if not all_known:
        say("Where no time is known, the limit stands for it: likely far too much.")


def prepared(only, out, deployed):
    """The cells to measure and what is there of them, or one clear error."""
    cells = chosen(only)
    wrong = problems(cells)
    if wrong:
        raise SystemExit("error: this kit is not ready\n" + "\n".join(f"  {line}" for line in wrong))
    for cell in list(cells):
        if cell["arguments"].get("enable_memory_snapshot") and not deployed and endpoint_of(cell) is None:
            cells.remove(cell)
            say(f"{cell['name']}: left out: it restores a snapshot; modal deploy this file, then add --deployed")
    return cells, Runs(out)


@app.local_entrypoint()
def main(yes: bool = False, only: str = "", out: str = "runs.csv", deployed: bool = False):
    cells, runs = prepared(only, out, deployed)
    show_plan(cells, runs)
    if not any(Plan(cell, runs).rounds() for cell in cells):
        say(f"Nothing is left to measure: {out} has it all.")
        return
    if not yes:
        say("Nothing has been started. Add --yes to measure.")
        return
    for cell in cells:
        measure(cell, runs, deployed)
    say(f"{len(runs.rows)} rows in {out}. Next: fleetfront calibrate {out}")


if __name__ == "__main__":
    # Without the platform: what is not filled in, what would be measured, and what it may cost.
    parser = argparse.ArgumentParser(description="Says what `modal run` with --yes would measure, and starts nothing.")
    parser.add_argument("--only", default="", help="names of CELLS, parted by commas")
    parser.add_argument("--out", default="runs.csv", help="the file whose rows are not measured again")
    given = parser.parse_args()
    for line in problems(chosen(given.only)):
        say(f"to do: {line}")
    show_plan(chosen(given.only), Runs(given.out))
