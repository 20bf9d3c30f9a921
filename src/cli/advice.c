/* What a person can do about an error of the service. */
#include "cli/advice.h"

#include <string.h>

/* The first that fits is given. */
static const struct {
    const char *name;
    const char *words; /* that the message has; NULL: any */
    const char *advice;
} list[] = {
    {"InvalidSignatureException", "valid region",
     "choose a Region that the server has: `outcrop health` lists them"},
    {"InvalidSignatureException", "does not match",
     "check the secret access key: it does not belong to this access key"},
    {"InvalidSignatureException", NULL,
     "check this machine's clock: `outcrop doctor` compares it with the server's"},
    {"RequestExpired", NULL,
     "check this machine's clock: `outcrop doctor` compares it with the server's"},
    {"ExpiredTokenException", NULL, "get new session credentials: these have ended"},
    {"UnrecognizedClientException", NULL,
     "use an access key of this server, with its session token if it has one"},
    {"MissingAuthenticationTokenException", NULL,
     "set credentials: `outcrop doctor` looks for them"},
    {"AccessDeniedException", NULL,
     "an administrator can allow it; `outcrop whoami` shows who is asking"},
    {"ThrottlingException", NULL, "wait a moment and try again"},
    {"TooManyRequestsException", NULL, "wait a moment and try again"},
    {"ServiceUnavailableException", NULL, "wait a moment and try again"},
};

const char *oc_advice_of(const struct oc_err *err)
{
    for (size_t i = 0; err->name && i < sizeof(list) / sizeof(list[0]); i++)
        if (strcmp(err->name, list[i].name) == 0 &&
            (!list[i].words || strstr(err->text, list[i].words)))
            return list[i].advice;
    return NULL;
}
