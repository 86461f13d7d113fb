/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the group "files", by the file that has them. */
#ifndef COMPAT_FILES_H
#define COMPAT_FILES_H

#include "compat.h"

/* A file in memory with @len bytes of the stream @seed. */
int files_memory(size_t len, unsigned int seed);
void files_pipe(int pipes[2]);

/* files_splice.c: splice(), tee(), vmsplice() */
void splice_to(struct compat *c);
void splice_from(struct compat *c);
void splice_from_nothing(struct compat *c);
void splice_errors(struct compat *c);
void splice_long(struct compat *c);
void splice_both_ends(struct compat *c);
void splice_end(struct compat *c);
void splice_waits(struct compat *c);
void tee_between(struct compat *c);
void vmsplice_to(struct compat *c);

/* files_stdio.c: a stream of the C library on a socket */
void stdio_lines(struct compat *c);
void stdio_modes(struct compat *c);
void stdio_buffers(struct compat *c);
void stdio_nonblock(struct compat *c);
void stdio_mixed(struct compat *c);
void stdio_two_streams(struct compat *c);
void stdio_close(struct compat *c);
void stdio_broken(struct compat *c);
void stdio_long(struct compat *c);
void stdio_seek(struct compat *c);
void stdio_dprintf(struct compat *c);

#endif /* COMPAT_FILES_H */
