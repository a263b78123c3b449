"""CAMEL's agents as MCP servers over streamable HTTP: a `ChatAgent` with a stub for its model, and a `Workforce` whose
agents all use the model at the URL that is given. Prints the ports of both, then serves."""

import asyncio
import socket
import sys

from camel.agents import ChatAgent
from camel.models import ModelFactory
from camel.societies.workforce import Workforce
from camel.types import ModelPlatformType, ModelType
from camel.utils import BaseTokenCounter


class StubTokenCounter(BaseTokenCounter):
    def count_tokens_from_messages(self, messages):
        return 10

    def encode(self, text):
        return [0] * 10

    def decode(self, token_ids):
        return ""


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def chat_agent(port):
    model = ModelFactory.create(
        model_platform=ModelPlatformType.DEFAULT,
        model_type=ModelType.STUB,
        model_config_dict={},
        token_counter=StubTokenCounter(),
    )
    agent = ChatAgent("You are a helpful assistant.", model=model)
    return agent.to_mcp(name="camel", description="A CAMEL agent.", host="127.0.0.1", port=port)


def workforce(url, port):
    model = ModelFactory.create(
        model_platform=ModelPlatformType.OPENAI_COMPATIBLE_MODEL,
        model_type="scripted",
        model_config_dict={},
        url=url,
        api_key="none",
        token_counter=StubTokenCounter(),
    )
    agents = [ChatAgent(model=model) for _ in range(3)]
    team = Workforce("A team.", coordinator_agent=agents[0], task_agent=agents[1], new_worker_agent=agents[2])
    team.add_single_agent_worker("Knows capitals.", worker=ChatAgent("You know capitals.", model=model))
    return team.to_mcp(name="workforce", host="127.0.0.1", port=port)


async def main(url):
    ports = [free_port(), free_port()]
    # First of all: CAMEL has warnings of its own to print.
    print(*ports, flush=True)
    servers = [chat_agent(ports[0]), workforce(url, ports[1])]
    await asyncio.gather(*(server.run_streamable_http_async() for server in servers))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
