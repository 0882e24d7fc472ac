import asyncio

import zmq
import zmq.asyncio

context = zmq.asyncio.Context()


async def work(worker: zmq.asyncio.Socket) -> None:
    while True:
        number = int(await worker.recv())
        await worker.send(str(number * number).encode())


async def main() -> None:
    client = context.socket(zmq.DEALER)  # takes turns among those that it is connected to
    workers = []
    for name in ("one", "two"):
        worker = context.socket(zmq.REP)
        worker.bind(f"inproc://{name}")
        client.connect(f"inproc://{name}")
        workers.append(asyncio.create_task(work(worker)))
    for number in range(4):  # which answer is whose, a frame in front says
        await client.send_multipart([str(number).encode(), b"", str(number).encode()])
    squares = {}
    for _ in range(4):
        request, _, answer = await asyncio.wait_for(client.recv_multipart(), timeout=1)
        squares[int(request)] = int(answer)
    print([squares[number] for number in range(4)])
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    context.destroy(linger=0)


if __name__ == "__main__":
    asyncio.run(main())
