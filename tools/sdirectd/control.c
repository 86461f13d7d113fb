// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

#define WORD_MAX	64	/* bytes of what a client wants */
#define BACKLOG		8

static int address(struct sockaddr_un *addr, const char *path)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	strcpy(addr->sun_path, path);
	return 0;
}

/* The place below /run, which is empty after a boot, if nobody has made it. */
static void make_directory(const char *path)
{
	char *dir = strdup(path), *slash = dir ? strrchr(dir, '/') : NULL;

	if (slash && slash != dir) {
		*slash = '\0';
		mkdir(dir, 0700);
	}
	free(dir);
}

int control_open(struct control *control, const char *path)
{
	struct sockaddr_un addr;
	int err = address(&addr, path), i;
	mode_t mask;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		control->client[i] = -1;
	control->listener = -1;
	if (err)
		return err;
	control->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);
	if (control->listener < 0)
		return -errno;
	make_directory(path);
	/* What a predecessor has left that was killed. */
	unlink(path);
	mask = umask(0177);
	if (bind(control->listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(control->listener, BACKLOG))
		err = -errno;
	umask(mask);
	if (err)
		control_close(control);
	return err;
}

static void client_drop(struct control *control, unsigned int i)
{
	if (control->client[i] >= 0)
		close(control->client[i]);
	control->client[i] = -1;
}

void control_close(struct control *control)
{
	unsigned int i;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		client_drop(control, i);
	if (control->listener >= 0)
		close(control->listener);
	control->listener = -1;
}

void control_poll(const struct control *control, struct pollfd *polls)
{
	unsigned int i;

	polls[0] = (struct pollfd){ .fd = control->listener, .events = POLLIN };
	for (i = 0; i < CONTROL_CLIENTS; i++)
		polls[1 + i] = (struct pollfd){ .fd = control->client[i],
						.events = POLLIN };
}

/* The rights of the socket's file say who may connect; this is the same. */
static bool may_ask(int fd)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred cred;

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) &&
	       (!cred.uid || cred.uid == geteuid());
}

static void client_take(struct control *control)
{
	unsigned int i;
	int fd;

	fd = accept4(control->listener, NULL, NULL,
		     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (!may_ask(fd)) {
		close(fd);
		return;
	}
	for (i = 0; i < CONTROL_CLIENTS && control->client[i] >= 0; i++)
		;
	if (i == CONTROL_CLIENTS) {
		i = control->oldest;
		control->oldest = (i + 1) % CONTROL_CLIENTS;
		client_drop(control, i);
	}
	control->client[i] = fd;
}

static void send_answer(int fd, int file, bool good)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room = { { 0 } };
	char status = !good;
	struct iovec iov = { &status, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room.buf, .msg_controllen = sizeof(room.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &file, sizeof(file));
	sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void client_serve(struct control *control, int fd)
{
	char word[WORD_MAX];
	ssize_t len;
	FILE *out;
	bool good;
	int file;

	len = recv(fd, word, sizeof(word) - 1, MSG_DONTWAIT);
	if (len <= 0)
		return;
	word[len] = '\0';
	file = memfd_create("sdirectd", MFD_CLOEXEC);
	out = file < 0 ? NULL : fdopen(file, "w");
	if (out) {
		good = control->answer(control->data, word, out);
		send_answer(fd, file, !fflush(out) && good);
		fclose(out);
	} else if (file >= 0) {
		close(file);
	}
}

void control_serve(struct control *control, const struct pollfd *polls)
{
	unsigned int i;

	for (i = 0; i < CONTROL_CLIENTS; i++) {
		if (!polls[1 + i].revents)
			continue;
		client_serve(control, control->client[i]);
		client_drop(control, i);
	}
	if (polls[0].revents)
		client_take(control);
}

/* The client */

static int receive_answer(int fd, bool *good)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room;
	char status = 1;
	struct iovec iov = { &status, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room.buf, .msg_controllen = sizeof(room.buf),
	};
	struct cmsghdr *cmsg;
	ssize_t len;
	int file;

	len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	cmsg = len > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS ||
	    cmsg->cmsg_len != CMSG_LEN(sizeof(int))) {
		if (len >= 0)
			errno = ECONNRESET;
		return -1;
	}
	memcpy(&file, CMSG_DATA(cmsg), sizeof(file));
	*good = !status;
	return file;
}

FILE *control_ask(const char *path, const char *word, bool *good)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;
	int file = -1, err = 0;
	FILE *in = NULL;

	if (fd < 0)
		return NULL;
	if (address(&addr, path)) {
		errno = ENAMETOOLONG;
	} else if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
		   send(fd, word, strlen(word), MSG_NOSIGNAL) >= 0) {
		file = receive_answer(fd, good);
	}
	if (file >= 0)
		in = fdopen(file, "r");
	if (in)
		rewind(in);
	else
		err = errno;
	if (!in && file >= 0)
		close(file);
	close(fd);
	errno = err;
	return in;
}
