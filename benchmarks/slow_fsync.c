/* Makes every fsync and fdatasync of a process take longer, as on a slow disk: preloaded, it
   sleeps SLOW_FSYNC_US microseconds before it hands the call on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_a_little(void)
{
    const char *micros = getenv("SLOW_FSYNC_US");
    if (micros)
        usleep((useconds_t)atoi(micros));
}

int fsync(int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_a_little();
    return real(file);
}

int fdatasync(int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_a_little();
    return real(file);
}
