import asyncio
import sys

import nats
from nats.aio.msg import Msg
from nats.errors import NoRespondersError


async def main(server: str) -> None:
    one, two, client = [await nats.connect(server) for _ in range(3)]

    async def greet(message: Msg) -> None:
        await message.respond(b"hello " + message.data)

    for each in (one, two):
        await each.subscribe("greet", queue="greeters", cb=greet)
        await each.flush()
    print((await client.request("greet", b"Ada", timeout=1)).data.decode())
    try:
        await client.request("nobody", b"", timeout=1)
    except NoRespondersError:
        print("nobody answers there")
    for each in (one, two, client):
        await each.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
