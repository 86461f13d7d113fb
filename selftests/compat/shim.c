// SPDX-License-Identifier: GPL-2.0-only
/* What a preloaded library can get wrong. */
#include "shim.h"

const struct compat_test compat_tests[] = {
	COMPAT_WITH(before_constructors, COMPAT_ALONE),
	COMPAT_WITH(in_constructor, COMPAT_ALONE),

	COMPAT_WITH(program_itself, COMPAT_ALONE),
	COMPAT_WITH(other_preload, COMPAT_ALONE),
	COMPAT_WITH(other_allocator, COMPAT_ALONE),
	COMPAT_WITH(sanitized, COMPAT_ALONE),
	COMPAT_WITH(sanitized_static, COMPAT_ALONE),
	COMPAT_WITH(sanitizer_first, COMPAT_ALONE),
	COMPAT_WITH(set_user_id, COMPAT_ALONE),
	COMPAT_WITH(closes_all, COMPAT_ALONE),

	COMPAT(handler_writes),
	COMPAT(handler_reads),
	COMPAT(jump_out_of_recv),
	COMPAT(jump_out_of_send),
	COMPAT(cancel_recv),
	COMPAT(cancel_send),
	COMPAT(cancel_pending),

	COMPAT(errno_kept),
	COMPAT_WITH(many_descriptors, COMPAT_ALONE),
	{ }
};
