/*
 * document.c - a reader of the metadata that bench/py makes
 *
 * Values are found by walking over the text; nothing is copied.  A value is a
 * pointer to its first character.  The texts come from our own programs, so
 * what is not well formed only has to be noticed, not explained.
 */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

static const char *
skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static const char *
skip_string(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1])
            p++;
    must(*p == '"', "a string in the document has no end");
    return p + 1;
}

/* The character behind a value. */
static const char *
skip_value(const char *p)
{
    int depth = 0;

    do {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        must(*p != '\0', "the document ends too early");
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        p++;
    } while (depth > 0 || (*p && !strchr(",]} \t\r\n", *p)));
    return p;
}

/* From one value of a list, or from one name of an object, to the next; NULL at the end. */
static const char *
next(const char *p)
{
    p = skip_space(skip_value(p));
    return *p == ',' ? skip_space(p + 1) : NULL;
}

/* The first value of a list, or the first name of an object; NULL if there is none. */
static const char *
first(const char *p)
{
    must(*p == '[' || *p == '{', "a list or an object is expected in the document");
    p = skip_space(p + 1);
    return *p == ']' || *p == '}' ? NULL : p;
}

static int
is_text(const char *value, const char *text)
{
    size_t n = strlen(text);

    return value && value[0] == '"' && strncmp(value + 1, text, n) == 0 && value[n + 1] == '"';
}

/* A member of an object, or NULL. */
static const char *
member(const char *object, const char *name)
{
    for (const char *p = first(object); p;) {
        const char *value = skip_space(skip_string(p));
        must(*value == ':', "a colon is missing in the document");
        value = skip_space(value + 1);
        if (is_text(p, name))
            return value;
        p = next(value);
    }
    return NULL;
}

static const char *
need(const char *object, const char *name)
{
    const char *value = member(object, name);

    if (!value)
        fprintf(stderr, "the document has no \"%s\"\n", name);
    must(value != NULL, "a member is missing");
    return value;
}

/* A list of sizes; returns how many. */
static int
sizes(const char *list, int64_t *into)
{
    int n = 0;

    for (const char *p = first(list); p; p = next(p)) {
        must(n < MAX_NDIM, "the array has too many dimensions");
        into[n] = strtoll(p, NULL, 10);
        must(into[n++] > 0, "sizes are at least 1");
    }
    return n;
}

static uint32_t
itemsize_of(const char *data_type)
{
    if (is_text(data_type, "float32") || is_text(data_type, "int32"))
        return 4;
    if (is_text(data_type, "float64") || is_text(data_type, "int64"))
        return 8;
    must(is_text(data_type, "uint8") || is_text(data_type, "int8"), "a data type of 1, 4, 8 bytes");
    return 1;
}

/* The codec as a step that decodes, which needs no more than its name; "bytes" needs none. */
static void
add_step(const char *codec, stored_array *array)
{
    char name[32] = "";
    const char *value = need(codec, "name");
    const char *configuration = member(codec, "configuration");

    if (is_text(value, "bytes")) {
        const uint16_t one = 1;
        const char *endian = configuration ? member(configuration, "endian") : NULL;
        int little = *(const uint8_t *)&one == 1;
        must(!endian || is_text(endian, little ? "little" : "big"), "the machine's byte order");
        return;
    }
    sscanf(value, "\"%31[^\"]", name);
    must(array->nsteps < MAX_NSTEPS, "the array has too many codecs");
    const zp_codec *found = zp_codec_find(name);
    must(found != NULL, "a codec that the engine does not have");
    array->steps[array->nsteps++] = (zp_step){.codec = found, .itemsize = array->itemsize};
}

void
parse_document(const char *text, stored_array *array)
{
    const char *document = skip_space(text);
    const char *inner = member(document, "document");

    if (inner)
        document = inner;
    const char *grid = need(document, "chunk_grid");
    const char *keys = need(document, "chunk_key_encoding");
    *array = (stored_array){.keys = {.prefix = "c/", .zero = "c", .separator = '/'}};
    must(is_text(need(grid, "name"), "regular"), "a regular grid");
    must(is_text(need(keys, "name"), "default"), "default chunk keys");
    array->ndim = sizes(need(document, "shape"), array->shape);
    int n = sizes(need(need(grid, "configuration"), "chunk_shape"), array->chunk);
    must(n == array->ndim, "as many chunk sizes as dimensions");
    array->itemsize = itemsize_of(need(document, "data_type"));
    for (const char *p = first(need(document, "codecs")); p; p = next(p))
        add_step(p, array);
}

char *
read_text(const char *path)
{
    FILE *file = fopen(path, "rb");

    must(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
    long nbytes = ftell(file);
    char *text = nbytes < 0 ? NULL : malloc((size_t)nbytes + 1);
    must(text != NULL && fseek(file, 0, SEEK_SET) == 0, path);
    must(fread(text, 1, (size_t)nbytes, file) == (size_t)nbytes, path);
    text[nbytes] = '\0';
    fclose(file);
    return text;
}
