// SPDX-License-Identifier: GPL-2.0
/* One direction of a connection, for the tests of streams. */
#include "compat.h"

#include "rendezvous.h"
#include "way_test.h"

struct way test_way(struct kunit *test)
{
	return way_of(test_connected(test, PF_SDIRECT), 0);
}

int way_put(struct way *way, size_t n, int flags)
{
	int ret = test_send(way->from, way->sent, n, flags | MSG_DONTWAIT);

	if (ret > 0)
		way->sent += ret;
	return ret;
}

int way_take(struct way *way, size_t n, int flags)
{
	int ret = test_recv(way->to, way->got, n, flags);

	if (ret > 0 && !(flags & MSG_PEEK))
		way->got += ret;
	return ret;
}

bool way_arrived(const struct way *way)
{
	return test_until(!sdr_rendezvous_counts(way_sender(way),
						 way_receiver(way)));
}

bool way_seal(struct way *way)
{
	way_arrived(way);
	return test_seal(way_sender(way));
}

bool way_grow(struct way *way)
{
	bool grown;

	lock_sock(way->from->sk);
	grown = sdr_stream_grow(way_sender(way));
	release_sock(way->from->sk);
	return grown;
}

int way_finish(struct way *way)
{
	return kernel_sock_shutdown(way->from, SHUT_WR);
}

int way_to_tcp(struct way *way)
{
	int err;

	lock_sock(way->from->sk);
	err = sdr_stream_to_tcp(way_sender(way), SDIRECT_REASON_OPTION);
	release_sock(way->from->sk);
	return err;
}
