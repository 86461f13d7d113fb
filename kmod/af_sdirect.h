/* SPDX-License-Identifier: GPL-2.0 */
/* The socket family. */
#ifndef _SDR_AF_SDIRECT_H
#define _SDR_AF_SDIRECT_H

#include <linux/init.h>

int __init sdr_family_init(void);
void sdr_family_exit(void);

#endif /* _SDR_AF_SDIRECT_H */
