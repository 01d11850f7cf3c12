#!/usr/bin/env python3
"""Writes header-blocks.txt: header blocks of two independent encoders, and what they say.

    pip install hpack && ./encode.py > header-blocks.txt

The encoders are hyper's `hpack` and nghttp2's library through ctypes. A line `encoder NAME` begins
a direction, `block HEX` is one header block of it, and the lines below it are its fields.
"""

import ctypes
import random

from hpack import Encoder


class Nghttp2:
    """The deflater of libnghttp2."""

    class Pair(ctypes.Structure):
        _fields_ = [
            ("name", ctypes.c_char_p),
            ("value", ctypes.c_char_p),
            ("namelen", ctypes.c_size_t),
            ("valuelen", ctypes.c_size_t),
            ("flags", ctypes.c_uint8),
        ]

    def __init__(self, size):
        self.library = ctypes.CDLL("libnghttp2.so.14")
        self.deflater = ctypes.c_void_p()
        self.library.nghttp2_hd_deflate_new(
            ctypes.byref(self.deflater), ctypes.c_size_t(size)
        )

    def resize(self, size):
        self.library.nghttp2_hd_deflate_change_table_size(
            self.deflater, ctypes.c_size_t(size)
        )

    def encode(self, fields):
        pairs = (self.Pair * len(fields))(
            *(
                self.Pair(name, value, len(name), len(value), sensitive)
                for name, value, sensitive in fields
            )
        )
        out = ctypes.create_string_buffer(1 << 16)
        self.library.nghttp2_hd_deflate_hd.restype = ctypes.c_ssize_t
        length = self.library.nghttp2_hd_deflate_hd(
            self.deflater, out, ctypes.c_size_t(len(out)), pairs, ctypes.c_size_t(len(fields))
        )
        assert length >= 0, length
        return out.raw[:length]


class Hyper:
    """The encoder of hyper."""

    def __init__(self, size):
        self.encoder = Encoder()
        self.encoder.header_table_size = size

    def resize(self, size):
        self.encoder.header_table_size = size

    def encode(self, fields):
        return self.encoder.encode([(n, v, bool(s)) for n, v, s in fields])


def request(random):
    fields = [
        (b":method", random.choice([b"GET", b"POST", b"PUT", b"BREW"]), 0),
        (b":scheme", random.choice([b"http", b"https"]), 0),
        (b":path", b"/" + random.choice([b"", b"index.html", b"a?b=%d" % random.randrange(9), b"pkg.Service/Method"]), 0),
        (b":authority", random.choice([b"example.org", b"127.0.0.1:8080"]), 0),
    ]
    return fields + extra(random)


def response(random):
    return [(b":status", random.choice([b"200", b"204", b"302", b"404", b"418"]), 0)] + extra(random)


def extra(random):
    choices = [
        (b"user-agent", b"agent/%d" % random.randrange(3), 0),
        (b"content-type", random.choice([b"application/grpc", b"text/html; charset=utf-8"]), 0),
        (b"authorization", b"Basic c2VjcmV0", 1),
        (b"cookie", b"id=%d" % random.randrange(1000), 0),
        (b"x-empty", b"", 0),
        (b"x-bytes", bytes(random.choice([*range(0x80, 0xC0), *range(0xF8, 0x100)]) for _ in range(8)), 0),
        (b"x-long-%d" % random.randrange(4), b"ab~{}" * random.randrange(30), 0),
        (b"grpc-timeout", b"%dm" % random.randrange(1000), 0),
        (b"date", b"Mon, 21 Oct 2013 20:13:%02d GMT" % random.randrange(60), 0),
    ]
    return random.sample(choices, random.randrange(len(choices)))


def printable(data):
    return "".join(
        chr(b) if 0x20 < b < 0x7F and b != 0x25 or b == 0x20 else "%%%02X" % b for b in data
    )


def main():
    print("# Written by encode.py.")
    for name, encoder in [("nghttp2", Nghttp2), ("hyper", Hyper)]:
        for n, sizes in enumerate([[4096], [256], [4096, 0, 4096], [100, 65536, 300]]):
            rng = random.Random(n)
            peer = encoder(4096)
            print(f"encoder {name} {sizes}")
            for number in range(24):
                if number % 8 == 0:
                    peer.resize(sizes[number // 8 % len(sizes)])
                fields = request(rng) if n % 2 == 0 else response(rng)
                print("block", peer.encode(fields).hex())
                for field, value, _ in fields:
                    print(f" {printable(field)}: {printable(value)}")


main()
