%% Stands in for epmd, the daemon that maps the names of nodes to ports: only the receiver listens, on a port both know.
-module(bench_epmd).
-export([start_link/0, register_node/2, register_node/3, port_please/2, port_please/3, listen_port_please/2,
         address_please/3, names/1]).

start_link() -> ignore.
register_node(Name, Port) -> register_node(Name, Port, inet).
register_node(_Name, _Port, _Family) -> {ok, rand:uniform(3)}.
port_please(Name, Host) -> port_please(Name, Host, infinity).
port_please(_Name, _Host, _Timeout) -> {port, port(), 5}.
listen_port_please(_Name, _Host) -> {ok, 0}.
address_please(_Name, Host, Family) -> inet:getaddr(Host, Family).
names(_Host) -> {error, address}.

port() -> list_to_integer(os:getenv("BENCH_PORT")).
