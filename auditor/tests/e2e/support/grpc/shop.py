"""A gRPC service and its client, by the library of gRPC itself: `shop.py serve PORT`, or
`shop.py call PORT CALLS`, which prints how many calls of each kind ended with which status, or
`shop.py channel PORT`, which keeps a channel and does on it what lines of standard input say:
`get NUMBER` makes calls, `wait` begins one that lasts. Each is confirmed by a line."""

import collections
import json
import sys
import threading
import uuid
from concurrent import futures

import grpc

SERVICE = "shop.v1.Cart"
MESSAGES = 5
STREAMS = 100


def get(request, context):
    return b"x" * 1000


def listing(request, context):
    for _ in range(MESSAGES):
        yield b"y" * 100


def put(requests, context):
    return b"%d" % sum(1 for _ in requests)


def chat(requests, context):
    yield from requests


def fail(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no such cart")


def fail_late(request, context):
    yield b"z"
    context.abort(grpc.StatusCode.DATA_LOSS, "the rest is gone")


def wait(request, context):
    """Ends with the call: the client goes, or its time is over."""
    over = threading.Event()
    context.add_callback(over.set)
    yield b"w"
    over.wait(60)


METHODS = {
    "Get": grpc.unary_unary_rpc_method_handler(get),
    "List": grpc.unary_stream_rpc_method_handler(listing),
    "Put": grpc.stream_unary_rpc_method_handler(put),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "FailLate": grpc.unary_stream_rpc_method_handler(fail_late),
    "Wait": grpc.unary_stream_rpc_method_handler(wait),
}


def serve(port):
    server = grpc.server(futures.ThreadPoolExecutor(STREAMS))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, METHODS)])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination(300)


def parts():
    return iter([b"m" * 50] * MESSAGES)


def status(call):
    """Reads the answer to its end."""
    try:
        for _ in call:
            pass
    except grpc.RpcError:
        pass
    return call.code()


def calls(channel):
    """A way to make each call, which gives its status."""

    def path(name):
        return f"/{SERVICE}/{name}"

    def marked():
        return [("x-request-id", str(uuid.uuid4()))]

    def unary(name):
        call = channel.unary_unary(path(name))
        return lambda: call.with_call(b"q", metadata=marked())[1].code()

    def answers(name, **more):
        call = channel.unary_stream(path(name))
        return lambda: status(call(b"q", metadata=marked(), **more))

    def caught(make):
        def run():
            try:
                return make()
            except grpc.RpcError as error:
                return error.code()

        return run

    def cancelled():
        call = channel.unary_stream(path("Wait"))(b"q", metadata=marked())
        next(call)
        call.cancel()
        return call.code()

    put = channel.stream_unary(path("Put")).with_call
    chat = channel.stream_stream(path("Chat"))
    return {
        "Get": unary("Get"),
        "List": answers("List"),
        "Put": lambda: put(parts(), metadata=marked())[1].code(),
        "Chat": lambda: status(chat(parts(), metadata=marked())),
        "Fail": caught(unary("Fail")),
        "FailLate": answers("FailLate"),
        "Missing": caught(unary("Missing")),
        "Cancelled": cancelled,
        "Late": answers("Wait", timeout=0.2),
    }


def call(port, count):
    ended = collections.Counter()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        kinds = calls(channel)
        with futures.ThreadPoolExecutor(STREAMS) as pool:
            made = [(name, pool.submit(make)) for _ in range(count) for name, make in kinds.items()]
        for name, future in made:
            ended[f"{name} {future.result().name}"] += 1
    print(json.dumps(ended))


def keep(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        kinds = calls(channel)
        lasting = []
        for line in sys.stdin:
            words = line.split()
            if words[0] == "get":
                with futures.ThreadPoolExecutor(STREAMS) as pool:
                    made = [pool.submit(kinds["Get"]) for _ in range(int(words[1]))]
                assert all(future.result() is grpc.StatusCode.OK for future in made)
            else:
                lasting.append(channel.unary_stream(f"/{SERVICE}/Wait")(b"q"))
                next(lasting[-1])
            print("done", flush=True)
        for waiting in lasting:
            waiting.cancel()


role, *numbers = sys.argv[1:]
{"serve": serve, "call": call, "channel": keep}[role](*map(int, numbers))
