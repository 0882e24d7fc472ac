#!/usr/bin/env escript
%% A counter, and who restarts it.
-mode(compile).
-behaviour(gen_server).
-export([main/1, start_link/0, init/1, handle_cast/2, handle_call/3]).

start_link() -> gen_server:start_link({local, counter}, ?MODULE, 0, []).
init(Total) when is_integer(Total) -> {ok, Total};
init(supervisor) ->
    Counter = #{id => counter, start => {?MODULE, start_link, []}},
    {ok, {#{strategy => one_for_one, intensity => 5, period => 60}, [Counter]}}.

handle_cast({add, 0}, _Total) -> exit(nothing_to_add);
handle_cast({add, Number}, Total) -> {noreply, Total + Number}.
handle_call(total, _From, Total) -> {reply, Total, Total}.

main(_) ->
    logger:set_primary_config(level, none),
    {ok, _} = supervisor:start_link(?MODULE, supervisor),
    [gen_server:cast(counter, {add, Number}) || Number <- [1, 2, 3]],
    io:format("total: ~p~n", [gen_server:call(counter, total, 1000)]),
    Watch = erlang:monitor(process, counter),
    gen_server:cast(counter, {add, 0}),
    receive {'DOWN', Watch, process, _, _} -> ok end,
    restarted(),
    io:format("after a failure: ~p~n", [gen_server:call(counter, total, 1000)]).

restarted() -> case whereis(counter) of undefined -> timer:sleep(1), restarted(); _ -> ok end.
