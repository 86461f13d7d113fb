// SPDX-License-Identifier: GPL-2.0-only
/* Streams of the C library on a socket. */
#include <signal.h>

#include "files.h"

static FILE *stream(int fd, const char *mode)
{
	FILE *f = fdopen(fd, mode);

	COMPAT_MUST(f);
	return f;
}

static void say_line(const char *line)
{
	rec_say("line %s", line ? line : "none");
}

void stdio_lines(struct compat *c)
{
	FILE *cl = stream(c->cl, "r+"), *sv = stream(c->sv, "r+");
	char *line = NULL, buf[64];
	size_t size = 0;
	int i, number;

	for (i = 0; i < 12; i++) {
		REC(fprintf(cl, "number %d\nsecond\nthi", i));
		REC(fflush(cl));
		say_line(fgets(buf, sizeof(buf), sv));
		REC(getline(&line, &size, sv));
		say_line(line);
		REC(fputs("rd\n", cl));
		REC(fflush(cl));
		REC(fscanf(sv, "%63s", buf));
		say_line(buf);
		REC(fgetc(sv));
		REC(fflush(sv));
		REC(fputs("back 17", sv));
		REC(putc('\n', sv));
		REC(fflush(sv));
		REC(fscanf(cl, "back %d", &number));
		REC(number);
		REC(getc(cl));
	}
	free(line);
	REC(fileno(cl) == c->cl);
	REC(ferror(cl) || feof(cl));
}

void stdio_modes(struct compat *c)
{
	static const char * const modes[] = { "r", "w", "a", "r+", "w+", "rw",
					      "rb", "re", "x", "" };
	size_t i;
	FILE *f;

	REC(fcntl(c->cl, F_GETFL));
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		const int fd = dup(c->cl);

		rec_say("mode %s", modes[i]);
		COMPAT_MUST(fd >= 0);
		errno = 0;
		f = fdopen(fd, modes[i]);
		rec_result("fdopen", f ? 0 : -1, errno);
		REC(fcntl(c->cl, F_GETFL));
		if (!f) {
			close(fd);
			continue;
		}
		REC(fputs("x", f));
		REC(fflush(f));
		REC(ferror(f));
		REC(fclose(f));
	}
	compat_sent(c->cl);
	compat_arrived(c->sv, 3);
	REC(write(c->cl, "still open", 10));
}

/* When the bytes go: at once, with the line, or when there are enough. */
void stdio_buffers(struct compat *c)
{
	static const int modes[] = { _IONBF, _IOLBF, _IOFBF };
	char buf[64];
	size_t i;
	FILE *f;

	REC(net_nonblock(c->sv));
	for (i = 0; i < 3; i++) {
		f = stream(dup(c->cl), "w");
		REC(setvbuf(f, NULL, modes[i], 16));
		REC(fputs("abc", f));
		compat_sent(c->cl);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		REC(fputs("def\ngh", f));
		compat_sent(c->cl);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		REC(fputs("0123456789012345678901234567890", f));
		compat_sent(c->cl);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		REC(fclose(f));
		compat_sent(c->cl);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
	}
}

void stdio_nonblock(struct compat *c)
{
	FILE *sv = stream(c->sv, "r+");
	char buf[64] = "";
	int i;

	REC(net_nonblock(c->sv));
	for (i = 0; i < 6; i++) {
		REC(fgetc(sv));
		REC(ferror(sv));
		REC(feof(sv));
		clearerr(sv);
		REC(write(c->cl, "abc", 3));
		compat_arrived(c->sv, 3);
		REC_RECV(fread(buf, 1, 10, sv), buf);
		REC(ferror(sv));
		clearerr(sv);
		REC(write(c->cl, "no end", 6));
		compat_arrived(c->sv, 6);
		say_line(fgets(buf, sizeof(buf), sv));
		REC(errno == EAGAIN);
		clearerr(sv);
		compat_nod(c);
	}
}

/* What the stream has taken, the descriptor has no more. */
void stdio_mixed(struct compat *c)
{
	FILE *sv = stream(c->sv, "r+");
	char buf[64];
	int i;

	for (i = 0; i < 8; i++) {
		REC(write(c->cl, "one\ntwo\n", 8));
		compat_arrived(c->sv, 8);
		say_line(fgets(buf, sizeof(buf), sv));
		REC(recv(c->sv, buf, sizeof(buf), MSG_DONTWAIT));
		REC(write(c->cl, "three\n", 6));
		compat_arrived(c->sv, 6);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		say_line(fgets(buf, sizeof(buf), sv));
		REC(ungetc('u', sv));
		REC(fgetc(sv));
		REC(fflush(sv));
		REC(fputs("late", sv));
		REC(write(c->sv, "early", 5));
		REC(fflush(sv));
		REC_RECV(recv(c->cl, buf, 9, MSG_WAITALL), buf);
	}
}

/* As many programs do: one to read and one to write, on two descriptors. */
void stdio_two_streams(struct compat *c)
{
	FILE *in = stream(c->sv, "r"), *out = stream(dup(c->sv), "w");
	char buf[64];
	int i;

	for (i = 0; i < 10; i++) {
		REC(write(c->cl, "ask\n", 4));
		say_line(fgets(buf, sizeof(buf), in));
		REC(fprintf(out, "answer %d\n", i));
		REC(fflush(out));
		compat_until(c->cl, POLLIN);
		REC_RECV(read(c->cl, buf, sizeof(buf)), buf);
	}
	REC(fclose(out));
	REC(write(c->cl, "ask\n", 4));
	say_line(fgets(buf, sizeof(buf), in));
	REC(recv(c->cl, buf, sizeof(buf), MSG_DONTWAIT));
	REC(fclose(in));
	c->p.server = c->sv = -1;
	REC(read(c->cl, buf, sizeof(buf)));
}

/* Closing sends what is left, and the end; the number is free then. */
void stdio_close(struct compat *c)
{
	FILE *cl = stream(c->cl, "r+");
	const int old = c->cl;
	struct net_pair p;
	char buf[64];
	int fd;

	REC(fputs("unflushed", cl));
	REC(fclose(cl));
	c->p.client = c->cl = -1;
	REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_WAITALL), buf);
	REC(read(c->sv, buf, sizeof(buf)));
	REC(write(old, "x", 1));
	/* The next file of this number gets its own bytes. */
	fd = files_memory(20, 1);
	REC(fd == old);
	REC(write(fd, "file", 4));
	REC(lseek(fd, 0, SEEK_CUR));
	compat_pair(c, &p);
	REC(close(fd));
	REC(dup2(p.client, old) == old);
	REC(write(old, "socket", 6));
	REC_RECV(recv(p.server, buf, 6, MSG_WAITALL), buf);
}

void stdio_broken(struct compat *c)
{
	FILE *cl = stream(c->cl, "r+");

	REC(net_count_signal(SIGPIPE));
	REC(shutdown(c->cl, SHUT_WR));
	REC(fputs("abc", cl));
	REC(fflush(cl));
	REC(ferror(cl));
	REC(net_signals);
	clearerr(cl);
	REC(shutdown(c->sv, SHUT_WR));
	REC(fgetc(cl));
	REC(feof(cl));
	REC(fclose(cl));
	REC(net_signals);
}

static void *write_stream(void *arg)
{
	FILE *f = stream(dup(*(int *)arg), "w");
	int i;

	for (i = 0; i < 20000; i++)
		fprintf(f, "line number %d\n", i);
	rec_result("fclose", fclose(f), 0);
	return NULL;
}

void stdio_long(struct compat *c)
{
	FILE *sv = stream(c->sv, "r");
	char buf[64], want[64];
	pthread_t thread;
	int i, wrong = 0;

	COMPAT_MUST(!pthread_create(&thread, NULL, write_stream, &c->cl));
	for (i = 0; i < 20000; i++) {
		snprintf(want, sizeof(want), "line number %d\n", i);
		wrong += !fgets(buf, sizeof(buf), sv) || strcmp(buf, want);
	}
	pthread_join(thread, NULL);
	REC(wrong);
	REC(fread(buf, 1, 0, sv));
	REC(shutdown(c->cl, SHUT_WR));
	REC(fgetc(sv));
	REC(feof(sv));
}

void stdio_seek(struct compat *c)
{
	FILE *cl = stream(c->cl, "r+");
	char buf[64];

	REC(ftell(cl));
	REC(fseek(cl, 0, SEEK_SET));
	REC(fseek(cl, 1, SEEK_CUR));
	REC(fputs("abc", cl));
	REC(fseek(cl, 0, SEEK_CUR));
	rewind(cl);
	REC(fflush(cl));
	compat_arrived(c->sv, 3);
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
	REC(write(c->sv, "defghi", 6));
	REC_RECV(fread(buf, 1, 3, cl), buf);
	REC(fseek(cl, -1, SEEK_CUR));
	REC(fgetc(cl));
	REC(ftell(cl));
}

void stdio_dprintf(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 12; i++) {
		REC(dprintf(c->cl, "%d and %s", i, "more"));
		compat_until(c->sv, POLLIN);
		compat_sent(c->cl);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		REC(dprintf(c->sv, "%s", ""));
		REC(dprintf(c->sv, "answer"));
		compat_arrived(c->cl, 6);
		REC_RECV(read(c->cl, buf, sizeof(buf)), buf);
	}
	REC(net_count_signal(SIGPIPE));
	REC(shutdown(c->cl, SHUT_WR));
	REC(dprintf(c->cl, "lost"));
	REC(net_signals);
}
