/*
 * What an import would change, as people read it.
 */
#ifndef USHER_CTL_PREVIEW_H
#define USHER_CTL_PREVIEW_H

#include <cjson/cJSON.h>

/* Writes the answer of a dry run to standard output: a line for each thing that is listed, and how many are not. */
void preview_print(const cJSON *answer);

#endif
