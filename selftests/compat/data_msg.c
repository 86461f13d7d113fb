// SPDX-License-Identifier: GPL-2.0-only
/* sendmsg(), recvmsg(), and what sendto() and recvfrom() do with addresses. */
#include "data.h"

/* Where nothing is; the compiler does not know. */
static void *volatile nowhere = (void *)8;

/* struct msghdr, as the call has left it. */
static void say_msg(const struct msghdr *msg)
{
	rec_say("  name %u, control %zu, flags %x", msg->msg_namelen,
		msg->msg_controllen, msg->msg_flags);
}

/* On a stream an address has no meaning, but must still be one. */
void send_to(struct compat *c)
{
	union net_addr other = c->p.addr;
	const struct sockaddr *sa = &other.sa;
	socklen_t len = net_addr_len(c->nf);
	char buf[64];
	int i;

	other.in.sin_port = htons(1);
	for (i = 0; i < 6; i++) {
		REC(sendto(c->cl, "abc", 3, 0, &c->p.addr.sa, len));
		REC(sendto(c->cl, "def", 3, 0, sa, len));
		REC(sendto(c->cl, "g", 1, 0, sa, 0));
		REC(sendto(c->cl, "h", 1, 0, sa, 1));
		REC(sendto(c->cl, "i", 1, 0, sa, sizeof(other)));
		REC(sendto(c->cl, "j", 1, 0, NULL, 0));
		REC(sendto(c->cl, "k", 1, 0, NULL, 99));
		compat_sent(c->cl);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		compat_back(c);
	}
}

void send_to_bad(struct compat *c)
{
	const struct sockaddr *sa = &c->p.addr.sa;
	char buf[64];

	REC(sendto(c->cl, "a", 1, 0, sa, sizeof(c->p.addr) + 1));
	REC(sendto(c->cl, "b", 1, 0, sa, -1));
	REC(sendto(c->cl, "c", 1, 0, nowhere, 16));
	REC(sendto(c->cl, "d", 1, 0, nowhere, 0));
	REC(sendto(c->cl, "e", 1, 0,
		   &(struct sockaddr){ .sa_family = AF_UNSPEC }, 16));
	REC(sendto(c->cl, "f", 1, 0,
		   &(struct sockaddr){ .sa_family = AF_UNIX }, 16));
	REC(sendto(c->cl, "g", 1, 0,
		   &(struct sockaddr){ .sa_family = AF_SDIRECT }, 16));
	compat_sent(c->cl);
	REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
}

void receive_from(struct compat *c)
{
	union net_addr from;
	socklen_t len;
	char buf[64];
	int i;

	REC(net_nonblock(c->sv));
	for (i = 0; i < 8; i++) {
		memset(&from, 0x55, sizeof(from));
		len = sizeof(from);
		REC(recvfrom(c->sv, buf, sizeof(buf), 0, &from.sa, &len));
		REC(len);
		REC(write(c->cl, "hello", 5));
		compat_arrived(c->sv, 5);
		REC_RECV(recvfrom(c->sv, buf, 1, MSG_PEEK, &from.sa, &len),
			 buf);
		REC(len);
		len = sizeof(from);
		REC_RECV(recvfrom(c->sv, buf, 1, 0, &from.sa, &len), buf);
		REC(len);
		rec_bytes("from", &from, 4);
		len = -1;
		REC_RECV(recvfrom(c->sv, buf, 1, 0, &from.sa, &len), buf);
		REC_RECV(recvfrom(c->sv, buf, 1, 0, &from.sa, NULL), buf);
		REC_RECV(recvfrom(c->sv, buf, 1, 0, NULL, &len), buf);
		REC_RECV(recvfrom(c->sv, buf, 1, 0, nowhere,
				  (socklen_t []){ 16 }), buf);
		REC(recvfrom(c->sv, buf, 1, 0, NULL, NULL));
		compat_nod(c);
	}
}

void send_msg(struct compat *c)
{
	struct iovec iov[2] = { { "abc", 3 }, { "de", 2 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	char buf[64];
	int i;

	for (i = 0; i < 8; i++) {
		msg.msg_name = i & 1 ? &c->p.addr : NULL;
		msg.msg_namelen = i & 2 ? net_addr_len(c->nf) : 0;
		msg.msg_flags = i & 4 ? 0x7fffffff : 0;
		REC(sendmsg(c->cl, &msg, 0));
		say_msg(&msg);
		compat_arrived(c->sv, 5);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		compat_back(c);
	}
	msg.msg_name = &c->p.addr;
	msg.msg_namelen = -1;
	REC(sendmsg(c->cl, &msg, 0));
	msg.msg_namelen = 5000;
	REC(sendmsg(c->cl, &msg, 0));
	msg.msg_name = nowhere;
	msg.msg_namelen = 16;
	REC(sendmsg(c->cl, &msg, 0));
	compat_sent(c->cl);
	REC(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT));
}

union control {
	char buf[CMSG_SPACE(64)];
	struct cmsghdr align;
};

static void control(struct msghdr *msg, union control *u, int level, int type,
		    int value)
{
	memset(u, 0, sizeof(*u));
	u->align.cmsg_level = level;
	u->align.cmsg_type = type;
	u->align.cmsg_len = CMSG_LEN(sizeof(value));
	memcpy(CMSG_DATA(&u->align), &value, sizeof(value));
	msg->msg_control = u->buf;
	msg->msg_controllen = CMSG_SPACE(sizeof(value));
}

/* What may be said with a message, and what nobody looks at. */
void send_control(struct compat *c)
{
	static const struct {
		int level, type, value;
	} cmsgs[] = {
		{ SOL_SOCKET, SCM_RIGHTS, 0 },
		{ SOL_SOCKET, SCM_CREDENTIALS, 0 },
		{ SOL_SOCKET, SO_MARK, 0 },
		{ SOL_SOCKET, SO_TIMESTAMPING, 0 },
		{ SOL_SOCKET, 12345, 0 },
		{ IPPROTO_IP, IP_TTL, 64 },
		{ IPPROTO_TCP, 1, 1 },
		{ IPPROTO_IPV6, 52, 1 },
		{ 4711, 1, 1 },
	};
	struct iovec iov = { "hello", 5 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control u;
	char buf[64];
	size_t i;

	REC(net_nonblock(c->sv));
	for (i = 0; i < sizeof(cmsgs) / sizeof(*cmsgs); i++) {
		control(&msg, &u, cmsgs[i].level, cmsgs[i].type,
			cmsgs[i].value);
		rec_say("level %d, type %d", cmsgs[i].level, cmsgs[i].type);
		REC(sendmsg(c->cl, &msg, 0));
		say_msg(&msg);
		compat_sent(c->cl);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		compat_send(c->cl, "between", 7);
		compat_arrived(c->sv, 7);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
	}
}

/* Lies about how long the control message is. */
static void set_length(struct msghdr *msg, size_t len)
{
	struct cmsghdr *cm = msg->msg_control;

	cm->cmsg_len = len;
}

void send_bad_control(struct compat *c)
{
	struct iovec iov = { "hello", 5 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control u;
	char buf[64];

	control(&msg, &u, SOL_SOCKET, SO_MARK, 0);
	set_length(&msg, 3);
	REC(sendmsg(c->cl, &msg, 0));
	set_length(&msg, 5000);
	REC(sendmsg(c->cl, &msg, 0));
	control(&msg, &u, SOL_SOCKET, SCM_RIGHTS, -1);
	set_length(&msg, 1 << 28);
	REC(sendmsg(c->cl, &msg, 0));
	control(&msg, &u, SOL_SOCKET, SO_MARK, 0);
	set_length(&msg, CMSG_LEN(1));
	REC(sendmsg(c->cl, &msg, 0));
	msg.msg_controllen = 1;
	REC(sendmsg(c->cl, &msg, 0));
	msg.msg_controllen = 1 << 30;
	REC(sendmsg(c->cl, &msg, 0));
	msg.msg_controllen = -1;
	REC(sendmsg(c->cl, &msg, 0));
	msg.msg_control = nowhere;
	msg.msg_controllen = CMSG_SPACE(4);
	REC(sendmsg(c->cl, &msg, 0));
	msg.msg_control = NULL;
	REC(sendmsg(c->cl, &msg, 0));
	compat_sent(c->cl);
	REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
	/* All that did not end the connection. */
	REC(write(c->cl, "after", 5));
	compat_arrived(c->sv, 5);
	REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
}

/* What the call says besides the bytes. */
void receive_msg(struct compat *c)
{
	union net_addr from;
	union control u;
	char buf[64];
	int i;

	REC(net_nonblock(c->sv));
	for (i = 0; i < 16; i++) {
		struct iovec iov = { buf, i & 4 ? 2 : sizeof(buf) };
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_name = i & 1 ? &from : NULL,
			.msg_namelen = sizeof(from),
			.msg_control = i & 2 ? &u : NULL,
			.msg_controllen = i & 2 ? sizeof(u) : 0,
			.msg_flags = 0x7fffffff,
		};

		REC(recvmsg(c->sv, &msg, 0));
		say_msg(&msg);
		REC(write(c->cl, "hello", 5));
		compat_arrived(c->sv, i & 4 ? 2 : 5);
		REC_RECV(recvmsg(c->sv, &msg, i & 8 ? MSG_PEEK : 0), buf);
		say_msg(&msg);
		while (recv(c->sv, buf, sizeof(buf), 0) > 0)
			;
		compat_nod(c);
	}
}

void bad_messages(struct compat *c)
{
	char buf[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	REC(write(c->cl, "hello", 5));
	compat_arrived(c->sv, 5);
	msg.msg_iovlen = 1025;
	REC(recvmsg(c->sv, &msg, 0));
	REC(sendmsg(c->sv, &msg, 0));
	msg.msg_iovlen = -1;
	REC(recvmsg(c->sv, &msg, 0));
	REC(sendmsg(c->sv, &msg, 0));
	msg.msg_iovlen = 1;
	msg.msg_name = nowhere;
	msg.msg_namelen = -1;
	REC(recvmsg(c->sv, &msg, 0));
	msg.msg_namelen = 16;
	REC_RECV(recvmsg(c->sv, &msg, MSG_PEEK), buf);
	say_msg(&msg);
	msg.msg_name = NULL;
	msg.msg_control = nowhere;
	msg.msg_controllen = 64;
	REC_RECV(recvmsg(c->sv, &msg, MSG_PEEK), buf);
	say_msg(&msg);
	msg.msg_control = NULL;
	REC_RECV(recvmsg(c->sv, &msg, 0), buf);
	say_msg(&msg);
	REC(recvmsg(c->sv, &msg, MSG_DONTWAIT));
}
