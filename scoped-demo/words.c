/* SPDX-License-Identifier: MIT
 *
 * words.c - pointers first, the text behind them, in one piece of memory.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

char **words_shield(int argc, char **argv)
{
    size_t count = (size_t)argc, size = (count + 1) * sizeof(char *);

    for (size_t i = 0; i < count; i++)
        size += strlen(argv[i]) + 2; /* the blank, the end */
    char **copy = malloc(size);
    if (copy == NULL)
        return NULL;

    char *text = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        copy[i] = text;
        if (argv[i][0] == '-' && argv[i][1] >= '0' && argv[i][1] <= '9')
            *text++ = ' ';
        text = stpcpy(text, argv[i]) + 1;
    }
    copy[count] = NULL;
    return copy;
}

char *words_bare(char *word)
{
    return word != NULL && *word == ' ' ? word + 1 : word;
}
