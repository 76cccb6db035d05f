/* Linked into every test program: what a sanitizer finds, a leak after the last line of a test
 * included, ends it with a signal, or Criterion would count the test as passed. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "abort_on_error=1";
}
