"""Builds the app of a benchmark kit with the package modal itself, and says what its functions came to, as JSON.

Argument: the folder that holds benchmark_kit.py. Nothing may be asked of the network.
"""

import ast
import inspect
import json
import os
import socket
import sys
import warnings


def no_network(*_, **__):
    raise AssertionError("the network was asked")


for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, no_network)
for name in ("getaddrinfo", "gethostbyname", "create_connection"):
    setattr(socket, name, no_network)

import modal
from modal._utils.async_utils import synchronizer

# Tables that the package will rename in its next version.
warnings.simplefilter("ignore")

arguments = {}
decorate = modal.App.cls


def remembering(self, **given):
    def wrapper(cls):
        arguments[cls.__name__] = {name: value for name, value in given.items() if name != "image"}
        return decorate(self, **given)(cls)

    return wrapper


modal.App.cls = remembering
sys.path.insert(0, sys.argv[1])
import benchmark_kit as kit

functions = {}
for name, function in kit.app.registered_functions.items():
    inner = synchronizer._translate_in(function)
    info, source = inner._function_info, inner._source_info
    name = name.removesuffix(".*")
    # A container imports the file and looks the class up by its name.
    assert (source.module_name, source.is_serialized()) == ("benchmark_kit", False), source.module_name
    assert isinstance(getattr(kit, name), modal.Cls), name
    functions[name] = {
        "gpus": info.gpus,
        "timeout": info.timeout,
        "startup_timeout": info.startup_timeout,
        "cpu": info.cpu,
        "memory": info.memory_mib,
        "retries": info.max_retries,
        "methods": sorted(info.method_names),
        "arguments": arguments[name],
    }

# What a deployed endpoint is asked with is taken too, before anything is looked up.
cell = kit.CELLS[0]
for endpoint in (kit.Endpoint("a", cls="B", method="c"), kit.Endpoint("a", function="b")):
    kit.MODELS[cell["model"]].endpoints = {cell["variant"]: endpoint}
    assert isinstance(kit.DeployedEndpoint(cell).function, modal.Function)

# What is called of the package besides.
for owner, name, needed in [
    (modal.Function, "spawn", set()),
    (modal.Function, "get_current_stats", set()),
    (modal.FunctionCall, "get", {"timeout"}),
    (modal.FunctionCall, "cancel", {"terminate_containers"}),
]:
    assert needed <= set(inspect.signature(getattr(owner, name)).parameters), name
assert callable(modal.experimental.stop_fetching_inputs)
assert issubclass(modal.exception.FunctionTimeoutError, Exception)
assert not issubclass(modal.exception.FunctionTimeoutError, TimeoutError)

tree = ast.parse(open(os.path.join(sys.argv[1], "benchmark_kit.py"), "rb").read())
imports = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
said = {"app": kit.app.name, "functions": functions, "imports": imports, "models": list(kit.MODELS)}
said["entrypoints"] = list(kit.app.registered_entrypoints)
print(json.dumps(said, default=str))
