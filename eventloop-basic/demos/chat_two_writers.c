/* SPDX-License-Identifier: MIT
 *
 * chat_two_writers.c - two tasks write to one socket: a message that takes two
 * writes is not one message. The right one beside it: one write a message, and
 * the socket's one queue.
 *
 * Try: eventloop-basic chat --bug two-writers
 * Read with: async-std's book, the chat ("Sending messages").
 */
#include "../demo.h"
#include "chat.h"
#include "stage.h"

struct writer {
    uv_write_t write;
    uv_stream_t *socket; /* of both writers */
    const char *half[2];
    int next;
};

struct reader {
    char text[256];
    size_t length;
};

static void write_next(uv_write_t *write, int status)
{
    struct writer *w = write->data;
    if (status < 0 || w->next == 2 || w->half[w->next] == NULL)
        return;
    const char *half = w->half[w->next++];
    uv_buf_t buffer = {.base = (char *)(uintptr_t)half, .len = strlen(half)};
    must(uv_write(&w->write, w->socket, &buffer, 1, write_next));
}

static void lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct reader *reader = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(reader->text + reader->length,
                          (unsigned)(sizeof reader->text - 1 - reader->length));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct reader *reader = stream->data;
    (void)buffer;
    reader->length += count > 0 ? (size_t)count : 0;
    reader->text[reader->length] = '\0';
}

/* Two tasks send a line each, by one socket; what the other end reads. */
static void talk(struct reader *reader, const char *const half[2][2])
{
    struct stage stage;
    uv_pipe_t ends[2];
    uv_os_sock_t fd[2];
    struct writer writer[2];
    stage_open(&stage, NULL, NULL);
    int rc =
        uv_socketpair(SOCK_STREAM, 0, fd, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a pair of sockets");
    for (int i = 0; i < 2; i++) {
        must(uv_pipe_init(&stage.loop, &ends[i], 0));
        must(uv_pipe_open(&ends[i], fd[i]));
    }
    *reader = (struct reader){.length = 0};
    ends[1].data = reader;
    must(uv_read_start((uv_stream_t *)&ends[1], lend, on_read));
    for (int i = 0; i < 2; i++) {
        writer[i] = (struct writer){.socket = (uv_stream_t *)&ends[0],
                                    .half = {half[i][0], half[i][1]}};
        writer[i].write.data = &writer[i];
        write_next(&writer[i].write, 0);
    }
    while (stage.stopped_by == 0 &&
           reader->length < 2 * strlen("from ann: a long message\n"))
        uv_run(&stage.loop, UV_RUN_ONCE);
    stage_close_all(&stage);
    stage_run(&stage);
}

int chat_two_writers(void)
{
    static const char *const parted[2][2] = {
        {"from ann: ", "a long message\n"}, {"from bob: ", "a long message\n"}};
    static const char *const whole[2][2] = {
        {"from ann: a long message\n", NULL},
        {"from bob: a long message\n", NULL}};
    struct reader bad, good;
    watchdog(30, "chat: the messages do not come\n");
    talk(&bad, parted);
    printf("two writers, two writes a message:\n%s", bad.text);
    talk(&good, whole);
    printf("two writers, one write a message, in the socket's one queue:\n%s",
           good.text);
    bool mixed = strncmp(bad.text, "from ann: from bob: ", 20) == 0;
    bool fine = strcmp(good.text, "from ann: a long message\n"
                                  "from bob: a long message\n") == 0;
    printf("between two writes of a task others write: %s\n",
           mixed && fine ? "yes" : "no");
    return mixed && fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
