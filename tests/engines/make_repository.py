#!/usr/bin/env python3
"""Writes models that are Python programs, for real inference servers to load.

  make_repository.py triton|mlserver OUT

They answer with what they are sent. "a" and "b" hold 8 MB each, "big" 64 MB;
"broken" cannot be loaded. In the folder OUT.hold, a file NAME.load makes a load
wait for as long as it is there, NAME.use a request; who waits shows a file
NAME.loading or NAME.using.
"""

import argparse
import compileall
import json
import pathlib

MEGABYTES = {"a": 8, "b": 8, "big": 64, "broken": 0}

# What loading one is.
LOAD = """\
import os
import time


def wait(hold, shown):
    if os.path.exists({hold!r} + hold):
        open({hold!r} + shown, "w").close()
        while os.path.exists({hold!r} + hold):
            time.sleep(0.01)
        os.unlink({hold!r} + shown)


def load():
    wait(".load", ".loading")
    if {is_broken}:
        raise RuntimeError("this model is broken")
    return bytearray(os.urandom(4096) * (256 * {megabytes}))


"""

TRITON_MODEL = """\
import triton_python_backend_utils as triton


class TritonPythonModel:
    def initialize(self, args):
        self.memory = load()

    def execute(self, requests):
        wait(".use", ".using")
        return [
            triton.InferenceResponse(
                [
                    triton.Tensor(
                        "OUT",
                        triton.get_input_tensor_by_name(
                            request, "IN"
                        ).as_numpy(),
                    )
                ]
            )
            for request in requests
        ]
"""

TRITON_CONFIG = """\
backend: "python"
max_batch_size: 0
input [ { name: "IN" data_type: TYPE_INT32 dims: [ 1 ] } ]
output [ { name: "OUT" data_type: TYPE_INT32 dims: [ 1 ] } ]
instance_group [ { kind: KIND_CPU count: 1 } ]
"""

MLSERVER_MODEL = """\
import asyncio

import mlserver
import mlserver.types as types


class Echo(mlserver.MLModel):
    async def load(self):
        self.memory = load()
        return True

    async def predict(self, request):
        # Beside what else this process does.
        await asyncio.to_thread(wait, ".use", ".using")
        sent = request.inputs[0]
        return types.InferenceResponse(
            model_name=self.name,
            outputs=[
                types.ResponseOutput(
                    name="OUT",
                    shape=sent.shape,
                    datatype=sent.datatype,
                    data=sent.data,
                )
            ],
        )
"""


def write_triton(folder, code):
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.py").write_text(code + TRITON_MODEL)
    (folder / "config.pbtxt").write_text(TRITON_CONFIG)
    # Else the server does so, and takes the model for a changed one.
    compileall.compile_dir(folder, quiet=1)


def write_mlserver(folder, code):
    folder.mkdir(parents=True)
    # All models are in one process: each needs a name of its own.
    module = f"echo_{folder.name}"
    (folder / f"{module}.py").write_text(code + MLSERVER_MODEL)
    settings = {"name": folder.name, "implementation": f"{module}.Echo"}
    (folder / "model-settings.json").write_text(json.dumps(settings))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("server", choices=["triton", "mlserver"])
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    hold = out.with_name(out.name + ".hold")
    hold.mkdir(parents=True)
    write = {"triton": write_triton, "mlserver": write_mlserver}
    for name, megabytes in MEGABYTES.items():
        code = LOAD.format(
            hold=str(hold / name),
            is_broken=name == "broken",
            megabytes=megabytes,
        )
        write[arguments.server](out / name, code)


if __name__ == "__main__":
    main()
