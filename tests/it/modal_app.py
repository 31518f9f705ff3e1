"""Builds Modal apps from an exported config.py and schedule.py, and says what they came to, as JSON.

Argument: the folder that holds them. Nothing may be asked of the network. Fails where Modal does not take an argument.
"""

import ast
import importlib
import inspect
import json
import os
import socket
import sys


def no_network(*_, **__):
    raise AssertionError("the network was asked")


for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, no_network)
for name in ("getaddrinfo", "gethostbyname", "create_connection"):
    setattr(socket, name, no_network)

import modal

folder = sys.argv[1]
sys.path.insert(0, folder)
config = importlib.import_module("config")


def parameters(function):
    return {name for name in inspect.signature(function).parameters if name != "self"}


def known(arguments, function):
    strange = set(arguments) - parameters(function)
    assert not strange, f"{function.__name__} has no arguments {sorted(strange)}"
    return arguments


def pool_class(pool, app):
    batched = config.BATCHED.get(pool)
    method = modal.method() if batched is None else modal.batched(**known(batched, modal.batched))

    def serve(self, inputs: list):
        return inputs

    made = type("Pool", (), {"serve": method(serve)})
    if pool in config.CONCURRENT:
        made = modal.concurrent(**known(config.CONCURRENT[pool], modal.concurrent))(made)
    return app.cls(serialized=True, **known(config.POOLS[pool], app.cls))(made)


def pool_function(pool, app):
    def serve():
        pass

    return app.function(serialized=True, name="serve", **known(config.POOLS[pool], app.function))(serve)


def check_gpus(gpu):
    from modal._utils.function_utils import parse_gpu_config

    return [parse_gpu_config(one).gpu_type for one in (gpu if isinstance(gpu, list) else [gpu])]


said = {"modal": modal.__version__, "pools": {}, "endpoints": config.ENDPOINTS}
for pool, arguments in config.POOLS.items():
    app = modal.App("pools")
    pool_class(pool, app)
    assert len(app.registered_classes) == 1, pool
    pool_function(pool, modal.App("functions"))
    said["pools"][pool] = {"gpus": check_gpus(arguments["gpu"]), "arguments": sorted(arguments)}
for endpoint, entry in config.ENDPOINTS.items():
    own = {key: value for key, value in entry.items() if key not in ("pool", "variant")}
    assert own == config.POOLS[entry["pool"]], endpoint
    for key, value in entry.items():
        # Retries are objects; what a test reads is what they hold.
        entry[key] = vars(value) if isinstance(value, modal.Retries) else value

# Names that ran would have been imported.
tree = ast.parse(open(os.path.join(folder, "config.py"), "rb").read())
said["imports"] = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]

if os.path.exists(os.path.join(folder, "schedule.py")):
    calls = []

    class Deployed:
        def __init__(self, app, name):
            self.names = [app, name]

        def __call__(self):
            return self

        def update_autoscaler(self, **bounds):
            calls.append([*self.names, known(bounds, modal.cls.Obj.update_autoscaler)])

    schedule = importlib.import_module("schedule")
    real, modal.Cls.from_name = modal.Cls.from_name, Deployed
    known({"app_name": 0, "name": 0}, real)
    functions = [name for name in vars(schedule) if name.startswith("at_")]
    assert sorted(schedule.app.registered_functions) == sorted(functions), functions
    for name in sorted(functions):
        getattr(schedule, name).local()
    said["schedule"] = {"calls": calls, "zone": schedule.TIME_ZONE, "entrypoints": list(schedule.app.registered_entrypoints)}

print(json.dumps(said, default=str))
