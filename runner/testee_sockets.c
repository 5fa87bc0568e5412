/* SPDX-License-Identifier: Apache-2.0 */
/* Whose TCP socket is it? /proc/net says which inode a connection has, /proc/PID/fd who holds it.
 */
#include <dirent.h>
#include <inttypes.h>
#include <unistd.h>

#include "runner/testee.h"

#define PATH_BYTES 300

/* A line of /proc/net/tcp or tcp6: "sl: local:port remote:port st queues timer retrans uid timeout
 * inode". 0: it is another connection. */
static uint64_t inode_in(const char *line, unsigned own_port, unsigned peer_port)
{
    unsigned own, peer;
    uint64_t inode;
    int n = sscanf(
        line, "%*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%x %*x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64,
        &own, &peer, &inode);
    return n == 3 && own == own_port && peer == peer_port ? inode : 0;
}

static uint64_t inode_of(const char *table, unsigned own_port, unsigned peer_port)
{
    FILE *file = fopen(table, "re");
    char line[512];
    uint64_t inode = 0;
    while (file && inode == 0 && fgets(line, sizeof line, file)) {
        inode = inode_in(line, own_port, peer_port);
    }
    if (file) {
        (void)fclose(file); /* only read */
    }
    return inode;
}

static bool has_inode(const char *pid, uint64_t inode)
{
    char path[PATH_BYTES], wanted[48], link[48];
    (void)snprintf(path, sizeof path, "/proc/%s/fd", pid);
    (void)snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
    DIR *dir = opendir(path);
    bool is_found = false;
    for (const struct dirent *entry; dir && !is_found && (entry = readdir(dir));) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof link - 1);
        link[n > 0 ? n : 0] = '\0';
        is_found = strcmp(link, wanted) == 0;
    }
    if (dir) {
        (void)closedir(dir);
    }
    return is_found;
}

/* The process group; -1: it is gone. The name in the second field may hold anything but ends at the
 * last ')'. */
static pid_t group_of(const char *pid)
{
    char path[PATH_BYTES], text[512];
    int group = -1;
    (void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[n] = '\0';
    const char *name_end = strrchr(text, ')');
    if (name_end && sscanf(name_end, ") %*c %*d %d", &group) != 1) {
        group = -1;
    }
    if (file) {
        (void)fclose(file);
    }
    return (pid_t)group;
}

static bool is_one_of(const pid_t *groups, size_t n, pid_t group)
{
    for (size_t i = 0; i < n; i++) {
        if (groups[i] == group) {
            return true;
        }
    }
    return false;
}

pid_t rkmq__testee_of_socket(const pid_t *groups, size_t n, unsigned own_port, unsigned peer_port)
{
    uint64_t inode = inode_of("/proc/net/tcp", own_port, peer_port);
    inode = inode != 0 ? inode : inode_of("/proc/net/tcp6", own_port, peer_port);
    DIR *dir = inode != 0 ? opendir("/proc") : NULL;
    pid_t found = 0;
    for (const struct dirent *entry; dir && found == 0 && (entry = readdir(dir));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') {
            continue;
        }
        pid_t group = group_of(entry->d_name);
        if (is_one_of(groups, n, group) && has_inode(entry->d_name, inode)) {
            found = group;
        }
    }
    if (dir) {
        (void)closedir(dir);
    }
    return found;
}
