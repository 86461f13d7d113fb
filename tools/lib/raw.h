/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * System calls without the C library: no errno, no cancellation, and no way
 * for an interposed function to come back to us.  Each returns -errno.
 */
#ifndef SDI_RAW_H
#define SDI_RAW_H

#include <sys/syscall.h>

#if defined(__x86_64__)

static inline long sdi_raw6(long nr, long a, long b, long c, long d, long e,
			    long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long sdi_raw6(long nr, long a, long b, long c, long d, long e,
			    long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#else
#error "no system call sequence for this architecture"
#endif

#define SDI_RAW_PAD_(nr, a, b, c, d, e, f, ...) \
	sdi_raw6((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
		 (long)(f))

/* sdi_raw(number, up to six arguments) */
#define sdi_raw(...)	SDI_RAW_PAD_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif /* SDI_RAW_H */
