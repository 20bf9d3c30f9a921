/*
 * A client that never sleeps: one request sent again and again over keep-alive connections, one
 * under way on each, from one thread. Prints how many answers came.
 *
 *   get_load --port P --request FILE --connections N --seconds S
 *
 * What a server pays to wake its client depends on whether the client happens to sleep, thus on
 * how fast both are: the faster server finds its client busy and is told to be faster still. This
 * client polls its sockets, so no server ever pays for waking it, and the server's CPU time is the
 * time of its own work. FILE holds the request, byte for byte.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUEST_MAX     (16 * 1024)
#define HEAD_MAX        (16 * 1024)

struct connection {
    int fd;
    size_t left; /* bytes of the body that are still to come; 0: the head comes next */
};

struct load {
    int port, connections, epoll_fd;
    double seconds;
    char request[REQUEST_MAX], input[1 << 20];
    size_t request_len;
    unsigned long answers;
    struct connection conns[CONNECTIONS_MAX];
};

static void die(const char *what)
{
    fprintf(stderr, "get_load: %s: %s\n", what, errno ? strerror(errno) : "not what was expected");
    exit(1);
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void ask(struct load *load, struct connection *conn)
{
    if (send(conn->fd, load->request, load->request_len, 0) != (ssize_t)load->request_len)
        die("send");
}

static void open_connection(struct load *load, struct connection *conn)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)load->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
    int one = 1;

    conn->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (conn->fd < 0 || connect(conn->fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
        epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) < 0)
        die("connect");
    ask(load, conn);
}

/* The bytes of the body that follow this head in the stream. */
static size_t take_head(const char *input, size_t len, size_t *ret_head)
{
    const char *end = memmem(input, len, "\r\n\r\n", 4);
    const char *length = memmem(input, len, "Content-Length: ", 16);

    errno = 0;
    if (!end || !length || length > end || memcmp(input, "HTTP/1.1 200", 12) != 0)
        die("an answer's head");
    *ret_head = (size_t)(end - input) + 4;
    return strtoul(length + 16, NULL, 10);
}

static void read_answer(struct load *load, struct connection *conn)
{
    /* Large bodies are thrown away by the kernel, as if the client had somewhere to put them. */
    ssize_t got = conn->left ? recv(conn->fd, NULL, sizeof(load->input), MSG_TRUNC)
                             : recv(conn->fd, load->input, HEAD_MAX, 0);

    if (got <= 0)
        die("recv");
    if (!conn->left) {
        size_t head;
        conn->left = take_head(load->input, (size_t)got, &head);
        got -= (ssize_t)head;
    }
    conn->left -= (size_t)got;
    if (conn->left)
        return;
    load->answers++;
    ask(load, conn);
}

static void run(struct load *load)
{
    struct epoll_event events[64];

    for (double end = now() + load->seconds; now() < end;) {
        int count = epoll_wait(load->epoll_fd, events, 64, 0);
        for (int i = 0; i < count; i++)
            read_answer(load, events[i].data.ptr);
    }
}

static void read_request(struct load *load, const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file)
        die(path);
    load->request_len = fread(load->request, 1, sizeof(load->request), file);
    fclose(file);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"request", required_argument, NULL, 'r'},
                                            {"connections", required_argument, NULL, 'c'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {0}};
    static struct load load = {.connections = 16, .seconds = 2};

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (option) {
        case 'p':
            load.port = atoi(optarg);
            break;
        case 'r':
            read_request(&load, optarg);
            break;
        case 'c':
            load.connections = atoi(optarg);
            break;
        case 's':
            load.seconds = atof(optarg);
            break;
        default:
            return 2;
        }
    if (!load.request_len || load.connections < 1 || load.connections > CONNECTIONS_MAX)
        die("--request or --connections");
    load.epoll_fd = epoll_create1(0);
    for (int i = 0; i < load.connections; i++)
        open_connection(&load, &load.conns[i]);
    run(&load);
    printf("%lu\n", load.answers);
    return 0;
}
