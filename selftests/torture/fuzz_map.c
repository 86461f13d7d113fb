// SPDX-License-Identifier: GPL-2.0-only
/* The fuzzer's calls on leases and mappings, and its stores into them. */
#include "fuzz.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const long page = 4096;

static char *place(struct fuzzer *z, unsigned int n)
{
	return z->f->arena + (size_t)n * FUZZ_PLACE;
}

/* In a random place, instead of what was there. */
static void map(struct fuzzer *z, int fd, size_t length, int prot, int flags,
		uint64_t offset)
{
	const unsigned int n = fuzz_below(z, FUZZ_MAPS);

	if (length > FUZZ_PLACE)
		return;
	if (mmap(place(z, n), length, prot, flags | MAP_FIXED, fd, offset) !=
	    MAP_FAILED)
		z->f->length[n] = length;
}

static void do_attach(struct fuzzer *z)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	const int fd = fuzz_fd(z);

	if (fuzz_one_in(z, 10))
		at.abi_version = fuzz_below(z, 4);
	if (fuzz_one_in(z, 10))
		at.flags = fuzz_below(z, 4);
	if (!ioctl(fd, SDIRECT_IOC_ATTACH,
		   fuzz_one_in(z, 20) ? fuzz_pointer(z) : &at))
		z->f->at = at;
}

static int any_prot(struct fuzzer *z, bool read_only)
{
	if (fuzz_one_in(z, 8))
		return fuzz_below(z, 8);
	return read_only ? PROT_READ : PROT_READ | PROT_WRITE;
}

static void do_mmap(struct fuzzer *z)
{
	const struct sdirect_attach at = z->f->at;
	const int fd = fuzz_fd(z);
	const bool read_only = fuzz_one_in(z, 2);
	uint64_t offset = read_only ? at.rx_offset : at.tx_offset;
	uint64_t length = read_only ? at.rx_length : at.tx_length;
	int flags = fuzz_one_in(z, 10) ? MAP_PRIVATE : MAP_SHARED;

	if (fuzz_one_in(z, 10))
		offset ^= (uint64_t)page << fuzz_below(z, 40);
	if (fuzz_one_in(z, 10))
		length = fuzz_below(z, 1 << 20);
	if (fuzz_one_in(z, 10))
		flags |= MAP_POPULATE;
	map(z, fd, length, any_prot(z, read_only), flags, offset);
}

/* As a program should: attach, then map both, on one socket. */
static void do_attach_and_map(struct fuzzer *z)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	const int fd = fuzz_fd(z);

	if (ioctl(fd, SDIRECT_IOC_ATTACH, &at))
		return;
	z->f->at = at;
	map(z, fd, at.tx_length, PROT_READ | PROT_WRITE, MAP_SHARED,
	    at.tx_offset);
	map(z, fd, at.rx_length, PROT_READ, MAP_SHARED, at.rx_offset);
}

/* A part of a mapping, on page borders or not. */
static bool part(struct fuzzer *z, char **at, size_t *length)
{
	unsigned int i, n = fuzz_below(z, FUZZ_MAPS);
	uint32_t skip;
	size_t all;

	for (i = 0; i < FUZZ_MAPS && !z->f->length[n]; i++)
		n = (n + 1) % FUZZ_MAPS;
	all = z->f->length[n];
	if (!all)
		return false;
	skip = fuzz_one_in(z, 2) ? 0 : fuzz_below(z, all / page + 1);
	*at = place(z, n) + skip * page;
	*length = fuzz_one_in(z, 2) ? all - skip * page :
				      fuzz_below(z, 8) * page;
	return true;
}

/* What takes its place keeps others from going there. */
static void do_unmap(struct fuzzer *z)
{
	size_t length;
	char *at;

	if (part(z, &at, &length))
		mmap(at, length, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void do_protect(struct fuzzer *z)
{
	size_t length;
	char *at;

	if (part(z, &at, &length))
		mprotect(at, length, fuzz_below(z, 8));
}

/* Moved or doubled; the old place must not become a hole. */
static void do_remap(struct fuzzer *z)
{
	const unsigned int n = fuzz_below(z, FUZZ_MAPS);
	size_t length, more;
	char *at;

	if (!part(z, &at, &length))
		return;
	more = fuzz_one_in(z, 2) ? length : fuzz_below(z, 64) * page;
	if (fuzz_one_in(z, 8)) {
		length = 0;
	} else if (fuzz_one_in(z, 2)) {
		mremap(at, length, more, 0);
		return;
	}
	if (mremap(at, length, more, MREMAP_MAYMOVE | MREMAP_FIXED,
		   place(z, n)) == MAP_FAILED)
		return;
	z->f->length[n] = more;
	mmap(at, length, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

static void do_advise(struct fuzzer *z)
{
	size_t length;
	char *at;

	if (!part(z, &at, &length))
		return;
	if (fuzz_one_in(z, 4))
		mlock(at, length);
	else if (fuzz_one_in(z, 4))
		msync(at, length, fuzz_below(z, 8));
	else
		madvise(at, length, fuzz_below(z, 26));
}

static void do_store(struct fuzzer *z)
{
	uint64_t value;
	size_t length;
	char *at;
	int i;

	if (!part(z, &at, &length) || length < 8)
		return;
	for (i = fuzz_below(z, 30); i; i--) {
		value = fuzz_one_in(z, 2) ? fuzz_any(z) :
					    fuzz_below(z, 1 << 16);
		*(volatile uint64_t *)(at + fuzz_below(z, length / 8) * 8) =
			value;
	}
}

static void do_store_ctl(struct fuzzer *z)
{
	struct sdirect_ctl_page *ctl;
	size_t length;
	char *at;

	if (!part(z, &at, &length))
		return;
	ctl = (void *)at;
	switch (fuzz_below(z, 5)) {
	case 0:
		__atomic_fetch_add(&ctl->tx_tail, fuzz_below(z, 2000),
				   __ATOMIC_SEQ_CST);
		break;
	case 1:
		__atomic_fetch_add(&ctl->rx_head, fuzz_below(z, 2000),
				   __ATOMIC_SEQ_CST);
		break;
	case 2:
		ctl->tx_inside = fuzz_one_in(z, 2) ? net_tid() : 0;
		break;
	case 3:
		ctl->rx_inside = fuzz_one_in(z, 2) ? net_tid() : 0;
		break;
	default:
		ctl->tx_call = ctl->rx_call = net_tid();
	}
}

static void do_load(struct fuzzer *z)
{
	volatile uint64_t sum = 0;
	size_t length, i;
	char *at;

	if (!part(z, &at, &length))
		return;
	for (i = 0; i + 8 <= length; i += page)
		sum += *(volatile uint64_t *)(at + i);
}

const struct fuzz_op fuzz_map_ops[] = {
	FUZZ_OP(attach, 3), FUZZ_OP(mmap, 3), FUZZ_OP(attach_and_map, 8),
	FUZZ_OP(unmap, 2), FUZZ_OP(protect, 2), FUZZ_OP(remap, 2),
	FUZZ_OP(advise, 2), FUZZ_OP(store, 3), FUZZ_OP(store_ctl, 8),
	FUZZ_OP(load, 3), {}
};
