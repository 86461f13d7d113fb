/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* What the preload shim may use of the library; see libsdirect.map. */
#ifndef SDI_SHARED_H
#define SDI_SHARED_H

#define SDI_SHARED	__attribute__((visibility("default")))
/* Bound when the program starts, and called without a step in between. */
#define SDI_NEAR	__attribute__((noplt))
/* Found without a look into a table. */
#define SDI_HIDDEN	__attribute__((visibility("hidden")))

#endif /* SDI_SHARED_H */
