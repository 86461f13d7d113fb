/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/* Where functions and variables are put. */
#ifndef SDI_PLACE_H
#define SDI_PLACE_H

/* Other copies and programs may name it; see libsdirect.map. */
#define SDI_SHARED	__attribute__((visibility("default")))
/* Found without a look into a table. */
#define SDI_HIDDEN	__attribute__((visibility("hidden")))
/*
 * What most programs call again and again is together in few pages.  After each
 * change of the process the processor has to walk the page tables for each page
 * that is touched, and that costs more than what most of these functions do.
 */
#define SDI_HOT		__attribute__((hot))
/*
 * Large, and mostly of zeroes that nobody looks at: behind the variables that
 * are small, so that those are in one page.
 */
#ifdef __SANITIZE_ADDRESS__
#define SDI_LAST	/* where its end would not be watched */
#else
#define SDI_LAST	__attribute__((common))
#endif

#endif /* SDI_PLACE_H */
