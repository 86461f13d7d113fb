// SPDX-License-Identifier: GPL-2.0-only
/* Echo client: client PORT [COUNT] sends COUNT numbers, checks the answers. */
#include <linux/sdirect.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	int fd = socket(AF_SDIRECT, SOCK_STREAM, 0);
	unsigned long i, got, count = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(argc > 1 ? atoi(argv[1]) : 0),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return perror("client"), 1;
	for (i = 0; i < count; i++)
		if (send(fd, &i, sizeof(i), MSG_NOSIGNAL) != sizeof(i) ||
		    recv(fd, &got, sizeof(got), MSG_WAITALL) != sizeof(got) ||
		    got != i)
			return fprintf(stderr, "client: no echo of %lu\n", i), 1;
	return printf("%lu echoes\n", count) < 0;
}
