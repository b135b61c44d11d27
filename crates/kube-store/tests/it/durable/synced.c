/* Loaded before a program by the test of the same name: whenever the program syncs a file called "db", what lies in
 * the file at that moment is copied to the file that SYNCED_COPY names. That copy is what a power cut would leave:
 * `fsync` and `fdatasync` reach the disk, `sync_file_range` does not ask it to keep anything. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void copy(int from) {
    char link[64], path[4096], block[65536];
    const char *target = getenv("SYNCED_COPY");
    snprintf(link, sizeof link, "/proc/self/fd/%d", from);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!target || length < 3) return;
    path[length] = 0;
    if (strcmp(path + length - 3, "/db") != 0) return;
    int to = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    off_t at = 0;
    ssize_t read;
    while (to >= 0 && (read = pread(from, block, sizeof block, at)) > 0) {
        if (pwrite(to, block, read, at) != read) abort();
        at += read;
    }
    close(to);
}

static int synced(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = real(file);
    if (result == 0) copy(file);
    return result;
}

int fsync(int file) { return synced("fsync", file); }
int fdatasync(int file) { return synced("fdatasync", file); }
