// SPDX-License-Identifier: GPL-2.0-only
/* Echo server: prints its port, serves one client, ends with it. */
#include <linux/sdirect.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int listener = socket(AF_SDIRECT, SOCK_STREAM, 0), fd;
	char buf[4096];
	ssize_t n;

	if (listener < 0 || bind(listener, (struct sockaddr *)&a, len) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&a, &len))
		return perror("server"), 1;
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	fd = accept(listener, NULL, NULL);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (send(fd, buf, n, MSG_NOSIGNAL) != n)
			return perror("send"), 1;
	return n < 0 ? (perror("read"), 1) : 0;
}
