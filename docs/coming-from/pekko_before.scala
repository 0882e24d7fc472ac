//> using dep org.apache.pekko::pekko-actor-typed:1.1.3
import org.apache.pekko.actor.typed.*
import org.apache.pekko.actor.typed.scaladsl.AskPattern.*
import org.apache.pekko.actor.typed.scaladsl.Behaviors
import org.apache.pekko.util.Timeout
import scala.concurrent.Await
import scala.concurrent.duration.*

enum Command:
  case Add(number: Int)
  case Total(replyTo: ActorRef[Int])

def counting(total: Int): Behavior[Command] = Behaviors.receiveMessage {
  case Command.Add(0) => throw new IllegalArgumentException("nothing to add")
  case Command.Add(number) => counting(total + number)
  case Command.Total(replyTo) =>
    replyTo ! total
    Behaviors.same
}

@main def run(): Unit =
  val counter = Behaviors.supervise(counting(0)).onFailure(SupervisorStrategy.restart)
  given system: ActorSystem[Command] = ActorSystem(counter, "counter")
  given Timeout = 1.second
  def total = Await.result(system.ask(Command.Total(_)), 1.second)
  for number <- Seq(1, 2, 3) do system ! Command.Add(number)
  println(s"total: $total")
  system ! Command.Add(0)
  println(s"after a failure: $total")
  system.terminate()
