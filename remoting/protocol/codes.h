/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_PROTOCOL_CODES_H
#define RKMQ_PROTOCOL_CODES_H

/*
 * RKMQ_REQ_<NAME> and RKMQ_RES_<NAME>, from the two tables request_codes.def and
 * response_codes.def. Source: RequestCode, ResponseCode, RemotingSysResponseCode (5.3.3).
 */

enum rkmq_request_code {
#define X(name, value) RKMQ_REQ_##name = (value),
#include "remoting/protocol/request_codes.def"
#undef X
};

enum rkmq_response_code {
#define X(name, value) RKMQ_RES_##name = (value),
#include "remoting/protocol/response_codes.def"
#undef X
};

#endif
