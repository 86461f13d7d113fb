// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "self.h"

#include <dlfcn.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "raw.h"
#include "spin.h"
#include "storm.h"
#include "tune.h"

struct sdi_process *sdi_process;
long sdi_page_size;
int sdi_may_spin;
__thread struct sdi_thread sdi_thread = { .mark = SDI_NO_MARK };

/* Has the shim a copy of its own? */
static int yields;

int sdi_self_yields(void)
{
	return yields;
}

void *sdi_wiped_pages(unsigned long len)
{
	long ret = sdi_raw(SYS_mmap, 0, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (ret < 0 && ret > -4096)
		return NULL;
	if (!sdi_raw(SYS_madvise, ret, len, MADV_WIPEONFORK))
		return (void *)ret;
	sdi_raw(SYS_munmap, ret, len);
	return NULL;
}

uint32_t sdi_self_learn(void)
{
	uint32_t pid = __atomic_load_n(&sdi_process->pid, __ATOMIC_RELAXED);

	if (!pid) {
		pid = (uint32_t)sdi_raw(SYS_getpid);
		__atomic_store_n(&sdi_process->pid, pid, __ATOMIC_RELAXED);
	}
	/* No handler finds the one without the other. */
	sdi_thread.mark = SDI_NO_MARK;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	sdi_thread.tid = (uint32_t)sdi_raw(SYS_gettid);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	sdi_thread.mark = sdi_mark_of(pid);
	return sdi_thread.tid;
}

int sdi_self_is_owner(void)
{
	sdi_self();
	return (uint32_t)sdi_raw(SYS_getpid) == sdi_process->pid;
}

/* Spinning for a peer that needs our CPU to get on only delays it. */
static int more_than_one_cpu(void)
{
	unsigned long mask[1024 / sizeof(long)] = { 0 };
	long len = sdi_raw(SYS_sched_getaffinity, 0, sizeof(mask), mask);
	int cpus = 0;

	for (size_t i = 0; (long)(i * sizeof(long)) < len; i++)
		cpus += __builtin_popcountl(mask[i]);
	return cpus > 1;
}

static void start_spin(int64_t us)
{
	sdi_spin_start(us < 0 ? -1 : us * 1000);
}

static void start_storm(int64_t rate)
{
	sdi_storm_init(&sdi_storm, rate < 0 ? SDI_STORM_RATE : (uint32_t)rate);
}

__attribute__((constructor)) void sdi_self_init(void)
{
	struct sdi_process *p;

	yields = !&sdi_shim && dlsym(RTLD_DEFAULT, "sdirect_shim");
	if (sdi_process || yields)
		return;
	sdi_page_size = sysconf(_SC_PAGESIZE);
	start_spin(sdi_tune(SDI_TUNE_SPIN_US));
	start_storm(sdi_tune(SDI_TUNE_STORM));
	sdi_may_spin = sdi_spin_most && more_than_one_cpu();
	p = sdi_wiped_pages((unsigned long)sdi_page_size);
	if (!p)
		return;
	p->pid = (uint32_t)sdi_raw(SYS_getpid);
	__atomic_store_n(&sdi_process, p, __ATOMIC_RELEASE);
}
