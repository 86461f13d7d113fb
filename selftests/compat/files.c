// SPDX-License-Identifier: GPL-2.0-only
/* Calls for files: sendfile() and what a socket makes of the others. */
#include <dirent.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "files.h"

int files_memory(size_t len, unsigned int seed)
{
	int fd = memfd_create("file", 0);
	char *buf = malloc(len + 1);

	COMPAT_MUST(fd >= 0 && buf);
	net_fill(buf, len, seed, 0);
	COMPAT_MUST(write(fd, buf, len) == (ssize_t)len);
	COMPAT_MUST(!lseek(fd, 0, SEEK_SET));
	free(buf);
	return fd;
}

void files_pipe(int pipes[2])
{
	COMPAT_MUST(!pipe2(pipes, O_NONBLOCK));
}

static void say_offset(int file, off_t at)
{
	rec_say("  offset %ld, file at %ld", (long)at,
		(long)lseek(file, 0, SEEK_CUR));
}

static void send_file(struct compat *c)
{
	int file = files_memory(1000, 1), i;
	char buf[2000];
	off_t at;

	for (i = 0; i < 8; i++) {
		at = 10;
		REC(sendfile(c->cl, file, &at, 100));
		say_offset(file, at);
		compat_arrived(c->sv, 100);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		REC(sendfile(c->cl, file, NULL, 50));
		say_offset(file, at);
		compat_arrived(c->sv, 50);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		compat_back(c);
	}
	at = 900;
	REC(sendfile(c->cl, file, &at, 2000));
	say_offset(file, at);
	REC(sendfile(c->cl, file, &at, 2000));
	say_offset(file, at);
	REC(sendfile(c->cl, file, &at, 0));
	compat_arrived(c->sv, 100);
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
	at = 5000;
	REC(sendfile(c->cl, file, &at, 1));
}

static void send_file_errors(struct compat *c)
{
	int file = files_memory(100, 1), pipes[2], zero;
	off_t at = -1;
	char buf[200];

	files_pipe(pipes);
	zero = open("/dev/zero", O_RDONLY);
	COMPAT_MUST(zero >= 0);
	REC(sendfile(c->cl, file, &at, 10));
	REC(sendfile(c->cl, file, (void *)8, 10));
	REC(sendfile(c->cl, -1, NULL, 10));
	REC(sendfile(-1, file, NULL, 10));
	REC(sendfile(c->cl, pipes[1], NULL, 10));
	REC(sendfile(c->cl, pipes[0], NULL, 10));
	REC(sendfile(c->cl, c->sv, NULL, 10));
	REC(sendfile(c->cl, zero, NULL, 10));
	at = 0;
	REC(sendfile(c->cl, c->sv, &at, 10));
	REC(sendfile(file, c->sv, NULL, 10));
	REC(write(c->cl, "abc", 3));
	compat_sent(c->cl);
	REC(sendfile(file, c->sv, NULL, 3));
	REC(sendfile(c->cl, c->sv, NULL, 3));
	REC(sendfile(pipes[1], c->sv, NULL, 3));
	REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT), buf);
	REC(net_count_signal(SIGPIPE));
	REC(shutdown(c->cl, SHUT_WR));
	at = 0;
	REC(sendfile(c->cl, file, &at, 10));
	REC(net_signals);
	say_offset(file, at);
}

static void *receive_all(void *arg)
{
	struct net_flow *f = arg;
	char *buf = malloc(f->bytes);

	COMPAT_MUST(buf);
	f->bytes = net_recv_all(f->fd, buf, f->bytes);
	f->err = net_check(buf, f->bytes, f->seed, 0) != -1;
	free(buf);
	return NULL;
}

/* More than fits anywhere at once. */
static void send_file_long(struct compat *c)
{
	static const size_t sizes[] = { 4096, 70000, 1 << 20, 6 << 20 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct net_flow f = { c->sv, 2, sizes[i], 0, 0, 0 };
		int file = files_memory(sizes[i], 2);
		pthread_t reader;
		off_t at = 0;

		COMPAT_MUST(!pthread_create(&reader, NULL, receive_all, &f));
		/* How much one call moves is the kernel's choice. */
		while (at < (off_t)sizes[i])
			COMPAT_MUST(sendfile(c->cl, file, &at, sizes[i]) > 0);
		pthread_join(reader, NULL);
		rec_say("%llu bytes, %s", (unsigned long long)f.bytes,
			f.err ? "wrong" : "right");
		say_offset(file, at);
		close(file);
	}
}

static void send_file_nonblock(struct compat *c)
{
	const size_t size = 16 << 20;
	int file = files_memory(size, 2);
	char *in = malloc(size);
	off_t at = 0;
	long n;

	COMPAT_MUST(in && !net_nonblock(c->cl));
	do
		n = sendfile(c->cl, file, &at, size - at);
	while (n > 0);
	rec_result("sendfile", n, errno);
	REC(at > 0 && at < (off_t)size);
	REC(net_recv_all(c->sv, in, at) == at);
	REC(net_check(in, at, 2, 0));
	REC_POLL_WAIT(c->cl, POLLOUT);
	REC(recv(c->sv, in, 1, MSG_DONTWAIT));
	free(in);
}

/* Bytes that are not there yet when the file is sent are not sent. */
static void send_file_changes(struct compat *c)
{
	int file = files_memory(100, 3);
	char buf[200];
	off_t at = 0;

	REC(sendfile(c->cl, file, &at, 100));
	compat_arrived(c->sv, 100);
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
	REC(ftruncate(file, 50));
	at = 0;
	REC(sendfile(c->cl, file, &at, 100));
	compat_arrived(c->sv, 50);
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
	REC(ftruncate(file, 60));
	REC(sendfile(c->cl, file, &at, 100));
	compat_arrived(c->sv, 10);
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
}

static void copy_range(struct compat *c)
{
	int file = files_memory(100, 1);
	loff_t at = 0;

	REC(copy_file_range(c->sv, NULL, file, NULL, 10, 0));
	REC(copy_file_range(file, NULL, c->cl, NULL, 10, 0));
	REC(copy_file_range(c->cl, NULL, c->sv, NULL, 10, 0));
	REC(copy_file_range(file, &at, c->cl, NULL, 10, 0));
	REC(copy_file_range(file, NULL, c->cl, NULL, 0, 0));
	REC(copy_file_range(file, NULL, c->cl, NULL, 10, 1));
}

/* What is for files of other kinds. */
static void other_calls(struct compat *c)
{
	struct dirent *none = NULL;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;

	REC(fstat(c->cl, &st));
	REC(st.st_mode);
	REC(st.st_nlink);
	REC(st.st_size);
	REC(st.st_blksize);
	REC(st.st_blocks);
	REC(st.st_rdev);
	REC(fchmod(c->cl, 0600));
	REC(fchown(c->cl, 0, 0));
	REC(fchdir(c->cl));
	REC(futimens(c->cl, NULL));
	REC(flock(c->cl, LOCK_EX));
	REC(flock(c->cl, LOCK_UN));
	REC(fcntl(c->cl, F_SETLK, &lock));
	REC(fcntl(c->cl, F_GETLK, &lock));
	REC(fcntl(c->cl, F_GETPIPE_SZ));
	REC(fcntl(c->cl, F_GETFL));
	REC(fcntl(c->cl, F_SETFL, O_APPEND));
	REC(fcntl(c->cl, F_GETFL));
	REC(fcntl(c->cl, F_SETFL, O_DIRECT));
	REC(readahead(c->cl, 0, 10));
	REC(sync_file_range(c->cl, 0, 10, 0));
	REC(syncfs(c->cl));
	REC(isatty(c->cl));
	REC(fdopendir(c->cl) != (void *)none);
}

static void names(struct compat *c)
{
	char path[64], target[64] = "", value[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", c->cl);
	COMPAT_MUST(readlink(path, target, sizeof(target) - 1) > 0);
	/* A line of what is compared must not begin with an exclamation mark. */
	REC(strncmp(target, "socket:[", 8) == 0);
	REC(open(path, O_RDWR));
	REC_RECV(fgetxattr(c->cl, "system.sockprotoname", value,
			   sizeof(value)), value);
	REC(fgetxattr(c->cl, "user.none", value, sizeof(value)));
	REC(fsetxattr(c->cl, "user.none", "x", 1, 0));
	REC_RECV(flistxattr(c->cl, value, sizeof(value)), value);
}

static bool maps(int fd, int prot, int flags, off_t at)
{
	void *mapped = mmap(NULL, 4096, prot, flags, fd, at);

	if (mapped == MAP_FAILED)
		return false;
	munmap(mapped, 4096);
	errno = 0;
	return true;
}

/* TCP can be mapped, to receive by; for anything else it is an error. */
static void mapped(struct compat *c)
{
	REC(maps(c->cl, PROT_READ, MAP_SHARED, 0) ? 1 : -1);
	REC(maps(c->cl, PROT_READ, MAP_PRIVATE, 0) ? 1 : -1);
	REC(maps(c->cl, PROT_READ | PROT_WRITE, MAP_SHARED, 0) ? 1 : -1);
	REC(maps(c->cl, PROT_READ | PROT_EXEC, MAP_SHARED, 0) ? 1 : -1);
	REC(maps(c->cl, PROT_NONE, MAP_SHARED, 0) ? 1 : -1);
	REC(maps(c->cl, PROT_READ, MAP_SHARED, 1 << 20) ? 1 : -1);
}

const struct compat_test compat_tests[] = {
	COMPAT(send_file),
	COMPAT(send_file_errors),
	COMPAT(send_file_long),
	COMPAT(send_file_nonblock),
	COMPAT(send_file_changes),
	COMPAT(copy_range),
	COMPAT(other_calls),
	COMPAT(names),
	COMPAT(mapped),

	COMPAT(splice_to),
	COMPAT(splice_from),
	COMPAT(splice_from_nothing),
	COMPAT(splice_errors),
	COMPAT(splice_long),
	COMPAT(splice_both_ends),
	COMPAT(splice_end),
	COMPAT(splice_waits),
	COMPAT(tee_between),
	COMPAT(vmsplice_to),

	COMPAT(stdio_lines),
	COMPAT(stdio_modes),
	COMPAT(stdio_buffers),
	COMPAT(stdio_nonblock),
	COMPAT(stdio_mixed),
	COMPAT(stdio_two_streams),
	COMPAT(stdio_close),
	COMPAT(stdio_broken),
	COMPAT(stdio_long),
	COMPAT(stdio_seek),
	COMPAT(stdio_dprintf),
	{ }
};
