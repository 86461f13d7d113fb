// SPDX-License-Identifier: GPL-2.0-only
/* Runs a program with its TCP sockets on AF_SDIRECT. */
#include <errno.h>
#include <limits.h>
#include <linux/sdirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHIM		"libsdirect-preload.so"

/* As env(1) has them */
enum {
	EXIT_OURS	= 125,	/* sdirect-run itself failed */
	EXIT_CANNOT	= 126,	/* the program is there but cannot be run */
	EXIT_ABSENT	= 127,	/* no such program */
};

static const char usage[] =
	"Usage: sdirect-run [--require] PROGRAM [ARGUMENT...]\n"
	"Run PROGRAM with its TCP sockets on AF_SDIRECT.\n"
	"\n"
	"  --require   fail if AF_SDIRECT is not available, instead of using TCP\n"
	"  -h, --help  show this text\n"
	"  --version   show the version\n"
	"\n"
	"Exit status: that of PROGRAM; 125 if sdirect-run itself fails, 126 if\n"
	"PROGRAM cannot be run, 127 if it is not found.\n";

static int fail(int status, const char *what, const char *why)
{
	fprintf(stderr, "sdirect-run: %s: %s\n", what, why);
	return status;
}

/* Beside ourselves, as in the build tree, or where it was installed. */
static int find_shim(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		snprintf(slash + 1, size - (size_t)(slash + 1 - path), SHIM);
		if (!access(path, R_OK))
			return 0;
	}
	snprintf(path, size, "%s/%s", LIBDIR, SHIM);
	return access(path, R_OK);
}

/* Puts @word before what a variable holds, unless it is there. */
static int prepend(const char *variable, const char *word)
{
	const char *old = getenv(variable);
	size_t size = strlen(word) + (old ? strlen(old) : 0) + 2;
	char *list;
	int err;

	if (!old || !*old)
		return setenv(variable, word, 1);
	if (strstr(old, word))
		return 0;
	list = malloc(size);
	if (!list)
		return -1;
	snprintf(list, size, "%s:%s", word, old);
	err = setenv(variable, list, 1);
	free(list);
	return err;
}

/* The loader takes a list; a path with one of its separators has no place. */
static int set_preload(const char *shim)
{
	if (strpbrk(shim, ": ")) {
		errno = EINVAL;
		return -1;
	}
	/*
	 * A program with the address sanitizer ends if another library is
	 * loaded before that: one might have its malloc().  The shim has none,
	 * and what the program sets itself comes later and counts.
	 */
	return prepend("LD_PRELOAD", shim) ||
	       prepend("ASAN_OPTIONS", "verify_asan_link_order=0");
}

/* The shim leaves a module of another ABI to system calls, and says nothing. */
static void compare_abi(int fd)
{
	struct sdirect_info info;
	socklen_t len = sizeof(info);

	if (!getsockopt(fd, SOL_SDIRECT, SDIRECT_INFO, &info, &len) &&
	    info.abi_version != SDIRECT_ABI_VERSION)
		fprintf(stderr, "sdirect-run: the module has ABI %u, the shim %u:"
			" going on with system calls\n", info.abi_version,
			(unsigned int)SDIRECT_ABI_VERSION);
}

static int family_missing(void)
{
	int fd = socket(AF_SDIRECT, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	compare_abi(fd);
	close(fd);
	return 0;
}

static int prepare(int require)
{
	int err = family_missing();
	char shim[PATH_MAX];

	if (err && require)
		return fail(EXIT_OURS, "AF_SDIRECT is not available",
			    strerror(err));
	if (err) {
		fprintf(stderr, "sdirect-run: AF_SDIRECT is not available (%s),"
			" going on with TCP\n", strerror(err));
		return 0;
	}
	if (find_shim(shim, sizeof(shim)))
		return fail(EXIT_OURS, SHIM, strerror(errno));
	if (set_preload(shim))
		return fail(EXIT_OURS, shim, strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	int require = 0, at = 1, status;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (!strcmp(argv[at], "--")) {
			at++;
			break;
		}
		if (!strcmp(argv[at], "-h") || !strcmp(argv[at], "--help"))
			return fputs(usage, stdout) < 0;
		if (!strcmp(argv[at], "--version"))
			return puts("sdirect-run " SDIRECT_VERSION) < 0;
		if (strcmp(argv[at], "--require"))
			return fail(EXIT_OURS, argv[at], "unknown option");
		require = 1;
	}
	if (at >= argc) {
		fputs(usage, stderr);
		return EXIT_OURS;
	}
	status = prepare(require);
	if (status)
		return status;
	execvp(argv[at], argv + at);
	return fail(errno == ENOENT ? EXIT_ABSENT : EXIT_CANNOT, argv[at],
		    strerror(errno));
}
