/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_BANNED_H
#define RKMQ_BANNED_H

/* Calls that cannot be used safely. Naming one fails to compile. Include after the system headers.
 */

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll gets strncpy strncat

#endif
