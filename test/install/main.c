/* A program outside the project: it prints the version of the library that it runs with. */
#include <greffe/greffe.h>
#include <stdio.h>

int main(void)
{
    return puts(greffe_version()) < 0;
}
