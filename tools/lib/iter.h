/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* A place in a list of buffers. */
#ifndef SDI_ITER_H
#define SDI_ITER_H

#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

/* Longer lists go by system call; bounds what the slow path has on its stack. */
#define SDI_IOV_MAX	64

/**
 * struct sdi_iter - what is left of a list of buffers
 * @iov:	the current buffer
 * @skip:	bytes of it that are done
 * @left:	bytes left in all
 */
struct sdi_iter {
	const struct iovec *iov;
	size_t skip;
	size_t left;
};

/**
 * sdi_iter_next - the next piece that is in one place
 * @it:		not at its end
 * @len:	(out) its length, not 0
 */
static inline void *sdi_iter_next(struct sdi_iter *it, size_t *len)
{
	while (it->skip == it->iov->iov_len) {
		it->iov++;
		it->skip = 0;
	}
	*len = it->iov->iov_len - it->skip;
	return (char *)it->iov->iov_base + it->skip;
}

static inline void sdi_iter_advance(struct sdi_iter *it, size_t n)
{
	size_t len;

	it->left -= n;
	for (; n; n -= len) {
		sdi_iter_next(it, &len);
		if (len > n)
			len = n;
		it->skip += len;
	}
}

/* Copies @n bytes, which must be there, and moves on. */
static inline void sdi_iter_gather(struct sdi_iter *it, uint8_t *dst, size_t n)
{
	const void *src;
	size_t len;

	it->left -= n;
	for (; n; n -= len, dst += len) {
		src = sdi_iter_next(it, &len);
		if (len > n)
			len = n;
		memcpy(dst, src, len);
		it->skip += len;
	}
}

static inline void sdi_iter_scatter(struct sdi_iter *it, const uint8_t *src,
				    size_t n)
{
	size_t len;
	void *dst;

	it->left -= n;
	for (; n; n -= len, src += len) {
		dst = sdi_iter_next(it, &len);
		if (len > n)
			len = n;
		memcpy(dst, src, len);
		it->skip += len;
	}
}

#endif /* SDI_ITER_H */
