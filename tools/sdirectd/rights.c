// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include <cap-ng.h>

#include "rights.h"

/* So it is where systemd has taken care, which lets us change nothing more. */
static bool has_no_more(void)
{
	int cap;

	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap != CAP_NET_ADMIN &&
		    capng_have_capability(CAPNG_PERMITTED, cap))
			return false;
	return true;
}

int rights_drop(const char *user)
{
	const struct passwd *found = user ? getpwnam(user) : NULL;
	capng_select_t what = CAPNG_SELECT_CAPS;

	if (user && !found)
		return -EINVAL;
	if (capng_get_caps_process())
		return -EPERM;
	if (!user && has_no_more())
		return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
	/* Only who may change the bounding set can empty it. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		what = CAPNG_SELECT_BOTH;
	capng_clear(what);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			 CAP_NET_ADMIN))
		return -EPERM;
	if (found ? capng_change_id(found->pw_uid, found->pw_gid,
				    CAPNG_DROP_SUPP_GRP |
				    CAPNG_CLEAR_BOUNDING) :
		    capng_apply(what))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
