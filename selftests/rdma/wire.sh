#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Two devices in software, rxea (10.7.0.1) and rxeb (10.7.1.1), of the type
# $SDIRECT_RDMA, rxe (soft RoCE) or siw (soft iWARP), on the ends of a wire that what they send really crosses, in one network namespace: a rule for
# each address sends it out, and what comes in at either end is local.  The same
# with fd00:7::1 and fd00:8::1.  "wire.sh routes" makes those again that are gone
# when an end was down.  10.8.0.1 and 10.8.1.1 have another wire, without such
# devices.
set -eu

routes() {
	ip route replace 10.7.1.1 dev va src 10.7.0.1 table 100
	ip route replace 10.7.0.1 dev vb src 10.7.1.1 table 101
	ip -6 route replace fd00:8::1 dev va src fd00:7::1 table 100
	ip -6 route replace fd00:7::1 dev vb src fd00:8::1 table 101
}

if [ "${1-}" = routes ]; then
	routes
	exit
fi
type=${SDIRECT_RDMA:-rxe}
case $type in
siw)
	modprobe -a siw rdma_cm
	# Its own sockets have the lock class of programs', for which lockdep
	# takes them: it opens them under a lock that a program's call needs.
	if [ -e /proc/sys/kernel/prove_locking ]; then
		echo 0 >/proc/sys/kernel/prove_locking
	fi
	;;
*) modprobe -a rdma_rxe rdma_cm ;;
esac
ip link add va type veth peer name vb
ip addr add 10.7.0.1/24 dev va
ip addr add 10.7.1.1/24 dev vb
ip addr add 10.7.0.9/24 dev va	# a stranger's
for name in all va vb; do
	echo 0 >/proc/sys/net/ipv6/conf/$name/accept_dad
	echo 1 >/proc/sys/net/ipv6/conf/$name/keep_addr_on_down
done
ip -6 addr add fd00:7::1/64 dev va nodad
ip -6 addr add fd00:8::1/64 dev vb nodad
ip link set va up
ip link set vb up
for name in all va vb; do
	echo 0 >/proc/sys/net/ipv4/conf/$name/rp_filter
	echo 1 >/proc/sys/net/ipv4/conf/$name/accept_local
done
echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore
ip rule add pref 10 dev va lookup local
ip rule add pref 10 dev vb lookup local
ip rule add pref 20 to 10.7.1.1 lookup 100
ip rule add pref 20 to 10.7.0.1 lookup 101
ip rule add pref 100 lookup local
ip rule del pref 0
ip -6 rule add pref 10 dev va lookup local
ip -6 rule add pref 10 dev vb lookup local
ip -6 rule add pref 20 to fd00:8::1 lookup 100
ip -6 rule add pref 20 to fd00:7::1 lookup 101
ip -6 rule add pref 100 lookup local
ip -6 rule del pref 0
ip link add wa type veth peer name wb
ip addr add 10.8.0.1/24 dev wa
ip addr add 10.8.1.1/24 dev wb
for name in wa wb; do
	ip link set $name up
	echo 0 >/proc/sys/net/ipv4/conf/$name/rp_filter
	echo 1 >/proc/sys/net/ipv4/conf/$name/accept_local
	ip rule add pref 10 dev $name lookup local
done
ip route add 10.8.1.1 dev wa src 10.8.0.1 table 100
ip route add 10.8.0.1 dev wb src 10.8.1.1 table 101
ip rule add pref 20 to 10.8.1.1 lookup 100
ip rule add pref 20 to 10.8.0.1 lookup 101
routes
rdma link add rxea type "$type" netdev va
rdma link add rxeb type "$type" netdev vb
