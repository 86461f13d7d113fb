/* SPDX-License-Identifier: GPL-2.0 */
/* Messages about connections that are judged. */
#ifndef _SDR_TELL_H
#define _SDR_TELL_H

/* sdr_tell_begin() lets the policy tell others, until sdr_tell_end(). */
void sdr_tell_begin(void);
void sdr_tell_end(void);

#endif /* _SDR_TELL_H */
