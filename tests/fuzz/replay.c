/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a libFuzzer target over the files named, without libFuzzer. Each file's
 * bytes are copied to memory of just their size, so that a read beyond them is
 * one that sanitizers and valgrind see.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_file(const char *path, struct buf *bytes)
{
	FILE *file = fopen(path, "rb");
	size_t got;

	if (file == NULL)
		return -1;
	while ((got = fread(buf_reserve(bytes, 4096), 1, 4096, file)) > 0)
		bytes->len += got;
	if (ferror(file)) {
		fclose(file);
		return -1;
	}
	return fclose(file);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct buf bytes = { 0 };
		uint8_t *exact;

		if (read_file(argv[i], &bytes) != 0) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		exact = (uint8_t *)mem_strndup(buf_cstr(&bytes), bytes.len);
		exact = mem_resize(exact, bytes.len, 1); /* without the NUL */
		LLVMFuzzerTestOneInput(exact, bytes.len);
		free(exact);
		buf_free(&bytes);
	}
	return EXIT_SUCCESS;
}
