"""A CAMEL agent as an MCP server over streamable HTTP, with a stub for its model. Prints its port, then serves."""

import socket
import sys

from camel.agents import ChatAgent
from camel.models import ModelFactory
from camel.types import ModelPlatformType, ModelType
from camel.utils import BaseTokenCounter


class StubTokenCounter(BaseTokenCounter):
    def count_tokens_from_messages(self, messages):
        return 10

    def encode(self, text):
        return [0] * 10

    def decode(self, token_ids):
        return ""


def main():
    model = ModelFactory.create(
        model_platform=ModelPlatformType.DEFAULT,
        model_type=ModelType.STUB,
        model_config_dict={},
        token_counter=StubTokenCounter(),
    )
    agent = ChatAgent("You are a helpful assistant.", model=model)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = agent.to_mcp(name="camel", description="A CAMEL agent.", host="127.0.0.1", port=port)
    print(port, flush=True)
    server.run(transport="streamable-http")


if __name__ == "__main__":
    sys.exit(main())
