%% Erlang's side of the benchmarks: a receiver that counts and echoes, and a sender that follows orders.
-module(bench).
-export([receiver/0, sender/1]).

-define(BATCH, 64).
-define(IN_FLIGHT, 64).

%% The receiving node. Orders on standard input: "count", "pace SECONDS"; each is answered with the count.
receiver() ->
    Numbers = atomics:new(2, []),  % 1: messages counted, 2: microseconds that each takes
    register(sink, spawn_link(fun() -> sink(Numbers, erlang:monotonic_time(microsecond)) end)),
    io:format("~s~n", [os:getenv("BENCH_LINE")]),
    obey(Numbers).

sink(Numbers, Free) ->
    receive
        {data, _Seq, _Payload} ->
            atomics:add(Numbers, 1, 1),
            sink(Numbers, pause(atomics:get(Numbers, 2), Free));
        {ask, From, Ref, Seq, Payload} ->
            From ! {Ref, Seq, Payload},
            sink(Numbers, Free);
        {count, From, Ref} ->
            From ! {Ref, atomics:get(Numbers, 1)},
            sink(Numbers, Free);
        {who, From, Ref} ->
            From ! {Ref, self()},
            sink(Numbers, Free)
    end.

pause(0, Free) -> Free;
pause(Delay, Free) ->
    Now = erlang:monotonic_time(microsecond),
    Next = max(Free, Now - 10000) + Delay,
    case (Next - Now) div 1000 of
        Wait when Wait >= 1 -> timer:sleep(Wait);
        _ -> ok
    end,
    Next.

obey(Numbers) ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            case string:lexemes(Line, " \n") of
                ["pace", "0"] -> atomics:put(Numbers, 2, 0);
                ["pace", Seconds] -> atomics:put(Numbers, 2, round(list_to_float(Seconds) * 1000000));
                ["count"] -> ok
            end,
            io:format("~b~n", [atomics:get(Numbers, 1)]),
            obey(Numbers)
    end.

%% The sending node. Orders on standard input: "tell BYTES MS", "stop", "ask BYTES MS", "flight BYTES MS", "count".
sender([Node]) ->
    process_flag(trap_exit, true),
    Ref = make_ref(),
    {sink, Node} ! {who, self(), Ref},
    Pid = receive {Ref, Found} -> Found after 10000 -> halt(1) end,
    io:format("ready~n"),
    orders(Pid, none).

orders(Pid, Telling) ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            case string:lexemes(Line, " \n") of
                ["tell", Bytes, Ms] ->
                    orders(Pid, spawn(fun() -> tell(Pid, payload(Bytes), until(Ms), 0) end));
                ["stop"] ->
                    Telling ! stop;
                ["ask", Bytes, Ms] ->
                    Times = ask(Pid, payload(Bytes), until(Ms), []),
                    io:format("~s~n", [lists:join(" ", [integer_to_list(Time) || Time <- Times])]);
                ["flight", Bytes, Ms] ->
                    Start = now_ns(),
                    Number = flight(Pid, payload(Bytes), until(Ms)),
                    io:format("~b ~b~n", [Number, now_ns() - Start]);
                ["count"] ->
                    Ref = make_ref(),
                    Pid ! {count, self(), Ref},
                    receive {Ref, Count} -> io:format("~b~n", [Count]) end
            end,
            orders(Pid, Telling)
    end.

payload(Bytes) -> binary:copy(<<7>>, list_to_integer(Bytes)).

until(Ms) -> now_ns() + list_to_integer(Ms) * 1000000.

now_ns() -> erlang:monotonic_time(nanosecond).

tell(Pid, Payload, Until, Sent) ->
    Stopped = receive stop -> true after 0 -> now_ns() >= Until end,
    case Stopped of
        true -> io:format("~b~n", [Sent]);
        false ->
            batch(Pid, Payload, Sent, Sent + ?BATCH),
            tell(Pid, Payload, Until, Sent + ?BATCH)
    end.

batch(_, _, End, End) -> ok;
batch(Pid, Payload, Seq, End) ->
    Pid ! {data, Seq, Payload},
    batch(Pid, Payload, Seq + 1, End).

ask(Pid, Payload, Until, Times) ->
    Start = now_ns(),
    if
        Start >= Until -> Times;
        true ->
            Ref = make_ref(),
            Pid ! {ask, self(), Ref, 0, Payload},
            receive {Ref, _, _} -> ok end,
            ask(Pid, Payload, Until, [now_ns() - Start | Times])
    end.

flight(Pid, Payload, Until) ->
    Ref = make_ref(),
    [Pid ! {ask, self(), Ref, Seq, Payload} || Seq <- lists:seq(1, ?IN_FLIGHT)],
    flight(Pid, Payload, Until, Ref, ?IN_FLIGHT).

flight(Pid, Payload, Until, Ref, Number) ->
    case now_ns() >= Until of
        true ->
            [receive {Ref, _, _} -> ok end || _ <- lists:seq(1, ?IN_FLIGHT)],
            Number;
        false ->
            [receive {Ref, Seq, _} -> Pid ! {ask, self(), Ref, Seq, Payload} end || _ <- lists:seq(1, ?BATCH)],
            flight(Pid, Payload, Until, Ref, Number + ?BATCH)
    end.
