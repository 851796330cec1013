/*
 * xor_codec.c - a codec of somebody else's, in C: every byte xor a key
 *
 * It needs zarrpy.h and nothing of zarrpy to link with.  The capsule holds a
 * zp_codec, whose functions zarrpy calls without the GIL.
 */
#include <Python.h>

#include "zarrpy.h"

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    return (int64_t)decoded_nbytes;
}

static int64_t
xor_bytes(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
          size_t dst_nbytes)
{
    const uint8_t *from = src;
    uint8_t *to = dst;

    (void)worker;
    if (PyGILState_Check()) /* what is promised */
        return ZP_ERR_ARGUMENT;
    if (src_nbytes > dst_nbytes)
        return ZP_ERR_SIZE;
    for (size_t i = 0; i < src_nbytes; i++)
        to[i] = from[i] ^ (uint8_t)step->level;
    return (int64_t)src_nbytes;
}

static const zp_codec codec = {
    .name = "test.xor",
    .encode = xor_bytes,
    .decode = xor_bytes,
    .bound = bound,
    .flags = ZP_EXACT,
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "xor_codec", .m_size = -1};

PyMODINIT_FUNC
PyInit_xor_codec(void)
{
    PyObject *self = PyModule_Create(&module);

    if (self)
        PyModule_AddObject(self, "codec",
                           PyCapsule_New((void *)&codec, "zarrpy.zp_codec.v1", NULL));
    return self;
}
