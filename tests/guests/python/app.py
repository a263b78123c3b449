"""The world `plain` in Python, for the tests of components that know nothing of this project."""

import os
import time
from typing import List, Optional

from componentize_py_types import Err
from wit_world import WitWorld as World
from wit_world import exports
from wit_world.exports.shop import Item


class Shop(exports.Shop):
    def total(self, items: List[Item]) -> float:
        amount = 0.0
        for item in items:
            if not item.price >= 0:
                raise Err(f"{item.name} has no price")
            amount += item.price * item.count
        return amount

    def find(self, items: List[Item], name: str) -> Optional[Item]:
        return next((item for item in items if item.name == name), None)

    def next_serial(self, last: int) -> int:
        return last + 1


class WitWorld(World):
    def reverse(self, words: List[str]) -> List[str]:
        return words[::-1]

    def reverse_bytes(self, data: bytes) -> bytes:
        return data[::-1]

    def say(self, line: str) -> int:
        print(line, flush=True)
        return len(line)

    def now(self) -> int:
        return int(time.time() * 1000)

    def read_file(self, path: str) -> str:
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except OSError as error:
            raise Err(str(error)) from error

    def write_file(self, path: str, text: str) -> None:
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise Err(str(error)) from error

    def environment(self) -> List[str]:
        return sorted(os.environ)

    def crash(self, reason: str) -> str:
        raise RuntimeError(reason)
