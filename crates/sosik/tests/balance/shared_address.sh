#!/bin/sh
# Two machines with a balancer and keepalived each, a node, and clients, as network namespaces on one switch. Runs in
# namespaces of its own (unshare --net --mount --pid --fork --kill-child), so nothing is left when it ends.
#
# Arguments: the executable, and the folder with the configuration to check. Prints a line for each move of the address.
set -eu
sosik=$1
deploy=$2
address=192.0.2.10
umask 077

mount -t tmpfs none /run
mkdir -p /run/netns /run/node
ip link set lo up
ip link add switch type bridge
ip link set switch up
ip address add 192.0.2.1/24 dev switch

start_node() {
    cd /run/node
    "$sosik" serve --set=server.listen=192.0.2.1:8420 --set=server.admin_listen=127.0.0.1:8421 \
        --set=server.trusted_proxies=192.0.2.0/24 >>log 2>&1 &
    node=$!
}
start_node

start_balancer() {
    cd "/run/$1"
    ip netns exec "$1" "$sosik" balance --config "$deploy/balance.toml" --set=balance.cluster= \
        --set=balance.nodes=192.0.2.1:8420 --set=balance.check_timeout_ms=5000 >>log 2>&1 &
    echo $! >"/run/$1/pid"
}

for machine in first second; do
    ip netns add $machine
    mkdir /run/$machine
    ip link add $machine type veth peer name eth0 netns $machine
    ip link set $machine master switch up
    ip -n $machine link set lo up
    ip -n $machine link set eth0 up
done
ip -n first address add 192.0.2.11/24 dev eth0
ip -n second address add 192.0.2.12/24 dev eth0
fail() {
    echo "$1"
    for machine in first second; do
        tail -n 20 /run/$machine/log /run/$machine/keepalived.log
    done
    exit 1
}

now() { date +%s%3N; }

# Waits until a machine has the address, and prints how long that took.
has() {
    began=$(now)
    while ! ip -n "$1" -brief address show eth0 | grep -q "$address/"; do
        [ $(($(now) - began)) -lt 60000 ] || fail "$1 did not get the address after: $2"
        sleep 0.05
    done
    echo "$1 has the address after $(($(now) - began)) ms: $2"
}

answers() {
    began=$(now)
    until curl --silent --fail --output /dev/null --max-time 10 http://$address/livez; do
        [ $(($(now) - began)) -lt 60000 ] || fail "no answer after: $1"
    done
}

# Waits until both keepalived have this priority.
priority() {
    for machine in first second; do
        began=$(now)
        until grep 'effective priority' /run/$machine/keepalived.log | tail -n 1 | grep -q "to $1\$"; do
            [ $(($(now) - began)) -lt 60000 ] || fail "$machine has another priority than $1"
            sleep 0.05
        done
    done
}

start_machine() {
    start_balancer "$1"
    ip netns exec "$1" keepalived --dont-fork --log-console --use-file="$deploy/keepalived.conf" \
        --pid="/run/$1/keepalived.pid" --vrrp_pid="/run/$1/vrrp.pid" >"/run/$1/keepalived.log" 2>&1 &
    echo $! >"/run/$1/keepalived"
}

start_machine first
has first "start"
start_machine second
answers "start"

kill -KILL "$node"
priority 80
ip -n first -brief address show eth0 | grep -q "$address/" || fail "the address left although no balancer has a node"
status=$(curl --silent --output /dev/null --max-time 10 --write-out '%{http_code}' http://$address/livez) || true
[ "$status" = 503 ] || fail "without a node the answer is $status"
start_node
priority 100
answers "the node is back"
ip -n first -brief address show eth0 | grep -q "$address/" || fail "the address moved when the node came back"

# Short requests with connections of their own, one after the other.
(while [ ! -e /run/enough ]; do
    curl --silent --output /dev/null --max-time 30 --write-out '%{http_code}\n' http://$address/livez || true
done) >/run/statuses &
clients=$!
kill -TERM "$(cat /run/first/pid)"
has second "the first balancer stops"
answers "the first balancer stops"
touch /run/enough
wait $clients
echo "statuses:" $(sort /run/statuses | uniq -c | tr -s ' ')

wait "$(cat /run/first/pid)" || fail "the first balancer did not stop in order"
start_balancer first
sleep 3
ip -n second -brief address show eth0 | grep -q "$address/" || fail "the address moved back without a reason"
kill -KILL "$(cat /run/second/pid)"
has first "the second balancer is killed"
answers "the second balancer is killed"

wait "$(cat /run/second/pid)" || true
start_balancer second
sleep 3
ip -n first link set eth0 down
has second "the first machine is off the network"
answers "the first machine is off the network"
echo done
