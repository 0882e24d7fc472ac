from celery import Celery
from celery.contrib.testing.worker import start_worker

app = Celery(
    "jobs", broker="memory://", backend="cache+memory://"
)  # elsewhere: Redis or RabbitMQ, and workers by `celery`


@app.task(name="square", autoretry_for=(ConnectionError,), max_retries=3)
def square(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is below 0")
    return number * number


if __name__ == "__main__":
    with start_worker(app, perform_ping_check=False, concurrency=2):
        jobs = [square.delay(number) for number in range(4)]
        print([job.get(timeout=10) for job in jobs])
        try:
            square.delay(-1).get(timeout=10)
        except ValueError as error:
            print("failed:", error)
